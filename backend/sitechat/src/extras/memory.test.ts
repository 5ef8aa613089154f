import assert from "node:assert/strict";
import { test } from "node:test";
import { countPage, dayIn, mayFire, noteFired, readMemory, type Memory } from "./memory";

const NOON = Date.UTC(2026, 2, 1, 12);
const MINUTE = 60_000;
const key = (): string => "k".repeat(22);
const begin = (): Memory => readMemory(null, "", NOON, key);
const again = (record: Memory, now: number, user = ""): Memory => readMemory(JSON.stringify({ ...record, active: NOON }), user, now, () => "n".repeat(22));

test("KEY-4 a session lasts until half an hour without activity", () => {
  const record = begin();
  countPage(record, "https://shop.example.test/a");
  record.shown = 5000;
  noteFired(record, "x", "2026-03-01", new Set());
  const same = again(record, NOON + 30 * MINUTE - 1);
  assert.deepEqual([same.pages, same.shown, same.session], [1, 5000, ["x"]]);
  const next = again(record, NOON + 30 * MINUTE);
  assert.deepEqual([next.pages, next.shown, next.session], [0, 0, []]);
  assert.equal(next.key, record.key);
  assert.deepEqual(next.days, { x: "2026-03-01" });
  assert.equal(again(record, NOON - 31 * MINUTE).pages, 0, "a clock that was put back");
});

test("KEY-1 page views: another page counts, a fragment and a repeat do not", () => {
  const record = begin();
  const visit = (href: string): number => (countPage(record, href), record.pages);
  assert.equal(visit("https://shop.example.test/"), 1);
  assert.equal(visit("https://shop.example.test/#a"), 1);
  assert.equal(visit("https://shop.example.test/"), 1);
  assert.equal(visit("https://shop.example.test/?q=1"), 2);
  assert.equal(visit("https://shop.example.test/"), 3);
});

test("KEY-4 the four limits of frequency", () => {
  const record = begin();
  const page = new Set<string>();
  const may = (constraint: number, day = "2026-03-01", on = page): boolean | "ask" => mayFire(record, "x", constraint, day, on);
  for (const constraint of [1, 2, 3, 4]) assert.equal(may(constraint), true);
  noteFired(record, "x", "2026-03-01", page);
  for (const constraint of [1, 2, 3, 4]) assert.equal(may(constraint), false, `constraint ${constraint} at once`);
  assert.equal(may(1, "2026-03-01", new Set()), true, "on another page");
  assert.equal(may(3, "2026-03-02"), true, "on another day");
  record.session = [];
  assert.equal(may(2), true, "in another session");
  assert.equal(may(3), false, "in another session of the day");
  assert.equal(may(4), "ask", "in another session the server knows of another lead");
  assert.equal(may(5), false, "a limit of tomorrow");
});

test("EMB-21 another user is another browser", () => {
  const record = readMemory(null, "ann", NOON, key);
  assert.equal(again(record, NOON, "ann").key, record.key);
  assert.equal(again(record, NOON, "bob").key, "n".repeat(22));
});

test("what others wrote into the storage is nothing", () => {
  for (const kept of ["", "null", "[]", "7", '"x"', "{", '{"key":"short","active":1,"days":{}}', JSON.stringify({ ...begin(), key: "<".repeat(22) }), JSON.stringify({ ...begin(), days: null })]) {
    assert.equal(readMemory(kept, "", NOON, () => "n".repeat(22)).key, "n".repeat(22), kept);
  }
  const odd = readMemory(JSON.stringify({ ...begin(), session: [1, "x"], pages: "many", page: 3 }), "", NOON, key);
  assert.deepEqual([odd.session, odd.pages, odd.page], [["x"], 0, ""]);
});

test("KEY-4 the day is one of the account's time zone", () => {
  const late = Date.UTC(2026, 2, 1, 21, 30);
  assert.equal(dayIn("Europe/Moscow", late), "2026-03-02");
  assert.equal(dayIn("America/Sao_Paulo", late), "2026-03-01");
  assert.equal(dayIn("No/Where", Date.UTC(2026, 2, 1, 12)), "2026-03-01");
});
