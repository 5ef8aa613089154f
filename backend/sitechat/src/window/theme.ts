import type { Warn } from "../loader/config";
import { THEME_COLORS, type Theme } from "../shared/theme";

/** The height of an input of one line, and the one that is never exceeded (THM-2). */
const MIN_PX = 40;
const MAX_PX = 170;

/** Reads `onlinechat.theme`. What is no colour to the browser, or of a wrong type, counts as absent, with one warning each (THM-1). */
export function readTheme(found: unknown, isColor: (value: string) => boolean, warn: Warn): Theme {
  const theme: Theme = { colors: {}, height: 0, header: true };
  const wrong = (key: string): void => warn(`onlinechat.theme${key && "."}${key}`, "is wrong");
  const at = (path: string): unknown =>
    path.split(".").reduce<unknown>((value, key) => (typeof value === "object" && value ? (value as Record<string, unknown>)[key] : undefined), found);
  for (const group of ["", "header", "message", "compose"]) {
    const value = group ? at(group) : found;
    if (group === "header" && typeof value === "boolean") theme.header = value;
    else if (value !== undefined && (typeof value !== "object" || value === null)) wrong(group);
  }
  for (const path of THEME_COLORS) {
    const value = at(path);
    if (typeof value === "string" && isColor(value)) theme.colors[path] = value;
    else if (value !== undefined) wrong(path);
  }
  const height = at("compose.height");
  if (typeof height === "number" && Number.isFinite(height)) theme.height = Math.min(MAX_PX, Math.max(MIN_PX, height));
  else if (height !== undefined) wrong("compose.height");
  return theme;
}
