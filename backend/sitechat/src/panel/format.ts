/**
 * A fixed formatter for dates and times: the documented defaults dd.MM.YYYY and HH:mm and their plain variations. YYYY is the
 * calendar year and DD the day of the month, whatever the library of that pattern language makes of them (LOC-5).
 */
export function formatTime(ms: number, pattern: string, fallback: string): string {
  return fill(new Date(ms), pattern) ?? fill(new Date(ms), fallback) ?? "";
}

/** The default patterns (O §2.4). */
export const DATE_PATTERN = "dd.MM.YYYY";
export const TIME_PATTERN = "HH:mm";

function fill(at: Date, pattern: string): string | undefined {
  let known = true;
  const text = pattern.replace(/''|'([^']+)'|([A-Za-z])\2*/g, (part: string, quoted: string | undefined) => {
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
  const two = (n: number): string => String(n).padStart(2, "0");
  switch (token) {
    case "yyyy":
    case "YYYY":
    case "y":
      return String(at.getFullYear()).padStart(token === "y" ? 1 : 4, "0");
    case "yy":
    case "YY":
      return two(at.getFullYear() % 100);
    case "MM":
      return two(at.getMonth() + 1);
    case "M":
      return String(at.getMonth() + 1);
    case "dd":
    case "DD":
      return two(at.getDate());
    case "d":
    case "D":
      return String(at.getDate());
    case "HH":
      return two(at.getHours());
    case "H":
      return String(at.getHours());
    case "hh":
      return two(at.getHours() % 12 || 12);
    case "h":
      return String(at.getHours() % 12 || 12);
    case "mm":
      return two(at.getMinutes());
    case "m":
      return String(at.getMinutes());
    case "ss":
      return two(at.getSeconds());
    case "a":
      return at.getHours() < 12 ? "AM" : "PM";
    default:
      return undefined;
  }
}

/** A key that is equal for two moments on one calendar day of the visitor's time zone (LOC-7). */
export function dayKey(ms: number): string {
  const at = new Date(ms);
  return `${at.getFullYear()}-${at.getMonth()}-${at.getDate()}`;
}
