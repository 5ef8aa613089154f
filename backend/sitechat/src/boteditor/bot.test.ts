import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { branchOf, freshBlock, kindOf, OPERATIONS, PRESET_TEXTS, regexOf, withButtons, wordsOf } from "./blocks";
import { addStep, duplicateStep, extrasOf, jumpsTo, moveStep, NOWHERE, removeStep, stepsOf } from "./bot";
import { makeHistory } from "./history";
import { at, BigNumber, insert, isObject, parseJson, put, swap, writeJson, type Json, type JsonObject } from "./json";
import { paramsIn } from "./markers";
import { TEMPLATES } from "./templates";
import { buttonsOf, stepName } from "./titles";
import { makeSay } from "./words";

const read = (text: string): Json => {
  const got = parseJson(text);
  assert.ok("value" in got, `${text}: ${JSON.stringify(got)}`);
  return got.value;
};
const meant = (text: string): unknown => JSON.parse(text); // what the platform itself takes a text for

/** Numbers that depend on a seed alone. */
function dice(seed: number): (sides: number) => number {
  let state = seed >>> 0;
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

/** A bot of everything that the language has, and of what it has not. */
function generated(seed: number): unknown {
  const roll = dice(seed);
  const steps = 1 + roll(6);
  const words = ["Olá", "{{bot_params.cart.total}}", "", "<b>&amp;</b>", "\\{{", "Цены\n2", "\u2028", "🙂", "__proto__"];
  const word = (): string => words[roll(words.length)] ?? "";
  const list = (depth: number): unknown[] => Array.from({ length: roll(3) }, () => handler(depth));
  const condition = (): unknown => ({ term1: word(), term2: roll(2) ? word() : { from: roll(9) }, operation: [...OPERATIONS, "like"][roll(14)], ...(roll(2) ? { value_type: "value" } : {}) });
  const jump = (): unknown => ({ type: ["question", "answer", "finish"][roll(3)], step: roll(4) ? roll(steps + 2) : String(roll(steps)) });
  const handler = (depth: number): unknown => {
    const inner = depth > 0 ? depth - 1 : 0;
    const some = depth > 0 ? list(inner) : [];
    const any: (() => unknown)[] = [
      () => ({ handler: "show", params: { type: "text", value: word(), accept_unsorted: false } }),
      () => ({ handler: "show", params: { type: "buttons", value: word(), buttons: [word(), word()] } }),
      () => ({ handler: "show", params: { type: "buttons_url", value: word(), buttons: [{ text: word(), url: word() }, word()] } }),
      () => ({ handler: "buttons", params: [{ value: word(), params: some }, { regex: "/a\\/b/iu", params: some, title: 1 }] }),
      () => ({ handler: "goto", params: jump() }),
      () => ({ handler: "wait_answer", params: jump() }),
      () => ({ handler: "condition", params: { ...(condition() as object), result: some } }),
      () => ({ handler: "condition", params: [condition(), condition()], result: some }),
      () => ({ handler: "conditions", params: { logic: "or", conditions: [condition()], result: some, otherwise: some } }),
      () => ({ handler: "validations", params: { logic: "and", conditions: [{ client_value: "", type: "email", condition_value: "", operation: "contains" }], result: some } }),
      () => ({ handler: "send_external_message", params: { channels: [{ id: 1.5 }], on_error: some } }),
      () => ({ handler: "preset", params: null }),
      () => [some, null, true, -0.25, 1e21],
    ];
    return any[roll(any.length)]?.();
  };
  const step = (): unknown => (roll(9) === 0 ? null : { question: list(3), ...(roll(2) ? { answer: list(3) } : {}), ...(roll(5) ? {} : { finish: list(1), note: word() }) });
  const all = Array.from({ length: steps }, step);
  if (roll(2)) return all;
  return { ...Object.fromEntries(all.map((one, i) => [String(i * (1 + roll(2))), one])), ...(roll(2) ? { error: list(1) } : {}) };
}

// The bot of O §4.3, in its own words.
const example = `{
  "0": { "question": [
    { "handler": "conditions", "params": { "logic": "and",
      "conditions": [ { "term1": "{{bot_params.locale}}", "term2": "pt", "operation": "=" } ],
      "result": [ { "handler": "goto", "params": { "type": "question", "step": 1 } } ] } },
    { "handler": "goto", "params": { "type": "question", "step": 2 } } ] },
  "1": { "question": [
    { "handler": "show", "params": { "type": "buttons", "value": "Olá, {{bot_params.username}}! Em que podemos ajudar?",
      "buttons": ["Preços", "Suporte"] } },
    { "handler": "wait_answer", "params": { "type": "answer", "step": 1 } } ],
    "answer": [
    { "handler": "buttons", "params": [
      { "value": "Preços", "params": [ { "handler": "goto", "params": { "type": "question", "step": 3 } } ] },
      { "regex": "/suporte/iu", "params": [ { "handler": "goto", "params": { "type": "question", "step": 4 } } ] } ] } ] },
  "2": { "question": [ { "handler": "show", "params": { "type": "text", "value": "Hello! Ask us anything." } } ] },
  "3": { "question": [ { "handler": "show", "params": { "type": "buttons_url", "value": "Our plans:",
      "buttons": [ { "text": "Open", "url": "https://shop.example/plans" } ] } } ] },
  "4": { "question": [ { "handler": "show", "params": { "type": "text", "value": "An engineer joins in a moment." } } ] }
}`;

test("JSON comes out as it went in, in either form and whatever stands in it (O §4.3)", () => {
  const texts = [example, ...Array.from({ length: 400 }, (_, seed) => JSON.stringify(generated(seed)))];
  for (const text of texts) {
    const doc = read(text);
    const out = writeJson(doc);
    assert.deepEqual(meant(out), meant(text), text);
    assert.equal(Array.isArray(doc), text.startsWith("["));
    // What is drawn of it changes nothing.
    for (const { number } of stepsOf(doc)) stepName(doc, number, makeSay({}));
    assert.equal(writeJson(doc), out);
  }
});

test("an edit that is taken back leaves nothing, and an edit changes one place alone", () => {
  for (let seed = 0; seed < 100; seed++) {
    const doc = read(JSON.stringify(generated(seed)));
    const before = writeJson(doc);
    const steps = stepsOf(doc);
    const step = steps[seed % steps.length];
    if (!step || !isObject(step.value)) continue;
    const path = [...step.path, "question"];
    const list = at(doc, path);
    const length = Array.isArray(list) ? list.length : 0;
    const longer = insert(doc, path, length, freshBlock("message", step.number));
    assert.notEqual(writeJson(longer), before);
    assert.equal(writeJson(put(longer, [...path, length], undefined)), before);
    assert.equal(writeJson(doc), before, "the first document was changed");
    if (length > 1) assert.equal(writeJson(swap(swap(doc, path, 0, 1), path, 0, 1)), before);
  }
});

test("numbers keep their digits, keys stay own keys, and mistakes have a place", () => {
  const text = '{"id": 12345678901234567890, "__proto__": {"a": 1}, "sum": 1.10, "small": -0.5e-3, "exact": 9007199254740993}';
  const doc = read(text) as JsonObject;
  assert.ok(doc.id instanceof BigNumber);
  const out = writeJson(doc);
  assert.match(out, /12345678901234567890/);
  assert.match(out, /9007199254740993/);
  assert.match(out, /"__proto__": \{ "a": 1 \}/);
  assert.equal(doc.sum, 1.1);
  assert.equal(doc.small, -0.0005);
  assert.equal(Object.getPrototypeOf(doc), Object.prototype);
  for (const [bad, line, column, why] of [
    ["", 1, 1, "syntax"],
    ["{\n  \"a\": 1,\n}", 3, 1, "syntax"],
    ["[1 2]", 1, 4, "syntax"],
    ['{"a" 1}', 1, 6, "syntax"],
    ['["a\nb"]', 1, 2, "syntax"],
    ["[01]", 1, 3, "syntax"],
    ["[] []", 1, 4, "syntax"],
    ["[".repeat(200), 1, 102, "deep"],
  ] as const)
    assert.deepEqual(parseJson(bad), { mistake: { line, column, why } }, bad.slice(0, 20));
});

const jump = (step: number | string, handler = "goto", type = "question"): Json => ({ handler, params: { type, step } });
const targets = (value: Json): unknown[] => [...writeJson(value).matchAll(/"step": ("?-?\d+"?)/g)].map(([, step]) => JSON.parse(step ?? "") as unknown);

test("jumps follow their steps when these are moved, added, removed and duplicated (steps are counted from 0)", () => {
  const doc: Json = {
    "0": { question: [jump(1), jump("2")], answer: [{ handler: "unheard_of", params: { on_error: [jump(2, "wait_answer", "answer")] } }] },
    "1": { question: [jump(1), jump(9)] },
    "2": { finish: [jump(0)] },
    error: [jump(2)],
  };
  assert.deepEqual(targets(moveStep(doc, 2, 0)), [1, 2, "0", 0, 2, 9, 0]);
  assert.deepEqual(targets(addStep(doc, 1, {})), [2, "3", 3, 2, 9, 0, 3]);
  assert.deepEqual(targets(removeStep(doc, 1)), [NOWHERE, "1", 1, 0, 1]);
  assert.deepEqual(targets(duplicateStep(doc, 1)), [1, "3", 3, 1, 9, 2, 9, 0, 3]);
  assert.deepEqual(Object.keys(moveStep(doc, 2, 0) as JsonObject), ["0", "1", "2", "error"]);
  assert.equal(jumpsTo(doc, 2), 2);
  // A jump that led to no step must not come to lead to one that is added later.
  assert.deepEqual(targets(addStep([{ question: [jump(1)] }], 1, {})), [NOWHERE]);
  // There and back is where it was.
  assert.equal(writeJson(moveStep(moveStep(doc, 0, 2), 2, 0)), writeJson(doc));
});

test("both forms keep their form, and keys with gaps are closed up only when steps change", () => {
  const gaps = read('{"2": {"question": []}, "10": {"question": [{"handler": "goto", "params": {"type": "question", "step": 2}}]}, "name": "x"}');
  assert.deepEqual(stepsOf(gaps).map(({ number }) => number), [2, 10]);
  assert.deepEqual(extrasOf(gaps).map(({ path }) => path), [["name"]]);
  assert.deepEqual(JSON.parse(writeJson(moveStep(gaps, 1, 0))), { "0": { question: [{ handler: "goto", params: { type: "question", step: 1 } }] }, "1": { question: [] }, name: "x" });
  const list = [{ question: [] }, { question: [] }];
  assert.deepEqual(removeStep(list, 0), [{ question: [] }]);
  assert.deepEqual(put(list, [0, "answer"], []), [{ question: [], answer: [] }, { question: [] }]);
});

test("what does not fit a block whole is code", () => {
  const kinds: [string, string][] = [
    ['{"handler":"show","params":{"type":"text","value":"a"}}', "message"],
    ['{"handler":"show","params":{"type":"picture","value":"a"}}', "code"],
    ['{"handler":"show","params":{"type":"buttons","value":"a","buttons":["b",1]}}', "code"],
    ['{"handler":"condition","params":{"term1":"a","term2":"b","operation":"="},"result":[]}', "conditions"],
    ['{"handler":"condition","params":[{"term1":"a","term2":"b","operation":"="}],"result":[]}', "conditions"],
    ['{"handler":"condition","params":[{"term1":"a","term2":{"from":"{{x}}"},"operation":"in_range"}],"result":[]}', "code"],
    ['{"handler":"conditions","params":{"logic":"xor","conditions":[{"term1":"a","term2":"b","operation":"="}],"result":[]}}', "code"],
    ['{"handler":"buttons","params":[{"value":"a","regex":"b","params":[]}]}', "code"],
    ['{"handler":"stop","params":{"action":"salesbot-start","bot":7}}', "end"],
    ['{"handler":"stop","params":{"action":"salesbot-start","bot":"{{x}}"}}', "code"],
    ['{"handler":"preset","params":{"name":"contacts.get_base_info"}}', "contact"],
    ['{"handler":"preset","params":{"name":"contacts.get_base_info","params":[]}}', "contact"],
    ['{"handler":"preset","params":{"name":"contacts.validate_base_info","params":{"empty_all":"a","success":"b"}}}', "contact"],
    ['{"handler":"preset","params":{"name":"contacts.validate_base_info","params":{"empty_all":"a","check_doubles":true}}}', "code"],
    ['{"handler":"preset","params":{"name":"products.list"}}', "code"],
    ['{"handler":"send_external_message","params":{"message":{"text":"a"}}}', "code"],
    ["[]", "code"],
    ["null", "code"],
  ];
  for (const [text, kind] of kinds) assert.equal(kindOf(read(text)), kind, text);
  for (const kind of ["message", "conditions", "answers", "checks", "contact", "goto", "wait", "action", "end", "code"] as const) assert.equal(kindOf(freshBlock(kind, 0)), kind);
  const gate = branchOf(read('{"handler":"condition","params":[{"term1":"a","term2":"b","operation":"="}]}') as JsonObject, ["0", "question", 0]);
  assert.deepEqual(gate, { rows: ["0", "question", 0, "params"], result: ["0", "question", 0, "result"], otherwise: ["0", "question", 0, "otherwise"] });
});

test("words of an answer are a pattern that finds just them", () => {
  for (const words of ["oferta", "1+1=2?", "a/b\\c", "(x) [y] {z}", "^$|.*"]) {
    const regex = regexOf(words);
    assert.equal(wordsOf(regex), words);
    const [, inner = "", flags = ""] = /^\/(.*)\/(\w*)$/s.exec(regex) ?? [];
    assert.ok(new RegExp(inner, flags).test(`- ${words.toUpperCase()} -`), regex);
  }
  assert.equal(wordsOf("/a|b/iu"), undefined);
  assert.equal(wordsOf("/a/i"), undefined);
});

test("buttons keep their words when their kind changes", () => {
  const links = withButtons({ type: "buttons", value: "v", buttons: ["A"], accept_unsorted: false }, "buttons_url");
  assert.deepEqual(links, { type: "buttons_url", value: "v", accept_unsorted: false, buttons: [{ text: "A", url: "https://" }] });
  assert.deepEqual(withButtons(links, "buttons").buttons, ["A"]);
  assert.equal("buttons" in withButtons(links, "text"), false);
});

test("what was done is undone and done again; letters of one field are one step", () => {
  const history = makeHistory("a");
  history.change("b", "0/text");
  history.change("c", "0/text");
  history.change("d", "1/text");
  history.change("e");
  history.change("f");
  const back: Json[] = [];
  while (history.undo()) back.push(history.doc());
  assert.deepEqual(back, ["e", "d", "c", "a"]);
  assert.ok(history.redo() && history.doc() === "c" && history.canRedo());
  history.change("x", "0/text");
  assert.equal(history.canRedo(), false);
  assert.ok(history.undo() && history.doc() === "c");
});

test("titles, buttons and parameters are those of the bot", () => {
  const doc = read(example);
  const say = makeSay({ "step.name": "{number} {gist}", "step.empty": "-", "block.goto": "go" });
  assert.equal(stepName(doc, 3, say), "4 Our plans:");
  assert.equal(stepName(read('[{"question":[{"handler":"goto","params":{"type":"question","step":0}}]}]'), 0, say), "1 go");
  assert.equal(stepName(read("[{}]"), 0, say), "1 -");
  assert.deepEqual(buttonsOf(stepsOf(doc)[1]?.value ?? null), ["Preços", "Suporte"]);
  assert.deepEqual(paramsIn(doc, { cart: { total: 1 } }), ["cart.total", "locale", "username"]);
});

test("every word that the editor says is there in each language, and the templates use no other handlers than blocks", () => {
  const files = readdirSync("src/boteditor", { recursive: true, encoding: "utf8" }).filter((name) => /(?<!\.test)\.ts$/.test(name));
  const source = files.map((name) => readFileSync(`src/boteditor/${name}`, "utf8")).join("\n");
  const said = new Set([...source.matchAll(/say\((?:[^"`)]*\? )?"([a-z_.]+)"(?: : "([a-z_.]+)")?/g)].flatMap(([, one, other]) => [one ?? "", ...(other ? [other] : [])]));
  assert.ok(said.size > 60, "the pattern is out of date");
  for (const lang of ["en", "ru", "es", "pt"]) {
    const all = JSON.parse(readFileSync(`../i18n/bot.${lang}.json`, "utf8")) as Record<string, string>;
    const words = Object.fromEntries(Object.entries(all).filter(([key]) => key.startsWith("bot.ui.")).map(([key, text]) => [key.slice("bot.ui.".length), text]));
    const say = makeSay(words);
    for (const key of said) assert.ok(words[key], `${lang} ${key}`);
    for (const operation of OPERATIONS) assert.ok(words[`operation.${operation}`], `${lang} ${operation}`);
    for (const key of ["block.contact", "contact.validate_base_info", "contact.get_base_info", ...PRESET_TEXTS.map((text) => `contact.${text}`), "end.talk-close", "end.salesbot-start"]) assert.ok(words[key], `${lang} ${key}`);
    for (const [name, build] of Object.entries(TEMPLATES)) {
      const doc = build(say);
      assert.ok(words[`template.${name}`], `${lang} ${name}`);
      for (const { value } of stepsOf(doc)) for (const part of Object.values(value as JsonObject)) for (const handler of part as Json[]) assert.notEqual(kindOf(handler), "code");
      assert.ok(!/"template\./.test(writeJson(doc)), `${lang} ${name}: a text without words`);
    }
  }
});
