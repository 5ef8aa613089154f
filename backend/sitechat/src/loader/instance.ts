import type { WindowModule, WindowPart } from "../shared/part";
import { readConfig } from "./config";
import { EVENTS, makeEvents } from "./events";
import { fetchRemote, type Remote } from "./remote";
import type { Settings } from "./settings";
import { quietly, type Call, type Line } from "./takeover";
import { makeLauncher } from "./view";

/** Says something to the site's developer. */
export function say(text: string): void {
  console.warn("[chat] " + text);
}

/**
 * Starts a button on a line: reads the server's settings, puts the launcher on the page, then runs what was asked for
 * meanwhile. The site's configuration comes unchecked; setMeta is the settings object's own, for those who use it as a
 * command (API-2).
 */
export function startInstance(line: Line, base: string, settings: Settings, siteConfig: unknown, setMeta: (data: unknown) => void): void {
  const warned = new Set<string>();
  const warn = (key: string, text: string): void => {
    if (!warned.has(key) && warned.add(key).size < 99) say(`${key.slice(0, 99)} ${text}`);
  };
  const events = makeEvents(warn);
  const end = new AbortController();
  const { signal } = end;
  const config = readConfig(siteConfig, (value) => CSS.supports("color", value), warn);
  let remote: Remote;
  let readAt: number;
  let set: ((open: boolean) => void) | undefined;
  let isOpen = false;
  let unread = 0;
  const pending: boolean[] = [];

  const read = async (fresh: boolean): Promise<void> => {
    remote = await fetchRemote(base, settings, fresh, signal);
    readAt = Date.now();
  };
  const start = async (attempt: number): Promise<void> => {
    try {
      await read(false);
      if (!document.body) await new Promise((done) => document.addEventListener("DOMContentLoaded", done));
      if (signal.aborted) return;
      if (remote.error) say(remote.error.message);
      else if (remote.chat) ready(remote.chat.title || "Chat");
    } catch {
      // Blocked or offline: ready comes when it can (EVT-6).
      setTimeout(() => signal.aborted || start(attempt + 1), (500 + Math.random() * 1000) * 2 ** Math.min(attempt, 6));
    }
  };
  const ready = (title: string): void => {
    const { color, position } = remote.button;
    const paint = config.color || color;
    const view = makeLauncher(title, paint, position === "left", config.hidden, signal);
    let part: Promise<WindowPart> | undefined;
    let query = "";
    const change = (open: boolean): void => {
      if (signal.aborted || open === isOpen) return;
      isOpen = open;
      view.show(open);
      events.emit(open ? "onChatShow" : "onChatHide");
      if (open) load();
      part?.then((tell) => tell(isOpen)).catch(() => change(false));
    };
    const load = (): void => {
      part ??= (import(`${base}assets/${WINDOW_PART}${query}`) as Promise<WindowModule>).then(({ makeWindow }) =>
        makeWindow({
          base,
          signal,
          view,
          warn,
          remote,
          color: paint,
          settings,
          chat: config.chat,
          set: change,
          rendered: () => events.reach("onChatRenderDone"),
          unread(count) {
            view.count(count);
            if (count !== unread) events.emit("onUnreadChange", (unread = count));
          },
          wrote: () => events.emit("onVisitorMessage"),
          async ticket(fresh) {
            // Good for ten minutes, of which the browser's own copy may have used five.
            if (fresh || Date.now() - readAt > 240_000) await read(true).catch(() => {});
            return remote.ticket;
          },
        }),
      );
      part.catch(() => {
        // A second try needs another address: engines remember a failed import.
        query += "?";
        part = undefined;
      });
    };
    view.launcher.onclick = () => {
      const open = !isOpen;
      // Subscribers hear of the click before the window opens (EVT-9).
      if (open) events.emit("onButtonClick", "livechat", "");
      queueMicrotask(() => change(open));
    };
    // Who wrote before has the cookie: the panel loads by itself, so that the counter is true (design.md §10).
    if (/amo-livechat-id=./.test(document.cookie)) setTimeout(() => signal.aborted || load(), 999);
    events.reach("onChatReady");
    events.reach("onConversationsChange", false);
    // What waited runs after the callbacks of ready were called (EVT-7).
    queueMicrotask(() => {
      set = change;
      pending.forEach(change);
    });
  };
  const show = (open: boolean): void => {
    if (set) set(open);
    else if (pending[pending.length - 1] !== open) pending.push(open);
  };
  const methods = new Map<string, (value?: unknown) => void>([
    ["runChatShow", () => show(true)],
    ["runChatHide", () => show(false)],
    ["runDestroy", () => destroy()],
    ["sendKeyActionHook", () => {}],
    ["setMeta", setMeta],
    ["getState", (tell) => typeof tell === "function" && queueMicrotask(() => tell({ ready: !!set, open: isOpen, unread }))],
  ]);
  const destroy = (): void => {
    end.abort();
    events.clear();
    // From now on calls wait in the queue for the next instance (MET-5).
    delete line.receive;
  };
  const receive = ([name, value]: Call): void => {
    for (const part of `${name as string}`.split("|")) {
      const key = part.trim();
      const method = methods.get(key);
      if (method) method(value);
      else if (EVENTS.test(key)) events.on(key, value);
      else warn(key, "is not known");
    }
  };
  Object.assign(line, { id: settings.id, destroy, receive: (call: Call) => quietly(() => receive(call)) });
  void start(0);
}
