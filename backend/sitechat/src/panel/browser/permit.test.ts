import assert from "node:assert/strict";
import test from "node:test";
import type { Consent } from "../../shared/protocol";
import { makePermit } from "./permit";
import { changePerson, personOf } from "./person";
import { openStore, type Store } from "../storage";

/** A browser's storage; what is in it are its own keys, as browsers have it. */
function storage(held: Record<string, string> = {}): Record<string, string> & Storage {
  const methods = {
    getItem: (key: string) => (Object.hasOwn(all, key) ? all[key] : null),
    setItem: (key: string, value: string) => void (all[key] = value),
    removeItem: (key: string) => void delete all[key],
  };
  const all = Object.assign(Object.create(methods), held);
  return all;
}

function memory(): Store {
  return openStore(() => {
    throw new Error("refused");
  }, "");
}

test("design.md §10: storage that is refused or full is memory", () => {
  const full = storage();
  Object.getPrototypeOf(full).setItem = () => {
    throw new Error("full");
  };
  for (const store of [memory(), openStore(() => full, "")]) {
    store.keep(true);
    store.set("k", "v");
    assert.equal(store.get("k"), "v");
    store.remove("k");
    assert.equal(store.get("k"), undefined);
  }
});

test("a store begins in memory, keeps from when it is told, and takes all of its own back", () => {
  const browser = storage({ other: "o", "p.old": "1", "p.both": "theirs" });
  const store = openStore(() => browser, "p.");
  store.set("p.new", "2");
  store.set("p.both", "ours");
  assert.deepEqual([store.get("p.old"), store.has("p.old"), { ...browser }], [undefined, true, { other: "o", "p.old": "1", "p.both": "theirs" }]);
  store.keep(true);
  assert.deepEqual([store.get("p.old"), { ...browser }], ["1", { other: "o", "p.old": "1", "p.both": "ours", "p.new": "2" }]);
  store.keep(false);
  assert.deepEqual({ ...browser }, { other: "o" });
  assert.deepEqual([store.get("p.old"), store.get("p.new")], ["1", "2"], "this page goes on");
  const yields = storage({ "p.both": "theirs" });
  const second = openStore(() => yields, "p.");
  second.set("p.both", "ours");
  second.keep(true, true);
  assert.equal(second.get("p.both"), "theirs");
});

/** A permit over two storages, with a record of its changes. */
function permitOver(consent: Consent, held: Record<string, string> = {}) {
  const [local, session] = [storage(held), storage()];
  const store = openStore(() => local, "p.");
  const drafts = openStore(() => session, "p.");
  const permit = makePermit({ consent, store, drafts, key: "p.token" });
  const changes: [boolean, boolean][] = [];
  permit.changed = (back) => changes.push([permit.keeps(), back]);
  return { local, session, store, drafts, permit, changes };
}

test("design.md §10: a visitor who has not written leaves nothing but a draft", () => {
  const { local, session, store, drafts, permit, changes } = permitOver(true);
  store.set("p.token", "t");
  drafts.set("p.draft", "Hel");
  assert.deepEqual([{ ...local }, { ...session }, permit.keeps()], [{}, { "p.draft": "Hel" }, false]);
  permit.needed();
  permit.needed();
  assert.deepEqual([{ ...local }, changes], [{ "p.token": "t" }, [[true, false]]]);
});

test("design.md §10: who wrote before is known at once", () => {
  const { store, permit, changes } = permitOver(true, { "p.token": "t" });
  assert.deepEqual([store.get("p.token"), permit.keeps(), changes], ["t", true, []]);
});

test("consent: nothing is kept or read before it, whatever is written", () => {
  const { local, session, store, drafts, permit, changes } = permitOver("wait", { "p.token": "of before" });
  store.set("p.token", "t");
  drafts.set("p.draft", "Hello");
  permit.needed();
  assert.deepEqual([{ ...local }, { ...session }, store.get("p.token"), changes], [{ "p.token": "of before" }, {}, "t", []]);
  permit.decide(true);
  assert.deepEqual([{ ...local }, { ...session }, changes], [{ "p.token": "t" }, { "p.draft": "Hello" }, [[true, false]]]);
  permit.decide(false);
  assert.deepEqual([{ ...local }, { ...session }, store.get("p.token"), changes[1]], [{}, {}, "t", [false, false]]);
  permit.decide(true);
  assert.deepEqual({ ...local }, { "p.token": "t" });
});

test("consent: who has not written meanwhile gets back what an earlier visit left", () => {
  const { store, permit, changes } = permitOver("wait", { "p.token": "of before" });
  store.set("p.token", "t");
  permit.decide(true);
  assert.deepEqual([store.get("p.token"), changes], ["of before", [[true, true]]]);
});

test("consent: a no clears what an earlier visit left", () => {
  for (const begin of ["wait", false] as const) {
    const { local, store, permit } = permitOver(begin, { "p.token": "of before", other: "o" });
    permit.decide(false);
    assert.deepEqual([{ ...local }, store.get("p.token")], [{ other: "o" }, undefined], String(begin));
  }
});

test("SEC-7: who comes after somebody else leaves nothing before writing", () => {
  const { local, store, permit } = permitOver(true, { "p.token": "t", "p.line": "1" });
  store.remove("p.token");
  permit.anew();
  store.set("p.token", "of the next one");
  assert.deepEqual({ ...local }, {});
  permit.needed();
  assert.deepEqual({ ...local }, { "p.token": "of the next one", "p.line": "1" });
});

test("EMB-21, SEC-7: another person finds nothing of the one before; who signs in keeps what was written before", () => {
  for (const [name, before, now, kept] of [
    ["nobody signs in", "", "", true],
    ["a visitor signs in", "", "anna", true],
    ["the same person comes back", "anna", "anna", true],
    ["another person comes", "anna", "oleg", false],
    ["the person signs out", "anna", "", false],
  ] as const) {
    const [store, drafts] = [memory(), memory()];
    store.set("leadline.1.token", "t");
    drafts.set("leadline.1.draft", "d");
    if (before) drafts.set("leadline.1.user", before);
    assert.equal(changePerson([store, drafts], "1", now, ["leadline.1.draft"]), kept ? undefined : "t", name);
    assert.deepEqual([store.get("leadline.1.token"), drafts.get("leadline.1.draft")], kept ? ["t", "d"] : [undefined, undefined], name);
  }
});

test("SEC-3: whom a page names goes before whom its token is about; a token is read for its name alone", () => {
  const token = (sub: unknown) => `e30.${Buffer.from(JSON.stringify({ sub })).toString("base64url")}.sig`;
  for (const [id, user, want] of [
    ["", "", ""],
    ["anna", token("oleg"), "anna"],
    ["", token("oleg"), "oleg"],
    ["", token("Оля>?"), "Оля>?"],
    ["", token(7), ""],
    ["", "not.a.token", ""],
    ["", "x", ""],
    ["anna", "x", "anna"],
  ] as const) {
    assert.equal(personOf({ user_id: id, user_token: user }), want, user);
  }
});
