import type { Consent } from "../../shared/protocol";
import type { Store } from "../storage";

/**
 * What is kept in this browser beyond the page, and from when on (design.md §10): nothing before the site's consent where it
 * asks for one, and nothing but a draft before the visitor has written.
 */
export type Permit = {
  keeps: () => boolean;
  /** The visitor writes, or the server knows the person: from now on there is something to come back to. */
  needed: () => void;
  /** Somebody else is here, who has written nothing. */
  anew: () => void;
  /** The site has decided. */
  decide: (consent: boolean) => void;
  /** Is called after a change; back tells that it brought back what an earlier visit left. */
  changed: (back: boolean) => void;
};

/** What the permit governs; the key tells whether the visitor was here before. */
export type PermitOptions = { consent: Consent; store: Store; drafts: Store; key: string };

/** Makes it. */
export function makePermit({ consent, store, drafts, key }: PermitOptions): Permit {
  let need = false;
  let keeps = false;
  const update = (): void => {
    // Before a word of the site nothing is even looked at.
    const allowed = consent === true;
    const back = allowed && !need && store.has(key);
    need ||= back;
    const before = keeps;
    keeps = allowed && need;
    if (keeps && !before) store.keep(true, back);
    if (consent === false) store.keep(false);
    if (consent !== "wait") drafts.keep(allowed);
    if (keeps !== before || consent === false) permit.changed(back);
  };
  const permit: Permit = {
    keeps: () => keeps,
    needed() {
      if (need) return;
      need = true;
      update();
    },
    anew() {
      need = keeps = false;
      store.keep(false);
    },
    decide(word) {
      consent = word;
      update();
    },
    changed: () => {},
  };
  update();
  return permit;
}
