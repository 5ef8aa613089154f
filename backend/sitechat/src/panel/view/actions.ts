import { EDITABLE_MS } from "../acts";
import type { Message } from "../message";
import type { StateStore } from "../state";
import { inOrder } from "../transcript";

/** Whether the visitor may still change the text of a message. */
export function isEditable({ direction, kind, text, id, at, status }: Message, now: number): boolean {
  const changeable = kind === "text" || (!!text && ["picture", "video", "audio", "voice", "file"].includes(kind));
  return !!id && direction === "inbound" && changeable && status !== "error" && now - at < EDITABLE_MS;
}

/** The newest own message that may be changed. */
export function lastEditable(state: StateStore): Message | undefined {
  return inOrder(state.get().transcript).reverse().find((m) => isEditable(m, Date.now()));
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
