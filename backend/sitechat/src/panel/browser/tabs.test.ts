import assert from "node:assert/strict";
import test, { mock } from "node:test";
import { joinTabs, type Tabs, type TabsOptions } from "./tabs";

/** Locks as browsers give them: first come, first served; who dies, or is robbed, has them no more. */
function makeLocks() {
  type Claim = { hold: () => Promise<unknown>; end: (error?: Error) => void };
  let held: Claim | undefined;
  let queue: Claim[] = [];
  const grant = (): void => {
    const next = queue.shift();
    held = next;
    if (!next) return;
    const done = (error?: Error): void => {
      if (held !== next) return;
      held = undefined;
      next.end(error);
      grant();
    };
    void next.hold().then(() => done());
  };
  return {
    request: (_name: string, { steal, signal }: LockOptions, hold: () => Promise<unknown>) =>
      new Promise<void>((resolve, reject) => {
        const claim: Claim = { hold, end: (error) => (error ? reject(error) : resolve()) };
        signal?.addEventListener("abort", () => {
          if (!queue.includes(claim)) return;
          queue = queue.filter((other) => other !== claim);
          reject(new Error("aborted"));
        });
        if (steal) {
          held?.end(new Error("stolen"));
          held = undefined;
          queue.unshift(claim);
        } else queue.push(claim);
        if (!held) queueMicrotask(() => held || grant());
      }),
  };
}

type Line = { frames: unknown[]; ends: (string | undefined)[]; close: () => void };

/** A browser with tabs; each has a page, a document, ears that can be stopped, and a place in the stream. */
function browser() {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  const locks = makeLocks();
  const channels = new Set<{ onmessage: ((event: MessageEvent) => void) | null; deaf: boolean }>();
  const history: { rev: number; text: string }[] = [];
  const open = (over: { hidden?: boolean; cursor?: number } = {}) => {
    const page = new EventTarget();
    const doc = new EventTarget();
    const at = { cursor: over.cursor ?? 0, live: true };
    const tab = { page, doc, at, hidden: over.hidden ?? false, mute: false, changes: 0, caught: 0, stored: [] as unknown[], tabs: undefined as unknown as Tabs };
    const channel = {
      onmessage: null as ((event: MessageEvent) => void) | null,
      deaf: false,
      postMessage(data: unknown) {
        if (tab.mute) return;
        for (const other of channels) if (other !== channel) queueMicrotask(() => other.deaf || other.onmessage?.({ data: structuredClone(data) } as MessageEvent));
      },
      close: () => channels.delete(channel),
    };
    channels.add(channel);
    const options: TabsOptions = {
      name: "v",
      locks: locks as unknown as LockManager,
      channel: () => channel as unknown as BroadcastChannel,
      hidden: () => tab.hidden,
      state: () => at,
      async catchUp(_token, cursor) {
        tab.caught++;
        const found = history.filter((m) => m.rev > cursor).map((m) => ({ type: "message", message: m }));
        return [...found, { type: "ready", cursor: Math.max(cursor, ...history.map((m) => m.rev)) }];
      },
      stored: (message) => tab.stored.push(message),
      changed: () => tab.changes++,
      random: () => 0,
    };
    tab.tabs = joinTabs(options, page, doc);
    return Object.assign(tab, { channel });
  };
  const line = ({ tabs }: { tabs: Tabs }, cursor: number): Line => {
    const own: Line = { frames: [], ends: [], close: () => {} };
    own.close = tabs.follow("", "t", cursor, { frame: (data) => own.frames.push(JSON.parse(data)), end: (code) => own.ends.push(code) });
    return own;
  };
  const say = (leader: ReturnType<typeof open>, rev: number, text: string): void => {
    history.push({ rev, text });
    leader.tabs.pass(leader.at.cursor, JSON.stringify({ type: "message", message: { rev, text } }));
    leader.at.cursor = rev;
  };
  return { open, line, say, history };
}

const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise((done) => setImmediate(done));
};
const texts = (line: Line): unknown[] => line.frames.map((f) => (f as { message?: { text: string } }).message?.text ?? (f as { type: string }).type);

test.afterEach(() => mock.timers.reset());

