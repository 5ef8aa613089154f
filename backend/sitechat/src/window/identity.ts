import type { Warn } from "../loader/config";
import type { Consent } from "../shared/protocol";

const ANSWER_WITHIN_MS = 10_000;
const MAX_TOKEN = 8192;

/**
 * Asks the site for its word who its user is (SEC-3): `onlinechat.user_token` is a signed token, or a function that gets one from
 * the site's server, at once or as a promise; it is called again when a token has run out. Empty when there is none in time.
 */
export async function askUserToken(source: unknown, warn: Warn, signal: AbortSignal): Promise<string> {
  const stop = new AbortController();
  const late = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ANSWER_WITHIN_MS);
    for (const end of [stop.signal, signal]) end.addEventListener("abort", () => (clearTimeout(timer), resolve()), { signal: stop.signal });
  });
  let given = source;
  try {
    if (typeof source === "function") given = await Promise.race([(source as () => unknown)(), late]);
  } catch {
    given = {};
  }
  stop.abort();
  const good = typeof given === "string" && given.length <= MAX_TOKEN;
  if (!good && given !== undefined && given !== null && !signal.aborted) warn("onlinechat.user_token", "is wrong");
  return good ? (given as string) : "";
}

/**
 * What the site has said of keeping things in the browser: `onlinechat.consent` is "required" where it asks people first, and
 * then what `consent` was called with. Without a word of it everything may be kept.
 */
export function readConsent(word: unknown, warn: Warn): Consent {
  if (word === undefined || word === true || word === false) return word ?? true;
  if (word === "required") return "wait";
  warn("onlinechat.consent", "is wrong");
  return true;
}
