// The dialogs: buttons, list, template, forward, write first.
import { el, button, ask, dialog, field, input, options } from "./dom.js";

/** Buttons: a line is a row, "|" parts its buttons, "Text -> link" makes a link. */
export function buttonsDialog(done) {
  const rows = input("textarea", { rows: 4, required: true, placeholder: "Yes | No\nLater" });
  dialog("Buttons", [field("Rows", rows, "A line is a row, | parts buttons. “Our shop -> https://example.org” opens a link; without a link a press says the button's text.")], "Use", () => {
    const lines = rows.value.split("\n").map((l) => l.trim()).filter(Boolean);
    const buttons = lines.map((l) => l.split("|").map((b) => {
      const [text, url] = b.split("->").map((p) => p.trim());
      if (!text) throw new Error("A button needs a text.");
      return url ? { text, url } : { text };
    }));
    const all = buttons.flat();
    if (!all.length) throw new Error("There is no button.");
    if (all.some((b) => b.url) && all.some((b) => !b.url)) throw new Error("Buttons with and without links do not mix in one message.");
    done({ mode: "inline", buttons });
  });
}

/** A list message: "# title" begins a section, "title | description" is a row. */
export function listDialog(done) {
  const header = input("input", { maxLength: 60 });
  const body = input("textarea", { rows: 2, maxLength: 1024, required: true });
  const footer = input("input", { maxLength: 60 });
  const word = input("input", { required: true, value: "Choose" });
  const rows = input("textarea", { rows: 5, required: true, placeholder: "# Delivery\nCourier | tomorrow\nPickup" });
  dialog("List message", [field("Header", header), field("Body", body), field("Footer", footer), field("Button", word),
    field("Rows", rows, "“# title” begins a section; “title | description” is a row.")], "Use", () => {
    const sections = [];
    for (const line of rows.value.split("\n").map((l) => l.trim()).filter(Boolean)) {
      if (line.startsWith("#")) { sections.push({ title: line.slice(1).trim(), rows: [] }); continue; }
      if (!sections.length) sections.push({ title: "", rows: [] });
      const [title, description = ""] = line.split("|").map((p) => p.trim());
      const s = sections.at(-1);
      s.rows.push({ callback_data: "row-" + sections.length + "-" + (s.rows.length + 1), title, description });
    }
    if (!sections.length || sections.some((s) => !s.rows.length)) throw new Error("Each section needs a row.");
    done({ list_message: { header: header.value, body: body.value, footer: footer.value, button: word.value, sections } });
  });
}

/** Templates of the account, or one typed here; it is sent at once. */
export function templateDialog(list, done) {
  const pick = input("select");
  options(pick, [["", "One of my own"], ...list.map((t, i) => [String(i), t.name || t.content])]);
  const content = input("textarea", { rows: 4, required: true, placeholder: "Good day, {{contact.name}}!" });
  const external = input("input", { placeholder: "tpl-1" });
  pick.addEventListener("change", () => {
    const t = list[pick.value];
    content.value = t ? t.content : "";
    external.value = t ? t.external_id || "" : "";
    content.readOnly = external.readOnly = Boolean(t);
  });
  const parts = [field("Content", content, "{{contact.name}}, {{contact.phone}}, {{contact.email}}, {{lead.name}} and {{lead.id}} are filled in."), field("External id", external)];
  if (list.length) parts.unshift(field("Template", pick));
  dialog("Template", parts, "Send", () => {
    const t = list[pick.value];
    done(t ? { id: t.id } : { id: 901, external_id: external.value, content: content.value, params: [] });
  });
}

/** Forward a message to another chat. */
export function forwardDialog(message, chats, say) {
  const to = input("select", { required: true });
  options(to, chats.map((c) => [c.id, c.name + (c.source ? " · " + c.source : "")]));
  const text = input("input", { placeholder: "Words of your own, if any" });
  dialog("Forward", [field("To", to), field("Text", text)], "Forward",
    () => say(to.value, { text: text.value, forwards: { messages: [{ id: message.id }] } }));
}

/** Write first (C §8.4): to a card's phone or to any number, from a source. */
export async function writeFirstDialog(speaker, done) {
  const people = await ask("people");
  if (!people.lines.length) {
    dialog("Write first", [el("p", "", "No channel is connected.")], "", () => {});
    return;
  }
  const line = input("select");
  options(line, people.lines.map((l) => [l.scope_id, l.title]));
  const source = input("select");
  const fill = () => {
    const l = people.lines.find((x) => x.scope_id === line.value);
    options(source, [["", "none"], ...l.sources.map((s) => [s.external_id, s.name])]);
  };
  line.addEventListener("change", fill);
  fill();
  const contact = input("select");
  options(contact, [["0", "Another number"], ...people.contacts.map((c) => [String(c.id), c.name + " · " + c.phone])]);
  const phone = input("input", { type: "tel", placeholder: "+79990001122" });
  const toPhone = field("Phone", phone);
  contact.addEventListener("change", () => { toPhone.hidden = contact.value !== "0"; });
  const text = input("textarea", { rows: 3, required: true });
  dialog("Write first", [field("Channel", line), field("Source", source), field("Contact", contact), toPhone, field("Message", text)], "Send", async () => {
    const m = await ask("write-first", { scope_id: line.value, source: source.value, contact_id: Number(contact.value),
      phone: contact.value === "0" ? phone.value.trim() : "", text: text.value, user_id: speaker().user_id || 0 });
    done(m.chat_id);
  });
}
