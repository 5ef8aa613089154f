/** Tells the server how far messages reached this browser and how far the visitor saw them (MAP-3), a few at a time. */
export type Receipts = { tell: (delivered: number, seen: number) => void };

const GATHER_MS = 300;
const AGAIN_MS = 10_000;

/** Makes the receipts. What could not be sent is sent later together with what came meanwhile. */
export function makeReceipts(post: (body: { delivered: number; seen: number }) => Promise<unknown>): Receipts {
  const told = { delivered: 0, seen: 0 };
  let delivered = 0;
  let seen = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = async (): Promise<void> => {
    const body = { delivered, seen };
    try {
      await post(body);
      Object.assign(told, body);
      timer = undefined;
      schedule(GATHER_MS);
    } catch {
      timer = undefined;
      schedule(AGAIN_MS);
    }
  };
  const schedule = (ms: number): void => {
    if (timer === undefined && (delivered > told.delivered || seen > told.seen)) timer = setTimeout(() => void flush(), ms);
  };
  return {
    tell(newDelivered, newSeen) {
      delivered = Math.max(delivered, newDelivered);
      seen = Math.max(seen, newSeen);
      schedule(GATHER_MS);
    },
  };
}
