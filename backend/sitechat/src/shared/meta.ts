/**
 * What a site tells of its visitor by setMeta (O §3.5): one record, into which each call is merged (META-6). All of it is the
 * page's claim, never proof (META-9).
 */
export type Meta = {
  note: MetaNote[];
  contact: { name: string; custom_fields: MetaField[] };
  lead: { name: string; sale?: number; custom_fields: MetaField[] };
  bot_params: Record<string, unknown>;
};

/** A note for the contact's card (element_type 1) or the lead's (2). */
export type MetaNote = { text: string; element_type: number; note_type: string };

/** A field of the CRM, named by its number or its code. */
export type MetaField = { id?: number; code?: string; values: MetaValue[] };

/** One value; enum is the option of a list, subtype the part of an address. */
export type MetaValue = { value: string; enum?: string | number; subtype?: string };

/** The limits of one record (META-8). */
export const META_BYTES = 65536;
const NOTES = 20;
const FIELDS = 200;
const DEPTH = 20;

/** The record before anything was told. */
export function emptyMeta(): Meta {
  return { note: [], contact: { name: "", custom_fields: [] }, lead: { name: "", custom_fields: [] }, bot_params: {} };
}

/** Whether a record says nothing. */
export function isEmpty(meta: Meta): boolean {
  return JSON.stringify(meta) === JSON.stringify(emptyMeta());
}

/**
 * Merges what one call told, or another record, into a record, and gives a new one. Parts of a wrong type, functions, cycles and
 * getters that throw are passed over; what would make the record too large changes nothing (META-8).
 */
export function mergeMeta(meta: Meta, told: unknown): Meta {
  const { note, contact, lead, bot_params } = asRecord(plain(told));
  const next: Meta = JSON.parse(JSON.stringify(meta));
  for (const one of Array.isArray(note) ? note : [note]) addNote(next.note, one);
  const { name, custom_fields } = asRecord(contact);
  next.contact.name = text(name) || next.contact.name;
  next.lead.name = text(asRecord(lead).name) || next.lead.name;
  const sale = Number(asRecord(lead).sale ?? NaN);
  if (Number.isSafeInteger(Math.round(sale))) next.lead.sale = Math.round(sale);
  const room = (): boolean => next.contact.custom_fields.length + next.lead.custom_fields.length < FIELDS;
  addFields(next.contact.custom_fields, custom_fields, room);
  addFields(next.lead.custom_fields, asRecord(lead).custom_fields, room);
  Object.assign(next.bot_params, asRecord(bot_params));
  return new TextEncoder().encode(JSON.stringify(next)).length > META_BYTES ? meta : next;
}

function addNote(notes: MetaNote[], told: unknown): void {
  const { text: words, element_type, note_type } = asRecord(told);
  const note = { text: text(words), element_type: Number(element_type) === 1 ? 1 : 2, note_type: text(note_type) || "common" };
  // Sites tell the same every few seconds.
  const known = notes.some((one) => one.text === note.text && one.element_type === note.element_type);
  if (note.text && !known && notes.length < NOTES) notes.push(note);
}

function addFields(fields: MetaField[], told: unknown, room: () => boolean): void {
  for (const one of Array.isArray(told) ? told : []) {
    const { id, code, values } = asRecord(one);
    const number = Number(id ?? NaN);
    const key = Number.isSafeInteger(number) && number > 0 ? { id: number } : text(code) ? { code: text(code) } : undefined;
    const list = (Array.isArray(values) ? values : []).flatMap(readValue);
    if (!key || !list.length) continue;
    const at = fields.findIndex((field) => field.id === key.id && field.code?.toUpperCase() === key.code?.toUpperCase());
    if (at >= 0) fields[at] = { ...key, values: list };
    else if (room()) fields.push({ ...key, values: list });
  }
}

function readValue(told: unknown): MetaValue[] {
  const { value, enum: option, subtype } = typeof told === "object" ? asRecord(told) : { value: told };
  const good = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  const listed = typeof option === "string" || typeof option === "number";
  if (!good && !listed) return [];
  return [{ value: good ? `${value}` : "", ...(listed && { enum: option }), ...(typeof subtype === "string" && { subtype }) }];
}

/** A copy of what JSON can say; undefined for what it cannot. */
function plain(value: unknown, above: readonly unknown[] = []): unknown {
  try {
    if (typeof value === "object" && value !== null) {
      if (above.includes(value) || above.length > DEPTH) return undefined;
      if (value instanceof Date) return value.toJSON();
      const inside = [...above, value];
      if (Array.isArray(value)) return value.map((part) => plain(part, inside)).filter((part) => part !== undefined);
      const copy: Record<string, unknown> = {};
      for (const key of Object.keys(value)) {
        const part = plain(read(value, key), inside);
        if (part !== undefined && key !== "__proto__") copy[key] = part;
      }
      return copy;
    }
    if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
    return typeof value === "string" || typeof value === "boolean" || value === null ? value : undefined;
  } catch {
    return undefined; // The page's own object defends itself.
  }
}

function read(from: object, key: string): unknown {
  try {
    return (from as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value.trim() : "";
}
