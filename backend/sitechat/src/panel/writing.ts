import type { Page } from "../shared/protocol";
import type { Acts } from "./acts";
import { newID } from "./id";
import type { Message } from "./message";
import type { Outbox, Pending, PendingFile, Press } from "./outbox";
import type { Outgoing } from "./outgoing";
import type { StateStore } from "./state";
import { describe } from "./summary";

/** A file that was chosen or recorded, ready to be sent. */
export type Chosen = { bytes: Blob; file: PendingFile };

/** What a visitor says. */
export type Writing = {
  /** Sends a text, or changes the own message that is being edited; tells whether the text is on its way. */
  write: (text: string) => Promise<boolean>;
  /** Sends files, several as one album; the text goes with the first. */
  sendFiles: (files: readonly Chosen[], text: string) => void;
  press: (press: Press) => void;
  /** Sends a text, whatever else is being written. */
  say: (text: string) => void;
  /** Answers or changes a message with what is written next; undefined ends that. */
  reply: (message: Message | undefined) => void;
  startEdit: (message: Message | undefined) => void;
};

/** What writing needs of others; run sends what is in the outbox. */
export type WritingOptions = { outbox: Outbox; outgoing: Outgoing; acts: Acts; state: StateStore; run: () => void };

/** Makes it: everything goes through the outbox, so that the order is kept and nothing is lost. */
export function makeWriting({ outbox, outgoing, acts, state, run }: WritingOptions): Writing {
  /** Puts messages into the outbox; the first one answers what is being answered. */
  const send = (list: readonly (Pick<Pending, "text"> & Partial<Pending>)[], bytes: readonly Blob[] = [], quotes = true): void => {
    const { page, replyTo, strings, conversation } = state.get();
    list.forEach((over, i) => {
      const quote = quotes && !i && replyTo && { replyTo: { ...replyTo, text: describe(replyTo, strings) } };
      outbox.add({ clientID: newID(), at: Date.now(), page: pageOf(page), error: "", ...(conversation && { conversation }), ...quote, ...over }, bytes[i]);
    });
    state.set({ pending: outbox.list(), newsAfter: undefined, replyTo: undefined, notice: "" });
    run();
  };
  return {
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
      files.forEach(({ bytes }, i) => outgoing.hold(list[i]?.clientID ?? "", bytes));
      send(list, files.map(({ bytes }) => bytes));
    },
    say: (text) => send([{ text }], [], false),
    press: (press) => send([{ text: "", press }]),
    reply: (replyTo) => state.set({ replyTo, editing: undefined }),
    startEdit: (editing) => state.set({ editing, replyTo: undefined, notice: "" }),
  };
}

/** Only what the site's address may say of itself. */
export function pageOf({ url, title, referrer }: Page): Page {
  return { url: url.slice(0, 2048), title: title.slice(0, 256), referrer: referrer.slice(0, 2048) };
}
