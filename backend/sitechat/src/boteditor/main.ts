// The editor of an online chat's bot, over the form that works without it: the field with the JSON becomes one of two tabs.
import { makeChat, type Ask, type Problem, type Tried } from "./chat";
import { isBot, stepsOf } from "./bot";
import { makeHistory } from "./history";
import { parseJson, put, writeJson, type JsonMistake } from "./json";
import { paramsIn } from "./markers";
import { showProblems } from "./problems";
import { TEMPLATES } from "./templates";
import { stepName } from "./titles";
import { button, focusKey, make } from "./view/dom";
import type { Editor } from "./view/editor";
import { optionName } from "./view/jump";
import { drawSteps } from "./view/steps";
import { makeTabs } from "./view/tabs";
import { makeSay } from "./words";

type Data = { try: string; csrf: string; words: Record<string, string>; read_only: boolean; max_bytes: number; file: string; problems: Problem[] };

const CHECK_MS = 900;

const find = <E extends HTMLElement>(selector: string): E => document.querySelector(selector) as E;
const data = JSON.parse(find("#bot-data").textContent ?? "") as Data;
const say = makeSay(data.words);
const form = find<HTMLFormElement>("#bot-form");
const text = find<HTMLTextAreaElement>("#bot-json");
const file = document.querySelector<HTMLInputElement>("#bot-file"); // not there for who may only read
const jsonPanel = find(".js-bot-json");

const steps = make("div", "bot-panel", { id: "bot-steps" });
const problems = make("ul", "bot-problems", { "aria-label": say("problem.list") });
const live = make("p", "bot-live", { role: "status" });
const jsonError = make("p", "console__error", { role: "alert", id: "bot-json-error" });
const tools = make("div", "bot-bar");
const folded = new Set<string>();

const first = parseJson(text.value.trim() || "{}");
const history = makeHistory("value" in first ? first.value : {});
const saved = text.value;
let leaving = false;
let mistake: JsonMistake | undefined = "mistake" in first ? first.mistake : undefined;

const editor = (): Editor => ({
  doc: history.doc(),
  say,
  readOnly: data.read_only,
  params: paramsIn(history.doc(), chat.params()),
  type(path, value, field = path) {
    history.change(put(history.doc(), path, value), field.join("/"));
    written();
  },
  change(doc, focus) {
    history.change(doc);
    written();
    draw(focus);
  },
  tell: (words) => (live.textContent = words),
  folded,
});

/** What follows from every change: the JSON, the names of steps, the check. */
function written(): void {
  text.value = writeJson(history.doc());
  setMistake(undefined);
  renameSteps();
  changed();
}

function changed(): void {
  leaving = false;
  undo.disabled = !history.canUndo();
  redo.disabled = !history.canRedo();
  clearTimeout(timer);
  timer = setTimeout(() => void check(), CHECK_MS);
}

function renameSteps(): void {
  const doc = history.doc();
  for (const title of steps.querySelectorAll<HTMLElement>("[data-title]")) title.textContent = stepName(doc, Number(title.dataset.title), say);
  for (const option of steps.querySelectorAll<HTMLOptionElement>("[data-jump]")) option.textContent = optionName({ doc, say }, option.dataset.jump ?? "");
}

function draw(focus?: string): void {
  const key = focus ?? (document.activeElement as HTMLElement | null)?.dataset.key;
  const e = { ...editor() };
  // A view may change the document twice; it always reads the present one.
  Object.defineProperty(e, "doc", { get: () => history.doc() });
  const none = !isBot(e.doc) || stepsOf(e.doc).length === 0;
  steps.replaceChildren(...(none ? [begin()] : []), ...(isBot(e.doc) ? drawSteps(e) : [make("p", "bot-hint", {}, say("not_a_bot"))]));
  if (data.read_only) for (const field of steps.querySelectorAll<HTMLInputElement>("input, textarea, select, button")) field.disabled = true;
  showProblems(problems, steps, found, e.doc, say);
  mark(running);
  if (key) focusKey(steps, key);
}

/** The templates, where there is nothing yet or to begin anew. */
function begin(): HTMLElement {
  const list = Object.entries(TEMPLATES).map(([name, build]) => button(`template:${name}`, say(`template.${name}`), () => editor().change(build(say), "step:0")));
  return make("div", "bot-begin", {}, make("p", "", {}, say("template.title")), make("div", "bot-acts", {}, ...list));
}

// --- the JSON ---

function setMistake(next: JsonMistake | undefined): void {
  mistake = next;
  text.toggleAttribute("aria-invalid", !!next);
  jsonError.textContent = next ? say(next.why === "deep" ? "json.deep" : "json.mistake", { line: next.line, column: next.column }) : "";
}

text.addEventListener("input", () => {
  const read = parseJson(text.value.trim() || "{}");
  setMistake("mistake" in read ? read.mistake : undefined);
  if ("value" in read) history.change(read.value, "json");
  changed();
});

