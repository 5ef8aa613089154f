import { add, addStyles } from "../shared/dom";
import css from "../styles/launcher.css";

/** The nodes in the page's light DOM, with the names of HOOK-1. */
export type LauncherView = {
  root: HTMLElement;
  launcher: HTMLElement;
  /** Holder of the chat's window, and inside it the place of the frame. */
  chat: HTMLElement;
  place: HTMLElement;
  show: (open: boolean) => void;
  /** What the counter shows. */
  unread: number;
  count: (unread: number) => void;
};

/** Makes the launcher, with the server's style sheet over ours, and puts it into the page, which has a body. The signal takes all of it away. */
export function makeLauncher(title: string, color: string, style: string, hidden: boolean, signal: AbortSignal): LauncherView {
  const root = add(document.body, "div", "", "amobutton");
  addStyles(root, css + style, signal);
  const holder = add(root, "div", "amo-button-holder");
  const launcher = add(holder, "button", "amo-button amo-button--main amo-button--only-livechat", "amo_button");
  launcher.setAttribute("aria-controls", "amo-livechat");
  add(launcher, "span", "amo-button--main-icon");
  const badge = add(launcher, "span", "amo-button-greeting-badge");
  const chat = add(root, "div", "amo-livechat", "amo-livechat");
  const place = add(chat, "div", "");
  if (hidden) holder.style.display = "none";
  holder.style.zIndex = chat.style.zIndex = "var(--chat-z-index,2147483000)";
  launcher.style.background = color;

  const view: LauncherView = {
    root,
    launcher,
    chat,
    place,
    unread: 0,
    show(open) {
      root.classList.toggle("leadline-open", open);
      chat.classList.toggle("amo-livechat_hidden", !open);
      place.classList.toggle("amo-livechat_chat", open);
      launcher.setAttribute("aria-expanded", open as unknown as string);
    },
    count(unread) {
      view.unread = unread;
      badge.textContent = (unread || "") as string;
      launcher.setAttribute("aria-label", unread ? `${title}: ${unread}` : title);
    },
  };
  view.show(false);
  view.count(0);
  // Black or white, whichever is easier to see; the browser knows what the colour is in numbers, once everything has its style.
  const [r, g, b] = (getComputedStyle(launcher).backgroundColor.match(/\d+/g) ?? []) as unknown as [number, number, number];
  launcher.style.color = r * 3 + g * 6 + +b > 1500 ? "#000" : "#fff";

  // Turbo and the like put in another body; the chat comes along and finds its draft in the frame's storage (EMB-22).
  const watch = new MutationObserver(() => root.isConnected || document.body?.append(root));
  watch.observe(document.documentElement, { childList: true });
  signal.addEventListener("abort", () => {
    watch.disconnect();
    root.remove();
  });
  return view;
}
