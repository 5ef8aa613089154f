import assert from "node:assert/strict";
import test from "node:test";
import { readConfig } from "./config";
import { EVENTS, makeEvents } from "./events";

const turn = (): Promise<void> => new Promise((done) => setImmediate(done));

test("EVT-2, EVT-5: subscribers are called in order, one function once, never inside the call", async () => {
  const events = makeEvents(() => {});
  const calls: string[] = [];
  const first = (): void => void calls.push("first");
  events.on("onChatShow", first);
  events.on("onChatShow", () => calls.push("second"));
  events.on("onChatShow", first);
  events.on("onChatShow", "no function");
  events.emit("onChatShow");
  assert.deepEqual(calls, []);
  await turn();
  assert.deepEqual(calls, ["first", "second"]);
});

test("EVT-2: after 200 listeners further ones are refused with a warning", async () => {
  const warnings: string[] = [];
  const events = makeEvents((key) => warnings.push(key));
  let calls = 0;
  for (let i = 0; i < 201; i++) events.on("onChatHide", () => calls++);
  events.emit("onChatHide");
  await turn();
  assert.equal(calls, 200);
  assert.deepEqual(warnings, ["onChatHide"]);
});

test("EVT-6: who subscribes late to what was reached is called once, with its arguments", async () => {
  const events = makeEvents(() => {});
  const got: unknown[] = [];
  events.reach("onConversationsChange", false);
  events.reach("onConversationsChange", false);
  events.on("onConversationsChange", (value: unknown) => got.push(value));
  await turn();
  assert.deepEqual(got, [false]);
});

test("MET-5: clear forgets the subscribed callbacks, also those whose call is under way", async () => {
  const events = makeEvents(() => {});
  events.on("onChatShow", () => assert.fail("called"));
  events.emit("onChatShow");
  events.clear();
  await turn();
});

test("O §3.4: the seven events are known, and nothing else", () => {
  for (const name of ["onChatReady", "onChatShow", "onChatHide", "onButtonClick", "onConversationsChange", "onChatRenderDone", "onChatMessage"]) {
    assert.ok(EVENTS.test(name), name);
  }
  for (const name of ["onChat", "onChatReadyX", "toString", "runShow", ""]) assert.ok(!EVENTS.test(name), name);
});

test("CFG-4: wrong types count as absent, with one warning for each", () => {
  const isColor = (value: string): boolean => value === "red";
  for (const [found, want, warned] of [
    [undefined, { hidden: false, color: "" }, []],
    [7, { hidden: false, color: "" }, []],
    [{ hidden: true, color: "red", fields: 1 }, { hidden: true, color: "red" }, []],
    [{ hidden: "yes", color: "!important #F3F3F3" }, { hidden: false, color: "" }, ["hidden", "color"]],
    [{ hidden: 1, color: 5, onlinechat: "x" }, { hidden: false, color: "" }, ["hidden", "color", "onlinechat"]],
  ] as const) {
    const keys: string[] = [];
    const { hidden, color } = readConfig(found, isColor, (key) => keys.push(key));
    assert.deepEqual({ hidden, color }, want);
    assert.deepEqual(keys, [...warned]);
  }
});

test("CFG-1: what is read is a copy", () => {
  const onlinechat = { user_id: "a" };
  const config = readConfig({ onlinechat }, () => true, () => {});
  onlinechat.user_id = "b";
  assert.equal(config.chat.user_id, "a");
});
