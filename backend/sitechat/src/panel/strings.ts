import type { Strings } from "./load";
import { asRecord } from "./read";

export type { Strings } from "./load";

/** A key of Strings. */
export type StringKey = keyof Strings;

/** Our languages; the words of each are a part of the panel, see load.ts. */
export const LANGUAGES = ["en", "ru", "es", "pt"] as const;

/** One of our languages. */
export type Language = (typeof LANGUAGES)[number];

/** Our language for a wish, by primary subtag in any case; undefined when we do not speak it (LOC-1). */
export function matchLanguage(wish: unknown): Language | undefined {
  const lang = typeof wish === "string" ? (wish.toLowerCase().split(/[-_]/)[0] ?? "") : "";
  return LANGUAGES.find((known) => known === lang);
}

/** The language for a locale, unless the site's `onlinechat.locale` names another one by `extends` (LOC-2). */
export function chooseLanguage(locale: string, site: unknown): Language {
  return matchLanguage(asRecord(site).extends) ?? matchLanguage(locale) ?? "en";
}

/**
 * The words of a language with overrides laid over them in order: the server's, then the site's `onlinechat.locale`. Only text
 * counts; an empty one stays empty (LOC-2). Unknown keys are ignored.
 */
export function makeStrings(words: Strings, server: unknown, site: unknown): Strings {
  const strings = { ...words };
  for (const layer of [asRecord(server), asRecord(site)]) {
    for (const key of Object.keys(strings) as StringKey[]) {
      const text = layer[key];
      if (typeof text === "string") strings[key] = text.slice(0, 500);
    }
  }
  return strings;
}

/** Puts values into the {places} of a text. */
export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}
