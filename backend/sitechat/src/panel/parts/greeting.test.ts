import assert from "node:assert/strict";
import test from "node:test";
import { emptyState, makeStateStore, UNREAD, type State, type StateStore } from "../state";
import type { Strings } from "../strings";
import { makeGreeter, type Greeter } from "./greeting";

const hello = { id: "g1", client_id: "g1", seq: 0, rev: 0, at: 1767225600000, direction: "outbound", kind: "text", text: "Hello", status: "read", bot: true };

type Asked = { path: string; body?: unknown };

function greeted(answer: unknown, start: Partial<State>): { state: StateStore; asked: Asked[]; greeter: Greeter } {
  const state = makeStateStore({ ...emptyState("en", {} as Strings), phase: "ready", loaded: true, open: true, ...start });
  const asked: Asked[] = [];
  const greeter = makeGreeter({
    state,
    async request(request) {
      asked.push(request);
      if (answer instanceof Error) throw answer;
      return answer;
    },
    about: () => ({ contact: { name: "Anna" }, meta: { bot_params: { plan: "pro" } } }),
  });
  return { state, asked, greeter };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("BOT-11, META-7: who opens the chat is greeted once, by what the page told so far", async () => {
  const { state, asked, greeter } = greeted({ messages: [hello], token: "t" }, { open: false });
  await settled();
  assert.equal(asked.length, 0);
  state.set({ open: true });
  await settled();
  state.set({ offline: true });
  await settled();
  assert.equal(asked.length, 1);
  assert.equal(asked[0]?.path, "v1/greeting");
  assert.deepEqual(asked[0]?.body, { contact: { name: "Anna" }, meta: { note: [], contact: { name: "", custom_fields: [] }, lead: { name: "", custom_fields: [] }, bot_params: { plan: "pro" } } });
  assert.equal(state.get().transcript.get("g1")?.bot, true);
  assert.deepEqual(greeter.along(), { greeting: "t" });
  state.set({ begun: true });
  assert.deepEqual(greeter.along(), {});
});

test("of several conversations each is greeted by itself, and their list is not", async () => {
  const { state, asked, greeter } = greeted({ messages: [hello], token: "t" }, { conversations: [] });
  await settled();
  assert.equal(asked.length, 0);
  for (const conversation of ["a", "b", "a"]) {
    state.set({ ...UNREAD, conversation, loaded: true });
    await settled();
  }
  assert.deepEqual(asked.map(({ path }) => path), ["v1/greeting?conversation=a", "v1/greeting?conversation=b"]);
  assert.deepEqual(greeter.along(), { greeting: "t" });
});

test("nobody is greeted who has written, and a greeting that does not come is none", async () => {
  const page = { url: "", title: "", referrer: "" };
  const writing = greeted({ messages: [hello], token: "t" }, { pending: [{ clientID: "c", text: "x", at: 1, page, error: "" }] });
  const begun = greeted({ messages: [hello], token: "t" }, { begun: true });
  const failing = greeted(new Error("no line"), {});
  const late = greeted({ messages: [hello], token: "t" }, {});
  late.state.set({ begun: true });
  await settled();
  assert.deepEqual([writing.asked.length, begun.asked.length, failing.asked.length, late.asked.length], [0, 0, 1, 1]);
  for (const { state, greeter } of [writing, begun, failing, late]) {
    assert.equal(state.get().transcript.size, 0);
    assert.deepEqual(greeter.along(), {});
  }
});
