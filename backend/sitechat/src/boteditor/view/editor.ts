import { at, isObject, type Json, type JsonObject, type Path } from "../json";
import type { Say } from "../words";

/** What the views need: the document as it is, words, and the two ways to change it. */
export type Editor = {
  doc: Json;
  say: Say;
  readOnly: boolean;
  /** Parameters of a site that can be put into texts. */
  params: string[];
  /** Takes what is typed at a path; nothing is drawn anew, for somebody is writing there: in field where that is another. */
  type(path: Path, value: Json, field?: Path): void;
  /** Takes another document and draws it; focus is the key of the control that is next. */
  change(doc: Json, focus?: string): void;
  /** Tells those who do not see it what happened. */
  tell(text: string): void;
  /** Which steps and menus are folded, by key. */
  folded: Set<string>;
};

/** The key of a control: its place in the document and its name there. */
export const keyOf = (path: Path, name: string): string => `${path.join("/")}:${name}`;

/** The object at a path as it is now: a control may be used long after it was drawn, and what is typed draws nothing anew. */
export function objectAt(e: Editor, path: Path): JsonObject {
  const value = at(e.doc, path);
  return isObject(value) ? value : {};
}
