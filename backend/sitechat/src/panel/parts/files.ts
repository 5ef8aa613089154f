// What sending a file takes: the bytes kept over a reload, and the upload itself.

/** Bytes by key. */
export type Vault = {
  put: (key: string, bytes: Blob) => Promise<void>;
  get: (key: string) => Promise<Blob | undefined>;
  remove: (key: string) => Promise<void>;
  /** Removes what has none of the keys. */
  keepOnly: (keys: readonly string[]) => Promise<void>;
};

const STORE = "bytes";
const STALLED_MS = 60_000;

/** Opens a vault in the frame's own database. Where the browser refuses one, it holds nothing: the panel's memory has the rest. */
export function openVault(name: string): Vault {
  const open = (): Promise<IDBDatabase> =>
    new Promise((resolve, reject) => {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE);
      request.onsuccess = () => resolve(request.result);
      request.onerror = request.onblocked = () => reject(request.error);
    });
  const run = async <T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> => {
    try {
      const database = await open();
      try {
        return await new Promise((resolve, reject) => {
          const request = act(database.transaction(STORE, mode).objectStore(STORE));
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error);
        });
      } finally {
        // It lies open no longer than needed: another tab may want to delete it.
        database.close();
      }
    } catch {
      return undefined;
    }
  };
  return {
    put: async (key, bytes) => void (await run("readwrite", (store) => store.put(bytes, key))),
    async get(key) {
      const found: unknown = await run("readonly", (store) => store.get(key) as IDBRequest<unknown>);
      return found instanceof Blob ? found : undefined;
    },
    remove: async (key) => void (await run("readwrite", (store) => store.delete(key))),
    async keepOnly(keys) {
      const all = (await run("readonly", (store) => store.getAllKeys())) ?? [];
      for (const key of all) if (!keys.includes(String(key))) await run("readwrite", (store) => store.delete(key));
    },
  };
}

/** An answer as it came; status 0 when there was none. */
export type Answer = { status: number; body: unknown; retryAfter: string | null };

/** Posts bytes and tells how far it is, 0..1. Ends early when it is taken back or when nothing moves for a minute. */
export function upload(url: string, headers: Record<string, string>, bytes: Blob, progress: (part: number) => void, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    let timer: ReturnType<typeof setTimeout>;
    const end = (): void => {
      clearTimeout(timer);
      let body: unknown;
      try {
        body = JSON.parse(request.responseText);
      } catch {
        body = undefined;
      }
      resolve({ status: request.status, body, retryAfter: request.status ? request.getResponseHeader("Retry-After") : null });
    };
    const moved = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => request.abort(), STALLED_MS);
    };
    request.open("POST", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => {
      moved();
      progress(total ? loaded / total : 0);
    };
    request.onload = request.onerror = request.onabort = end;
    signal.addEventListener("abort", () => request.abort());
    moved();
    progress(0);
    request.send(bytes);
  });
}
