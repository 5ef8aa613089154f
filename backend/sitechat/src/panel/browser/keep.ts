/** What is kept of messages under way, over reloads and crashes, in the frame's own database. */
export type Place = {
  /** All of them, in the order in which they were added by whatever tab. */
  list: () => Promise<unknown[]>;
  /** Adds one, with its bytes or not at all. Rejects when there is no room. One that is there already stays as it is. */
  add: (pending: Kept, bytes?: Blob) => Promise<void>;
  /** Changes one; undefined removes it with its bytes. One that is not there any more stays away. */
  change: (clientID: string, change: (pending: unknown) => object | undefined) => Promise<void>;
  bytes: (clientID: string) => Promise<Blob | undefined>;
};

/** The same, and what was chosen and is not sent yet. */
export type Keep = Place & {
  /** Keeps the files that were chosen in a tab and not sent yet in place of those before; none forgets them. */
  choose: (tab: string, files: readonly File[]) => Promise<void>;
  /** What was chosen in a tab. */
  chosen: (tab: string) => Promise<File[]>;
};

/** What has to be there of a message. */
export type Kept = { clientID: string; at: number };

/** All files together take at most this much of the visitor's disk. */
const MAX_BYTES = 200 << 20;
/** What could not be sent for so long is given up. */
const MAX_AGE_MS = 60 * 24 * 3600_000;
/** Files that were chosen and not sent are forgotten sooner: their tab is most likely closed. */
const MAX_CHOSEN_AGE_MS = 2 * 24 * 3600_000;
const OPEN_WITHIN_MS = 3000;
const MESSAGES = "messages";
const BYTES = "bytes";
const CHOSEN = "chosen";

type Chosen = { at: number; files: File[] };

/**
 * Opens it. Rejects where the browser refuses a database, or does not answer. Each act is one transaction on a connection of
 * its own: another tab may want to delete the database. An act that comes after that makes no new one unless keeps says so.
 */
export async function openKeep(name: string, now: number, old: readonly Kept[], keeps: () => boolean): Promise<Keep> {
  const open = (): Promise<IDBDatabase> =>
    new Promise((resolve, reject) => {
      const request = indexedDB.open(name, 1);
      const late = setTimeout(reject, OPEN_WITHIN_MS, new Error("no answer"));
      request.onupgradeneeded = () => {
        if (!keeps()) return request.transaction?.abort();
        request.result.createObjectStore(MESSAGES, { keyPath: "n", autoIncrement: true }).createIndex("id", "clientID", { unique: true });
        request.result.createObjectStore(BYTES);
        request.result.createObjectStore(CHOSEN);
      };
      request.onsuccess = () => {
        clearTimeout(late);
        request.result.onversionchange = () => request.result.close();
        resolve(request.result);
      };
      request.onerror = () => reject(request.error);
    });
  const run = async <T>(mode: IDBTransactionMode, act: (messages: IDBObjectStore, bytes: IDBObjectStore, chosen: IDBObjectStore, done: (value: T) => void) => void): Promise<T> => {
    const database = await open();
    try {
      return await new Promise((resolve, reject) => {
        let value: T;
        const transaction = database.transaction([MESSAGES, BYTES, CHOSEN], mode);
        transaction.oncomplete = () => resolve(value);
        transaction.onabort = () => reject(transaction.error ?? new Error("aborted"));
        act(transaction.objectStore(MESSAGES), transaction.objectStore(BYTES), transaction.objectStore(CHOSEN), (result) => (value = result));
      });
    } finally {
      database.close();
    }
  };
  const keep: Keep = {
    list: () => run<unknown[]>("readonly", (messages, _bytes, _chosen, done) => (messages.getAll().onsuccess = (e) => done(resultOf(e)))),
    add: (pending, bytes) =>
      run<void>("readwrite", (messages, blobs) => {
        messages.index("id").getKey(pending.clientID).onsuccess = (e) => {
          if (resultOf(e) !== undefined) return;
          messages.add(pending);
          if (!bytes) return;
          let total = bytes.size;
          blobs.openCursor().onsuccess = (e) => {
            const cursor = resultOf<IDBCursorWithValue | null>(e);
            if (cursor) {
              total += (cursor.value as Blob).size;
              cursor.continue();
            } else if (total > MAX_BYTES) messages.transaction.abort();
            else blobs.add(bytes, pending.clientID);
          };
        };
      }),
    change: (clientID, change) =>
      run<void>("readwrite", (messages, blobs) => {
        messages.index("id").openCursor(clientID).onsuccess = (e) => {
          const cursor = resultOf<IDBCursorWithValue | null>(e);
          if (!cursor) return;
          const next = change(cursor.value);
          if (next) cursor.update({ ...next, n: cursor.primaryKey });
          else {
            cursor.delete();
            blobs.delete(clientID);
          }
        };
      }),
    bytes: (clientID) => run<Blob | undefined>("readonly", (_messages, blobs, _chosen, done) => (blobs.get(clientID).onsuccess = (e) => done(resultOf(e)))),
    choose: (tab, files) =>
      run<void>("readwrite", (_messages, _blobs, chosen) => {
        if (files.length && files.reduce((sum, file) => sum + file.size, 0) <= MAX_BYTES) chosen.put({ at: Date.now(), files: [...files] } satisfies Chosen, tab);
        else chosen.delete(tab);
      }),
    chosen: (tab) => run<File[]>("readonly", (_messages, _blobs, chosen, done) => (chosen.get(tab).onsuccess = (e) => done(resultOf<Chosen | undefined>(e)?.files ?? []))),
  };
  for (const pending of old) await keep.add(pending);
  // Nobody waits for the broom.
  run<void>("readwrite", (messages, blobs, chosen) => {
    chosen.openCursor().onsuccess = (e) => {
      const cursor = resultOf<IDBCursorWithValue | null>(e);
      if (cursor && now - (cursor.value as Chosen).at > MAX_CHOSEN_AGE_MS) cursor.delete();
      cursor?.continue();
    };
    const kept = new Set<IDBValidKey>();
    messages.openCursor().onsuccess = (e) => {
      const cursor = resultOf<IDBCursorWithValue | null>(e);
      if (!cursor) {
        blobs.openKeyCursor().onsuccess = (e) => {
          const blob = resultOf<IDBCursor | null>(e);
          if (!blob) return;
          if (!kept.has(blob.primaryKey)) blobs.delete(blob.primaryKey);
          blob.continue();
        };
        return;
      }
      const { clientID, at } = cursor.value as Kept;
      if (now - at > MAX_AGE_MS) cursor.delete();
      else kept.add(clientID);
      cursor.continue();
    };
  }).catch(() => {});
  return keep;
}

function resultOf<T>(event: Event): T {
  return (event.target as IDBRequest<T>).result;
}
