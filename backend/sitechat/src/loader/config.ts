import type { Globals } from "./dialect";

/** The site's configuration object (O §2) as far as the launcher needs it; the window reads `chat`, its `onlinechat`. */
export type SiteConfig = { hidden: boolean; color: string; chat: Globals };

/** Says something to the site's developer, once for each key. */
export type Warn = (key: string, text: string) => void;

/**
 * Reads the configuration. Wrong types never throw and count as absent, with one warning for each key (CFG-4); an absent
 * colour is empty: the server's stands in for it (CFG-5). The copy is taken now, later changes do nothing (CFG-1).
 */
export function readConfig(found: unknown, isColor: (value: string) => boolean, warn: Warn): SiteConfig {
  const { hidden, color, onlinechat } = { ...(found as Globals) };
  const good = (key: string, value: unknown, test: boolean): boolean => {
    if (value !== undefined && !test) warn(key, "has a wrong value");
    return test;
  };
  return {
    hidden: good("hidden", hidden, typeof hidden === "boolean") && !!hidden,
    color: good("color", color, typeof color === "string" && isColor(color)) ? `${color}` : "",
    chat: good("onlinechat", onlinechat, typeof onlinechat === "object") ? { ...(onlinechat as Globals) } : {},
  };
}
