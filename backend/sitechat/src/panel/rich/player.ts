import type { Strings } from "../strings";
import { formatDuration } from "../summary";
import { iconButton, make, setLabel, setText } from "../view/dom";
import { PAUSE, PLAY } from "../view/icons";

/** What is played. */
export type Track = {
  title: string;
  strings: Strings;
  /** 0 when it is not known before it is loaded. */
  durationMs: number;
  source: () => string;
  /** Another address, when the first has run out. */
  fresh: () => Promise<string>;
};

let playing: HTMLAudioElement | undefined;

/** Draws a player of one recording: play and pause, a slider that works by keyboard, the time. One plays at a time. */
export function makePlayer({ title, strings, durationMs, source, fresh }: Track): HTMLElement {
  const audio = new Audio();
  audio.preload = durationMs ? "none" : "metadata";
  const toggle = iconButton("sc-player__toggle", PLAY, strings["player.play"]);
  const slider = make("input", "sc-player__slider", { type: "range", min: "0", step: "0.1", value: "0", "aria-label": `${strings["player.position"]}: ${title}` });
  const time = make("span", "sc-player__time");
  const length = (): number => (Number.isFinite(audio.duration) && audio.duration > 0 ? audio.duration : durationMs / 1000);
  const show = (): void => {
    const at = audio.currentTime;
    slider.max = String(length() || 1);
    slider.value = String(at);
    slider.style.setProperty("--sc-played", `${length() ? (at / length()) * 100 : 0}%`);
    slider.setAttribute("aria-valuetext", `${formatDuration(at * 1000)} / ${formatDuration(length() * 1000)}`);
    setText(time, formatDuration((at || length()) * 1000));
    setLabel(toggle, strings[audio.paused ? "player.play" : "player.pause"]);
    toggle.querySelector("path")?.setAttribute("d", audio.paused ? PLAY : PAUSE);
  };
  const start = (): Promise<void> => {
    if (playing !== audio) playing?.pause();
    playing = audio;
    return audio.play();
  };
  toggle.onclick = () => {
    if (!audio.src) audio.src = source();
    if (!audio.paused) return audio.pause();
    // A pause right after is no failure; what cannot be loaded is seen by onerror.
    start().catch(() => {});
  };
  audio.onerror = async () => {
    audio.onerror = null;
    const at = audio.currentTime;
    audio.src = await fresh();
    audio.currentTime = at;
    if (playing === audio) start().catch(show);
  };
  slider.oninput = () => {
    if (!audio.src) audio.src = source();
    audio.currentTime = Number(slider.value);
    show();
  };
  // Recorders of browsers write no length: it is found by looking for the end.
  audio.onloadedmetadata = () => {
    if (audio.duration !== Infinity || durationMs || !audio.paused) return;
    audio.ondurationchange = () => {
      if (audio.duration === Infinity) return;
      audio.ondurationchange = show;
      audio.currentTime = 0;
      show();
    };
    audio.currentTime = 1e7;
  };
  audio.onplay = audio.onpause = audio.ontimeupdate = audio.ondurationchange = show;
  audio.onended = () => {
    audio.currentTime = 0;
    show();
  };
  if (!durationMs) audio.src = source();
  show();
  return make("div", "sc-player", { role: "group", "aria-label": title }, toggle, slider, time);
}
