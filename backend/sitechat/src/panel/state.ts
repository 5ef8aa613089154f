import type { Page } from "../shared/protocol";
import type { Pending } from "./outbox";
import { makeStrings, type Strings } from "./strings";
import type { Transcript } from "./transcript";

/** Everything that the views show: plain data. */
export type State = {
  /** starting: no session yet; unavailable: the server says that this chat takes no messages. */
  phase: "starting" | "ready" | "unavailable";
  lang: string;
  strings: Strings;
  title: string;
  /** The chat's window on the site is open. */
  open: boolean;
  /** The visitor's tab is the one in front. */
  visible: boolean;
  /** The newest message is in sight. */
  atBottom: boolean;
  offline: boolean;
  /** Connecting takes long enough to be told. */
  slow: boolean;
  page: Page;
  transcript: Transcript;
  /** What the server keeps of the conversation is in the transcript, or there is none. */
  loaded: boolean;
  pending: readonly Pending[];
  /** The server has messages before the oldest one here. */
  more: boolean;
  loadingEarlier: boolean;
  /** The seq up to which the visitor has seen what operators wrote. */
  seen: number;
  /** The divider "new messages" stands above the first outbound message after this seq. */
  newsAfter: number | undefined;
};

/** The state before anything is known. */
export function emptyState(): State {
  const { lang, strings } = makeStrings("en", {}, {});
  return {
    phase: "starting",
    lang,
    strings,
    title: "",
    open: false,
    visible: true,
    atBottom: true,
    offline: false,
    slow: false,
    page: { url: "", title: "", referrer: "" },
    transcript: new Map(),
    loaded: false,
    pending: [],
    more: false,
    loadingEarlier: false,
    seen: 0,
    newsAfter: undefined,
  };
}

/** The one store of the panel. */
export type StateStore = {
  get: () => State;
  /** Changes some fields; listeners hear of it once for all changes of one turn. */
  set: (change: Partial<State>) => void;
  subscribe: (listener: (state: State) => void) => void;
};

/** Makes the store. */
export function makeStateStore(state: State): StateStore {
  const listeners: ((state: State) => void)[] = [];
  let waiting = false;
  return {
    get: () => state,
    set(change) {
      state = { ...state, ...change };
      if (waiting) return;
      waiting = true;
      queueMicrotask(() => {
        waiting = false;
        for (const listener of listeners) listener(state);
      });
    },
    subscribe: (listener) => void listeners.push(listener),
  };
}
