import type { Init, LoaderMessage, Page } from "../shared/protocol";
import { makeActs, type Acts } from "./acts";
import { ApiError } from "./api";
import { makeReader, type Reader } from "./history";
import type { Host } from "./host";
import { makeID } from "./id";
import { load } from "./load";
import type { Message, Session } from "./message";
import { openOutbox, type Pending, type PendingFile, type Press } from "./outbox";
import { makeOutgoing, type Outgoing } from "./outgoing";
import { makeReceipts } from "./receipts";
import { makeSender } from "./sender";
import { makeSessionKeeper } from "./session";
import type { StateStore } from "./state";
import type { Store } from "./storage";
import { makeStream } from "./stream/stream";
import { eventsTransport, socketTransport } from "./stream/transport";
import { chooseLanguage, makeStrings, type Strings } from "./strings";
import { describe } from "./summary";
import { countUnread, isSaid, lastOutbound, merge } from "./transcript";

/** A file that was chosen or recorded, ready to be sent. */
export type Chosen = { bytes: Blob; file: PendingFile };

/** What a person does in the panel. */
export type App = Omit<Acts, "edit"> &
  Pick<Reader, "earlier" | "fresh"> &
  Pick<Outgoing, "cancel"> & {
    loader: (message: Exclude<LoaderMessage, Init>) => void;
    /** Sends a text, or changes the own message that is being edited; tells whether the text is on its way. */
    write: (text: string) => Promise<boolean>;
    /** Sends files, several as one album; the text goes with the first. */
    sendFiles: (files: readonly Chosen[], text: string) => void;
    press: (press: Press) => void;
    retry: (clientID: string) => void;
    /** Answers or changes a message with what is written next; undefined ends that. */
    reply: (message: Message | undefined) => void;
    startEdit: (message: Message | undefined) => void;
    notify: (text: string) => void;
    hide: () => void;
    /** The full address of a path of the chat host. */
    address: (path: string) => string;
  };

/** The chat behind the views. */
export type AppOptions = { base: string; button: string; init: Init; host: Host; store: Store; state: StateStore; words: Strings };

/** Starts the chat: session, history, stream, and what was left in the outbox. */
export function startApp({ base, button, init, host, store, state, words }: AppOptions): App {
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
  const speak = async (locale: string, server: unknown): Promise<void> => {
    const lang = chooseLanguage(locale, init.strings);
    if (lang !== state.get().lang) words = await load(`words.${lang}`).then((part) => part.words, () => words);
    const strings = makeStrings(words, server, init.strings);
    state.set({ lang, strings, title: strings["panel.title"] });
  };
  void speak(init.locale, { "panel.title": init.title });

  const opened = async (session: Session): Promise<void> => {
    void speak(session.locale || init.locale, { "panel.title": init.title, ...session.strings });
    // Another visitor than before: nothing of the one before stays on the screen.
    if (conversation && conversation !== session.conversation?.id)
      state.set({ loaded: false, transcript: new Map(), seen: 0, more: false, newsAfter: undefined, replyTo: undefined, editing: undefined, typing: undefined });
    const changed = conversation !== session.conversation?.id;
    conversation = session.conversation?.id ?? "";
    state.set({ phase: "ready", uploads: session.uploads, begun: !!conversation });
    host.send({ kind: "ready" });
    if (session.conversation && changed) {
      host.send({ kind: "wrote" });
      void reader.load(session.conversation.unread).then(stream.start);
    } else if (!session.conversation) {
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
  const reader = makeReader(keeper, state, wait);
  const acts = makeActs(keeper, state);
  const outgoing = makeOutgoing(base, button, outbox, keeper, state);
  const receive = (message: Message): void => {
    const { transcript, open, newsAfter, seen, visible, atBottom, strings } = state.get();
    const next = merge(transcript, [message]);
    if (next === transcript) return;
    const isNew = !transcript.has(message.id);
    state.set({ transcript: next });
    if (!isNew || message.direction !== "outbound" || !isSaid(message)) return;
    state.set({ typing: undefined });
    if (newsAfter === undefined && !(open && visible && atBottom)) state.set({ newsAfter: seen });
    if (!open) host.send({ kind: "message", text: describe(message, strings).slice(0, 500), author: message.author });
  };
  const stream = makeStream({
    base,
    transports: [socketTransport, eventsTransport],
    token: keeper.token,
    message: receive,
    typing(until, name) {
      state.set({ typing: { until, name } });
      setTimeout(() => state.get().typing?.until === until && state.set({ typing: undefined }), Math.max(0, until - Date.now()));
    },
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
    upload: outgoing.upload,
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
      state.set({ phase: "ready", begun: true });
      receive(message);
      outgoing.done(message.clientID);
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
  void outgoing.restore().catch(() => {});
  void keeper.renew().then(sender.run);

  const newID = (): string => makeID(crypto.getRandomValues(new Uint8Array(16)));
  /** Puts messages into the outbox; the first one answers what is being answered. */
  const send = (list: readonly (Pick<Pending, "text"> & Partial<Pending>)[]): void => {
    const { page, replyTo } = state.get();
    list.forEach((over, i) => {
      const quote = !i && replyTo && { replyTo: { ...replyTo, text: describe(replyTo, state.get().strings) } };
      outbox.add({ clientID: newID(), at: Date.now(), page: pageOf(page), error: "", ...quote, ...over });
    });
    state.set({ pending: outbox.list(), newsAfter: undefined, replyTo: undefined, notice: "" });
    if (state.get().phase === "ready") sender.run();
  };

  return {
    ...acts,
    earlier: reader.earlier,
    fresh: reader.fresh,
    cancel: outgoing.cancel,
    loader(message) {
      if (message.kind === "page") {
        contact = message.contact;
        state.set({ page: message.page });
      }
      if (message.kind === "open") state.set({ open: true });
      if (message.kind === "close") state.set({ open: false, newsAfter: countUnread(state.get().transcript, state.get().seen) ? state.get().newsAfter : undefined });
    },
    async write(text) {
      const { editing } = state.get();
      if (!editing) {
        send([{ text }]);
        return true;
      }
      const done = text === editing.text || (await acts.edit(editing.id, text));
      if (done) state.set({ editing: undefined, notice: "" });
      return done;
    },
    sendFiles(files, text) {
      const group = files.length > 1 ? newID() : "";
      const list = files.map(({ file }, i) => ({ text: i ? "" : text, file, clientID: newID(), ...(group && { group }) }));
      files.forEach(({ bytes }, i) => outgoing.keep(list[i]?.clientID ?? "", bytes));
      send(list);
    },
    press: (press) => send([{ text: "", press }]),
    retry(clientID) {
      outbox.fail(clientID, "");
      // Nothing runs without a session: the panel begins anew, and with it the message.
      if (refused) return location.reload();
      state.set({ pending: outbox.list() });
      sender.run();
    },
    reply: (replyTo) => state.set({ replyTo, editing: undefined }),
    startEdit: (editing) => state.set({ editing, replyTo: undefined, notice: "" }),
    notify: (notice) => state.set({ notice }),
    hide: () => host.send({ kind: "hide" }),
    address: (path) => base + path,
  };
}

/** Only what the site's address may say of itself. */
function pageOf({ url, title, referrer }: Page): Page {
  return { url: url.slice(0, 2048), title: title.slice(0, 256), referrer: referrer.slice(0, 2048) };
}
