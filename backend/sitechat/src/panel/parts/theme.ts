// The site's own colours (O §2.5). Values go into custom properties through the CSSOM, never into a style sheet's text (THM-1).
import { inkOn } from "../../shared/ink";
import type { ThemeColor } from "../../shared/theme";
import { asCount, asRecord, asText } from "../read";

/** A background, what is written on it, and the properties of both. */
const PAIRS: readonly [ThemeColor, string, ThemeColor | undefined, string][] = [
  ["header.background", "--sc-header", "header.color", "--sc-on-header"],
  ["message.outgoing_background", "--sc-mine", "message.outgoing_color", "--sc-on-mine"],
  ["message.incoming_background", "--sc-theirs", "message.incoming_color", "--sc-on-theirs"],
  ["compose.button_background", "--sc-send", undefined, "--sc-on-send"],
];

/** Paints the panel. Where a background has no colour of its text, that is black or white, whichever is easier to read (THM-4). */
export function dress(theme: unknown): void {
  const { style } = document.documentElement;
  const colors = asRecord(asRecord(theme).colors);
  const height = asCount(asRecord(theme).height);
  const given = (key: ThemeColor | undefined): string => {
    const value = key ? asText(colors[key]) : "";
    return CSS.supports("color", value) ? value : "";
  };
  const ground = given("background");
  if (ground) {
    const ink = inkOn(seen(ground, "Canvas"));
    // All that stands on the ground and has no colour of its own in the theme.
    for (const name of ["--sc-ink", "--sc-soft-ink", "--sc-focus"]) style.setProperty(name, ink);
    style.setProperty("--sc-ground", ground);
    style.setProperty("--sc-line", "rgb(128 128 128 / 0.4)");
    const light = ink === "#000";
    style.colorScheme = light ? "light" : "dark";
    style.setProperty("--sc-danger", light ? "#b3121d" : "#ff8f8a");
    style.setProperty("--sc-incoming", light ? "#eef1f5" : "#272b31");
    style.setProperty("--sc-incoming-ink", light ? "#16191d" : "#eef0f3");
  }
  const system = given("system_color");
  if (system) style.setProperty("--sc-soft-ink", system);
  for (const [background, name, text, textName] of PAIRS) {
    const color = given(background);
    const ink = given(text) || (color && inkOn(seen(color, ground || "Canvas")));
    if (color) style.setProperty(name, color);
    if (ink) style.setProperty(textName, ink);
  }
  if (height) style.setProperty("--sc-compose", `${height}px`);
}

/** What is seen of a colour over another one, in the form rgb(r, g, b). */
function seen(color: string, below: string): string {
  const [top, bottom] = [numbers(color), numbers(below)];
  const alpha = top[3] ?? 1;
  return `rgb(${[0, 1, 2].map((i) => (top[i] ?? 0) * alpha + (bottom[i] ?? 0) * (1 - alpha)).join(", ")})`;
}

/** Red, green, blue, and the opacity where it is less than whole. Spaces other than sRGB are drawn to find out. */
function numbers(color: string): number[] {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = color;
  const computed = getComputedStyle(probe).color;
  probe.remove();
  if (computed.startsWith("rgb")) return (computed.match(/[\d.]+/g) ?? []).map(Number);
  const canvas = document.createElement("canvas").getContext("2d");
  if (!canvas) return [];
  canvas.fillStyle = color;
  canvas.fillRect(0, 0, 1, 1);
  const [r = 0, g = 0, b = 0, a = 255] = canvas.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
}
