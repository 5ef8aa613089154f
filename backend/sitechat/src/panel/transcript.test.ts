import assert from "node:assert/strict";
import test from "node:test";
import { readMessage, type Message } from "./message";
import type { Pending } from "./outbox";
import { countUnread, cursorOf, inOrder, lastOutbound, merge, rows, seenFromUnread } from "./transcript";

const noon = new Date(2026, 0, 1, 12).getTime();

function message(over: Partial<Message>): Message {
  return { ...plain, at: noon, ...over };
}

const plain: Message = {
  id: "m1",
  clientID: "",
  seq: 1,
  rev: 1,
  at: 1,
  direction: "outbound",
  kind: "",
  text: "",
  status: "",
  errorCode: "",
  error: "",
  author: "",
  bot: false,
  avatar: "",
  editedAt: 0,
  group: "",
  file: undefined,
  location: undefined,
  card: undefined,
  replyTo: undefined,
  forwards: [],
  markup: undefined,
  post: undefined,
  reactions: [],
};

function pending(over: Partial<Pending>): Pending {
  return { clientID: "c1", text: "x", at: noon, page: { url: "", title: "", referrer: "" }, error: "", ...over };
}

test("the highest rev of each id stays; repeats and old ones change nothing", () => {
  const a = merge(new Map(), [message({ rev: 3, text: "new" })]);
  assert.equal(merge(a, [message({ rev: 3, text: "repeat" }), message({ rev: 1, text: "old" })]), a);
  assert.equal(merge(a, [message({ rev: 4, text: "newer" })]).get("m1")?.text, "newer");
  assert.equal(merge(new Map(), [message({ rev: 2, text: "b" }), message({ rev: 1, text: "a" })]).get("m1")?.text, "b");
  assert.equal(cursorOf(a), 3);
});

test("the order is time, then seq: a late one goes above", () => {
  const t = merge(new Map(), [
    message({ id: "b", seq: 2, at: noon + 5 }),
    message({ id: "c", seq: 3, at: noon + 5 }),
    message({ id: "a", seq: 9, at: noon }),
  ]);
  assert.deepEqual(inOrder(t).map((m) => m.id), ["a", "b", "c"]);
});

test("WIN-4: unread are the outbound ones above what was seen", () => {
  const t = merge(new Map(), [
    message({ id: "a", seq: 1 }),
    message({ id: "b", seq: 2, direction: "inbound" }),
    message({ id: "c", seq: 3 }),
    message({ id: "d", seq: 4 }),
  ]);
  assert.equal(seenFromUnread(t, 2), 1);
  assert.equal(seenFromUnread(t, 0), 4);
  assert.equal(seenFromUnread(t, 9), 0);
  assert.equal(countUnread(t, 1), 2);
  assert.equal(lastOutbound(t), 4);
});

test("LOC-7: one date for each calendar day; the divider stands above the first new one; pending come last", () => {
  const day = 24 * 3600 * 1000;
  const t = merge(new Map(), [
    message({ id: "a", seq: 1, at: noon }),
    message({ id: "b", seq: 2, at: noon + 1000, direction: "inbound", clientID: "cb" }),
    message({ id: "c", seq: 3, at: noon + day }),
    message({ id: "d", seq: 4, at: noon + day + 1 }),
  ]);
  const got = rows(t, [pending({ clientID: "p", at: noon + day + 5 })], 1).map((row) => `${row.kind} ${row.key}`);
  assert.deepEqual(got, ["day day 2026-0-1", "message a", "message cb", "day day 2026-0-2", "news news", "message c", "message d", "message p"]);
});

test("a pending message that is stored is shown once, under the same key", () => {
  const t = merge(new Map(), [message({ id: "x", clientID: "c1", direction: "inbound" })]);
  const keys = rows(t, [pending({ clientID: "c1" })], undefined).map((row) => row.key);
  assert.deepEqual(keys, ["day 2026-0-1", "c1"]);
});

