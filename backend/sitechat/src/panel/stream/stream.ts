import type { Message } from "../message";
import { backoff } from "./backoff";
import { readFrame } from "./frame";
import type { Transport } from "./transport";

/** What the stream needs of others. */
export type StreamOptions = {
  base: string;
  /** In order of preference; the next one is tried when one has failed twice without a single frame. */
  transports: readonly Transport[];
  token: () => string;
  message: (message: Message) => void;
  /** An operator types, until that time (ms). */
  typing: (until: number, name: string) => void;
  /** Everything up to now has been replayed (true), or the line is cut (false). */
  live: (live: boolean) => void;
  /** The token is not good any more: gets another one; the stream waits for it. */
  renew: () => Promise<void>;
  online: () => boolean;
  random: () => number;
  now: () => number;
};

/** The stream of a visitor's events: it stays connected by itself once started. */
export type Stream = {
  /** Starts, or goes on from another place when the history was read again. */
  start: (cursor: number) => void;
  /** Somebody looks, or the network is back: connects at once, or checks a line that has been silent. */
  wake: () => void;
};

const WATCHDOG_MS = 60_000;
const SILENT_MS = 30_000;
const TRIES_WITHOUT_FRAME = 2;

/** Makes the stream. The cursor is the highest rev seen, so that a reconnect repeats nothing and misses nothing. */
export function makeStream(options: StreamOptions): Stream {
  let started = false;
  let cursor = 0;
  let failures = 0;
  let silentTries = 0;
  let which = 0;
  let heardAt = 0;
  let close: (() => void) | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const later = (ms: number, act: () => void): void => {
    clearTimeout(timer);
    timer = setTimeout(act, ms);
  };
  const connect = (): void => {
    if (close) return;
    clearTimeout(timer);
    // Without a network there is nothing to try: wake comes with it, and a slow look in case it does not.
    if (!options.online()) return later(WATCHDOG_MS, connect);
    let ended = false;
    let heard = false;
    const transport = options.transports[which % options.transports.length] as Transport;
    const end = (code = ""): void => {
      if (ended) return;
      ended = true;
      stop();
      close = undefined;
      options.live(false);
      if (!heard && ++silentTries >= TRIES_WITHOUT_FRAME) {
        silentTries = 0;
        which++;
      }
      if (code === "token_invalid") return void options.renew().then(() => later(backoff(failures++, options.random), connect));
      later(backoff(failures++, options.random), connect);
    };
    const watch = (): void => {
      heardAt = options.now();
      later(WATCHDOG_MS, end);
    };
    watch();
    const stop = transport(options.base, options.token(), cursor, {
      end,
      frame(data) {
        const frame = ended ? undefined : readFrame(data);
        if (!frame) return;
        watch();
        heard = true;
        if (frame.type === "message") {
          cursor = Math.max(cursor, frame.message.rev);
          options.message(frame.message);
        } else if (frame.type === "ready") {
          cursor = Math.max(cursor, frame.cursor);
          failures = silentTries = 0;
          options.live(true);
        } else if (frame.type === "typing") options.typing(frame.until, frame.name);
        else if (frame.type === "bye") end(frame.code);
        // The server knows of something that it has not sent: a lost hint.
        else if (frame.cursor > cursor) end();
      },
    });
    close = end;
  };
  return {
    start(from) {
      cursor = from;
      if (!started) connect();
      started = true;
    },
    wake() {
      if (!started) return;
      if (close && options.now() - heardAt < SILENT_MS) return;
      close?.();
      connect();
    },
  };
}
