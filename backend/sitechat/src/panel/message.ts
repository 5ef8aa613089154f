/** One message as the server tells it (http-api.md §3), checked. */
export type Message = {
  id: string;
  clientID: string;
  seq: number;
  rev: number;
  /** Milliseconds; the transcript is ordered by it, then by seq. */
  at: number;
  direction: "inbound" | "outbound";
  text: string;
  status: string;
  /** Why it finally failed: a code that the panel may have its own words for, and the server's words; empty otherwise. */
  errorCode: string;
  error: string;
  author: string;
};

/** Reads a message at the door; undefined for what is none. */
export function readMessage(value: unknown): Message | undefined {
  const m = asRecord(value);
  const { id, seq, rev, at, direction } = m;
  if (typeof id !== "string" || !isCount(seq) || !isCount(rev) || !isCount(at)) return undefined;
  if (direction !== "inbound" && direction !== "outbound") return undefined;
  return {
    id,
    seq,
    rev,
    at,
    direction,
    clientID: asText(m.client_id),
    text: asText(m.text),
    status: asText(m.status),
    errorCode: asText(asRecord(m.error).code),
    error: asText(asRecord(m.error).message),
    author: asText(asRecord(m.author).name),
  };
}

/** A page of history, checked. */
export type History = { messages: Message[]; cursor: number; more: boolean };

/** Reads a page of history at the door. */
export function readHistory(value: unknown): History {
  const { messages, cursor, more } = asRecord(value);
  return {
    messages: Array.isArray(messages) ? messages.map(readMessage).filter((m) => m !== undefined) : [],
    cursor: isCount(cursor) ? cursor : 0,
    more: more === true,
  };
}

/** What a visitor token opens, checked. */
export type Session = {
  token: string;
  origin: string;
  locale: string;
  conversation: { id: string; unread: number } | undefined;
  strings: Record<string, unknown>;
};

/** Reads a session at the door; undefined for what is none. */
export function readSession(value: unknown): Session | undefined {
  const { token, origin, locale, conversation, strings } = asRecord(value);
  if (typeof token !== "string" || typeof origin !== "string") return undefined;
  const { id, unread } = asRecord(conversation);
  return {
    token,
    origin,
    locale: asText(locale),
    conversation: typeof id === "string" ? { id, unread: isCount(unread) ? unread : 0 } : undefined,
    strings: asRecord(strings),
  };
}

/** Any object as a record; nothing else has fields. */
export function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

/** Text, or none. */
export function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Tells numbers that count something. */
export function isCount(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && Number.isFinite(value);
}
