import { fetchRemote } from "../loader/remote";
import type { AnimationName } from "../shared/extras";
import type { Consent } from "../shared/protocol";
import { readConsent } from "../window/identity";
import { groupOfHook, groupThatHolds, waitsForTime, type Condition, type Seen } from "./conditions";
import { showForm, type FormField } from "./form";
import { countPage, dayIn, EVERY_VISIT, mayFire, noteFired, readMemory, type Memory } from "./memory";
import type { Stage } from "./stage";

/** A key action as the server tells it: what to watch for, and what the browser does itself (http-api.md §3). */
type Action = {
  id: string;
  constraint: number;
  conditions: Condition[][];
  reactions: { action: string; settings?: { animation?: number; form?: FormField[]; form_title?: string } }[];
};

/** What the server tells: the account's time zone, for days, and the text of the greeting. */
type Told = { actions: Action[]; zone: string; greeting: string };

const NOTHING: Told = { actions: [], zone: "", greeting: "" };

const TICK_MS = 1000;
const SCROLL_MS = 250;
/** What a page was asleep for is not time that somebody looked at it. */
const MOST_SHOWN_MS = 2 * TICK_MS;
const TICKET_GOOD_MS = 240_000;
const ANIMATIONS: readonly AnimationName[] = ["waves", "tremble", "shake"];

