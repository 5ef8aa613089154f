import type { Page } from "../shared/protocol";
import type { Quote } from "./content";
import type { Message } from "./message";

/** A file under way. */
export type PendingFile = {
  /** The server's id once it is uploaded; empty before. */
  id: string;
  /** What it looks like to us: the kind of the message; the server decides by its content. */
  kind: string;
  /** What the server is asked to make of it: voice, file, or nothing. */
  wish: string;
  name: string;
  type: string;
  bytes: number;
  width: number;
  height: number;
  durationMs: number;
};

/** A button or a row of a list that was pressed. */
export type Press = { message: string; text: string; data: string };

/** What the visitor wrote and the server has not stored yet. */
export type Pending = {
  /** Made here, the same on every resend: the server stores it once. */
  clientID: string;
  text: string;
  at: number;
  page: Page;
  /** Why the server refused it for good; empty while it is on its way. */
  error: string;
  /** Which of several conversations it belongs to. */
  conversation?: string;
  /** The site's name for who wrote it. */
  user?: string;
  replyTo?: Quote;
  group?: string;
  file?: PendingFile;
  press?: Press;
  /** The token of the greeting that was seen before. */
  greeting?: string;
};

/** The messages under way, kept over a reload where the browser can. */
export type Outbox = {
  list: () => readonly Pending[];
  /** Adds one, with the bytes of its file. */
  add: (pending: Pending, bytes?: Blob) => void;
  /** Things are kept in this browser from now on, or are not any more. */
  move: () => void;
  remove: (clientID: string) => void;
  /** Marks one as refused, or with an empty reason as on its way again. */
  fail: (clientID: string, error: string) => void;
  /** Gives those that name no conversation to that one. */
  adopt: (conversation: string) => void;
  /** Notes the server's id of an uploaded file; an empty one means that it is to be uploaded again. */
  uploaded: (clientID: string, fileID: string) => void;
  /** The bytes of a file that was left here. */
  bytes: (clientID: string) => Promise<Blob | undefined>;
  /** Ends when all of this is written, and what other tabs wrote is read, or when that takes too long. */
  settled: () => Promise<void>;
  /** Whether something is here that a reload would lose. */
  atRisk: () => boolean;
  /** Whether something is here that other tabs do not see: it could not be written. */
  apart: () => boolean;
};

/** What is under way as the message that it will be, for the transcript. */
export function asMessage(p: Pending): Message {
  const file = p.file && { ...p.file, state: "ready" as const, url: "", thumbURL: "" };
  return {
    id: "",
    clientID: p.clientID,
    seq: Infinity,
    rev: 0,
    at: p.at,
    direction: "inbound",
    kind: p.file?.kind ?? "text",
    text: p.press?.text ?? p.text,
    status: p.error ? "error" : "sending",
    errorCode: "",
    error: p.error,
    author: "",
    bot: false,
    avatar: "",
    editedAt: 0,
    group: p.group ?? "",
    file,
    location: undefined,
    card: undefined,
    replyTo: p.replyTo,
    forwards: [],
    markup: undefined,
    post: undefined,
    reactions: [],
  };
}
