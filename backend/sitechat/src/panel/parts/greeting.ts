// What the chat's bot says to who opens it. It is stored nowhere before the visitor writes, and goes along with that (BOT-11).
import { emptyMeta, mergeMeta } from "../../shared/meta";
import type { Request } from "../api";
import { readMessage } from "../message";
import { asList, asRecord, asText } from "../read";
import type { State, StateStore } from "../state";
import { merge } from "../transcript";

/** What greeting needs of others. */
export type GreeterOptions = {
  state: StateStore;
  request: (request: Omit<Request, "token" | "lang">) => Promise<unknown>;
  /** What the page tells of its visitor by now (META-7). */
  about: () => { contact: object; meta: unknown };
};

/** Greets once in each conversation that has not begun, when it is first looked at. */
export type Greeter = {
  /** What goes along with the first message of the conversation that is looked at. */
  along: () => { greeting?: string };
};

/** Makes it. A greeting that does not come is none: nobody waits for it. */
export function makeGreeter({ state, request, about }: GreeterOptions): Greeter {
  const tokens = new Map<string, string>();
  const fresh = ({ begun, conversation, pending }: State): boolean => !begun && !pending.some((p) => (p.conversation ?? "") === conversation);
  const look = async (): Promise<void> => {
    const now = state.get();
    const { conversation: id } = now;
    if (!now.open || now.phase !== "ready" || !now.loaded || (now.conversations && !id) || tokens.has(id) || !fresh(now)) return;
    tokens.set(id, "");
    const { contact, meta } = about();
    const body = { contact, meta: mergeMeta(emptyMeta(), meta) };
    const { messages, token } = asRecord(await request({ path: `v1/greeting${id && `?conversation=${id}`}`, body }));
    const list = asList(messages).map(readMessage).filter((m) => m !== undefined);
    const { conversation, transcript } = state.get();
    if (conversation !== id || !fresh(state.get())) return;
    tokens.set(id, asText(token));
    state.set({ transcript: merge(transcript, list) });
  };
  const watch = (): void => void look().catch(() => {});
  state.subscribe(watch);
  watch();
  return {
    along() {
      const { begun, conversation } = state.get();
      const greeting = begun ? "" : tokens.get(conversation);
      return greeting ? { greeting } : {};
    },
  };
}
