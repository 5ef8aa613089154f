import { MARK, readMessage, type LoaderMessage, type Page } from "../shared/protocol";

/** What the panel may ask of the loader, checked. */
export type PanelHandlers = {
  /** The panel listens (again): it wants to know everything. */
  hello: () => void;
  rendered: () => void;
  unread: (count: number) => void;
  message: (author: string, text: string) => void;
  wrote: (sent: boolean) => void;
  hide: () => void;
  ticket: () => void;
  /** The list of conversations that the panel tells the site (HOOK-2). */
  conversations: (list: readonly unknown[]) => void;
  user_token: () => void;
  person: () => void;
};

/** The panel's frame. */
export type Frame = { element: HTMLIFrameElement; send: (message: LoaderMessage) => void };

/**
 * Makes the frame of the panel and listens to it until the signal aborts. What comes from elsewhere is not ours: source and
 * origin are compared exactly, and what is sent names the origin (SEC-6).
 */
export function makeFrame(url: string, title: string, on: PanelHandlers, signal: AbortSignal): Frame {
  const { origin } = new URL(url);
  const element = document.createElement("iframe");
  element.title = title;
  element.setAttribute(
    "sandbox",
    "allow-scripts allow-same-origin allow-forms allow-popups allow-downloads allow-popups-to-escape-sandbox",
  );
  element.allow = "microphone; camera; autoplay; clipboard-write";
  element.src = url;
  let greeted = false;
  addEventListener(
    "message",
    (event) => {
      if (event.origin !== origin || event.source !== element.contentWindow) return;
      const message = readMessage(event.data);
      if (!message) return readReport(event.data, on);
      const { kind, count, text, author, sent } = message;
      if (kind === "hello") greeted = true;
      if (kind === "unread") on.unread(typeof count === "number" && count > 0 ? Math.floor(count) : 0);
      else if (kind === "message") on.message(toText(author), toText(text));
      else if (kind === "wrote") on.wrote(sent === true);
      else if (kind === "hello" || kind === "rendered" || kind === "hide" || kind === "ticket" || kind === "user_token" || kind === "person") on[kind]();
    },
    { signal },
  );
  return {
    element,
    send(message) {
      // Before hello nobody listens; init then tells how things stand.
      if (greeted) element.contentWindow?.postMessage({ leadline: MARK, ...message }, origin);
    },
  };
}

/** The same words that the site's own scripts hear. */
function readReport(data: unknown, on: PanelHandlers): void {
  if (typeof data !== "string" || !data.startsWith('{"method":"conversations:')) return;
  try {
    const { payload } = JSON.parse(data) as { payload: unknown };
    if (Array.isArray(payload)) on.conversations(payload);
  } catch {
    // Not ours.
  }
}

function toText(value: unknown): string {
  return typeof value === "string" ? value.slice(0, 500) : "";
}

/** Where the visitor is. Titles and addresses are the site's own and may be of any length. */
export function readPage(): Page {
  return { url: location.href.slice(0, 2048), title: document.title.slice(0, 256), referrer: document.referrer.slice(0, 2048) };
}
