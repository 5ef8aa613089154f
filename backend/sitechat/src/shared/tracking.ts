/**
 * Where a visitor came from (O §6.7): the first touch and the latest, the page of now, the ids of counters. It is kept in the site's
 * own storage, and cookies are read, only where the site lets us keep things in the browser; never an address of the visitor (TRK-5).
 */
export type Tracking = {
  first: Touch;
  last: Touch;
  landing: string;
  page: string;
  title: string;
  counters: Record<string, string>;
  visitor_uid: string;
};

/** One coming to the site: parameters of the page's address, and origin and path of the page before. */
export type Touch = { query: Record<string, string>; referrer: string };

/** The part of a page that tracking reads. */
export type Place = { url: string; title: string; referrer: string };

const KEY = "leadline.touch";
const MAX = 256;

/** The parameters that the CRM has statistics fields for (TRK-1). */
const CODES = /^(utm_(source|medium|campaign|term|content|referrer)|openstat_(service|campaign|ad|source)|roistat|referrer|from|gclientid|_ym_uid|_ym_counter|gclid|yclid|fbclid|tid)$/;

/** What one page tells: a page before on the same site is no coming to it. */
export function touchOf({ url, referrer }: Place): Touch {
  const touch: Touch = { query: {}, referrer: "" };
  try {
    const { origin, searchParams } = new URL(url);
    for (const [name, value] of searchParams) {
      const code = name.toLowerCase();
      if (CODES.test(code) && value) touch.query[code] ??= value.slice(0, MAX);
    }
    const before = new URL(referrer);
    if (before.origin !== origin && before.origin !== "null") touch.referrer = before.origin + before.pathname;
  } catch {
    // No address, or no page before.
  }
  return touch;
}

/** Remembers this coming to the site: the first for good, the latest one that says anything. Without a store it is known for this page alone. */
export function noteTouch(place: Place, store: Pick<Storage, "getItem" | "setItem"> | undefined): Pick<Tracking, "first" | "last" | "landing"> {
  const now = touchOf(place);
  let kept: Partial<Tracking> = {};
  try {
    const found = JSON.parse(store?.getItem(KEY) ?? "{}") as Partial<Tracking>;
    if (typeof found.landing === "string" && isTouch(found.first) && isTouch(found.last)) kept = found;
  } catch {
    // Refused, or somebody else's.
  }
  const says = now.referrer || Object.keys(now.query).length;
  const next = { first: kept.first ?? now, last: says ? now : (kept.last ?? now), landing: kept.landing ?? place.url.slice(0, 1000) };
  try {
    store?.setItem(KEY, JSON.stringify(next));
  } catch {
    // Full or refused.
  }
  return next;
}

function isTouch(value: unknown): value is Touch {
  const { query, referrer } = (value ?? {}) as Touch;
  return typeof query === "object" && query !== null && typeof referrer === "string";
}

/** Ids of counters in the site's cookies (TRK-3). */
export function countersOf(cookie: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const part of cookie.split(";")) {
    const [name = "", value = ""] = part.trim().split("=", 2);
    // GA1.2.<random>.<time>: the last two are the client's id.
    if (name === "_ga") found.gclientid = value.split(".").slice(-2).join(".");
    if (name === "_ym_uid") found._ym_uid = value;
    if (name === "roistat_visit") found.roistat = value;
  }
  for (const [code, value] of Object.entries(found)) if (!/^[\w.-]{1,128}$/.test(value)) delete found[code];
  return found;
}

/** Everything of now; allowed tells whether the browser may be asked to remember, and for cookies. */
export function readTracking(place: Place, allowed: boolean): Tracking {
  let store: Storage | undefined;
  try {
    if (allowed) store = localStorage;
  } catch {
    // Refused altogether.
  }
  return { ...noteTouch(place, store), page: place.url, title: place.title, counters: allowed ? countersOf(document.cookie) : {}, visitor_uid: allowed ? pixel() : "" };
}

/** The visitor's id of the CRM's own pixel, where the site has that (VIS-4). */
function pixel(): string {
  try {
    const { AMOPIXEL_IDENTIFIER: found } = globalThis as { AMOPIXEL_IDENTIFIER?: { getVisitorUid(): unknown } };
    const uid = found?.getVisitorUid();
    return typeof uid === "string" ? uid.slice(0, 64) : "";
  } catch {
    return "";
  }
}
