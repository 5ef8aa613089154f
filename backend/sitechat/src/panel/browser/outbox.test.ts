import assert from "node:assert/strict";
import test from "node:test";
import type { Place, Kept } from "./keep";
import { openOutbox } from "./outbox";
import type { Outbox, Pending } from "../outbox";
import { openStore, type Store } from "../storage";

function memory(): Store {
  return openStore(() => {
    throw new Error("refused");
  }, "");
}

function pending(clientID: string): Pending {
  return { clientID, text: `text of ${clientID}`, at: 1, page: { url: "u", title: "t", referrer: "r" }, error: "" };
}

/** A place for messages like the browser's database; several outboxes on it are several tabs. */
function place() {
  let rows: { n: number; p: Kept & object }[] = [];
  let n = 0;
  const blobs = new Map<string, Blob>();
  const over: Partial<Place> = {};
  const keep: Place = {
    list: async () => rows.map(({ p }) => structuredClone(p)),
    async add(p, bytes) {
      if (rows.some((row) => row.p.clientID === p.clientID)) return;
      rows.push({ n: ++n, p: structuredClone(p) });
      if (bytes) blobs.set(p.clientID, bytes);
    },
    async change(id, change) {
      rows = rows.flatMap((row) => {
        const p = row.p.clientID === id ? change(row.p) : row.p;
        return p ? [{ ...row, p: p as Kept }] : [];
      });
      if (!rows.some((row) => row.p.clientID === id)) blobs.delete(id);
    },
    bytes: async (id) => blobs.get(id),
  };
  const tabs: { onmessage: ((event: MessageEvent) => void) | null }[] = [];
  const open = (user = "", opens?: () => Promise<Place>, store = memory(), keeps = () => true): Outbox & { heard: number } => {
    const channel = {
      onmessage: null as ((event: MessageEvent) => void) | null,
      postMessage: (data: unknown) => tabs.forEach((tab) => tab !== channel && tab.onmessage?.({ data } as MessageEvent)),
    };
    tabs.push(channel);
    const ears = { heard: 0 };
    const found = async (old: readonly Pending[]): Promise<Place> => {
      for (const p of old) await keep.add(p);
      return { ...keep, ...over };
    };
    const options = { user, open: opens ?? found, keeps, store, key: "k", channel: channel as unknown as BroadcastChannel, changed: () => {}, heard: () => ears.heard++ };
    return Object.assign(ears, openOutbox(options));
  };
  return { open, over, blobs };
}

const idsOf = (outbox: Outbox): string[] => outbox.list().map((p) => p.clientID);

test("what was written is there after a reload, with the same client id", async () => {
  const { open } = place();
  const first = open();
  first.add(pending("a"));
  first.add(pending("b"));
  assert.deepEqual(idsOf(first), ["a", "b"], "shown at once");
  first.fail("b", "refused");
  first.remove("a");
  await first.settled();
  const next = open();
  await next.settled();
  assert.deepEqual(next.list(), [{ ...pending("b"), error: "refused" }]);
  assert.equal(next.atRisk(), false);
});

test("files, groups, quotes and presses are there after a reload as well, bytes until they are sent", async () => {
  const { open, blobs } = place();
  const file = { id: "", kind: "voice", wish: "voice", name: "v.webm", type: "audio/webm", bytes: 9, width: 0, height: 0, durationMs: 1200 };
  const list: Pending[] = [
    { ...pending("a"), text: "", file, group: "g" },
    { ...pending("b"), replyTo: { id: "m", direction: "outbound", kind: "text", text: "x", author: "Oleg" } },
    { ...pending("c"), text: "", press: { message: "m", text: "Yes", data: "y" } },
  ];
  const first = open();
  list.forEach((p) => first.add(p, p.file && new Blob(["voice"])));
  first.uploaded("a", "f1");
  first.uploaded("b", "none");
  await first.settled();
  const next = open();
  await next.settled();
  assert.deepEqual(next.list(), [{ ...list[0], file: { ...file, id: "f1" } }, list[1], list[2]]);
  assert.equal(await (await next.bytes("a"))?.text(), "voice");
  next.remove("a");
  await next.settled();
  assert.equal(blobs.size, 0);
});

test("the tabs have one list, in the order of writing, and hear of each other", async () => {
  const { open } = place();
  const [one, two] = [open(), open()];
  one.add(pending("a"));
  two.add(pending("b"));
  one.add(pending("c"));
  await Promise.all([one.settled(), two.settled()]);
  await Promise.all([one.settled(), two.settled()]);
  assert.deepEqual([idsOf(one).sort(), idsOf(two)], [["a", "b", "c"], idsOf(one)]);
  two.remove("a");
  await two.settled();
  await one.settled();
  assert.deepEqual(idsOf(one).sort(), ["b", "c"]);
  assert.ok(one.heard > 0 && two.heard > 0);
});

