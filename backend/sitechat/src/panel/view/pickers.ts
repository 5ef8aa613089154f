import type { State, StateStore } from "../state";
import { iconButton, make, setLabel, setText } from "./dom";
import { CAMERA, CLIP } from "./icons";

/** The buttons that choose files. */
export type Pickers = { element: HTMLElement; render: (state: State) => void };

/** Draws them: any files, and on touch screens the camera. */
export function makePickers(chosen: (files: readonly File[]) => void): Pickers {
  const picker = (path: string, attributes: Record<string, string>): { input: HTMLInputElement; button: HTMLButtonElement } => {
    const input = make("input", "sc-composer__file", { type: "file", tabindex: "-1", "aria-hidden": "true", ...attributes });
    const button = iconButton("sc-composer__tool", path);
    button.onclick = () => input.click();
    input.onchange = () => {
      chosen([...(input.files ?? [])]);
      // The same file may be chosen again.
      input.value = "";
    };
    return { input, button };
  };
  const files = picker(CLIP, { multiple: "" });
  const camera = picker(CAMERA, { accept: "image/*", capture: "environment" });
  const element = make("span", "sc-composer__tools", {}, files.button, files.input, camera.button, camera.input);
  return {
    element,
    render({ uploads, editing, strings, phase }) {
      // Until the session tells, they keep their room, so that nothing moves when it does.
      element.hidden = (!uploads && phase !== "starting") || !!editing;
      element.classList.toggle("sc-composer__tools--waiting", !uploads);
      files.input.accept = uploads?.accept ?? "";
      setLabel(files.button, strings["composer.attach"]);
      setLabel(camera.button, strings["composer.camera"]);
    },
  };
}

/** Takes files that are pasted into the composer or dropped anywhere on the panel. */
export function takeFiles(input: HTMLElement, store: StateStore, chosen: (files: readonly File[]) => void): void {
  const cover = make("div", "sc-drop", { "aria-hidden": "true" });
  const hide = (): void => cover.remove();
  const brings = (event: DragEvent): boolean => !!event.dataTransfer?.types.includes("Files");
  input.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    // A spreadsheet's cells come as text and as a picture of them: the text is meant.
    if (!files.length || event.clipboardData?.getData("text/plain") || !store.get().uploads) return;
    event.preventDefault();
    chosen(files);
  });
  document.addEventListener("dragover", (event) => {
    if (!brings(event)) return;
    // Without this the browser would leave the panel for the file.
    event.preventDefault();
    const { uploads, strings } = store.get();
    if (!uploads) return;
    setText(cover, strings["composer.drop"]);
    if (!cover.isConnected) document.querySelector("main")?.append(cover);
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget || hide());
  document.addEventListener("drop", (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    hide();
    chosen([...(event.dataTransfer?.files ?? [])]);
  });
}

/** Whether this browser and the site let the panel use a microphone, as far as that is known before asking. */
export async function canRecord(): Promise<boolean> {
  const { featurePolicy } = document as { featurePolicy?: { allowsFeature: (name: string) => boolean } };
  if (!("MediaRecorder" in self) || !(navigator.mediaDevices as MediaDevices | undefined)?.getUserMedia) return false;
  if (featurePolicy && !featurePolicy.allowsFeature("microphone")) return false;
  try {
    return (await navigator.permissions.query({ name: "microphone" as PermissionName })).state !== "denied";
  } catch {
    // Not every browser tells beforehand.
    return true;
  }
}
