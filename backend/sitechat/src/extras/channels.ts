import { add, addIcon } from "../shared/dom";
import type { Extras } from "../shared/extras";
import { CROSS } from "../window/cross";
import type { Words } from "../window/words";
import { messengerOf } from "./icons";
import { fillLink, isLink } from "./links";
import type { Stage } from "./stage";

/**
 * Puts the messengers on the button: behind the launcher, which opens and folds them, or in a row of their own beside it where
 * the snippet says `inline` (EMB-6). Returns what is to be told when the chat opens or closes.
 */
export function makeChannels(stage: Stage, words: Words, extras: Extras, touched: () => void): (open: boolean) => void {
  const { options, isOpen } = stage;
  const { view, remote, settings, signal, click } = options;
  const { root, launcher } = view;
  const inline = !!settings.inline;
  const holder = launcher.parentElement as HTMLElement;
  const sides = [inline && "inline", extras.vertical && "vertical", extras.left && "left", extras.top && "top"];
  holder.classList.add("leadline-channels", ...sides.filter((side) => typeof side === "string").map((side) => `leadline-${side}`));
  if (!extras.vertical) holder.classList.add("amo-horisontal");
  launcher.classList.remove("amo-button--only-livechat");

  const list = add(holder, "div", "", "social_iframe");
  list.setAttribute("role", "region");
  list.setAttribute("aria-label", words.contact);
  for (const { service, link } of extras.channels ?? []) {
    const known = messengerOf(service);
    if (known && isLink(link)) addLink(stage, list, service, known, link);
  }
  if (inline) {
    // The launcher is the online chat's own button; without a chat there is nothing for it to open.
    if (remote.chat) launcher.classList.add("amo-button--livechat");
    else launcher.style.display = "none";
    return () => {};
  }

  let expanded = false;
  const paint = (): void => {
    root.classList.toggle("leadline-expanded", expanded);
    launcher.setAttribute("aria-expanded", `${expanded || isOpen()}`);
  };
  const expand = (wanted: boolean): void => {
    if (wanted === expanded) return;
    expanded = wanted;
    touched();
    paint();
  };
  if (remote.chat) {
    const live = add(list, "button", "amo-button amo-button--livechat");
    live.setAttribute("aria-label", remote.chat.title || words.chat);
    Object.assign(live.style, { background: options.color, color: launcher.style.color });
    addIcon(live, messengerOf("livechat")?.path ?? "");
    live.onclick = () => {
      expand(false);
      click?.();
    };
  } else launcher.setAttribute("aria-label", words.contact);
  addIcon(add(launcher, "span", "leadline-fold"), CROSS);
  launcher.setAttribute("aria-controls", remote.chat ? "social_iframe amo-livechat" : "social_iframe");
  launcher.onpointerdown = null;
  launcher.onclick = () => {
    if (isOpen()) click?.();
    else expand(!expanded);
  };
  holder.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !expanded) return;
    expand(false);
    launcher.focus();
  });
  document.addEventListener(
    "click",
    // Not what a page's script clicks: that may have opened them a moment ago.
    (event) => event.isTrusted && !holder.contains(event.target as Node) && expand(false),
    { signal, capture: true },
  );
  paint();
  return (open) => {
    if (open) expand(false);
    paint();
  };
}

function addLink({ options }: Stage, list: HTMLElement, service: string, { name, color, path }: { name: string; color: string; path: string }, link: string): void {
  const item = add(list, "div", `amo-button amo-button--${service}`);
  item.style.background = color;
  const anchor = add(item, "a", "amo-button__link");
  anchor.setAttribute("aria-label", name);
  anchor.rel = "noopener noreferrer";
  addIcon(anchor, path);
  let ours = "";
  // The site may put another address in its place (HOOK-1), which stays then.
  const fill = (): void => {
    if (ours && anchor.getAttribute("href") !== ours) return;
    ours = fillLink(link, globalThis as Record<string, unknown>, document.cookie);
    anchor.href = ours;
    anchor.target = ours.startsWith("http") ? "_blank" : "";
  };
  fill();
  anchor.onclick = (event) => {
    fill();
    // Subscribers hear of it before the browser goes there (EVT-9): after a person's click they have their turn by themselves.
    options.events.emit("onButtonClick", service, anchor.getAttribute("href") ?? "");
    if (event.isTrusted) return;
    event.preventDefault();
    const { href, target } = anchor;
    queueMicrotask(() => (target ? window.open(href, target, "noopener,noreferrer") : location.assign(href)));
  };
  // Sites click the channel by script (HOOK-1).
  item.onclick = (event) => anchor.contains(event.target as Node) || anchor.click();
}
