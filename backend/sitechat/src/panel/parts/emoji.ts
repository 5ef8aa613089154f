// The emoji picker: a small set of our own, in the letters of the visitor's system.
import type { Strings } from "../load";
import { make } from "../view/dom";

const COLUMNS = 8;
const MAX_RECENT = COLUMNS;

/** What is offered, by the key of the group's name. */
const GROUPS = [
  ["smileys", "😀 😃 😄 😁 😅 😂 🙂 😉 😊 😇 🥰 😍 😘 😋 😎 🤩 🥳 🤗 🤔 🤨 😐 🙄 😏 😴 😕 😟 😢 😭 😮 😱 😠 🤯"],
  ["people", "👍 👎 👌 ✌️ 🤞 🤝 👏 🙌 🙏 💪 👋 🤙 👆 👇 👉 👈 ❤️ 🧡 💛 💚 💙 💜 🖤 💔"],
  ["things", "🎉 🎁 🎂 🌹 ☀️ 🌧️ ⭐ 🔥 ☕ 🍕 🍏 🏠 🚗 ✈️ 🚚 📦 💳 💰 📞 📷 💻 🔧 🔑 📎"],
  ["signs", "✅ ❌ ❗ ❓ ⚠️ 🚫 ➕ ➖ 💯 🔔 ⏰ 📅 📍 🔒 🆗 🆕"],
] as const;

let recent: string[] = [];
let close: (() => void) | undefined;

/**
 * Opens the picker above the composer, or closes it. What is chosen goes where the caret is. By keyboard a choice closes it,
 * unless Shift is held; a pointer may choose on. Arrows move in the grid, Page Up and Down between its groups, Escape closes.
 */
export function toggleEmoji(anchor: HTMLButtonElement, input: HTMLTextAreaElement, strings: Strings): void {
  if (close) return close();
  const draw = (emoji: string): HTMLElement => make("button", "sc-emoji__one", { type: "button", role: "gridcell", tabindex: "-1" }, emoji);
  const group = (name: string, list: readonly string[]): HTMLElement => {
    const box = make("div", "", { role: "rowgroup", "aria-label": name }, make("div", "sc-emoji__group", { "aria-hidden": "true" }, name));
    for (let i = 0; i < list.length; i += COLUMNS) box.append(make("div", "sc-emoji__row", { role: "row" }, ...list.slice(i, i + COLUMNS).map(draw)));
    return box;
  };
  const groups = GROUPS.map(([key, list]) => group(strings[`emoji.${key}`], list.split(" ")));
  if (recent.length) groups.unshift(group(strings["emoji.recent"], recent));
  const grid = make("div", "sc-emoji", { role: "grid", "aria-label": strings["emoji.open"], id: "sc-emoji" }, ...groups);
  const rows = [...grid.querySelectorAll(".sc-emoji__row")].map((row) => [...row.children] as HTMLElement[]);
  const focus = (cell: HTMLElement | undefined): void => {
    if (!cell) return;
    grid.querySelectorAll("[tabindex='0']").forEach((other) => (other as HTMLElement).setAttribute("tabindex", "-1"));
    cell.setAttribute("tabindex", "0");
    cell.focus();
  };
  close = () => {
    close = undefined;
    grid.remove();
    anchor.setAttribute("aria-expanded", "false");
    input.focus();
  };
  grid.onclick = (event) => {
    const emoji = (event.target as Element).closest(".sc-emoji__one")?.textContent;
    if (!emoji) return;
    recent = [emoji, ...recent.filter((other) => other !== emoji)].slice(0, MAX_RECENT);
    input.setRangeText(emoji, input.selectionStart, input.selectionEnd, "end");
    input.dispatchEvent(new Event("input", { bubbles: true }));
    if (!event.detail && !event.shiftKey) close?.();
  };
  grid.onkeydown = (event) => {
    const row = rows.findIndex((cells) => cells.includes(document.activeElement as HTMLElement));
    const column = rows[row]?.indexOf(document.activeElement as HTMLElement) ?? 0;
    const all = rows.flat();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const along = getComputedStyle(grid).direction === "rtl" ? -1 : 1;
    const under = (r: number): HTMLElement | undefined => rows[r]?.[Math.min(column, rows[r].length - 1)];
    const section = (step: number): HTMLElement | null | undefined => groups[groups.findIndex((g) => g.contains(document.activeElement)) + step]?.querySelector<HTMLElement>(".sc-emoji__one");
    const go: Record<string, () => HTMLElement | null | undefined> = {
      ArrowRight: () => all[at + along],
      ArrowLeft: () => all[at - along],
      ArrowDown: () => under(row + 1),
      ArrowUp: () => under(row - 1),
      Home: () => (event.ctrlKey ? all[0] : rows[row]?.[0]),
      End: () => (event.ctrlKey ? all.at(-1) : rows[row]?.at(-1)),
      PageDown: () => section(1),
      PageUp: () => section(-1),
    };
    const to = go[event.key];
    if (event.key === "Escape") close?.();
    else if (to) focus(to() ?? undefined);
    else return;
    event.preventDefault();
    // It closes the picker, and not the chat.
    event.stopPropagation();
  };
  anchor.setAttribute("aria-expanded", "true");
  anchor.form?.prepend(grid);
  focus(rows[0]?.[0]);
}
