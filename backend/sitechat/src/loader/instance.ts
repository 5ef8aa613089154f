import type { WindowModule, WindowPart } from "../shared/part";
import { readConfig } from "./config";
import { EVENTS, makeEvents } from "./events";
import { fetchRemote, type Remote } from "./remote";
import type { Settings } from "./settings";
import { quietly, type Call, type Line } from "./takeover";
import { makeLauncher, type LauncherView } from "./view";

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
  let view: LauncherView | undefined;
  const pending: boolean[] = [];
  const later = (ms: number, act: () => void): void => {
    const timer = setTimeout(act, ms);
    signal.addEventListener("abort", () => clearTimeout(timer));
  };

  const start = async (attempt: number): Promise<void> => {
    try {
      remote = await fetchRemote(base, settings, signal);
      readAt = Date.now();
      if (!document.body) await new Promise((done) => document.addEventListener("DOMContentLoaded", done, { signal }));
      if (signal.aborted) return;
      if (remote.error) say(remote.error.message);
      else if (remote.chat) ready(remote.chat.title || "Chat");
    } catch {
      // Blocked or offline: ready comes when it can (EVT-6); after the end this is how the request was stopped.
      signal.aborted || later((1 + Math.random()) * 2 ** Math.min(attempt + 9, 15), () => start(attempt + 1));
    }
  };
  const ready = (title: string): void => {
    const { color, position } = remote.button;
    const several = remote.chat?.mode === "multiple";
    const paint = config.color || color;
    const { root, launcher, show } = (view = makeLauncher(title, paint, position === "left", config.hidden, signal));
    line.back = () => root.isConnected || document.body.append(root);
    let part: Promise<WindowPart> | undefined;
    let query = "";
    const change = (open: boolean): void => {
      if (signal.aborted || open === isOpen) return;
      isOpen = open;
      show(open);
      events.emit(open ? "onChatShow" : "onChatHide");
      if (open) load();
      part?.then((tell) => tell(isOpen)).catch(() => change(false));
    };
    const load = (): void => {
      part ??= (import(`${base}assets/${WINDOW_PART}${query}`) as Promise<WindowModule>).then(({ makeWindow }) =>
        makeWindow({
          base,
          signal,
          view: view!,
          warn,
          remote,
          color: paint,
          settings,
          chat: config.chat,
          set: change,
          events,
          readAt,
        }),
      );
      part.catch(() => {
        // A second try needs another address: engines remember a failed import.
        query += "?";
        part = undefined;
      });
    };
    launcher.onclick = () => {
      const open = !isOpen;
      // Subscribers hear of the click before the window opens (EVT-9).
      if (open) events.emit("onButtonClick", "livechat", "");
      queueMicrotask(() => change(open));
    };
    // Who wrote before has the cookie: the panel loads by itself, so that the counter is true (design.md §10).
    if (/amo-livechat-id=./.test(document.cookie)) later(999, load);
    events.reach("onChatReady");
    events.reach("onConversationsChange", several && []);
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
  const methods: Record<string, ((value: never) => void) | null> = {
    __proto__: null,
    runChatShow: () => show(true),
    runChatHide: () => show(false),
    runDestroy: () => destroy(),
    // For the window, which keeps things or does not.
    consent: (given: unknown) => events.reach("consent", given),
    sendKeyActionHook() {},
    setMeta,
    getState: (tell: unknown) => queueMicrotask(() => typeof tell === "function" && tell({ ready: !!set, open: isOpen, unread: view?.unread ?? 0 })),
  };
  const destroy = (): void => {
    end.abort();
    events.clear();
    // From now on calls wait in the queue for the next instance (MET-5).
    delete line.receive;
  };
  const receive = ([name, value]: Call): void => {
    for (const part of `${name as string}`.split("|")) {
      const key = part.trim();
      const method = methods[key];
      if (method) method(value as never);
      else if (EVENTS.test(key)) events.on(key, value);
      else warn(key, "is not known");
    }
  };
  Object.assign(line, { id: settings.id, back: undefined, destroy, receive: (call: Call) => quietly(() => receive(call)) });
  void start(0);
}
