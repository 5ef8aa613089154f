import { regexOf, wordsOf } from "../blocks";
import { at, put, type Json, type JsonObject, type Path } from "../json";
import { buttonsOf } from "../titles";
import { button, labelled, make, drawingSelect, signButton, textField } from "./dom";
import { keyOf, objectAt, type Editor } from "./editor";
import { blockList } from "./list";

type How = "exact" | "words" | "pattern";

const howOf = (branch: JsonObject): How => (typeof branch.regex !== "string" ? "exact" : wordsOf(branch.regex) !== undefined || branch.regex === "" ? "words" : "pattern");

/** The branches of an answer: what it has to be, and what happens then. */
export function answersFields(e: Editor, path: Path, step: { path: Path; number: number; value: Json }): Node[] {
  const params = [...path, "params"];
  const list = (at(e.doc, params) ?? []) as JsonObject[];
  const buttons = buttonsOf(step.value);
  const names = `bot-buttons-${params.join("-")}`;
  const choices = make("datalist", "", { id: names }, ...buttons.map((text) => make("option", "", { value: text })));
  const box = make("ul", "bot-branches");
  list.forEach((branch, i) => box.append(drawBranch(e, [...params, i], i + 1, branch, names, step)));
  const missing = (): string[] => {
    const now = at(e.doc, params) as JsonObject[];
    return buttonsOf(at(e.doc, step.path) ?? null).filter((text) => !now.some((branch) => branch.value === text));
  };
  const more = make("div", "bot-acts", {}, button(keyOf(params, "add"), e.say("answer.add"), () => add([""])));
  const add = (texts: string[]): void => e.change(put(e.doc, params, [...(at(e.doc, params) as Json[]), ...texts.map((value) => ({ value, params: [] }))]), keyOf([...params, list.length, "value"], "text"));
  if (missing().length > 0) more.append(button(keyOf(params, "fill"), e.say("answer.fill"), () => add(missing())));
  return [choices, box, more];
}

function drawBranch(e: Editor, path: Path, number: number, branch: JsonObject, names: string, step: { path: Path; number: number; value: Json }): HTMLElement {
  const how = howOf(branch);
  const key = keyOf(path, "how");
  const hows = (["exact", "words", "pattern"] as const).map((name) => [name, e.say(`answer.${name}`)] as const);
  const choose = drawingSelect(key, hows, how, (next) => {
    const { value, regex, ...rest } = objectAt(e, path);
    const said = typeof value === "string" ? value : (wordsOf(String(regex)) ?? String(regex));
    // The words of a pattern are the nearest to a text, and the other way round.
    const fresh: JsonObject = next === "exact" ? { value: said } : next === "words" ? { regex: regexOf(said || " ").replace("/ /iu", "") } : { regex: String(regex ?? regexOf(said)) };
    if (next === "pattern" && wordsOf(String(fresh.regex)) !== undefined) fresh.regex = `/${said || ".*"}/i`;
    e.change(put(e.doc, path, { ...fresh, ...rest }));
  });
  const what =
    how === "exact"
      ? labelled(e.say("answer.text"), field(e, [...path, "value"], (text) => text, String(branch.value), names))
      : labelled(e.say(how === "words" ? "answer.contains" : "answer.regex"), field(e, [...path, "regex"], how === "words" ? (text) => (text ? regexOf(text) : "") : (text) => text, how === "words" ? (wordsOf(String(branch.regex)) ?? "") : String(branch.regex), ""));
  const remove = signButton(keyOf(path, "remove"), "remove", e.say("answer.remove", { number }), () => e.change(put(e.doc, path, undefined), keyOf(path.slice(0, -1), "add")));
  const box = make(
    "div", "bot-branch", { "data-path": path.join("/"), role: "group", "aria-label": e.say("answer.branch", { number }) },
    make("div", "bot-row", {}, make("div", "bot-row__fields", {}, labelled(e.say("answer.how"), choose), what), remove),
    blockList(e, [...path, "params"], step, e.say("branch.then")),
  );
  return make("li", "", {}, box);
}

function field(e: Editor, place: Path, write: (text: string) => string, value: string, names: string): HTMLElement {
  const input = textField(keyOf([...place.slice(0, -1), "value"], "text"), value, (text) => e.type(place, write(text)));
  if (names) input.setAttribute("list", names);
  return input;
}
