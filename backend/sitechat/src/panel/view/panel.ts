import type { App } from "../app";
import type { State } from "../state";
import { makeComposer } from "./composer";
import { icon, make, setText } from "./dom";
import { makeLive } from "./live";
import { makeScroller } from "./scroller";

const CROSS = "m19 6.4-1.4-1.4-5.6 5.6L6.4 5 5 6.4l5.6 5.6L5 17.6 6.4 19l5.6-5.6 5.6 5.6 1.4-1.4-5.6-5.6z";

/** The panel on the screen. */
export type PanelView = {
  render: (state: State) => void;
  /** Gives the focus to where one writes; on a touch screen to the panel, so that no keyboard jumps up. */
  focus: () => void;
};

/** Draws the panel into the body. */
export function makePanel(body: HTMLElement, app: App, draft: { get: () => string; set: (text: string) => void }, moved: (atBottom: boolean) => void): PanelView {
  const title = make("h1", "sc-header__title");
  const close = make("button", "sc-header__close", { type: "button" }, icon(CROSS));
  const banner = make("p", "sc-banner", { role: "status" });
  const notice = make("p", "sc-notice");
  const maker = make("p", "sc-powered");
  const scroller = makeScroller(app, moved);
  const composer = makeComposer(app, draft, scroller.toBottom);
  const live = makeLive();
  const panel = make(
    "main",
    "sc-panel",
    { tabindex: "-1" },
    make("header", "sc-header", {}, title, close),
    banner,
    scroller.element,
    composer.element,
    notice,
    maker,
    live.element,
  );
  close.onclick = app.hide;
  body.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing) app.hide();
  });
  body.replaceChildren(panel);
  return {
    render(state) {
      const { strings, lang, phase, offline, slow } = state;
      const unavailable = phase === "unavailable";
      document.documentElement.lang = lang;
      document.title = state.title || strings["panel.title"];
      setText(title, state.title || strings["panel.title"]);
      close.setAttribute("aria-label", strings["panel.close"]);
      close.title = strings["panel.close"];
      setText(banner, unavailable ? "" : offline ? strings["panel.offline"] : slow ? strings["panel.connecting"] : "");
      setText(notice, unavailable ? strings["panel.unavailable"] : "");
      // An empty text takes the whole line away (LOC-2).
      setText(maker, strings.powered_by && `${strings.powered_by} Leadline`);
      composer.element.hidden = unavailable;
      composer.render(state);
      scroller.render(state);
      live.render(state);
    },
    focus() {
      const touch = matchMedia("(pointer: coarse)").matches;
      if (touch || composer.element.hidden) panel.focus();
      else composer.focus();
    },
  };
}
