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
  /** Gets a ticket that is still good; with fresh, a new one in any case. Empty when the server is out of reach. */
  ticket: (fresh: boolean) => Promise<string>;
  /** The first paint of the panel. */
  rendered: () => void;
  /** How many messages wait to be seen; the visitor wrote one. Missing in loaders of earlier builds. */
  unread?: (count: number) => void;
  wrote?: () => void;
  warn: (key: string, text: string) => void;
  /** Ends everything. */
  signal: AbortSignal;
};

/** The window as the loader knows it: told after every change of open and closed. */
export type WindowPart = (open: boolean) => void;

/** What the window's module exports. */
export type WindowModule = { makeWindow: (options: WindowOptions) => WindowPart };
