// The files that were chosen and not sent yet: looked at, checked, and taken back before they go.
import type { Strings } from "../load";
import type { Uploads } from "../message";
import type { Chosen } from "../writing";
import { fill } from "../strings";
import { formatBytes } from "../summary";
import { icon, iconButton, make } from "../view/dom";
import { CROSS, FILE, PLAY } from "../view/icons";

const MAX_FILES = 10;
const MEASURE_MS = 3000;

/** The tray: where files lie until the visitor sends them. */
export type Tray = {
  element: HTMLElement;
  /** Adds files; returns why some were not taken, or an empty text. */
  add: (files: readonly File[], uploads: Uploads, strings: Strings, lang: string) => string;
  count: () => number;
  files: () => File[];
  /** Hands over what lies there, measured, and is empty then. */
  take: () => Promise<Chosen[]>;
};

/** The kind of message that a file makes, by the type that the browser gives it; the server looks at the content. */
export function kindOfType(type: string): string {
  if (/^image\/(jpeg|png|gif|webp|avif|bmp)$/.test(type)) return "picture";
  if (/^video\/(mp4|webm|quicktime|ogg)$/.test(type)) return "video";
  return type.startsWith("audio/") ? "audio" : "file";
}

/** Whether a file is among those of an accept attribute: by its type, or by the ending of its name. All are, where it is empty. */
export function isAccepted({ name, type }: { name: string; type: string }, accept: string): boolean {
  const known = accept.toLowerCase().split(",").filter(Boolean);
  const fits = (a: string): boolean => (a.startsWith(".") ? name.toLowerCase().endsWith(a) : a.endsWith("/*") ? type.startsWith(a.slice(0, -1)) : type === a);
  return !known.length || known.some(fits);
}

/** Makes the tray; changed is told when files come or go. */
export function makeTray(changed: () => void): Tray {
  const element = make("ul", "sc-tray");
  let files: { file: File; url: string; node: HTMLElement }[] = [];
  const remove = (node: HTMLElement): void => {
    const i = files.findIndex((f) => f.node === node);
    URL.revokeObjectURL(files[i]?.url ?? "");
    files = files.filter((f) => f.node !== node);
    node.remove();
    element.querySelectorAll("button")[Math.min(i, files.length - 1)]?.focus();
    changed();
  };
  const draw = (file: File, url: string, strings: Strings, lang: string): HTMLElement => {
    const kind = kindOfType(file.type);
    const cross = iconButton("sc-tray__remove", CROSS, fill(strings["file.remove"], { name: file.name }));
    const sight = kind === "picture" ? make("img", "sc-tray__picture", { src: url, alt: "", width: "64", height: "64" }) : icon(kind === "video" ? PLAY : FILE);
    const node = make("li", "sc-tray__item", {}, sight);
    if (kind !== "picture") node.append(make("span", "sc-tray__size", {}, formatBytes(file.size, lang)));
    node.append(make("span", kind === "picture" ? "sc-hidden" : "sc-tray__name", {}, file.name), cross);
    cross.onclick = () => remove(node);
    return node;
  };
  return {
    element,
    add(list, { maxBytes, accept }, strings, lang) {
      element.setAttribute("aria-label", strings["file.chosen"]);
      let problem = "";
      for (const file of list) {
        const max = maxBytes[kindOfType(file.type)] ?? maxBytes.file ?? 0;
        if (!file.size) problem = fill(strings["file.empty"], { name: file.name });
        else if (!isAccepted(file, accept)) problem = fill(strings["file.refused"], { name: file.name });
        else if (max && file.size > max) problem = fill(strings["file.too_large"], { name: file.name, size: formatBytes(max, lang) });
        else if (files.length >= MAX_FILES) problem = fill(strings["file.too_many"], { count: MAX_FILES });
        else {
          const url = URL.createObjectURL(file);
          const node = draw(file, url, strings, lang);
          files.push({ file, url, node });
          element.append(node);
        }
      }
      changed();
      return problem;
    },
    count: () => files.length,
    files: () => files.map((f) => f.file),
    async take() {
      const taken = files;
      files = [];
      element.replaceChildren();
      changed();
      return Promise.all(
        taken.map(async ({ file, url }) => {
          const kind = kindOfType(file.type);
          const size = await measure(kind, url);
          URL.revokeObjectURL(url);
          return { bytes: file, file: { id: "", kind, wish: "", name: file.name, type: file.type, bytes: file.size, durationMs: 0, ...size } };
        }),
      );
    },
  };
}

/** The size of a picture or a video, so that its place in the transcript is right from the start; zeros when it has none. */
function measure(kind: string, url: string): Promise<{ width: number; height: number }> {
  return new Promise((resolve) => {
    const none = (): void => resolve({ width: 0, height: 0 });
    setTimeout(none, MEASURE_MS);
    if (kind === "picture") {
      const picture = new Image();
      picture.onload = () => resolve({ width: picture.naturalWidth, height: picture.naturalHeight });
      picture.onerror = none;
      picture.src = url;
    } else if (kind === "video") {
      const video = make("video", "", { preload: "metadata" });
      video.onloadedmetadata = () => resolve({ width: video.videoWidth, height: video.videoHeight });
      video.onerror = none;
      video.src = url;
    } else none();
  });
}
