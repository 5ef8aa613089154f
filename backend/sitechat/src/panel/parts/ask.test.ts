import assert from "node:assert/strict";
import test from "node:test";
import { readLeft } from "./ask";

test("what is left reaches somebody: an address or a number, whichever was asked for", () => {
  const anna = { email: "anna@example.org", phone: "" };
  const call = { email: "", phone: "+7 (900) 123-45-67" };
  for (const [typed, ask, want] of [
    [" anna@example.org ", "email", anna],
    ["anna@example.org", "either", anna],
    ["anna@example.org", "phone", undefined],
    ["+7 (900) 123-45-67", "phone", call],
    ["+7 (900) 123-45-67", "either", call],
    ["+7 (900) 123-45-67", "email", undefined],
    ["1234", "phone", undefined],
    ["123456789012345678901", "phone", undefined],
    ["call me 12345", "either", undefined],
    ["anna@example", "email", undefined],
    ["anna@b@example.org", "email", undefined],
    ["<anna@example.org>", "email", undefined],
    ["a".repeat(250) + "@b.org", "email", undefined],
    ["", "either", undefined],
  ] as const)
    assert.deepEqual(readLeft(typed, ask), want, `${typed} for ${ask}`);
});
