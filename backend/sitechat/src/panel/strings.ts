import en from "./strings/en.json";
import es from "./strings/es.json";
import pt from "./strings/pt.json";
import ru from "./strings/ru.json";

/** Everything that the panel says, by key. The keys without a dot are the vendor's (O §2.4). */
export type Strings = Record<keyof typeof en, string>;

/** A key of Strings. */
export type StringKey = keyof Strings;

/** Our languages. */
export const LANGUAGES: Readonly<Record<string, Strings>> = { en, ru, es, pt };

/** Our language for a wish, by primary subtag in any case; undefined when we do not speak it (LOC-1). */
export function matchLanguage(wish: unknown): string | undefined {
  const lang = typeof wish === "string" ? (wish.toLowerCase().split(/[-_]/)[0] ?? "") : "";
  return Object.keys(LANGUAGES).find((known) => known === lang);
}

/**
 * The strings for a locale, with overrides laid over them in order: the server's, then the site's `onlinechat.locale`, whose
 * `extends` names another base language. Only text counts; an empty one stays empty (LOC-2). Unknown keys are ignored.
 */
export function makeStrings(locale: string, server: unknown, site: unknown): { lang: string; strings: Strings } {
  const own = asObject(site);
  const lang = matchLanguage(own.extends) ?? matchLanguage(locale) ?? "en";
  const strings: Strings = { ...en, ...LANGUAGES[lang] };
  for (const layer of [asObject(server), own]) {
    for (const key of Object.keys(strings) as StringKey[]) {
      const text = layer[key];
      if (typeof text === "string") strings[key] = text.slice(0, 500);
    }
  }
  return { lang, strings };
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
