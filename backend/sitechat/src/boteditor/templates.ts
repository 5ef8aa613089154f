// Bots to begin with, in the language of the page.
import type { Json, JsonObject } from "./json";
import type { Say } from "./words";

const text = (value: string): JsonObject => ({ handler: "show", params: { type: "text", value } });
const go = (step: number): JsonObject => ({ handler: "goto", params: { type: "question", step } });
const wait = (step: number): JsonObject => ({ handler: "wait_answer", params: { type: "answer", step } });
const buttons = (value: string, list: string[]): JsonObject => ({ handler: "show", params: { type: "buttons", value, buttons: list } });

function ask(value: string, step: number, branches: [string, number][]): JsonObject {
  return {
    question: [buttons(value, branches.map(([name]) => name)), wait(step)],
    answer: [{ handler: "buttons", params: branches.map(([name, to]) => ({ value: name, params: [go(to)] })) }],
  };
}

function valid(type: string, to: number): JsonObject {
  const conditions = [{ client_value: "{{message_text}}", type, condition_value: "", operation: "contains" }];
  return { handler: "validations", params: { logic: "and", conditions, result: [go(to)] } };
}

/** What each language is greeted with by the bot that goes by the site's language: the same on every page. */
const hello: readonly (readonly [lang: string, text: string])[] = [
  ["ru", "Здравствуйте! Чем можем помочь?"],
  ["es", "¡Hola! ¿En qué podemos ayudar?"],
  ["pt", "Olá! Como podemos ajudar?"],
  ["en", "Hello! How can we help?"],
];

function byLanguage(): Json {
  const others = hello.slice(0, -1);
  const branches = others.map(([lang], i) => ({
    handler: "conditions",
    params: { logic: "and", conditions: [{ term1: "{{bot_params.locale}}", term2: lang, operation: "=" }], result: [go(i + 1)] },
  }));
  const steps: JsonObject[] = [{ question: [...branches, go(hello.length)] }, ...hello.map(([, value]) => ({ question: [text(value)] }))];
  return numbered(steps);
}

const numbered = (steps: JsonObject[]): Json => Object.fromEntries(steps.map((step, i) => [String(i), step]));

/** The templates by the names that template.<name> has words for. */
export const TEMPLATES: Readonly<Record<string, (say: Say) => Json>> = {
  greeting: (say) => numbered([{ question: [text(say("template.hello"))] }]),
  buttons: (say) =>
    numbered([
      ask(say("template.what"), 0, [[say("template.prices"), 1], [say("template.help"), 2]]),
      { question: [{ handler: "show", params: { type: "buttons_url", value: say("template.prices_text"), buttons: [{ text: say("template.open"), url: "https://example.com/" }] } }] },
      { question: [text(say("template.help_text"))] },
    ]),
  contact: (say) =>
    numbered([
      { question: [text(say("template.ask")), wait(0)], answer: [{ handler: "preset", params: { name: "contacts.get_base_info" } }, valid("email", 1), valid("phone", 1), go(2)] },
      { question: [text(say("template.thanks"))] },
      { question: [text(say("template.again")), wait(0)] },
    ]),
  language: byLanguage,
};
