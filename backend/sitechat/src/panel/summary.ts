import type { Strings } from "./strings";

/** What is told of a message in one line: its text, or what kind of thing it is. */
export function describe({ kind, text, card }: { kind: string; text: string; card?: { name: string } | undefined }, strings: Strings): string {
  return text || card?.name || kindOf(kind, strings);
}

/** The word for a kind; none for texts and unknown kinds. */
export function kindOf(kind: string, strings: Readonly<Record<string, string>>): string {
  return strings[`kind.${kind}`] ?? "";
}

/** A size for people, such as 1.4 MB. */
export function formatBytes(bytes: number, lang: string): string {
  const [size, unit] = bytes < 1e3 ? [bytes, "byte"] : bytes < 1e6 ? [bytes / 1e3, "kilobyte"] : [bytes / 1e6, "megabyte"];
  return new Intl.NumberFormat(lang, { style: "unit", unit, maximumFractionDigits: size < 10 ? 1 : 0 }).format(size);
}

/** A duration as minutes and seconds: 0:07. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
