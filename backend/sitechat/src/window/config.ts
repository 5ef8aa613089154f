import type { Warn } from "../loader/config";
import { isElement } from "../loader/dialect";
import type { Theme } from "../shared/theme";
import { readTheme } from "./theme";

/** `onlinechat` of the site's configuration, checked. */
export type ChatConfig = {
  userID: string;
  /** Where the chat is drawn in frame mode; undefined in widget mode. */
  container: string | Element | undefined;
  strings: unknown;
  theme: Theme;
};

/** Reads `onlinechat`. Wrong types never throw and count as absent, with one warning for each key (CFG-4). */
export function readChatConfig(chat: Record<string, unknown>, isColor: (value: string) => boolean, warn: Warn): ChatConfig {
  const { mode, container, user_id: id, locale, theme } = chat;
  const wrong = (key: string): void => warn(`onlinechat.${key}`, "is wrong");
  if (mode !== undefined && mode !== "widget" && mode !== "frame") wrong("mode");
  const place = typeof container === "string" || isElement(container) ? (container as string | Element) : undefined;
  if (place === undefined && container !== undefined) wrong("container");
  // Numbers are ids too. A long one is refused rather than cut, since cutting could join two people (CFG-6).
  const text = typeof id === "number" ? `${id}` : typeof id === "string" ? id.trim() : "";
  const good = text !== "" && text.length <= 256;
  if (!good && id !== undefined && id !== "") wrong("user_id");
  if (locale !== undefined && (typeof locale !== "object" || locale === null)) wrong("locale");
  return {
    userID: good ? text : "",
    // Without any the chat waits for one and then falls back (CFG-12).
    container: mode === "frame" ? (place ?? "") : undefined,
    strings: toPlain(locale),
    theme: readTheme(theme, isColor, warn),
  };
}

/** What of the site's own object can travel to the panel: functions and cycles cannot. */
function toPlain(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value ?? {}));
  } catch {
    return {};
  }
}
