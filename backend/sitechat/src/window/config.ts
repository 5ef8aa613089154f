import type { Warn } from "../loader/config";

/** `onlinechat` of the site's configuration, checked. */
export type ChatConfig = { userID: string; userToken: string; strings: unknown };

/** Reads `onlinechat`. Wrong types never throw and count as absent, with one warning for each key (CFG-4). */
export function readChatConfig(chat: Record<string, unknown>, warn: Warn): ChatConfig {
  const { mode, user_id: id, user_token: token, locale } = chat;
  if (mode !== undefined && mode !== "widget") warn("onlinechat.mode", mode === "frame" ? "frame is not supported yet" : "has a wrong value");
  // Numbers are ids too. A long one is refused rather than cut, since cutting could join two people (CFG-6).
  const text = typeof id === "number" ? `${id}` : typeof id === "string" ? id.trim() : "";
  const good = text !== "" && text.length <= 256;
  if (!good && id !== undefined && id !== "") warn("onlinechat.user_id", "has a wrong value");
  // Whether it is true the server finds out (SEC-3).
  const signed = typeof token === "string" && token.length <= 8192 ? token : "";
  if (!signed && token) warn("onlinechat.user_token", "has a wrong value");
  return { userID: good ? text : "", userToken: signed, strings: toPlain(locale) };
}

/** What of the site's own object can travel to the panel: functions and cycles cannot. */
function toPlain(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value ?? {}));
  } catch {
    return {};
  }
}
