/** A piece of a text: plain, or a link with a scheme that is allowed (SEC-9). */
export type Piece = { text: string; href?: string };

const LINK = /\b(?:https?:\/\/[^\s<>"]+|mailto:[^\s<>"@]+@[^\s<>"]+|tel:\+?[\d().-]{3,20}|www\.[^\s<>"]+\.[^\s<>"]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+)/gi;

/** Finds the links of a text. What is read is never markup: pieces go into the page as text. */
export function linkify(text: string): Piece[] {
  const out: Piece[] = [];
  let end = 0;
  for (const found of text.matchAll(LINK)) {
    const link = trimEnd(found[0]);
    const href = toHref(link);
    if (!href || found.index < end) continue;
    if (found.index > end) out.push({ text: text.slice(end, found.index) });
    out.push({ text: link, href });
    end = found.index + link.length;
  }
  if (end < text.length) out.push({ text: text.slice(end) });
  return out;
}

/** Punctuation that ends a sentence is no part of a link, nor is a bracket that was opened before it. */
function trimEnd(link: string): string {
  let out = link.replace(/[.,:;!?'»”…]+$/, "");
  while (out.endsWith(")") && out.split(")").length > out.split("(").length) out = out.slice(0, -1);
  return out;
}

function toHref(link: string): string | undefined {
  const full = /^(https?|mailto|tel):/i.test(link) ? link : link.includes("@") ? `mailto:${link}` : `https://${link}`;
  try {
    const { protocol, href } = new URL(full);
    return ["http:", "https:", "mailto:", "tel:"].includes(protocol) ? href : undefined;
  } catch {
    return undefined;
  }
}
