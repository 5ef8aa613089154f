import assert from "node:assert/strict";
import { test } from "node:test";

import { countersOf, noteTouch, touchOf } from "../shared/tracking";

const place = (url: string, referrer = ""): { url: string; title: string; referrer: string } => ({ url, title: "T", referrer });

test("TRK-3: a touch is the known parameters, and origin and path of another site", () => {
  assert.deepEqual(touchOf(place("https://shop.example/a?UTM_Source=ad&utm_medium=cpc&secret=1&gclid=g&utm_source=second", "https://search.example/r?q=private#x")), {
    query: { utm_source: "ad", utm_medium: "cpc", gclid: "g" },
    referrer: "https://search.example/r",
  });
  assert.deepEqual(touchOf(place("https://shop.example/b", "https://shop.example/a?utm_source=ad")), { query: {}, referrer: "" });
  assert.deepEqual(touchOf(place("rubbish", "rubbish")), { query: {}, referrer: "" });
  assert.equal(touchOf(place(`https://shop.example/?from=${"x".repeat(1000)}`)).query.from?.length, 256);
});

test("TRK-3: the first touch stays, the last is the latest that says anything", () => {
  const kept = new Map<string, string>();
  const store = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
  noteTouch(place("https://shop.example/?utm_source=ad"), store);
  noteTouch(place("https://shop.example/next", "https://shop.example/"), store);
  noteTouch(place("https://shop.example/?yclid=7", "https://mail.example/box"), store);
  const { first, last, landing } = noteTouch(place("https://shop.example/cart", "https://shop.example/"), store);
  assert.deepEqual([first.query, last, landing], [{ utm_source: "ad" }, { query: { yclid: "7" }, referrer: "https://mail.example/box" }, "https://shop.example/?utm_source=ad"]);
  kept.set([...kept.keys()][0]!, '{"first": 1}');
  assert.equal(noteTouch(place("https://shop.example/x"), store).landing, "https://shop.example/x", "what somebody else wrote there counts for nothing");
});

test("TRK-3: nothing is kept where there is no store", () => {
  assert.equal(noteTouch(place("https://shop.example/y"), undefined).landing, "https://shop.example/y");
});

test("TRK-3: ids of counters in cookies", () => {
  assert.deepEqual(countersOf("a=1; _ga=GA1.2.111.222; _ym_uid=1677; roistat_visit=55; _gat=1"), { gclientid: "111.222", _ym_uid: "1677", roistat: "55" });
  assert.deepEqual(countersOf("_ym_uid=<script>; roistat_visit="), {});
});
