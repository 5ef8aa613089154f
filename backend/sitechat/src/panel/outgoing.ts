import { ApiError, asError, headersOf } from "./api";
import { load } from "./load";
import type { Outbox, Pending } from "./outbox";
import { readFile } from "./content";
import { asRecord } from "./read";
import type { SessionKeeper } from "./session";
import type { StateStore } from "./state";

/** The bytes of what is under way. */
export type Outgoing = {
  /** Keeps the bytes of a message until it is stored, over a reload where the browser can. */
  keep: (clientID: string, bytes: Blob) => void;
  /** Uploads the file of a message and returns the server's id. Throws ApiError for what the server says no to. */
  upload: (pending: Pending) => Promise<string>;
  /** Takes a message back whose upload is not done. */
  cancel: (clientID: string) => void;
  /** The message is stored. */
  done: (clientID: string) => void;
  /** Shows what was left in the outbox. */
  restore: () => Promise<void>;
};

/** Name of the database in which the bytes wait. */
export function vaultName(button: string): string {
  return `leadline.${button}.files`;
}

/** Makes it. The code for it is fetched with the first file. */
export function makeOutgoing(base: string, button: string, outbox: Outbox, keeper: SessionKeeper, state: StateStore): Outgoing {
  const memory = new Map<string, Blob>();
  const stops = new Map<string, AbortController>();
  const vault = async () => (await load("files")).openVault(vaultName(button));
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
    vault().then((v) => v.remove(clientID)).catch(() => {});
  };
  return {
    keep(clientID, bytes) {
      memory.set(clientID, bytes);
      show(clientID, bytes);
      vault().then((v) => v.put(clientID, bytes)).catch(() => {});
    },
    async upload({ clientID, file }) {
      const { strings, lang } = state.get();
      const bytes = memory.get(clientID) ?? (await (await vault()).get(clientID));
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
    async restore() {
      const left = outbox.list().filter((p) => p.file);
      if (!left.length) return;
      const v = await vault();
      await v.keepOnly(left.map((p) => p.clientID));
      for (const { clientID } of left) {
        const bytes = await v.get(clientID);
        if (!bytes) continue;
        memory.set(clientID, bytes);
        show(clientID, bytes);
      }
    },
  };
}
