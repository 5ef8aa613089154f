// What the site told of its visitor, and where the browser saw them come from, goes to the server when the visitor writes, before the message (META-4, META-7).
import { emptyMeta, isEmpty, mergeMeta, type Meta } from "../../shared/meta";
import type { Request } from "../api";
import { asCount, asRecord } from "../read";
import type { Store } from "../storage";

/** Data are taken for so long after the first were sent (META-2). */
const OPEN_MS = 24 * 3600_000;

/**
 * A message waits so long for data that cannot be sent, counted from the first try that failed: an answer that is none of ours, such as a
 * proxy's page, must not hold it back for ever.
 */
const PATIENCE_MS = 10_000;
const failing = new WeakMap<Store, number>();

/** What sending needs of others. The store keeps what was sent under the key, and since when. */
export type MetaOptions = { store: Store; key: string; now: () => number; request: (request: Omit<Request, "token" | "lang">) => Promise<unknown> };

/**
 * Sends what the page told, merged into what was sent before, unless that says nothing new (META-6) or the time is over. Throws
 * ApiError for what may succeed soon; what does not, goes with a later message, and what the server refuses for good is let go, since the message matters more.
 */
export async function sendMeta(told: unknown, { store, key, now, request }: MetaOptions): Promise<void> {
  const kept = asRecord(parse(store.get(key)));
  const sent = mergeMeta(emptyMeta(), kept.meta);
  const meta: Meta = mergeMeta(sent, told);
  const { tracking } = asRecord(told);
  const first = asCount(kept.at);
  if ((isEmpty(meta) && !tracking) || (first && (now() - first > OPEN_MS || JSON.stringify(meta) === JSON.stringify(sent)))) return;
  try {
    await request({ path: "v1/meta", body: { meta, tracking } });
  } catch (error) {
    // An ApiError of the panel, whose class this part does not share.
    const { status, temporary } = asRecord(error);
    if (!status || status === 401 || temporary) {
      const since = failing.get(store) ?? now();
      failing.set(store, since);
      if (now() - since < PATIENCE_MS) throw error;
      return;
    }
  }
  failing.delete(store);
  store.set(key, JSON.stringify({ at: first || now(), meta }));
}

function parse(text: string | null | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}
