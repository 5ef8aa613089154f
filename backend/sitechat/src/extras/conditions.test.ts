import assert from "node:assert/strict";
import { test } from "node:test";
import { groupOfHook, groupThatHolds, urlMatches, waitsForTime, type Condition, type Seen } from "./conditions";

const PAGE = "https://Shop.Example.test/Catalog/Lamps/?color=red#size";

test("KEY-2 url_visited, each mask", () => {
  const cases: [string, number, boolean][] = [
    // A value that begins with a slash is compared with path and query.
    ["/Catalog/Lamps/?color=red", 1, true],
    ["/Catalog/Lamps?color=red", 1, true], // trailing slash ignored for 1, 2, 4
    ["/Catalog/Lamps", 1, false],
    ["/catalog/lamps?color=red", 1, false], // case counts in a path
    ["/Catalog/Lamps?color=red", 2, false],
    ["/pricing", 2, true],
    ["/Catalog", 3, true],
    ["/Lamps", 3, false],
    ["color=red", 4, true],
    ["?color=blue", 4, false],
    ["Lamps/?color", 5, true],
    ["chairs", 5, false],
    ["chairs", 6, true],
    ["Lamps", 6, false],
    // With a scheme: the whole address, the host without regard to case.
    ["https://shop.example.TEST/Catalog/Lamps?color=red", 1, true],
    ["https://other.example.test/Catalog/Lamps?color=red", 1, false],
    ["https://SHOP.example.test/Catalog", 3, true],
    ["http://shop.example.test/Catalog", 3, false],
    ["https://shop.example.test", 3, true],
    // The fragment counts only where the value has one.
    ["/Catalog/Lamps?color=red#size", 1, true],
    ["/Catalog/Lamps?color=red#weight", 1, false],
    ["#size", 4, true],
    ["size", 4, false],
    // An empty value never matches.
    ["", 1, false],
    [" ", 2, false],
    ["", 5, false],
    ["", 6, false],
    // Masks that there are none of.
    ["/Catalog", 0, false],
    ["/Catalog", 7, false],
  ];
  for (const [value, mask, want] of cases) assert.equal(urlMatches(value, mask, PAGE), want, `${value} by mask ${mask}`);
  assert.equal(urlMatches("https://shop.example.test", 1, "https://shop.example.test/"), true);
  assert.equal(urlMatches("https://shop.example.test/", 1, "https://shop.example.test/"), true);
  assert.equal(urlMatches("/", 1, "https://shop.example.test/?a=1"), false);
  assert.equal(urlMatches("/", 1, "https://shop.example.test/#top"), true);
  assert.equal(urlMatches("/cart/", 4, "https://shop.example.test/shop/cart"), true);
  assert.equal(urlMatches("/a", 1, "no address"), false);
  assert.equal(urlMatches("/a", 2, "no address"), false);
});

const seen: Seen = { seconds: 30, pages: 3, px: 400, percent: 50, url: "https://shop.example.test/pricing", leaving: false };

test("KEY-1 each condition holds from its value on", () => {
  const cases: [Condition, boolean][] = [
    [{ type: "time_on_site", value: "30" }, true],
    [{ type: "time_on_site", value: "31" }, false],
    [{ type: "page_hits", value: "3" }, true],
    [{ type: "page_hits", value: "4" }, false],
    [{ type: "scrolled_value", value: "400", unit: "px" }, true],
    [{ type: "scrolled_value", value: "401", unit: "px" }, false],
    [{ type: "scrolled_value", value: "50", unit: "%" }, true],
    [{ type: "scrolled_value", value: "51", unit: "%" }, false],
    [{ type: "url_visited", value: "/pricing", mask: 1 }, true],
    [{ type: "exit_intent" }, false],
    [{ type: "custom_hook", value: "X" }, false],
    [{ type: "weather", value: "1" }, false],
    [{ type: "time_on_site", value: "soon" }, false],
  ];
  for (const [condition, want] of cases) assert.equal(groupThatHolds([[condition]], seen), want ? 0 : -1, JSON.stringify(condition));
  assert.equal(groupThatHolds([[{ type: "exit_intent" }]], { ...seen, leaving: true }), 0);
});

test("O §5.1 inside a group all, between groups one", () => {
  const yes: Condition = { type: "page_hits", value: "1" };
  const no: Condition = { type: "page_hits", value: "9" };
  assert.equal(groupThatHolds([[yes, no], [yes]], seen), 1);
  assert.equal(groupThatHolds([[yes, yes], [yes]], seen), 0);
  assert.equal(groupThatHolds([[no], [yes, no]], seen), -1);
  assert.equal(groupThatHolds([[]], seen), -1);
  assert.equal(groupThatHolds([], seen), -1);
});

test("MET-6 a hook's name is compared exactly", () => {
  const groups: Condition[][] = [[{ type: "page_hits", value: "9" }], [{ type: "custom_hook", value: "MY_HOOK" }]];
  assert.equal(groupOfHook(groups, "MY_HOOK"), 1);
  assert.equal(groupOfHook(groups, "my_hook"), -1);
  assert.equal(groupOfHook(groups, "MY_HOOK2"), -1);
});

test("KEY-3 only a time condition waits for time", () => {
  assert.equal(waitsForTime([[{ type: "page_hits", value: "1" }], [{ type: "time_on_site", value: "5" }]]), true);
  assert.equal(waitsForTime([[{ type: "page_hits", value: "1" }]]), false);
});
