// Elements of the editor. Text goes in as text; every control has a key by which the focus finds it again after the page was drawn anew.
import { icon, make } from "../../panel/view/dom";

export { make };

/** A button with words. */
export function button(key: string, label: string, act: () => void, className = ""): HTMLButtonElement {
  const element = make("button", `console__button bot-button ${className}`.trim(), { type: "button", "data-key": key }, label);
  element.addEventListener("click", act);
  return element;
}

const signs = {
  up: "M12 5l7 7-1.4 1.4L13 8.8V20h-2V8.8l-4.6 4.6L5 12z",
  down: "M12 19l-7-7 1.4-1.4L11 15.2V4h2v11.2l4.6-4.6L19 12z",
  copy: "M8 3h11v13h-2V5H8zM5 7h10v14H5zm2 2v10h6V9z",
  remove: "M6.4 5 12 10.6 17.6 5 19 6.4 13.4 12 19 17.6 17.6 19 12 13.4 6.4 19 5 17.6 10.6 12 5 6.4z",
};

/** A small button of a sign; its label says the rest to those who do not see it. */
export function signButton(key: string, sign: keyof typeof signs, label: string, act: () => void, disabled = false): HTMLButtonElement {
  const element = button(key, "", act, "bot-sign");
  element.append(icon(signs[sign]));
  element.setAttribute("aria-label", label);
  element.title = label;
  element.disabled = disabled;
  return element;
}

/** A field with its label above it. */
export function labelled(label: string, field: HTMLElement, ...more: (Node | string)[]): HTMLElement {
  return make("div", "bot-field", {}, make("label", "bot-field__label", {}, make("span", "bot-field__name", {}, label), field), ...more);
}

/** A choice; options are values and words. */
export function select(key: string, options: readonly (readonly [value: string, words: string])[], value: string, changed: (value: string) => void): HTMLSelectElement {
  const element = make("select", "console__input bot-select", { "data-key": key });
  for (const [option, words] of options) element.append(make("option", "", { value: option }, words));
  element.value = value;
  element.addEventListener("change", () => changed(element.value));
  return element;
}

const TYPED_MS = 700;

/**
 * A choice by which its block is drawn anew. Letters and arrows choose one after another, and what is new would have forgotten
 * the letters, so that the last one counts: when a person pauses or goes on.
 */
export function drawingSelect(key: string, options: readonly (readonly [value: string, words: string])[], value: string, changed: (value: string) => void): HTMLSelectElement {
  let waiting: ReturnType<typeof setTimeout> | undefined;
  let byKey = false;
  const take = (): void => {
    clearTimeout(waiting);
    waiting = undefined;
    changed(element.value);
  };
  const element = select(key, options, value, () => {
    clearTimeout(waiting);
    if (byKey) waiting = setTimeout(take, TYPED_MS);
    else take();
  });
  element.addEventListener("keydown", () => (byKey = true));
  element.addEventListener("pointerdown", () => (byKey = false));
  element.addEventListener("blur", (event) => {
    if (waiting === undefined) return;
    const next = (event.relatedTarget as HTMLElement | null)?.dataset.key;
    take(); // before anything else is done
    if (next) focusKey(document.body, next);
  });
  return element;
}

/** A line or some lines to write in. */
export function textField(key: string, value: string, typed: (value: string) => void, lines = 1): HTMLInputElement | HTMLTextAreaElement {
  const attributes = { "data-key": key, autocomplete: "off", dir: "auto", translate: "no" };
  const element = lines > 1 ? make("textarea", "console__input bot-text", { ...attributes, rows: String(lines) }) : make("input", "console__input", { ...attributes, type: "text" });
  element.value = value;
  element.addEventListener("input", () => typed(element.value));
  return element;
}

/** Puts text where the caret is, and tells the field's listeners. */
export function typeIn(field: HTMLInputElement | HTMLTextAreaElement, text: string): void {
  const from = field.selectionStart ?? field.value.length;
  field.setRangeText(text, from, field.selectionEnd ?? from, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

/** Focuses the control of a key inside a root: where it cannot be, the nearest beside it that can. */
export function focusKey(root: HTMLElement, key: string): boolean {
  const found = root.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
  if (!found) return false;
  const target = found.matches(":disabled") ? found.parentElement?.querySelector<HTMLElement>("button:not(:disabled)") : found;
  target?.focus();
  return !!target;
}
