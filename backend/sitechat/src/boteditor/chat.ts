// The chat in which an unsaved bot is tried: the server runs it and keeps nothing, so the state goes there and back.
import { isObject, parseJson, writeJson, type Json } from "./json";
import { stepName } from "./titles";
import type { Say } from "./words";
import { button, labelled, make } from "./view/dom";

export type Problem = { path: string; text: string; warning: boolean };
/** A button that answers is its bare text, as in the bot's own JSON. */
type Line = { text: string; buttons?: (string | { text: string; url: string })[] };

/** What the server says to a try (docs/http-api.md). */
export type Tried = {
  problems: Problem[];
  says?: Line[];
  acts?: string[];
  met?: string[];
  state?: Json;
  waiting?: { type: string; step: number } | null;
  closed?: boolean;
};

/** What the chat asks for, answered by the server or with a sentence that says why not. */
export type Ask = (fields: Record<string, string>) => Promise<Tried | string>;

export type TryChat = { element: HTMLElement; params(): Json };

const MAX_WORDS = 1000;

/** Draws the chat; ask runs the present bot, at tells which step waits, undefined for none. */
export function makeChat(say: Say, ask: Ask, doc: () => Json, at: (step: number | undefined) => void): TryChat {
  const log = make("div", "bot-chat__log", { role: "log", "aria-label": say("chat.log"), tabindex: "0" });
  const input = make("input", "console__input", { type: "text", autocomplete: "off", "aria-label": say("chat.input"), placeholder: say("chat.input"), maxlength: String(MAX_WORDS), "data-key": "chat:input" });
  const send = button("chat:send", say("chat.send"), () => void speak(input.value), "console__button_main");
  const state = make("p", "bot-chat__state", { role: "status" });
  const params = make("textarea", "console__snippet", { rows: "4", spellcheck: "false", autocapitalize: "off", translate: "no" });
  params.value = '{ "username": "Maria", "locale": "pt" }';
  const paramsError = make("span", "console__error", { role: "alert" });
  const start = button("chat:start", say("chat.start"), () => void run(undefined));
  let kept: Json | undefined;
  let busy = false;

  const given = (): Json => {
    const read = parseJson(params.value.trim() || "{}");
    const good = "value" in read && isObject(read.value);
    params.toggleAttribute("aria-invalid", !good);
    paramsError.textContent = good ? "" : say("chat.params_error");
    return good ? read.value : {};
  };
  params.addEventListener("input", given);
  const ready = (open: boolean): void => {
    input.disabled = send.disabled = !open;
  };
  const add = (className: string, ...children: (Node | string)[]): void => {
    log.append(make("div", className, {}, ...children));
    log.scrollTop = log.scrollHeight;
  };

  async function run(words: string | undefined): Promise<void> {
    if (busy) return;
    busy = true;
    if (words === undefined) {
      log.replaceChildren();
      kept = undefined;
    }
    const fields: Record<string, string> = { params: writeJson(given()), said: words ?? "" };
    if (kept !== undefined) fields.state = writeJson(kept);
    const answer = await ask(fields);
    busy = false;
    start.textContent = say("chat.restart");
    if (typeof answer === "string") return add("bot-chat__note bot-chat__note--bad", answer);
    show(answer);
  }

  function show(answer: Tried): void {
    for (const line of answer.says ?? []) {
      const buttons = (line.buttons ?? []).map((one) =>
        typeof one === "string" ? button("", one, () => void speak(one)) : make("a", "console__button bot-button", { href: one.url, target: "_blank", rel: "noopener noreferrer" }, one.text),
      );
      add("bot-chat__said", make("span", "bot-chat__text", {}, line.text), ...(buttons.length > 0 ? [make("span", "bot-chat__buttons", {}, ...buttons)] : []));
    }
    for (const act of answer.acts ?? []) add("bot-chat__note", act);
    for (const met of answer.met ?? []) add("bot-chat__note bot-chat__note--bad", met);
    kept = answer.state;
    const step = answer.waiting?.step;
    at(step);
    ready(step !== undefined);
    if (answer.closed) add("bot-chat__note", say("chat.closed"));
    state.textContent = step === undefined ? say("chat.over") : say("chat.waiting", { step: stepName(doc(), step, say) });
  }

  async function speak(words: string): Promise<void> {
    const text = words.trim();
    if (!text || busy || input.disabled) return;
    input.value = "";
    add("bot-chat__mine", text);
    await run(text);
    if (!input.disabled) input.focus();
    else if (document.activeElement === document.body) start.focus(); // what had the focus is disabled
  }
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    void speak(input.value);
  });
  ready(false);

  const site = make("details", "bot-chat__params", {}, make("summary", "", {}, say("chat.params")), labelled(say("chat.params_label"), params), paramsError);
  const element = make(
    "section", "console__card bot-chat", { "aria-labelledby": "bot-chat-title" },
    make("h2", "console__subtitle", { id: "bot-chat-title" }, say("chat.title")), make("p", "bot-hint", {}, say("chat.text")),
    site, log, state, make("div", "bot-chat__composer", {}, input, send), make("div", "bot-acts", {}, start),
  );
  return { element, params: given };
}
