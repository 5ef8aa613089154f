import { asCount, asRecord } from "../read";

/** Where a stream stands after a frame, without looking at more of it than that. */
export function cursorAfter(frame: unknown, cursor: number): number {
  const { type, message, cursor: now } = asRecord(frame);
  return Math.max(cursor, asCount(type === "message" ? asRecord(message).rev : type === "ready" && now));
}
