import type { Part, PartModule } from "../shared/part";
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
  let set: ((open: boolean) => void) | undefined;
  let isOpen = false;
  let view: LauncherView | undefined;
  const pending: boolean[] = [];
  const hooks: unknown[] = [];
  const later = (ms: number, act: () => void): void => {
    const timer = setTimeout(act, ms);
    signal.addEventListener("abort", () => clearTimeout(timer));
  };

  const start = async (attempt: number): Promise<void> => {
    try {
      remote = await fetchRemote(base, settings, { signal });
      while (!document.body) await new Promise<void>((done) => later(50, done));
      if (signal.aborted) return;
      if (remote.error) say(remote.error.message);
      else ready();
    } catch {
      // Blocked or offline: ready comes when it can (EVT-6); after the end this is how the request was stopped.
      signal.aborted || later((1 + Math.random()) * 2 ** Math.min(attempt + 9, 15), () => start(attempt + 1));
    }
  };
  const ready = (): void => {
    const { chat, extras } = remote;
    if (!chat && !extras) return;
    const { color, style } = remote.button;
    const paint = config.color || color;
    const { launcher, show } = (view = makeLauncher(chat?.title || "Chat", paint, style, config.hidden, signal));
    const parts: Record<string, Promise<Part>> = {};
    let query = "";
    const bring = (name: string): Promise<unknown> => {
      const part = (parts[name] ??= (import(`${base}assets/${name}${PART_HASH}${query}`) as Promise<PartModule>).then(({ makePart }) => makePart(options)));
      return part
        .then((tell) => tell(isOpen))
        .catch(() => {
          // A second try needs another address: engines remember a failed import.
          query += "?";
          delete parts[name];
          name === "window" ? change(false) : later(9999, () => bring(name));
        });
    };
    const change = (open: boolean): void => {
      if (signal.aborted || open === isOpen) return;
      isOpen = open;
      show(open);
      events.emit(open ? "onChatShow" : "onChatHide");
      if (open) void bring("window");
      for (const name in parts) void bring(name);
    };
    const click = (): void => {
      const open = !isOpen;
      // Subscribers hear of the click before the window opens (EVT-9).
      if (open) events.emit("onButtonClick", "livechat", "");
      queueMicrotask(() => change(open));
    };
    const options = { base, signal, view, warn, remote, color: paint, settings, chat: config.chat, set: change, click, hooks, events, readAt: Date.now() };
    if (extras) void bring("extras");
    if (!chat) return;
    // Until the extras put another act in its place, where there are messengers.
    launcher.onclick = click;
    // Who presses the launcher is about to click it: the panel is on its way when the finger leaves.
    launcher.onpointerdown = () => bring("window");
    // Who wrote before has the cookie: the panel loads by itself, so that the counter is true (design.md §10).
    if (/amo-livechat-id=./.test(document.cookie)) later(999, () => bring("window"));
    events.reach("onChatReady");
    events.reach("onConversationsChange", chat.mode === "multiple" && []);
    // What waited runs after the callbacks of ready were called (EVT-7).
    queueMicrotask(() => {
      set = change;
      pending.forEach(change);
    });
  };
  const show = (open: boolean): void => {
    if (set) set(open);
    else if (pending.at(-1) !== open) pending.push(open);
  };
  const destroy = (): void => {
    end.abort();
    events.clear();
    // From now on calls wait in the queue for the next instance (MET-5).
    delete line.receive;
  };
  const methods: Record<string, ((value: never) => unknown) | null> = {
    __proto__: null,
    runChatShow: () => show(true),
    runChatHide: () => show(false),
    runDestroy: destroy,
    // For the window, which keeps things or does not.
    consent: (given: unknown) => events.reach("consent", given),
    // Names that the key actions read when they are here.
    sendKeyActionHook: (name: unknown) => hooks[99] || hooks.push(name),
    setMeta,
    getState: (tell: unknown) => queueMicrotask(() => typeof tell === "function" && tell({ ready: !!set, open: isOpen, unread: view?.unread ?? 0 })),
  };
  const receive = ([name, value]: Call): void => {
    for (const part of `${name as string}`.split("|")) {
      const key = part.trim();
      const method = methods[key];
      if (method) method(value as never);
      else if (EVENTS.test(key)) events.on(key, value);
      else warn(key, "is unknown");
    }
  };
  Object.assign(line, { id: settings.id, back: () => view && (view.root.isConnected || document.body.append(view.root)), destroy, receive: (call: Call) => quietly(() => receive(call)) });
  void start(0);
}
