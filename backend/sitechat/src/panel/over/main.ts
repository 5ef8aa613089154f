// The menu of the panel.
import type { App } from "../app";
import type { StateStore } from "../state";
import { confirm, openMenu, type Item } from "./menu";

/** Opens it and does what is chosen; tells whether a call is asked for, which takes a form. */
export async function openMain(anchor: HTMLElement, app: App, store: StateStore): Promise<boolean> {
  const { strings, callback, muted, begun } = store.get();
  const items: Item[] = [
    ...(callback ? [{ id: "call", text: strings["call.action"] }] : []),
    { id: "sound", text: strings["panel.sound"], on: !muted },
    // There is nothing to end where nothing was begun.
    ...(begun ? [{ id: "end", text: strings["end.action"] }] : []),
  ];
  const chosen = await openMenu(anchor, strings["panel.menu"], items);
  if (chosen === "sound") app.mute(!muted);
  if (chosen === "end") await confirmEnd(app, store);
  return chosen === "call";
}

/** Asks, and ends the conversation that is looked at. */
export async function confirmEnd(app: App, store: StateStore): Promise<void> {
  const { strings } = store.get();
  const several = app.several();
  if (!(await confirm(strings["end.question"], strings[several ? "several.end_hint" : "end.hint"], strings["end.confirm"], strings))) return;
  if (several) several.end();
  else await app.end();
}
