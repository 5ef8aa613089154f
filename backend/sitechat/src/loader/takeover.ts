import type { Globals } from "./dialect";

/** One call of the command function: its arguments. */
export type Call = readonly unknown[];

/**
 * Where the calls of one dialect go, for the life of the page. Without receive no instance lives, and they wait in the queue.
 */
export type Line = {
  id?: string;
  receive?: ((call: Call) => void) | undefined;
  destroy?: () => void;
  /** Puts the launcher back where the page took it away: sites do so when a component of theirs ends, and begin again (EMB-19). */
  back?: (() => unknown) | undefined;
};

type Command = ((...args: unknown[]) => void) & Globals;

/**
 * Takes the place of whatever stands under the command's name (EMB-9 a-f, k) and returns the waiting calls in order.
 *
 * Later calls reach the line through our function, through `q.push` on it, and through the old stub's own array (EMB-11).
 * The queue stays an array and stays empty while an instance lives (EMB-10).
 */
export function takeOver(globals: Globals, name: string, line: Line): Call[] {
  const old = globals[name] as Globals | undefined;
  const queue: unknown[] = [];
  const send = (call: Call): void => {
    if (line.receive) line.receive(call);
    // What is gone already need not be destroyed: the next instance would be (O §3.6).
    else if (call[0] !== "runDestroy") queue.splice(queue.length, 0, call);
  };
  const listen = (array: unknown[]): void => {
    array.push = (...items) => (readCalls(items).forEach(send), array.length);
  };
  const command = ((...args) => send(args)) as Command;
  let waiting: Call[] = [];
  command.q = queue;
  listen(queue);
  quietly(() => {
    const found = old?.q;
    if (Array.isArray(found)) {
      waiting = readCalls(found);
      found.length = 0;
      listen(found);
    }
    // What a site keeps on the stub, or on the object that it put here by mistake, stays readable (EMB-9 f).
    for (const key in old) if (!(key in command)) command[key] = old[key];
  });
  quietly(() => (globals[name] = command));
  return waiting;
}

/** Reads the calls among what stands in a queue: arguments objects and arrays with something in them (EMB-9 a, b, k). */
function readCalls(items: unknown[]): Call[] {
  return items.filter((item) => typeof item === "object" && item && (item as Call).length > 0).map((item) => Array.from(item as Call));
}

/** Runs what a frozen or guarded object of the page may refuse: nothing that a page does makes the loader throw. */
export function quietly(act: () => void): void {
  try {
    act();
  } catch {
    // The page's own object said no; nothing of ours depends on it.
  }
}
