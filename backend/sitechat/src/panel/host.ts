import { MARK, readMessage, type Contact, type LoaderMessage, type PanelMessage, type Init } from "../shared/protocol";
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
  /** Asks for a fresh ticket; empty when none came in time. */
  askTicket: () => Promise<string>;
};

const TICKET_WAIT_MS = 15_000;

/** Listens to the loader and tells it that we listen. */
export function connectHost(self: Window, on: HostHandlers): Host {
  const { parent } = self;
  let origin = "";
  let waiting: ((ticket: string) => void)[] = [];
  const send = (message: PanelMessage): void => {
    // Only hello may go to anybody: it carries nothing, and the site is not known yet.
    if (origin || message.kind === "hello") parent.postMessage({ leadline: MARK, ...message }, origin || "*");
  };
  self.addEventListener("message", (event) => {
    if (event.source !== parent || (origin && event.origin !== origin)) return;
    const message = readMessage(event.data);
    if (!message) return;
    if (message.kind === "init" && !origin) {
      origin = event.origin;
      on.init(readInit(message));
      return;
    }
    if (!origin) return;
    if (message.kind === "ticket") {
      for (const tell of waiting) tell(asText(message.ticket));
      waiting = [];
    } else if (message.kind === "open") on.message({ kind: "open", focus: message.focus === true });
    else if (message.kind === "close") on.message({ kind: "close" });
    else if (message.kind === "page") on.message({ kind: "page", page: readPage(message.page), contact: readContact(message.contact), meta: message.meta });
  });
  send({ kind: "hello" });
  return {
    origin: () => origin,
    send,
    tell: (text) => parent.postMessage(text, origin),
    askTicket: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        setTimeout(resolve, TICKET_WAIT_MS, "");
        send({ kind: "ticket" });
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
    user_id: asText(message.user_id),
    user_token: asText(message.user_token),
    strings: message.strings,
    // What the site's own colours are good for its part finds out.
    theme: { ...asRecord(message.theme), color: asText(asRecord(message.theme).color) },
    mode: message.mode === "frame" ? "frame" : "widget",
  };
}

function readPage(value: unknown): Init["page"] {
  const { url, title, referrer } = asRecord(value);
  return { url: asText(url), title: asText(title), referrer: asText(referrer) };
}

function readContact(value: unknown): Contact {
  const { name, phone, email } = asRecord(value);
  return { name: asText(name), phone: asText(phone), email: asText(email) };
}
