import { ApiError } from "./api";
import { readMessage, type Message } from "./message";
import { asRecord } from "./read";
import type { SessionKeeper } from "./session";
import type { StateStore } from "./state";
import { merge, replace } from "./transcript";

/** What a visitor does with messages that are there already, and with the conversation. */
export type Acts = {
  /** Puts an emoji on a message, or takes it back when it is there. */
  react: (id: string, emoji: string) => Promise<void>;
  /** Changes the text of an own message; tells whether it worked. */
  edit: (id: string, text: string) => Promise<boolean>;
  end: () => Promise<void>;
  /** The visitor is writing. */
  typing: () => void;
};

const TYPING_EVERY_MS = 3000;

/** Own texts can be changed for so long (http-api.md §3). */
export const EDITABLE_MS = 24 * 3600 * 1000;

/** Makes the acts. A failure is told at the composer, in the server's words where it has some. */
export function makeActs(keeper: Pick<SessionKeeper, "request">, state: StateStore): Acts {
  let typedAt = 0;
  const put = (message: Message | undefined): void => {
    if (message) state.set({ transcript: replace(state.get().transcript, [message]) });
  };
  const failed = (error: unknown, words: string): void => state.set({ notice: (error instanceof ApiError && error.message) || words });
  const stored = (answer: unknown): void => {
    const message = readMessage(asRecord(answer).message);
    if (message) state.set({ transcript: merge(state.get().transcript, [message]) });
  };
  return {
    async react(id, emoji) {
      const before = state.get().transcript.get(id);
      if (!before) return;
      const others = before.reactions.filter((r) => !r.mine);
      const taken = before.reactions.some((r) => r.mine && r.emoji === emoji);
      // It is seen at once; the server's word follows.
      put({ ...before, reactions: taken ? others : [...others, { emoji, mine: true }] });
      try {
        const path = `v1/messages/${encodeURIComponent(id)}/reaction`;
        stored(await keeper.request(taken ? { path, method: "DELETE" } : { path, method: "PUT", body: { emoji } }));
      } catch (error) {
        if (state.get().transcript.get(id)?.rev === before.rev) put(before);
        failed(error, state.get().strings["action.failed"]);
      }
    },
    async edit(id, text) {
      try {
        stored(await keeper.request({ path: `v1/messages/${encodeURIComponent(id)}`, method: "PATCH", body: { text } }));
        return true;
      } catch (error) {
        failed(error, state.get().strings["action.failed"]);
        return false;
      }
    },
    async end() {
      try {
        await keeper.request({ path: "v1/conversation/end", body: {} });
      } catch (error) {
        failed(error, state.get().strings["end.failed"]);
      }
    },
    typing() {
      const { begun, phase } = state.get();
      if (!begun || phase !== "ready" || Date.now() - typedAt < TYPING_EVERY_MS) return;
      typedAt = Date.now();
      // Nobody misses one that is lost.
      keeper.request({ path: "v1/typing", body: {} }).catch(() => {});
    },
  };
}
