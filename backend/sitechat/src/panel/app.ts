import type { Init, LoaderMessage } from "../shared/protocol";
import { makeActs, type Acts } from "./acts";
import { ApiError } from "./api";
import { isPlain } from "./format";
import { makeReader, type Reader } from "./history";
import type { Host } from "./host";
import { insist, load, teach, type Parts } from "./load";
import { readMessage, type Message, type Session } from "./message";
import type { Left } from "./parts/ask";
import type { CallRequest, Refusal } from "./parts/callback";
import { newID } from "./id";
import { makeOutgoing, type Outgoing } from "./outgoing";
import type { Greeter } from "./parts/greeting";
import type { Several } from "./parts/several";
import { asRecord, asText } from "./read";
import { makeReceipts } from "./receipts";
import { makeSender } from "./sender";
import { makeSessionKeeper, type SessionKeeper } from "./session";
import { UNREAD, type StateStore } from "./state";
import type { Keep } from "./browser/keep";
import type { Kept } from "./browser/keeper";
import type { Tabs } from "./browser/tabs";
import { readFrame } from "./stream/frame";
import { lazily } from "./stream/transport";
import { chooseLanguage, makeStrings, type Strings } from "./strings";
import { describe } from "./summary";
import { makeWriting, pageOf, type Writing } from "./writing";
import { countUnread, isSaid, lastOutbound, merge } from "./transcript";

/** A message waits so long for an answer to what the site said of its visitor. */
const TOLD_WITHIN_MS = 8000;

/** What a person does in the panel. */
export type App = Omit<Acts, "edit"> &
  Pick<Reader, "earlier" | "fresh"> &
  Pick<Outgoing, "cancel"> &
  Omit<Writing, "say"> & {
    loader: (message: Exclude<LoaderMessage, Init>) => void;
    retry: (clientID: string) => void;
    notify: (text: string) => void;
    /** What there is to do where a visitor may hold several conversations; undefined where there is one. */
    several: () => Several | undefined;
    /** Keeps the files that wait to be sent over a reload of this tab. */
    choose: (files: readonly File[]) => void;
    /** What waited in this tab before a reload. */
    chosen: () => Promise<readonly File[]>;
    /** Switches the sound off, or on. */
    mute: (muted: boolean) => void;
    /** Asks for a call; tells why it was refused. */
    requestCall: (request: CallRequest) => Promise<Refusal | undefined>;
    /** Tells where the visitor can be reached, as a message too; undefined: the visitor does not want to. It is not asked again. */
    leave: (left: Left | undefined) => void;
    hide: () => void;
    /** The full address of a path of the chat host. */
    address: (path: string) => string;
  };

/** The chat behind the views. */
export type AppOptions = { base: string; button: string; init: Init; host: Host; kept: Kept; state: StateStore; words: Strings; browser: Parts["browser"] };

