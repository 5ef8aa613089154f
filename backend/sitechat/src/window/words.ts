/** What the window itself says. */
export type Words = { chat: string; close: string };

const WORDS: Record<string, Words> = {
  en: { chat: "Chat", close: "Close" },
  ru: { chat: "Чат", close: "Закрыть" },
  es: { chat: "Chat", close: "Cerrar" },
  pt: { chat: "Chat", close: "Fechar" },
};

/** Our language for a wish, by primary subtag (EMB-5), else English; and its words. */
export function chooseWords(wish: string): { lang: string; words: Words } {
  const lang = wish.toLowerCase().split(/[-_]/)[0] ?? "";
  const found = Object.keys(WORDS).includes(lang) ? lang : "en";
  return { lang: found, words: WORDS[found] as Words };
}
