import { makeBubble } from "../window/bubble";
import type { Words } from "../window/words";
import type { Stage } from "./stage";

/** How long a page is left alone before the greeting. */
const QUIET_MS = 2000;

/** The greeting's bubble beside the launcher. */
export type Greeting = { show: (text?: string) => void; hide: () => void; dismissed: () => boolean; dismiss: () => void };

/**
 * Makes the greeting, which shows by itself once in a session where it has a text (BOT-12). It never stands over an open chat,
 * in frame mode (CFG-10), or beside a launcher that the site hides, and does not come back once somebody took it away.
 */
export function makeGreeting({ options, isOpen }: Stage, words: Words, own: string | undefined): Greeting {
  const { view, settings, signal, chat, click, remote } = options;
  const session = sessionWord(`leadline.${settings.id}.greeting`, chat.consent === undefined || chat.consent === true);
  const bubble = makeBubble(view, words, () => click?.(), () => session.set("away"));
  const show = (text = own): void => {
    const launcher = view.launcher.parentElement as HTMLElement;
    if (!text || !remote.chat || isOpen() || chat.mode === "frame" || launcher.style.display === "none" || session.get() === "away") return;
    session.set("seen");
    bubble.tell("", text);
  };
  if (own && !session.get()) {
    const timer = setTimeout(() => session.get() || show(), QUIET_MS);
    signal.addEventListener("abort", () => clearTimeout(timer));
  }
  return {
    show,
    dismissed: () => session.get() === "away",
    dismiss: () => session.set("away"),
    hide() {
      // A greeting that was answered by opening the chat has done its work.
      if (own && !session.get()) session.set("seen");
      bubble.hush();
    },
  };
}

/** A word that lasts for the tab's session; for this page alone where the site has not let us keep things, or the browser refuses. */
function sessionWord(key: string, keep: boolean): { get: () => string; set: (word: string) => void } {
  let here = "";
  try {
    if (keep) here = sessionStorage.getItem(key) ?? "";
  } catch {
    // Storage is closed to the page.
  }
  return {
    get: () => here,
    set(word) {
      here = word;
      try {
        if (keep) sessionStorage.setItem(key, word);
      } catch {
        // As above.
      }
    },
  };
}
