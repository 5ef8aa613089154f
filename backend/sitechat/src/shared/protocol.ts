/**
 * What the loader (on the site) and the panel (in our frame) say to each other by postMessage; backend/docs/http-api.md §4.
 * Unknown kinds are ignored, so that old loaders survive new panels.
 */

import type { Theme } from "./theme";

/** Where the visitor is on the site. */
export type Page = { url: string; title: string; referrer: string };

/** What the site claims of its visitor (setMeta); empty where it said nothing. */
export type Contact = { name: string; phone: string; email: string };

/** What the loader tells a panel that said hello. */
export type Init = {
  kind: "init";
  ticket: string;
  /** The site's cookie amo-livechat-id, or the id that will become it; grants nothing. */
  alias: string;
  locale: string;
  page: Page;
  contact: Contact;
  /** All that the site told by setMeta, merged (META-6), and `tracking`: where the visitor came from (O §6.7). */
  meta?: unknown;
  open: boolean;
  /** Title of the chat, shown until the server has told its own strings. */
  title?: string;
  /** The header shows no title; it stays the chat's name. */
  untitled?: boolean;
  /** The site's own id of the signed-in person; a change of it hides what the one before left in this browser. */
  user_id?: string;
  /** A signed token of the site's server that proves who it is (http-api.md, "Identified visitors"). */
  user_token?: string;
  /** `onlinechat.locale` of the site's configuration as it stands there: unchecked. */
  strings?: unknown;
  theme?: { color?: string } & Partial<Theme>;
  /** frame: the panel stands in an element of the page, without a cross and without Escape (CFG-11). */
  mode?: "widget" | "frame";
  /** Whether anything may be kept in the browser; absent: yes. */
  consent?: Consent;
};

/** Whether the site lets us keep things in the browser: yes; no, and what is there goes; or it has not been told yet. */
export type Consent = boolean | "wait";

/** Loader to panel. */
export type LoaderMessage =
  | Init
  | { kind: "open"; focus: boolean }
  | { kind: "close" }
  | { kind: "ticket"; ticket: string }
  | { kind: "user_token"; user_token: string }
  | { kind: "alias"; alias: string }
  | { kind: "consent"; consent: Consent }
  /** By which key this browser reports key actions. */
  | { kind: "actions"; key: string }
  /** What the visitor sent with a form on the page. */
  | { kind: "said"; text: string }
  | { kind: "page"; page: Page; contact: Contact; meta?: unknown };

/** Panel to loader. */
export type PanelMessage =
  | { kind: "hello" }
  | { kind: "ready" }
  | { kind: "rendered" }
  | { kind: "unread"; count: number }
  | { kind: "message"; text: string; author: string }
  /** The visitor has a conversation; sent: a message of it was stored just now. */
  | { kind: "wrote"; sent?: true }
  | { kind: "hide" }
  | { kind: "ticket" }
  /** Asks for a fresh user token. */
  | { kind: "user_token" }
  /** Another person than before is here: the anonymous id is to be another one. */
  | { kind: "person" };

/** The mark by which both sides know their own messages among everybody else's on the page. */
export const MARK = 1;

/** Reads a message of ours out of an event's data; undefined when it is somebody else's. */
export function readMessage(data: unknown): Record<string, unknown> | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const message = data as Record<string, unknown>;
  return message.leadline === MARK && typeof message.kind === "string" ? message : undefined;
}
