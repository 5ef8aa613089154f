/** What the loader's parts themselves say. */
export type Words = { chat: string; close: string; contact: string };

const WORDS: Record<string, Words> = {
  en: { chat: "Chat", close: "Close", contact: "Contact us" },
  ru: { chat: "Чат", close: "Закрыть", contact: "Связаться с нами" },
  es: { chat: "Chat", close: "Cerrar", contact: "Contáctanos" },
  pt: { chat: "Chat", close: "Fechar", contact: "Fale conosco" },
};

/** Our language for the first wish that we can fulfil, by primary subtag (EMB-5), else English; and its words. */
export function chooseWords(...wishes: string[]): { lang: string; words: Words } {
  const lang = wishes.map((wish) => wish.toLowerCase().split(/[-_]/)[0] ?? "").find((wish) => Object.keys(WORDS).includes(wish)) ?? "en";
  return { lang, words: WORDS[lang] as Words };
}
