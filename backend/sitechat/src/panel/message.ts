import {
  ownPath,
  readFile,
  readMarkup,
  readQuote,
  readReactions,
  webLink,
  type Attachment,
  type Forward,
  type Markup,
  type Post,
  type Quote,
  type Reaction,
} from "./content";
import { asCount, asList, asRecord, asText, isCount } from "./read";

/** One message as the server tells it (http-api.md §3), checked. */
export type Message = {
  id: string;
  clientID: string;
  seq: number;
  rev: number;
  /** Milliseconds; the transcript is ordered by it, then by seq. */
  at: number;
  direction: "inbound" | "outbound";
  kind: string;
  text: string;
  /** sent, read, error; for what the server has not stored yet: sending, or error. */
  status: string;
  /** Why it finally failed: a code that the panel may have its own words for, and the server's words; empty otherwise. */
  errorCode: string;
  error: string;
  author: string;
  /** The chat's greeting bot said it. */
  bot: boolean;
  /** Path of the author's picture on the chat host; empty without one. */
  avatar: string;
  /** 0 when it was never changed. */
  editedAt: number;
  /** The same for the files that were sent together; empty for others. */
  group: string;
  file: Attachment | undefined;
  location: { lat: number; lon: number } | undefined;
  card: { name: string; phone: string } | undefined;
  replyTo: Quote | undefined;
  forwards: Forward[];
  markup: Markup | undefined;
  post: Post | undefined;
  reactions: Reaction[];
};

/** Reads a message at the door; undefined for what is none. */
export function readMessage(value: unknown): Message | undefined {
  const m = asRecord(value);
  const { id, seq, rev, at, direction } = m;
  if (typeof id !== "string" || !isCount(seq) || !isCount(rev) || !isCount(at)) return undefined;
  if (direction !== "inbound" && direction !== "outbound") return undefined;
  const { lat, lon } = asRecord(m.location);
  const card = asRecord(m.card);
  const post = asRecord(m.post);
  return {
    id,
    seq,
    rev,
    at,
    direction,
    clientID: asText(m.client_id),
    kind: asText(m.kind),
    text: asText(m.text),
    status: asText(m.status),
    errorCode: asText(asRecord(m.error).code),
    error: asText(asRecord(m.error).message),
    author: asText(asRecord(m.author).name),
    bot: m.bot === true,
    avatar: ownPath(asRecord(m.author).avatar),
    editedAt: asCount(m.edited_at),
    group: asText(m.group),
    file: readFile(m.file),
    location: typeof lat === "number" && typeof lon === "number" ? { lat, lon } : undefined,
    card: m.card ? { name: asText(card.name), phone: asText(card.phone) } : undefined,
    replyTo: readQuote(m.reply_to),
    forwards: asList(m.forwards).map(readQuote).filter((f) => f !== undefined),
    markup: readMarkup(m.markup),
    post: m.post ? { url: webLink(post.url), caption: asText(post.caption) } : undefined,
    reactions: readReactions(m.reactions),
  };
}

/** Whether there is more to a message than its text. */
export function isRich({ file, location, card, replyTo, forwards, markup, post, reactions }: Message): boolean {
  return !!(file || location || card || replyTo || forwards.length || markup || post || reactions.length);
}

/** A page of history, checked. */
export type History = { messages: Message[]; cursor: number; more: boolean };

/** Reads a page of history at the door. */
export function readHistory(value: unknown): History {
  const { messages, cursor, more } = asRecord(value);
  return { messages: asList(messages).map(readMessage).filter((m) => m !== undefined), cursor: asCount(cursor), more: more === true };
}

/** What may be uploaded: the largest size by kind, and the value of a file input's accept. */
export type Uploads = { maxBytes: Readonly<Record<string, number>>; accept: string };

/** Whether somebody answers, and from when on (ms) if nobody does; 0 when that is not known. */
export type Availability = { state: "online" | "away" | "unknown"; back: number };

/** Reads it; what it is not known of is unknown. */
export function readAvailability(value: unknown): Availability {
  const { state, back } = asRecord(value);
  return { state: state === "online" || state === "away" ? state : "unknown", back: Date.parse(asText(back)) || 0 };
}

/** One of a visitor's conversations (http-api.md §3). The number is empty until the first message is stored. */
export type Summary = { id: string; number: string; unread: number; last: Message | undefined };

/** Reads a list of them; undefined for what is no list. */
export function readSummaries(value: unknown): Summary[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.map(asRecord).map(({ id, number, unread, last }) => ({ id: asText(id), number: asText(number), unread: asCount(unread), last: readMessage(last) }));
}

/** What visitors are asked for who write while nobody answers; empty for nothing. */
export type Ask = "" | "email" | "phone" | "either";

function readAsk(value: unknown): Ask {
  return value === "email" || value === "phone" || value === "either" ? value : "";
}

/** What a visitor token opens, checked. */
export type Session = {
  token: string;
  /** The same for all sessions of one visitor. */
  visitor: string;
  origin: string;
  locale: string;
  conversation: { id: string; unread: number } | undefined;
  /** The visitor's conversations that go on, where there may be several; undefined where there is one. */
  conversations: Summary[] | undefined;
  strings: Record<string, unknown>;
  availability: Availability;
  /** Somebody can be asked to call. */
  callback: boolean;
  ask: Ask;
  /** The chat has something to say to who opens it. */
  greets: boolean;
  /** Path of the chat's own picture, or empty; whether that of who answers stands in its place. */
  avatar: string;
  useAvatar: boolean;
  /** Undefined where files are switched off. */
  uploads: Uploads | undefined;
  /** For the site's developer; empty mostly. */
  warning: string;
};

/** Reads a session at the door; undefined for what is none. */
export function readSession(value: unknown): Session | undefined {
  const { token, visitor, origin, locale, conversation, strings, uploads, availability, callback, ask, greets, avatar, use_avatar, conversations, warning } = asRecord(value);
  if (typeof token !== "string" || typeof origin !== "string") return undefined;
  const { id, unread } = asRecord(conversation);
  const { max_bytes, accept } = asRecord(uploads);
  return {
    token,
    visitor: asText(visitor),
    origin,
    locale: asText(locale),
    conversation: typeof id === "string" ? { id, unread: asCount(unread) } : undefined,
    conversations: readSummaries(conversations),
    strings: asRecord(strings),
    availability: readAvailability(availability),
    callback: callback === true,
    ask: readAsk(ask),
    greets: greets === true,
    avatar: ownPath(avatar),
    useAvatar: use_avatar === true,
    uploads: uploads ? { maxBytes: Object.fromEntries(Object.entries(asRecord(max_bytes)).map(([k, v]) => [k, asCount(v)])), accept: asText(accept) } : undefined,
    warning: asText(asRecord(warning).message),
  };
}
