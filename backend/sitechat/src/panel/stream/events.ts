import { askStream, conversationIn } from "./ask";
import type { Transport } from "./transport";

/** Reads text/event-stream piece by piece and hands on the data of each event; comments and other fields are passed over. */
export function readEvents(emit: (data: string) => void): (piece: string) => void {
  let rest = "";
  let data: string[] = [];
  return (piece) => {
    // A return at the end of a piece may be half of a line's end.
    const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (data.length) emit(data.join("\n"));
        data = [];
      } else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
    }
  };
}

/** The stream as an answer that is read while it comes: for networks that break WebSockets. */
export const eventsTransport: Transport = (base, token, cursor, on, of) => {
  const stop = new AbortController();
  const run = async (): Promise<void> => {
    const response = await askStream(`${base}v1/stream/events?cursor=${cursor}${conversationIn(of)}`, token, stop.signal);
    if (response.status === 401) return on.end("token_invalid");
    if (response.ok && response.body) {
      const read = readEvents(on.frame);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) read(part.value);
    }
    on.end();
  };
  run().catch(() => on.end());
  return () => stop.abort();
};
