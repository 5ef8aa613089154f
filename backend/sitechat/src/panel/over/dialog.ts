import type { Strings } from "../load";
import { iconButton, make } from "../view/dom";
import { CROSS } from "../view/icons";

/**
 * Opens a dialog over the panel and returns how to close it; closed is told once, however that came. Escape closes the dialog
 * and not the panel, and the focus goes back to where it was.
 */
export function openDialog(title: string, className: string, content: readonly Node[], strings: Strings, closed: () => void): () => void {
  const before = document.activeElement as HTMLElement | null;
  const cross = iconButton("sc-dialog__close", CROSS, strings["dialog.close"]);
  const heading = make("h2", "sc-dialog__title", { dir: "auto" }, title);
  const dialog = make("dialog", `sc-dialog ${className}`, {}, make("div", "sc-dialog__head", {}, heading, cross), ...content);
  dialog.setAttribute("aria-label", title);
  const close = (): void => dialog.close();
  cross.onclick = close;
  dialog.onkeydown = (event) => event.stopPropagation();
  // A handler that returns false would undo what a click does: no form could be sent.
  dialog.onclick = (event) => void (event.target === dialog && close());
  dialog.onclose = () => {
    dialog.remove();
    before?.focus();
    closed();
  };
  (document.querySelector("main") ?? document.body).append(dialog);
  dialog.showModal();
  return close;
}
