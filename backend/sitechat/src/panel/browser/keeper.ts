import type { Init } from "../../shared/protocol";
import { newID } from "../id";
import { tokenKey } from "../session";
import { openStore, type Store } from "../storage";
import { changePerson, personOf } from "./person";
import { makePermit, type Permit } from "./permit";

/** What is kept in this browser for a button, and for whom. */
export type Kept = Pick<Permit, "keeps" | "needed" | "decide"> & {
  store: Store;
  /** Text that was not sent yet. */
  draft: { get: () => string; set: (text: string) => void };
  /** A name for this tab, the same over its reloads; empty before one was wanted. */
  tab: (wanted: boolean) => string;
  /** Who is signed in on the site; empty for nobody. */
  person: string;
  /** The token of the person who was here before; empty when nobody else was. */
  former: () => string;
  /** Calls back when things are kept from now on, or are not any more; back tells that what an earlier visit left came with it. */
  onChange: (changed: (back: boolean) => void) => void;
};

/** Opens it; other is told when another person than before is here. */
export function openKept(button: string, init: Init, other: () => void): Kept {
  const prefix = `leadline.${button}.`;
  const [key, owner, place] = [`${prefix}draft`, `${prefix}user`, `${prefix}tab`];
  const store = openStore(() => localStorage, prefix);
  const drafts = openStore(() => sessionStorage, prefix);
  const permit = makePermit({ consent: init.consent ?? true, store, drafts, key: tokenKey(button) });
  const person = personOf(init);
  let former = "";
  const meet = (): void => {
    const token = changePerson([store, drafts], button, person, [key, `${prefix}outbox`, `${prefix}meta`]);
    if (token !== undefined) {
      former = token;
      permit.anew();
      dropDatabase(button);
      other();
    }
    if (person) store.set(owner, person);
  };
  meet();
  return {
    ...permit,
    store,
    person,
    former: () => former,
    tab(wanted) {
      const known = drafts.get(place) ?? "";
      if (known || !wanted) return known;
      const id = newID();
      drafts.set(place, id);
      return id;
    },
    draft: {
      get: () => drafts.get(key) ?? "",
      set(text) {
        if (!text) return drafts.remove(key);
        if (person) drafts.set(owner, person);
        drafts.set(key, text);
      },
    },
    onChange(changed) {
      permit.changed = (back) => {
        // Who was here before may be somebody else, or another visitor than the one of this page so far.
        if (back) meet();
        changed(back);
        if (!permit.keeps()) dropDatabase(button);
      };
      if (init.consent === false) permit.changed(false);
    },
  };
}

/** Deletes the database in which messages and files wait; acts that are under way end first. */
function dropDatabase(button: string): void {
  try {
    indexedDB.deleteDatabase(`leadline.${button}`);
  } catch {
    // Where there is no database, nothing was left in one.
  }
}
