import type { Events } from "../loader/events";
import type { Remote } from "../loader/remote";
import type { Settings } from "../loader/settings";
import type { LauncherView } from "../loader/view";

/**
 * What the loader hands to its parts: the window, which is fetched when somebody opens the chat or wrote before, and the
 * extras, which are fetched after ready where the server's settings name any.
 * A page may have stood open over an upgrade of the server, so a part must accept the loaders of earlier builds: only add.
 */
export type PartOptions = {
  base: string;
  settings: Settings;
  color: string;
  /** `onlinechat` of the site's configuration: unchecked. */
  chat: Record<string, unknown>;
  remote: Remote;
  view: LauncherView;
  /** Opens or closes. */
  set: (open: boolean) => void;
  /** A person chose the online chat: opens or closes it, and the site hears of the click (EVT-9). */
  click?: () => void;
  /** Set around a `set` that nobody asked for: what opens then takes nobody's focus (KEY-6). */
  unasked?: boolean;
  /** Names of hooks that the site called and nobody has read yet, oldest first, unchecked (MET-6). */
  hooks?: unknown[];
  /** When `remote` was read. */
  readAt: number;
  /** Tells the site; its "consent" comes from the site. */
  events: Events;
  warn: (key: string, text: string) => void;
  /** Ends everything. */
  signal: AbortSignal;
};

/** A part as the loader knows it: told once when it is here, and after every change of open and closed. */
export type Part = (open: boolean) => void;

/** What a part's module exports. */
export type PartModule = { makePart: (options: PartOptions) => Part };
