// How steps are called where people choose among them.
import { PARTS, stepsOf } from "./bot";
import { isObject, type Json, type JsonObject } from "./json";
import { kindOf } from "./blocks";
import type { Say } from "./words";

const SHOWN = 40;

function short(text: string): string {
  const line = [...text.replace(/\s+/g, " ").trim()];
  return line.length > SHOWN ? line.slice(0, SHOWN).join("") + "…" : line.join("");
}

/** Every handler of a step in the order of its text, those in branches too. */
export function* handlersIn(value: Json | undefined): Generator<JsonObject> {
  if (Array.isArray(value)) for (const item of value) yield* handlersIn(item);
  if (!isObject(value)) return;
  if (typeof value.handler === "string") yield value;
  for (const item of Object.values(value)) yield* handlersIn(item);
}

function gist(step: Json, say: Say): string {
  if (!isObject(step)) return say("step.code");
  const parts = PARTS.map((part) => step[part]);
  for (const handler of handlersIn(parts as Json[])) {
    if (kindOf(handler) === "message") {
      const text = short(String((handler.params as JsonObject).value));
      if (text) return text;
    }
  }
  for (const handler of handlersIn(parts as Json[])) return say(`block.${kindOf(handler)}`);
  return say("step.empty");
}

/** A step's name; people count from 1. */
export function stepName(doc: Json, number: number, say: Say): string {
  return say("step.name", { number: number + 1, gist: gist(stepsOf(doc).find((step) => step.number === number)?.value ?? {}, say) });
}

/** The buttons that messages of a step show to a visitor. */
export function buttonsOf(step: Json): string[] {
  const texts = new Set<string>();
  for (const handler of handlersIn(isObject(step) ? step.question : undefined)) {
    const p = handler.params;
    if (kindOf(handler) === "message" && isObject(p) && p.type === "buttons") for (const text of p.buttons as string[]) if (text) texts.add(text);
  }
  return [...texts];
}
