import type { LauncherView } from "../loader/view";
import type { Warn } from "../loader/config";

const WAIT_MS = 10_000;

/** Where the chat stands on the page. */
export type Container = {
  /** In an element of the page, not in the pop-up next to the launcher. */
  framed: () => boolean;
  /** Told after every change of open and closed. */
  change: (open: boolean) => void;
};

/** What a container needs of others. */
export type ContainerOptions = {
  view: LauncherView;
  /** `onlinechat.container` where the mode is frame (CFG-9): a selector or an element. Undefined for the pop-up. */
  wanted: string | Element | undefined;
  warn: Warn;
  /** The element was taken from the page: the chat closes. */
  gone: () => void;
  /** No element came in time: the chat is a pop-up from now on. */
  fallen: () => void;
  signal: AbortSignal;
};

/**
 * Keeps the chat in an element of the page (CFG-9..12). Until that is there the chat waits out of sight, ten seconds from when
 * it was to be shown; then it is a pop-up for good. When the element goes, the chat closes and is ready for another one.
 */
export function makeContainer({ view, wanted, warn, gone, fallen, signal }: ContainerOptions): Container {
  const { chat, root } = view;
  let framed = wanted !== undefined;
  let isOpen = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const find = (): Element | null => {
    if (typeof wanted !== "string") return wanted?.isConnected ? wanted : null;
    try {
      return document.querySelector(wanted);
    } catch {
      return null; // No selector: as if nothing fitted it.
    }
  };
  const settle = (): void => {
    if (!framed || signal.aborted) return;
    const inside = chat.parentElement !== root;
    if (inside && chat.isConnected) return;
    const element = find();
    // Whatever took it away took its frame's page too: that begins anew, with the draft and the history.
    if (element) element.append(chat);
    else if (inside) root.append(chat);
    chat.style.display = element ? "" : "none";
    if (inside && !element && isOpen) gone();
    clearTimeout(timer);
    if (isOpen && !element) timer = setTimeout(giveUp, WAIT_MS);
  };
  const giveUp = (): void => {
    warn("onlinechat.container", "was not found");
    leave();
    fallen();
  };
  const leave = (): void => {
    framed = false;
    watch.disconnect();
    clearTimeout(timer);
    root.classList.remove("leadline-framed");
    chat.style.display = "";
    delete chat.dataset.mode;
  };
  const watch = new MutationObserver(settle);
  if (framed) {
    root.classList.add("leadline-framed");
    chat.dataset.mode = "frame";
    settle();
    watch.observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ["id", "class"] });
    signal.addEventListener("abort", () => {
      leave();
      chat.remove();
    });
  }
  return {
    framed: () => framed,
    change(open) {
      isOpen = open;
      clearTimeout(timer);
      settle();
    },
  };
}
