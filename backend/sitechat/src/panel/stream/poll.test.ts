import assert from "node:assert/strict";
import test, { mock } from "node:test";
import { pollTransport } from "./poll";

type Asked = { cursor: string | null; wait: string | null };

/** A server behind a proxy: each answer is a list of frames, a status, or "cut" after so many seconds. */
async function poll(answers: (unknown[] | number | { cut: number })[], cursor = 0) {
  mock.timers.enable({ apis: ["Date"] });
  const asked: Asked[] = [];
  const frames: unknown[] = [];
  const ends: (string | undefined)[] = [];
  let token = "";
  mock.method(globalThis, "fetch", async (url: string, { headers, signal }: { headers: Record<string, string>; signal: AbortSignal }) => {
    const query = new URL(url).searchParams;
    asked.push({ cursor: query.get("cursor"), wait: query.get("wait") });
    token = headers.Authorization ?? "";
    const answer = answers.shift();
    if (answer === undefined) return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
    if (typeof answer === "number") return new Response("{}", { status: answer });
    if (Array.isArray(answer)) return Response.json({ frames: answer });
    mock.timers.tick(answer.cut * 1000);
    throw new TypeError("network");
  });
  const close = pollTransport("https://chat.example.test/", "secret", cursor, { frame: (data) => frames.push(JSON.parse(data)), end: (code) => ends.push(code) });
  for (let i = 0; i < 30; i++) await new Promise((done) => setImmediate(done));
  close();
  mock.reset();
  mock.timers.reset();
  return { asked, frames, ends, token };
}

const message = (rev: number) => ({ type: "message", message: { rev } });

test("the first look waits for nothing; then each goes on from the highest rev, at once where one was not whole", async () => {
  const { asked, frames, token } = await poll([[message(4), message(5)], [message(6), { type: "ready", cursor: 6 }], [{ type: "ready", cursor: 6 }, message(8)]], 3);
  assert.deepEqual(asked, [
    { cursor: "3", wait: "0" },
    { cursor: "5", wait: "0" },
    { cursor: "6", wait: "25" },
    { cursor: "8", wait: "25" },
  ]);
  assert.equal(frames.length, 6);
  assert.equal(token, "Bearer secret");
});

test("bad answers end the line: 401 for another token, others for another try", async () => {
  assert.deepEqual((await poll([401])).ends, ["token_invalid"]);
  assert.deepEqual((await poll([503])).ends, [undefined]);
  assert.deepEqual((await poll([{ cut: 0 }])).ends, [undefined]);
});

test("where a proxy cuts what waits, polls wait for less, also those of the next line", async () => {
  const ready = [{ type: "ready", cursor: 0 }];
  const first = await poll([ready, { cut: 10 }, { cut: 10 }, ready]);
  assert.deepEqual([first.asked.map((a) => a.wait), first.ends], [["0", "25", "12", "6", "6"], []]);
  const next = await poll([ready, { cut: 0 }]);
  assert.deepEqual([next.asked.map((a) => a.wait), next.ends], [["0", "6"], [undefined]]);
});
