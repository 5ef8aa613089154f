/** One thing that a key action watches (O §5.1), as the server tells it. */
export type Condition = { type: string; value?: string; unit?: string; mask?: number };

/** What is known of the visitor at this moment. */
export type Seen = {
  /** Visible time of the session, in seconds, and its page views (KEY-1). */
  seconds: number;
  pages: number;
  /** The farthest that the current page was scrolled, and in per cent of what can be scrolled. */
  px: number;
  percent: number;
  url: string;
  /** The visitor is about to leave at this very moment. */
  leaving: boolean;
};

/**
 * The index of the first group of conditions that holds now; -1 for none. A custom hook never holds by itself: it fires at the
 * call (KEY-3).
 */
export function groupThatHolds(groups: readonly (readonly Condition[])[], seen: Seen): number {
  return groups.findIndex((group) => group.length > 0 && group.every((one) => holds(one, seen)));
}

/** The index of the group that a hook of that name fires; -1 for none. Names are compared exactly, but for blanks around (MET-6). */
export function groupOfHook(groups: readonly (readonly Condition[])[], name: string): number {
  return groups.findIndex((group) => group.some(({ type, value }) => type === "custom_hook" && value?.trim() === name));
}

/** Whether groups depend on time, so that each second may change them. */
export function waitsForTime(groups: readonly (readonly Condition[])[]): boolean {
  return groups.some((group) => group.some(({ type }) => type === "time_on_site"));
}

function holds({ type, value = "", unit, mask = 0 }: Condition, seen: Seen): boolean {
  const most = Number(value);
  switch (type) {
    case "time_on_site":
      return seen.seconds >= most;
    case "page_hits":
      return seen.pages >= most;
    case "scrolled_value":
      return (unit === "%" ? seen.percent : seen.px) >= most;
    case "url_visited":
      return urlMatches(value, mask, seen.url);
    case "exit_intent":
      return seen.leaving;
  }
  return false;
}

/**
 * Compares an address with a value (KEY-2). A value with a scheme is compared with the whole address, one that begins with a
 * slash, as any other, with path and query. Masks: 1 is, 2 is not, 3 begins with, 4 ends with, 5 contains, 6 does not contain.
 * An empty value never matches.
 */
export function urlMatches(wanted: string, mask: number, href: string): boolean {
  const value = wanted.trim();
  let url;
  try {
    url = new URL(href);
  } catch {
    return false;
  }
  if (!value) return false;
  const whole = /^[a-z][\w+.-]*:\/\//i.test(value);
  const exact = mask === 1 || mask === 2 || mask === 4;
  const clean = (text: string): string => {
    const [, head = "", hash = ""] = /^([^#]*)(.*)$/s.exec(text) ?? [];
    const [path = "", ...query] = head.split("?");
    const shorter = exact ? path.replace(/(.)\/$/, "$1") : path;
    return [shorter, ...query].join("?") + (value.includes("#") ? hash : "");
  };
  // The host is the only part in which case does not count.
  const lower = (text: string): string => text.replace(/^[a-z][\w+.-]*:\/\/[^/?#]*/i, (origin) => origin.toLowerCase());
  const is = clean(whole ? lower(`${url.origin}${url.pathname}${url.search}${url.hash}`).replace(/^null/, `${url.protocol}//`) : `${url.pathname}${url.search}${url.hash}`);
  const should = clean(whole ? lower(value) : value);
  switch (mask) {
    case 1:
      return bare(is) === bare(should);
    case 2:
      return bare(is) !== bare(should);
    case 3:
      return is.startsWith(should);
    case 4:
      return is.endsWith(should);
    case 5:
      return is.includes(should);
    case 6:
      return !is.includes(should);
  }
  return false;
}

/** A site's root is the same with its slash and without. */
function bare(address: string): string {
  return address.replace(/^([a-z][\w+.-]*:\/\/[^/?#]+)\/(?=$|[?#])/, "$1");
}
