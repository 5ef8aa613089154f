import type { Attachment } from "./content";
import { load } from "./load";
import { isRich, readHistory, type History } from "./message";
import type { SessionKeeper } from "./session";
import type { StateStore } from "./state";
import { cursorOf, inOrder, merge, replace, seenFromUnread } from "./transcript";

/** Reads what the server keeps of the conversation. */
export type Reader = {
  /** The newest page, tried until it comes; returns where the stream is to go on, or undefined when another conversation is looked at by then. */
  load: (unread: number) => Promise<number | undefined>;
  /** The page before the oldest message here. */
  earlier: () => Promise<void>;
  /** Reads a message again for links that have not run out, and returns its file; undefined when that did not help. */
  fresh: (id: string) => Promise<Attachment | undefined>;
};

const PAGE_SIZE = 50;
const FRESH_MS = 60_000;

/** Makes the reader. */
export function makeReader(keeper: Pick<SessionKeeper, "request">, state: StateStore, wait: (ms: number) => Promise<void>): Reader {
  const freshAt = new Map<string, number>();
  let line = Promise.resolve();
  const page = async (before = ""): Promise<History> =>
    readHistory(await keeper.request({ path: `v1/messages?limit=${PAGE_SIZE}${before && `&before=${before}`}` }));
  const renew = async (id: string): Promise<void> => {
    const old = state.get().transcript.get(id);
    if (!old || Date.now() - (freshAt.get(id) ?? -FRESH_MS) < FRESH_MS) return;
    // The page that ends with this message: those above it have old links as well.
    const { messages } = await page(`${old.at}.${old.seq + 1}`);
    for (const m of messages) freshAt.set(m.id, Date.now());
    state.set({ transcript: replace(state.get().transcript, messages) });
  };
  return {
    async load(unread) {
      const { conversation } = state.get();
      for (let tries = 0; ; tries++) {
        try {
          const history = await page();
          if (conversation !== state.get().conversation) return undefined;
          // Nothing moves once it is shown: what draws it is there first.
          if (history.messages.some(isRich)) await load("rich").catch(() => {});
          const transcript = merge(state.get().transcript, history.messages);
          const seen = seenFromUnread(transcript, unread);
          state.set({ loaded: true, transcript, seen, more: history.more, ...(unread > 0 && { newsAfter: seen }) });
          return Math.max(history.cursor, cursorOf(transcript));
        } catch {
          await wait(2000 * 2 ** Math.min(tries, 4));
        }
      }
    },
    async earlier() {
      const oldest = inOrder(state.get().transcript)[0];
      if (!oldest || state.get().loadingEarlier) return;
      state.set({ loadingEarlier: true });
      try {
        const { conversation } = state.get();
        const history = await page(`${oldest.at}.${oldest.seq}`);
        if (conversation !== state.get().conversation) return;
        state.set({ transcript: merge(state.get().transcript, history.messages), more: history.more });
      } catch {
        // The button stays where it is.
      } finally {
        state.set({ loadingEarlier: false });
      }
    },
    async fresh(id) {
      line = line.then(() => renew(id)).catch(() => {});
      await line;
      return state.get().transcript.get(id)?.file;
    },
  };
}
