import { asRecord, asText, isCount } from "./message";
import type { Store } from "./storage";
import type { Page } from "../shared/protocol";

/** What the visitor wrote and the server has not stored yet. */
export type Pending = {
  /** Made here, the same on every resend: the server stores it once. */
  clientID: string;
  text: string;
  at: number;
  page: Page;
  /** Why the server refused it for good; empty while it is on its way. */
  error: string;
};

/** The messages under way, kept over a reload. */
export type Outbox = {
  list: () => readonly Pending[];
  add: (pending: Pending) => void;
  remove: (clientID: string) => void;
  /** Marks one as refused, or with an empty reason as on its way again. */
  fail: (clientID: string, error: string) => void;
};

const MAX_KEPT = 100;

/**
 * Opens the outbox in a store. Every change reads what other tabs left there and writes it back at once; two tabs that send
 * the same message send it with the same client id.
 */
export function openOutbox(store: Store, key: string): Outbox {
  let own = read(store, key);
  const save = (change: (list: Pending[]) => Pending[]): void => {
    own = change(own).slice(-MAX_KEPT);
    store.set(key, JSON.stringify(change(read(store, key)).slice(-MAX_KEPT)));
  };
  return {
    list: () => own,
    add: (pending) => save((list) => [...list, pending]),
    remove: (clientID) => save((list) => list.filter((p) => p.clientID !== clientID)),
    fail: (clientID, error) => save((list) => list.map((p) => (p.clientID === clientID ? { ...p, error } : p))),
  };
}

function read(store: Store, key: string): Pending[] {
  try {
    const found: unknown = JSON.parse(store.get(key) ?? "[]");
    return Array.isArray(found) ? found.map(readPending).filter((p) => p !== undefined) : [];
  } catch {
    return [];
  }
}

function readPending(value: unknown): Pending | undefined {
  const { clientID, text, at, page, error } = asRecord(value);
  if (typeof clientID !== "string" || typeof text !== "string" || !text || !isCount(at)) return undefined;
  const { url, title, referrer } = asRecord(page);
  return { clientID, text, at, error: asText(error), page: { url: asText(url), title: asText(title), referrer: asText(referrer) } };
}
