import { asCount, asList, asRecord, asText } from "./read";

/** A file of a message (http-api.md §3 File). Addresses are those of the chat host, without its origin; empty unless ready. */
export type Attachment = {
  id: string;
  name: string;
  type: string;
  bytes: number;
  width: number;
  height: number;
  durationMs: number;
  state: "ready" | "loading" | "failed";
  url: string;
  thumbURL: string;
};

/** What a message answers. The id is empty when the quoted message is not kept. */
export type Quote = { id: string; direction: string; kind: string; text: string; author: string };

/** What a message hands on from elsewhere. */
export type Forward = { kind: string; text: string; author: string };

/** A button under a message: one with a url opens it, one without is pressed. */
export type MarkupButton = { text: string; url: string };

/** A row of a list message. */
export type ListRow = { title: string; description: string; data: string };

/** A list message: a button that opens sections of rows. */
export type ListMarkup = { header: string; body: string; footer: string; button: string; sections: { title: string; rows: ListRow[] }[] };

/** What can be pressed: rows of buttons, or a list. */
export type Markup = { buttons: MarkupButton[][]; list: ListMarkup | undefined };

/** The comment's post of a social network. */
export type Post = { url: string; caption: string };

/** One emoji on a message. */
export type Reaction = { emoji: string; mine: boolean };

/** Reads a file; undefined for what is none. Addresses of other hosts are dropped: the panel loads nothing from there. */
export function readFile(value: unknown): Attachment | undefined {
  const f = asRecord(value);
  const id = asText(f.id);
  if (!id) return undefined;
  const state = f.state === "ready" || f.state === "loading" ? f.state : "failed";
  return {
    id,
    state,
    name: asText(f.name),
    type: asText(f.type),
    bytes: asCount(f.bytes),
    width: asCount(f.width),
    height: asCount(f.height),
    durationMs: asCount(f.duration_ms),
    url: state === "ready" ? ownPath(f.url) : "",
    thumbURL: state === "ready" ? ownPath(f.thumb_url) : "",
  };
}

/** A path on the chat host, without its first slash; empty for anything that might lead elsewhere. */
export function ownPath(value: unknown): string {
  const path = asText(value);
  return /^\/[^/\\]/.test(path) ? path.slice(1) : "";
}

/** An address that a person may follow: http or https; empty for others (SEC-9). */
export function webLink(value: unknown): string {
  try {
    const { protocol, href } = new URL(asText(value));
    return protocol === "https:" || protocol === "http:" ? href : "";
  } catch {
    return "";
  }
}

/** Reads a quote or what was handed on; undefined for what is none. */
export function readQuote(value: unknown): Quote | undefined {
  if (!value) return undefined;
  const q = asRecord(value);
  return { id: asText(q.id), direction: asText(q.direction), kind: asText(q.kind), text: asText(q.text), author: asText(q.author) };
}

/** Reads what can be pressed; undefined when nothing can. A button that leads to a forbidden scheme is no button. */
export function readMarkup(value: unknown): Markup | undefined {
  const { buttons, list } = asRecord(value);
  const rows = asList(buttons)
    .map((row) => asList(row).map(asRecord))
    .map((row) => row.map(({ text, url }) => ({ text: asText(text), url: url ? webLink(url) : undefined })))
    .map((row) => row.flatMap(({ text, url }) => (text && url !== "" ? [{ text, url: url ?? "" }] : [])))
    .filter((row) => row.length > 0);
  const l = asRecord(list);
  const sections = asList(l.sections)
    .map(asRecord)
    .map((s) => ({ title: asText(s.title), rows: asList(s.rows).map(readListRow).filter((row) => row.title) }))
    .filter((s) => s.rows.length > 0);
  if (!rows.length && !sections.length) return undefined;
  return {
    buttons: rows,
    list: sections.length ? { header: asText(l.header), body: asText(l.body), footer: asText(l.footer), button: asText(l.button), sections } : undefined,
  };
}

function readListRow(value: unknown): ListRow {
  const { title, description, callback_data } = asRecord(value);
  return { title: asText(title), description: asText(description), data: asText(callback_data) };
}

/** Reads reactions; those without an emoji are passed over. */
export function readReactions(value: unknown): Reaction[] {
  return asList(value)
    .map(asRecord)
    .map(({ emoji, by }) => ({ emoji: asText(emoji), mine: by === "visitor" }))
    .filter(({ emoji }) => emoji);
}
