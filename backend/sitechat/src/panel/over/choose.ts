// The rows of a list message, in a dialog.
import type { ListMarkup, ListRow } from "../content";
import type { Strings } from "../load";
import { openDialog } from "./dialog";
import { make } from "../view/dom";

/** Shows the sections and rows of a list; returns the row that was chosen, or undefined. */
export function choose(list: ListMarkup, strings: Strings): Promise<ListRow | undefined> {
  return new Promise((resolve) => {
    let chosen: ListRow | undefined;
    const draw = (row: ListRow): HTMLElement => {
      const button = make("button", "sc-row", { type: "button" }, make("span", "sc-row__title", { dir: "auto" }, row.title));
      if (row.description) button.append(make("span", "sc-row__about", { dir: "auto" }, row.description));
      button.onclick = () => {
        chosen = row;
        close();
      };
      return make("li", "", {}, button);
    };
    const content = list.sections.flatMap(({ title, rows }) => [
      ...(title ? [make("h3", "sc-rows__title", { dir: "auto" }, title)] : []),
      make("ul", "sc-rows", title ? { "aria-label": title } : {}, ...rows.map(draw)),
    ]);
    const box = make("div", "sc-dialog__scroll", {}, ...content);
    const close = openDialog(list.header || list.button || strings["list.open"], "", [box], strings, () => resolve(chosen));
    box.querySelector("button")?.focus();
  });
}
