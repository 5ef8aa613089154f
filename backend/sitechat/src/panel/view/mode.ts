import type { App } from "../app";
import type { State } from "../state";
import { fill } from "../strings";
import { describe } from "../summary";
import { iconButton, make, setLabel, setText } from "./dom";
import { CROSS } from "./icons";

/** The line above the composer: what is being answered or changed. */
export type Mode = { element: HTMLElement; render: (state: State) => void; cancel: () => void };

/** Draws the line. */
export function makeMode(app: App): Mode {
  const title = make("span", "sc-quote__author");
  const text = make("span", "sc-quote__text", { dir: "auto" });
  const cross = iconButton("sc-mode__cancel", CROSS);
  const element = make("div", "sc-mode", {}, make("span", "sc-quote", {}, title, text), cross);
  const cancel = (): void => {
    app.reply(undefined);
    app.startEdit(undefined);
  };
  cross.onclick = cancel;
  return {
    element,
    cancel,
    render({ editing, replyTo, strings }) {
      const message = editing ?? replyTo;
      element.hidden = !message;
      if (!message) return;
      const name = message.direction === "inbound" ? strings["message.you"] : message.author;
      setText(title, editing ? strings["composer.editing"] : fill(strings["composer.reply"], { name }));
      setText(text, describe(message, strings).slice(0, 200));
      setLabel(cross, strings["dialog.cancel"]);
    },
  };
}
