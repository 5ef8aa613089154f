import assert from "node:assert/strict";
import test, { mock } from "node:test";
import { aliasCookie, makeAlias, readAlias } from "./alias";
import { readChatConfig } from "./config";
import { contactOf, readMeta, watchMeta } from "./meta";
import { askUserToken, readConsent } from "./identity";
import { chooseWords } from "./words";

const isColor = (value: string): boolean => /^(red|#[0-9a-f]{3,8}|rgb\(.*\))$/.test(value);

test("VIS-1: a cookie that the site made is honoured as it is", () => {
  assert.equal(readAlias("a=1; amo-livechat-id=3f1c2a9e-6d5b-4c1e-8a77-0c9d4e5f6a7b; b=2"), "3f1c2a9e-6d5b-4c1e-8a77-0c9d4e5f6a7b");
  assert.equal(readAlias("amo-livechat-id=x"), "x");
});

test("VIS-1: what is no id is no cookie", () => {
  for (const cookies of ["", "amo-livechat-id=", "xamo-livechat-id=1", "amo-livechat-id=a b", `amo-livechat-id=${"a".repeat(129)}`]) {
    assert.equal(readAlias(cookies), "");
  }
});

test("VIS-1: a new id has 128 random bits and lives a year", () => {
  assert.match(makeAlias(), /^[0-9a-f]{32}$/);
  assert.notEqual(makeAlias(), makeAlias());
  assert.equal(aliasCookie("ab", true), "amo-livechat-id=ab; path=/; max-age=31536000; SameSite=Lax; Secure");
  assert.equal(aliasCookie("ab", false), "amo-livechat-id=ab; path=/; max-age=31536000; SameSite=Lax");
});

test("CFG-6: user_id is trimmed, numbers are ids, long ones are refused and never cut", () => {
  for (const [id, want, warned] of [
    [" c-1 ", "c-1", 0],
    [17, "17", 0],
    ["", "", 0],
    [undefined, "", 0],
    ["a".repeat(256), "a".repeat(256), 0],
    ["a".repeat(257), "", 1],
    ["  ", "", 1],
    [{}, "", 1],
    [null, "", 1],
  ] as const) {
    let warnings = 0;
    const config = readChatConfig({ user_id: id }, isColor, () => warnings++);
    assert.equal(config.userID, want);
    assert.equal(warnings, warned, JSON.stringify(id));
  }
});

test("SEC-3: user_token travels as it is, or as the site's function gets it; rubbish does not", async () => {
  for (const [source, want, warned] of [
    ["a.b.c", "a.b.c", 0],
    [undefined, "", 0],
    [null, "", 0],
    ["", "", 0],
    [17, "", 1],
    ["a".repeat(8193), "", 1],
    [() => "a.b.c", "a.b.c", 0],
    [async () => "a.b.c", "a.b.c", 0],
    [() => undefined, "", 0],
    [async () => ({}), "", 1],
    [() => Promise.reject(new Error("no")), "", 1],
    [
      () => {
        throw new Error("no");
      },
      "",
      1,
    ],
  ] as const) {
    let warnings = 0;
    assert.equal(await askUserToken(source, () => warnings++, new AbortController().signal), want, String(source));
    assert.equal(warnings, warned, String(source));
  }
});

test("SEC-3, MET-5: a site that never answers keeps nobody waiting, and nothing waits for it after the end", async () => {
  const never = () => new Promise(() => {});
  mock.timers.enable({ apis: ["setTimeout"] });
  const late = askUserToken(never, () => {}, new AbortController().signal);
  mock.timers.tick(10_000);
  assert.equal(await late, "");
  mock.timers.reset();
  const end = new AbortController();
  const ended = askUserToken(never, () => assert.fail("warned"), end.signal);
  end.abort();
  assert.equal(await ended, "");
});

test("consent: required waits for a word, rubbish is as if absent (CFG-4)", () => {
  for (const [word, want, warned] of [
    [undefined, true, 0],
    ["required", "wait", 0],
    [true, true, 0],
    [false, false, 0],
    ["yes", true, 1],
    [1, true, 1],
    [null, true, 1],
  ] as const) {
    let warnings = 0;
    assert.equal(readConsent(word, () => warnings++), want, String(word));
    assert.equal(warnings, warned, String(word));
  }
});

test("CFG-4: locales that cannot travel are dropped", () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  assert.deepEqual(readChatConfig({ locale: cycle }, isColor, () => {}).strings, {});
  assert.deepEqual(readChatConfig({ locale: { extends: "pt", f: () => 1 } }, isColor, () => {}).strings, { extends: "pt" });
});

test("EMB-5: the locale is matched on its primary subtag", () => {
  assert.equal(chooseWords("en-US").lang, "en");
  assert.equal(chooseWords("RU").lang, "ru");
  assert.equal(chooseWords("id").lang, "en");
  assert.equal(chooseWords("").lang, "en");
});

test("META-6: the contact is what the record says, numbers are found by the CRM's codes, rubbish is passed over", () => {
  const contact = (globals: Record<string, unknown>, id: string): unknown => contactOf(readMeta(globals, id));
  const globals = {
    amo_social_button: { id: "7", params: [{ contact: { name: "Somebody else" } }] },
    crm_plugin: {
      id: 1042,
      params: [
        null,
        "rubbish",
        { contact: { name: "Anna" } },
        { contact: { name: " Anna Petrova ", custom_fields: [{ code: "PHONE", values: [{ value: "+79990001122" }] }, { id: 5, values: "x" }] } },
        { contact: { name: 17, custom_fields: { code: "EMAIL" } } },
        { contact: { custom_fields: [{ code: "email", values: [{ value: "anna@example.org" }] }] } },
      ],
    },
  };
  assert.deepEqual(contact(globals, "1042"), { name: "Anna Petrova", phone: "+79990001122", email: "anna@example.org" });
  assert.deepEqual(contact({}, "1042"), { name: "", phone: "", email: "" });
  const hostile = { get id(): string { throw new Error("no"); } };
  assert.deepEqual(contact({ crm_plugin: hostile }, "1042"), { name: "", phone: "", email: "" });
  assert.equal((contact({ crm_plugin: { id: "1", params: [{ contact: { name: "x".repeat(500) } }] } }, "1") as { name: string }).name.length, 120);
});

test("META-5: what is told later is heard of, once for each list, until the end", () => {
  const params: unknown[] = [];
  const end = new AbortController();
  let heard = 0;
  const globals = { crm_plugin: { id: "1", params } };
  for (let i = 0; i < 2; i++) watchMeta(globals, "1", () => heard++, end.signal);
  params.push({ lead: { sale: 5 } });
  assert.deepEqual([heard, params.length, Object.keys(params)], [1, 1, ["0"]]);
  end.abort();
  params.push({});
  assert.deepEqual([heard, params.length], [1, 2]);
  watchMeta({ crm_plugin: { id: "1", params: Object.freeze([]) } }, "1", () => heard++, new AbortController().signal);
});
