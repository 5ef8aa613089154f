import type { Forward, MarkupButton, Markup, Post, Quote } from "../content";
import type { Message } from "../message";
import { fill, type Strings } from "../strings";
import { describe } from "../summary";
import { icon, make, outLink } from "../view/dom";
import { PERSON, PIN } from "../view/icons";
import type { Part } from "../view/patch";
import type { Canvas } from "../view/row";

/** What the message answers; a click shows the original when it is here. */
export function quotePart(quote: Quote, { state, jump }: Canvas): Part {
  const { strings, transcript } = state;
  const name = quote.direction === "inbound" ? strings["message.you"] : quote.author;
  const here = transcript.has(quote.id);
  const words = (): Node[] => [
    make("span", "sc-hidden", {}, fill(strings["message.in_reply"], { name })),
    make("span", "sc-quote__author", { "aria-hidden": "true" }, name),
    make("span", "sc-quote__text", { dir: "auto" }, describe(quote, strings).slice(0, 200)),
  ];
  const draw = (): HTMLElement => {
    if (!here) return make("div", "sc-quote", {}, ...words());
    const button = make("button", "sc-quote", { type: "button", title: strings["message.to_original"] }, ...words());
    button.onclick = () => jump(quote.id);
    return button;
  };
  return { name: "quote", look: JSON.stringify([quote, name, here]), draw };
}

/** What was handed on from elsewhere. */
export function forwardPart(forward: Forward, i: number, strings: Strings): Part {
  const from = forward.author ? fill(strings["message.forwarded_from"], { name: forward.author }) : strings["message.forwarded"];
  const draw = (): HTMLElement =>
    make("blockquote", "sc-quote", {}, make("span", "sc-quote__author", {}, from), make("span", "sc-quote__full", { dir: "auto" }, describe(forward, strings)));
  return { name: `forward ${i}`, look: from + JSON.stringify(forward), draw };
}

/** The post under which the comment was written. */
export function postPart({ url, caption }: Post, strings: Strings): Part {
  const draw = (): HTMLElement => {
    const words = [make("span", "sc-quote__author", {}, strings["message.comment"]), make("span", "sc-quote__text", { dir: "auto" }, caption || url)];
    return url ? outLink("sc-quote", url, ...words) : make("div", "sc-quote", {}, ...words);
  };
  return { name: "post", look: strings["message.comment"] + url + caption, draw };
}

/** A place: nothing is loaded from a map's host unless the visitor follows the link. */
export function locationPart({ lat, lon }: { lat: number; lon: number }, strings: Strings): Part {
  const at = `${lat.toFixed(5)}, ${lon.toFixed(5)}`;
  const href = `https://www.openstreetmap.org/?mlat=${lat}&mlon=${lon}#map=16/${lat}/${lon}`;
  const draw = (): HTMLElement =>
    outLink("sc-file", href, icon(PIN), make("span", "sc-file__words", {}, make("span", "sc-file__name", {}, strings["location.open"]), make("span", "sc-file__about", {}, at)));
  return { name: "location", look: strings["location.open"] + at, draw };
}

/** Somebody's name and phone. */
export function cardPart({ name, phone }: { name: string; phone: string }): Part {
  const digits = phone.replace(/[^\d+]/g, "");
  const draw = (): HTMLElement => {
    const words = make("span", "sc-file__words", {}, make("span", "sc-file__name", { dir: "auto" }, name));
    if (phone) words.append(digits ? make("a", "sc-file__about", { href: `tel:${digits}` }, phone) : make("span", "sc-file__about", {}, phone));
    return make("div", "sc-file", {}, icon(PERSON), words);
  };
  return { name: "card", look: JSON.stringify([name, phone]), draw };
}

/** The heading of a list message; it stands above the text. */
export function headerPart(header: string): Part {
  return { name: "header", look: header, draw: () => make("p", "sc-list__header", { dir: "auto" }, header) };
}

/** Buttons under a message, or the button that opens its list. Nothing can be pressed twice while it is under way. */
export function markupParts(message: Message, { buttons, list }: Markup, text: string, { app, state, choose }: Canvas): Part[] {
  const busy = state.phase !== "ready" || state.pending.some((p) => p.press?.message === message.id && !p.error);
  const press = (label: string, data = ""): void => app.press({ message: message.id, text: label, data });
  const draw = ({ text: label, url }: MarkupButton): HTMLElement => {
    if (url) return outLink("sc-choice", url, label);
    const button = make("button", "sc-choice", { type: "button" }, label);
    button.onclick = () => isBusy(button) || press(label);
    return button;
  };
  // Not by disabled, which would take the focus away.
  const update = (node: HTMLElement): void => node.querySelectorAll("button").forEach((b) => b.setAttribute("aria-disabled", String(busy)));
  const parts: Part[] = buttons.map((row, i) => ({
    name: `buttons ${i}`,
    look: JSON.stringify(row),
    draw: () => make("div", "sc-choices", {}, ...row.map(draw)),
    update,
  }));
  if (!list) return parts;
  const { strings } = state;
  const drawList = (): HTMLElement => {
    const open = make("button", "sc-choice", { type: "button", "aria-haspopup": "dialog" }, list.button || list.header || strings["list.open"]);
    open.onclick = () => isBusy(open) || choose(list, (row) => press(row.title, row.data));
    const lines = [list.body !== text && list.body, list.footer].filter(Boolean) as string[];
    return make("div", "sc-list", {}, ...lines.map((line) => make("p", "sc-list__line", { dir: "auto" }, line)), open);
  };
  return [...parts, { name: "list", look: JSON.stringify(list), draw: drawList, update }];
}

function isBusy(button: HTMLElement): boolean {
  return button.getAttribute("aria-disabled") === "true";
}

/** What stands on a message: each emoji once, with how many; a click puts or takes back the visitor's own. */
export function reactionsPart(messages: readonly Message[], { app, state }: Canvas): Part | undefined {
  const all = messages.flatMap((m) => m.reactions.map((r) => ({ ...r, id: m.id })));
  if (!all.length) return undefined;
  const { strings } = state;
  const draw = (): HTMLElement => {
    const out = make("div", "sc-reactions");
    for (const emoji of new Set(all.map((r) => r.emoji))) {
      const same = all.filter((r) => r.emoji === emoji);
      const mine = same.some((r) => r.mine);
      const button = make("button", "sc-reaction", { type: "button", "aria-pressed": String(mine) }, same.length > 1 ? `${emoji} ${same.length}` : emoji);
      button.setAttribute("aria-label", `${fill(strings[mine ? "action.unreact" : "action.react"], { emoji })}, ${same.length}`);
      button.onclick = () => void app.react((same.find((r) => r.mine) ?? same[0])?.id ?? "", emoji);
      out.append(button);
    }
    return out;
  };
  return { name: "reactions", look: JSON.stringify(all), draw };
}

