// The loader's second part: the panel's frame and the pop-up. Fetched when somebody opens the chat or wrote before.
import { addIcon, addStyles } from "../shared/dom";
import type { Globals } from "../loader/dialect";
import type { WindowOptions, WindowPart } from "../shared/part";
import type { Contact } from "../shared/protocol";
import css from "../styles/window.css";
import { aliasCookie, makeAlias, readAlias } from "./alias";
import { makeBubble } from "./bubble";
import { readChatConfig } from "./config";
import { readContact } from "./contact";
import { CROSS } from "./cross";
import { makeFrame, readPage } from "./frame";
import { fitPhone } from "./phone";
import { chooseWords } from "./words";

/** Puts the panel's frame into its place and connects it with the launcher. */
export function makeWindow(options: WindowOptions): WindowPart {
  const { base, remote, view, signal, color, set } = options;
  // Destroyed while this part was on its way: nothing would take away what it adds.
  if (signal.aborted) return () => {};
  const { lang, words } = chooseWords(options.settings.locale || remote.button.locale);
  const title = remote.chat?.title || words.chat;
  const config = readChatConfig(options.chat, options.warn);
  const alias = readAlias(document.cookie) || makeAlias();
  const url = new URL(base + remote.frame.replace(/^\//, ""));
  url.searchParams.set("lang", lang);
  addStyles(view.root, css, signal);
  addIcon(view.launcher, CROSS);
  view.chat.setAttribute("role", "dialog");
  view.chat.setAttribute("aria-label", title);

  const contact = (): Contact => readContact(globalThis as Globals, options.settings.id);

  let isOpen = false;
  const bubble = makeBubble(view, words, () => view.launcher.click());
  const close = (): void => {
    set(false);
    view.launcher.focus();
  };
  const frame = makeFrame(
    url.href,
    title,
    {
      async hello() {
        const ticket = await options.ticket(false);
        frame.send({
          kind: "init",
          ticket,
          alias,
          locale: lang,
          page: readPage(),
          contact: contact(),
          open: isOpen,
          title,
          strings: config.strings,
          theme: { color },
          ...(config.userID && { user_id: config.userID }),
          ...(config.userToken && { user_token: config.userToken }),
        });
      },
      rendered: options.rendered,
      unread: options.unread ?? view.count,
      message(author, text) {
        if (!isOpen) bubble.tell(author, text);
      },
      wrote(sent) {
        // Only who has written leaves a mark on the site: the next visit then loads the panel by itself (VIS-1).
        document.cookie = aliasCookie(alias, location.protocol === "https:");
        if (sent) options.wrote?.();
      },
      hide: close,
      async ticket() {
        frame.send({ kind: "ticket", ticket: await options.ticket(true) });
      },
    },
    signal,
  );
  view.place.append(frame.element);
  view.root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isOpen) close();
  });
  // Where the visitor goes without a new page, messages are to say so (EMB-23).
  const moved = (): void => frame.send({ kind: "page", page: readPage(), contact: contact() });
  addEventListener("popstate", moved, { signal });
  (window as { navigation?: EventTarget }).navigation?.addEventListener("currententrychange", moved, { signal });
  const fit = fitPhone(view, () => isOpen, () => frame.element.focus(), signal);

  return (open) => {
    if (open === isOpen) return;
    isOpen = open;
    fit();
    if (!open) return frame.send({ kind: "close" });
    bubble.hush();
    // What opens without a person's act takes nobody's focus (style.md §10).
    const focus = navigator.userActivation?.isActive ?? true;
    moved();
    frame.send({ kind: "open", focus });
    if (focus) frame.element.focus();
  };
}
