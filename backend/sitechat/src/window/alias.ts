const NAME = "amo-livechat-id";

/** Reads the site's cookie of the anonymous visitor, made by us or by the site itself (VIS-1); empty when there is none. */
export function readAlias(cookies: string): string {
  const found = cookies.match(new RegExp(`(?:^|; )${NAME}=([\\w.:-]{1,128})(?:;|$)`));
  return found?.[1] ?? "";
}

/** A new id of 128 random bits. */
export function makeAlias(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The cookie that ends it. */
export const NO_ALIAS = `${NAME}=; path=/; max-age=0`;

/** The cookie that keeps an id for a year from now. */
export function aliasCookie(alias: string, secure: boolean): string {
  return `${NAME}=${alias}; path=/; max-age=31536000; SameSite=Lax${secure ? "; Secure" : ""}`;
}