test("the door lets only messages in", () => {
  const good = { id: "a", seq: 1, rev: 1, at: 1, direction: "inbound", text: "x", error: { code: "c", message: "why" }, author: { name: "Oleg" } };
  assert.deepEqual(readMessage(good), message({ id: "a", at: 1, direction: "inbound", text: "x", errorCode: "c", error: "why", author: "Oleg" }));
  for (const bad of [null, 1, {}, { ...good, id: 1 }, { ...good, direction: "up" }, { ...good, seq: "1" }, { ...good, at: -1 }, { ...good, rev: Infinity }]) {
    assert.equal(readMessage(bad), undefined);
  }
});

test("WIN-2: what an operator wrote after is answered, and nothing else", () => {
  const t = merge(new Map(), [
    message({ id: "a", seq: 1, rev: 1, at: noon, direction: "inbound" }),
    message({ id: "b", seq: 2, rev: 2, at: noon + 1, direction: "outbound" }),
    message({ id: "c", seq: 3, rev: 3, at: noon + 2, direction: "inbound" }),
  ]);
  const answered = rows(t, [], undefined).map((row) => (row.kind === "message" ? `${row.messages[0].id} ${row.answered}` : row.kind));
  assert.deepEqual(answered, ["day", "a true", "b false", "c false"]);
});

test("WIN-2: what the greeting bot says is no answer of an operator", () => {
  const t = merge(new Map(), [
    message({ id: "a", seq: 1, at: noon, direction: "inbound" }),
    message({ id: "b", seq: 2, at: noon + 1, direction: "outbound", bot: true }),
  ]);
  assert.deepEqual(rows(t, [], undefined).map((row) => row.kind === "message" && row.answered), [false, false, false]);
});

test("http-api.md §3: the pictures of one group make an album, whatever of them is stored; other kinds stand alone", () => {
  const t = merge(new Map(), [
    message({ id: "a", seq: 1, at: noon, group: "g", kind: "picture" }),
    message({ id: "b", seq: 2, at: noon + 1, group: "g", kind: "video" }),
    message({ id: "c", seq: 3, at: noon + 2, group: "h", kind: "picture" }),
    message({ id: "d", seq: 4, at: noon + 3, group: "h", kind: "file" }),
    message({ id: "e", seq: 5, at: noon + 4, direction: "inbound", clientID: "ce", group: "i", kind: "picture" }),
  ]);
  const file = { id: "", kind: "picture", wish: "", name: "", type: "", bytes: 1, width: 1, height: 1, durationMs: 0 };
  const got = rows(t, [pending({ clientID: "cf", at: noon + 5, group: "i", file })], undefined).map((row) => (row.kind === "message" ? row.messages.map((m) => m.id || m.clientID).join() : row.kind));
  assert.deepEqual(got, ["day", "a,b", "c", "d", "e,cf"]);
});

test("http-api.md §3: the line of an end is nobody's message: it is neither unread nor an answer", () => {
  const t = merge(new Map(), [
    message({ id: "a", seq: 1, at: noon, direction: "inbound", kind: "text" }),
    message({ id: "b", seq: 2, at: noon + 1, kind: "ended" }),
  ]);
  assert.equal(countUnread(t, 0), 0);
  assert.deepEqual(rows(t, [], 0).map((row) => (row.kind === "message" ? row.answered : row.kind)), ["day", false, "ended"]);
});

test("what one says within five minutes is a group: its name stands above the first, its time under the last", () => {
  const minute = 60_000;
  const t = merge(new Map(), [
    message({ id: "a", seq: 1, at: noon, author: "Oleg" }),
    message({ id: "b", seq: 2, at: noon + 4 * minute, author: "Oleg" }),
    message({ id: "c", seq: 3, at: noon + 10 * minute, author: "Oleg" }),
    message({ id: "d", seq: 4, at: noon + 11 * minute, author: "Anna" }),
    message({ id: "e", seq: 5, at: noon + 12 * minute, direction: "inbound" }),
  ]);
  const ends = rows(t, [], undefined).flatMap((row) => (row.kind === "message" ? [[row.messages[0].id, row.first, row.last]] : []));
  assert.deepEqual(ends, [["a", true, false], ["b", false, true], ["c", true, true], ["d", true, true], ["e", true, true]]);
});
