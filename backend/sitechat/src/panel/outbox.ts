import type { Page } from "../shared/protocol";
import { readQuote, type Quote } from "./content";
import type { Message } from "./message";
import { asCount, asList, asRecord, asText, isCount } from "./read";
import type { Store } from "./storage";

/** A file under way. Its bytes lie in the vault of parts/files under the client id. */
export type PendingFile = {
  /** The server's id once it is uploaded; empty before. */
  id: string;
  /** What it looks like to us: the kind of the message; the server decides by its content. */
  kind: string;
  /** What the server is asked to make of it: voice, file, or nothing. */
  wish: string;
  name: string;
  type: string;
  bytes: number;
  width: number;
  height: number;
  durationMs: number;
};

/** A button or a row of a list that was pressed. */
export type Press = { message: string; text: string; data: string };

/** What the visitor wrote and the server has not stored yet. */
export type Pending = {
  /** Made here, the same on every resend: the server stores it once. */
  clientID: string;
  text: string;
  at: number;
  page: Page;
  /** Why the server refused it for good; empty while it is on its way. */
  error: string;
  replyTo?: Quote;
  group?: string;
  file?: PendingFile;
  press?: Press;
};

/** The messages under way, kept over a reload. */
export type Outbox = {
  list: () => readonly Pending[];
  add: (pending: Pending) => void;
  remove: (clientID: string) => void;
  /** Marks one as refused, or with an empty reason as on its way again. */
  fail: (clientID: string, error: string) => void;
  /** Notes the server's id of an uploaded file; an empty one means that it is to be uploaded again. */
  uploaded: (clientID: string, fileID: string) => void;
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
  const edit = (clientID: string, change: (p: Pending) => Pending): void => save((list) => list.map((p) => (p.clientID === clientID ? change(p) : p)));
  return {
    list: () => own,
    add: (pending) => save((list) => [...list, pending]),
    remove: (clientID) => save((list) => list.filter((p) => p.clientID !== clientID)),
    fail: (clientID, error) => edit(clientID, (p) => ({ ...p, error })),
    uploaded: (clientID, id) => edit(clientID, (p) => (p.file ? { ...p, file: { ...p.file, id } } : p)),
  };
}

/** What is under way as the message that it will be, for the transcript. */
export function asMessage(p: Pending): Message {
  const file = p.file && { ...p.file, state: "ready" as const, url: "", thumbURL: "" };
  return {
    id: "",
    clientID: p.clientID,
    seq: Infinity,
    rev: 0,
    at: p.at,
    direction: "inbound",
    kind: p.file?.kind ?? "text",
    text: p.press?.text ?? p.text,
    status: p.error ? "error" : "sending",
    errorCode: "",
    error: p.error,
    author: "",
    avatar: "",
    editedAt: 0,
    group: p.group ?? "",
    file,
    location: undefined,
    card: undefined,
    replyTo: p.replyTo,
    forwards: [],
    markup: undefined,
    post: undefined,
    reactions: [],
  };
}

function read(store: Store, key: string): Pending[] {
  try {
    return asList(JSON.parse(store.get(key) ?? "[]")).map(readPending).filter((p) => p !== undefined);
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
    ...(replyTo && { replyTo }),
    ...(asText(v.group) && { group: asText(v.group) }),
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
