/** What the browser remembers for key actions. It is the site's own storage: a claim, never proof. */
export type Memory = {
  /** Names the browser to the server; nobody can guess it. */
  key: string;
  /** The site's id of the signed-in person: another one is another browser to the server. */
  user: string;
  /** When the visitor did something last, in milliseconds; a session ends after half an hour without (KEY-4). */
  active: number;
  /** Of the session: visible milliseconds, page views, the last one's address, and what happened. */
  shown: number;
  pages: number;
  page: string;
  session: string[];
  /** By action: the day on which it happened last, in the account's time zone, and whether it ever did. */
  days: { [action: string]: string };
  /** Something was reported: the server knows the key. */
  told: boolean;
};

/** How often an action may happen (O §5.1). */
export const EVERY_VISIT = 1;
export const ONCE_PER_SESSION = 2;
export const ONCE_A_DAY = 3;
export const ONCE_PER_LEAD = 4;

const SESSION_MS = 30 * 60_000;

/** Reads what is kept, or begins; what somebody else wrote there is nothing. With another user, or after a while, a new session begins. */
export function readMemory(kept: string | null, user: string, now: number, newKey: () => string): Memory {
  const fresh: Memory = { key: newKey(), user, active: now, shown: 0, pages: 0, page: "", session: [], days: {}, told: false };
  let found: Partial<Memory>;
  try {
    found = (JSON.parse(kept ?? "") ?? {}) as Partial<Memory>;
  } catch {
    return fresh;
  }
  const { key, active, shown, pages, page, session, days, told } = found;
  const good = typeof key === "string" && /^[\w-]{22,64}$/.test(key) && typeof active === "number" && typeof days === "object" && days !== null;
  if (!good || found.user !== user) return fresh;
  const known = { ...fresh, key, days, told: told === true };
  // A clock that was put back must not make a session endless.
  if (now - active >= SESSION_MS || now < active - SESSION_MS) return known;
  return {
    ...known,
    shown: Number(shown) || 0,
    pages: Number(pages) || 0,
    page: typeof page === "string" ? page : "",
    session: Array.isArray(session) ? session.filter((one) => typeof one === "string") : [],
  };
}

/** Counts a page view: one of another page than the last, whose fragment does not count (KEY-1). */
export function countPage(record: Memory, href: string): void {
  const page = href.replace(/#.*/s, "").slice(0, 2048);
  if (page === record.page) return;
  record.page = page;
  record.pages++;
}

/** Whether an action that may not happen all the time may happen now. Ask: only the server knows (once per lead, and it happened before). */
export function mayFire(record: Memory, action: string, constraint: number, day: string, thisPage: ReadonlySet<string>): boolean | "ask" {
  switch (constraint) {
    case EVERY_VISIT:
      return !thisPage.has(action);
    case ONCE_PER_SESSION:
      return !record.session.includes(action);
    case ONCE_A_DAY:
      return record.days[action] !== day;
    case ONCE_PER_LEAD:
      if (record.session.includes(action)) return false;
      return record.days[action] ? "ask" : true;
  }
  return false;
}

/** Notes that an action happened. */
export function noteFired(record: Memory, action: string, day: string, thisPage: Set<string>): void {
  thisPage.add(action);
  if (!record.session.includes(action)) record.session.push(action);
  record.days[action] = day;
}

/** The date of a moment in a time zone, "2026-01-31"; that of the visitor where the browser does not know the zone. */
export function dayIn(zone: string, now: number): string {
  const parts = (timeZone?: string): string =>
    new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" } as Intl.DateTimeFormatOptions).format(now);
  try {
    return parts(zone);
  } catch {
    return parts();
  }
}
