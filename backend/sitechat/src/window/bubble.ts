import type { LauncherView } from "../loader/view";
import { add, addIcon } from "../shared/dom";
import { CROSS } from "./cross";
import type { Words } from "./words";

/** The pop-up beside the launcher: a message that came while the chat was closed (WIN-5), or the greeting. */
export type Bubble = { tell: (author: string, text: string) => void; hush: () => void };

/** Makes the pop-up, of which there is one at a time; a click on it opens the chat, its cross and Escape take it away, which `dismissed` is told. */
export function makeBubble(view: LauncherView, words: Words, open: () => void, dismissed = (): void => {}): Bubble {
  const hush = (): void => view.root.querySelector(".amo-livechat_bubble")?.remove();
  const dismiss = (): void => {
    hush();
    dismissed();
  };
  return {
    hush,
    tell(author, text) {
      hush();
      const bubble = add(view.root, "div", "amo-livechat_bubble");
      bubble.setAttribute("role", "status");
      bubble.style.zIndex = view.chat.style.zIndex;
      bubble.onkeydown = (event) => {
        if (event.key !== "Escape") return;
        dismiss();
        view.launcher.focus();
      };
      const body = add(bubble, "button", "");
      if (author) add(body, "b", "").textContent = author;
      add(body, "span", "").textContent = text;
      body.onclick = () => {
        hush();
        open();
      };
      const cross = add(bubble, "button", "");
      cross.setAttribute("aria-label", words.close);
      addIcon(cross, CROSS);
      cross.onclick = dismiss;
    },
  };
}
