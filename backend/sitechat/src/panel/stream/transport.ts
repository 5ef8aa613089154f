import { readEvents } from "./sse";

/** What a transport tells: each frame as it came, then once that it has ended, with a code when the server gave one. */
export type TransportHandlers = { frame: (data: string) => void; end: (code?: string) => void };

/** Opens a stream and returns how to close it. The handlers are called later, never inside the call. */
export type Transport = (base: string, token: string, cursor: number, on: TransportHandlers) => () => void;

/** The stream as a WebSocket: the token goes as the first frame, since no token may stand in an address (SEC-5). */
export const socketTransport: Transport = (base, token, cursor, on) => {
  const socket = new WebSocket(base.replace(/^http/, "ws") + "v1/stream");
  socket.onopen = () => socket.send(JSON.stringify({ token, cursor }));
  socket.onmessage = (event) => on.frame(String(event.data));
  socket.onclose = () => on.end();
  return () => socket.close();
};

/** The stream as an answer that is read while it comes: for networks that break WebSockets. */
export const eventsTransport: Transport = (base, token, cursor, on) => {
  const stop = new AbortController();
  const run = async (): Promise<void> => {
    const response = await fetch(`${base}v1/stream/events?cursor=${cursor}`, {
      headers: { Authorization: `Bearer ${token}`, Accept: "text/event-stream" },
      credentials: "omit",
      cache: "no-store",
      signal: stop.signal,
    });
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
