// The panel: what stands in the frame. It says hello to the loader and starts when that has told what it needs to know.
import { inkOn } from "../shared/ink";
import type { Init } from "../shared/protocol";
import { startApp, type App } from "./app";
import { connectHost, type Host } from "./host";
import { watchSeen } from "./seen";
import { changePerson } from "./session";
import { emptyState, makeStateStore } from "./state";
import { openStore } from "./storage";
import { makePanel } from "./view/panel";

const SEEN_AFTER_MS = 1000;

/** An owner's colour changes the accent; what is written on it is black or white, whichever is easier to read. */
function paint(color: string): void {
  const { style } = document.documentElement;
  if (!CSS.supports("color", color)) return;
  style.setProperty("--sc-accent", color);
  const header = document.querySelector(".sc-header");
  if (header) style.setProperty("--sc-on-accent", inkOn(getComputedStyle(header).backgroundColor));
}

function start(button: string, host: Host, init: Init): App {
  const store = openStore(() => localStorage);
  const drafts = openStore(() => sessionStorage);
  const key = `leadline.${button}.draft`;
  const state = makeStateStore(emptyState());
  const keys = ["outbox", "token"].map((name) => `leadline.${button}.${name}`);
  if (changePerson(store, button, init.user_id ?? "", keys)) drafts.remove(key);
  const base = new URL("../../", location.href).href;
  const app = startApp({ base, button, init, host, store, state });
  const draft = { get: () => drafts.get(key) ?? "", set: (text: string) => (text ? drafts.set(key, text) : drafts.remove(key)) };
  const view = makePanel(document.body, app, draft, (atBottom) => state.set({ atBottom }));
  paint(init.theme?.color ?? "");
  watchSeen(state, SEEN_AFTER_MS);
  state.subscribe(view.render);
  view.render(state.get());
  if (init.open) view.focus();
  requestAnimationFrame(() => requestAnimationFrame(() => host.send({ kind: "rendered" })));
  return {
    ...app,
    loader(message) {
      app.loader(message);
      if (message.kind === "open" && message.focus) view.focus();
    },
  };
}

const { button } = document.body.dataset;
if (button && parent !== self) {
  let app: App | undefined;
  const host: Host = connectHost(self, {
    init: (init) => {
      app = start(button, host, init);
    },
    message: (message) => app?.loader(message),
  });
}
