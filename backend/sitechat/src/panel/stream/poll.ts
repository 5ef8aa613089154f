import { asList, asRecord } from "../read";
import { askStream, conversationIn } from "./ask";
import { cursorAfter } from "./cursor";
import type { Transport } from "./transport";

const LONGEST_S = 25;
const SHORTEST_S = 2;

// How long a poll may wait here: some proxies cut what is silent for longer.
let longest = LONGEST_S;

/** One answer of the stream in pieces (http-api.md §3): its frames; undefined when the token is not good any more. */
export async function pollOnce(base: string, token: string, cursor: number, waitS: number, signal?: AbortSignal, of?: string): Promise<unknown[] | undefined> {
  const response = await askStream(`${base}v1/stream/poll?cursor=${cursor}&wait=${waitS}${conversationIn(of)}`, token, signal);
  if (response.status === 401) return undefined;
  if (!response.ok) throw new Error(`poll: ${response.status}`);
  return asList(asRecord(await response.json()).frames);
}

/** The stream in pieces: for networks that hold an answer back until it is whole. */
export const pollTransport: Transport = (base, token, cursor, on, of) => {
  const stop = new AbortController();
  const run = async (): Promise<void> => {
    // The first look says at once whether anything comes through.
    for (let wait = 0; !stop.signal.aborted; ) {
      const began = Date.now();
      let frames: unknown[] | undefined;
      try {
        frames = await pollOnce(base, token, cursor, wait, stop.signal, of);
      } catch (error) {
        // Cut while it waited: shorter, then. What fails at once, or short as it is, has another reason.
        if (stop.signal.aborted || wait <= SHORTEST_S || Date.now() - began < SHORTEST_S * 500) throw error;
        wait = longest = Math.max(SHORTEST_S, Math.floor(wait / 2));
        continue;
      }
      if (!frames) return on.end("token_invalid");
      let whole = false;
      for (const frame of frames) {
        cursor = cursorAfter(frame, cursor);
        whole ||= asRecord(frame).type === "ready";
        on.frame(JSON.stringify(frame));
      }
      wait = whole ? longest : 0;
    }
  };
  run().catch(() => on.end());
  return () => stop.abort();
};
