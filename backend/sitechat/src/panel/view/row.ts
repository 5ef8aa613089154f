import { DATE_PATTERN, formatTime, TIME_PATTERN } from "../format";
import { linkify } from "../linkify";
import type { Strings } from "../strings";
import type { Row } from "../transcript";
import { make } from "./dom";

/** How a row looks, as a text to compare, and how to draw it when that has changed. */
export type Drawing = { look: string; draw: () => HTMLElement };

/** Describes one row of the transcript. The state of a message is told under the last one and wherever it needs attention. */
export function drawRow(row: Row, strings: Strings, isLast: boolean, retry: (clientID: string) => void): Drawing {
  const time = (at: number): string => formatTime(at, strings.time_format, TIME_PATTERN);
  if (row.kind === "day") {
    const text = formatTime(row.at, strings.date_format, DATE_PATTERN);
    return { look: text, draw: () => make("li", "sc-day", {}, make("span", "sc-day__text", {}, text)) };
  }
  if (row.kind === "news") {
    const text = strings.new_messages;
    return { look: text, draw: () => make("li", "sc-news", {}, make("span", "sc-news__text", {}, text)) };
  }
  if (row.kind === "pending") {
    const { text, at, error, clientID } = row.pending;
    const status = error ? strings.delivery_status_error : strings.delivery_status_sending;
    const again = (): HTMLElement => {
      const button = make("button", "sc-message__retry", { type: "button" }, strings["message.retry"]);
      button.onclick = () => retry(clientID);
      return button;
    };
    const state = error ? "error" : "sending";
    return drawing({ text, error, state, inbound: true, first: true, author: strings["message.you"], meta: [time(at), status] }, error ? again : undefined);
  }
  const { message, first, answered } = row;
  const inbound = message.direction === "inbound";
  const state = !inbound ? "" : message.status === "sent" && answered ? "read" : message.status;
  const statuses: Record<string, string> = {
    sent: strings.delivery_status_sent,
    read: strings.delivery_status_read,
    error: strings.delivery_status_error,
  };
  const status = inbound && (isLast || state === "error") ? statuses[state] : undefined;
  return drawing({
    text: message.text,
    error: state === "error" ? reasonOf(strings, message.errorCode) || message.error || strings["message.failed"] : "",
    state,
    inbound,
    first,
    author: inbound ? strings["message.you"] : message.author,
    meta: [time(message.at), ...(status ? [status] : [])],
  });
}

/** The panel's own words for a failure: what the stream tells is in the browser's language, not in the chat's. */
function reasonOf(strings: Readonly<Record<string, string>>, code: string): string | undefined {
  return strings[`error.${code}`];
}

type Bubble = {
  text: string;
  error: string;
  state: string;
  inbound: boolean;
  /** The first of several by one author: the name stands above it. */
  first: boolean;
  author: string;
  meta: string[];
};

function drawing(bubble: Bubble, action?: () => HTMLElement): Drawing {
  return { look: JSON.stringify(bubble), draw: () => drawBubble(bubble, action) };
}

function drawBubble({ text, error, state, inbound, first, author, meta }: Bubble, action?: () => HTMLElement): HTMLElement {
  const classes = ["sc-message", inbound ? "sc-message--inbound" : "sc-message--outbound"];
  if (first) classes.push("sc-message--first");
  if (state === "sending" || state === "error") classes.push(`sc-message--${state}`);
  const item = make("li", classes.join(" "));
  // The visitor's own name is for those who cannot see on which side it stands.
  if (author) item.append(make("p", inbound || !first ? "sc-hidden" : "sc-message__author", {}, `${author}${inbound ? ":" : ""}`));
  item.append(make("p", "sc-message__text", { dir: "auto" }, ...pieces(text)));
  const line = make("p", "sc-message__meta", {}, meta.join(" · "));
  item.append(line);
  if (error) item.append(make("p", "sc-message__error", {}, error));
  if (action) item.append(action());
  return item;
}

function pieces(text: string): (Node | string)[] {
  return linkify(text).map((piece) =>
    piece.href === undefined
      ? piece.text
      : make("a", "sc-message__link", { href: piece.href, target: "_blank", rel: "noopener noreferrer" }, piece.text),
  );
}
