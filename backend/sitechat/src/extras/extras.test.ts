import assert from "node:assert/strict";
import test from "node:test";
import { readHooks } from "./hooks";
import { MESSENGERS } from "./icons";
import { fillLink, isLink } from "./links";

test("VIS-5: markers of a link are filled with the pixel's id and the site's mark, or with nothing", () => {
  const link = "tg://resolve?domain=shop&start=VisitorUid_{{visitor_uid}}";
  const pixel = (getVisitorUid: unknown) => ({ AMOPIXEL_IDENTIFIER: { getVisitorUid } });
  assert.equal(fillLink(link, pixel(() => "3f1c-2a"), ""), "tg://resolve?domain=shop&start=VisitorUid_3f1c-2a");
  assert.equal(fillLink(link, {}, "amo-livechat-id=ab"), "tg://resolve?domain=shop&start=VisitorUid_");
  const broken = (): never => {
    throw new Error("not yet");
  };
  for (const hostile of [undefined, 7, {}, () => 7, broken]) assert.equal(fillLink(link, pixel(hostile), ""), "tg://resolve?domain=shop&start=VisitorUid_");
  assert.equal(fillLink(link, pixel(() => "a&b=\"$&"), ""), "tg://resolve?domain=shop&start=VisitorUid_a%26b%3D%22%24%26");
  assert.equal(fillLink("https://wa.me/1?text=ID:%20{{session_id}}", {}, "a=1; amo-livechat-id=ab; b=2"), "https://wa.me/1?text=ID:%20ab");
});

test("SEC-9: a link of another scheme never comes onto the page", () => {
  for (const link of ["https://t.me/a", "tg://resolve?domain=a", "viber://pa?chatURI=a", "skype:a?chat"]) assert.ok(isLink(link), link);
  for (const link of ["javascript:alert(1)", " javascript:alert(1)", "data:text/html,x", "//t.me/a", "intent://a", ""]) assert.ok(!isLink(link), link);
});

test("MET-6: hooks that waited and those that come are read in order, once, trimmed; what is no name is nothing", () => {
  const hooks: unknown[] = ["first", 7, " second ", ""];
  const heard: string[] = [];
  readHooks(hooks, (name) => heard.push(name));
  hooks.push("third");
  hooks.push(null, "   ", "third");
  assert.deepEqual(heard, ["first", "second", "third", "third"]);
  assert.equal(hooks.length, 0);
});

test("white is seen on the colour of each messenger: 3 to 1 at least (WCAG 1.4.11)", () => {
  for (const { name, color } of Object.values(MESSENGERS)) {
    if (!color) continue;
    const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
      const c = parseInt(color.slice(at, at + 2), 16) / 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    assert.ok(1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05) >= 3, name);
  }
});
