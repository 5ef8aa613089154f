import type { Availability, Message } from "../message";
import { backoff } from "./backoff";
import type { Choice } from "./choice";
import type { Frame } from "./frame";
import type { Transport } from "./transport";

/** What the stream needs of others. */
export type StreamOptions = {
  base: string;
  /** The ways to the server, best first. */
  transports: readonly Transport[];
  /** Which of them is taken. */
  choice: Choice;
  /** The line of a tab to which another one passes on what it hears; undefined for a tab that asks the server itself. */
  follow: () => Transport | undefined;
  /** What came from the server, with the cursor before it: for the tabs that follow. */
  pass: (before: number, data: string) => void;
  /** Which of several conversations it is the stream of; undefined where there is one. */
  of: () => string | undefined;
  /** Something happened in another of them. */
  elsewhere: () => void;
  token: () => string;
  /** Reads a frame at the door. */
  read: (data: string) => Frame | undefined;
  message: (message: Message) => void;
  /** An operator types, until that time (ms). */
  typing: (until: number, name: string) => void;
  /** Whether somebody answers is another by now. */
  availability: (availability: Availability) => void;
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
  /** Stands still until it starts again, for another conversation. */
  pause: () => void;
  /** Connects anew at once: this tab follows another one from now on, or does not any more. */
  again: () => void;
  /** Where it stands, and whether everything up to now has come. */
  state: () => { cursor: number; live: boolean };
};

const WATCHDOG_MS = 60_000;
const SILENT_MS = 30_000;
/** The server says "ready" at once: a line without a word in this time is a wall, or a proxy that keeps the words to itself. */
const FIRST_MS = 6000;
const FIRST_MAX_MS = 30_000;
/** A line that is cut so soon after "ready" is none to stay with. */
const SHORT_MS = 10_000;

/** Makes the stream. The cursor is the highest rev seen, so that a reconnect repeats nothing and misses nothing. */
export function makeStream(options: StreamOptions): Stream {
  const { choice, transports, now } = options;
  let started = false;
  let cursor = 0;
  let failures = 0;
  let heardAt = 0;
  let live = false;
  let close: ((code?: string, ours?: boolean) => void) | undefined;
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
    const followed = options.follow();
    let ended = false;
    let readyAt = 0;
    const end = (code = "", ours = false): void => {
      if (ended) return;
      ended = true;
      stop();
      close = undefined;
      live = false;
      options.live(false);
      if (ours) return;
      const silent = code === "silent";
      const lasted = readyAt && now() - readyAt >= SHORT_MS;
      if (lasted) failures = 0;
      if (!followed) {
        if (lasted) choice.worked(true);
        else if (silent || !code) choice.failed(silent);
      }
      const wait = silent ? 0 : backoff(failures, options.random);
      failures++;
      if (code === "token_invalid") return void options.renew().then(() => later(wait, connect));
      later(wait, connect);
    };
    const watch = (ms: number, code = ""): void => {
      heardAt = now();
      later(ms, () => end(code));
    };
    // More patience with each round: a slow line is no wall.
    if (followed) watch(WATCHDOG_MS);
    else watch(Math.min(FIRST_MS * 2 ** Math.floor(failures / transports.length), FIRST_MAX_MS), "silent");
    const transport = followed ?? (transports[choice.now() % transports.length] as Transport);
    const stop = transport(
      options.base,
      options.token(),
      cursor,
      {
      end,
      frame(data) {
        const frame = ended ? undefined : options.read(data);
        if (!frame) return;
        watch(WATCHDOG_MS);
        if (!followed && frame.type !== "bye") options.pass(cursor, data);
        if (frame.type === "message") {
          cursor = Math.max(cursor, frame.message.rev);
          options.message(frame.message);
        } else if (frame.type === "ready") {
          cursor = Math.max(cursor, frame.cursor);
          readyAt ||= now();
          if (!followed) choice.worked(false);
          if (!live) options.live((live = true));
          if (!followed) tryBetter();
        } else if (frame.type === "typing") options.typing(frame.until, frame.name);
        else if (frame.type === "conversations") options.elsewhere();
        else if (frame.type === "availability") options.availability(frame.availability);
        else if (frame.type === "bye") end(frame.code);
        // The server knows of something that it has not sent: a lost hint.
        else if (frame.cursor > cursor) end("hint");
        else if (!followed) tryBetter();
      },
      },
      options.of(),
    );
    const tryBetter = (): void => {
      if (!choice.retry()) return;
      end("", true);
      connect();
    };
    close = end;
  };
  const again = (): void => {
    if (!started) return;
    close?.("", true);
    connect();
  };
  return {
    start(from) {
      cursor = from;
      if (!started) connect();
      started = true;
    },
    wake() {
      if (!close || now() - heardAt >= SILENT_MS) again();
    },
    pause() {
      close?.("", true);
      clearTimeout(timer);
      started = false;
    },
    again,
    state: () => ({ cursor, live }),
  };
}
