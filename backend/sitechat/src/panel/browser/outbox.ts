import { readQuote } from "../content";
import type { Outbox, Pending, PendingFile } from "../outbox";
import { asCount, asList, asRecord, asText, isCount } from "../read";
import type { Store } from "../storage";
import type { Place } from "./keep";

/** What an outbox needs of others. */
export type OutboxOptions = {
  /** The site's name for who writes; a message of another person stays where it is. */
  user: string;
  /** Opens the place where messages are kept, and puts into it what is not there yet; rejects where there is none. */
  open: (old: readonly Pending[]) => Promise<Place>;
  /** Whether there is to be such a place. */
  keeps: () => boolean;
  /** Where what is not written there yet lies meanwhile, under a key: it is there the moment that it is set. */
  store: Store;
  key: string;
  /** Joins the tabs of this browser; undefined where they cannot hear each other. */
  channel: BroadcastChannel | undefined;
  /** The list is another one. */
  changed: () => void;
  /** It is so by another tab. */
  heard: () => unknown;
};

/** A database that does not answer for so long is none; bytes take their time. */
const ANSWER_WITHIN_MS = 5000;
const BYTES_PER_MS = 1000;
/** Nobody waits longer for a slow disk: the message is sent all the same. */
const SETTLE_MS = 3000;

/**
 * Opens the outbox. A message is shown at once and written meanwhile; what cannot be written, and is no file, lies in the
 * store until it is sent, else in this tab's memory. All tabs write to one list, whose order is that of writing.
 */
export function openOutbox({ user, open, keeps, store, key, channel, changed, heard }: OutboxOptions): Outbox {
  let kept: Pending[] = [];
  let loose: Pending[] = [];
  let db: Place | undefined;
  let waiting = 0;
  let line: Promise<void> = Promise.resolve();

  const within = <T>(act: Promise<T>, ms: number): Promise<T> =>
    new Promise((resolve, reject) => {
      act.then(resolve, reject);
      setTimeout(reject, ms, new Error("no answer"));
    });
  /** Does something with the database after all that was begun before, and reads what is there when it was the last. */
  const then = (act: () => unknown): Promise<void> => {
    waiting++;
    line = line.then(act).then(async () => {
      if (--waiting) return;
      try {
        const found = db && (await within(db.list(), ANSWER_WITHIN_MS)).map(readPending).filter((p) => p !== undefined);
        if (found && !waiting) kept = found.filter(isMine);
      } catch {
        // It worked and does so no more: what it had is in memory.
        db = undefined;
        loose = list();
        kept = [];
      }
      changed();
    });
    return line;
  };
  const isMine = (p: Pending): boolean => !p.user || p.user === user;
  const safe = new Set<string>();
  /** Changes what lies in the store, as other tabs left it. */
  const note = (change: (list: Pending[]) => Pending[]): boolean => {
    const list = change(readNotes(store.get(key)));
    if (list.length) return store.set(key, JSON.stringify(list));
    store.remove(key);
    return true;
  };
  const unnote = (clientID: string, surely = false): void => {
    if (safe.delete(clientID) || surely) note((list) => list.filter((p) => p.clientID !== clientID));
  };
  const list = (): Pending[] => {
    const all = [...kept];
    // Only a message that could not be written stands aside for long: it has its place by its time.
    for (const p of loose) {
      const at = all.findIndex((other) => other.at > p.at);
      all.splice(at < 0 ? all.length : at, 0, p);
    }
    return all;
  };
  const edit = (clientID: string, change: (p: Pending) => Pending | undefined): void => {
    const over = (list: Pending[]): Pending[] => list.map((p) => (p.clientID === clientID ? change(p) : p)).filter((p) => p !== undefined);
    kept = over(kept);
    loose = over(loose);
    if (!list().some((p) => p.clientID === clientID)) unnote(clientID);
    void then(async () => {
      // Where it fails, the message stays: it is sent again under its own id.
      if (db) await within(db.change(clientID, (p) => change(p as Pending)), ANSWER_WITHIN_MS).catch(() => {});
      channel?.postMessage("changed");
    });
  };
  if (channel)
    channel.onmessage = () => void then(() => {}).then(heard);
  const enter = async (): Promise<void> => {
    // What a page before this one left.
    const old = readNotes(store.get(key)).filter((p) => !loose.some(({ clientID }) => clientID === p.clientID));
    for (const { clientID } of old) safe.add(clientID);
    try {
      db = await within(open(old), ANSWER_WITHIN_MS);
      for (const { clientID } of old) unnote(clientID);
    } catch {
      loose = [...old.filter(isMine), ...loose];
    }
  };
  const write = async (clientID: string, bytes?: Blob): Promise<void> => {
    try {
      if (!db) throw new Error("nowhere to write");
      // It may have been taken back, or have been uploaded, before it is written.
      const now = loose.find((p) => p.clientID === clientID);
      if (!now) return;
      await within(db.add(now, bytes), ANSWER_WITHIN_MS + (bytes?.size ?? 0) / BYTES_PER_MS);
      loose = loose.filter((other) => other !== now);
      kept = [...kept, now];
      unnote(clientID, true);
    } catch {
      changed();
      // Nobody else sends it.
      queueMicrotask(heard);
    }
    channel?.postMessage("changed");
  };
  if (keeps()) void then(enter).then(heard);
  return {
    list,
    add(p, bytes) {
      const pending = { ...p, user };
      loose = [...loose, pending];
      // A page may go the moment that somebody has written.
      if (!p.file && note((list) => [...list, pending])) safe.add(p.clientID);
      void then(() => write(p.clientID, bytes));
    },
    move() {
      void then(async () => {
        if (keeps()) {
          await enter();
          // The bytes of files are not here any more.
          for (const { clientID, file } of [...loose]) if (!file) await write(clientID);
          return;
        }
        db = undefined;
        loose = list();
        kept = [];
        safe.clear();
      });
    },
    remove: (clientID) => edit(clientID, () => undefined),
    fail: (clientID, error) => edit(clientID, (p) => ({ ...p, error })),
    adopt: (conversation) => list().forEach((p) => p.conversation || edit(p.clientID, (q) => ({ ...q, conversation }))),
    uploaded: (clientID, id) => edit(clientID, (p) => (p.file ? { ...p, file: { ...p.file, id } } : p)),
    bytes: async (clientID) => (db ? within(db.bytes(clientID), ANSWER_WITHIN_MS).catch(() => undefined) : undefined),
    settled: () => within(then(() => {}), SETTLE_MS).catch(() => {}),
    atRisk: () => loose.some((p) => !safe.has(p.clientID)),
    apart: () => loose.length > 0 && !waiting,
  };
}

