// The rows of conditions (O BOT-4..BOT-8) and of validations.
import { ALONE, type Branch, CHECKS, freshCheck, freshCondition, isRange, OPERATIONS } from "../blocks";
import { at, put, type Json, type JsonObject, type Path } from "../json";
import { labelled, make, drawingSelect, textField } from "./dom";
import { keyOf, objectAt, type Editor } from "./editor";
import { markerField, rows } from "./texts";


/** Both ends of a range; an empty one is not in the bot. */
function range(e: Editor, path: Path): HTMLElement[] {
  return ["from", "to"].map((end) => {
    const place = [...path, end];
    const value = at(e.doc, place);
    const field = textField(keyOf(place, "text"), typeof value === "number" ? String(value) : "", (typed) => {
      const number = Number(typed.replace(",", "."));
      e.type(path, put(at(e.doc, path) ?? {}, [end], typed.trim() === "" || Number.isNaN(number) ? undefined : number));
    });
    field.inputMode = "decimal";
    return labelled(e.say(`range.${end}`), field);
  });
}

/** One condition at a path: a value, an operation, what it is compared with. */
export function conditionRow(e: Editor, path: Path): Node[] {
  const operation = String(objectAt(e, path).operation);
  const choose = drawingSelect(keyOf(path, "operation"), OPERATIONS.map((name) => [name, e.say(`operation.${name}`)] as const), operation, (next) => {
    // What the second term is goes by the operation. What was typed since this was drawn counts.
    const row = objectAt(e, path);
    let term2: Json | undefined = row.term2;
    if (next === "in_range") term2 = isRange(term2) ? term2 : {};
    else if (typeof term2 === "object" || term2 === undefined) term2 = "";
    e.change(put(e.doc, path, { ...row, operation: next, term2 }), keyOf(path, "operation"));
  });
  const parts: Node[] = [markerField(e, [...path, "term1"], e.say("condition.term1")), labelled(e.say("condition.operation"), choose)];
  if (operation === "in_range") parts.push(...range(e, [...path, "term2"]));
  else if (!ALONE.includes(operation)) parts.push(markerField(e, [...path, "term2"], e.say("condition.term2")));
  return parts;
}

/** Whether all conditions must hold or one of them. */
function logic(e: Editor, path: Path): HTMLElement {
  const choose = (value: string): void => e.change(put(e.doc, path, value));
  return labelled(e.say("logic.label"), drawingSelect(keyOf(path, "choice"), [["and", e.say("logic.and")], ["or", e.say("logic.or")]], String(at(e.doc, path)), choose));
}

/** All conditions of a branch. */
export function conditionRows(e: Editor, branch: Branch): Node[] {
  if (branch.row) return [make("div", "bot-row__fields", {}, ...conditionRow(e, branch.row))];
  const path = branch.rows ?? [];
  const list = rows(e, path, freshCondition, e.say("condition.add"), (number) => e.say("condition.remove", { number }), (item) => conditionRow(e, item));
  return branch.logic && many(e, path) ? [logic(e, branch.logic), list] : [list];
}

const many = (e: Editor, path: Path): boolean => (at(e.doc, path) as Json[]).length > 1;

/** What an answer is taken for. */
export function checkRows(e: Editor, params: Path): Node[] {
  const path = [...params, "conditions"];
  const draw = (item: Path): Node[] => {
    const row = objectAt(e, item);
    const [type, operation] = [String(row.type), String(row.operation)];
    const changed = (key: "type" | "operation", chosen: string): void => {
      const next: JsonObject = { ...objectAt(e, item), [key]: chosen };
      const allowed = CHECKS[String(next.type)] ?? [];
      if (!allowed.includes(String(next.operation))) next.operation = allowed[0] ?? "";
      const value = next.condition_value;
      if (next.type === "range_numbers") next.condition_value = isRange(value) ? value : {};
      else if (next.type === "email" || next.type === "phone") next.condition_value = "";
      else if (typeof value === "object" || value === undefined) next.condition_value = "";
      e.change(put(e.doc, item, next), keyOf(item, key));
    };
    const parts: Node[] = [
      markerField(e, [...item, "client_value"], e.say("check.value")),
      labelled(e.say("check.type"), drawingSelect(keyOf(item, "type"), Object.keys(CHECKS).map((name) => [name, e.say(`check.${name}`)] as const), type, (value) => changed("type", value))),
      labelled(e.say("condition.operation"), drawingSelect(keyOf(item, "operation"), (CHECKS[type] ?? []).map((name) => [name, e.say(`check.${name}`)] as const), operation, (value) => changed("operation", value))),
    ];
    const value = [...item, "condition_value"];
    if (type === "range_numbers") parts.push(...range(e, value));
    else if (type === "regex" || type === "simple") parts.push(markerField(e, value, e.say("condition.term2")));
    return parts;
  };
  const list = rows(e, path, freshCheck, e.say("condition.add"), (number) => e.say("condition.remove", { number }), draw);
  return many(e, path) ? [logic(e, [...params, "logic"]), list] : [list];
}
