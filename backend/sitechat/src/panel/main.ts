// The panel: what stands in the frame. It says hello to the loader and starts when that has told what it needs to know and the
// words of its language are there.
import { inkOn } from "../shared/ink";
import type { Init, LoaderMessage } from "../shared/protocol";
import { startApp, type App } from "./app";
import { connectHost, type Host } from "./host";
import { insist, load, type Parts, type Strings } from "./load";
import { watchSeen } from "./seen";
import { emptyState, makeStateStore } from "./state";
import { chooseLanguage, type Language } from "./strings";
import { makePanel } from "./view/panel";

const SEEN_AFTER_MS = 1000;

/** An owner's colour changes the accent; what is written on it is black or white, whichever is easier to read. */
function paint(color: string): void {
  const { style } = document.documentElement;
  if (!CSS.supports("color", color)) return;
  style.setProperty("--sc-accent", color);
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = color;
  style.setProperty("--sc-on-accent", inkOn(getComputedStyle(probe).color));
  probe.remove();
}

function start(button: string, host: Host, init: Init, lang: Language, words: Strings, browser: Parts["browser"]): App {
  const kept = browser.openKept(button, init, () => host.send({ kind: "person" }));
  const state = makeStateStore(emptyState(lang, words));
  const base = new URL("../../", location.href).href;
  const app = startApp({ base, button, init: { ...init, user_id: kept.person }, host, kept, state, words, browser });
  // Before there is anything that would have to be laid out for it.
  paint(init.theme?.color ?? "");
  const view = makePanel(document.body, app, state, kept.draft, { header: init.theme?.header !== false, framed: init.mode === "frame", untitled: !!init.untitled });
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

/** The site's own colours, where it has some: they are there before anything is seen. */
async function dress({ theme }: Init): Promise<void> {
  if (theme?.height || Object.keys(theme?.colors ?? {}).length) await load("theme").then((part) => part.dress(theme), () => {});
}

const { button } = document.body.dataset;
if (button && parent !== self) {
  let app: App | undefined;
  const early: Exclude<LoaderMessage, Init>[] = [];
  const host: Host = connectHost(self, {
    async init(init) {
      const lang = chooseLanguage(init.locale, init.strings);
      const [{ words }, browser] = await Promise.all([insist(`words.${lang}`), insist("browser"), dress(init)]);
      app = start(button, host, init, lang, words, browser);
      early.forEach(app.loader);
    },
    message: (message) => (app ? app.loader(message) : early.push(message)),
  });
}
