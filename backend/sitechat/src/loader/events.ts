/** The events of O §3.4 that a site may subscribe to, and two of our own, which are not the vendor's names (EVT-10). */
export const EVENTS = /^on(Chat(Ready|Show|Hide|RenderDone|Message)|ButtonClick|(Conversations|Unread)Change|VisitorMessage)$/;

type Callback = (...args: unknown[]) => void;

/** Subscriptions of one instance (EVT-1..8). */
export type Events = {
  /** Subscribes to one event; a state that was reached before is told to the newcomer too (EVT-6, EVT-11). */
  on: (name: string, callback: unknown) => void;
  /** Calls the subscribers, never inside the caller's own call (EVT-5). */
  emit: (name: string, ...args: unknown[]) => void;
  /** Emits and remembers the arguments for those who subscribe later. */
  reach: (name: string, ...args: unknown[]) => void;
  /** Forgets everybody, also those whose call is under way. */
  clear: () => void;
};

/** Makes the subscriptions. Warn is told about refused ones (EVT-2). */
export function makeEvents(warn: (key: string, text: string) => void): Events {
  let listeners: Record<string, Set<Callback>> = {};
  const reached: Record<string, unknown[]> = {};

  const call = (name: string, callback: Callback, args: unknown[]): void =>
    // What a callback throws in a microtask of its own is reported by the browser and stops nobody else (EVT-3).
    queueMicrotask(() => {
      // Each gets data of its own to do with as it likes (EVT-11).
      if (listeners[name]?.has(callback)) callback(...JSON.parse(JSON.stringify(args)));
    });
  const emit = (name: string, ...args: unknown[]): void => {
    listeners[name]?.forEach((callback) => call(name, callback, args));
  };
  return {
    on(name, callback) {
      const list = (listeners[name] ??= new Set());
      if (typeof callback !== "function" || list.has(callback as Callback)) return;
      if (list.size > 199) return warn(name, "too many listeners");
      list.add(callback as Callback);
      if (reached[name]) call(name, callback as Callback, reached[name]);
    },
    emit,
    reach(name, ...args) {
      emit(name, ...(reached[name] = args));
    },
    clear() {
      listeners = {};
    },
  };
}
