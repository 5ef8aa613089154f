import { DIALECTS, type Globals } from "../loader/dialect";
import { emptyMeta, mergeMeta, type Meta } from "../shared/meta";
import type { Contact } from "../shared/protocol";

/** The most characters of each value of a contact that travel; the server cuts further. */
const MAX = 120;

/** What the site has told of its visitor by setMeta so far (O §3.5). `id` tells whose settings object it is. */
export function readMeta(globals: Globals, id: string): Meta {
  return paramsOf(globals, id).reduce((meta: Meta, params) => {
    for (const data of params) meta = mergeMeta(meta, data);
    return meta;
  }, emptyMeta());
}

/** The visitor's name, and phone and e-mail from fields that carry the CRM's own codes. */
export function contactOf({ contact }: Meta): Contact {
  const valueOf = (code: string): string => contact.custom_fields.find((field) => field.code?.toUpperCase() === code)?.values[0]?.value.trim().slice(0, MAX) ?? "";
  return { name: contact.name.slice(0, MAX), phone: valueOf("PHONE"), email: valueOf("EMAIL") };
}

/**
 * Hears of what the site tells from now on: setMeta and sites themselves push to `params` (META-5). Called again, it looks
 * after a settings object that has come since.
 */
export function watchMeta(globals: Globals, id: string, changed: () => void, signal: AbortSignal): void {
  for (const params of paramsOf(globals, id)) {
    if (Object.getOwnPropertyDescriptor(params, "push")) continue;
    const push = (...items: unknown[]): number => {
      const length = Array.prototype.push.apply(params, items);
      changed();
      return length;
    };
    try {
      Object.defineProperty(params, "push", { value: push, configurable: true, writable: true });
    } catch {
      continue; // A frozen list tells nothing new.
    }
    signal.addEventListener("abort", () => Reflect.deleteProperty(params, "push"));
  }
}

function paramsOf(globals: Globals, id: string): unknown[][] {
  return DIALECTS.flatMap(({ settings }) => {
    try {
      const { id: found, params } = (globals[settings] ?? {}) as Globals;
      return `${found}` === id && Array.isArray(params) ? [params] : [];
    } catch {
      return []; // A getter of the page's own object.
    }
  });
}
