// Texts that may hold markers, and rows that repeat.
import { at, insert, put, type Json, type Path } from "../json";
import { MARKERS } from "../markers";
import { labelled, make, select, signButton, textField, typeIn } from "./dom";
import { keyOf, type Editor } from "./editor";

/** A text with a choice of markers that are put where the caret is. */
export function markerField(e: Editor, path: Path, label: string, lines = 1, typed?: (value: string) => void): HTMLElement {
  const field = textField(keyOf(path, "text"), String(at(e.doc, path) ?? ""), typed ?? ((value) => e.type(path, value)), lines);
  const options: (readonly [string, string])[] = [["", e.say("marker.choose")]];
  for (const name of e.params) options.push([`{{bot_params.${name}}}`, e.say("marker.param", { name })]);
  options.push(["{{bot_params.}}", e.say("marker.other_param")]);
  for (const [name, marker] of MARKERS) options.push([marker, e.say(`marker.${name}`)]);
  const choice = select(keyOf(path, "marker"), options, "", () => undefined);
  choice.classList.add("bot-marker");
  choice.setAttribute("aria-label", e.say("marker.label", { field: label }));
  // Arrows change a closed choice with each press, so what is chosen goes in when the choice is left or Enter is pressed.
  const take = (): void => {
    if (!choice.value) return;
    const marker = choice.value;
    choice.value = "";
    typeIn(field, marker);
    if (marker === "{{bot_params.}}") field.setSelectionRange((field.selectionStart ?? 2) - 2, (field.selectionStart ?? 2) - 2); // the name is next
  };
  let byKey = false;
  for (const type of ["keydown", "keypress"] as const)
    choice.addEventListener(type, (event) => {
      byKey = event.key !== "Enter";
      if (!byKey) event.preventDefault(); // it would send the form
    });
  choice.addEventListener("keyup", (event) => event.key === "Enter" && take()); // before that the key would go on in the field
  choice.addEventListener("pointerdown", () => (byKey = false));
  choice.addEventListener("change", () => byKey || take());
  choice.addEventListener("blur", take);
  return labelled(label, field, choice);
}

/** Rows of a list, each with a button that takes it away, and one that adds another. */
export function rows(e: Editor, path: Path, fresh: () => Json, add: string, remove: (number: number) => string, draw: (item: Path, number: number) => Node[], atLeast = 1): HTMLElement {
  const list = at(e.doc, path);
  const count = Array.isArray(list) ? list.length : 0;
  const box = make("ul", "bot-rows");
  for (let i = 0; i < count; i++) {
    const item = [...path, i];
    const row = make("li", "bot-row", { "data-path": item.join("/") }, make("div", "bot-row__fields", {}, ...draw(item, i + 1)));
    if (count > atLeast) row.append(signButton(keyOf(item, "remove"), "remove", remove(i + 1), () => e.change(put(e.doc, item, undefined), keyOf(path, "add"))));
    box.append(row);
  }
  const more = make("button", "console__button bot-button bot-more", { type: "button", "data-key": keyOf(path, "add") }, add);
  more.addEventListener("click", () => e.change(insert(e.doc, path, count, fresh()), firstOf([...path, count])));
  return make("div", "bot-list", {}, box, more);
}

/** The key of the first control of a row that is new. */
const firstOf = (path: Path): string => keyOf(path, "first");
