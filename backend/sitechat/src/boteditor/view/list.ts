// A list of blocks: what the bot does, one after another, on its own or inside a branch.
import { ACTS, branchOf, freshBlock, kindOf, type BlockKind } from "../blocks";
import { at, insert, isObject, parseJson, put, swap, writeJson, type Json, type JsonObject, type Path } from "../json";
import { answersFields } from "./answers";
import { checkRows, conditionRows } from "./conditions";
import { contactFields, endFields } from "./contact";
import { button, labelled, make, drawingSelect, signButton } from "./dom";
import { keyOf, objectAt, type Editor } from "./editor";
import { jumpField } from "./jump";
import { messageFields } from "./message";
import { markerField } from "./texts";

/** The step in which blocks stand. */
export type At = { path: Path; number: number; value: Json };

const kinds: readonly BlockKind[] = ["message", "conditions", "answers", "checks", "contact", "goto", "wait", "action", "end", "code"];
const branching = new Set<BlockKind>(["conditions", "answers", "checks"]);

/** Draws a list with what adds to it; the words say what the list is. */
export function blockList(e: Editor, path: Path, step: At, label: string): HTMLElement {
  const value = at(e.doc, path);
  const list = Array.isArray(value) ? value : [];
  const box = make("ol", "bot-blocks", { "aria-label": label });
  list.forEach((handler, i) => {
    box.append(drawBlock(e, path, i, list.length, step));
    // What stands behind a branch is what happens otherwise.
    if (branching.has(kindOf(handler)) && !hasOtherwise(handler)) box.append(make("li", "bot-otherwise", {}, e.say(i + 1 < list.length ? "branch.otherwise" : "branch.otherwise_nothing")));
  });
  return make("div", "bot-part", { "data-path": path.join("/") }, make("p", "bot-part__title", {}, label), box, addMenu(e, path, list.length, step));
}

const hasOtherwise = (handler: Json): boolean => isObject(handler) && (handler.otherwise !== undefined || (isObject(handler.params) && handler.params.otherwise !== undefined));

function addMenu(e: Editor, path: Path, count: number, step: At): HTMLElement {
  const key = keyOf(path, "menu");
  const menu = make("details", "bot-menu");
  const summary = make("summary", "console__button bot-button", { "data-key": key }, e.say("block.add"));
  const items = make("div", "bot-menu__items");
  for (const kind of kinds) {
    // Branches by an answer belong to where there is one.
    if (kind === "answers" && path[1] === "question" && path.length === 2) continue;
    items.append(button(keyOf(path, `add-${kind}`), e.say(`block.${kind}`), () => {
      const made = freshBlock(kind, step.number);
      e.change(insert(e.doc, path, count, made), `block:${[...path, count].join("/")}`);
      e.tell(e.say("block.added", { block: e.say(`block.${kind}`) }));
    }));
  }
  menu.append(summary, items);
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    event.stopPropagation();
    menu.open = false;
    summary.focus();
  });
  return menu;
}

function drawBlock(e: Editor, list: Path, index: number, count: number, step: At): HTMLElement {
  const path = [...list, index];
  const handler = at(e.doc, path) as Json;
  const kind = kindOf(handler);
  const name = kind === "code" && isObject(handler) && typeof handler.handler === "string" && handler.handler ? e.say("block.code_of", { name: handler.handler }) : e.say(`block.${kind}`);
  const move = (to: number, key: string): void => {
    e.change(swap(e.doc, list, index, to), keyOf([...list, to], key));
    e.tell(e.say("moved", { what: name, place: to + 1 }));
  };
  const tools = make(
    "div", "bot-tools", {},
    signButton(keyOf(path, "up"), "up", e.say("up", { what: name }), () => move(index - 1, "up"), index === 0),
    signButton(keyOf(path, "down"), "down", e.say("down", { what: name }), () => move(index + 1, "down"), index === count - 1),
    signButton(keyOf(path, "remove"), "remove", e.say("remove", { what: name }), () => {
      e.change(put(e.doc, path, undefined), keyOf(list, "menu"));
      e.tell(e.say("removed", { what: name }));
    }),
  );
  const key = `block:${path.join("/")}`;
  const body = make("div", "bot-block__body", {}, ...fields(e, path, handler, kind, step));
  const block = make("div", `bot-block bot-block--${kind}`, { "data-path": path.join("/"), role: "group", "aria-label": name, tabindex: "-1", "data-key": key }, make("div", "bot-block__head", {}, make("span", "bot-block__name", {}, name), tools), body);
  return make("li", "", {}, block);
}

function fields(e: Editor, path: Path, handler: Json, kind: BlockKind, step: At): Node[] {
  const params = [...path, "params"];
  switch (kind) {
    case "message":
      return messageFields(e, path);
    case "goto":
      return [jumpField(e, params, e.say("jump.label"))];
    case "wait":
      return [jumpField(e, params, e.say("wait.label"))];
    case "conditions": {
      const branch = branchOf(handler as JsonObject, path);
      return branch ? [...conditionRows(e, branch), ...ends(e, branch.result, branch.otherwise, step)] : [];
    }
    case "answers":
      return answersFields(e, path, step);
    case "checks":
      return [...checkRows(e, params), ...ends(e, [...params, "result"], [...params, "otherwise"], step)];
    case "action":
      return actionFields(e, params);
    case "contact":
      return contactFields(e, params);
    case "end":
      return endFields(e, params);
    case "code":
      return [codeField(e, path)];
  }
}

/** What happens where a branch holds, and where it does not if the bot says so in the branch itself. */
function ends(e: Editor, result: Path, otherwise: Path, step: At): Node[] {
  const parts: Node[] = [];
  if (at(e.doc, result) === undefined) parts.push(make("p", "bot-hint", {}, e.say("branch.gate")));
  parts.push(blockList(e, result, step, e.say("branch.then")));
  if (at(e.doc, otherwise) !== undefined) parts.push(blockList(e, otherwise, step, e.say("branch.otherwise")));
  return parts;
}

function actionFields(e: Editor, params: Path): Node[] {
  const name = String(objectAt(e, params).name);
  const field = ACTS[name] ?? "";
  const names = Object.keys(ACTS).map((act) => [act, e.say(`action.${act}`)] as const);
  const choose = drawingSelect(keyOf(params, "name"), names, name, (next) => {
    const old = at(e.doc, [...params, "params", field]) ?? "";
    e.change(put(e.doc, params, { ...objectAt(e, params), name: next, params: { [ACTS[next] ?? ""]: old } }));
  });
  return [labelled(e.say("action.label"), choose), markerField(e, [...params, "params", field], e.say("action.value"), name === "add_note" ? 2 : 1)];
}

/** What has no fields, as it stands in the bot; it is taken when it is JSON. */
export function codeField(e: Editor, path: Path): HTMLElement {
  const key = keyOf(path, "code");
  const text = writeJson(at(e.doc, path) ?? null);
  const field = make("textarea", "console__snippet bot-code", { "data-key": key, rows: String(Math.min(12, text.split("\n").length + 1)), spellcheck: "false", autocapitalize: "off", translate: "no" });
  field.value = text;
  const error = make("span", "console__error", { role: "alert" });
  field.addEventListener("input", () => {
    const read = parseJson(field.value);
    const bad = "mistake" in read;
    field.toggleAttribute("aria-invalid", bad);
    error.textContent = bad ? e.say("json.mistake", { line: read.mistake.line, column: read.mistake.column }) : "";
    if (!bad) e.type(path, read.value);
  });
  return make("div", "", {}, labelled(e.say("code.label"), field), error);
}
