import type { LauncherView } from "../loader/view";
import { add, addIcon } from "../shared/dom";
import { CROSS } from "./cross";
import type { Words } from "./words";

/** The pop-up with a message that came while the chat was closed (WIN-5). */
export type Bubble = { tell: (author: string, text: string) => void; hush: () => void };

/** Makes the pop-up; a click on it opens the chat, its cross takes it away. */
export function makeBubble(view: LauncherView, words: Words, open: () => void): Bubble {
  let bubble: HTMLElement | undefined;
  const hush = (): void => bubble?.remove();
  return {
    hush,
    tell(author, text) {
      hush();
      bubble = add(view.root, "div", "amo-livechat_bubble");
      bubble.setAttribute("role", "status");
      bubble.style.zIndex = view.chat.style.zIndex;
      const body = add(bubble, "button", "");
      if (author) add(body, "b", "").textContent = author;
      add(body, "span", "").textContent = text;
      body.onclick = open;
      const cross = add(bubble, "button", "");
      cross.setAttribute("aria-label", words.close);
      addIcon(cross, CROSS);
      cross.onclick = hush;
    },
  };
}
