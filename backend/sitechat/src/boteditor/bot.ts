// The bot as a document: JSON in one of its two forms (O §4.3), an array of steps or an object with keys "0", "1", … The document is
// never translated into something else, so that all that the editor does not understand stays as it is.
import { BigNumber, isObject, type Json, type JsonObject, type Path, put } from "./json";

/** A step where it stands: number is what jumps call it by. */
export type Step = { number: number; path: Path; value: Json };

/** The parts of a step, in the order in which they are shown. */
export const PARTS = ["question", "answer", "finish"] as const;
export type Part = (typeof PARTS)[number];

/** A value with nothing that a bot could be. */
export function isBot(doc: Json): doc is Json[] | JsonObject {
  return Array.isArray(doc) || isObject(doc);
}

const stepKey = /^(?:0|[1-9]\d{0,5})$/;

/** The steps by number. Those of an array are numbered as they stand there, those of an object by their keys. */
export function stepsOf(doc: Json): Step[] {
  if (Array.isArray(doc)) return doc.map((value, number) => ({ number, path: [number], value }));
  if (!isObject(doc)) return [];
  return Object.entries(doc)
    .filter(([key]) => stepKey.test(key))
    .map(([key, value]) => ({ number: Number(key), path: [key], value }))
    .sort((a, b) => a.number - b.number);
}

/** What an object holds besides its steps, such as error. */
export function extrasOf(doc: Json): { path: Path; value: Json }[] {
  if (!isObject(doc)) return [];
  return Object.entries(doc).filter(([key]) => !stepKey.test(key)).map(([key, value]) => ({ path: [key], value }));
}

/** A jump to no step: its target was taken away, and a person has to choose another. */
export const NOWHERE = -1;

const jumps = new Set(["goto", "wait_answer"]);

/** The step that a handler jumps to; undefined for one that does not jump, or in a way that we do not know. */
export function targetOf(handler: Json | undefined): number | undefined {
  if (!isObject(handler) || typeof handler.handler !== "string" || !jumps.has(handler.handler) || !isObject(handler.params)) return undefined;
  const { step } = handler.params;
  if (typeof step === "string" && /^-?\d+$/.test(step)) return Number(step);
  return typeof step === "number" && Number.isInteger(step) ? step : undefined;
}

/** Gives all jumps in a value their new targets, also those inside handlers that we do not know. */
function retarget(value: Json, to: (step: number) => number): Json {
  if (value instanceof BigNumber || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const list = value.map((item) => retarget(item, to));
    return list.some((item, i) => item !== value[i]) ? list : value;
  }
  const old = targetOf(value);
  if (old !== undefined) {
    const step = to(old);
    if (step === old) return value;
    const text = typeof (value.params as JsonObject).step === "string";
    return put(value, ["params", "step"], text ? String(step) : step);
  }
  const entries = Object.entries(value).map(([key, item]) => [key, retarget(item, to)] as const);
  return entries.some(([key, item]) => item !== value[key]) ? Object.fromEntries(entries) : value;
}

/**
 * Puts the steps into another order: each place names the step that stands there now by its place, or brings a new one. All are
 * numbered anew from 0 and the jumps follow; jumps to a step that is in no place any more lead NOWHERE. Jumps that led to no
 * step before still do.
 */
function arrange(doc: Json, order: (number | { fresh: Json })[]): Json {
  const old = stepsOf(doc);
  const places = new Map<number, number>();
  order.forEach((from, place) => typeof from === "number" && old[from] && places.set(old[from].number, place));
  const known = new Set(old.map((step) => step.number));
  const free = Math.max(order.length, ...old.map((step) => step.number + 1));
  // What led to no step must not come to lead to one.
  const to = (step: number): number => places.get(step) ?? (known.has(step) || (step >= 0 && step < free) ? NOWHERE : step);
  const steps = order.map((from) => (typeof from === "number" ? retarget(old[from]?.value ?? null, to) : from.fresh));
  if (Array.isArray(doc)) return steps;
  const extras = extrasOf(doc).map(({ path, value }) => [String(path[0]), retarget(value, to)] as const);
  return Object.fromEntries([...steps.map((step, i) => [String(i), step] as const), ...extras]);
}

const placesOf = (doc: Json): (number | { fresh: Json })[] => stepsOf(doc).map((_, i) => i);

/** A document with a step more, at a place among the steps. */
export function addStep(doc: Json, place: number, step: Json): Json {
  const order = placesOf(doc);
  order.splice(place, 0, { fresh: step });
  return arrange(doc, order);
}

export function removeStep(doc: Json, place: number): Json {
  return arrange(doc, placesOf(doc).filter((_, i) => i !== place));
}

/** Moves a step to another place; the others close up. */
export function moveStep(doc: Json, place: number, to: number): Json {
  const order = placesOf(doc);
  const [moved] = order.splice(place, 1);
  if (moved === undefined) return doc;
  order.splice(to, 0, moved);
  return arrange(doc, order);
}

/** Puts a copy behind a step; jumps of the step to itself lead the copy to itself. */
export function duplicateStep(doc: Json, place: number): Json {
  const source = stepsOf(doc)[place];
  if (!source) return doc;
  const wide = addStep(doc, place + 1, {});
  const steps = stepsOf(wide);
  const original = steps[place];
  const copy = steps[place + 1];
  if (!original || !copy) return doc;
  return put(wide, copy.path, retarget(original.value, (step) => (step === original.number ? copy.number : step)));
}

/** How many jumps lead to a step from other steps. */
export function jumpsTo(doc: Json, number: number): number {
  let found = 0;
  for (const step of stepsOf(doc)) {
    if (step.number === number) continue;
    retarget(step.value, (target) => {
      if (target === number) found++;
      return target;
    });
  }
  return found;
}
