// What is wrong with a bot, shown where it is.
import type { Problem } from "./chat";
import { stepsOf } from "./bot";
import type { Json } from "./json";
import { stepName } from "./titles";
import type { Say } from "./words";
import { button, make } from "./view/dom";

/** Finds the innermost drawn part of a path, which may lead deeper than what is drawn. */
export function placeOf(root: HTMLElement, path: string): HTMLElement | undefined {
  for (let keys = path.split("/"); keys.length > 0; keys = keys.slice(0, -1)) {
    const found = root.querySelector<HTMLElement>(`[data-path="${CSS.escape(keys.join("/"))}"]`);
    if (found) return found;
  }
  return undefined;
}

/** Puts the problems into the list and to their cards; what was there of the last time goes. */
export function showProblems(list: HTMLElement, root: HTMLElement, problems: readonly Problem[], doc: Json, say: Say): void {
  for (const old of root.querySelectorAll(".bot-problem")) old.remove();
  for (const step of root.querySelectorAll(".bot-step__state")) step.textContent = "";
  const items = problems.map((problem) => {
    const place = placeOf(root, problem.path);
    const kind = problem.warning ? "bot-problem--warning" : "bot-problem--bad";
    const words = `${say(problem.warning ? "problem.warning" : "problem.error")}: ${problem.text}`;
    if (place) {
      const into = place.matches(".bot-block, .bot-row, .bot-branch, .bot-part") ? place : (place.querySelector(".bot-step__fold") ?? place);
      into.append(make("p", `bot-problem ${kind}`, {}, words));
      const state = place.closest(".bot-step")?.querySelector(".bot-step__state");
      if (state) state.textContent = say("problem.here");
    }
    const number = Number(problem.path.split("/")[0]);
    const inStep = problem.path !== "" && stepsOf(doc).some((step) => step.number === number);
    const text = inStep ? `${stepName(doc, number, say)} · ${words}` : words;
    return make("li", `bot-problems__item ${kind}`, {}, place ? button("", text, () => goTo(place), "bot-problems__go") : text);
  });
  list.replaceChildren(...items);
}

/** Unfolds a place's card and goes there. */
export function goTo(place: HTMLElement): void {
  const fold = place.closest<HTMLDetailsElement>(".bot-step__fold") ?? place.querySelector<HTMLDetailsElement>(".bot-step__fold");
  if (fold) fold.open = true;
  const field = place.matches("[tabindex]") ? place : place.querySelector<HTMLElement>("[aria-invalid], input, textarea, select, summary");
  place.scrollIntoView({ block: "center" });
  field?.focus({ preventScroll: true });
}