/** What lies in the store; a file cannot be sent without its bytes, which never lay there. */
function readNotes(text: string | undefined): Pending[] {
  try {
    return asList(JSON.parse(text ?? "[]")).map(readPending).filter((p) => p !== undefined && !p.file) as Pending[];
  } catch {
    return [];
  }
}

function readPending(value: unknown): Pending | undefined {
  const v = asRecord(value);
  const { clientID, text, at } = v;
  const { url, title, referrer } = asRecord(v.page);
  const press = asRecord(v.press);
  const f = asRecord(v.file);
  if (typeof clientID !== "string" || typeof text !== "string" || !(text || v.press || v.file) || !isCount(at)) return undefined;
  const replyTo = readQuote(v.replyTo);
  return {
    clientID,
    text,
    at,
    error: asText(v.error),
    page: { url: asText(url), title: asText(title), referrer: asText(referrer) },
    ...(asText(v.conversation) && { conversation: asText(v.conversation) }),
    ...(asText(v.user) && { user: asText(v.user) }),
    ...(replyTo && { replyTo }),
    ...(asText(v.group) && { group: asText(v.group) }),
    ...(asText(v.greeting) && { greeting: asText(v.greeting) }),
    ...(v.press ? { press: { message: asText(press.message), text: asText(press.text), data: asText(press.data) } } : {}),
    ...(v.file ? { file: readPendingFile(f) } : {}),
  };
}

function readPendingFile(f: Record<string, unknown>): PendingFile {
  return {
    id: asText(f.id),
    kind: asText(f.kind),
    wish: asText(f.wish),
    name: asText(f.name),
    type: asText(f.type),
    bytes: asCount(f.bytes),
    width: asCount(f.width),
    height: asCount(f.height),
    durationMs: asCount(f.durationMs),
  };
}
