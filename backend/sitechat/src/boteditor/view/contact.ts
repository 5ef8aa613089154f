// What a step takes from the visitor's answer for the contact's card, and how a bot ends.
import { PRESETS, PRESET_TEXTS } from "../blocks";
import { at, put, type Path } from "../json";
import { drawingSelect, labelled, make, textField } from "./dom";
import { keyOf, objectAt, type Editor } from "./editor";
import { markerField } from "./texts";

/** Phone and e-mail: only what the answer holds, or until both are known; then what the bot says meanwhile. */
export function contactFields(e: Editor, params: Path): Node[] {
  const name = String(objectAt(e, params).name);
  const options = PRESETS.map((preset) => [preset, e.say(`contact.${preset.split(".")[1] ?? ""}`)] as const);
  const choose = drawingSelect(keyOf(params, "name"), options, name, (next) => e.change(put(e.doc, params, { ...objectAt(e, params), name: next, ...(next === PRESETS[0] && { params: {} }) })));
  const parts: Node[] = [labelled(e.say("contact.label"), choose)];
  if (name !== PRESETS[0]) return parts;
  for (const text of PRESET_TEXTS) parts.push(markerField(e, [...params, "params", text], e.say(`contact.${text}`)));
  return parts;
}

/** The end of the conversation, or a bot of the CRM that goes on, by its number there. */
export function endFields(e: Editor, params: Path): Node[] {
  const action = String(objectAt(e, params).action);
  const options = ["talk-close", "salesbot-start"].map((name) => [name, e.say(`end.${name}`)] as const);
  const choose = drawingSelect(keyOf(params, "action"), options, action, (next) => e.change(put(e.doc, params, next === "talk-close" ? { action: next } : { action: next, bot: 0 })));
  if (action === "talk-close") return [labelled(e.say("end.label"), choose), make("p", "bot-hint", {}, e.say("end.hint"))];
  const place = [...params, "bot"];
  const bot = Number(at(e.doc, place));
  const field = textField(keyOf(place, "text"), bot ? String(bot) : "", (typed) => e.type(place, /^\d{1,15}$/.test(typed.trim()) ? Number(typed) : 0));
  field.inputMode = "numeric";
  return [labelled(e.say("end.label"), choose), labelled(e.say("end.bot"), field), make("p", "bot-hint", {}, e.say("end.bot_hint"))];
}
