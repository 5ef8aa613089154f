/** Says the words of a key, with values in its {places}. */
export type Say = (key: string, values?: Record<string, string | number>) => string;

/** Words as the page brings them, in its language. A key without words says itself. */
export function makeSay(words: Record<string, string>): Say {
  return (key, values = {}) => (words[key] ?? key).replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}
