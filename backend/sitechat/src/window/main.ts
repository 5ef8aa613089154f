// The loader's second part: the panel's frame and the pop-up. Fetched when somebody opens the chat or wrote before.
import { add, addIcon, addStyles } from "../shared/dom";
import { fetchRemote } from "../loader/remote";
import type { Globals } from "../loader/dialect";
import type { Part, PartOptions } from "../shared/part";
import type { Contact, LoaderMessage } from "../shared/protocol";
import bubbleCSS from "../styles/bubble.css";
import css from "../styles/window.css";
import { readTracking } from "../shared/tracking";
import { aliasCookie, makeAlias, NO_ALIAS, readAlias } from "./alias";
import { makeBubble } from "./bubble";
import { readChatConfig } from "./config";
import { makeContainer } from "./container";
import { CROSS } from "./cross";
import { makeFrame, readPage } from "./frame";
import { askUserToken, readConsent } from "./identity";
import { contactOf, readMeta, watchMeta } from "./meta";
import { openUnasked } from "../shared/unasked";
import { fitPhone } from "./phone";
import { chooseWords } from "./words";

/** How long the panel's first paint holds up what it tells the site. */
const PAINT_WITHIN_MS = 2000;

/** Puts the panel's frame into its place and connects it with the launcher. */
export function makePart(options: PartOptions): Part {
  const { base, remote, view, signal, color, set, events } = options;
  // Destroyed while this part was on its way: nothing would take away what it adds.
  if (signal.aborted) return () => {};
  const { lang, words } = chooseWords(options.settings.locale, remote.button.locale);
  const title = remote.chat?.title || words.chat;
  const config = readChatConfig(options.chat, (value) => CSS.supports("color", value), options.warn);
  let consent = readConsent(options.chat.consent, options.warn);
  let alias = makeAlias();
  let wrote = false;
  const keepAlias = (): void => {
    // Only who has written leaves a mark on the site: the next visit then loads the panel by itself (VIS-1).
    if (wrote && consent === true) document.cookie = aliasCookie(alias, location.protocol === "https:");
    if (!consent) document.cookie = NO_ALIAS;
  };
  const decided = (): void => {
    if (consent === true && !wrote) alias = readAlias(document.cookie) || alias;
    keepAlias();
  };
  decided();
  const userToken = (): Promise<string> => askUserToken(options.chat.user_token, options.warn, signal);
  const url = new URL(base + remote.frame.replace(/^\//, ""));
  url.searchParams.set("lang", lang);
  addStyles(view.root, css + bubbleCSS, signal);
  addIcon(view.launcher, CROSS);
  view.chat.setAttribute("aria-label", title);

  const { id } = options.settings;
  const globals = globalThis as Globals;
  const told = (): { contact: Contact; meta: unknown } => {
    watchMeta(globals, id, changed, signal);
    const meta = readMeta(globals, id);
    return { contact: contactOf(meta), meta: { ...meta, tracking: readTracking(readPage(), consent === true) } };
  };

  let { ticket } = remote;
  let { readAt } = options;
  /** A ticket that is still good; with fresh, a new one in any case. The old one when the server is out of reach. */
  const getTicket = async (fresh: boolean): Promise<string> => {
    // Good for ten minutes, of which the browser's own copy may have used five.
    if (!fresh && Date.now() - readAt < 240_000) return ticket;
    try {
      // The ticket of the browser's own copy may have run out.
      ({ ticket } = await fetchRemote(base, options.settings, { signal, cache: "reload" }));
      readAt = Date.now();
    } catch {
      // The panel asks again.
    }
    return ticket;
  };

  let isOpen = false;
  // What the panel tells comes after its first paint (EVT-7); that of a tab in the background may never come.
  let paint = (): void => {};
  const painted = new Promise<void>((done) => (paint = done));
  let patience: ReturnType<typeof setTimeout> | undefined;
  let rendered = false;
  // What the extras have for the panel: forms that were sent, once, and the browser's key, for each frame.
  let up = false;
  const later: LoaderMessage[] = [];
  let browser = "";
  const bubble = makeBubble(view, words, options.click ?? (() => view.launcher.click()));
  const close = (): void => {
    set(false);
    view.launcher.focus();
  };
  const frame = makeFrame(
    url.href,
    title,
    {
      async hello() {
        const [ticket, user_token] = await Promise.all([getTicket(false), userToken()]);
        frame.send({
          kind: "init",
          ticket,
          alias,
          locale: lang,
          page: readPage(),
          ...told(),
          open: isOpen,
          title,
          ...(remote.chat?.untitled && { untitled: true }),
          strings: config.strings,
          theme: { color, ...config.theme },
          mode: container.framed() ? "frame" : "widget",
          ...(config.userID && { user_id: config.userID }),
          ...(user_token && { user_token }),
          consent,
        });
        up = true;
        patience ??= setTimeout(paint, PAINT_WITHIN_MS);
        later.splice(0).forEach(frame.send);
        if (browser) frame.send({ kind: "actions", key: browser });
      },
      rendered() {
        // Once: a frame that was moved on the page begins anew (O §3.4).
        if (!rendered) events.reach("onChatRenderDone");
        rendered = true;
        paint();
      },
      unread(count) {
        const changed = count !== view.unread;
        view.count(count);
        if (changed) void painted.then(() => events.emit("onUnreadChange", count));
      },
      message(author, text) {
        // In an element of the page only the counter tells (CFG-10).
        if (isOpen || container.framed()) return;
        if (opensItself(remote.chat?.auto_open)) openUnasked(options);
        else bubble.tell(author, text);
      },
      wrote(sent) {
        wrote = true;
        keepAlias();
        if (sent) events.emit("onVisitorMessage");
      },
      conversations(list) {
        // Where there is only one, the event tells nothing but that (O §3.4).
        if (remote.chat?.mode === "multiple") void painted.then(() => events.reach("onConversationsChange", list));
      },
      hide: close,
      async ticket() {
        frame.send({ kind: "ticket", ticket: await getTicket(true) });
      },
      async user_token() {
        frame.send({ kind: "user_token", user_token: await userToken() });
      },
      person() {
        // The next one who writes here gets a mark of their own (CFG-7).
        alias = makeAlias();
        wrote = false;
        if (consent === true) document.cookie = NO_ALIAS;
        frame.send({ kind: "alias", alias });
      },
    },
    signal,
  );
  const container = makeContainer({
    view,
    wanted: config.container,
    warn: options.warn,
    gone: () => set(false),
    fallen() {
      // The panel has to learn that it stands in the pop-up.
      frame.element.src = url.href;
      name();
      fit();
    },
    signal,
  });
  const name = (): void => view.chat.setAttribute("role", container.framed() ? "region" : "dialog");
  name();
  if (!config.theme.header) {
    // On a full screen somebody must be able to close what has no header of its own (THM-3).
    const cross = add(view.chat, "button", "leadline-cross");
    cross.setAttribute("aria-label", words.close);
    addIcon(cross, CROSS);
    cross.onclick = close;
  }
  view.place.append(frame.element);
  view.root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isOpen && !container.framed()) close();
  });
  // Where the visitor goes without a new page, messages are to say so (EMB-23).
  const moved = (): void => {
    // Before init there is nothing to add to, and much to read.
    if (up) frame.send({ kind: "page", page: readPage(), ...told() });
  };
  // What the site tells in one turn, or in the next few, goes over at once.
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const changed = (): void => {
    clearTimeout(waiting);
    waiting = setTimeout(moved, 100);
  };
  signal.addEventListener("abort", () => [waiting, patience].forEach(clearTimeout));
  addEventListener("popstate", moved, { signal });
  (window as { navigation?: EventTarget }).navigation?.addEventListener("currententrychange", moved, { signal });
  // Engines without that tell nobody when a page's script changes the address.
  if (!("navigation" in window)) {
    let { href } = location;
    const timer = setInterval(() => {
      if (href !== location.href && isOpen) moved();
      ({ href } = location);
    }, 1000);
    signal.addEventListener("abort", () => clearInterval(timer));
  }
  events.on("consent", (word: unknown) => {
    consent = readConsent(word, options.warn);
    decided();
    frame.send({ kind: "consent", consent });
  });
  events.on("said", (text: string) => {
    moved(); // with the contact's data, which come first
    later.push({ kind: "said", text });
    if (up) later.splice(0).forEach(frame.send);
  });
  events.on("actionKey", (key: string) => {
    browser = key;
    if (up) frame.send({ kind: "actions", key });
  });
  const fit = fitPhone(view, () => isOpen && !container.framed(), () => frame.element.focus(), signal);

  return (open) => {
    if (open === isOpen) return;
    isOpen = open;
    container.change(open);
    fit();
    if (!open) return frame.send({ kind: "close" });
    bubble.hush();
    // What opens without a person's act takes nobody's focus (style.md §10).
    const focus = !options.unasked && (navigator.userActivation?.isActive ?? true);
    options.unasked = false;
    moved();
    frame.send({ kind: "open", focus });
    if (focus) frame.element.focus();
  };
}

/** Whether an incoming message opens the chat (WIN-5). */
function opensItself(where: string | undefined): boolean {
  return where === "always" || (where === "wide" && matchMedia("(min-width: 768px)").matches);
}

// The name that the loaders of earlier builds ask for.
export { makePart as makeWindow };
