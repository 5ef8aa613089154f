// JSON that survives the editor: numbers that a double cannot hold keep their digits, every key stays an own key, and a mistake
// has a line and a column, which browsers tell each in its own way or not at all.

/** A number whose digits a double would lose, as it stands in the text. */
export class BigNumber {
  readonly digits: string;
  constructor(digits: string) {
    this.digits = digits;
  }
}

export type JsonObject = { [key: string]: Json };
export type Json = null | boolean | number | string | BigNumber | Json[] | JsonObject;

/** Where a text stops being JSON, counted from 1; "deep" is nested deeper than MAX_DEPTH. */
export type JsonMistake = { line: number; column: number; why: "syntax" | "deep" };

/** Bots nest handlers in branches; nobody's is a tenth as deep. */
export const MAX_DEPTH = 100;

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof BigNumber);
}

class Stop extends Error {
  readonly at: number;
  readonly why: JsonMistake["why"];
  constructor(at: number, why: JsonMistake["why"]) {
    super(why);
    this.at = at;
    this.why = why;
  }
}

const blank = /[ \t\n\r]*/y;
const scalar = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const quoted = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;

/** Reads a text; the mistake is the first one. */
export function parseJson(text: string): { value: Json } | { mistake: JsonMistake } {
  let at = 0;
  const take = (what: RegExp): string | undefined => {
    what.lastIndex = at;
    const found = what.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const next = (): string => {
    take(blank);
    return text[at] ?? "";
  };
  const eat = (sign: string): boolean => next() === sign && ++at > 0;
  const fail = (why: JsonMistake["why"] = "syntax"): never => {
    throw new Stop(at, why);
  };
  const string = (): string => JSON.parse(take(quoted) ?? fail()) as string;

  const value = (depth: number): Json => {
    const first = next();
    if (depth > MAX_DEPTH) fail("deep");
    if (first === '"') return string();
    if (eat("[")) {
      const list: Json[] = [];
      if (eat("]")) return list;
      do list.push(value(depth + 1));
      while (eat(","));
      return eat("]") ? list : fail();
    }
    if (eat("{")) {
      const entries: [string, Json][] = [];
      if (eat("}")) return {};
      do {
        if (next() !== '"') fail();
        const key = string();
        if (!eat(":")) fail();
        entries.push([key, value(depth + 1)]);
      } while (eat(","));
      return eat("}") ? Object.fromEntries(entries) : fail(); // an own key even where it is called __proto__
    }
    const word = take(scalar) ?? fail();
    return /^[-\d]/.test(word) ? number(word) : (JSON.parse(word) as boolean | null);
  };

  try {
    const whole = value(0);
    if (next() !== "") fail();
    return { value: whole };
  } catch (stop) {
    if (!(stop instanceof Stop)) throw stop;
    const before = text.slice(0, stop.at).split("\n");
    return { mistake: { line: before.length, column: (before[before.length - 1]?.length ?? 0) + 1, why: stop.why } };
  }
}

function number(digits: string): number | BigNumber {
  const value = Number(digits);
  return plain(digits) === plain(String(value)) ? value : new BigNumber(digits);
}

/** A number's significant digits and the power of ten behind them, so that 1.0, 1 and 10e-1 are one. */
function plain(text: string): string {
  const [, sign, whole = "", part = "", power = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = (whole + part).replace(/^0+/, "");
  const short = digits.replace(/0+$/, "");
  if (short === "") return "0";
  return `${sign}${short}e${Number(power) - part.length + digits.length - short.length}`;
}

/** Writes a value over lines, two blanks for each level. */
export function writeJson(value: Json, indent = ""): string {
  if (value instanceof BigNumber) return value.digits;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const deeper = indent + "  ";
  const list = Array.isArray(value)
    ? value.map((item) => writeJson(item, deeper))
    : Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${writeJson(item, deeper)}`);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  if (list.length === 0) return `${open}${close}`;
  // Short lists of plain values stay on a line: buttons, conditions.
  const line = `${open}${Array.isArray(value) ? "" : " "}${list.join(", ")}${Array.isArray(value) ? "" : " "}${close}`;
  if (line.length <= 100 && !line.includes("\n") && flat(value)) return line;
  return `${open}\n${list.map((item) => deeper + item).join(",\n")}\n${indent}${close}`;
}

function flat(value: Json[] | JsonObject): boolean {
  return Object.values(value).every((item) => typeof item !== "object" || item === null);
}

/** Where something stands in a document: keys and indexes from its root. */
export type Path = readonly (string | number)[];

/** What stands at a path; undefined where nothing does. */
export function at(root: Json, path: Path): Json | undefined {
  let value: Json | undefined = root;
  for (const key of path) {
    if (Array.isArray(value) && typeof key === "number") value = value[key];
    else if (isObject(value) && Object.hasOwn(value, key)) value = value[key];
    else return undefined;
  }
  return value;
}

/** The document with another value at a path; undefined takes away what stands there. What is not on the way stays the same. */
export function put(root: Json, path: Path, value: Json | undefined): Json {
  const [key, ...rest] = path;
  if (key === undefined) return value ?? null;
  if (Array.isArray(root) && typeof key === "number") {
    const list = [...root];
    if (rest.length > 0) list[key] = put(list[key] ?? null, rest, value);
    else if (value === undefined) list.splice(key, 1);
    else list[key] = value;
    return list;
  }
  const entries = isObject(root) ? Object.entries(root) : [];
  const place = entries.findIndex(([name]) => name === String(key));
  const inner = rest.length > 0 ? put(place < 0 ? [] : (entries[place]?.[1] ?? null), rest, value) : value;
  if (inner === undefined) return Object.fromEntries(entries.filter((_, i) => i !== place));
  if (place < 0) entries.push([String(key), inner]);
  else entries[place] = [String(key), inner];
  return Object.fromEntries(entries);
}

/** The document with a value put between those of a list, before the index; a list that is not there yet is made. */
export function insert(root: Json, list: Path, index: number, value: Json): Json {
  const old = at(root, list);
  return put(root, list, Array.isArray(old) ? [...old.slice(0, index), value, ...old.slice(index)] : [value]);
}

/** The document with two neighbours of a list changed over. */
export function swap(root: Json, list: Path, index: number, other: number): Json {
  const old = at(root, list);
  const [one, two] = Array.isArray(old) ? [old[index], old[other]] : [];
  if (one === undefined || two === undefined) return root;
  return put(put(root, [...list, index], two), [...list, other], one);
}
