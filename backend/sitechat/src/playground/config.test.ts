import assert from "node:assert/strict";
import { test } from "node:test";
import { configCode, readSnippet } from "./config";

test("a snippet gives its button, key and language, whoever made it", () => {
  const hash = "6f1d".repeat(16);
  for (const text of [
    `win[obj] = {\n    id: "1042", hash: "${hash}", locale: "pt-BR", inline: false,`,
    `a[m]={id:"1042",hash:"${hash}",locale:"pt-BR",inline:true,setMeta:function(p){}}`,
    `amo_social_button = {'id': 1042, 'hash': '${hash}', 'locale': 'pt-BR'}`,
  ])
    assert.deepEqual(readSnippet(text), { id: "1042", hash, locale: "pt-BR" });
  assert.deepEqual(readSnippet("<p>id: none</p>"), { id: undefined, hash: undefined, locale: undefined });
});

test("the code is a statement that ends no script element, and nothing for nothing", () => {
  assert.equal(configCode("crmPluginConfig", {}), "");
  const code = configCode("crmPluginConfig", { onlinechat: { locale: { powered_by: '</script><script>"x"' } } });
  assert.equal(code.match(/<\/script>/g)?.length, 1);
  const window: Record<string, unknown> = {};
  new Function("window", code.split("\n").slice(1, -2).join("\n"))(window);
  assert.deepEqual(window.crmPluginConfig, { onlinechat: { locale: { powered_by: '</script><script>"x"' } } });
});
