/** Text by key. What the browser refuses to keep is kept in memory for this page. */
export type Store = {
  get: (key: string) => string | undefined;
  /** Tells whether it outlives the page. */
  set: (key: string, value: string) => boolean;
  remove: (key: string) => void;
};

/** Opens the frame's own storage, which browsers partition by site; blocked or full, it is memory (design.md §10). */
export function openStore(open: () => Storage): Store {
  const memory = new Map<string, string>();
  const attempt = <T>(act: (storage: Storage) => T): T | undefined => {
    try {
      return act(open());
    } catch {
      return undefined;
    }
  };
  return {
    get: (key) => memory.get(key) ?? attempt((storage) => storage.getItem(key)) ?? undefined,
    set(key, value) {
      const kept = attempt((storage) => {
        storage.setItem(key, value);
        return storage.getItem(key) === value;
      });
      if (kept) memory.delete(key);
      else memory.set(key, value);
      return !!kept;
    },
    remove(key) {
      memory.delete(key);
      attempt((storage) => storage.removeItem(key));
    },
  };
}
