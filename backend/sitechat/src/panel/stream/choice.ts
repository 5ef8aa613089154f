import { asCount, asRecord } from "../read";
import type { Store } from "../storage";

/**
 * Which of several ways, best first, is taken. What got through is remembered for this browser; the better ones are tried
 * again after a time that doubles whenever they still do not, since networks change and a restart can look like a wall.
 */
export type Choice = {
  /** The way to take now. */
  now: () => number;
  /** Goes back to the best way when it is due for another try; tells whether it is. */
  retry: () => boolean;
  /** The way got through, and lasted or is only just open. */
  worked: (lasted: boolean) => void;
  /** The way did not get through. A wall is sure of it; else another try of it may help. */
  failed: (wall: boolean) => void;
};

const TRIES = 2;
const HOLD_MIN_MS = 2 * 60_000;
const HOLD_MAX_MS = 6 * 3600_000;

/** Makes the choice among so many ways. */
export function makeChoice(store: Store, key: string, ways: number, now: () => number): Choice {
  let known = read(store.get(key), ways);
  // A clock that was set back is no reason to wait for ever.
  known.until = Math.min(known.until, now() + HOLD_MAX_MS);
  let way = now() < known.until ? known.way : 0;
  let tries = 0;
  return {
    now: () => way,
    retry() {
      if (!way || now() < known.until) return false;
      way = 0;
      return true;
    },
    worked(lasted) {
      if (lasted) tries = 0;
      if (way === known.way && now() < known.until) return;
      const hold = way && way === known.way ? Math.min(known.hold * 2, HOLD_MAX_MS) : HOLD_MIN_MS;
      known = { way, hold, until: way ? now() + hold : 0 };
      if (way) store.set(key, JSON.stringify(known));
      else store.remove(key);
    },
    failed(wall) {
      // Below what got through last time there was a wall before: one try each is enough.
      if (!wall && ++tries < TRIES && way >= known.way) return;
      tries = 0;
      way = (way + 1) % ways;
    },
  };
}

function read(text: string | undefined, ways: number): { way: number; hold: number; until: number } {
  let value: unknown;
  try {
    value = JSON.parse(text ?? "");
  } catch {
    // Nothing is known.
  }
  const { way, hold, until } = asRecord(value);
  return asCount(way) < ways ? { way: asCount(way), hold: asCount(hold), until: asCount(until) } : { way: 0, hold: 0, until: 0 };
}
