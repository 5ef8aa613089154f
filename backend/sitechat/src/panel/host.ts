import { MARK, readMessage, type Consent, type Contact, type LoaderMessage, type PanelMessage, type Init } from "../shared/protocol";
import { asRecord, asText } from "./read";

/** What the loader tells the panel. */
export type HostHandlers = { init: (init: Init) => unknown; message: (message: Exclude<LoaderMessage, Init>) => unknown };

/** The loader on the site. */
export type Host = {
  /** Where the site says it is; the session must name the same origin. Empty before init. */
  origin: () => string;
  send: (message: PanelMessage) => void;
  /** Says something to the site itself, in words of the vendor's (HOOK-2). */
  tell: (text: string) => void;
  /** Asks for a fresh ticket, or another word of the site's server who its user is; empty when none came in time. */
  ask: (kind: "ticket" | "user_token") => Promise<string>;
};

const ANSWER_WITHIN_MS = 15_000;

/** Listens to the loader and tells it that we listen. */
export function connectHost(self: Window, on: HostHandlers): Host {
  const { parent } = self;
  let origin = "";
  let waiting: { kind: string; tell: (answer: string) => void }[] = [];
  // An application's page has no origin that could be named: whoever is the parent gets it, and only such a page.
  const target = (): string => (origin && origin !== "null" ? origin : "*");
  const send = (message: PanelMessage): void => {
    // Only hello may go to anybody: it carries nothing, and the site is not known yet.
    if (origin || message.kind === "hello") parent.postMessage({ leadline: MARK, ...message }, target());
  };
  self.addEventListener("message", (event) => {
    // Of what is no website ("file://" of an application) requests tell "null".
    const from = event.origin.startsWith("http") ? event.origin : "null";
    if (event.source !== parent || (origin && from !== origin)) return;
    const message = readMessage(event.data);
    if (!message) return;
    if (message.kind === "init" && !origin) {
      origin = from;
      on.init(readInit(message));
      return;
    }
    if (!origin) return;
    const { kind } = message;
    if (kind === "ticket" || kind === "user_token") {
      for (const w of waiting) if (w.kind === kind) w.tell(asText(message[kind]));
      waiting = waiting.filter((w) => w.kind !== kind);
    } else if (kind === "alias") on.message({ kind, alias: asText(message.alias) });
    else if (kind === "actions") on.message({ kind, key: asText(message.key) });
    else if (kind === "said") on.message({ kind, text: asText(message.text).slice(0, 2000) });
    else if (kind === "consent") on.message({ kind, consent: readConsent(message.consent) });
    else if (message.kind === "open") on.message({ kind: "open", focus: message.focus === true });
    else if (message.kind === "close") on.message({ kind: "close" });
    else if (message.kind === "page") on.message({ kind: "page", page: readPage(message.page), contact: readContact(message.contact), meta: message.meta });
  });
  send({ kind: "hello" });
  return {
    origin: () => origin,
    send,
    tell: (text) => parent.postMessage(text, target()),
    ask: (kind) =>
      new Promise((resolve) => {
        waiting.push({ kind, tell: resolve });
        setTimeout(resolve, ANSWER_WITHIN_MS, "");
        send({ kind });
      }),
  };
}

function readInit(message: Record<string, unknown>): Init {
  return {
    kind: "init",
    ticket: asText(message.ticket),
    alias: asText(message.alias),
    locale: asText(message.locale),
    page: readPage(message.page),
    contact: readContact(message.contact),
    meta: message.meta,
    open: message.open === true,
    title: asText(message.title),
    untitled: message.untitled === true,
    user_id: asText(message.user_id),
    user_token: asText(message.user_token),
    consent: readConsent(message.consent),
    strings: message.strings,
    // What the site's own colours are good for its part finds out.
    theme: { ...asRecord(message.theme), color: asText(asRecord(message.theme).color) },
    mode: message.mode === "frame" ? "frame" : "widget",
  };
}

function readConsent(value: unknown): Consent {
  return value === "wait" || value === false ? value : true;
}

function readPage(value: unknown): Init["page"] {
  const { url, title, referrer } = asRecord(value);
  return { url: asText(url), title: asText(title), referrer: asText(referrer) };
}

function readContact(value: unknown): Contact {
  const { name, phone, email } = asRecord(value);
  return { name: asText(name), phone: asText(phone), email: asText(email) };
}
