import assert from "node:assert/strict";
import test from "node:test";
import { takeOver, type Call, type Line } from "./takeover";

type Stub = ((...args: unknown[]) => unknown) & { q?: unknown };

/** Takes over a global and returns what was waiting and what arrives later. */
function take(found: unknown): { globals: Record<string, unknown>; waiting: Call[]; later: Call[]; line: Line; fn: Stub } {
  const globals: Record<string, unknown> = { crmPlugin: found };
  const later: Call[] = [];
  const line: Line = { receive: (call) => later.push(call) };
  const waiting = takeOver(globals, "crmPlugin", line);
  return { globals, waiting, later, line, fn: globals.crmPlugin as Stub };
}

function args(...values: unknown[]): IArguments {
  return (function () {
    // The snippet's stub keeps arguments objects, which are no arrays.
    return arguments;
  } as (...values: unknown[]) => IArguments)(...values);
}

function stub(q?: unknown): Stub {
  const fn: Stub = (...values) => (fn.q as unknown[]).push(values);
  if (q !== undefined) fn.q = q;
  return fn;
}

test("EMB-9 a: arguments objects are replayed in order", () => {
  const { waiting } = take(stub([args("onChatReady", 1), args("runChatShow")]));
  assert.deepEqual(waiting, [["onChatReady", 1], ["runChatShow"]]);
});

test("EMB-9 b: arrays are replayed in order", () => {
  assert.deepEqual(take(stub([["a"], ["b", 2]])).waiting, [["a"], ["b", 2]]);
});

test("EMB-9 c, d, e: an empty queue, no queue and no function leave nothing to replay", () => {
  for (const found of [stub([]), stub(), undefined, null]) {
    const { waiting, fn } = take(found);
    assert.deepEqual(waiting, []);
    assert.equal(typeof fn, "function");
  }
});

test("EMB-9 f: the keys of a plain object stay on our function, also those that functions have", () => {
  const { fn } = take({ id: "1", hash: "2", name: "shop", q: [["a"]] });
  assert.equal(typeof fn, "function");
  assert.equal((fn as unknown as { id: string }).id, "1");
  assert.equal((fn as unknown as { hash: string }).hash, "2");
});

test("EMB-9 k: rubbish in the queue is skipped", () => {
  assert.deepEqual(take(stub([1, null, undefined, [], {}, "runChatShow", ["runChatHide"]])).waiting, [["runChatHide"]]);
});

test("API-1: the function returns undefined", () => {
  const { fn, later } = take(stub([]));
  assert.equal(fn("runChatShow"), undefined);
  assert.deepEqual(later, [["runChatShow"]]);
});

test("EMB-10: q stays an empty array and its push executes", () => {
  const { fn, later } = take(stub([]));
  const q = fn.q as unknown[];
  assert.ok(Array.isArray(q));
  q.push(["runChatShow"], args("runChatHide"));
  assert.deepEqual(later, [["runChatShow"], ["runChatHide"]]);
  assert.equal(q.length, 0);
});

test("EMB-11: calls through a captured stub arrive, whether it looks the queue up or closes over it", () => {
  const queue: unknown[] = [["early"]];
  const old = stub(queue);
  const { later, waiting } = take(old);
  old("captured");
  queue.push(["closed over"]);
  assert.deepEqual(waiting, [["early"]]);
  assert.deepEqual(later, [["captured"], ["closed over"]]);
  assert.equal(queue.length, 0);
});

test("MET-5: without an instance calls wait, and the next take-over replays them", () => {
  const { globals, line, fn } = take(stub([]));
  delete line.receive;
  fn("onChatReady", 1);
  (fn.q as unknown[]).push(["runChatShow"]);
  const next: Line = {};
  assert.deepEqual(takeOver(globals, "crmPlugin", next), [["onChatReady", 1], ["runChatShow"]]);
});

test("EMB-13: a second run of the loader drains the new stub into the living line", () => {
  const { globals, line, later, fn } = take(stub([]));
  globals.crmPlugin = stub([["runChatShow"]]);
  assert.deepEqual(takeOver(globals, "crmPlugin", line), [["runChatShow"]]);
  fn("through the first function");
  assert.deepEqual(later, [["through the first function"]]);
});

test("a frozen stub and a guarded global do not throw", () => {
  const frozen = stub(Object.freeze([["runChatShow"]]));
  assert.deepEqual(take(Object.freeze(frozen)).waiting, [["runChatShow"]]);
  const globals = Object.freeze({ crmPlugin: stub([]) }) as Record<string, unknown>;
  assert.deepEqual(takeOver(globals, "crmPlugin", {}), []);
});
