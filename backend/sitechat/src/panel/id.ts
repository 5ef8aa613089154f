/**
 * A UUID of version 4 from 16 random bytes. The browser's own randomUUID is missing where the site, and with it our frame, is
 * not a secure context.
 */
export function makeID(bytes: Uint8Array): string {
  const hex = [...bytes].map((byte, i) => {
    const marked = i === 6 ? (byte & 0x0f) | 0x40 : i === 8 ? (byte & 0x3f) | 0x80 : byte;
    return marked.toString(16).padStart(2, "0");
  });
  return [hex.slice(0, 4), hex.slice(4, 6), hex.slice(6, 8), hex.slice(8, 10), hex.slice(10)].map((part) => part.join("")).join("-");
}

/** A new one. */
export function newID(): string {
  return makeID(crypto.getRandomValues(new Uint8Array(16)));
}
