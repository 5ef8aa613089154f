import { ApiError } from "./api";
import { readMessage, type Message } from "./message";
import type { Outbox, Pending } from "./outbox";
import { asRecord } from "./read";
import { backoff } from "./stream/backoff";

/** What sending needs of others. */
export type SenderOptions = {
  outbox: Outbox;
  /** Whether this tab sends what all tabs wrote; another does otherwise. What only this tab has it sends itself. */
  leads: () => boolean;
  post: (body: object, of: Pending) => Promise<unknown>;
  /** Uploads the file of a message and returns the server's id of it. */
  upload: (pending: Pending) => Promise<string>;
  /** The server has stored it; raw are its own words. */
  stored: (message: Message, raw: unknown, of: Pending) => void;
  changed: () => void;
  /** What is told when the server gave no reason of its own. */
  reason: () => string;
  /** Waits, or less when the network comes back. */
  wait: (ms: number) => Promise<void>;
};

/** Sends what is in the outbox, one after another, so that the order is kept. */
export type Sender = { run: () => void };

/** The words of the API for one message (http-api.md §3, POST /v1/messages). */
export function bodyOf({ clientID, text, page, replyTo, group, file, press, greeting }: Pending): Record<string, unknown> {
  return {
    client_id: clientID,
    page,
    ...(press ? { press: { message: press.message, text: press.text, ...(press.data && { callback_data: press.data }) } } : { text }),
    ...(file && { file_id: file.id }),
    ...(group && { group }),
    ...(greeting && { greeting }),
    ...(replyTo && { reply_to: replyTo.id }),
  };
}

/** Makes the sender. It tries until a message is stored or refused for good; the client id makes a repeat harmless. */
export function makeSender({ outbox, leads, post, upload, stored, changed, reason, wait }: SenderOptions): Sender {
  let running = false;
  let again = false;
  const find = (clientID: string): Pending | undefined => outbox.list().find((p) => p.clientID === clientID);
  /** One try; returns how long the server asks to wait before the next, or undefined when there is none. */
  const send = async (p: Pending): Promise<number | undefined> => {
    const { clientID } = p;
    const uploadedBefore = !!p.file?.id;
    try {
      if (p.file && !p.file.id) {
        outbox.uploaded(clientID, await upload(p));
        changed();
        const now = find(clientID);
        // One that was taken back meanwhile is not there any more.
        if (!now) return undefined;
        p = now;
      }
      const raw = asRecord(await post(bodyOf(p), p)).message;
      const message = readMessage(raw);
      if (!message) return 0;
      // First the stored one, then away with the other: it is on the screen all the time.
      stored(message, raw, p);
      outbox.remove(clientID);
    } catch (error) {
      if (!(error instanceof ApiError) || error.temporary || error.status === 401) return error instanceof ApiError ? error.retryAfterMs : 0;
      // The server throws away what is not sent within a day: another try begins with the upload.
      outbox.uploaded(clientID, "");
      if (!uploadedBefore) outbox.fail(clientID, error.message || reason());
    }
    return undefined;
  };
  const drain = async (): Promise<void> => {
    for (let failures = 0; ; ) {
      await outbox.settled();
      const p = outbox.list().find((p) => !p.error);
      if (!p || !(leads() || outbox.apart())) return;
      const asked = await send(p);
      changed();
      if (asked === undefined) failures = 0;
      else await wait(backoff(failures++, Math.random, asked));
    }
  };
  const run = async (): Promise<void> => {
    again = true;
    if (running) return;
    running = true;
    while (again) {
      again = false;
      await drain();
    }
    running = false;
  };
  return { run: () => void run() };
}
