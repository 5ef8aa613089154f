import { dayKey } from "./format";
import type { Message } from "./message";
import type { Pending } from "./outbox";

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
  return [...transcript.values()].filter((m) => m.direction === "outbound" && m.seq > seen).length;
}

/** The seq up to which the visitor has seen everything, when the server says how many are unread. */
export function seenFromUnread(transcript: Transcript, unread: number): number {
  const outbound = [...transcript.values()].filter((m) => m.direction === "outbound").map((m) => m.seq);
  return outbound.sort((a, b) => b - a)[unread] ?? 0;
}

/** One line of what is shown. Keys are stable, so that a view can keep its nodes. */
export type Row =
  | { kind: "day"; key: string; at: number }
  | { kind: "news"; key: string }
  | { kind: "message"; key: string; message: Message; first: boolean; answered: boolean }
  | { kind: "pending"; key: string; pending: Pending };

/**
 * The rows of the transcript: one date for each calendar day, the divider above the first outbound message after newsAfter,
 * then what has not been stored yet. A stored message keeps the key that it had while pending. A message is answered when an
 * operator wrote later: the one sign of reading that the channel gives (WIN-2).
 */
export function rows(transcript: Transcript, pending: readonly Pending[], newsAfter: number | undefined): Row[] {
  const out: Row[] = [];
  const stored = new Set<string>();
  let day = "";
  let before: Message | undefined;
  const startDay = (at: number): void => {
    if (dayKey(at) === day) return;
    day = dayKey(at);
    out.push({ kind: "day", key: `day ${day}`, at });
    before = undefined;
  };
  const messages = inOrder(transcript);
  const answer = messages.map((m) => m.direction).lastIndexOf("outbound");
  for (const [i, message] of messages.entries()) {
    startDay(message.at);
    if (newsAfter !== undefined && message.direction === "outbound" && message.seq > newsAfter) {
      out.push({ kind: "news", key: "news" });
      newsAfter = undefined;
      before = undefined;
    }
    const first = before?.direction !== message.direction || before.author !== message.author;
    out.push({ kind: "message", key: message.clientID || message.id, message, first, answered: i < answer });
    stored.add(message.clientID);
    before = message;
  }
  for (const p of pending) {
    if (stored.has(p.clientID)) continue;
    startDay(p.at);
    out.push({ kind: "pending", key: p.clientID, pending: p });
  }
  return out;
}
