import type { App } from "../app";
import type { State } from "../state";
import { rows } from "../transcript";
import { icon, make, setText } from "./dom";
import { drawRow } from "./row";

const DOWN = "m12 16.5-7-7L6.4 8l5.6 5.6L17.6 8 19 9.5z";
const NEAR_PX = 40;

/** The part of the panel that scrolls: older messages' button, welcome, transcript. */
export type Scroller = { element: HTMLElement; render: (state: State) => void; toBottom: () => void };

/** Draws the transcript and keeps its end in sight while it is in sight. */
export function makeScroller(app: App, moved: (atBottom: boolean) => void): Scroller {
  const earlier = make("button", "sc-earlier", { type: "button" });
  const welcome = make("p", "sc-welcome");
  const list = make("ol", "sc-transcript");
  const box = make("div", "sc-scroll", { tabindex: "0", role: "region" }, earlier, welcome, list);
  const latest = make("button", "sc-latest", { type: "button" }, icon(DOWN));
  const drawn = new Map<string, { node: HTMLElement; look: string }>();
  let atBottom = true;
  let wasOpen = false;

  const isAtBottom = (): boolean => box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX;
  const toBottom = (): void => {
    box.scrollTop = box.scrollHeight;
  };
  const look = (): void => {
    latest.hidden = isAtBottom();
    if (atBottom !== isAtBottom()) moved((atBottom = isAtBottom()));
  };
  box.addEventListener("scroll", look, { passive: true });
  new ResizeObserver(() => {
    if (atBottom) toBottom();
    look();
  }).observe(box);
  earlier.onclick = app.earlier;
  latest.onclick = () => {
    toBottom();
    box.focus();
  };

  return {
    element: make("div", "sc-body", {}, box, latest),
    toBottom: () => requestAnimationFrame(toBottom),
    render(state) {
      const { strings, transcript, pending, newsAfter, more, phase, open, loaded } = state;
      const all = rows(transcript, pending, newsAfter);
      const heightBefore = box.scrollHeight - box.scrollTop;
      const firstBefore = list.firstElementChild;

      setText(earlier, strings["transcript.earlier"]);
      earlier.hidden = !more;
      earlier.disabled = state.loadingEarlier;
      setText(welcome, strings["panel.welcome"]);
      welcome.hidden = !loaded || all.length > 0 || phase === "unavailable";
      box.setAttribute("aria-label", strings["transcript.label"]);
      latest.setAttribute("aria-label", strings["transcript.latest"]);

      const lastInbound = all.filter((row) => row.kind === "message" && row.message.direction === "inbound").pop();
      const keep = new Set<string>();
      all.forEach((row, i) => {
        keep.add(row.key);
        const next = drawRow(row, strings, row === lastInbound, app.retry);
        const known = drawn.get(row.key);
        if (known?.look !== next.look) {
          const node = next.draw();
          // A message that was being sent and is stored now takes its own place.
          known?.node.replaceWith(node);
          drawn.set(row.key, { node, look: next.look });
        }
        const node = drawn.get(row.key)?.node as HTMLElement;
        if (list.children[i] !== node) list.insertBefore(node, list.children[i] ?? null);
      });
      for (const [key, { node }] of drawn) {
        if (keep.has(key)) continue;
        node.remove();
        drawn.delete(key);
      }

      if (atBottom || (open && !wasOpen && newsAfter === undefined)) toBottom();
      else if (firstBefore && list.firstElementChild !== firstBefore) box.scrollTop = box.scrollHeight - heightBefore;
      wasOpen = open;
      look();
    },
  };
}
