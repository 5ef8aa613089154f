// The composer: text, files, buttons, list, template, quote, public answer.
import { $, el, button, ask, upload, options, size } from "./dom.js";
import { buttonsDialog, listDialog, templateDialog } from "./dialogs.js";

const EMOJIS = "😀 😁 😂 😊 😍 😘 😎 🤔 😢 😡 👍 👎 👌 🙏 👋 💪 ❤️ 🔥 🎉 ✅ ❌ ⭐ 📞 📦".split(" ");
const KINDS = { image: ["picture", "sticker", "file"], audio: ["audio", "voice", "file"], video: ["video", "file"] };

const empty = () => ({ files: [], markup: null, template: null, reply: null, post: null });
let draft = empty();
let chat = "";
let speaker = () => ({});
let changed = () => {};
let typedAt = 0;

/** A chat was chosen; what was begun in another one is given up but its text. */
const texts = new Map();
export function openChat(id) {
  if (id === chat) return;
  texts.set(chat, $("text").value);
  chat = id;
  $("text").value = texts.get(id) || "";
  draft = empty();
  show();
}

export function quoteMessage(m) { draft.reply = m; show(); $("text").focus(); }
export function answerPublicly(m) { draft = { ...empty(), post: m.post }; show(); $("text").focus(); }

/** The end of the time window bars everything but templates. */
export function showWindow(card) {
  const hint = $("window");
  hint.hidden = !card.window_end;
  if (card.window_end) {
    const at = new Date(card.window_end);
    hint.textContent = card.window_bar ? "The time window is over: only a template can be sent."
      : (at > Date.now() ? "The time window closes " : "The time window closed ") + at.toLocaleString();
  }
}

// show draws what is attached to the next message.
function show() {
  const about = $("about");
  const parts = [];
  const line = (words, drop) => {
    const b = button("×", () => { drop(); show(); $("text").focus(); }, "composer__drop");
    b.setAttribute("aria-label", "Drop: " + words);
    parts.push(el("span", "composer__part", el("span", "composer__words", words), b));
  };
  if (draft.post) line("Public answer under “" + (draft.post.caption || draft.post.id) + "”", () => { draft.post = null; });
  if (draft.reply) line("Quoting “" + (draft.reply.text || draft.reply.file_name || draft.reply.type).slice(0, 80) + "”", () => { draft.reply = null; });
  if (draft.markup) line(draft.markup.list_message ? "With a list" : "With buttons", () => { draft.markup = null; });
  if (draft.template) line("From a template", () => { draft.template = null; });
  about.replaceChildren(...parts);
  about.hidden = !parts.length;
  $("files").replaceChildren(...draft.files.map(fileRow));
  $("files").hidden = !draft.files.length;
  for (const id of ["attach", "buttons", "list", "template"]) $(id).disabled = Boolean(draft.post);
  $("attach-label").classList.toggle("small--off", Boolean(draft.post));
}

function fileRow(f) {
  const select = el("select", "composer__kind");
  select.setAttribute("aria-label", "Kind of " + f.file_name);
  options(select, (KINDS[f.family] || ["file"]).map((k) => [k, k]), f.type);
  select.addEventListener("change", () => { f.type = select.value; });
  const drop = button("×", () => { draft.files = draft.files.filter((o) => o !== f); show(); }, "composer__drop");
  drop.setAttribute("aria-label", "Drop " + f.file_name);
  return el("li", "composer__file", el("span", "composer__words", f.file_name), el("span", "hint", size(f.file_size)), select, drop);
}

async function attach(list) {
  for (const file of list) {
    if (draft.post || draft.files.length >= 10) return;
    const wanted = chat;
    await guarded(async () => {
      const content = await upload(file);
      if (wanted === chat) draft.files.push({ ...content, family: (file.type || "").split("/")[0] });
    });
    show();
  }
}

async function guarded(act) {
  $("problem").hidden = true;
  try {
    await act();
    return true;
  } catch (e) {
    $("problem").textContent = "Not sent: " + e.message;
    $("problem").hidden = false;
    return false;
  }
}

