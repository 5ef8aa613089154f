import type { Dates } from "./format";
import { backoff } from "./stream/backoff";
import type en from "./strings/en.json";

/** Everything that the panel says, by key. The keys without a dot are the vendor's (O §2.4). */
export type Strings = Record<keyof typeof en, string>;

/** The parts of the panel that are fetched when they are needed; the build gives each a file of its own. */
export type Parts = {
  ask: typeof import("./parts/ask");
  browser: typeof import("./parts/browser");
  callback: typeof import("./parts/callback");
  emoji: typeof import("./parts/emoji");
  files: typeof import("./parts/files");
  greeting: typeof import("./parts/greeting");
  lines: typeof import("./parts/lines");
  over: typeof import("./parts/over");
  meta: typeof import("./parts/meta");
  recorder: typeof import("./parts/recorder");
  report: typeof import("./parts/report");
  rich: typeof import("./parts/rich");
  several: typeof import("./parts/several");
  sound: typeof import("./parts/sound");
  theme: typeof import("./parts/theme");
  tray: typeof import("./parts/tray");
  "dates.en": Dates;
  "dates.es": Dates;
  "dates.pt": Dates;
  "dates.ru": Dates;
  "later.en": { words: Partial<Strings> };
  "later.es": { words: Partial<Strings> };
  "later.pt": { words: Partial<Strings> };
  "later.ru": { words: Partial<Strings> };
  "words.en": { words: Strings };
  "words.es": { words: Strings };
  "words.pt": { words: Strings };
  "words.ru": { words: Strings };
};

/** The parts that say something: the words for it are fetched with the first of them. */
const SPEAKING = ["ask", "callback", "emoji", "over", "recorder", "rich", "several", "tray"];
let learn = async (): Promise<unknown> => undefined;

/** Sets what fetches the words that only parts say, and puts them into the state. */
export function teach(fetchWords: typeof learn): void {
  learn = fetchWords;
}

const loading = new Map<string, Promise<unknown>>();
let tries = 0;

/**
 * Loads a part, once. A failure is not kept: the next call tries again, under an address of its own since browsers remember
 * modules that failed. Where the server has another build by now the part is gone for good, and the panel begins anew: what
 * was written is kept over that. Parts do not load parts: only the panel itself knows their names.
 */
export function load<K extends keyof Parts>(name: K): Promise<Parts[K]> {
  const known = loading.get(name);
  if (known) return known as Promise<Parts[K]>;
  const again = tries ? `?${tries}` : "";
  // The address stands apart: of a pattern the bundler would make a bundle of all that fits it.
  const url = `./${PARTS[name]}${again}`;
  const part = Promise.all([import(url) as Promise<Parts[K]>, loadStyle(PARTS[`${name}.css`], again), SPEAKING.includes(name) && learn()]).then(([code]) => code);
  loading.set(name, part);
  part.catch(async () => {
    loading.delete(name);
    tries++;
    const answer = await fetch(`../../assets/${PARTS[name]}`, { cache: "no-store" }).catch(() => undefined);
    if (answer?.status === 404) location.reload();
  });
  return part;
}

/** A part's style sheet, where it has one: a link, which the policy of the page allows in every browser. */
function loadStyle(file: string | undefined, again: string): Promise<void> {
  return new Promise((resolve, reject) => {
    if (!file) return resolve();
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: `../../assets/${file}${again}`, onload: resolve, onerror: reject });
    document.head.append(link);
  });
}

/** A part without which there is no panel, asked for until it comes. */
export async function insist<K extends keyof Parts>(name: K): Promise<Parts[K]> {
  for (let failures = 0; ; failures++) {
    try {
      return await load(name);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, backoff(failures, Math.random)));
    }
  }
}