test("where there is no database, or no room in it, messages are kept in memory and said to be at risk", async () => {
  for (const [what, opens] of [
    ["refused", () => Promise.reject(new Error("refused"))],
    ["full", undefined],
  ] as const) {
    const { open, over } = place();
    over.add = () => Promise.reject(new DOMException("full", "QuotaExceededError"));
    const outbox = open("", opens);
    outbox.add(pending("a"));
    outbox.add(pending("b"));
    outbox.fail("a", "refused");
    await outbox.settled();
    assert.deepEqual(outbox.list().map((p) => [p.clientID, p.error]), [["a", "refused"], ["b", ""]], what);
    assert.equal(outbox.atRisk(), true, what);
    outbox.remove("a");
    outbox.remove("b");
    await outbox.settled();
    assert.deepEqual([outbox.list(), outbox.atRisk()], [[], false], what);
  }
});

test("one that found no room keeps its place by its time", async () => {
  const { open, over } = place();
  over.list = async () => [{ ...pending("a"), at: 1 }, { ...pending("c"), at: 3 }];
  over.add = () => Promise.reject(new DOMException("full", "QuotaExceededError"));
  const outbox = open();
  outbox.add({ ...pending("b"), at: 2 });
  await outbox.settled();
  assert.deepEqual(idsOf(outbox), ["a", "b", "c"]);
});

test("a database that fails later leaves in memory what it had", async () => {
  const { open, over } = place();
  let broken = false;
  over.list = async () => {
    if (broken) throw new Error("broken");
    return [pending("a")];
  };
  const outbox = open();
  await outbox.settled();
  broken = true;
  await outbox.settled();
  assert.deepEqual([idsOf(outbox), outbox.atRisk()], [["a"], true]);
});

test("SEC-7: what another person wrote stays where it is; what nobody in particular wrote goes with who is here", async () => {
  const { open } = place();
  const [anna, nobody] = [open("anna"), open("")];
  anna.add(pending("a"));
  nobody.add(pending("n"));
  await Promise.all([anna.settled(), nobody.settled()]);
  const oleg = open("oleg");
  await oleg.settled();
  assert.deepEqual(idsOf(oleg), ["n"]);
});

/** A store whose content outlives the page. */
function lasting(): Store {
  const items = new Map<string, string>();
  const store = openStore(() => ({ getItem: (k: string) => items.get(k) ?? null, setItem: (k: string, v: string) => items.set(k, v), removeItem: (k: string) => items.delete(k) }) as unknown as Storage, "");
  store.keep(true);
  return store;
}

test("a page may go the moment that a text was written: it lies in the store until the database has it", async () => {
  const { open } = place();
  const store = lasting();
  let opened = (_: Place): void => {};
  const slow = open("", () => new Promise((resolve) => (opened = resolve)), store);
  slow.add(pending("a"));
  assert.equal(slow.atRisk(), false);
  const next = open("", undefined, store);
  await next.settled();
  assert.deepEqual([idsOf(next), next.apart(), store.get("k")], [["a"], false, undefined]);
  opened({ list: async () => [], add: async () => {}, change: async () => {}, bytes: async () => undefined });
  await slow.settled();
});

test("where there is no database a text waits in the store, a file in memory", async () => {
  const store = lasting();
  const refused = (): Promise<Place> => Promise.reject(new Error("refused"));
  const first = place().open("", refused, store);
  first.add(pending("a"));
  first.add(pending("b"));
  await first.settled();
  assert.deepEqual([first.atRisk(), first.apart()], [false, true]);
  const next = place().open("", refused, store);
  await next.settled();
  assert.deepEqual(idsOf(next), ["a", "b"]);
  next.remove("a");
  next.add({ ...pending("f"), file: { id: "", kind: "picture", wish: "", name: "a.png", type: "image/png", bytes: 1, width: 1, height: 1, durationMs: 0 } }, new Blob(["x"]));
  await next.settled();
  assert.equal(next.atRisk(), true);
  const last = place().open("", refused, store);
  await last.settled();
  assert.deepEqual(idsOf(last), ["b"]);
});

test("rubbish in the store is passed over, and so are files, whose bytes never lay there", async () => {
  for (const text of ["", "{", "7", "[1,null,{}]", '[{"clientID":"a","text":"","at":1}]', '[{"clientID":"a","text":"","at":1,"file":{}}]']) {
    const store = lasting();
    store.set("k", text);
    const outbox = place().open("", undefined, store);
    await outbox.settled();
    assert.deepEqual(idsOf(outbox), [], text);
  }
});

test("design.md §10: what is to be kept is written when it may be, and goes back to memory when it may not", async () => {
  const { open } = place();
  let keeps = false;
  const outbox = open("", undefined, memory(), () => keeps);
  outbox.add(pending("a"));
  await outbox.settled();
  assert.equal(outbox.atRisk(), true);
  keeps = true;
  outbox.move();
  const file = { id: "", kind: "file", wish: "", name: "b.txt", type: "text/plain", bytes: 5, width: 0, height: 0, durationMs: 0 };
  outbox.add({ ...pending("b"), file }, new Blob(["bytes"]));
  await outbox.settled();
  assert.deepEqual([idsOf(outbox), outbox.atRisk()], [["a", "b"], false]);
  assert.equal(await (await outbox.bytes("b"))?.text(), "bytes");
  const reloaded = open();
  await reloaded.settled();
  assert.deepEqual(idsOf(reloaded), ["a", "b"]);
  keeps = false;
  outbox.move();
  await outbox.settled();
  assert.deepEqual([idsOf(outbox), outbox.atRisk()], [["a", "b"], true]);
});