/** Starts the chat: session, history, stream, and what was left in the outbox. */
export function startApp({ base, button, init, host, kept, state, words, browser }: AppOptions): App {
  const { store } = kept;
  const name = `leadline.${button}`;
  const key = `${name}.outbox`;
  let place: Promise<Keep> | undefined;
  const outbox = browser.openOutbox({
    user: init.user_id ?? "",
    open: (old) => (place = browser.openKeep(name, Date.now(), old, kept.keeps)),
    keeps: kept.keeps,
    store,
    key,
    channel: "BroadcastChannel" in self ? new BroadcastChannel(key) : undefined,
    changed() {
      state.set({ pending: outbox.list(), atRisk: outbox.atRisk() });
      void outgoing.follow();
    },
    heard: () => ready && sender.run(),
  });
  let ready = false;
  let several: Several | undefined;
  let greeter: Greeter | undefined;
  let tabs: Tabs | undefined;
  let visitor = "";
  const quiet = `${name}.muted`;
  const asked = `${name}.asked`;
  let left: Left | undefined;
  let conversation = "";
  let cuts = 0;
  let refused = false;
  let learned = false;
  let reporting: Promise<unknown> | undefined;
  let { contact, meta, alias } = init;
  let wake: (() => void)[] = [];
  const wait = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      wake.push(resolve);
      setTimeout(resolve, ms);
    });
  const speak = async (locale: string, server: unknown): Promise<void> => {
    const lang = chooseLanguage(locale, init.strings);
    const show = (): void => {
      const strings = makeStrings(words, server, init.strings);
      state.set({ lang, strings, title: strings["panel.title"] });
    };
    const learn = async (): Promise<void> => {
      words = { ...words, ...(await load(`later.${lang}`)).words };
      learned = true;
      show();
    };
    if (lang !== state.get().lang) {
      words = await load(`words.${lang}`).then((part) => part.words, () => words);
      // A part that is there already goes on speaking.
      if (learned) await learn().catch(() => {});
    }
    teach(learn);
    show();
    const { strings } = state.get();
    if (![strings.date_format, strings.time_format].every(isPlain)) load(`dates.${lang}`).then((dates) => state.set({ dates }), () => {});
  };
  void speak(init.locale, { "panel.title": init.title });

  const opened = async (session: Session): Promise<void> => {
    void speak(session.locale || init.locale, { "panel.title": init.title, ...session.strings });
    // Another visitor than before: nothing of the one before stays on the screen.
    if (conversation && conversation !== session.conversation?.id) state.set(UNREAD);
    const changed = conversation !== session.conversation?.id;
    conversation = session.conversation?.id ?? "";
    if (conversation || session.conversations?.length) kept.needed();
    state.set({ phase: "ready", uploads: session.uploads, availability: session.availability, callback: session.callback, avatar: session.avatar, useAvatar: session.useAvatar, ask: contact.email || contact.phone || store.get(asked) ? "" : session.ask, ...(!session.conversations && { begun: !!conversation }) });
    host.send({ kind: "ready" });
    const other = visitor !== session.visitor;
    join(session.visitor);
    reporting ??= load("report").then((part) => part.watchConversations(state, host.tell, base), () => (reporting = undefined));
    if (session.greets && !greeter) load("greeting").then((part) => (greeter ??= part.makeGreeter({ state, request: keeper.request, about: () => ({ contact, meta }) })), () => {});
    if (session.conversations) {
      several ??= (await insist("several")).makeSeveral({ request: keeper.request, outbox, state, store, host, name, wait, enter });
      return several.opened(session.conversations, other);
    }
    if (session.conversation && changed) {
      host.send({ kind: "wrote" });
      void reader.load(session.conversation.unread).then(stream.start as (cursor: number | undefined) => void);
    } else if (!session.conversation) {
      state.set({ loaded: true });
      stream.start(0);
    }
  };
  /** Looks at one of several conversations, or with an empty id at their list. */
  const enter = (id: string, known: boolean, unread: number): void => {
    stream.pause();
    receipts = makeReceipts((body) => keeper.request({ path: within("v1/receipts", id), body }));
    state.set({ ...UNREAD, conversation: id, begun: known, loaded: !known });
    if (!known) stream.start(0);
    else void reader.load(unread).then((cursor) => cursor !== undefined && stream.start(cursor));
  };
  /** The tabs of one visitor share a stream where the browser lets them. */
  const join = (who: string): void => {
    if (who === visitor) return;
    visitor = who;
    tabs?.leave();
    tabs = undefined;
    const { locks } = navigator as { locks?: LockManager };
    if (!who || !locks || !("BroadcastChannel" in self)) return;
    const changed = (): void => {
      stream.again();
      sender.run();
    };
    tabs = browser.joinTabs(
      {
        name: `${name}.${who}`,
        locks,
        channel: (name) => new BroadcastChannel(name),
        hidden: () => document.visibilityState !== "visible",
        state: stream.state,
        catchUp: (token, cursor) => browser.pollOnce(base, token, cursor, 0),
        stored(message) {
          const read = readMessage(message);
          if (read) accepted(read, asText(asRecord(message).conversation));
        },
        changed,
        random: Math.random,
      },
      self,
      document,
    );
  };
  const keeper = makeSessionKeeper({
    base,
    button,
    init,
    host,
    store,
    former: kept.former,
    wait,
    opened,
    lang: () => state.get().lang,
    refused() {
      refused = true;
      state.set({ phase: "unavailable" });
      void outbox.settled().then(() => {
        for (const { clientID, error } of outbox.list()) if (!error) outbox.fail(clientID, state.get().strings["message.failed"]);
      });
    },
    trying: (failures) => state.set({ slow: failures > 0 }),
  });
  const tellMeta = async (): Promise<void> => {
    // What the visitor left belongs into the card like what the site tells.
    const reach = left && { contact: { custom_fields: [{ code: left.email ? "EMAIL" : "PHONE", values: [{ value: left.email || left.phone }] }] } };
    for (const told of [meta, reach]) {
      const part = told ? await load("meta").catch(() => undefined) : undefined;
      await part?.sendMeta(told, { store, key: `${name}.meta`, now: Date.now, request: keeper.request });
    }
  };
  const here: Pick<SessionKeeper, "request"> = { request: (r) => keeper.request({ ...r, path: within(r.path, state.get().conversation) }) };
  const reader = makeReader(here, state, wait);
  const acts = makeActs(here, state);
  const outgoing = makeOutgoing(base, outbox, keeper, state);
  const receive = (message: Message): void => {
    const { transcript, open, newsAfter, seen, visible, atBottom, strings, muted } = state.get();
    const next = merge(transcript, [message]);
    if (next === transcript) return;
    const isNew = !transcript.has(message.id);
    state.set({ transcript: next });
    if (!isNew || message.direction !== "outbound" || !isSaid(message)) return;
    state.set({ typing: undefined });
    if (!muted && !(open && document.hasFocus())) load("sound").then(({ chime }) => chime()).catch(() => {});
    if (newsAfter === undefined && !(open && visible && atBottom)) state.set({ newsAfter: seen });
    if (!open) host.send({ kind: "message", text: describe(message, strings).slice(0, 500), author: message.author });
  };
  const stream = browser.makeStream({
    base,
    transports: [browser.socketTransport, lazily(() => load("lines").then((p) => p.eventsTransport)), lazily(() => load("lines").then((p) => p.pollTransport))],
    choice: browser.makeChoice(store, `${name}.line`, 3, Date.now),
    // Tabs that look at several conversations have a stream each.
    follow: () => (several || (tabs?.leads() ?? true) ? undefined : tabs?.follow),
    pass: (before, data) => several ?? tabs?.pass(before, data),
    of: () => (several ? state.get().conversation : undefined),
    elsewhere: () => void several?.refresh(),
    token: keeper.token,
    read: readFrame,
    message: receive,
    typing(until, name) {
      state.set({ typing: { until, name } });
      setTimeout(() => state.get().typing?.until === until && state.set({ typing: undefined }), Math.max(0, until - Date.now()));
    },
    availability: (availability) => state.set({ availability }),
    live(live) {
      // One cut is mended before anybody notices; more are told.
      cuts = live ? 0 : cuts + 1;
      state.set({ slow: cuts > 1 });
      if (live) void several?.refresh();
    },
    renew: keeper.renew,
    online: () => navigator.onLine,
    random: Math.random,
    now: Date.now,
  });
  const accepted = (message: Message, of = ""): void => {
    if (of === state.get().conversation) {
      state.set({ phase: "ready", begun: true });
      receive(message);
    }
    void several?.refresh();
  };
  const sender = makeSender({
    outbox,
    leads: () => tabs?.leads() ?? true,
    wait,
    upload: outgoing.upload,
    // What the site says of the visitor goes along with each message: it may have said more meanwhile.
    async post(body, { conversation: of }) {
      try {
        await Promise.race([tellMeta(), new Promise((late) => setTimeout(late, TOLD_WITHIN_MS))]);
        return await keeper.request({ path: within("v1/messages", of), body: { ...body, contact: { ...contact, ...left }, alias, locale: state.get().lang } });
      } catch (error) {
        // The account was disconnected meanwhile: nothing more can be written here.
        if (error instanceof ApiError && error.code === "chat_unavailable") state.set({ phase: "unavailable" });
        throw error;
      }
    },
    stored(message, raw, { conversation: of }) {
      accepted(message, of);
      host.send({ kind: "wrote", sent: true });
      tabs?.tell({ ...asRecord(raw), conversation: of });
      outgoing.done(message.clientID);
    },
    changed: () => state.set({ pending: outbox.list() }),
    reason: () => state.get().strings["message.failed"],
  });
  let receipts = makeReceipts((body) => keeper.request({ path: "v1/receipts", body }));
  let unread = -1;
  state.subscribe(({ transcript, seen, conversations, conversation: id }) => {
    const count = (conversations ?? []).reduce((sum, one) => sum + (one.id === id ? 0 : one.unread), countUnread(transcript, seen));
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
  for (const type of ["offline", "pageshow"]) addEventListener(type, wakeUp);
  addEventListener("online", () => {
    wakeUp();
    // A line of before may be dead without a word.
    stream.again();
  });
  for (const type of ["visibilitychange", "resume"]) document.addEventListener(type, wakeUp);
  state.set({ open: init.open, page: init.page, offline: !navigator.onLine, muted: !!store.get(quiet) });
  const started = keeper.renew().then(() => {
    ready = true;
    sender.run();
  });

  kept.onChange((back) => {
    if (!kept.keeps()) place = undefined;
    outbox.move();
    if (back) void keeper.renew();
  });

  const writing = makeWriting({
    outbox: {
      ...outbox,
      add(pending, bytes) {
        kept.needed();
        outbox.add({ ...pending, ...greeter?.along() }, bytes);
      },
    },
    outgoing,
    acts,
    state,
    run() {
      // From now on the next visit loads the panel by itself: what could not be sent today is sent then.
      host.send({ kind: "wrote" });
      if (ready) sender.run();
      tabs?.check();
    },
  });

  return {
    ...acts,
    ...writing,
    earlier: reader.earlier,
    fresh: reader.fresh,
    cancel: outgoing.cancel,
    loader(message) {
      if (message.kind === "page") {
        ({ contact, meta } = message);
        // Before there is a conversation it goes with the first message (META-7).
        if (state.get().begun) void tellMeta().catch(() => {});
        state.set({ page: message.page });
      }
      if (message.kind === "alias") alias = message.alias;
      // Whether it succeeded matters little: the next page tells it again.
      if (message.kind === "actions") void started.then(() => keeper.request({ path: "v1/actions/bind", body: { key: message.key } })).catch(() => {});
      if (message.kind === "said")
        void started.then(() => {
          if (several && !state.get().conversation) enter(newID(), false, 0);
          writing.say(message.text);
        });
      if (message.kind === "consent") kept.decide(message.consent === true);
      if (message.kind === "open") state.set({ open: true });
      if (message.kind === "close") state.set({ open: false, newsAfter: countUnread(state.get().transcript, state.get().seen) ? state.get().newsAfter : undefined });
    },
    retry(clientID) {
      outbox.fail(clientID, "");
      // Nothing runs without a session: the panel begins anew, and with it the message.
      if (refused) return void outbox.settled().then(() => location.reload());
      state.set({ pending: outbox.list() });
      sender.run();
    },
    several: () => several,
    mute(muted) {
      state.set({ muted });
      kept.needed();
      if (muted) store.set(quiet, "1");
      else store.remove(quiet);
    },
    leave(given) {
      left = given;
      kept.needed();
      store.set(asked, "1");
      state.set({ ask: "" });
      if (given) writing.say(given.email || given.phone);
    },
    async requestCall(request) {
      const { page, lang: locale, conversation: of } = state.get();
      kept.needed();
      try {
        const message = readMessage(asRecord(await keeper.request({ path: within("v1/callbacks", of), body: { ...request, page: pageOf(page), alias, locale } })).message);
        if (message) {
          accepted(message, of);
          host.send({ kind: "wrote", sent: true });
        }
        return undefined;
      } catch (error) {
        return error as Refusal;
      }
    },
    // Not before what was sent of them is kept there.
    choose(files) {
      if (files.length) kept.needed();
      const tab = kept.tab(!!files.length);
      if (tab) void outbox.settled().then(async () => (await place)?.choose(tab, files)).catch(() => {});
    },
    chosen: () => outbox.settled().then(async () => (await place)?.chosen(kept.tab(false)) ?? []).catch(() => []),
    notify: (notice) => state.set({ notice }),
    hide: () => host.send({ kind: "hide" }),
    address: (path) => base + path,
  };
}

/** A path that names one of several conversations. */
function within(path: string, id = ""): string {
  return id ? `${path}${path.includes("?") ? "&" : "?"}conversation=${id}` : path;
}
