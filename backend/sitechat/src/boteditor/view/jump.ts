import { NOWHERE, stepsOf } from "../bot";
import { isObject, type Path } from "../json";
import { stepName } from "../titles";
import { labelled, select } from "./dom";
import { keyOf, objectAt, type Editor } from "./editor";

/** The choice of where a jump leads: a step, or what a step does with an answer. */
export function jumpField(e: Editor, params: Path, label: string): HTMLElement {
  const { type = "question", step: to = NOWHERE } = objectAt(e, params);
  const step = Number(to);
  const current = `${String(type)}:${step}`;
  const options: (readonly [string, string])[] = [];
  for (const part of ["question", "answer", "finish"]) {
    for (const { number, value: target } of stepsOf(e.doc)) {
      const option = `${part}:${number}`;
      const has = isObject(target) && Array.isArray(target[part]);
      // A step always can be begun; its other parts are offered where they are, or in a step that waits for its own answer.
      if (part !== "question" && !has && option !== current && !(part === "answer" && String(params[0]) === String(number))) continue;
      options.push([option, optionName(e, option)]);
    }
  }
  if (!options.some(([option]) => option === current)) options.unshift([current, e.say("jump.nowhere")]);
  const choice = select(keyOf(params, "jump"), options, current, (chosen) => {
    const [part = "question", number = "0"] = chosen.split(":");
    const old = objectAt(e, params);
    e.type(params, { ...old, type: part, step: typeof old.step === "string" ? number : Number(number) });
    choice.removeAttribute("aria-invalid");
  });
  for (const option of choice.options) option.dataset.jump = option.value;
  if (!stepsOf(e.doc).some(({ number }) => number === step)) choice.setAttribute("aria-invalid", "true");
  return labelled(label, choice);
}

/** How a target is called: "question:3" is the step, "answer:3" what it does with an answer. */
export function optionName(e: Pick<Editor, "doc" | "say">, option: string): string {
  const [part = "question", number = "0"] = option.split(":");
  if (!stepsOf(e.doc).some((step) => step.number === Number(number))) return e.say("jump.nowhere");
  const step = stepName(e.doc, Number(number), e.say);
  return part === "question" ? step : e.say(`jump.${part}`, { step });
}