// bodyOf is the message as the server takes it.
function bodyOf(text) {
  const body = { ...speaker(), text };
  if (draft.reply) body.reply_to = { message: { id: draft.reply.id } };
  if (draft.post) body.post = { id: draft.post.id };
  if (draft.markup) body.markup = draft.markup;
  if (draft.template) body.template = draft.template;
  if (draft.files.length === 1) {
    const { family, ...content } = draft.files[0];
    Object.assign(body, content, { text });
  }
  return body;
}

let before = Promise.resolve(); // messages go out one after another
async function send() {
  const text = $("text").value.trim();
  if (!chat || (!text && !draft.files.length && !draft.template)) return;
  const [sent, from, user_id] = [draft, chat, speaker().user_id];
  const to = "chats/" + encodeURIComponent(chat);
  const going = draft.files.length > 1
    ? () => ask(to + "/album", { user_id, text, files: sent.files.map(({ family, ...c }) => c) })
    : ask.bind(null, to + "/messages", bodyOf(text));
  // The next message may be begun while this one is on its way.
  $("text").value = "";
  draft = empty();
  typedAt = 0;
  show();
  const mine = before.then(() => guarded(going));
  before = mine;
  const ok = await mine;
  if (!ok && from === chat && !$("text").value) {
    $("text").value = text;
    draft = sent;
    show();
  }
  if (!ok) return;
  await changed();
  $("feed").scrollTop = $("feed").scrollHeight;
}

function typing() {
  const now = Date.now();
  if (!chat || !$("text").value || now - typedAt < 5000) return; // C §4.4: once in 5 seconds
  typedAt = now;
  ask("chats/" + encodeURIComponent(chat) + "/typing", { user_id: speaker().user_id, post_id: draft.post ? draft.post.id : "" }).catch(() => {});
}

function insert(text) {
  const t = $("text");
  t.setRangeText(text, t.selectionStart, t.selectionEnd, "end");
  t.focus();
}

/** Wires the composer. who gives {user_id} or {salesbot: true}; after is called when something was sent. */
export function startComposer(who, after, templates) {
  speaker = who;
  changed = after;
  $("composer").addEventListener("submit", (e) => { e.preventDefault(); send(); });
  $("text").addEventListener("input", typing);
  $("text").addEventListener("keydown", (e) => {
    if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); send(); }
    if (e.key === "Escape" && (draft.reply || draft.post)) { draft.reply = draft.post = null; show(); e.stopPropagation(); }
  });
  // An input that types on although the key was taken would leave an empty line.
  $("text").addEventListener("keypress", (e) => { if (e.key === "Enter" && !e.shiftKey) e.preventDefault(); });
  $("attach").addEventListener("change", () => { attach([...$("attach").files]); $("attach").value = ""; });
  $("text").addEventListener("paste", (e) => {
    const files = [...(e.clipboardData?.files || [])];
    if (files.length) { e.preventDefault(); attach(files); }
  });
  const talk = $("talk");
  talk.addEventListener("dragover", (e) => e.preventDefault());
  talk.addEventListener("drop", (e) => { e.preventDefault(); attach([...(e.dataTransfer?.files || [])]); });
  $("emojis").replaceChildren(...EMOJIS.map((e) => button(e, () => insert(e), "more__emoji")));
  $("emoji").addEventListener("click", () => {
    const open = $("emojis").hidden;
    $("emojis").hidden = !open;
    $("emoji").setAttribute("aria-expanded", String(open));
  });
  $("buttons").addEventListener("click", () => buttonsDialog((m) => { draft.markup = m; show(); }));
  $("list").addEventListener("click", () => listDialog((m) => { draft.markup = m; show(); }));
  $("template").addEventListener("click", async () => templateDialog(await templates(), (t) => {
    draft.template = t;
    $("text").value = "";
    show();
    send();
  }));
}
