import type { Init } from "../shared/protocol";
import { ApiError, call, type Request } from "./api";
import type { Host } from "./host";
import { readSession, type Session } from "./message";
import type { Store } from "./storage";
import { backoff } from "./stream/backoff";

/** What a session needs of others. */
export type SessionOptions = {
  base: string;
  button: string;
  init: Init;
  host: Host;
  store: Store;
  /** The token of the person who was here before, gone from the browser already; the server begins anew for another. */
  former: () => string;
  lang: () => string;
  /** A session is there: the first one, or another one in place of one that ran out. */
  opened: (session: Session) => Promise<void> | void;
  /** The server or the site's origin says no for good. */
  refused: () => void;
  /** Still trying; tells how many tries have failed. */
  trying: (failures: number) => void;
  /** Waits, or less when the network comes back. */
  wait: (ms: number) => Promise<void>;
};

/** The visitor's session with the chat host. */
export type SessionKeeper = {
  token: () => string;
  /** Gets a session, or another one; parallel calls share one try. Ends when there is one; never, when refused. */
  renew: () => Promise<void>;
  /** Does something with the token, once more with another one when it ran out. */
  withToken: <T>(act: (token: string) => Promise<T>) => Promise<T>;
  /** Sends a request with the token. Throws ApiError. */
  request: (request: Omit<Request, "token" | "lang">) => Promise<unknown>;
};

/** Makes the keeper. The token stays in the frame's own storage, which the site's scripts cannot read. */
export function makeSessionKeeper(options: SessionOptions): SessionKeeper {
  const { base, button, init, host, store, former } = options;
  const key = tokenKey(button);
  let { ticket, user_token: user } = init;
  let refreshed = false;
  let renewing: Promise<void> | undefined;

  const open = async (): Promise<void> => {
    for (let failures = 0; ; failures++) {
      options.trying(failures);
      try {
        const token = store.get(key) ?? former();
        const claim = { ...(init.user_id && { user_id: init.user_id }), ...(user && { user_token: user }) };
        const body = { button_id: button, ticket, alias: init.alias, locale: init.locale, ...(token && { token }), ...claim };
        const session = readSession(await call(base, { path: "v1/session", body, lang: options.lang() }));
        if (session && session.origin !== host.origin()) return refuse();
        if (session) {
          store.set(key, session.token);
          refreshed = false;
          if (session.warning) console.warn("Leadline: " + session.warning);
          return await options.opened(session);
        }
      } catch (error) {
        const { status, code, temporary } = error instanceof ApiError ? error : new ApiError(0, "", "", 0);
        if (code === "user_token_invalid") {
          // It has run out, or the site made a mistake. Without a better one only the page says who it is.
          const other: string = refreshed ? "" : await host.ask("user_token");
          refreshed = true;
          if (!other || other === user) console.warn("Leadline: onlinechat.user_token is not valid");
          user = other === user ? "" : other;
          continue;
        }
        if (status === 401) {
          ticket = (await host.ask("ticket")) || ticket;
          if (!failures) continue;
        } else if (!temporary) return refuse();
      }
      await options.wait(backoff(failures, Math.random));
    }
  };
  const refuse = (): Promise<void> => {
    options.refused();
    return new Promise(() => {});
  };
  const keeper: SessionKeeper = {
    token: () => store.get(key) ?? "",
    renew: () =>
      (renewing ??= open().finally(() => {
        renewing = undefined;
      })),
    async withToken(act) {
      try {
        return await act(keeper.token());
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 401) throw error;
        await keeper.renew();
        return act(keeper.token());
      }
    },
    request: (request) => keeper.withToken((token) => call(base, { ...request, token, lang: options.lang() })),
  };
  return keeper;
}

/** Where the visitor token is kept. */
export function tokenKey(button: string): string {
  return `leadline.${button}.token`;
}
