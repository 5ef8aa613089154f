import type { App } from "../app";
import type { State } from "../state";
import { icon, make, setText } from "./dom";

const SEND = "M3 20.5v-6.2l8-2.3-8-2.3V3.5L22 12z";
const MAX_LENGTH = 4096;
const MAX_HEIGHT_PX = 170;

/** Where the visitor writes. */
export type Composer = { element: HTMLElement; render: (state: State) => void; focus: () => void };

/** Draws the composer; sent is called after something was written. */
export function makeComposer(app: App, draft: { get: () => string; set: (text: string) => void }, sent: () => void): Composer {
  const input = make("textarea", "sc-composer__input", { rows: "1", dir: "auto", enterkeyhint: "send" });
  const send = make("button", "sc-composer__send", { type: "submit" }, icon(SEND));
  const error = make("p", "sc-composer__error", { role: "alert" });
  const form = make("form", "sc-composer", {}, input, send, error);
  let tooLong = "";

  const grow = (): void => {
    input.style.height = "auto";
    input.style.height = `${Math.min(input.scrollHeight, MAX_HEIGHT_PX)}px`;
    input.classList.toggle("sc-composer__input--full", input.scrollHeight > MAX_HEIGHT_PX);
  };
  const changed = (): void => {
    draft.set(input.value);
    // The server counts characters, not the halves of them that browsers count.
    setText(error, [...input.value.trim()].length > MAX_LENGTH ? tooLong : "");
    form.classList.toggle("sc-composer--empty", !input.value.trim());
    grow();
  };
  const submit = (): void => {
    const text = input.value.trim();
    if (!text || error.textContent) return input.focus();
    app.write(text);
    input.value = "";
    changed();
    input.focus();
    sent();
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    submit();
  };
  input.oninput = changed;
  input.onkeydown = (event) => {
    // 229 is what browsers give that end a composition before they tell of the key.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    submit();
  };
  // Where the character comes although its key was taken (remote control, some keyboards of phones), it leaves no empty line.
  input.onkeypress = (event) => {
    if (event.key === "Enter" && !event.shiftKey) event.preventDefault();
  };
  input.value = draft.get();
  return {
    element: form,
    render({ strings }) {
      tooLong = strings["composer.too_long"];
      input.placeholder = strings.compose_placeholder;
      input.setAttribute("aria-label", strings.compose_placeholder || strings["composer.send"]);
      send.setAttribute("aria-label", strings["composer.send"]);
      send.title = strings["composer.send"];
      form.classList.toggle("sc-composer--empty", !input.value.trim());
      grow();
    },
    focus: () => input.focus(),
  };
}
