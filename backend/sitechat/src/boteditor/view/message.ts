import { withButtons } from "../blocks";
import { at, isObject, put, type Json, type Path } from "../json";
import { handlersIn } from "../titles";
import { labelled, drawingSelect, textField } from "./dom";
import { keyOf, objectAt, type Editor } from "./editor";
import { markerField, rows } from "./texts";

/** A message: its text, and buttons that answer or open something. */
export function messageFields(e: Editor, path: Path): Node[] {
  const params = [...path, "params"];
  const type = String(objectAt(e, params).type);
  const types = ["text", "buttons", "buttons_url"].map((name) => [name, e.say(`message.${name}`)] as const);
  const parts: Node[] = [
    markerField(e, [...params, "value"], e.say("message.value"), 3),
    labelled(e.say("message.type"), drawingSelect(keyOf(params, "type"), types, type, (next) => e.change(put(e.doc, params, withButtons(objectAt(e, params), next))))),
  ];
  const list = [...params, "buttons"];
  const remove = (number: number): string => e.say("button.remove", { number });
  if (type === "buttons")
    parts.push(rows(e, list, () => "", e.say("button.add"), remove, (item, number) => [
      labelled(e.say("button.text", { number }), textField(keyOf(item, "first"), String(at(e.doc, item)), (text) => renameButton(e, path, item, text))),
    ]));
  if (type === "buttons_url")
    parts.push(rows(e, list, () => ({ text: "", url: "https://" }), e.say("button.add"), remove, (item, number) => {
      const field = (name: "text" | "url"): HTMLElement => {
        const place = [...item, name];
        const input = textField(keyOf(item, name === "text" ? "first" : name), String(at(e.doc, place)), (text) => e.type(place, text));
        if (name === "url") input.inputMode = "url";
        return labelled(e.say(`button.${name}`, { number }), input);
      };
      return [field("text"), field("url")];
    }));
  return parts;
}

/** Another text on a button: what the step does with that very answer follows, if no other button says the same. */
function renameButton(e: Editor, message: Path, item: Path, text: string): void {
  const old = at(e.doc, item);
  const list = at(e.doc, item.slice(0, -1));
  const alone = Array.isArray(list) && list.filter((other) => other === old).length === 1;
  let doc = put(e.doc, item, text);
  if (message[1] === "question" && alone && typeof old === "string" && old !== "")
    for (const path of branchesFor(doc, [message[0] ?? 0, "answer"], old)) {
      doc = put(doc, path, text);
      const field = document.querySelector<HTMLInputElement>(`[data-key="${CSS.escape(keyOf(path, "text"))}"]`);
      if (field) field.value = text; // nothing is drawn anew while somebody types
    }
  e.type([], doc, item);
}

/** Where the answers of a step that are a text stand. */
function branchesFor(doc: Json, answer: Path, text: string): Path[] {
  const list = at(doc, answer);
  const found: Path[] = [];
  if (!Array.isArray(list)) return found;
  list.forEach((handler, i) => {
    if (!isObject(handler) || handler.handler !== "buttons" || !Array.isArray(handler.params)) return;
    handler.params.forEach((branch, j) => {
      if (isObject(branch) && branch.value === text) found.push([...answer, i, "params", j, "value"]);
    });
  });
  return found;
}

/** Whether a step shows buttons that answer: then it should wait for them. */
export function hasButtons(step: Json): boolean {
  for (const { handler, params } of handlersIn(step)) if (handler === "show" && isObject(params) && params.type === "buttons") return true;
  return false;
}
