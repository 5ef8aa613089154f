// What can be done with a message.
import type { App } from "../app";
import type { Message } from "../message";
import type { StateStore } from "../state";
import { fill } from "../strings";
import { isEditable } from "../view/actions";
import { openMenu } from "./menu";

/** Six for everybody; what else stands on a message can be joined there. */
const PALETTE = ["👍", "❤️", "😂", "😮", "😢", "🙏"];

/** Opens the menu of a message beside what was pressed, and does what is chosen. */
export async function openActions(message: Message, anchor: HTMLElement, app: App, state: StateStore): Promise<void> {
  const { strings } = state.get();
  const now = state.get().transcript.get(message.id) ?? message;
  const mine = now.reactions.find((r) => r.mine)?.emoji;
  // What is stored nowhere yet takes none.
  const reactions = PALETTE.filter(() => now.rev).map((emoji) => ({ id: emoji, label: fill(strings[emoji === mine ? "action.unreact" : "action.react"], { emoji }), text: emoji, on: emoji === mine }));
  const items = [
    { id: "reply", text: strings["action.reply"] },
    ...(isEditable(now, Date.now()) ? [{ id: "edit", text: strings["action.edit"] }] : []),
    ...(now.text ? [{ id: "copy", text: strings["action.copy"] }] : []),
  ];
  const chosen = await openMenu(anchor, strings["message.actions"], items, reactions);
  if (chosen === "reply") app.reply(now);
  else if (chosen === "edit") app.startEdit(now);
  else if (chosen === "copy") await copy(now.text, app, strings["message.copied"], strings["action.failed"]);
  else if (chosen) await app.react(now.id, chosen);
}

async function copy(text: string, app: App, done: string, failed: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    app.notify(done);
  } catch {
    app.notify(failed);
  }
}
