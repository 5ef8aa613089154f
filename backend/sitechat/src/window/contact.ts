import { DIALECTS, type Globals } from "../loader/dialect";
import type { Contact } from "../shared/protocol";

/** The most characters of each value that travel; the server cuts further. */
const MAX = 120;

/**
 * What the site has told of its visitor by setMeta so far (O §3.5): the name, and phone and e-mail from fields that carry the
 * CRM's own codes. The last value of each wins (META-6). It is the page's claim, never proof. `id` tells whose settings object it is.
 */
export function readContact(globals: Globals, id: string): Contact {
  const contact: Contact = { name: "", phone: "", email: "" };
  try {
    collect(globals, id, contact);
  } catch {
    // A getter of the page's own object: what came before it counts.
  }
  return contact;
}

function collect(globals: Globals, id: string, contact: Contact): void {
  for (const { settings } of DIALECTS) {
    const found = asRecord(globals[settings]);
    if (`${found.id}` !== id || !Array.isArray(found.params)) continue;
    for (const data of found.params) {
      const { name, custom_fields: fields } = asRecord(asRecord(data).contact);
      contact.name = text(name) || contact.name;
      for (const field of Array.isArray(fields) ? fields : []) {
        const { code, values } = asRecord(field);
        const value = text(asRecord(Array.isArray(values) ? values[0] : undefined).value);
        if (value && `${code}`.toUpperCase() === "PHONE") contact.phone = value;
        if (value && `${code}`.toUpperCase() === "EMAIL") contact.email = value;
      }
    }
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value.trim().slice(0, MAX) : "";
}
