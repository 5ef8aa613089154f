import assert from "node:assert/strict";
import test, { mock } from "node:test";
import type { Message } from "../message";
import { backoff } from "./backoff";
import { makeChoice } from "./choice";
import { readEvents } from "./events";
import { readFrame } from "./frame";
import { openStore } from "../storage";
import { makeStream, type StreamOptions } from "./stream";
import { socketTransport, type Transport, type TransportHandlers } from "./transport";

type Line = { name: string; token: string; cursor: number; on: TransportHandlers; closed: boolean };

const ways = ["ws", "events", "poll"];
const memory = () =>
  openStore(() => {
    throw new Error("refused");
  }, "");

/** A stream over transports that the test plays, with the clock in its hands. */
function play(over: Partial<StreamOptions> = {}, store = memory()) {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const passed: [number, string][] = [];
  const lines: Line[] = [];
  const got: Message[] = [];
  const transport =
    (name: string): Transport =>
    (_base, token, cursor, on) => {
      const line: Line = { name, token, cursor, on, closed: false };
      lines.push(line);
      return () => {
        line.closed = true;
      };
    };
  const stream = makeStream({
    base: "https://chat.example.test/",
    transports: ways.map(transport),
    choice: makeChoice(store, "way", ways.length, Date.now),
    follow: () => undefined,
    pass: (before, data) => passed.push([before, data]),
    token: () => "t",
    read: readFrame,
    message: (message) => got.push(message),
    of: () => undefined,
    elsewhere: () => {},
    availability: () => {},
    typing: () => {},
    live: () => {},
    renew: async () => {},
    online: () => true,
    random: () => 1,
    now: Date.now,
    ...over,
  });
  return { lines, got, stream, passed, last: () => lines[lines.length - 1] as Line };
}

function frame(type: string, fields: object): string {
  return JSON.stringify({ type, ...fields });
}

const hello = { id: "m", seq: 1, rev: 5, at: 1, direction: "outbound", text: "x" };

test.afterEach(() => mock.timers.reset());

test("a cut line is taken up again from the highest rev", () => {
  const { lines, got, stream, last } = play();
  stream.start(3);
  assert.deepEqual([lines.length, last().cursor, last().token], [1, 3, "t"]);
  last().on.frame(frame("message", { message: hello }));
  last().on.frame(frame("message", { message: { ...hello, id: "old", rev: 2 } }));
  last().on.end();
  mock.timers.tick(1000);
  assert.deepEqual([lines.length, last().cursor], [2, 5]);
  assert.equal(got.length, 2);
});

const namesOf = (lines: readonly Line[]): string[] => lines.map((line) => line.name);

test("where WebSockets do not get through, the next way is tried after two failures", () => {
  const { lines, stream, last } = play();
  stream.start(0);
  for (let i = 0; i < 6; i++) {
    last().on.end();
    mock.timers.tick(30_000);
  }
  assert.deepEqual(namesOf(lines), ["ws", "ws", "events", "events", "poll", "poll", "ws"]);
});

test("a proxy that keeps the words to itself is noticed within seconds: the next way at once", () => {
  const { lines, stream, last } = play();
  stream.start(0);
  mock.timers.tick(5999);
  assert.equal(lines.length, 1);
  mock.timers.tick(1);
  mock.timers.tick(0);
  assert.deepEqual([namesOf(lines), lines[0]?.closed], [["ws", "events"], true]);
  mock.timers.tick(6000);
  mock.timers.tick(0);
  last().on.frame(frame("ready", { cursor: 0 }));
  mock.timers.tick(59_000);
  assert.deepEqual(namesOf(lines), ["ws", "events", "poll"]);
});

test("a line that is cut right after it began, time and again, is left for the next way", () => {
  const { lines, stream, last } = play();
  stream.start(0);
  const live = (ms: number): void => {
    last().on.frame(frame("ready", { cursor: 0 }));
    mock.timers.tick(ms);
    last().on.end();
    mock.timers.tick(5000);
  };
  for (const ms of [3000, 11_000, 3000, 11_000]) live(ms);
  assert.deepEqual(namesOf(lines), ["ws", "ws", "ws", "ws", "ws"]);
  live(3000);
  live(3000);
  assert.deepEqual(namesOf(lines), ["ws", "ws", "ws", "ws", "ws", "ws", "events"]);
});

test("what worked is taken first by the next page, and the better way tried again after a while", () => {
  const store = memory();
  const first = play({}, store);
  first.stream.start(0);
  mock.timers.tick(6000);
  mock.timers.tick(0);
  first.last().on.frame(frame("ready", { cursor: 0 }));
  assert.deepEqual(namesOf(first.lines), ["ws", "events"]);
  mock.timers.reset();
  const next = play({}, store);
  next.stream.start(0);
  next.last().on.frame(frame("ready", { cursor: 0 }));
  assert.deepEqual(namesOf(next.lines), ["events"]);
  for (let i = 0; i < 6; i++) {
    mock.timers.tick(25_000);
    next.last().on.frame(frame("ping", { cursor: 0 }));
  }
  assert.deepEqual([namesOf(next.lines), next.lines[0]?.closed], [["events", "ws"], true]);
  // One try is enough for what did not work before; then it is left alone for twice as long.
  next.last().on.end();
  mock.timers.tick(1000);
  next.last().on.frame(frame("ready", { cursor: 0 }));
  for (let i = 0; i < 9; i++) {
    mock.timers.tick(25_000);
    next.last().on.frame(frame("ping", { cursor: 0 }));
  }
  assert.deepEqual(namesOf(next.lines), ["events", "ws", "events"]);
  mock.timers.tick(25_000);
  next.last().on.frame(frame("ping", { cursor: 0 }));
  assert.deepEqual(namesOf(next.lines), ["events", "ws", "events", "ws"]);
  next.last().on.frame(frame("ready", { cursor: 0 }));
  assert.equal(store.get("way"), undefined);
});