test("one tab leads; the others hear what it hears, and what the server has stored", async () => {
  const b = browser();
  const [one, two] = [b.open(), b.open()];
  await settle();
  assert.deepEqual([one.tabs.leads(), two.tabs.leads(), two.changes], [true, false, 0]);
  const line = b.line(two, 0);
  await settle();
  b.say(one, 1, "a");
  b.say(one, 2, "b");
  one.tabs.tell({ id: "m" });
  await settle();
  assert.deepEqual([texts(line), two.stored, two.caught], [["ready", "a", "b"], [{ id: "m" }], 0]);
});

test("who joins late reads what the leader heard before, once", async () => {
  const b = browser();
  const one = b.open({ cursor: 0 });
  await settle();
  for (const rev of [1, 2, 3]) b.say(one, rev, `m${rev}`);
  const two = b.open();
  await settle();
  const line = b.line(two, 1);
  b.say(one, 4, "m4");
  await settle();
  assert.deepEqual([texts(line).filter((t) => t !== "ready"), two.caught], [["m2", "m3", "m4"], 1]);
});

test("a frame that was missed is noticed by the next and read", async () => {
  const b = browser();
  const [one, two] = [b.open(), b.open()];
  await settle();
  const line = b.line(two, 0);
  await settle();
  two.channel.deaf = true;
  b.say(one, 1, "missed");
  await settle();
  two.channel.deaf = false;
  b.say(one, 2, "heard");
  await settle();
  assert.deepEqual(texts(line).filter((t) => t !== "ready"), ["missed", "heard"]);
});

test("the leader that is closed, frozen or put aside leaves the lead to the next", async () => {
  for (const [what, act] of [
    ["closed", (one) => one.tabs.leave()],
    ["frozen", (one) => one.doc.dispatchEvent(new Event("freeze"))],
    ["put aside", (one) => one.page.dispatchEvent(new Event("pagehide"))],
  ] as const satisfies [string, (one: ReturnType<ReturnType<typeof browser>["open"]>) => void][]) {
    const b = browser();
    const [one, two] = [b.open(), b.open()];
    await settle();
    act(one);
    await settle();
    assert.deepEqual([one.tabs.leads(), two.tabs.leads(), two.changes], [false, true, 1], what);
    if (what !== "closed") {
      one.doc.dispatchEvent(new Event("resume"));
      await settle();
      two.tabs.leave();
      await settle();
      assert.equal(one.tabs.leads(), true, `${what}, and back in the queue`);
    }
    mock.timers.reset();
  }
});

test("a leader without a heartbeat is replaced by a tab that is seen, and follows when it wakes", async () => {
  const b = browser();
  const [one, two, hidden] = [b.open(), b.open(), b.open({ hidden: true })];
  await settle();
  Object.assign(one, { mute: true });
  mock.timers.tick(10_000); // the next check
  mock.timers.tick(3999);
  await settle();
  assert.equal(two.tabs.leads(), false);
  mock.timers.tick(1);
  await settle();
  assert.deepEqual([one.tabs.leads(), two.tabs.leads(), hidden.tabs.leads()], [false, true, false]);
  one.mute = false;
  const line = b.line(one, 0);
  b.say(two, 1, "go on");
  await settle();
  assert.ok(texts(line).includes("go on"));
});

test("who is seen takes the lead from who is hidden; among the hidden nobody moves", async () => {
  const b = browser();
  const [one, two] = [b.open({ hidden: true }), b.open({ hidden: true })];
  await settle();
  mock.timers.tick(60_000);
  await settle();
  assert.deepEqual([one.tabs.leads(), two.tabs.leads()], [true, false]);
  two.hidden = false;
  two.doc.dispatchEvent(new Event("visibilitychange"));
  await settle();
  mock.timers.tick(250);
  await settle();
  assert.deepEqual([one.tabs.leads(), two.tabs.leads()], [false, true]);
});

test("a line that cannot catch up ends, to be taken up again", async () => {
  const b = browser();
  const one = b.open({ cursor: 7 });
  await settle();
  const two = b.open();
  await settle();
  const line = b.line(two, 3); // nothing is there up to 7
  await settle();
  assert.deepEqual(line.ends, [undefined]);
  assert.equal(one.tabs.leads(), true);
});
