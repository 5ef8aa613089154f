// Asks who wrote while nobody answers how they can be reached later.
import type { App } from "../app";
import type { Ask } from "../message";
import type { State } from "../state";
import { iconButton, make, setLabel, setText } from "../view/dom";
import { CROSS } from "../view/icons";

/** What was left: one of both is empty. */
export type Left = { email: string; phone: string };

/** Reads what a person typed; undefined for what reaches nobody. */
export function readLeft(typed: string, ask: Ask): Left | undefined {
  const text = typed.trim();
  if (ask !== "phone" && text.length <= 254 && /^[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;.]{2,}$/.test(text)) return { email: text, phone: "" };
  const digits = text.replace(/\D/g, "").length;
  if (ask !== "email" && text.length <= 40 && digits >= 5 && digits <= 20 && /^[\d+().\s-]+$/.test(text)) return { email: "", phone: text };
  return undefined;
}

/** Puts the form above the composer and keeps it as the state is. */
export function mountAsk(composer: Element, app: App): (state: State) => void {
  const label = make("label", "sc-ask__label", { for: "sc-reach" });
  const input = make("input", "sc-ask__input", { id: "sc-reach", maxlength: "254", dir: "ltr", "aria-describedby": "sc-reach-problem" });
  const problem = make("p", "sc-ask__problem", { id: "sc-reach-problem", role: "alert" });
  const send = make("button", "sc-ask__send", { type: "submit" });
  const cross = iconButton("sc-header__button", CROSS);
  const form = make("form", "sc-ask", { novalidate: "" }, make("div", "sc-ask__head", {}, label, cross), make("div", "sc-ask__line", {}, input, send), problem);
  composer.before(form);
  let now: State | undefined;
  form.onsubmit = (event) => {
    event.preventDefault();
    if (!now || !now.ask) return;
    const left = readLeft(input.value, now.ask);
    setText(problem, left ? "" : now.strings[`ask.bad_${now.ask}`]);
    if (left) return app.leave(left);
    input.setAttribute("aria-invalid", "true");
    input.focus();
  };
  input.oninput = () => {
    input.removeAttribute("aria-invalid");
    setText(problem, "");
  };
  cross.onclick = () => app.leave(undefined);
  return (state) => {
    now = state;
    const { ask, strings, begun, availability, phase } = state;
    form.hidden = !ask || !begun || availability.state !== "away" || phase !== "ready";
    if (!ask) return;
    setText(label, strings[`ask.${ask}`]);
    setText(send, strings["ask.send"]);
    setLabel(cross, strings["ask.later"]);
    const kind = { email: "email", phone: "tel", either: "text" }[ask];
    if (input.type !== kind) input.type = kind;
    input.autocomplete = ask === "either" ? "email" : (kind as AutoFill);
  };
}
