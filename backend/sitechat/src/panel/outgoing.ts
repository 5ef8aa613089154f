import { ApiError, asError, headersOf } from "./api";
import { load } from "./load";
import type { Outbox, Pending } from "./outbox";
import { readFile } from "./content";
import { asRecord } from "./read";
import type { SessionKeeper } from "./session";
import type { StateStore } from "./state";

/** The bytes of what is under way. */
export type Outgoing = {
  /** Has the bytes of a message at hand until it is stored, and shows them. */
  hold: (clientID: string, bytes: Blob) => void;
  /** Uploads the file of a message and returns the server's id. Throws ApiError for what the server says no to. */
  upload: (pending: Pending) => Promise<string>;
  /** Takes a message back whose upload is not done. */
  cancel: (clientID: string) => void;
  /** The message is stored. */
  done: (clientID: string) => void;
  /** Shows what else is in the outbox, and stops the upload of what is there no more. */
  follow: () => Promise<void>;
};

/** Makes it. The code for it is fetched with the first file. */
export function makeOutgoing(base: string, outbox: Outbox, keeper: SessionKeeper, state: StateStore): Outgoing {
  const memory = new Map<string, Blob>();
  const asked = new Set<string>();
  const stops = new Map<string, AbortController>();
  const show = (clientID: string, bytes: Blob): void =>
    state.set({ previews: new Map([...state.get().previews, [clientID, URL.createObjectURL(bytes)]]) });
  const setProgress = (clientID: string, part: number | undefined): void => {
    const progress = new Map(state.get().progress);
    if (part === undefined) progress.delete(clientID);
    else progress.set(clientID, part);
    state.set({ progress });
  };
  const forget = (clientID: string): void => {
    stops.delete(clientID);
    memory.delete(clientID);
    setProgress(clientID, undefined);
  };
  const hold = (clientID: string, bytes: Blob): void => {
    memory.set(clientID, bytes);
    show(clientID, bytes);
  };
  return {
    hold,
    async upload({ clientID, file }) {
      const { strings, lang } = state.get();
      const bytes = memory.get(clientID) ?? (await outbox.bytes(clientID));
      if (!bytes || !file) throw new ApiError(410, "", strings["file.lost"], 0);
      memory.set(clientID, bytes);
      const { upload } = await load("files");
      const stop = new AbortController();
      stops.set(clientID, stop);
      try {
        return await keeper.withToken(async (token) => {
          const url = `${base}v1/files${file.wish && `?kind=${file.wish}`}`;
          const headers = { ...headersOf(lang, token), "X-File-Name": encodeURIComponent(file.name) };
          const answer = await upload(url, headers, bytes, (part) => setProgress(clientID, part), stop.signal);
          if (answer.status < 200 || answer.status > 299) throw asError(answer.status, answer.body, answer.retryAfter);
          const id = readFile(asRecord(answer.body).file)?.id;
          if (!id) throw new ApiError(0, "", "", 0);
          return id;
        });
      } finally {
        stops.delete(clientID);
        setProgress(clientID, undefined);
      }
    },
    cancel(clientID) {
      const stop = stops.get(clientID);
      outbox.remove(clientID);
      forget(clientID);
      stop?.abort();
      state.set({ pending: outbox.list() });
    },
    done: (clientID) => memory.has(clientID) && forget(clientID),
    async follow() {
      const files = outbox.list().filter((p) => p.file);
      for (const [clientID, stop] of stops) if (!files.some((p) => p.clientID === clientID)) stop.abort();
      for (const { clientID } of files) {
        if (memory.has(clientID) || asked.has(clientID)) continue;
        asked.add(clientID);
        const bytes = await outbox.bytes(clientID);
        if (bytes) hold(clientID, bytes);
      }
    },
  };
}
