// Pictures and videos as large as the panel allows.
import type { Strings } from "../load";
import { fill } from "../strings";
import { openDialog } from "./dialog";
import { iconButton, make } from "../view/dom";

const BACK = "m15.4 7.4-1.4-1.4-6 6 6 6 1.4-1.4-4.6-4.6z";
const FORTH = "M8.6 16.6 13.2 12 8.6 7.4 10 6l6 6-6 6z";
const ZOOM = "M10.5 4a6.5 6.5 0 1 0 4 11.6l4.9 5 1.4-1.5-4.9-4.9A6.5 6.5 0 0 0 10.5 4zm0 2a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM9.5 7.5v2h-2v2h2v2h2v-2h2v-2h-2v-2z";
const SAVE = "M11 4h2v8.2l2.6-2.6L17 11l-5 5-5-5 1.4-1.4 2.6 2.6zM5 18h14v2H5z";

/** One picture or video. */
export type Sight = { name: string; video: boolean; address: string; fresh: () => Promise<string> };

/** Opens the viewer at one of the pictures. Arrows go to the next and the previous, plus and minus or a double click enlarge. */
export function openViewer(sights: readonly Sight[], start: number, strings: Strings): void {
  let at = start;
  const stage = make("div", "sc-viewer__stage", { tabindex: "0", role: "group" });
  const count = make("span", "sc-viewer__count", { "aria-live": "polite" });
  const previous = iconButton("sc-viewer__button", BACK, strings["viewer.previous"]);
  const next = iconButton("sc-viewer__button", FORTH, strings["viewer.next"]);
  const zoom = iconButton("sc-viewer__button", ZOOM, strings["viewer.zoom"]);
  const save = make("a", "sc-viewer__button", { target: "_blank", rel: "noopener" }, iconButton("", SAVE).firstChild as Node);
  const enlarge = (on: boolean): void => {
    stage.classList.toggle("sc-viewer__stage--large", on && !sights[at]?.video);
    zoom.setAttribute("aria-pressed", String(on));
    // What is enlarged is looked at from its middle.
    stage.scrollTo((stage.scrollWidth - stage.clientWidth) / 2, (stage.scrollHeight - stage.clientHeight) / 2);
  };
  const isLarge = (): boolean => stage.classList.contains("sc-viewer__stage--large");
  const show = (i: number): void => {
    const sight = sights[i];
    if (!sight) return;
    at = i;
    const node = sight.video ? make("video", "sc-viewer__sight", { controls: "", playsinline: "", "aria-label": sight.name }) : make("img", "sc-viewer__sight", { alt: sight.name });
    node.src = sight.address;
    node.onerror = async () => {
      node.onerror = null;
      node.src = save.href = await sight.fresh();
    };
    stage.replaceChildren(node);
    stage.setAttribute("aria-label", sight.name);
    count.textContent = sights.length > 1 ? `${i + 1} / ${sights.length}` : "";
    previous.disabled = i === 0;
    next.disabled = i === sights.length - 1;
    zoom.hidden = sight.video;
    save.href = sight.address;
    save.download = sight.name;
    const label = fill(strings["file.download"], { name: sight.name });
    save.title = label;
    save.setAttribute("aria-label", label);
    enlarge(false);
  };
  previous.onclick = () => show(at - 1);
  next.onclick = () => show(at + 1);
  previous.hidden = next.hidden = sights.length < 2;
  zoom.onclick = () => enlarge(!isLarge());
  stage.ondblclick = () => enlarge(!isLarge());
  stage.onkeydown = (event) => {
    const act = { "+": () => enlarge(true), "=": () => enlarge(true), "-": () => enlarge(false) }[event.key];
    // An enlarged picture is moved by the arrows.
    if (event.key === "ArrowRight" && !isLarge()) show(at + 1);
    else if (event.key === "ArrowLeft" && !isLarge()) show(at - 1);
    else act?.();
  };
  const bar = make("div", "sc-viewer__bar", {}, previous, count, next, zoom, save);
  openDialog(sights[start]?.name ?? "", "sc-viewer", [stage, bar], strings, () => stage.replaceChildren());
  show(start);
  stage.focus();
}
