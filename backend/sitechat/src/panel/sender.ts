import { ApiError } from "./api";
import { asRecord, readMessage, type Message } from "./message";
import type { Outbox, Pending } from "./outbox";
import { backoff } from "./stream/backoff";

/** What sending needs of others. */
export type SenderOptions = {
  outbox: Outbox;
  post: (body: object) => Promise<unknown>;
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

/** Makes the sender. It tries until a message is stored or refused for good; the client id makes a repeat harmless. */
export function makeSender({ outbox, post, stored, changed, reason, wait }: SenderOptions): Sender {
  let running = false;
  const next = (): Pending | undefined => outbox.list().find((p) => !p.error);
  const send = async (p: Pending): Promise<void> => {
    for (let failures = 0; ; failures++) {
      let asked = 0;
      try {
        const answer = await post({ client_id: p.clientID, text: p.text, page: p.page });
        const message = readMessage(asRecord(answer).message);
        if (message) {
          // First the stored one, then away with the other: it is on the screen all the time.
          stored(message);
          return outbox.remove(p.clientID);
        }
      } catch (error) {
        if (error instanceof ApiError && !error.temporary && error.status !== 401) return outbox.fail(p.clientID, error.message || reason());
        asked = error instanceof ApiError ? error.retryAfterMs : 0;
      }
      await wait(backoff(failures, Math.random, asked));
    }
  };
  const run = async (): Promise<void> => {
    running = true;
    for (let p = next(); p; p = next()) {
      await send(p);
      changed();
    }
    running = false;
  };
  return { run: () => void (running || run()) };
}
