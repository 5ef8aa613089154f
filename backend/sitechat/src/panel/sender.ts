import { ApiError } from "./api";
import { readMessage, type Message } from "./message";
import type { Outbox, Pending } from "./outbox";
import { asRecord } from "./read";
import { backoff } from "./stream/backoff";

/** What sending needs of others. */
export type SenderOptions = {
  outbox: Outbox;
  post: (body: object) => Promise<unknown>;
  /** Uploads the file of a message and returns the server's id of it. */
  upload: (pending: Pending) => Promise<string>;
  /** The server has stored it. */
  stored: (message: Message) => void;
  changed: () => void;
  /** What is told when the server gave no reason of its own. */
  reason: () => string;
  /** Waits, or less when the network comes back. */
  wait: (ms: number) => Promise<void>;
};

/** Sends what is in the outbox, one after another, so that the order is kept. */
export type Sender = { run: () => void };

/** The words of the API for one message (http-api.md §3, POST /v1/messages). */
export function bodyOf({ clientID, text, page, replyTo, group, file, press }: Pending): Record<string, unknown> {
  return {
    client_id: clientID,
    page,
    ...(press ? { press: { message: press.message, text: press.text, ...(press.data && { callback_data: press.data }) } } : { text }),
    ...(file && { file_id: file.id }),
    ...(group && { group }),
    ...(replyTo && { reply_to: replyTo.id }),
  };
}

/** Makes the sender. It tries until a message is stored or refused for good; the client id makes a repeat harmless. */
export function makeSender({ outbox, post, upload, stored, changed, reason, wait }: SenderOptions): Sender {
  let running = false;
  const next = (): Pending | undefined => outbox.list().find((p) => !p.error);
  const find = (clientID: string): Pending | undefined => outbox.list().find((p) => p.clientID === clientID);
  const send = async (clientID: string): Promise<void> => {
    // One that was taken back meanwhile is not there any more.
    for (let failures = 0, p = find(clientID); p; failures++, p = find(clientID)) {
      let asked = 0;
      try {
        if (p.file && !p.file.id) {
          outbox.uploaded(clientID, await upload(p));
          changed();
          p = find(clientID);
          if (!p) return;
        }
        const message = readMessage(asRecord(await post(bodyOf(p))).message);
        if (message) {
          // First the stored one, then away with the other: it is on the screen all the time.
          stored(message);
          return outbox.remove(clientID);
        }
      } catch (error) {
        if (error instanceof ApiError && !error.temporary && error.status !== 401) {
          // The server may have thrown the file away meanwhile: another try begins with the upload.
          outbox.uploaded(clientID, "");
          return outbox.fail(clientID, error.message || reason());
        }
        asked = error instanceof ApiError ? error.retryAfterMs : 0;
      }
      await wait(backoff(failures, Math.random, asked));
    }
  };
  const run = async (): Promise<void> => {
    running = true;
    for (let p = next(); p; p = next()) {
      await send(p.clientID);
      changed();
    }
    running = false;
  };
  return { run: () => void (running || run()) };
}
