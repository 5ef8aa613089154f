import assert from "node:assert/strict";
import test from "node:test";
import { ApiError } from "./api";
import { openOutbox } from "./outbox";
import { makeSender } from "./sender";
import { openStore } from "./storage";

const turn = (): Promise<void> => new Promise((done) => setImmediate(done));

/** Sends texts against a list of answers, one for each request. */
async function send(texts: string[], answers: (ApiError | "stored")[]) {
  const outbox = openOutbox(openStore(() => undefined as unknown as Storage), "k");
  for (const text of texts) outbox.add({ clientID: `id of ${text}`, text, at: 1, page: { url: "", title: "", referrer: "" }, error: "" });
  const asked: string[] = [];
  const stored: string[] = [];
  const waits: number[] = [];
  const sender = makeSender({
    outbox,
    async post(body) {
      const { client_id, text } = body as { client_id: string; text: string };
      asked.push(client_id);
      const answer = answers.shift();
      if (answer instanceof ApiError) throw answer;
      return { message: { id: text, client_id, seq: 1, rev: 1, at: 1, direction: "inbound", text, status: "sent" } };
    },
    stored: (message) => stored.push(message.text),
    changed: () => {},
    reason: () => "no reason given",
    wait: async (ms) => void waits.push(ms),
  });
  sender.run();
  sender.run();
  await turn();
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
