import { EDITABLE_MS } from "../acts";
import type { App } from "../app";
import { load } from "../load";
import type { Message } from "../message";
import type { StateStore } from "../state";
import { fill } from "../strings";
import { inOrder } from "../transcript";

/** Six for everybody; what else stands on a message can be joined there. */
const PALETTE = ["👍", "❤️", "😂", "😮", "😢", "🙏"];

/** Whether the visitor may still change the text of a message. */
export function isEditable({ direction, kind, text, id, at, status }: Message, now: number): boolean {
  const changeable = kind === "text" || (!!text && ["picture", "video", "audio", "voice", "file"].includes(kind));
  return !!id && direction === "inbound" && changeable && status !== "error" && now - at < EDITABLE_MS;
}

/** The newest own message that may be changed. */
export function lastEditable(state: StateStore): Message | undefined {
  return inOrder(state.get().transcript).reverse().find((m) => isEditable(m, Date.now()));
}

/** Opens the menu of a message beside what was pressed, and does what is chosen. */
export async function openActions(message: Message, anchor: HTMLElement, app: App, state: StateStore): Promise<void> {
  const { strings } = state.get();
  const now = state.get().transcript.get(message.id) ?? message;
  const mine = now.reactions.find((r) => r.mine)?.emoji;
  const reactions = PALETTE.map((emoji) => ({ id: emoji, label: fill(strings[emoji === mine ? "action.unreact" : "action.react"], { emoji }), text: emoji, on: emoji === mine }));
  const items = [
    { id: "reply", text: strings["action.reply"] },
    ...(isEditable(now, Date.now()) ? [{ id: "edit", text: strings["action.edit"] }] : []),
    ...(now.text ? [{ id: "copy", text: strings["action.copy"] }] : []),
  ];
  const chosen = await (await load("over")).openMenu(anchor, strings["message.actions"], items, reactions);
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

const LONG_MS = 500;

/** A finger that rests on a message opens its menu, as its button does. */
export function watchLongPress(list: HTMLElement): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = (): void => clearTimeout(timer);
  list.addEventListener("pointerdown", (event) => {
    stop();
    const target = event.target as Element;
    const more = target.closest(".sc-message")?.querySelector<HTMLElement>(".sc-message__more");
    if (event.pointerType !== "touch" || !more || target.closest("button, a, input, video")) return;
    timer = setTimeout(() => more.click(), LONG_MS);
  });
  for (const type of ["pointerup", "pointercancel", "pointermove"]) list.addEventListener(type, stop);
  list.addEventListener("contextmenu", (event) => matchMedia("(pointer: coarse)").matches && !(event.target as Element).closest("a, video") && event.preventDefault());
}
