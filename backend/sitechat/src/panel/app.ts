import type { Init, LoaderMessage, Page } from "../shared/protocol";
import { ApiError } from "./api";
import type { Host } from "./host";
import { makeID } from "./id";
import { readHistory, type Message, type Session } from "./message";
import { openOutbox } from "./outbox";
import { makeReceipts } from "./receipts";
import { makeSender } from "./sender";
import { makeSessionKeeper } from "./session";
import type { StateStore } from "./state";
import type { Store } from "./storage";
import { makeStream } from "./stream/stream";
import { eventsTransport, socketTransport } from "./stream/transport";
import { makeStrings } from "./strings";
import { countUnread, cursorOf, inOrder, lastOutbound, merge, seenFromUnread } from "./transcript";

/** What a person does in the panel. */
export type App = {
  loader: (message: Exclude<LoaderMessage, Init>) => void;
  write: (text: string) => void;
  retry: (clientID: string) => void;
  earlier: () => void;
  hide: () => void;
};

/** The chat behind the views. */
export type AppOptions = { base: string; button: string; init: Init; host: Host; store: Store; state: StateStore };

const PAGE_SIZE = 50;

/** Starts the chat: session, history, stream, and what was left in the outbox. */
export function startApp({ base, button, init, host, store, state }: AppOptions): App {
  const outbox = openOutbox(store, `leadline.${button}.outbox`);
  let conversation = "";
  let cuts = 0;
  let refused = false;
  let { contact } = init;
  let wake: (() => void)[] = [];
  const wait = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      wake.push(resolve);
      setTimeout(resolve, ms);
    });
  const speak = (locale: string, server: unknown): void => {
    const { lang, strings } = makeStrings(locale, server, init.strings);
    state.set({ lang, strings, title: strings["panel.title"] });
  };
  speak(init.locale, { "panel.title": init.title });

  const opened = async (session: Session): Promise<void> => {
    speak(session.locale || init.locale, { "panel.title": init.title, ...session.strings });
    // Another visitor than before: nothing of the one before stays on the screen.
    if (conversation && conversation !== session.conversation?.id) state.set({ loaded: false, transcript: new Map(), seen: 0, more: false, newsAfter: undefined });
    const changed = conversation !== session.conversation?.id;
    conversation = session.conversation?.id ?? "";
    state.set({ phase: "ready" });
    host.send({ kind: "ready" });
    if (session.conversation && changed) void loadHistory(session.conversation.unread);
    else if (!session.conversation) {
      state.set({ loaded: true });
      stream.start(0);
    }
  };
  const keeper = makeSessionKeeper({
    base,
    button,
    init,
    host,
    store,
    wait,
    opened,
    lang: () => state.get().lang,
    refused() {
      refused = true;
      for (const { clientID, error } of outbox.list()) if (!error) outbox.fail(clientID, state.get().strings["message.failed"]);
      state.set({ phase: "unavailable", pending: outbox.list() });
    },
    trying: (failures) => state.set({ slow: failures > 0 }),
  });
  const loadHistory = async (unread: number): Promise<void> => {
    host.send({ kind: "wrote" });
    for (let tries = 0; ; tries++) {
      try {
        const history = readHistory(await keeper.request({ path: `v1/messages?limit=${PAGE_SIZE}` }));
        const transcript = merge(state.get().transcript, history.messages);
        const seen = seenFromUnread(transcript, unread);
        state.set({ loaded: true, transcript, seen, more: history.more, ...(unread > 0 && { newsAfter: seen }) });
        return stream.start(Math.max(history.cursor, cursorOf(transcript)));
      } catch {
        await wait(2000 * 2 ** Math.min(tries, 4));
      }
    }
  };
  const receive = (message: Message): void => {
    const { transcript, open, newsAfter, seen, visible, atBottom } = state.get();
    const next = merge(transcript, [message]);
    if (next === transcript) return;
    const isNew = !transcript.has(message.id);
    state.set({ transcript: next });
    if (!isNew || message.direction !== "outbound") return;
    if (newsAfter === undefined && !(open && visible && atBottom)) state.set({ newsAfter: seen });
    if (!open) host.send({ kind: "message", text: message.text.slice(0, 500), author: message.author });
  };
  const stream = makeStream({
    base,
    transports: [socketTransport, eventsTransport],
    token: keeper.token,
    message: receive,
    live(live) {
      // One cut is mended before anybody notices; more are told.
      cuts = live ? 0 : cuts + 1;
      state.set({ slow: cuts > 1 });
    },
    renew: keeper.renew,
    online: () => navigator.onLine,
    random: Math.random,
    now: Date.now,
  });
  const sender = makeSender({
    outbox,
    wait,
    // What the site says of the visitor goes along with each message: it may have said more meanwhile.
    async post(body) {
      try {
        return await keeper.request({ path: "v1/messages", body: { ...body, contact, alias: init.alias, locale: state.get().lang } });
      } catch (error) {
        // The account was disconnected meanwhile: nothing more can be written here.
        if (error instanceof ApiError && error.code === "chat_unavailable") state.set({ phase: "unavailable" });
        throw error;
      }
    },
    stored(message) {
      state.set({ phase: "ready" });
      receive(message);
      host.send({ kind: "wrote" });
    },
    changed: () => state.set({ pending: outbox.list() }),
    reason: () => state.get().strings["message.failed"],
  });
  const receipts = makeReceipts((body) => keeper.request({ path: "v1/receipts", body }));
  let unread = -1;
  state.subscribe(({ transcript, seen }) => {
    const count = countUnread(transcript, seen);
    if (count !== unread) host.send({ kind: "unread", count });
    unread = count;
    receipts.tell(lastOutbound(transcript), seen);
  });

  const wakeUp = (): void => {
    state.set({ offline: !navigator.onLine, visible: document.visibilityState === "visible" });
    if (!navigator.onLine) return;
    for (const go of wake) go();
    wake = [];
    stream.wake();
  };
  for (const type of ["online", "offline", "pageshow"]) addEventListener(type, wakeUp);
  document.addEventListener("visibilitychange", wakeUp);
  state.set({ open: init.open, page: init.page, offline: !navigator.onLine, pending: outbox.list() });
  void keeper.renew().then(sender.run);

  return {
    loader(message) {
      if (message.kind === "page") {
        contact = message.contact;
        state.set({ page: message.page });
      }
      if (message.kind === "open") state.set({ open: true });
      if (message.kind === "close") state.set({ open: false, newsAfter: countUnread(state.get().transcript, state.get().seen) ? state.get().newsAfter : undefined });
    },
    write(text) {
      outbox.add({ clientID: makeID(crypto.getRandomValues(new Uint8Array(16))), text, at: Date.now(), page: pageOf(state.get().page), error: "" });
      state.set({ pending: outbox.list(), newsAfter: undefined });
      if (state.get().phase === "ready") sender.run();
    },
    retry(clientID) {
      outbox.fail(clientID, "");
      // Nothing runs without a session: the panel begins anew, and with it the message.
      if (refused) return location.reload();
      state.set({ pending: outbox.list() });
      sender.run();
    },
    async earlier() {
      const oldest = inOrder(state.get().transcript)[0];
      if (!oldest || state.get().loadingEarlier) return;
      state.set({ loadingEarlier: true });
      try {
        const history = readHistory(await keeper.request({ path: `v1/messages?limit=${PAGE_SIZE}&before=${oldest.at}.${oldest.seq}` }));
        state.set({ transcript: merge(state.get().transcript, history.messages), more: history.more });
      } catch {
        // The button stays where it is.
      } finally {
        state.set({ loadingEarlier: false });
      }
    },
    hide: () => host.send({ kind: "hide" }),
  };
}

/** Only what the site's address may say of itself. */
function pageOf({ url, title, referrer }: Page): Page {
  return { url: url.slice(0, 2048), title: title.slice(0, 256), referrer: referrer.slice(0, 2048) };
}
