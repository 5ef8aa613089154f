import assert from "node:assert/strict";
import test from "node:test";
import { emptyMeta, isEmpty, mergeMeta, META_BYTES, type Meta } from "../shared/meta";
import { ApiError } from "./api";
import { sendMeta } from "./parts/meta";

const merged = (...told: unknown[]): Meta => told.reduce(mergeMeta, emptyMeta());

test("META-6: bot_params by key, names and sale and fields by the last value, each note once", () => {
  const meta = merged(
    { bot_params: { a: 1, b: { c: 2 } }, contact: { name: "Anna" }, lead: { name: "One", sale: 100, custom_fields: [{ id: 7, values: [{ value: "x" }] }] } },
    { note: { text: "Came from the ad", element_type: 2, note_type: "common" }, contact: { custom_fields: [{ code: "PHONE", values: [{ value: "1", enum: "WORK" }] }] } },
    { bot_params: { b: 3 }, contact: { name: "Anna P." }, lead: { sale: 150, custom_fields: [{ id: "7", values: [{ value: "y", subtype: "city" }] }] } },
    { note: { text: "Came from the ad", element_type: 2, note_type: "common" }, contact: { custom_fields: [{ code: "phone", values: [{ value: "2" }] }] } },
    { note: { text: "Came from the ad", element_type: 1, note_type: "common" } },
  );
  assert.deepEqual(meta, {
    note: [
      { text: "Came from the ad", element_type: 2, note_type: "common" },
      { text: "Came from the ad", element_type: 1, note_type: "common" },
    ],
    contact: { name: "Anna P.", custom_fields: [{ code: "phone", values: [{ value: "2" }] }] },
    lead: { name: "One", sale: 150, custom_fields: [{ id: 7, values: [{ value: "y", subtype: "city" }] }] },
    bot_params: { a: 1, b: 3 },
  });
  assert.deepEqual(mergeMeta(meta, meta), meta, "a record merges into itself");
});

test("META-8: at most 20 notes, 200 fields, 64 KB", () => {
  const notes = Array.from({ length: 30 }, (_, i) => ({ note: { text: `${i}`, element_type: 1 } }));
  assert.deepEqual(merged(...notes).note.map(({ text }) => text), Array.from({ length: 20 }, (_, i) => `${i}`));
  const fields = (from: number): unknown[] => Array.from({ length: 150 }, (_, i) => ({ id: from + i, values: [{ value: "v" }] }));
  const many = merged({ contact: { custom_fields: fields(1) }, lead: { custom_fields: fields(1000) } });
  assert.deepEqual([many.contact.custom_fields.length, many.lead.custom_fields.length], [150, 50]);
  const before = merged({ contact: { name: "Anna" } });
  assert.equal(mergeMeta(before, { bot_params: { text: "x".repeat(META_BYTES) } }), before, "too much changes nothing");
  assert.equal(mergeMeta(before, { bot_params: { text: "я".repeat(META_BYTES / 2) } }), before, "bytes count, not characters");
  assert.equal(mergeMeta(before, { bot_params: { text: "x".repeat(META_BYTES - 300) } }).bot_params.text, "x".repeat(META_BYTES - 300));
});

test("META-8: functions, cycles and undefined are dropped, what is no object is ignored, and nothing throws", () => {
  const cycle: Record<string, unknown> = { own: 1 };
  cycle.self = cycle;
  const hostile = { get contact(): unknown { throw new Error("no"); }, lead: { name: "Lead" } };
  const proxy = new Proxy({}, { ownKeys() { throw new Error("no"); } });
  for (const told of [null, undefined, 7, "text", [], () => 1, Symbol("s"), proxy, { note: 7, contact: "x", lead: null, bot_params: [1] }, { lead: { sale: "much", custom_fields: [null, 7, { values: 3 }] } }]) {
    assert.ok(isEmpty(merged(told)));
  }
  assert.deepEqual(merged({ bot_params: { cycle, f: () => 1, u: undefined, n: NaN, list: [1, undefined, () => 1] } }).bot_params, { cycle: { own: 1 }, list: [1] });
  assert.equal(merged(hostile).lead.name, "Lead");
  assert.equal(merged(JSON.parse('{"bot_params": {"__proto__": {"admin": true}}}')).bot_params.admin, undefined);
});

/** A browser's storage and a server that notes what it is sent. */
function sending(): { sent: unknown[]; at: (ms: number) => void; fail: (error: unknown) => void; send: (told: unknown) => Promise<void> } {
  const kept = new Map<string, string>();
  const sent: unknown[] = [];
  let now = 1_000_000;
  let failure: unknown;
  const store = { get: (key: string) => kept.get(key), set: (key: string, value: string) => !!kept.set(key, value), remove: (key: string) => void kept.delete(key), keep: () => {}, has: () => false };
  const request = async ({ path, body }: { path: string; body?: unknown }): Promise<unknown> => {
    if (failure) throw failure;
    sent.push([path, (body as { meta: Meta }).meta.contact.name]);
    return {};
  };
  return { sent, at: (ms) => (now = ms), fail: (error) => (failure = error), send: (told) => sendMeta(told, { store, key: "k", now: () => now, request }) };
}

const named = (name: string): unknown => ({ contact: { name } });
const HOUR = 3600_000;

test("META-6: no request where nothing changed, nor where nothing was told", async () => {
  const { sent, send } = sending();
  await send(emptyMeta());
  await send(named("Anna"));
  await send(named("Anna"));
  await send(named(""));
  await send(named("Bella"));
  assert.deepEqual(sent, [["v1/meta", "Anna"], ["v1/meta", "Bella"]]);
});

test("META-2: data are sent for 24 hours after the first", async () => {
  const { sent, at, send } = sending();
  at(0 + HOUR);
  await send(named("first"));
  at(24 * HOUR);
  await send(named("second"));
  at(25 * HOUR);
  await send(named("third"));
  at(25 * HOUR + 1);
  await send(named("late"));
  assert.deepEqual(sent.map((one) => (one as string[])[1]), ["first", "second", "third"]);
});

test("META-7: a message waits ten seconds for what cannot be sent, which then goes with a later one", async () => {
  const { sent, at, fail, send } = sending();
  // What call() makes of an answer that is no JSON, a proxy's page with whatever status.
  fail(new ApiError(0, "", "", 0));
  at(HOUR);
  await assert.rejects(send(named("Anna")), ApiError);
  at(HOUR + 9999);
  await assert.rejects(send(named("Anna")), ApiError);
  at(HOUR + 10_000);
  await send(named("Anna"));
  at(HOUR + 11_000);
  await send(named("Anna"));
  assert.deepEqual(sent, []);
  fail(undefined);
  await send(named("Anna"));
  assert.deepEqual(sent, [["v1/meta", "Anna"]]);
  // It worked meanwhile: the next failure is a new one.
  at(2 * HOUR);
  fail(new ApiError(502, "", "", 0));
  await assert.rejects(send(named("Bella")), ApiError);
});

test("META-7: what cannot be sent now holds the message back; what is refused for good does not", async () => {
  const { sent, fail, send } = sending();
  fail(new ApiError(503, "storage_unavailable", "", 0));
  await assert.rejects(send(named("Anna")), ApiError);
  fail(new ApiError(409, "meta_closed", "", 0));
  await send(named("Anna"));
  fail(undefined);
  await send(named("Anna"));
  assert.deepEqual(sent, [], "a refusal is kept in mind");
});
