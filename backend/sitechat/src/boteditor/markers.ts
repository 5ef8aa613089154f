// The markers that texts and conditions may hold (O §4.3), as far as a greeting knows them.
import { BigNumber, isObject, type Json } from "./json";

/** What can be put into a text; the words are those of marker.<name>. */
export const MARKERS: readonly (readonly [name: string, marker: string])[] = [
  ["contact_name", "{{contact.name}}"],
  ["message_text", "{{message_text}}"],
  ["email", "{{message_text.email}}"],
  ["phone", "{{message_text.phone}}"],
  ["lead_id", "{{lead.id}}"],
  ["origin", "{{origin}}"],
  ["date", "{{current_date}}"],
  ["rand", "{{short_rand}}"],
];

const param = /\{\{\s*bot_params\.([\w.-]+)\s*\}\}/g;

/** The parameters of a site that a bot names, and those that the try-out is given, sorted. */
export function paramsIn(doc: Json, given: Json): string[] {
  const names = new Set<string>();
  const walk = (value: Json): void => {
    if (typeof value === "string") for (const [, name] of value.matchAll(param)) names.add(name ?? "");
    else if (typeof value === "object" && value !== null && !(value instanceof BigNumber)) Object.values(value).forEach(walk);
  };
  walk(doc);
  const leaves = (value: Json, at: string): void => {
    if (isObject(value)) for (const [key, item] of Object.entries(value)) leaves(item, at ? `${at}.${key}` : key);
    else if (at) names.add(at);
  };
  leaves(given, "");
  return [...names].sort();
}
