import { asCount, asRecord, asText } from "../read";
import { cursorAfter } from "../stream/cursor";
import type { Transport, TransportHandlers } from "../stream/transport";

/** What the tabs of one visitor in one browser need of others. */
export type TabsOptions = {
  /** The same in all of them and in no others. */
  name: string;
  locks: LockManager;
  channel: (name: string) => BroadcastChannel;
  /** Whether nobody sees this tab. */
  hidden: () => boolean;
  /** Where the stream of this tab stands. */
  state: () => { cursor: number; live: boolean };
  /** The frames from a cursor up to now, read by this tab itself; undefined when the token is not good any more. */
  catchUp: (token: string, cursor: number) => Promise<unknown[] | undefined>;
  /** The leader has sent a message, which the server tells like this. */
  stored: (message: unknown) => void;
  /** This tab leads from now on, or another does. */
  changed: () => void;
  random: () => number;
};

/**
 * The tabs of one visitor in one browser: one leads, has the stream and sends what was written; the others hear of it. The
 * lock passes on when the leader is closed. A leader that is hidden, frozen or does not answer is replaced by a tab that
 * somebody sees.
 */
export type Tabs = {
  leads: () => boolean;
  /** The line of a tab that follows. */
  follow: Transport;
  /** The leader passes on a frame that came to a stream at that cursor. */
  pass: (before: number, data: string) => void;
  /** Tells the others that the server has stored a message. */
  tell: (message: unknown) => void;
  /** Makes sure that somebody leads; for when something depends on it. */
  check: () => void;
  leave: () => void;
};

const CHECK_EVERY_MS = 10_000;
const ANSWER_WITHIN_MS = 4000;
const SPREAD_MS = 1000;

/** Joins the others; the events are those of the page and its document, whose life decides who may lead. */
export function joinTabs(options: TabsOptions, page: EventTarget, document: EventTarget): Tabs {
  const { name, locks, hidden, random } = options;
  const channel = options.channel(name);
  const left = new AbortController();
  let leading = false;
  let release = (): void => {};
  let waiting: AbortController | undefined;
  let answered = true;
  let follower: { on: TransportHandlers; token: string; cursor: number; line: Promise<void>; joined: boolean } | undefined;

  const post = (message: object): void => channel.postMessage(message);
  const say = (): void => post({ kind: "here", ...options.state(), hidden: hidden() });
  const lead = (leads: boolean): void => {
    if (leading === leads || left.signal.aborted) return;
    leading = leads;
    options.changed();
    if (leads) say();
    else check();
  };
  /** Waits for the lock, or takes it away from who has it. */
  const ask = (steal: boolean): void => {
    waiting?.abort();
    const mine = (waiting = new AbortController());
    const hold = (): Promise<void> =>
      new Promise((resolve) => {
        release = resolve;
        lead(true);
      });
    locks
      .request(name, steal ? { steal } : { signal: mine.signal }, hold)
      .catch(() => {})
      .then(() => {
        // Given up, or taken away: it comes again when the others have had it.
        if (mine !== waiting) return;
        lead(false);
        if (!mine.signal.aborted) ask(false);
      });
  };
  const steal = (): void => {
    if (!leading && !hidden() && !left.signal.aborted) ask(true);
  };
  const check = (): void => {
    if (leading || hidden() || !answered || left.signal.aborted) return;
    answered = false;
    post({ kind: "who" });
    setTimeout(
      () => {
        if (!answered) steal();
        answered = true;
      },
      ANSWER_WITHIN_MS + random() * SPREAD_MS,
    );
  };

  /** Does something with the follower's line after what is being done with it. */
  const then = (act: (f: NonNullable<typeof follower>) => Promise<void> | void): void => {
    const f = follower;
    if (!f) return;
    f.line = f.line.then(() => (f === follower ? act(f) : undefined)).catch(() => f.on.end());
  };
  const feed = (f: NonNullable<typeof follower>, frame: unknown): void => {
    f.cursor = cursorAfter(frame, f.cursor);
    f.on.frame(JSON.stringify(frame));
  };
  /** Reads what the leader heard before this tab listened. */
  const catchUp = async (f: NonNullable<typeof follower>, to: number): Promise<void> => {
    while (f === follower && to > f.cursor) {
      const before = f.cursor;
      const frames = await options.catchUp(f.token, f.cursor);
      if (!frames) return f.on.end("token_invalid");
      for (const frame of frames) feed(f, frame);
      if (f.cursor === before) throw new Error("nothing to catch up with");
    }
  };
  const join = (f: NonNullable<typeof follower>, to: number): Promise<void> =>
    catchUp(f, to).then(() => {
      f.joined = true;
      feed(f, { type: "ready", cursor: f.cursor });
    });

  channel.onmessage = ({ data }: MessageEvent) => {
    const { kind, cursor, live, before, hidden: unseen, data: text, message } = asRecord(data);
    if (kind === "stored") options.stored(message);
    if (kind === "who" && leading) say();
    if (leading) return;
    if (kind === "here") {
      answered = true;
      if (live === true) then((f) => (f.joined ? undefined : join(f, asCount(cursor))));
      // Who is seen leads: browsers slow down and freeze what is not.
      if (unseen === true && !hidden()) {
        answered = false;
        setTimeout(() => {
          if (!answered) steal();
          answered = true;
        }, random() * SPREAD_MS / 4);
      }
    }
    if (kind === "frame") {
      then(async (f) => {
        const frame: unknown = JSON.parse(asText(text));
        if (!f.joined && asRecord(frame).type !== "ready") return;
        if (!f.joined) return join(f, asCount(asRecord(frame).cursor));
        await catchUp(f, asCount(before));
        // It may have been among what was read.
        if (f === follower && (asRecord(frame).type !== "message" || cursorAfter(frame, 0) > f.cursor)) feed(f, frame);
      });
    }
  };

  const on = (target: EventTarget, type: string, act: () => void): void => target.addEventListener(type, act, { signal: left.signal });
  const suspend = (): void => {
    waiting?.abort();
    release();
  };
  const resume = (): void => {
    if (waiting?.signal.aborted) ask(false);
    check();
  };
  on(document, "freeze", suspend);
  on(page, "pagehide", suspend);
  on(document, "resume", resume);
  on(page, "pageshow", resume);
  on(document, "visibilitychange", () => (leading ? say() : check()));
  const timer = setInterval(check, CHECK_EVERY_MS);
  ask(false);
  check();

  return {
    leads: () => leading,
    follow(_base, token, cursor, on) {
      const mine = { on, token, cursor, line: Promise.resolve(), joined: false };
      follower = mine;
      post({ kind: "who" });
      return () => {
        if (follower === mine) follower = undefined;
      };
    },
    pass: (before, data) => post({ kind: "frame", before, data }),
    tell: (message) => post({ kind: "stored", message }),
    check,
    leave() {
      leading = false;
      left.abort();
      suspend();
      clearInterval(timer);
      channel.close();
    },
  };
}
