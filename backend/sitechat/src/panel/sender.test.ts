import assert from "node:assert/strict";
import test from "node:test";
import { ApiError } from "./api";
import { openOutbox } from "./browser/outbox";
import type { Place } from "./browser/keep";
import type { Outbox, Pending } from "./outbox";
import { bodyOf, makeSender } from "./sender";
import { openStore } from "./storage";

/** An outbox of a browser that keeps nothing. */
const open = (keep?: Place): Outbox =>
  openOutbox({
    user: "",
    keeps: () => true,
    open: () => (keep ? Promise.resolve(keep) : Promise.reject(new Error("refused"))),
    store: openStore(() => {
      throw new Error("refused");
    }, ""),
    key: "k",
    channel: undefined,
    changed: () => {},
    heard: () => {},
  });

const turn = (): Promise<void> => new Promise((done) => setImmediate(done));

/** Sends texts against a list of answers, one for each request. */
async function send(texts: string[], answers: (ApiError | "stored")[]) {
  const outbox = open();
  for (const text of texts) outbox.add({ clientID: `id of ${text}`, text, at: 1, page: { url: "", title: "", referrer: "" }, error: "" });
  const asked: string[] = [];
  const stored: string[] = [];
  const waits: number[] = [];
  const sender = makeSender({
    outbox,
    leads: () => true,
    async post(body) {
      const { client_id, text } = body as { client_id: string; text: string };
      asked.push(client_id);
      const answer = answers.shift();
      if (answer instanceof ApiError) throw answer;
      return { message: { id: text, client_id, seq: 1, rev: 1, at: 1, direction: "inbound", text, status: "sent" } };
    },
    upload: async () => "",
    stored: (message) => stored.push(message.text),
    changed: () => {},
    reason: () => "no reason given",
    wait: async (ms) => void waits.push(ms),
  });
  sender.run();
  sender.run();
  for (let i = 0; i < 9; i++) await turn();
  return { asked, stored, waits, left: outbox.list() };
}

test("messages go one after another, each once", async () => {
  const { asked, stored, left } = await send(["a", "b"], ["stored", "stored"]);
  assert.deepEqual([asked, stored, left], [["id of a", "id of b"], ["a", "b"], []]);
});

test("what may succeed later is sent again with the same client id, before those behind it", async () => {
  const { asked, waits } = await send(
    ["a", "b"],
    [new ApiError(0, "", "", 0), new ApiError(503, "storage_unavailable", "", 0), new ApiError(429, "too_many_messages", "", 60_000), "stored", "stored"],
  );
  assert.deepEqual(asked, ["id of a", "id of a", "id of a", "id of a", "id of b"]);
  assert.equal(waits[2], 60_000);
});

test("what is refused for good tells the server's reason and lets the others go", async () => {
  const { stored, left } = await send(["a", "b", "c"], [new ApiError(422, "text_too_long", "The message is too long.", 0), new ApiError(403, "", "", 0), "stored"]);
  assert.deepEqual(stored, ["c"]);
  assert.deepEqual(left.map((p) => p.error), ["The message is too long.", "no reason given"]);
});

const pending: Pending = { clientID: "c", text: "", at: 1, page: { url: "u", title: "", referrer: "" }, error: "" };
const file = { id: "", kind: "picture", wish: "", name: "a.png", type: "image/png", bytes: 1, width: 1, height: 1, durationMs: 0 };

test("http-api.md §3: the words of each message", () => {
  const { page } = pending;
  const quote = { id: "m1", direction: "outbound", kind: "text", text: "x", author: "" };
  for (const [over, want] of [
    [{ text: "Hello" }, { text: "Hello" }],
    [{ text: "Hello", replyTo: quote }, { text: "Hello", reply_to: "m1" }],
    [{ text: "hi", greeting: "t" }, { text: "hi", greeting: "t" }],
    [{ text: "", file: { ...file, id: "f1" }, group: "g" }, { text: "", file_id: "f1", group: "g" }],
    [{ press: { message: "m1", text: "Confirm", data: "" } }, { press: { message: "m1", text: "Confirm" } }],
    [{ press: { message: "m1", text: "Green", data: "g" } }, { press: { message: "m1", text: "Green", callback_data: "g" } }],
  ] as const) {
    assert.deepEqual(bodyOf({ ...pending, ...over }), { client_id: "c", page, ...want });
  }
});

