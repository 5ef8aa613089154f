import assert from "node:assert/strict";
import test from "node:test";
import { readMessage, type Message, type Summary } from "./message";
import { makeReport } from "./parts/report";

const message = (fields: object): Message =>
  readMessage({ id: "m", seq: 1, rev: 1, at: 1767225600123, direction: "inbound", kind: "text", text: "Hello", status: "sent", ...fields }) as Message;
const transcript = (...messages: Message[]): Map<string, Message> => new Map(messages.map((m) => [m.id, m]));
const file = { id: "f", kind: "picture", name: "lamp.png", type: "image/png", bytes: 5, width: 1, height: 1, duration_ms: 0, state: "ready", url: "/v1/files/f?s=1", thumb_url: "/v1/files/f?s=1&v=thumb" };

function reporter(): { said: { method: string; payload: unknown[] }[]; report: ReturnType<typeof makeReport> } {
  const said: { method: string; payload: unknown[] }[] = [];
  return { said, report: makeReport((text) => said.push(JSON.parse(text)), (path) => "https://chat.example.test/" + path) };
}

test("HOOK-2: received at first, update when something changed, nothing otherwise", () => {
  const { said, report } = reporter();
  const first = message({});
  report({ transcript: transcript(first), conversations: undefined });
  report({ transcript: transcript(first), conversations: undefined });
  const answer = message({ id: "n", seq: 2, at: 1767225600124, direction: "outbound", text: "Hi", author: { name: "Oleg" } });
  report({ transcript: transcript(first, answer), conversations: undefined });
  assert.deepEqual(said, [
    { method: "conversations:received", payload: [{ name: "", is_closed: false, last_message: { type: "text", text: "Hello", created_at: 1767225600123, is_out: true } }] },
    { method: "conversations:update", payload: [{ name: "", is_closed: false, last_message: { type: "text", text: "Hi", created_at: 1767225600124, is_out: false, author: { name: "Oleg" } } }] },
  ]);
});

test("EVT-11: newest first, media with full addresses, other files as text with their names", () => {
  const { said, report } = reporter();
  const several: Summary[] = [
    { id: "a", number: "A122", unread: 0, last: message({ at: 5, kind: "file", text: "", file: { ...file, kind: "file", name: "price.pdf" } }) },
    { id: "b", number: "A123", unread: 0, last: message({ at: 9, kind: "picture", text: "", file }) },
    { id: "c", number: "A124", unread: 0, last: undefined },
  ];
  report({ transcript: new Map(), conversations: several });
  const media = { url: "https://chat.example.test/v1/files/f?s=1", thumbnail: "https://chat.example.test/v1/files/f?s=1&v=thumb" };
  assert.deepEqual(said[0]?.payload, [
    { name: "A123", is_closed: false, last_message: { type: "photo", text: "", created_at: 9, is_out: true, media } },
    { name: "A122", is_closed: false, last_message: { type: "text", text: "price.pdf", created_at: 5, is_out: true } },
  ]);
  report({ transcript: new Map(), conversations: [] });
  report({ transcript: new Map(), conversations: [] });
  // EVT-12: one message tells that they are closed, the next leaves them out.
  assert.deepEqual(said.map(({ payload }) => payload.map((one) => (one as { is_closed: boolean }).is_closed)), [[false, false], [true, true], []]);
});

test("EVT-12: the only conversation, ended and gone on with", () => {
  const { said, report } = reporter();
  const [hello, end, again] = [message({}), message({ id: "e", seq: 2, at: 1767225600124, kind: "ended", text: "" }), message({ id: "g", seq: 3, at: 1767225600125 })];
  for (const messages of [[hello], [hello, end], [hello, end], [hello, end, again]]) report({ transcript: transcript(...messages), conversations: undefined });
  assert.deepEqual(said.map(({ payload }) => payload.map((one) => (one as { is_closed: boolean }).is_closed)), [[false], [true], [], [false]]);
});
