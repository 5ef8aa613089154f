import type { App } from "../app";
import type { ListMarkup, ListRow } from "../content";
import { DATE_PATTERN, formatTime, TIME_PATTERN } from "../format";
import { linkify } from "../linkify";
import type { Parts } from "../load";
import { isRich, type Message } from "../message";
import type { State } from "../state";
import { describe, kindOf } from "../summary";
import type { Row } from "../transcript";
import { make, iconButton, outLink } from "./dom";
import { DOTS } from "./icons";
import type { Part } from "./patch";

/** What rows are drawn with. */
export type Canvas = {
  state: State;
  app: App;
  /** The row under which the state of delivery is told. */
  last: Row | undefined;
  /** Opens what can be done with a message. */
  actions: (message: Message, anchor: HTMLElement) => void;
  /** Shows the pictures of an album. */
  view: (messages: readonly Message[], at: Message) => void;
  jump: (id: string) => void;
  /** Lets the visitor choose among the rows of a list. */
  choose: (list: ListMarkup, chosen: (row: ListRow) => void) => void;
  /** What draws everything besides texts, once it is there. */
  rich: Parts["rich"] | undefined;
};

/** What a row looks like. */
export type Drawing = { className: string; parts: Part[] };

/** Describes one row of the transcript. The state of a message is told under the last one and wherever it needs attention. */
export function describeRow(row: Row, canvas: Canvas): Drawing {
  const { strings, dates } = canvas.state;
  const time = (at: number): string => formatTime(at, strings.time_format, TIME_PATTERN, dates);
  if (row.kind === "message") return describeMessage(row, canvas, time);
  const text = row.kind === "day" ? formatTime(row.at, strings.date_format, DATE_PATTERN, dates) : row.kind === "news" ? strings.new_messages : `${strings["transcript.ended"]} · ${time(row.at)}`;
  return { className: `sc-${row.kind}`, parts: [textPart("text", "span", `sc-${row.kind}__text`, text)] };
}

function describeMessage(row: Extract<Row, { kind: "message" }>, canvas: Canvas, time: (at: number) => string): Drawing {
  const { messages, first, last, answered } = row;
  const { app, state } = canvas;
  const { strings } = state;
  const [message] = messages;
  const newest = messages[messages.length - 1] as Message;
  const bad = messages.find((m) => m.status === "error");
  const inbound = message.direction === "inbound";
  const told = bad ? "error" : newest.status === "sent" && answered ? "read" : newest.status;
  const status = inbound && (row === canvas.last || told === "sending" || bad) ? strings[`delivery_status_${told}` as keyof typeof strings] : "";
  const parts: Part[] = [];

  if (!inbound && first && message.author) parts.push(avatarPart(message, app));
  // The visitor's own name is for those who cannot see on which side it stands.
  const author = inbound ? strings["message.you"] : message.author;
  if (author) parts.push(textPart("author", "p", inbound || !first ? "sc-hidden" : "sc-message__author", `${author}${inbound ? ":" : ""}`));
  const text = messages.map((m) => m.text).find(Boolean) ?? "";
  if (canvas.rich) parts.push(...canvas.rich.above(messages, canvas));
  else if (isRich(message) && !text) parts.push(textPart("media", "p", "sc-message__text", kindOf(message.kind, strings)));
  if (text && !sayTheSame(text, message)) parts.push({ name: "text", look: text, draw: () => make("p", "sc-message__text", { dir: "auto" }, ...pieces(text)) });
  if (canvas.rich) parts.push(...canvas.rich.below(messages, text, canvas));
  const edited = messages.some((m) => m.editedAt) && strings["message.edited"];
  // Within a group the time stands under the last one; it is told of each.
  const quiet = !last && !edited && !status;
  parts.push(textPart("meta", "p", `sc-message__meta${quiet ? " sc-hidden" : ""}`, [edited, time(newest.at), status].filter(Boolean).join(" · ")));
  if (bad) {
    // The panel's own words for a failure: what the stream tells is in the browser's language, not in the chat's.
    const words = (strings as Readonly<Record<string, string>>)[`error.${bad.errorCode}`];
    parts.push(textPart("error", "p", "sc-message__error", words || bad.error || strings["message.failed"]));
    if (!bad.id) parts.push(againPart(bad.clientID, canvas));
  }
  // What is not stored yet can be neither answered nor changed.
  const target = messages.find((m) => m.text && m.id) ?? messages.find((m) => m.id);
  if (target) parts.push(morePart(target, canvas));

  const classes = ["sc-message", `sc-message--${message.direction}`];
  if (first) classes.push("sc-message--first");
  if (last) classes.push("sc-message--last");
  if (bad || told === "sending") classes.push(`sc-message--${told}`);
  return { className: classes.join(" "), parts };
}

/** Senders of contact cards and places repeat them as text. */
function sayTheSame(text: string, { card, file }: Message): boolean {
  return text === card?.name || text === file?.name;
}

function textPart(name: string, tag: "p" | "span", className: string, text: string): Part {
  return { name, look: className + text, draw: () => make(tag, className, {}, text) };
}

function avatarPart({ author, avatar }: Message, app: App): Part {
  const initials = author.split(/\s+/).map((word) => [...word][0] ?? "").slice(0, 2).join("").toUpperCase();
  const draw = (): HTMLElement => {
    const circle = make("span", "sc-message__avatar", { "aria-hidden": "true" }, initials);
    if (!avatar) return circle;
    const picture = make("img", "", { src: app.address(avatar), alt: "", width: "28", height: "28" });
    picture.onload = () => circle.replaceChildren(picture);
    return circle;
  };
  return { name: "avatar", look: `${author} ${avatar.split("?")[0]}`, draw };
}

function againPart(clientID: string, { app, state }: Canvas): Part {
  const { strings } = state;
  const draw = (): HTMLElement => {
    const again = make("button", "sc-message__retry", { type: "button" }, strings["message.retry"]);
    again.onclick = () => app.retry(clientID);
    const remove = make("button", "sc-message__retry", { type: "button" }, strings["message.remove"]);
    remove.onclick = () => app.cancel(clientID);
    return make("p", "sc-message__again", {}, again, remove);
  };
  return { name: "again", look: clientID, draw };
}

function morePart(message: Message, { actions, state }: Canvas): Part {
  const label = `${state.strings["message.actions"]}: ${describe(message, state.strings).slice(0, 60) || kindOf("file", state.strings)}`;
  const draw = (): HTMLElement => {
    const more = iconButton("sc-message__more", DOTS, state.strings["message.actions"]);
    more.setAttribute("aria-label", label);
    more.setAttribute("aria-haspopup", "menu");
    return more;
  };
  return { name: "more", look: label, draw, update: (node) => (node.onclick = () => actions(message, node)) };
}

function pieces(text: string): (Node | string)[] {
  return linkify(text).map((piece) => (piece.href === undefined ? piece.text : outLink("sc-message__link", piece.href, piece.text)));
}

