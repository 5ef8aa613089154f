import type { Attachment } from "../content";
import type { Message } from "../message";
import { fill } from "../strings";
import { formatBytes, formatDuration, kindOf } from "../summary";
import { CROSS, FILE, PLAY } from "../view/icons";
import { icon, iconButton, make } from "../view/dom";
import type { Part } from "../view/patch";
import { makePlayer } from "./player";
import type { Canvas } from "../view/row";

const MAX_WIDTH_PX = 240;
const MAX_HEIGHT_PX = 280;
const UNKNOWN = { width: 200, height: 150 };

/** The file of a message, or the album of several. Its look leaves out the links: they change with every reading. */
export function mediaPart(messages: readonly [Message, ...Message[]], canvas: Canvas): Part | undefined {
  const [message] = messages;
  if (!message.file) return undefined;
  const { lang, previews } = canvas.state;
  const look = JSON.stringify([lang, messages.map(({ clientID, kind, file }) => [previews.get(clientID) ?? file?.id, kind, file?.state, file?.width, file?.name, file?.bytes])]);
  const draw = (): HTMLElement =>
    messages.length > 1 ? make("div", "sc-album", {}, ...messages.map((m) => drawTile(m, messages, canvas))) : drawFile(message, message.file as Attachment, canvas);
  return { name: "media", look, draw };
}

function drawFile(message: Message, file: Attachment, canvas: Canvas): HTMLElement {
  const { state, app } = canvas;
  if (file.state !== "ready") return drawState(message, file, canvas);
  switch (message.kind) {
    case "sticker":
      return withSize(make("img", "sc-sticker", { alt: kindOf("sticker", state.strings) }), file, (node) => source(node, message, canvas, false), 160);
    case "picture":
      return drawTile(message, [message], canvas);
    case "video": {
      const video = make("video", "sc-video", { controls: "", preload: "metadata", playsinline: "", "aria-label": nameOf(message, canvas) });
      if (file.thumbURL) video.poster = app.address(file.thumbURL);
      return withSize(video, file, (node) => source(node, message, canvas, false));
    }
    case "voice":
    case "audio":
      return makePlayer({
        title: message.kind === "audio" ? file.name : kindOf("voice", state.strings),
        strings: state.strings,
        durationMs: file.durationMs,
        source: () => addressOf(message, canvas, false),
        fresh: async () => app.address((await app.fresh(message.id))?.url ?? ""),
      });
    default:
      return drawCard(message, file, canvas);
  }
}

/** A picture or a video that opens in the viewer. */
function drawTile(message: Message, album: readonly Message[], canvas: Canvas): HTMLElement {
  const file = message.file as Attachment;
  if (file.state !== "ready") return drawState(message, file, canvas);
  const name = nameOf(message, canvas);
  const button = make("button", "sc-picture", { type: "button", "aria-label": fill(canvas.state.strings["file.view"], { name }) });
  button.onclick = () => canvas.view(album, message);
  const own = canvas.state.previews.get(message.clientID);
  if (message.kind === "video" && own) button.append(withSize(make("video", "", { preload: "metadata", muted: "", playsinline: "", src: own }), file, () => {}));
  else if (message.kind !== "video" || file.thumbURL) button.append(withSize(make("img", "", { alt: "", loading: "lazy" }), file, (node) => source(node, message, canvas, true)));
  if (message.kind === "video") button.append(icon(PLAY));
  return button;
}

/** What is not there (yet) keeps the room that it will take. */
function drawState(message: Message, file: Attachment, { state }: Canvas): HTMLElement {
  const words = state.strings[file.state === "loading" ? "file.loading" : "file.failed"];
  const box = make("p", `sc-file sc-file--${file.state}`, {}, `${kindOf(message.kind, state.strings)} · ${words}`);
  if (["picture", "video"].includes(message.kind) && file.width) {
    const { width, height } = fit(file, MAX_WIDTH_PX);
    box.style.width = `${width}px`;
    box.style.aspectRatio = `${width} / ${height}`;
  }
  return box;
}

function drawCard(message: Message, file: Attachment, canvas: Canvas): HTMLElement {
  const { strings, lang } = canvas.state;
  const name = file.name || kindOf("file", strings);
  const kind = /\.([\w]{1,5})$/.exec(name)?.[1]?.toUpperCase() ?? "";
  const about = make("span", "sc-file__about", {}, [kind, formatBytes(file.bytes, lang)].filter(Boolean).join(" · "));
  const words = make("span", "sc-file__words", {}, make("span", "sc-file__name", { dir: "auto" }, name), about);
  const link = make("a", "sc-file", { download: name, title: fill(strings["file.download"], { name }) }, icon(FILE), words);
  link.href = addressOf(message, canvas, false);
  // The link may have run out since it was drawn: a fresh one is there before the browser follows it.
  link.onpointerenter = link.onfocus = () => void canvas.app.fresh(message.id).then((f) => f?.url && (link.href = canvas.app.address(f.url)));
  return link;
}

/** How far an upload is, and the way back. */
export function uploadPart({ clientID, file }: Message, { app, state }: Canvas): Part {
  const name = file?.name || kindOf("file", state.strings);
  const draw = (): HTMLElement => {
    const cancel = iconButton("sc-upload__cancel", CROSS, fill(state.strings["file.cancel"], { name }));
    cancel.onclick = () => app.cancel(clientID);
    return make("div", "sc-upload", {}, make("progress", "sc-upload__bar", { "aria-label": fill(state.strings["file.progress"], { name }), value: "0" }), cancel);
  };
  const update = (node: HTMLElement): void => {
    (node.firstElementChild as HTMLProgressElement).value = state.progress.get(clientID) ?? 0;
  };
  return { name: `upload ${clientID}`, look: name, draw, update };
}

function nameOf(message: Message, { state }: Canvas): string {
  const { file, kind } = message;
  return [kindOf(kind, state.strings), file?.durationMs ? formatDuration(file.durationMs) : "", file?.name].filter(Boolean).join(" ");
}

function addressOf({ id, clientID, file }: Message, { app, state }: Canvas, thumb: boolean): string {
  const now = (id && state.transcript.get(id)?.file) || file;
  return state.previews.get(clientID) ?? app.address((thumb && now?.thumbURL) || now?.url || "");
}

/** Loads a picture or a video, once more by a fresh link when the first has run out. */
function source(node: HTMLImageElement | HTMLVideoElement, message: Message, canvas: Canvas, thumb: boolean): void {
  node.src = addressOf(message, canvas, thumb);
  node.onerror = async () => {
    node.onerror = null;
    const file = await canvas.app.fresh(message.id);
    if (file?.url) node.src = canvas.app.address((thumb && file.thumbURL) || file.url);
  };
}

function withSize<T extends HTMLImageElement | HTMLVideoElement>(node: T, file: Attachment, load: (node: T) => void, max = MAX_WIDTH_PX): T {
  Object.assign(node, fit(file, max));
  load(node);
  return node;
}

function fit({ width, height }: Attachment, max: number): { width: number; height: number } {
  if (!width || !height) return UNKNOWN;
  const scale = Math.min(1, max / width, MAX_HEIGHT_PX / height);
  return { width: Math.max(48, Math.round(width * scale)), height: Math.max(48, Math.round(height * scale)) };
}
