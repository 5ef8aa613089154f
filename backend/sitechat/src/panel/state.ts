import type { Dates } from "./format";
import type { Page } from "../shared/protocol";
import type { Pending } from "./outbox";
import type { Ask, Availability, Message, Summary, Uploads } from "./message";
import type { Strings } from "./strings";
import type { Transcript } from "./transcript";

/** Everything that the views show: plain data. */
export type State = {
  /** starting: no session yet; unavailable: the server says that this chat takes no messages. */
  phase: "starting" | "ready" | "unavailable";
  lang: string;
  strings: Strings;
  /** What formats dates and times, where the site's patterns need more than the panel knows. */
  dates: Dates | undefined;
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
  /** Some of that would be lost with this page. */
  atRisk: boolean;
  /** The server has messages before the oldest one here. */
  more: boolean;
  loadingEarlier: boolean;
  /** The seq up to which the visitor has seen what operators wrote. */
  seen: number;
  /** The divider "new messages" stands above the first outbound message after this seq. */
  newsAfter: number | undefined;
  /** The server has a conversation of this visitor. */
  begun: boolean;
  /** Those that go on, where there may be several. */
  conversations: readonly Summary[] | undefined;
  /** Which of several is looked at; empty for their list, and where there is one. */
  conversation: string;
  /** The visitor wants no sound. */
  muted: boolean;
  /** Whether somebody answers now, and from when on (ms) if nobody does. */
  availability: Availability;
  /** Somebody can be asked to call. */
  callback: boolean;
  /** What the visitor is asked for while nobody answers, and has not left yet. */
  ask: Ask;
  /** What may be uploaded; undefined where files are switched off. */
  uploads: Uploads | undefined;
  /** How far uploads are, 0..1, by client id. */
  progress: ReadonlyMap<string, number>;
  /** Addresses of what lies in this browser's memory, by client id: what was sent is shown without loading it. */
  previews: ReadonlyMap<string, string>;
  /** The message that the next one answers. */
  replyTo: Message | undefined;
  /** The own message that is being changed. */
  editing: Message | undefined;
  /** Path of the chat's own picture, or empty; the one of who answers stands in its place with useAvatar. */
  avatar: string;
  useAvatar: boolean;
  /** Who types, until that time (ms). */
  typing: { until: number; name: string } | undefined;
  /** What is told at the composer for the moment: why something did not work. */
  notice: string;
};

/** What is known of a conversation before it was read. */
export const UNREAD = { loaded: false, transcript: new Map(), seen: 0, more: false, newsAfter: undefined, replyTo: undefined, editing: undefined, typing: undefined } as const;

/** The state before anything is known. */
export function emptyState(lang: string, strings: Strings): State {
  return {
    phase: "starting",
    lang,
    strings,
    dates: undefined,
    title: "",
    avatar: "",
    useAvatar: false,
    open: false,
    visible: true,
    atBottom: true,
    offline: false,
    slow: false,
    page: { url: "", title: "", referrer: "" },
    transcript: new Map(),
    loaded: false,
    pending: [],
    atRisk: false,
    more: false,
    loadingEarlier: false,
    seen: 0,
    newsAfter: undefined,
    begun: false,
    conversations: undefined,
    conversation: "",
    muted: false,
    availability: { state: "unknown", back: 0 },
    callback: false,
    ask: "",
    uploads: undefined,
    progress: new Map(),
    previews: new Map(),
    replyTo: undefined,
    editing: undefined,
    typing: undefined,
    notice: "",
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
