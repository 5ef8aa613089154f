// Everything in a message besides its text. Fetched with the first message that has such things.
import type { Message } from "../message";
import { cardPart, forwardPart, headerPart, locationPart, markupParts, postPart, quotePart, reactionsPart } from "../rich/extras";
import { mediaPart, uploadPart } from "../rich/media";
import type { Part } from "../view/patch";
import type { Canvas } from "../view/row";

/** What stands above the text: quote, what was forwarded, file or album, place, contact. */
export function above(messages: readonly [Message, ...Message[]], canvas: Canvas): Part[] {
  const { strings } = canvas.state;
  const [{ replyTo, forwards, post, location, card, markup, text }] = messages;
  const parts = [
    replyTo && quotePart(replyTo, canvas),
    ...forwards.map((forward, i) => forwardPart(forward, i, strings)),
    post && postPart(post, strings),
    mediaPart(messages, canvas),
    location && locationPart(location, strings),
    card && cardPart(card),
    markup?.list?.header && markup.list.header !== text ? headerPart(markup.list.header) : undefined,
  ];
  return parts.filter((part) => part !== undefined);
}

/** What stands below the text: what can be pressed, reactions, how far uploads are. */
export function below(messages: readonly [Message, ...Message[]], text: string, canvas: Canvas): Part[] {
  const [message] = messages;
  const reactions = reactionsPart(messages, canvas);
  return [
    ...(message.markup ? markupParts(message, message.markup, text, canvas) : []),
    ...(reactions ? [reactions] : []),
    ...messages.filter((m) => m.status === "sending" && m.file).map((m) => uploadPart(m, canvas)),
  ];
}
