import type { AnimationName } from "../shared/extras";
import type { PartOptions } from "../shared/part";

/**
 * What the extras offer to each other: to the greeting, and to the key actions. It ends with `options.signal`, which takes every
 * listener and timer along: nothing may outlive it.
 */
export type Stage = {
  /** Everything of the loader's: settings (id, hash), base, remote (ticket), events, warn, signal. */
  options: PartOptions;
  /** Whether the chat is open now. */
  isOpen: () => boolean;
  /**
   * Opens the chat: on a phone (up to 640 pixels) not, and never with the focus, since nobody asked for it (KEY-6).
   */
  open: () => void;
  /** Shows the greeting's bubble with a text, or the greeting's own; nothing while the chat is open or once the bubble was dismissed in this session (BOT-12, KEY-6). */
  greet: (text?: string) => void;
  /** Somebody took the bubble, or what else stands there, away in this session: nothing else comes. */
  dismissed: () => boolean;
  dismiss: () => void;
  /** Animates the launcher, while the chat is closed, from now on until the chat is opened. */
  animate: (name: AnimationName) => void;
  /** Calls back for each hook that the site called (MET-6), those before this too, in order; names are trimmed and not empty. */
  onHook: (heard: (name: string) => void) => void;
};
