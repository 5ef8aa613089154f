import { readAvailability, readMessage, type Availability, type Message } from "../message";
import { asCount, asRecord, asText } from "../read";

/** One frame of the stream (http-api.md §3), checked. */
export type Frame =
  | { type: "message"; message: Message }
  | { type: "ready" | "ping"; cursor: number }
  | { type: "typing"; until: number; name: string }
  | { type: "availability"; availability: Availability }
  | { type: "conversations" }
  | { type: "bye"; code: string };

/** Reads a frame; undefined for what is none of ours, which is passed over. */
export function readFrame(data: string): Frame | undefined {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return undefined;
  }
  const { type, cursor, code, message, until, name } = asRecord(value);
  if (type === "message") {
    const read = readMessage(message);
    return read && { type, message: read };
  }
  if (type === "ready" || type === "ping") return { type, cursor: asCount(cursor) };
  if (type === "availability") return { type, availability: readAvailability(value) };
  if (type === "conversations") return { type };
  if (type === "typing") return { type, until: asCount(until), name: asText(name) };
  return type === "bye" ? { type, code: asText(code) } : undefined;
}