test("a tab that follows another takes its line; when it leads it asks the server, from where it is, and passes on what comes", () => {
  let follows = true;
  const lines: Line[] = [];
  const follow: Transport = (_base, token, cursor, on) => {
    lines.push({ name: "follow", token, cursor, on, closed: false });
    return () => Object.assign(lines[lines.length - 1] as Line, { closed: true });
  };
  const { lines: own, stream, passed } = play({ follow: () => (follows ? follow : undefined) });
  stream.start(3);
  lines[0]?.on.frame(frame("message", { message: hello }));
  mock.timers.tick(50_000);
  assert.deepEqual([own.length, passed.length, stream.state()], [0, 0, { cursor: 5, live: false }]);
  follows = false;
  stream.again();
  assert.deepEqual([lines[0]?.closed, own.map((line) => [line.name, line.cursor])], [true, [["ws", 5]]]);
  own[0]?.on.frame(frame("ready", { cursor: 6 }));
  assert.deepEqual([passed, stream.state()], [[[5, frame("ready", { cursor: 6 })]], { cursor: 6, live: true }]);
});

test("a line that is silent for 60 s is cut and taken up again; a ping keeps it", () => {
  const { lines, stream, last } = play();
  stream.start(0);
  last().on.frame(frame("ready", { cursor: 0 }));
  mock.timers.tick(59_000);
  last().on.frame(frame("ping", { cursor: 0 }));
  mock.timers.tick(59_000);
  assert.equal(lines.length, 1);
  mock.timers.tick(1000);
  mock.timers.tick(1000);
  assert.deepEqual([lines.length, lines[0]?.closed], [2, true]);
});

test("a ping with a cursor above ours means a lost hint: reconnect", () => {
  const { lines, stream, last } = play();
  stream.start(4);
  last().on.frame(frame("ready", { cursor: 4 }));
  last().on.frame(frame("ping", { cursor: 5 }));
  mock.timers.tick(1000);
  assert.deepEqual([lines.length, last().cursor], [2, 4]);
});

test("bye token_invalid: the stream waits for another token", async () => {
  let renewed = (): void => {};
  const { lines, stream, last } = play({ renew: () => new Promise((done) => (renewed = done)) });
  stream.start(0);
  last().on.frame(frame("bye", { code: "token_invalid" }));
  mock.timers.tick(50_000);
  assert.equal(lines.length, 1);
  renewed();
  await new Promise((done) => setImmediate(done));
  mock.timers.tick(1000);
  assert.equal(lines.length, 2);
});

test("wake connects at once what waits, leaves a line that was just heard, cuts one that was silent", () => {
  const { lines, stream, last } = play();
  stream.start(0);
  last().on.frame(frame("ready", { cursor: 0 }));
  stream.wake();
  assert.equal(lines.length, 1);
  mock.timers.tick(31_000);
  stream.wake();
  assert.deepEqual([lines.length, lines[0]?.closed], [2, true]);
  last().on.end();
  stream.wake();
  assert.equal(lines.length, 3);
});

test("without a network nothing is tried", () => {
  let online = false;
  const { lines, stream } = play({ online: () => online });
  stream.start(0);
  mock.timers.tick(30_000);
  assert.equal(lines.length, 0);
  online = true;
  stream.wake();
  assert.equal(lines.length, 1);
});

test("frames that are none of ours are passed over", () => {
  const { got, stream, last } = play();
  stream.start(0);
  for (const data of ["", "{", "7", frame("other", {}), frame("message", { message: {} })]) last().on.frame(data);
  assert.equal(got.length, 0);
});

test("waits grow to half a minute, are random, and never shorter than asked", () => {
  assert.equal(backoff(0, () => 0), 250);
  assert.equal(backoff(0, () => 1), 1000);
  assert.equal(backoff(3, () => 1), 8000);
  assert.equal(backoff(50, () => 1), 30_000);
  assert.equal(backoff(0, () => 0, 5000), 5000);
});

test("events are read whole, however they are cut", () => {
  const text = ': comment\n\ndata: {"a":1}\n\nevent: x\ndata:b\r\ndata: c\r\n\r\ndata: unfinished';
  for (const size of [1, 2, 3, 7, 1000]) {
    const got: string[] = [];
    const read = readEvents((data) => got.push(data));
    for (let i = 0; i < text.length; i += size) read(text.slice(i, i + size));
    assert.deepEqual(got, ['{"a":1}', "b\nc"], `pieces of ${size}`);
  }
});

test("http-api.md §3: who types is told, until when, and moves no cursor", () => {
  const typed: [number, string][] = [];
  const { stream, last } = play({ typing: (until, name) => typed.push([until, name]) });
  stream.start(3);
  last().on.frame(frame("typing", { until: 1767225600123, name: "Oleg" }));
  last().on.frame(frame("typing", { until: "soon" }));
  assert.deepEqual(typed, [[1767225600123, "Oleg"], [0, ""]]);
});

test("a WebSocket that the browser itself refuses is a line that ended", () => {
  const { WebSocket: real } = globalThis;
  Object.assign(globalThis, { WebSocket: class { constructor() { throw new DOMException("refused", "SecurityError"); } } });
  try {
    const { lines, stream } = play({ transports: [socketTransport, (_base, token, cursor, on) => (lines.push({ name: "next", token, cursor, on, closed: false }), () => {})] });
    stream.start(0);
    for (let i = 0; i < 4; i++) mock.timers.tick(2000);
    assert.deepEqual(namesOf(lines), ["next"]);
  } finally {
    Object.assign(globalThis, { WebSocket: real });
  }
});
