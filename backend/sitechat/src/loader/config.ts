import { isElement, type Globals } from "./dialect";

/** The site's configuration object (O §2) as far as the launcher needs it; the window reads `chat`, its `onlinechat`. */
export type SiteConfig = { hidden: boolean; color: string; chat: Globals };

/** Says something to the site's developer, once for each key. */
export type Warn = (key: string, text: string) => void;

/**
 * Reads the configuration. Wrong types never throw and count as absent, with one warning for each key (CFG-4); an absent
 * colour is empty: the server's stands in for it (CFG-5). The copy is taken now, later changes do nothing (CFG-1).
 */
export function readConfig(found: unknown, isColor: (value: string) => boolean, warn: Warn): SiteConfig {
  const read = (key: string, test: (value: unknown) => unknown): unknown => {
    let value;
    try {
      value = copy((found as Globals | undefined)?.[key]);
      if (value === undefined || test(value)) return value;
    } catch {
      // A getter of the page's own.
    }
    warn(key, "is wrong");
  };
  return {
    hidden: !!read("hidden", (value) => value === !!value),
    color: (read("color", (value) => isColor(value as string)) ?? "") as string,
    chat: (read("onlinechat", (value) => typeof value === "object") ?? {}) as Globals,
  };
}

/** A copy of data as deep as the configuration goes; an element (CFG-12) stays itself. */
function copy(value: unknown, depth = 0): unknown {
  if (!value || typeof value !== "object" || isElement(value) || depth > 4) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, copy(part, depth + 1)]));
}
