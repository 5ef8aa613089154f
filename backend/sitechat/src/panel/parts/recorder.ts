// A voice message: recorded beside the composer, sent or thrown away.
import type { Strings } from "../load";
import { formatDuration } from "../summary";
import { iconButton, make, setText } from "../view/dom";
import { CROSS, SEND } from "../view/icons";

/** What was recorded. */
export type Recording = { bytes: Blob; durationMs: number; type: string };

const MAX_MS = 5 * 60_000;
const TYPES = ["audio/ogg;codecs=opus", "audio/webm;codecs=opus", "audio/mp4"];

/**
 * Records into a bar inside the parent until the visitor sends it, or throws it away (undefined). After five minutes it stops
 * by itself and waits for the decision. Rejects when the microphone cannot be used.
 */
export async function record(parent: HTMLElement, strings: Strings): Promise<Recording | undefined> {
  const media = await navigator.mediaDevices.getUserMedia({ audio: true });
  const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type)) ?? "";
  const recorder = new MediaRecorder(media, { ...(mimeType && { mimeType }), audioBitsPerSecond: 32_000 });
  const chunks: Blob[] = [];
  const startedAt = performance.now();
  let durationMs = 0;
  const time = make("span", "sc-record__time", { role: "timer", "aria-live": "off" }, formatDuration(0));
  const words = make("span", "sc-record__words", { role: "status" }, strings["record.recording"]);
  const discard = iconButton("sc-record__discard", CROSS, strings["record.discard"]);
  const send = iconButton("sc-composer__send", SEND, strings["record.send"]);
  const bar = make("div", "sc-record", {}, discard, make("span", "sc-record__sign", { "aria-hidden": "true" }), time, words, send);

  const tick = setInterval(() => {
    if (recorder.state !== "recording") return;
    const ms = performance.now() - startedAt;
    setText(time, formatDuration(ms));
    if (ms >= MAX_MS) stop();
  }, 200);
  const stop = (): void => {
    if (recorder.state === "inactive") return;
    durationMs = Math.min(performance.now() - startedAt, MAX_MS);
    recorder.stop();
    bar.classList.add("sc-record--full");
    setText(words, strings["record.full"]);
  };
  const ended = new Promise<void>((resolve) => (recorder.onstop = () => resolve()));
  recorder.ondataavailable = ({ data }) => chunks.push(data);
  recorder.start();
  parent.append(bar);
  discard.focus();
  const sent = await new Promise<boolean>((resolve) => {
    discard.onclick = () => resolve(false);
    send.onclick = () => resolve(true);
    bar.onkeydown = (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      resolve(false);
    };
  });
  clearInterval(tick);
  stop();
  await ended;
  for (const track of media.getTracks()) track.stop();
  bar.remove();
  const type = (recorder.mimeType || mimeType).split(";")[0] ?? "";
  return sent ? { bytes: new Blob(chunks, { type }), durationMs: Math.round(durationMs), type } : undefined;
}