/** Where JSON cannot be read there are no steps to show. */
function mayLeaveJson(): boolean {
  if (!mistake) return true;
  const lines = text.value.split("\n");
  const at = lines.slice(0, mistake.line - 1).reduce((sum, line) => sum + line.length + 1, 0) + mistake.column - 1;
  text.focus();
  text.setSelectionRange(at, at + 1);
  return false;
}

file?.addEventListener("change", async () => {
  const chosen = file.files?.[0];
  if (!chosen) return;
  if (chosen.size > data.max_bytes) {
    live.textContent = say("file.large", { max: data.max_bytes / 1024 });
    file.value = "";
    return;
  }
  const content = await chosen.text();
  file.value = ""; // the field goes with the form, and would win
  const read = parseJson(content);
  if ("mistake" in read) {
    tabs.choose("json");
    text.value = content;
    setMistake(read.mistake);
    mayLeaveJson();
    return;
  }
  editor().change(read.value);
  text.value = content;
  live.textContent = say("file.taken", { name: chosen.name });
});

function exportFile(): void {
  const link = make("a", "", { href: URL.createObjectURL(new Blob([text.value], { type: "application/json" })), download: data.file });
  link.click(); // outside of the page, whose links ask for a session first
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// --- the server: what is wrong, and the try ---

let found: Problem[] = data.problems;
let running: number | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
let asked = 0;

const ask: Ask = async (fields) => {
  if (mistake) return say("json.first");
  try {
    const answer = await fetch(data.try, { method: "POST", body: new URLSearchParams({ csrf: data.csrf, bot: text.value, ...fields }) });
    if (answer.status === 401) return document.body.dataset.over ?? "";
    const body = (await answer.json()) as Tried & { error?: { message: string } };
    return answer.ok ? body : (body.error?.message ?? "");
  } catch {
    return document.body.dataset.offline ?? "";
  }
};

function take(answer: Tried | string): Tried | string {
  if (typeof answer !== "string") {
    found = answer.problems;
    showProblems(problems, steps, found, history.doc(), say);
  }
  return answer;
}

/** Asks what is wrong; without an answer the last one stands. */
async function check(): Promise<void> {
  if (mistake || text.value.trim() === "") return;
  const mine = ++asked;
  const answer = await ask({ check: "1" });
  if (mine === asked) take(answer);
}

function mark(step: number | undefined): void {
  running = step;
  for (const card of steps.querySelectorAll<HTMLElement>("[data-step]")) {
    const here = card.dataset.step === String(step);
    card.classList.toggle("bot-step--running", here);
    if (here) card.setAttribute("aria-current", "step");
    else card.removeAttribute("aria-current");
  }
}

// --- the page ---

const back = (how: () => boolean): void => {
  if (!how()) return;
  written();
  draw();
};
const undo = button("undo", say("undo"), () => back(history.undo));
const redo = button("redo", say("redo"), () => back(history.redo));
undo.disabled = redo.disabled = true;
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || (event.target as Element).matches("input, textarea")) return; // fields undo by themselves
  const key = event.key.toLowerCase();
  if (key !== "z" && key !== "y") return;
  event.preventDefault();
  back(key === "y" || event.shiftKey ? history.redo : history.undo);
});

const tabs = makeTabs(say("tabs"), [
  { name: "steps", label: say("tab.steps"), panel: steps },
  { name: "json", label: say("tab.json"), panel: jsonPanel },
], (to) => {
  if (to === "json") return true;
  if (!mayLeaveJson()) return false;
  draw();
  return true;
});
const chat = makeChat(say, async (fields) => take(await ask(fields)), history.doc, mark);

const again = make("details", "bot-menu", {}, make("summary", "console__button bot-button", {}, say("template.again_title")), begin());
again.addEventListener("click", (event) => (event.target as Element).closest(".bot-begin button") && (again.open = false));
tools.append(tabs.element);
if (!data.read_only) tools.append(make("div", "bot-acts", {}, undo, redo, again));
text.setAttribute("aria-describedby", `${text.getAttribute("aria-describedby") ?? ""} bot-json-error`.trim());
text.after(jsonError);
form.prepend(tools, problems, live, steps);
const download = document.querySelector<HTMLElement>(".js-bot-export");
download?.replaceWith(button("export", download.textContent ?? "", exportFile));
find(".js-bot-chat").append(chat.element);
document.querySelector(".js-bot-problems ul")?.remove(); // they stand in the cards
document.body.classList.add("bot-on");
tabs.choose(mistake ? "json" : "steps");
if (mistake) setMistake(mistake);
draw();

form.addEventListener("submit", (event) => {
  if (mistake) {
    event.preventDefault();
    event.stopImmediatePropagation();
    tabs.choose("json");
    mayLeaveJson();
    return;
  }
  leaving = true;
});
addEventListener("beforeunload", (event) => {
  if (!leaving && text.value !== saved) event.preventDefault();
});
