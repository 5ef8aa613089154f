// The loader's other part: what a plain launcher does not need. Fetched after ready where the server names something of it.
import { chooseWords } from "../window/words";
import { addStyles } from "../shared/dom";
import { openUnasked } from "../shared/unasked";
import { readTracking } from "../shared/tracking";
import { readConsent } from "../window/identity";
import type { Part, PartOptions } from "../shared/part";
import bubbleCSS from "../styles/bubble.css";
import css from "../styles/extras.css";
import { watchActions } from "./actions";
import { makeAnimation } from "./animation";
import { makeChannels } from "./channels";
import { makeGreeting } from "./greeting";
import { readHooks } from "./hooks";
import type { Stage } from "./stage";

/** Puts on the page what the server's settings name in `extras`. */
export function makePart(options: PartOptions): Part {
  const { remote, settings, signal, view } = options;
  const { extras } = remote;
  // Destroyed while this part was on its way: nothing would take away what it adds.
  if (signal.aborted || !extras) return () => {};
  let isOpen = false;
  // Where visitors come to the site they seldom open the chat: the touch is kept for later (TRK-3).
  readTracking({ url: location.href, title: document.title, referrer: document.referrer }, readConsent(options.chat.consent, () => {}) === true);
  const { words } = chooseWords(settings.locale, remote.button.locale);
  addStyles(view.root, css + bubbleCSS, signal);
  const animation = makeAnimation(view);
  const stage: Stage = {
    options,
    isOpen: () => isOpen,
    open() {
      if (remote.chat && !matchMedia("(max-width: 640px)").matches) openUnasked(options);
    },
    greet: (text) => greeting.show(text),
    dismissed: () => greeting.dismissed(),
    dismiss: () => greeting.dismiss(),
    animate: (name) => isOpen || animation.start(name),
    onHook: (heard) => readHooks(options.hooks ?? [], heard),
  };
  const greeting = makeGreeting(stage, words, extras.greeting);
  // Somebody has found the button.
  const touched = (): void => {
    animation.stop();
    greeting.hide();
  };
  const channels = extras.channels?.length ? makeChannels(stage, words, extras, touched) : undefined;
  // Without a chat nothing is to be found where sites look for one (HOOK-1).
  if (!remote.chat) view.chat.remove();
  if (extras.animation) stage.animate(extras.animation);
  if (extras.actions) void watchActions(stage);
  return (open) => {
    isOpen = open;
    if (open) touched();
    channels?.(open);
  };
}
