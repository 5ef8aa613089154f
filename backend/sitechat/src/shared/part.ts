import type { Events } from "../loader/events";
import type { Remote } from "../loader/remote";
import type { Settings } from "../loader/settings";
import type { LauncherView } from "../loader/view";

/**
 * What the loader hands to its second part, the window, which is fetched when somebody opens the chat or wrote before.
 * A page may have stood open over an upgrade of the server, so a window must accept the loaders of earlier builds: only add.
 */
export type WindowOptions = {
  base: string;
  settings: Settings;
  color: string;
  /** `onlinechat` of the site's configuration: unchecked. */
  chat: Record<string, unknown>;
  remote: Remote;
  view: LauncherView;
  /** Opens or closes, by a person's act inside the window. */
  set: (open: boolean) => void;
  /** When that was read. */
  readAt: number;
  /** Tells the site; its "consent" comes from the site. */
  events: Events;
  warn: (key: string, text: string) => void;
  /** Ends everything. */
  signal: AbortSignal;
};

/** The window as the loader knows it: told after every change of open and closed. */
export type WindowPart = (open: boolean) => void;

/** What the window's module exports. */
export type WindowModule = { makeWindow: (options: WindowOptions) => WindowPart };
