// Tells the site of the visitor's conversations (HOOK-2, EVT-11): a line of JSON by postMessage, as sites know it.
import type { Message, Summary } from "../message";
import type { StateStore } from "../state";
import { inOrder, type Transcript } from "../transcript";

/** One conversation as sites are told of it. */
export type SiteConversation = {
  /** What people call it by; empty where a visitor has only one. */
  name: string;
  is_closed: boolean;
  last_message: {
    type: "text" | "video" | "photo";
    text: string;
    /** Milliseconds. */
    created_at: number;
    /** The visitor wrote it. */
    is_out: boolean;
    media?: { url: string; thumbnail: string };
    author?: { name: string };
  };
};

/** What of the state is told. */
export type Told = { transcript: Transcript; conversations: readonly Summary[] | undefined };

/** Tells the site of what the state knows from now on. */
export function watchConversations(state: StateStore, post: (text: string) => void, base: string): void {
  const report = makeReport(post, (path) => base + path);
  const look = (told: Told): void => {
    if (isKept(told.transcript) || told.conversations) report(told);
  };
  state.subscribe(look);
  look(state.get());
}

/** Whether the server has anything of it: of what only greets nobody is told. */
function isKept(transcript: Transcript): boolean {
  return [...transcript.values()].some((m) => m.rev);
}

/**
 * Makes what tells the site, through post, whenever something changed: newest first, without those that were ended, of which
 * one message tells that they are closed (EVT-12). Address makes a path of the chat host a full one.
 */
export function makeReport(post: (text: string) => void, address: (path: string) => string): (told: Told) => void {
  let before: SiteConversation[] = [];
  let said = "";
  const say = (list: SiteConversation[]): void => {
    const payload = JSON.stringify(list);
    if (payload === said) return;
    post(`{"method":"conversations:${said ? "update" : "received"}","payload":${payload}}`);
    said = payload;
  };
  return ({ transcript, conversations: several }) => {
    const all = several
      ? several.map(({ number, last }) => describe(number, last, false, address))
      : [describeOne(inOrder(transcript), address)];
    const known = (name: string): boolean => before.some((one) => one.name === name);
    const list = all.filter((one) => one !== undefined && (!one.is_closed || known(one.name))) as SiteConversation[];
    list.sort((a, b) => b.last_message.created_at - a.last_message.created_at);
    const ended = before.filter(({ name, is_closed }) => !is_closed && !list.some((one) => one.name === name));
    if (ended.length) say([...list, ...ended.map((one) => ({ ...one, is_closed: true }))]);
    before = list.filter((one) => !one.is_closed);
    say(list);
    if (before.length < list.length) say(before);
  };
}

/** The only conversation: closed from when it was ended until somebody goes on. */
function describeOne(messages: readonly Message[], address: (path: string) => string): SiteConversation | undefined {
  const closed = messages[messages.length - 1]?.kind === "ended";
  return describe("", messages.filter(({ kind }) => kind !== "ended").pop(), closed, address);
}

function describe(name: string, last: Message | undefined, closed: boolean, address: (path: string) => string): SiteConversation | undefined {
  if (!last) return undefined;
  const { kind, file, text, at, direction, author } = last;
  const type = kind === "picture" || kind === "sticker" ? "photo" : kind === "video" ? "video" : "text";
  return {
    name,
    is_closed: closed,
    last_message: {
      type,
      // The other kinds are not the vendor's: the name of a file stands for it.
      text: text || (type === "text" && file?.name) || "",
      created_at: at,
      is_out: direction === "inbound",
      ...(type !== "text" && file?.url && { media: { url: address(file.url), thumbnail: address(file.thumbURL || file.url) } }),
      ...(author && { author: { name: author } }),
    },
  };
}
