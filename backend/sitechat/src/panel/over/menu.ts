// Menus: what can be done with a message or with the conversation, and the question before something final.
import type { Strings } from "../load";
import { openDialog } from "./dialog";
import { make } from "../view/dom";

/** One entry. The label is what is spoken when the text is a sign; on tells that it stands already. */
export type Item = { id: string; text: string; label?: string; on?: boolean };

/**
 * Opens a menu beside its button and returns the id of what was chosen; undefined when nothing was. Arrows move, Escape and
 * a click elsewhere close; the focus goes back to the button.
 */
export function openMenu(anchor: HTMLElement, label: string, items: readonly Item[], row: readonly Item[] = []): Promise<string | undefined> {
  return new Promise((resolve) => {
    const menu = make("div", "sc-menu", { role: "menu", "aria-label": label, tabindex: "-1" });
    const back = make("div", "sc-menu__back");
    const close = (id?: string): void => {
      back.remove();
      anchor.setAttribute("aria-expanded", "false");
      anchor.focus();
      resolve(id);
    };
    const draw = (item: Item, className: string): HTMLElement => {
      const button = make("button", className, { type: "button", role: item.on === undefined ? "menuitem" : "menuitemcheckbox", tabindex: "-1" }, item.text);
      if (item.label) button.setAttribute("aria-label", item.label);
      if (item.on !== undefined) button.setAttribute("aria-checked", String(item.on));
      button.onclick = () => close(item.id);
      return button;
    };
    if (row.length) menu.append(make("div", "sc-menu__row", { role: "group" }, ...row.map((item) => draw(item, "sc-menu__sign"))));
    menu.append(...items.map((item) => draw(item, "sc-menu__item")));
    back.append(menu);
    back.onclick = (event) => void (event.target === back && close());
    menu.onkeydown = (event) => {
      event.stopPropagation();
      const all = [...menu.querySelectorAll<HTMLElement>("button")];
      const at = all.indexOf(document.activeElement as HTMLElement);
      const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
      if (event.key === "Escape" || event.key === "Tab") close();
      else if (event.key === "Home") all[0]?.focus();
      else if (event.key === "End") all[all.length - 1]?.focus();
      else if (step) all[(at + step + all.length) % all.length]?.focus();
      else return;
      event.preventDefault();
    };
    (document.querySelector("main") ?? document.body).append(back);
    anchor.setAttribute("aria-expanded", "true");
    place(menu, anchor.getBoundingClientRect());
    menu.querySelector<HTMLElement>(".sc-menu__item")?.focus();
  });
}

/** Puts the menu below its button, or above where there is no room, and never over an edge. */
function place(menu: HTMLElement, at: DOMRect): void {
  const { offsetWidth, offsetHeight } = menu;
  const gap = 4;
  const below = at.bottom + gap;
  const top = below + offsetHeight < innerHeight ? below : at.top - gap - offsetHeight;
  menu.style.top = `${Math.max(gap, top)}px`;
  menu.style.left = `${Math.max(gap, Math.min(at.right - offsetWidth / 2, innerWidth - offsetWidth - gap))}px`;
}

/** Asks before something that cannot be taken back. */
export function confirm(question: string, hint: string, yes: string, strings: Strings): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = make("button", "sc-button", { type: "button" }, strings["dialog.cancel"]);
    const go = make("button", "sc-button sc-button--main", { type: "button" }, yes);
    let answer = false;
    const close = openDialog(question, "sc-dialog--small", [make("p", "sc-dialog__text", {}, hint), make("div", "sc-dialog__buttons", {}, cancel, go)], strings, () => resolve(answer));
    cancel.onclick = close;
    go.onclick = () => {
      answer = true;
      close();
    };
    cancel.focus();
  });
}
