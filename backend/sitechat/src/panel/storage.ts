/** Text by key. What is not to be kept, and what the browser refuses to keep, is in memory for this page. */
export type Store = {
  get: (key: string) => string | undefined;
  /** Tells whether it outlives the page. */
  set: (key: string, value: string) => boolean;
  remove: (key: string) => void;
  /**
   * Begins to keep things in the browser, with what is in memory so far; of what is there already the memory's stays, or where
   * it yields the browser's. Or ends it: all of ours goes, and what was read lives on in memory.
   */
  keep: (kept: boolean, yields?: boolean) => void;
  /** Whether the browser has it, kept now or not. */
  has: (key: string) => boolean;
};

/**
 * Opens the frame's own storage, which browsers partition by site; blocked or full, it is memory (design.md §10). Ours are the
 * keys that begin with the prefix. Nothing is read or written before it is told to keep things.
 */
export function openStore(open: () => Storage, prefix: string): Store {
  const memory = new Map<string, string>();
  let kept = false;
  const attempt = <T>(act: (storage: Storage) => T): T | undefined => {
    try {
      return act(open());
    } catch {
      return undefined;
    }
  };
  const write = (key: string, value: string): boolean => {
    const written =
      kept &&
      attempt((storage) => {
        storage.setItem(key, value);
        return storage.getItem(key) === value;
      });
    if (written) memory.delete(key);
    else memory.set(key, value);
    return !!written;
  };
  return {
    get: (key) => memory.get(key) ?? (kept ? (attempt((storage) => storage.getItem(key)) ?? undefined) : undefined),
    set: write,
    remove(key) {
      memory.delete(key);
      if (kept) attempt((storage) => storage.removeItem(key));
    },
    keep(keeps, yields = false) {
      const before = kept;
      kept = keeps;
      if (keeps) {
        for (const [key, value] of [...memory]) {
          if (yields && attempt((storage) => storage.getItem(key)) != null) memory.delete(key);
          else write(key, value);
        }
        return;
      }
      attempt((storage) => {
        for (const key of Object.keys(storage).filter((key) => key.startsWith(prefix))) {
          if (before && !memory.has(key)) memory.set(key, storage.getItem(key) ?? "");
          storage.removeItem(key);
        }
      });
    },
    has: (key) => attempt((storage) => storage.getItem(key)) != null,
  };
}
