import type { Init } from "../../shared/protocol";
import { asRecord, asText } from "../read";
import { tokenKey } from "../session";
import type { Store } from "../storage";

/** Who is signed in on the site: whom it names, else whom its token is about; the server finds out whether that is true. */
export function personOf({ user_id, user_token }: Pick<Init, "user_id" | "user_token">): string {
  try {
    const claims = atob((user_token?.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/"));
    return user_id || asText(asRecord(JSON.parse(decodeURIComponent(escape(claims)))).sub);
  } catch {
    return user_id || "";
  }
}

/**
 * Drops what another signed-in person left in this browser (EMB-21, SEC-7). What was written before signing in stays with the
 * one who signs in. Returns the token of the one before, for the server alone; empty when nobody else was here.
 */
export function changePerson(stores: readonly Store[], button: string, person: string, keys: readonly string[]): string | undefined {
  const owner = `leadline.${button}.user`;
  const before = stores.map((store) => store.get(owner)).find((user) => user);
  if (!before || before === person) return undefined;
  const token = stores.map((store) => store.get(tokenKey(button))).find((kept) => kept);
  for (const store of stores) for (const key of [owner, tokenKey(button), ...keys]) store.remove(key);
  return token ?? "";
}
