import assert from "node:assert/strict";
import test from "node:test";
import { chooseDialect, configName, DIALECTS, isElement } from "./dialect";
import { collectMeta, readSettings } from "./settings";

const [amo, crm] = DIALECTS as [(typeof DIALECTS)[0], (typeof DIALECTS)[0]];
const element = { nodeType: 1 };

test("DIA-3: the script's id decides first, whatever its suffix", () => {
  assert.equal(chooseDialect("crm_plugin_script_inline", { amo_social_button: { id: 1 } }), crm);
  assert.equal(chooseDialect("amo_social_button_script", { crm_plugin: { id: 1 } }), amo);
});

test("DIA-3: then the settings, the command, the configuration", () => {
  assert.equal(chooseDialect("", { crm_plugin: {}, amoSocialButton: () => {} }), crm);
  assert.equal(chooseDialect("", { crmPlugin: () => {}, amoSocialButtonConfig: {} }), crm);
  assert.equal(chooseDialect("", { amoSocialButtonConfig: {} }), amo);
  assert.equal(chooseDialect("", {}), undefined);
});

test("EMB-9 h: an element under the name says nothing", () => {
  assert.equal(chooseDialect("", { amo_social_button: element, crm_plugin: {} }), crm);
  assert.equal(isElement(element), true);
  for (const other of [undefined, null, 1, "", {}, () => {}]) assert.equal(isElement(other), false);
});

test("DIA-2: the configuration's name is the command's plus Config", () => {
  assert.deepEqual([configName(amo), configName(crm)], ["amoSocialButtonConfig", "crmPluginConfig"]);
});

test("EMB-5, EMB-17: the id may be a number; the locale may be missing", () => {
  assert.deepEqual(readSettings({ crm_plugin: { id: 1042, hash: "ab" } }, crm, {}), { id: "1042", hash: "ab", locale: "", inline: false });
});

test("EMB-5: inline is what says true, and nothing else", () => {
  for (const [inline, want] of [[true, true], [false, false], [undefined, false], ["false", false], [1, false]])
    assert.equal(readSettings({ crm_plugin: { id: "1", hash: "ab", inline } }, crm, {})?.inline, want);
});

test("EMB-9 f: settings under the command's name count", () => {
  assert.deepEqual(readSettings({ crmPlugin: { id: "7", hash: "ab", locale: "ru" } }, crm, {}), { id: "7", hash: "ab", locale: "ru", inline: false });
});

test("EMB-9 g, h: without settings the script's own attributes count, else nothing", () => {
  const own: Record<string, string> = { id: "9", hash: "cd" };
  assert.deepEqual(readSettings({ crm_plugin: element }, crm, own), { id: "9", hash: "cd", locale: "", inline: false });
  assert.equal(readSettings({ crm_plugin: element }, crm, {}), undefined);
  assert.equal(readSettings({ crm_plugin: { id: {}, hash: [] } }, crm, {}), undefined);
  assert.equal(readSettings({ crm_plugin: { id: "../x", hash: "ab" } }, crm, {}), undefined);
});

test("EMB-9 i, j; META-5: setMeta is installed, works detached and collects after what was there", () => {
  for (const params of [undefined, [{ a: 1 }], { length: 1, 0: { a: 1 } }]) {
    const globals: Record<string, unknown> = { crm_plugin: { id: "1", params } };
    collectMeta(globals, crm);
    const settings = globals.crm_plugin as { setMeta: (data: unknown) => void; params: unknown[] };
    const { setMeta } = settings;
    setMeta({ b: 2 });
    setMeta("no object");
    setMeta(null);
    assert.deepEqual(settings.params, params ? [{ a: 1 }, { b: 2 }] : [{ b: 2 }]);
  }
});
