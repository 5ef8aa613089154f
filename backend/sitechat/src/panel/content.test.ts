import assert from "node:assert/strict";
import test from "node:test";
import { ownPath, readFile, readMarkup, readQuote, readReactions, webLink } from "./content";
import { isRich, readMessage, readSession } from "./message";
import { isAccepted, kindOfType } from "./parts/tray";
import { describe, formatBytes, formatDuration } from "./summary";
import en from "./strings/en.json";

// http-api.md §3, File.
const file = { id: "0192", kind: "picture", name: "15.jpg", type: "image/jpeg", bytes: 80213, width: 1200, height: 800, duration_ms: 0, state: "ready", url: "/v1/files/0192?e=1&s=2", thumb_url: "/v1/files/0192?e=1&s=2&v=thumb" };
const plain = { id: "a", seq: 1, rev: 1, at: 1, direction: "inbound", text: "x" };

test("http-api.md §3: a file's links are paths of the chat host, and only of a ready file", () => {
  const ready = readFile(file);
  assert.deepEqual([ready?.url, ready?.thumbURL, ready?.width, ready?.state], ["v1/files/0192?e=1&s=2", "v1/files/0192?e=1&s=2&v=thumb", 1200, "ready"]);
  assert.deepEqual(readFile({ ...file, state: "loading" })?.url, "");
  assert.equal(readFile({ ...file, state: "new state" })?.state, "failed");
  assert.equal(readFile({ ...file, id: undefined }), undefined);
  for (const elsewhere of ["https://a.example/x", "//a.example/x", "/\\a.example/x", "javascript:alert(1)", "/", 7]) assert.equal(ownPath(elsewhere), "", String(elsewhere));
});

test("SEC-9: links of buttons and posts are http or https", () => {
  assert.equal(webLink("https://a.example/x"), "https://a.example/x");
  for (const bad of ["javascript:alert(1)", "data:text/html,x", "ftp://a.example", "/x", ""]) assert.equal(webLink(bad), "", bad);
  const markup = readMarkup({ buttons: [[{ text: "Yes" }, { text: "Site", url: "https://a.example/" }], [{ text: "Bad", url: "javascript:alert(1)" }], [{ text: "" }]] });
  assert.deepEqual(markup, { buttons: [[{ text: "Yes", url: "" }, { text: "Site", url: "https://a.example/" }]], list: undefined });
  for (const none of [undefined, null, {}, { buttons: "x" }, { buttons: [[]] }, { list: { sections: [{ rows: [] }] } }]) assert.equal(readMarkup(none), undefined);
});

test("http-api.md §3: a list has rows with data", () => {
  const list = { header: "h", body: "b", footer: "f", button: "open", sections: [{ title: "s", rows: [{ title: "t", description: "d", callback_data: "c" }, { title: "" }] }] };
  assert.deepEqual(readMarkup({ list })?.list, { ...list, sections: [{ title: "s", rows: [{ title: "t", description: "d", data: "c" }] }] });
});

test("a quote without an id, reactions without an emoji", () => {
  assert.deepEqual(readQuote({ direction: "outbound", kind: "text", text: "Two left.", author: "Oleg" }), { id: "", direction: "outbound", kind: "text", text: "Two left.", author: "Oleg" });
  assert.equal(readQuote(undefined), undefined);
  assert.deepEqual(readReactions([{ emoji: "👍", by: "operator" }, { emoji: "❤️", by: "visitor" }, { by: "visitor" }, 7]), [{ emoji: "👍", mine: false }, { emoji: "❤️", mine: true }]);
});

test("what is absent is nothing to say; anything besides a text makes a message rich", () => {
  const none = readMessage(plain);
  assert.equal(none && isRich(none), false);
  for (const more of [
    { file },
    { location: { lat: 55.75, lon: 37.61 } },
    { card: { name: "Ivan", phone: "+7999" } },
    { reply_to: { kind: "text", text: "x" } },
    { forwards: [{ kind: "text", text: "x", author: "Shop" }] },
    { markup: { buttons: [[{ text: "Yes" }]] } },
    { post: { id: "p", url: "https://a.example", caption: "c" } },
    { reactions: [{ emoji: "👍", by: "operator" }] },
  ]) {
    const m = readMessage({ ...plain, ...more });
    assert.equal(m && isRich(m), true, JSON.stringify(more));
  }
  assert.deepEqual(readMessage({ ...plain, location: { lat: "55", lon: 37 } })?.location, undefined);
});

test("http-api.md §3: uploads are absent where files are switched off", () => {
  const session = { token: "t", origin: "https://a.example", locale: "en", conversation: null, strings: {} };
  assert.equal(readSession(session)?.uploads, undefined);
  assert.deepEqual(readSession({ ...session, uploads: { max_bytes: { picture: 5, file: "x" }, accept: "image/*" } })?.uploads, { maxBytes: { picture: 5, file: 0 }, accept: "image/*" });
});

test("a message in a line is its text or the word for its kind", () => {
  assert.equal(describe({ kind: "picture", text: "" }, en), "Picture");
  assert.equal(describe({ kind: "picture", text: "The lamp" }, en), "The lamp");
  assert.equal(describe({ kind: "contact", text: "", card: { name: "Ivan" } }, en), "Ivan");
  assert.equal(describe({ kind: "hologram", text: "" }, en), "");
});

test("sizes and durations for people", () => {
  assert.deepEqual([5, 1500, 160_000, 20_971_520].map((n) => formatBytes(n, "en").replace(/\u00a0/g, " ")), ["5 byte", "1.5 kB", "160 kB", "21 MB"]);
  assert.deepEqual([0, 999, 61_000, 600_000].map(formatDuration), ["0:00", "0:01", "1:01", "10:00"]);
});

test("the kind that a file makes, as far as the browser knows: what it cannot show is a file", () => {
  for (const [type, kind] of [
    ["image/jpeg", "picture"],
    ["image/svg+xml", "file"],
    ["image/heic", "file"],
    ["video/mp4", "video"],
    ["video/x-msvideo", "file"],
    ["audio/mpeg", "audio"],
    ["application/pdf", "file"],
    ["", "file"],
  ] as const) {
    assert.equal(kindOfType(type), kind, type);
  }
});

test("http-api.md §3: a file is offered by its type or the ending of its name", () => {
  const accept = "image/png,video/*,.pdf,application/zip";
  for (const [name, type, want] of [
    ["a.png", "image/png", true],
    ["a.jpg", "image/jpeg", false],
    ["a.mp4", "video/mp4", true],
    ["A.PDF", "", true],
    ["a.pdf.exe", "application/x-msdownload", false],
    ["a", "", false],
  ] as const) {
    assert.equal(isAccepted({ name, type }, accept), want, name);
  }
  assert.equal(isAccepted({ name: "a", type: "" }, ""), true);
});
