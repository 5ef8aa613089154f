/** Any object as a record; nothing else has fields. */
export function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

/** A list, or an empty one. */
export function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Text, or none. */
export function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Tells numbers that count something. */
export function isCount(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && Number.isFinite(value);
}

/** A number that counts something, or 0. */
export function asCount(value: unknown): number {
  return isCount(value) ? value : 0;
}
