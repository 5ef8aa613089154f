import type { App } from "../app";
import { load } from "../load";
import { isRich, type Message } from "../message";
import type { State, StateStore } from "../state";
import { fill } from "../strings";
import { kindOf } from "../summary";
import { rows } from "../transcript";
import { watchLongPress } from "./actions";
import { iconButton, make, setLabel, setText } from "./dom";
import { DOWN } from "./icons";
import { patch, type Part } from "./patch";
import { describeRow, type Canvas } from "./row";

const NEAR_PX = 40;
const MARKED_MS = 1500;
const AGAIN_MS = 5000;

/** The part of the panel that scrolls: older messages' button, welcome, transcript. */
export type Scroller = { element: HTMLElement; render: (state: State) => void; toBottom: () => void };

/** Draws the transcript and keeps its end in sight while it is in sight. */
export function makeScroller(app: App, store: StateStore): Scroller {
  const earlier = make("button", "sc-earlier", { type: "button" });
  const welcome = make("p", "sc-welcome");
  const list = make("ol", "sc-transcript");
  const typing = make("p", "sc-typing");
  const box = make("div", "sc-scroll", { tabindex: "0", role: "region" }, earlier, welcome, list, typing);
  const latest = iconButton("sc-latest", DOWN);
  const nodes = new Map<string, HTMLElement>();
  let rich: Canvas["rich"];
  let asked = false;
  let atBottom = true;
  let top = 0;
  let height = 0;
  let wasOpen = false;

  const isAtBottom = (): boolean => box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX;
  const toBottom = (): void => {
    box.scrollTop = box.scrollHeight;
  };
  const look = (): void => {
    // A keyboard took some of the room: who was at the end stays there, whichever event tells of it first.
    if (atBottom && box.clientHeight !== height && box.scrollTop >= top) toBottom();
    height = box.clientHeight;
    top = box.scrollTop;
    latest.hidden = isAtBottom();
    if (atBottom !== isAtBottom()) store.set({ atBottom: (atBottom = isAtBottom()) });
  };
  box.addEventListener("scroll", look, { passive: true });
  const grown = new ResizeObserver(() => {
    if (atBottom) toBottom();
    look();
  });
  grown.observe(box);
  grown.observe(list);
  watchLongPress(list);
  earlier.onclick = () => void app.earlier();
  latest.onclick = () => {
    toBottom();
    box.focus();
  };
  const failed = (): void => app.notify(store.get().strings["panel.part_failed"]);
  const acts: Pick<Canvas, "actions" | "view" | "jump" | "choose"> = {
    actions: (message, anchor) => void load("over").then(({ openActions }) => openActions(message, anchor, app, store)).catch(failed),
    view: (messages, at) => void view(messages, at, app, store).catch(failed),
    choose(list, chosen) {
      const ask = async (): Promise<void> => {
        const row = await (await load("over")).choose(list, store.get().strings);
        if (row) chosen(row);
      };
      ask().catch(failed);
    },
    jump(id) {
      const all = rows(store.get().transcript, [], undefined);
      const row = all.find((r) => r.kind === "message" && r.messages.some((m) => m.id === id));
      const node = row && nodes.get(row.key);
      node?.scrollIntoView({ block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
      node?.querySelector<HTMLElement>(".sc-message__more")?.focus({ preventScroll: true });
      node?.classList.add("sc-message--marked");
      setTimeout(() => node?.classList.remove("sc-message--marked"), MARKED_MS);
    },
  };
  // What draws more than texts is fetched with the first such message; until then its kind is told in a word.
  const getRich = async (): Promise<void> => {
    asked = true;
    try {
      rich = await load("rich");
      store.set({});
    } catch {
      setTimeout(() => {
        asked = false;
        store.set({});
      }, AGAIN_MS);
    }
  };

  return {
    element: make("div", "sc-body", {}, box, latest),
    toBottom: () => requestAnimationFrame(toBottom),
    render(state) {
      const { strings, transcript, pending, newsAfter, more, phase, open, loaded } = state;
      const all = rows(transcript, pending.filter((p) => (p.conversation ?? "") === state.conversation), newsAfter);
      // Somebody who has just scrolled up, and of whom no event told yet, is not pulled down again.
      const firstBefore = list.firstElementChild;
      const stays = atBottom && (!top || box.scrollTop >= top);
      const heightBefore = firstBefore && !stays ? box.scrollHeight - box.scrollTop : 0;

      setText(earlier, strings["transcript.earlier"]);
      earlier.hidden = !more;
      earlier.disabled = state.loadingEarlier;
      setText(welcome, strings["panel.welcome"]);
      welcome.hidden = !loaded || all.length > 0 || phase === "unavailable";
      box.setAttribute("aria-label", strings["transcript.label"]);
      setLabel(latest, strings["transcript.latest"]);

      const last = all.filter((row) => row.kind === "message" && row.messages[0].direction === "inbound" && row.messages[0].id).pop();
      if (!rich && !asked && all.some((row) => row.kind === "message" && row.messages.some(isRich))) void getRich();
      const canvas: Canvas = { state, app, last, rich, ...acts };
      const parts = all.map((row): Part => {
        const { className, parts: inner } = describeRow(row, canvas);
        return {
          name: row.key,
          look: "",
          draw: () => make("li", className),
          update(node) {
            const marked = node.classList.contains("sc-message--marked") ? " sc-message--marked" : "";
            if (node.className !== className + marked) node.className = className + marked;
            nodes.set(row.key, node);
            patch(node, inner);
          },
        };
      });
      patch(list, parts);
      const name = state.typing?.name;
      setText(typing, !state.typing ? "" : name ? fill(strings["typing.named"], { name }) : strings["typing.unnamed"]);

      // Where nothing was said nothing scrolls, and nothing is laid out to find out.
      if (!all.length && !firstBefore) return void (wasOpen ||= open);
      if (stays || (open && !wasOpen)) toBottom();
      else if (firstBefore && list.firstElementChild !== firstBefore) box.scrollTop = box.scrollHeight - heightBefore;
      // Opened again, it stands where it stood (MET-2).
      wasOpen ||= open;
      look();
    },
  };
}

/** Opens the pictures of an album, or the one of a message, large. */
async function view(messages: readonly Message[], at: Message, app: App, store: StateStore): Promise<void> {
  const { openViewer } = await load("over");
  const { strings, previews, transcript } = store.get();
  const shown = messages.filter((m) => m.file?.state === "ready");
  const sights = shown.map((m) => ({
    name: m.file?.name || kindOf(m.kind, strings),
    video: m.kind === "video",
    address: previews.get(m.clientID) ?? app.address((transcript.get(m.id) ?? m).file?.url ?? ""),
    fresh: async () => app.address((await app.fresh(m.id))?.url ?? ""),
  }));
  openViewer(sights, Math.max(0, shown.indexOf(at)), strings);
}