/** Sends a file and a text behind it; uploads answer in turn with an id or an error, posts succeed unless told otherwise. */
async function sendFile(uploads: (string | ApiError)[], posts: ApiError[] = [], during: (remove: () => void) => void = () => {}, id = "") {
  const outbox = open();
  outbox.add({ ...pending, clientID: "file", file: { ...file, id } });
  outbox.add({ ...pending, clientID: "text", text: "behind" });
  const log: string[] = [];
  makeSender({
    outbox,
    leads: () => true,
    async upload({ clientID }) {
      log.push(`upload ${clientID}`);
      during(() => outbox.remove("file"));
      const answer = uploads.shift();
      if (typeof answer !== "string") throw answer;
      return answer;
    },
    async post(body) {
      const { client_id, file_id } = body as { client_id: string; file_id?: string };
      log.push(`post ${client_id}${file_id ? ` ${file_id}` : ""}`);
      const error = posts.shift();
      if (error) throw error;
      return { message: { id: client_id, client_id, seq: 1, rev: 1, at: 1, direction: "inbound", text: "" } };
    },
    stored: () => {},
    changed: () => {},
    reason: () => "",
    wait: async () => {},
  }).run();
  for (let i = 0; i < 9; i++) await turn();
  return { log, left: outbox.list() };
}

test("a file is uploaded before its message, and what was written after it waits", async () => {
  const { log, left } = await sendFile([new ApiError(503, "", "", 0), "f1"], [new ApiError(0, "", "", 0)]);
  assert.deepEqual([log, left], [["upload file", "upload file", "post file f1", "post file f1", "post text"], []]);
});

test("an upload that is refused for good lets the others go, and another try begins with the upload", async () => {
  const refused = await sendFile([new ApiError(413, "file_too_large", "At most 20 MB.", 0)]);
  assert.deepEqual(refused.log, ["upload file", "post text"]);
  assert.deepEqual(refused.left.map((p) => [p.error, p.file?.id]), [["At most 20 MB.", ""]]);
  const gone = await sendFile(["f1"], [new ApiError(422, "invalid_request", "There is no such file.", 0)]);
  assert.deepEqual(gone.left.map((p) => [p.error, p.file?.id]), [["There is no such file.", ""]]);
});

test("a file that is taken back while it is uploaded is not sent", async () => {
  const { log, left } = await sendFile(["f1"], [], (remove) => remove());
  assert.deepEqual([log, left], [["upload file", "post text"], []]);
});

test("http-api.md §3: a file that the server threw away after a day is uploaded again, once", async () => {
  const gone = new ApiError(422, "invalid_request", "There is no such file.", 0);
  const late = await sendFile(["f2"], [gone], undefined, "f1");
  assert.deepEqual([late.log, late.left], [["post file f1", "upload file", "post file f2", "post text"], []]);
  const wrong = await sendFile(["f2"], [gone, gone], undefined, "f1");
  assert.deepEqual(wrong.log, ["post file f1", "upload file", "post file f2", "post text"]);
  assert.deepEqual(wrong.left.map((p) => p.error), ["There is no such file."]);
});

test("a tab that does not lead sends nothing but what only it has", async () => {
  const rows: Pending[] = [];
  let leads = false;
  let room = true;
  const posted: string[] = [];
  const outbox = open({
    list: async () => [...rows],
    async add(p) {
      if (!room) throw new Error("full");
      rows.push(p as Pending);
    },
    async change(id) {
      rows.splice(rows.findIndex((p) => p.clientID === id), 1);
    },
    bytes: async () => undefined,
  });
  const sender = makeSender({
    outbox,
    leads: () => leads,
    async post(body) {
      const { client_id } = body as { client_id: string };
      posted.push(client_id);
      return { message: { id: client_id, client_id, seq: 1, rev: 1, at: 1, direction: "inbound", text: "" } };
    },
    upload: async () => "",
    stored: () => {},
    changed: () => {},
    reason: () => "",
    wait: async () => {},
  });
  const run = async (): Promise<void> => {
    sender.run();
    for (let i = 0; i < 9; i++) await turn();
  };
  outbox.add({ ...pending, clientID: "kept", text: "a" });
  await run();
  assert.deepEqual(posted, []);
  leads = true;
  await run();
  assert.deepEqual(posted, ["kept"]);
  leads = room = false;
  outbox.add({ ...pending, clientID: "loose", text: "b" });
  await run();
  assert.deepEqual(posted, ["kept", "loose"]);
});
