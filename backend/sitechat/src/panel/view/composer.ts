import type { App } from "../app";
import { load } from "../load";
import type { State, StateStore } from "../state";
import type { Tray } from "../parts/tray";
import { lastEditable } from "./actions";
import { iconButton, make, setLabel, setText } from "./dom";
import { MIC, SEND, SMILE } from "./icons";
import { makeMode } from "./mode";
import { canRecord, makePickers, takeFiles } from "./pickers";

const MAX_LENGTH = 4096;
const MAX_HEIGHT_PX = 170;
/** The browser itself fits the input to its text (composer.css): nothing need be laid out to measure it. */
const GROWS = CSS.supports("field-sizing", "content");

/** Where the visitor writes. */
export type Composer = { element: HTMLElement; input: HTMLElement; render: (state: State) => void; focus: () => void };

/** Draws the composer; sent is called after something was written. */
export function makeComposer(app: App, store: StateStore, draft: { get: () => string; set: (text: string) => void }, sent: () => void): Composer {
  const input = make("textarea", "sc-composer__input", { rows: "1", dir: "auto", enterkeyhint: "send" });
  const send = iconButton("sc-composer__send", SEND);
  send.type = "submit";
  const mic = iconButton("sc-composer__tool sc-composer__mic", MIC);
  const emoji = iconButton("sc-composer__tool sc-composer__emoji", SMILE);
  emoji.setAttribute("aria-haspopup", "grid");
  emoji.setAttribute("aria-expanded", "false");
  const error = make("p", "sc-composer__error", { role: "alert" });
  const mode = makeMode(app);
  const pickers = makePickers((files) => void attach(files));
  const form = make("form", "sc-composer", {}, mode.element, pickers.element, input, emoji, mic, send, error);
  let tray: Tray | undefined;
  let editing: State["editing"];
  let replyTo: State["replyTo"];
  let busy = false;
  let recordable = false;
  let taking = false;
  let restored = false;

  const grow = (): void => {
    if (GROWS) return;
    input.style.height = "auto";
    input.style.height = `${Math.min(input.scrollHeight, MAX_HEIGHT_PX)}px`;
    input.classList.toggle("sc-composer__input--full", input.scrollHeight > MAX_HEIGHT_PX);
  };
  const tooLong = (): boolean => [...input.value.trim()].length > MAX_LENGTH;
  const changed = (): void => {
    const { strings, notice, uploads } = store.get();
    if (!editing) draft.set(input.value);
    // The server counts characters, not the halves of them that browsers count.
    setText(error, tooLong() ? strings["composer.too_long"] : notice);
    const empty = !input.value.trim() && !tray?.count();
    form.classList.toggle("sc-composer--empty", empty);
    // Where there is nothing to send, one may speak.
    mic.hidden = !recordable || !uploads || !empty || !!editing;
    send.hidden = !mic.hidden;
    input.placeholder = tray?.count() ? strings["composer.caption"] : strings.compose_placeholder;
    grow();
  };
  const write = (text: string): void => {
    input.value = text;
    changed();
  };
  const submit = async (): Promise<void> => {
    const text = input.value.trim();
    const files = tray?.count() ?? 0;
    input.focus();
    if (busy || tooLong() || !(text || files)) return;
    if (editing) {
      busy = true;
      await app.write(text);
      busy = false;
    } else if (files && tray) {
      write("");
      taking = true;
      app.sendFiles(await tray.take(), text);
      taking = false;
      app.choose(tray.files());
    } else {
      write("");
      void app.write(text);
    }
    sent();
  };
  const trayed = (): void => {
    // What is being sent is kept here until it is kept there.
    if (tray && !taking) app.choose(tray.files());
    changed();
  };
  const attach = async (files: readonly File[], again = false): Promise<void> => {
    const { uploads, strings, lang, editing: changing, phase } = store.get();
    if (!uploads || !files.length || changing || phase === "unavailable") return;
    try {
      if (!tray) {
        tray = (await load("tray")).makeTray(trayed);
        input.before(tray.element);
        mode.element.after(tray.element);
      }
      app.notify(tray.add(files, uploads, store.get().strings, lang));
      if (!again) input.focus();
    } catch {
      app.notify(strings["panel.part_failed"]);
    }
  };
  const speak = async (): Promise<void> => {
    const { strings } = store.get();
    try {
      const { record } = await load("recorder");
      form.classList.add("sc-composer--recording");
      const recording = await record(form, store.get().strings);
      if (recording) {
        const { bytes, durationMs, type } = recording;
        const name = `voice.${type.split("/")[1] ?? "bin"}`;
        app.sendFiles([{ bytes, file: { id: "", kind: "voice", wish: "voice", name, type, bytes: bytes.size, width: 0, height: 0, durationMs } }], "");
        sent();
      }
    } catch (reason) {
      app.notify(strings[reason instanceof DOMException ? "record.refused" : "panel.part_failed"]);
    }
    form.classList.remove("sc-composer--recording");
    (mic.hidden ? input : mic).focus();
  };

  emoji.onclick = () => {
    load("emoji").then(({ toggleEmoji }) => toggleEmoji(emoji, input, store.get().strings), () => app.notify(store.get().strings["panel.part_failed"]));
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    void submit();
  };
  mic.onclick = () => void speak();
  input.oninput = () => {
    if (store.get().notice) app.notify("");
    changed();
    if (input.value.trim() && !editing) app.typing();
  };
  input.onkeydown = (event) => {
    // 229 is what browsers give that end a composition before they tell of the key.
    if (event.isComposing || event.keyCode === 229) return;
    const last = event.key === "ArrowUp" && !input.value && !tray?.count() ? lastEditable(store) : undefined;
    if (last) app.startEdit(last);
    else if (event.key === "Escape" && (editing || replyTo)) {
      // It ends what was begun, and not the chat.
      event.stopPropagation();
      mode.cancel();
    } else if (event.key === "Enter" && !event.shiftKey) void submit();
    else return;
    event.preventDefault();
  };
  // Where the character comes although its key was taken (remote control, some keyboards of phones), it leaves no empty line.
  input.onkeypress = (event) => {
    if (event.key === "Enter" && !event.shiftKey) event.preventDefault();
  };
  input.value = draft.get();
  takeFiles(input, store, (files) => void attach(files));
  void canRecord().then((can) => {
    recordable = can;
    changed();
  });
  return {
    element: form,
    input,
    render(state) {
      const { strings } = state;
      mode.render(state);
      pickers.render(state);
      if (state.uploads && !restored) {
        restored = true;
        void app.chosen().then((files) => attach(files, true));
      }
      const began = (state.editing && state.editing !== editing) || (state.replyTo && state.replyTo !== replyTo);
      if (state.editing !== editing) {
        editing = state.editing;
        // The draft waits while an older message is changed.
        input.value = editing ? editing.text : draft.get();
      }
      replyTo = state.replyTo;
      setLabel(emoji, strings["emoji.open"]);
      setLabel(mic, strings["composer.voice"]);
      setLabel(send, strings[editing ? "composer.save" : "composer.send"]);
      input.setAttribute("aria-label", strings.compose_placeholder || strings["composer.send"]);
      changed();
      if (began) input.focus();
    },
    focus: () => input.focus(),
  };
}
