import { make } from "./dom";

export type Tabs = { element: HTMLElement; choose(name: string): void };

/** Tabs over panels: arrows go from one to the next; may tells whether one can be shown. */
export function makeTabs(label: string, list: { name: string; label: string; panel: HTMLElement }[], may: (name: string) => boolean): Tabs {
  const element = make("div", "bot-tabs", { role: "tablist", "aria-label": label });
  const tabs = list.map(({ name, label, panel }) => {
    const tab = make("button", "bot-tab", { type: "button", role: "tab", id: `bot-tab-${name}`, "aria-controls": panel.id }, label);
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", tab.id);
    tab.addEventListener("click", () => choose(name));
    element.append(tab);
    return { name, tab, panel };
  });
  function choose(name: string): void {
    if (!may(name)) return;
    for (const one of tabs) {
      const chosen = one.name === name;
      one.tab.setAttribute("aria-selected", String(chosen));
      one.tab.tabIndex = chosen ? 0 : -1;
      one.panel.hidden = !chosen;
    }
  }
  element.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = tabs.findIndex(({ tab }) => tab === document.activeElement);
    const next = tabs[(at + (step ?? 0) + tabs.length) % tabs.length];
    if (!step || at < 0 || !next) return;
    event.preventDefault();
    next.tab.focus();
    choose(next.name);
  });
  return { element, choose };
}
