// The steps as cards.
import { addStep, duplicateStep, extrasOf, jumpsTo, moveStep, PARTS, removeStep, stepsOf, type Part, type Step } from "../bot";
import { freshBlock } from "../blocks";
import { at, isObject, put, type Json } from "../json";
import { buttonsOf, stepName } from "../titles";
import { button, make, signButton } from "./dom";
import type { Editor } from "./editor";
import { hasButtons } from "./message";
import { blockList, codeField } from "./list";

/** Draws all steps of a document, and what else stands in it. */
export function drawSteps(e: Editor): Node[] {
  const steps = stepsOf(e.doc);
  const list = make("ol", "bot-steps", { "aria-label": e.say("steps.label") });
  steps.forEach((step, place) => list.append(drawStep(e, step, place, steps.length)));
  const add = make("div", "bot-acts", {}, button("steps:add", e.say("step.add"), () => append(e, { question: [freshBlock("message", 0)] })), button("steps:add-question", e.say("step.add_question"), () => append(e, question(e, steps.length))));
  const extras = extrasOf(e.doc).map(({ path, value }) => {
    const known = path[0] === "error" && Array.isArray(value);
    const title = make("h3", "bot-step__title", {}, e.say(known ? "extra.error" : "extra.other", { name: String(path[0]) }));
    return make("section", "bot-step bot-step--extra", { "data-path": path.join("/") }, title, known ? blockList(e, path, { path, number: 0, value: null }, e.say("part.error")) : codeField(e, path));
  });
  return [list, add, ...extras];
}

/** A question with two buttons that waits, with a branch for each. */
function question(e: Editor, number: number): Json {
  const texts = [e.say("question.yes"), e.say("question.no")];
  return {
    question: [{ handler: "show", params: { type: "buttons", value: "", buttons: texts } }, freshBlock("wait", number)],
    answer: [{ handler: "buttons", params: texts.map((value) => ({ value, params: [] })) }],
  };
}

function append(e: Editor, step: Json): void {
  const place = stepsOf(e.doc).length;
  const doc = addStep(e.doc, place, step);
  e.change(doc, `step:${place}`);
  e.tell(e.say("step.added", { number: place + 1 }));
}

function drawStep(e: Editor, step: Step, place: number, count: number): HTMLElement {
  const name = stepName(e.doc, step.number, e.say);
  const path = step.path.join("/");
  const key = `step:${place}`;
  const fold = `fold:${step.number}`;
  const box = make("details", "bot-step__fold");
  box.open = !e.folded.has(fold);
  box.addEventListener("toggle", () => (box.open ? e.folded.delete(fold) : e.folded.add(fold)));
  const move = (to: number, tool: string): void => {
    e.change(moveStep(e.doc, place, to), `${tool}:${to}`);
    e.tell(e.say("moved", { what: name, place: to + 1 }));
  };
  const tools = make(
    "div", "bot-tools", {},
    signButton(`up:${place}`, "up", e.say("up", { what: name }), () => move(place - 1, "up"), place === 0),
    signButton(`down:${place}`, "down", e.say("down", { what: name }), () => move(place + 1, "down"), place === count - 1),
    signButton(`copy:${place}`, "copy", e.say("step.duplicate", { what: name }), () => {
      e.change(duplicateStep(e.doc, place), `step:${place + 1}`);
      e.tell(e.say("step.added", { number: place + 2 }));
    }),
    signButton(`remove:${place}`, "remove", e.say("remove", { what: name }), () => {
      const jumps = jumpsTo(e.doc, step.number);
      e.change(removeStep(e.doc, place), place > 0 ? `step:${place - 1}` : "steps:add");
      e.tell(jumps > 0 ? e.say("step.removed_with_jumps", { what: name, count: jumps }) : e.say("removed", { what: name }));
    }),
  );
  const title = make("h3", "bot-step__title", { "data-title": String(step.number) }, name);
  const state = make("span", "bot-step__state");
  box.append(make("summary", "bot-step__head", { "data-key": key }, title, state), tools, ...body(e, step));
  return make("li", "bot-step", { "data-path": path, "data-step": String(step.number) }, box);
}

function body(e: Editor, step: Step): Node[] {
  const { value } = step;
  if (!isObject(value) || PARTS.some((part) => value[part] !== undefined && !Array.isArray(value[part]))) return [codeField(e, step.path)];
  const parts: Node[] = PARTS.filter((part) => part !== "finish" || value.finish !== undefined).map((part) => drawPart(e, step, value[part], part));
  for (const key of Object.keys(value)) {
    if ((PARTS as readonly string[]).includes(key)) continue;
    const path = [...step.path, key];
    parts.push(make("div", "bot-part", { "data-path": path.join("/") }, make("p", "bot-part__title", {}, e.say("extra.other", { name: key })), codeField(e, path)));
  }
  return parts;
}

function drawPart(e: Editor, step: Step, value: Json | undefined, part: Part): HTMLElement {
  const path = [...step.path, part];
  const list = blockList(e, path, step, e.say(`part.${part}`));
  if (part !== "answer" || (Array.isArray(value) && value.length > 0)) return list;
  const menu = list.lastElementChild;
  menu?.before(make("p", "bot-hint", {}, e.say(hasButtons(step.value) ? "part.answer_buttons" : "part.answer_none")));
  if (hasButtons(step.value))
    menu?.before(button(`${path.join("/")}:branches`, e.say("answer.all"), () => e.change(put(e.doc, path, [freshAnswers(at(e.doc, step.path) ?? null)]), `${path.join("/")}:menu`)));
  return list;
}

function freshAnswers(step: Json): Json {
  const texts = buttonsOf(step);
  return { handler: "buttons", params: texts.map((value) => ({ value, params: [] })) };
}
