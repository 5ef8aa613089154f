// What was done, so that it can be undone. Documents are never changed in place: the history is a list of them.
import type { Json } from "./json";

const KEPT = 200;

export type History = {
  doc(): Json;
  /** Takes a new document; edits of one kind in a row, such as letters of a field, are one step. */
  change(doc: Json, kind?: string): void;
  undo(): boolean;
  redo(): boolean;
  canUndo(): boolean;
  canRedo(): boolean;
};

export function makeHistory(first: Json): History {
  let past: Json[] = [];
  let now = first;
  let future: Json[] = [];
  let last: string | undefined;
  return {
    doc: () => now,
    change(doc, kind) {
      if (doc === now) return;
      if (kind === undefined || kind !== last) past = [...past, now].slice(-KEPT);
      last = kind;
      now = doc;
      future = [];
    },
    undo() {
      const before = past.at(-1);
      if (before === undefined) return false;
      past = past.slice(0, -1);
      future = [...future, now];
      now = before;
      last = undefined;
      return true;
    },
    redo() {
      const after = future.at(-1);
      if (after === undefined) return false;
      future = future.slice(0, -1);
      past = [...past, now];
      now = after;
      last = undefined;
      return true;
    },
    canUndo: () => past.length > 0,
    canRedo: () => future.length > 0,
  };
}
