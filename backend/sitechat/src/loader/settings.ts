import { isElement, type Dialect, type Globals } from "./dialect";
import { quietly } from "./takeover";

/** The settings object of the snippet (O §1.2), checked. */
export type Settings = { id: string; hash: string; locale: string; inline?: boolean };

/** A button's number and its hash (O §1.2). */
const PAIR = /^\d{1,18} [\da-f]{1,99}$/;

/**
 * Reads id and hash: from the settings object, from the command's place when the site mixed the names up (EMB-9 f), else from
 * the script's own attributes or query (g), which come last. Undefined when none of them names a button. Elements are ignored (h).
 */
export function readSettings(globals: Globals, dialect: Dialect, own: Partial<Record<string, string>>): Settings | undefined {
  for (const found of [globals[dialect.settings], globals[dialect.command], own] as (Partial<Settings> | undefined)[]) {
    if (!found || isElement(found)) continue;
    const { id, hash, locale, inline } = found;
    // Old embeds give the id as a number (EMB-5).
    if (PAIR.test(`${id} ${hash}`)) return { id: `${id}`, hash: `${hash}`, locale: `${locale ?? ""}`, inline: inline === true };
  }
  return undefined;
}

/** Makes sure that setMeta works, detached too, and that what it is given is collected in order in `params` (EMB-9 i, j; META-5). */
export function collectMeta(globals: Globals, dialect: Dialect): void {
  quietly(() => {
    let found = globals[dialect.settings] as Globals | undefined;
    if (!found || isElement(found)) globals[dialect.settings] = found = {};
    const params = Array.from((found.params ?? []) as ArrayLike<unknown>);
    found.params = params;
    found.setMeta = (data: unknown): void => {
      // Sites call this every few seconds with the same data; the newest calls are what counts.
      if (data && typeof data === "object" && params.push(data) > 999) params.shift();
    };
  });
}