/** Watches what the visitor does and lets the button's key actions happen (KEY-1..7). */
export async function watchActions(stage: Stage): Promise<void> {
  const { options } = stage;
  const { base, settings, signal, events, warn, chat } = options;
  const { href: url } = new URL(`v1/buttons/${settings.id}/actions`, base);
  const hooks: string[] = [];
  let heard = (name: string): void => void hooks.push(name);
  stage.onHook((name) => heard(name));

  const wait = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      signal.addEventListener("abort", () => clearTimeout(timer));
    });
  const ask = async (attempt: number): Promise<Told> => {
    try {
      const response = await fetch(`${url}?hash=${settings.hash}`, { signal });
      if (response.ok) return (await response.json()) as Told;
      if (response.status < 500 && response.status !== 429) return NOTHING;
    } catch {
      // Offline, or ended.
    }
    if (attempt < 6 && !signal.aborted) await wait(2 ** attempt * TICK_MS);
    return attempt < 6 && !signal.aborted ? ask(attempt + 1) : NOTHING;
  };
  const { actions, zone, greeting } = await ask(0);
  if (signal.aborted || !actions.length) return;

  const place = `leadline-actions-${settings.id}`;
  const newKey = (): string => crypto.randomUUID();
  const user = `${(chat.user_id as string | undefined) ?? ""}`.slice(0, 256);
  const stored = (): string | null => {
    try {
      return localStorage.getItem(place);
    } catch {
      return null;
    }
  };
  let consent: Consent = readConsent(chat.consent, warn);
  let thisPage = new Set<string>();
  let memory: Memory = readMemory(consent === true ? stored() : null, user, Date.now(), newKey);
  const save = (): void => {
    // Before somebody has agreed nothing is kept: each page begins anew.
    try {
      if (consent === true) localStorage.setItem(place, JSON.stringify(memory));
      else if (!consent) localStorage.removeItem(place);
    } catch {
      // Storage is refused or full: the memory lives as long as the page.
    }
  };
  events.on("consent", (word: unknown) => {
    const before = consent;
    consent = readConsent(word, warn);
    if (consent === true && before !== true) {
      // What is known from earlier pages goes on, with what happened on this one.
      memory = readMemory(stored() ?? JSON.stringify(memory), user, Date.now(), newKey);
      countPage(memory, location.href);
      for (const id of thisPage) noteFired(memory, id, dayIn(zone, Date.now()), thisPage);
    }
    save();
  });

  let { ticket } = options.remote;
  let { readAt } = options;
  const freshTicket = async (): Promise<void> => {
    ({ ticket } = await fetchRemote(base, settings, { signal, cache: "reload" }));
    readAt = Date.now();
  };
  /** Tells the server; whether it happened, as far as that knows. */
  const report = async (action: string, group: number): Promise<boolean> => {
    const body = { key: memory.key, client_id: crypto.randomUUID(), action, group, page: { url: location.href.slice(0, 2048), title: document.title.slice(0, 256) } };
    for (let attempt = 0; attempt < 3 && !signal.aborted; attempt++) {
      try {
        if (Date.now() - readAt > TICKET_GOOD_MS) await freshTicket();
        // No content type, so that the browser need not ask first; the page may be left at this very moment.
        const response = await fetch(url, { method: "POST", body: JSON.stringify({ ticket, ...body }), keepalive: true, signal });
        if (response.ok) {
          const { fired } = (await response.json()) as { fired: boolean };
          tell();
          return fired;
        }
        if (response.status === 401) readAt = 0;
        else if (response.status < 500) return false;
      } catch {
        // Not there: once more, with the same id.
      }
      await wait((attempt + 1) * 5 * TICK_MS);
    }
    return false;
  };
  /** The panel tells the server whose browser this is, from the first report on. */
  const tell = (): void => {
    memory.told = true;
    save();
    events.reach("actionKey", memory.key);
  };
  if (memory.told) events.reach("actionKey", memory.key);

  let px = 0;
  let percent = 0;
  let shownAt = Date.now();
  const react = ({ reactions }: Action): void => {
    for (const { action, settings: { animation = 0, form = [], form_title: title = "" } = {} } of reactions) {
      // KEY-6: nobody is disturbed who talks, or who has said no.
      if (stage.isOpen() || stage.dismissed() || signal.aborted) return;
      const name = ANIMATIONS[animation - 1];
      if (action === "amobutton_greeting") stage.greet(greeting);
      else if (action === "amobutton_animate" && name) stage.animate(name);
      else if (action === "amobutton_form")
        showForm(options, form, title, stage.dismiss);
    }
  };
  const attempt = (action: Action, group: number, called: boolean): void => {
    if (group < 0) return;
    const day = dayIn(zone, Date.now());
    // A call is a visit of its own: it is not for us to say how often a site may call.
    const may = mayFire(memory, action.id, action.constraint, day, called && action.constraint === EVERY_VISIT ? new Set() : thisPage);
    if (!may) return;
    noteFired(memory, action.id, day, thisPage);
    save();
    if (may === true) react(action);
    void report(action.id, group).then((fired) => fired && may === "ask" && react(action));
  };
  const evaluate = (leaving = false): void => {
    const seen: Seen = { seconds: memory.shown / 1000, pages: memory.pages, px, percent, url: location.href, leaving };
    for (const action of actions) attempt(action, groupThatHolds(action.conditions, seen), false);
  };
  const scrolled = (): void => {
    const { scrollHeight, clientHeight } = document.documentElement;
    const most = scrollHeight - clientHeight;
    px = Math.max(px, Math.round(scrollY));
    // A page that cannot scroll was seen as a whole.
    percent = Math.max(percent, most > 0 ? Math.min(100, Math.round((scrollY / most) * 100)) : 100);
  };
  /** Takes in that the visitor does something: a new session may begin. */
  const alive = (): void => {
    const now = Date.now();
    if (now - memory.active > TICK_MS) {
      const before = memory;
      memory = readMemory(JSON.stringify(memory), user, now, newKey);
      if (memory.pages < before.pages) countPage(memory, location.href);
      memory.active = now;
    }
  };
  const visit = (): void => {
    thisPage = new Set();
    px = percent = 0;
    alive();
    countPage(memory, location.href);
    save();
    scrolled();
    evaluate();
  };

  // Time that the page is seen (KEY-1). Another tab may have added some meanwhile: it counts too.
  const tick = (): void => {
    const now = Date.now();
    const shown = document.hidden ? 0 : Math.min(now - shownAt, MOST_SHOWN_MS);
    shownAt = now;
    if (shown <= 0) return;
    memory.shown += shown;
    if (actions.some(({ conditions }) => waitsForTime(conditions))) evaluate();
  };
  const timer = setInterval(tick, TICK_MS);
  signal.addEventListener("abort", () => clearInterval(timer));

  let scrolling: ReturnType<typeof setTimeout> | undefined;
  let fast = { at: 0, y: 0 };
  const narrow = matchMedia("(pointer: coarse)");
  addEventListener(
    "scroll",
    () => {
      alive();
      const now = Date.now();
      // On a phone nobody's pointer leaves: who goes up fast is about to go.
      if (narrow.matches && now - fast.at < SCROLL_MS * 2 && fast.y - scrollY > innerHeight / 2) {
        fast = { at: 0, y: 0 };
        evaluate(true);
      } else if (now - fast.at > SCROLL_MS) fast = { at: now, y: scrollY };
      scrolling ??= setTimeout(() => {
        scrolling = undefined;
        scrolled();
        evaluate();
      }, SCROLL_MS);
    },
    { passive: true, signal },
  );
  signal.addEventListener("abort", () => clearTimeout(scrolling));
  document.addEventListener(
    "mouseout",
    ({ relatedTarget, clientY }) => {
      if (!relatedTarget && clientY <= 0) evaluate(true);
    },
    { signal },
  );
  document.addEventListener(
    "visibilitychange",
    () => {
      // Seen until now, or from now on.
      if (document.hidden) {
        memory.shown += Math.min(Math.max(Date.now() - shownAt, 0), MOST_SHOWN_MS);
        if (narrow.matches) evaluate(true);
        save();
      }
      shownAt = Date.now();
    },
    { signal },
  );
  addEventListener("pagehide", save, { signal });
  for (const type of ["pointerdown", "keydown"]) addEventListener(type, alive, { passive: true, signal });

  // A route of a single-page application is a page view (EMB-23).
  let { href } = location;
  const routed = (): void => {
    if (href === location.href) return;
    const before = href.replace(/#.*/s, "");
    ({ href } = location);
    if (href.replace(/#.*/s, "") === before) evaluate();
    else visit();
  };
  addEventListener("popstate", routed, { signal });
  const { navigation } = window as { navigation?: EventTarget };
  navigation?.addEventListener("currententrychange", routed, { signal });
  if (!navigation) {
    const look = setInterval(routed, TICK_MS);
    signal.addEventListener("abort", () => clearInterval(look));
  }

  visit();
  heard = (name) => {
    alive();
    for (const action of actions) attempt(action, groupOfHook(action.conditions, name), true);
  };
  hooks.forEach(heard);
}
