/** What formats the patterns that are not plain: a part of the panel, one for each language. */
export type Dates = { format: (at: Date, pattern: string, options: { locale: never }) => string; locale: unknown };

/** The default patterns (O §2.4). */
export const DATE_PATTERN = "dd.MM.YYYY";
export const TIME_PATTERN = "HH:mm";

/**
 * Formats a time by a pattern of date-fns (LOC-4). The documented defaults and their plain variations are known here, others
 * need the part. While it is not there, and where it does not know the pattern either, the default stands in (LOC-6).
 */
export function formatTime(ms: number, pattern: string, fallback: string, dates?: Dates): string {
  const at = new Date(ms);
  return fill(at, pattern) ?? fillByPart(at, pattern, dates) ?? fill(at, fallback) ?? "";
}

/** Whether a pattern is known without the part. */
export function isPlain(pattern: string): boolean {
  return fill(new Date(0), pattern) !== undefined;
}

const TOKENS = /''|'([^']+)'|([A-Za-z])\2*/g;
const warned = new Set<string>();

/** What a pattern means, with YYYY for the calendar year and DD for the day of the month: not what the library makes of them (LOC-5). */
function fillByPart(at: Date, pattern: string, dates: Dates | undefined): string | undefined {
  if (!dates || warned.has(pattern)) return undefined;
  try {
    // The library takes an apostrophe without its pair for the start of a text, and tells a D of its own mind.
    if (/'|DDD/.test(pattern.replace(/'[^']*'/g, ""))) throw new RangeError("pattern");
    const ours = pattern.replace(/'[^']*'|[YD]+/g, (part) => (part.startsWith("'") ? part : part.toLowerCase()));
    return dates.format(at, ours, { locale: dates.locale as never });
  } catch {
    warned.add(pattern);
    console.warn(`Leadline: ${pattern.slice(0, 99)} is no pattern of a date or time`);
    return undefined;
  }
}

function fill(at: Date, pattern: string): string | undefined {
  let known = true;
  const text = pattern.replace(TOKENS, (part: string, quoted: string | undefined) => {
    if (part === "''") return "'";
    if (quoted !== undefined) return quoted;
    const token = readToken(at, part);
    known &&= token !== undefined;
    return token ?? "";
  });
  // An apostrophe without its pair is left over.
  return known && !/'/.test(pattern.replace(/''|'[^']+'/g, "")) ? text : undefined;
}

function readToken(at: Date, token: string): string | undefined {
  const padded = token.length > 1;
  const number = (n: number): string => String(n).padStart(padded ? 2 : 1, "0");
  switch (token) {
    case "yyyy":
    case "YYYY":
      return String(at.getFullYear()).padStart(4, "0");
    case "yy":
    case "YY":
      return number(at.getFullYear() % 100);
    case "MM":
    case "M":
      return number(at.getMonth() + 1);
    case "dd":
    case "DD":
    case "d":
    case "D":
      return number(at.getDate());
    case "HH":
    case "H":
      return number(at.getHours());
    case "mm":
    case "m":
      return number(at.getMinutes());
    case "ss":
      return number(at.getSeconds());
    default:
      return undefined;
  }
}

/** A key that is equal for two moments on one calendar day of the visitor's time zone (LOC-7). */
export function dayKey(ms: number): string {
  const at = new Date(ms);
  return `${at.getFullYear()}-${at.getMonth()}-${at.getDate()}`;
}
