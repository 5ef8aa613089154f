import { dayKey } from "./format";
import type { Message } from "./message";
import { asMessage, type Pending } from "./outbox";

/** The messages of a conversation by id. */
export type Transcript = ReadonlyMap<string, Message>;

/**
 * Lays messages over a transcript: for each id the highest rev stays, so that a repeat or an old one changes nothing. The same
 * transcript comes back when nothing changed.
 */
export function merge(transcript: Transcript, messages: readonly Message[]): Transcript {
  const news = messages.filter((m) => m.rev > (transcript.get(m.id)?.rev ?? -1));
  if (!news.length) return transcript;
  const next = new Map(transcript);
  for (const m of news) if (m.rev > (next.get(m.id)?.rev ?? -1)) next.set(m.id, m);
  return next;
}

/** Puts a message in place of the one with its id whatever its rev: what this browser did itself, or fresh links of files. */
export function replace(transcript: Transcript, messages: readonly Message[]): Transcript {
  const next = new Map(transcript);
  for (const m of messages) if (m.rev >= (next.get(m.id)?.rev ?? 0)) next.set(m.id, m);
  return next;
}

/** The messages in the order in which they are shown: by time, then seq. */
export function inOrder(transcript: Transcript): Message[] {
  return [...transcript.values()].sort((a, b) => a.at - b.at || a.seq - b.seq);
}

/** Where the stream is to go on: the highest rev. */
export function cursorOf(transcript: Transcript): number {
  return [...transcript.values()].reduce((max, m) => Math.max(max, m.rev), 0);
}

/** The highest seq of what operators wrote. */
export function lastOutbound(transcript: Transcript): number {
  return [...transcript.values()].reduce((max, m) => (m.direction === "outbound" ? Math.max(max, m.seq) : max), 0);
}

/** How many outbound messages lie above what the visitor has seen. */
export function countUnread(transcript: Transcript, seen: number): number {
  return [...transcript.values()].filter((m) => m.direction === "outbound" && isSaid(m) && m.seq > seen).length;
}

/** The seq up to which the visitor has seen everything, when the server says how many are unread. */
export function seenFromUnread(transcript: Transcript, unread: number): number {
  const outbound = [...transcript.values()].filter((m) => m.direction === "outbound" && isSaid(m)).map((m) => m.seq);
  return outbound.sort((a, b) => b - a)[unread] ?? 0;
}

/** One line of what is shown. Keys are stable, so that a view can keep its nodes. */
export type Row =
  | { kind: "day"; key: string; at: number }
  | { kind: "news"; key: string }
  | { kind: "ended"; key: string; at: number }
  /** One message, or the pictures and videos that were sent together, oldest first. */
  | { kind: "message"; key: string; messages: [Message, ...Message[]]; first: boolean; last: boolean; answered: boolean };

/**
 * The rows of the transcript: one date for each calendar day, the divider above the first outbound message after newsAfter,
 * then what has not been stored yet. A stored message keeps the key that it had while pending. A message is answered when an
 * operator, not the bot, wrote later: the one sign of reading that the channel gives (WIN-2). First and last are those of a group: what one
 * said within minutes.
 */
export function rows(transcript: Transcript, pending: readonly Pending[], newsAfter: number | undefined): Row[] {
  const out: Row[] = [];
  const ordered = inOrder(transcript);
  const stored = new Set(ordered.map((m) => m.clientID));
  const messages = [...ordered, ...pending.filter((p) => !stored.has(p.clientID)).map(asMessage)];
  const answer = messages.map((m) => isSaid(m) && !m.bot && m.direction).lastIndexOf("outbound");
  let day = "";
  let before: Message | undefined;
  let album: Extract<Row, { kind: "message" }> | undefined;
  let group: typeof album;
  for (const [i, message] of messages.entries()) {
    if (dayKey(message.at) !== day) {
      day = dayKey(message.at);
      out.push({ kind: "day", key: `day ${day}`, at: message.at });
      before = album = group = undefined;
    }
    const key = message.clientID || message.id;
    if (message.kind === "ended") {
      out.push({ kind: "ended", key, at: message.at });
      before = album = group = undefined;
      continue;
    }
    if (newsAfter !== undefined && message.direction === "outbound" && message.seq > newsAfter) {
      out.push({ kind: "news", key: "news" });
      newsAfter = before = album = group = undefined;
    }
    if (album && belongs(message, album.messages[0])) {
      album.messages.push(message);
      album.answered = i < answer;
    } else {
      const first = before?.direction !== message.direction || before.author !== message.author || message.at - before.at > GROUP_MS;
      if (group && !first) group.last = false;
      album = group = { kind: "message", key, messages: [message], first, last: true, answered: i < answer };
      out.push(album);
    }
    before = message;
  }
  return out;
}

const GROUP_MS = 5 * 60_000;

/** Whether somebody said it: a line about the conversation is nobody's message. */
export function isSaid(message: Message): boolean {
  return message.kind !== "ended";
}

const IN_ALBUMS = ["picture", "video"];

function belongs(message: Message, first: Message): boolean {
  return !!message.group && message.group === first.group && message.direction === first.direction && [message, first].every((m) => IN_ALBUMS.includes(m.kind));
}
