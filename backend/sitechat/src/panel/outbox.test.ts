import assert from "node:assert/strict";
import test from "node:test";
import { openOutbox, type Pending } from "./outbox";
import { changePerson } from "./session";
import { openStore, type Store } from "./storage";

function memory(): Store {
  return openStore(() => {
    throw new Error("refused");
  });
}

function pending(clientID: string): Pending {
  return { clientID, text: `text of ${clientID}`, at: 1, page: { url: "u", title: "t", referrer: "r" }, error: "" };
}

test("what was written is there after a reload, with the same client id", () => {
  const store = memory();
  const first = openOutbox(store, "k");
  first.add(pending("a"));
  first.add(pending("b"));
  first.fail("b", "refused");
  first.remove("a");
  assert.deepEqual(openOutbox(store, "k").list(), [{ ...pending("b"), error: "refused" }]);
});

test("files, groups, quotes and presses are there after a reload as well", () => {
  const store = memory();
  const file = { id: "", kind: "voice", wish: "voice", name: "v.webm", type: "audio/webm", bytes: 9, width: 0, height: 0, durationMs: 1200 };
  const list: Pending[] = [
    { ...pending("a"), text: "", file, group: "g" },
    { ...pending("b"), replyTo: { id: "m", direction: "outbound", kind: "text", text: "x", author: "Oleg" } },
    { ...pending("c"), text: "", press: { message: "m", text: "Yes", data: "y" } },
  ];
  const first = openOutbox(store, "k");
  list.forEach(first.add);
  first.uploaded("a", "f1");
  first.uploaded("b", "none");
  assert.deepEqual(openOutbox(store, "k").list(), [{ ...list[0], file: { ...file, id: "f1" } }, list[1], list[2]]);
});

test("two tabs do not lose each other's messages", () => {
  const store = memory();
  const one = openOutbox(store, "k");
  const two = openOutbox(store, "k");
  one.add(pending("a"));
  two.add(pending("b"));
  one.remove("a");
  assert.deepEqual(openOutbox(store, "k").list().map((p) => p.clientID), ["b"]);
  assert.deepEqual(two.list().map((p) => p.clientID), ["b"]);
});

test("rubbish in the storage is passed over", () => {
  for (const text of ["", "{", "7", "[1,null,{}]", '[{"clientID":"a","text":"","at":1}]']) {
    const store = memory();
    store.set("k", text);
    assert.deepEqual(openOutbox(store, "k").list(), []);
  }
});

test("design.md §10: storage that is refused or full is memory", () => {
  const full = {
    getItem: () => null,
    removeItem: () => {},
    setItem: () => {
      throw new Error("full");
    },
  } as unknown as Storage;
  for (const store of [memory(), openStore(() => full)]) {
    store.set("k", "v");
    assert.equal(store.get("k"), "v");
    store.remove("k");
    assert.equal(store.get("k"), undefined);
  }
});

test("EMB-21, SEC-7: another person finds nothing of the one before; who signs in keeps what was written before", () => {
  for (const [name, before, now, kept] of [
    ["nobody signs in", "", "", true],
    ["a visitor signs in", "", "anna", true],
    ["the same person comes back", "anna", "anna", true],
    ["another person comes", "anna", "oleg", false],
    ["the person signs out", "anna", "", false],
  ] as const) {
    const store = memory();
    changePerson(store, "1", before, []);
    store.set("token", "t");
    changePerson(store, "1", now, ["token"]);
    assert.equal(store.get("token"), kept ? "t" : undefined, name);
  }
});
