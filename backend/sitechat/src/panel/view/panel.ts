import type { App } from "../app";
import { dayKey, DATE_PATTERN, formatTime, TIME_PATTERN } from "../format";
import { newID } from "../id";
import { load } from "../load";
import type { State, StateStore } from "../state";
import { fill } from "../strings";
import { makeComposer } from "./composer";
import { iconButton, make, setLabel, setText } from "./dom";
import { CROSS, DOTS } from "./icons";
import { makeLive } from "./live";
import { makeScroller } from "./scroller";

/** The panel on the screen. */
export type PanelView = {
  render: (state: State) => void;
  /** Gives the focus to where one writes; on a touch screen to the panel, so that no keyboard jumps up. */
  focus: () => void;
};

/** What of the panel is wanted: without a header none is drawn, and its menu stands beside the input; framed, it cannot be closed from inside (CFG-11); untitled, its title is not seen. */
export type Frills = { header: boolean; framed: boolean; untitled: boolean };

/** Draws the panel into the body. */
export function makePanel(
  body: HTMLElement,
  app: App,
  store: StateStore,
  draft: { get: () => string; set: (text: string) => void },
  { header, framed, untitled }: Frills,
): PanelView {
  const title = make("h1", untitled ? "sc-hidden" : "sc-header__title");
  const avatar = make("img", "sc-header__avatar", { alt: "", width: "36", height: "36" });
  const status = make("p", "sc-header__status");
  const menu = iconButton(header ? "sc-header__button" : "sc-composer__tool", DOTS);
  menu.setAttribute("aria-haspopup", "menu");
  const close = iconButton("sc-header__button sc-header__close", CROSS);
  const banner = make("p", "sc-banner", { role: "status" });
  const notice = make("p", "sc-notice");
  const maker = make("p", "sc-powered");
  const scroller = makeScroller(app, store);
  const composer = makeComposer(app, store, draft, scroller.toBottom);
  const live = makeLive();
  if (!header) composer.input.before(menu);
  const panel = make(
    "main",
    "sc-panel",
    { tabindex: "-1" },
    ...(header ? [make("header", "sc-header", {}, avatar, make("div", "sc-header__words", {}, title, status), menu, ...(framed ? [] : [close]))] : []),
    banner,
    scroller.element,
    composer.element,
    notice,
    maker,
    live.element,
  );
  close.onclick = app.hide;
  menu.onclick = () => void openPanelMenu(menu, app, store);
  body.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing && !framed) app.hide();
  });
  body.replaceChildren(panel);
  let drawSeveral: ((state: State) => void) | undefined;
  let drawAsk: ((state: State) => void) | undefined;
  let drawn: State | undefined;
  const focus = (): void => {
    const touch = matchMedia("(pointer: coarse)").matches;
    if (touch || !composer.element.checkVisibility()) panel.focus();
    else composer.focus();
  };
  return {
    render(state) {
      if (state === drawn) return;
      drawn = state;
      const { strings, lang, phase, offline, slow, atRisk } = state;
      const unavailable = phase === "unavailable";
      document.documentElement.lang = lang;
      document.title = state.title || strings["panel.title"];
      setText(title, state.title || strings["panel.title"]);
      const face = faceOf(state);
      avatar.hidden = !face;
      // A signed link of the same picture is another one each time.
      if (face && face.split("?")[0] !== avatar.dataset.of) avatar.src = app.address(face);
      avatar.dataset.of = face.split("?")[0];
      setLabel(close, strings["panel.close"]);
      setLabel(menu, strings["panel.menu"]);
      // It keeps its room, so that nothing moves when it comes.
      menu.style.visibility = phase === "ready" ? "" : "hidden";
      setText(status, unavailable ? "" : describeAvailability(state));
      status.className = `sc-header__status sc-header__status--${state.availability.state}`;
      // A moment passes until something is kept: what would be lost is told only when it has to wait.
      setText(banner, unavailable ? "" : atRisk && (offline || slow) ? strings["panel.at_risk"] : offline ? strings["panel.offline"] : slow ? strings["panel.connecting"] : "");
      setText(notice, unavailable ? strings["panel.unavailable"] : "");
      // An empty text takes the whole line away (LOC-2).
      setText(maker, strings.powered_by && `${strings.powered_by} Leadline`);
      composer.element.hidden = unavailable;
      composer.render(state);
      scroller.render(state);
      live.render(state);
      // What draws several conversations is there by then: it made the list.
      if (state.conversations && !drawSeveral) {
        drawSeveral = () => {};
        void load("several").then(({ mountSeveral }) => (drawSeveral = mountSeveral(panel, scroller.element, app, focus, () => confirmEnd(app, store))));
      }
      drawSeveral?.(state);
      if (state.ask && state.begun && state.availability.state === "away" && !drawAsk) {
        drawAsk = () => {};
        load("ask").then(({ mountAsk }) => (drawAsk = mountAsk(composer.element, app))(store.get()), () => (drawAsk = undefined));
      }
      drawAsk?.(state);
    },
    focus,
  };
}

/** The picture in the header: of who answered last, where that is wanted and there is one, else the chat's own. */
function faceOf({ avatar, useAvatar, transcript }: State): string {
  return (useAvatar && [...transcript.values()].reduce((face, message) => message.avatar || face, "")) || avatar;
}

async function confirmEnd(app: App, store: StateStore): Promise<void> {
  const { confirmEnd } = await load("over");
  await confirmEnd(app, store);
}

async function openPanelMenu(anchor: HTMLElement, app: App, store: StateStore): Promise<void> {
  const { strings } = store.get();
  try {
    const { openMain } = await load("over");
    if (await openMain(anchor, app, store)) (await load("callback")).openCallback(newID(), store.get().strings, app.requestCall);
  } catch {
    app.notify(strings["panel.part_failed"]);
  }
}

/** Whether somebody answers, in the visitor's own time. */
function describeAvailability({ availability: { state, back }, strings, dates }: State): string {
  if (state !== "away" || back < Date.now()) return strings[`status.${state}`];
  const time = formatTime(back, strings.time_format, TIME_PATTERN, dates);
  const date = formatTime(back, strings.date_format, DATE_PATTERN, dates);
  return fill(strings[dayKey(back) === dayKey(Date.now()) ? "status.back" : "status.back_on"], { time, date });
}
