/** What a transport tells: each frame as it came, then once that it has ended, with a code when the server gave one. */
export type TransportHandlers = { frame: (data: string) => void; end: (code?: string) => void };

/**
 * Opens a stream, that of the named one of several conversations where there are such, and returns how to close it. The handlers are called later, never inside the call.
 */
export type Transport = (base: string, token: string, cursor: number, on: TransportHandlers, of?: string) => () => void;

/** The stream as a WebSocket: the token goes as the first frame, since no token may stand in an address (SEC-5). */
export const socketTransport: Transport = (base, token, cursor, on, of) => {
  let socket: WebSocket;
  try {
    socket = new WebSocket(base.replace(/^http/, "ws") + "v1/stream");
  } catch {
    // Blocked in the browser itself, by an extension or a policy.
    const timer = setTimeout(on.end);
    return () => clearTimeout(timer);
  }
  socket.onopen = () => socket.send(JSON.stringify({ token, cursor, conversation: of }));
  socket.onmessage = (event) => on.frame(String(event.data));
  socket.onclose = () => on.end();
  return () => socket.close();
};

/** A transport of a part that is fetched when it is needed. */
export function lazily(load: () => Promise<Transport>): Transport {
  return (base, token, cursor, on, of) => {
    let closed = false;
    let close = (): void => {
      closed = true;
    };
    load().then(
      (transport) => {
        if (!closed) close = transport(base, token, cursor, on, of);
      },
      () => on.end(),
    );
    return () => close();
  };
}
