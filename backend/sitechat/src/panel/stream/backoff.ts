/**
 * How long to wait before a try, in milliseconds: a random time below a bound that doubles with every failure, so that the
 * browsers that a restart cut off do not come back all at once. Never less than what the server asked for.
 */
export function backoff(failures: number, random: () => number, askedMs = 0): number {
  const bound = Math.min(30_000, 1000 * 2 ** Math.min(failures, 10));
  return Math.max(askedMs, bound / 4 + random() * bound * 0.75);
}
