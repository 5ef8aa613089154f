// The transcript: one element per message, made anew only when it changed, so
// that sound goes on playing and an open menu stays open.
import { $, el, button, link, time, day, size } from "./dom.js";

const STATES = { 0: "sent", 1: "delivered", 2: "read" };
const REACTIONS = ["👍", "❤️", "😂", "🔥", "😮", "🙏"];

let rows = new Map(); // message id -> { key, li }
let shownChat = "";
let atEnd = true; // the reader is at the end, and stays there

export function startFeed() {
  const feed = $("feed");
  const keep = () => { if (atEnd) feed.scrollTop = feed.scrollHeight; };
  feed.addEventListener("scroll", () => { atEnd = feed.scrollHeight - feed.scrollTop - feed.clientHeight < 80; });
  // A picture has its height only when it is there.
  feed.addEventListener("load", keep, true);
  feed.addEventListener("loadedmetadata", keep, true);
  new ResizeObserver(keep).observe(feed);
}

/** Draws a chat. act holds what the menu of a message does. */
export function drawFeed(data, user, act) {
  const feed = $("feed");
  const other = shownChat !== data.chat.id;
  if (other) rows = new Map();
  shownChat = data.chat.id;
  atEnd = atEnd || other;
  const people = Object.fromEntries(act.users().map((u) => [u.amojo_id, u.name]));
  const next = new Map();
  const items = [];
  let date = "";
  let post = "";
  for (const m of data.messages) {
    const today = day(m.msec_timestamp);
    if (today !== date) items.push(el("li", "feed__day", today));
    date = today;
    if (m.post && m.post.id !== post) items.push(postHead(m.post, data.files));
    post = m.post ? m.post.id : "";
    const key = JSON.stringify([m, linksOf(m, data.files), user, people]);
    let row = rows.get(m.id);
    if (!row || row.key !== key) {
      // What a person opened in it stays open.
      const open = row && row.li.querySelector("details[open]");
      row = { key, li: item(m, data, user, people, act) };
      if (open) row.li.querySelector("details.more")?.setAttribute("open", "");
    }
    next.set(m.id, row);
    items.push(row.li);
  }
  rows = next;
  place(feed, items);
  $("typing").textContent = data.chat.typing ? data.chat.name + " is typing…" : "";
  if (atEnd) feed.scrollTop = feed.scrollHeight;
}

// place puts the items in order without taking away those that stay.
function place(feed, items) {
  const keep = new Set(items);
  for (const old of [...feed.children]) if (!keep.has(old)) old.remove();
  items.forEach((one, i) => { if (feed.children[i] !== one) feed.insertBefore(one, feed.children[i] || null); });
}

function linksOf(m, files) {
  const text = JSON.stringify(m);
  return Object.entries(files).filter(([url]) => text.includes(JSON.stringify(url).slice(1, -1)));
}

function postHead(post, files) {
  const li = el("li", "feed__post");
  const preview = files[post.preview_url] || files[post.preview_permalink];
  if (preview && preview.src) { const img = el("img", "feed__preview"); img.src = preview.src; img.alt = ""; li.append(img); }
  const words = el("span", "", "Comments under ", link(post.url, post.caption || post.url));
  if (post.username) words.append(" by " + post.username);
  li.append(words);
  return li;
}

function item(m, data, user, people, act) {
  const li = el("li", "feed__item feed__item--" + m.direction);
  li.dataset.message = m.id;
  li.dataset.kind = m.type;
  const b = el("div", "bubble" + (m.type === "sticker" ? " bubble--sticker" : ""));
  if (m.direction === "outbound") {
    b.append(el("span", "bubble__who", (m.sender_name || "Nobody") + (m.salesbot ? " · automation" : m.from_crm ? "" : " · outside the CRM")));
  }
  if (m.reply_to) b.append(quote(m.reply_to.message, data.files, people, act.jump));
  for (const f of (m.forwards && m.forwards.messages) || []) {
    const q = quote(f, data.files, people, null, "Forwarded from ");
    q.classList.add("quote--forward");
    b.append(q);
  }
  b.append(...content(m, data.files));
  b.append(foot(m));
  if (m.markup) b.append(...markup(m.markup));
  const line = el("div", "feed__line", b, menu(m, user, act));
  li.append(line);
  const chips = reactions(m, user, people, data.chat.name, act);
  if (chips) li.append(chips);
  return li;
}

function foot(m) {
  const foot = el("span", "bubble__foot", time(m.msec_timestamp) + (m.edited ? " · edited" : "") + (m.template ? " · template" : "") + (m.silent ? " · silent" : ""));
  if (m.from_crm) {
    const failed = m.delivery_status === -1;
    foot.append(" · ", el("span", failed ? "bubble__state bubble__state--failed" : "bubble__state",
      failed ? "not delivered (" + m.error_code + "): " + m.error : STATES[m.delivery_status]));
  }
  return foot;
}

// content is what a message or a quoted one says, by kind.
function content(m, files) {
  const out = [];
  if (m.media) out.push(media(m, files));
  if (m.location) {
    const { lat, lon } = m.location;
    out.push(link(`https://www.openstreetmap.org/?mlat=${lat}&mlon=${lon}#map=16/${lat}/${lon}`, `📍 ${lat}, ${lon}`, "bubble__place"));
  }
  if (m.contact) out.push(el("span", "bubble__person", el("strong", "", m.contact.name), " ", el("span", "", m.contact.phone)));
  if (m.text) out.push(el("span", "bubble__text", m.text));
  if (m.callback_data) out.push(el("span", "hint", "chose " + m.callback_data));
  if (m.shared_post) {
    const p = m.shared_post;
    const card = el("span", "bubble__shared");
    const preview = files[p.preview_link] || files[p.preview_permalink];
    if (preview && preview.src) { const img = el("img", "feed__preview"); img.src = preview.src; img.alt = ""; card.append(img); }
    card.append(link(p.url, p.site_name || p.url));
    out.push(card);
  }
  if (!out.length && !m.forwards) out.push(el("span", "bubble__text", "[" + m.type + "]"));
  return out;
}

function media(m, files) {
  const file = files[m.media] || { state: "unknown" };
  const name = m.file_name || m.type;
  if (!file.src) {
    const why = { waiting: "is being fetched", failed: "could not be fetched: " + file.error }[file.state] || "is not kept here";
    return el("span", "bubble__file bubble__file--none", link(m.media, name), el("span", "hint", " " + why));
  }
  if (m.type === "picture" || m.type === "sticker") {
    const small = files[m.thumbnail];
    const img = el("img", m.type === "sticker" ? "bubble__sticker" : "bubble__picture");
    img.src = m.type === "picture" && small && small.src ? small.src : file.src;
    img.alt = m.type === "sticker" ? "Sticker" : name;
    return m.type === "sticker" ? img : link(file.src, img, "bubble__open");
  }
  if (m.type === "video" || m.type === "audio" || m.type === "voice") {
    const player = el(m.type === "video" ? "video" : "audio", m.type === "video" ? "bubble__video" : "bubble__sound");
    player.controls = true;
    player.preload = "metadata";
    player.src = file.src;
    player.setAttribute("aria-label", m.type === "voice" ? "Voice message" : name);
    const poster = files[m.thumbnail];
    if (m.type === "video" && poster && poster.src) player.poster = poster.src;
    const kind = el("span", "hint", m.type === "voice" ? "voice message" : name);
    return el("span", "bubble__player", player, kind);
  }
  return link(file.src, el("span", "", el("span", "bubble__name", "📄 " + name), el("span", "hint", " " + size(m.file_size || file.bytes))), "bubble__file");
}

function quote(n, files, people, jump, before = "") {
  const who = (n.sender && (n.sender.name || people[n.sender.id])) || "Somebody";
  const q = el(jump && n.id ? "button" : "div", "quote", el("span", "quote__who", before + who));
  if (q.tagName === "BUTTON") {
    q.type = "button";
    q.addEventListener("click", () => jump(n.id));
    q.append(el("span", "quote__text", n.text || n.file_name || "[" + n.type + "]"));
  } else {
    q.append(...content(n, files));
  }
  return q;
}

function markup(k) {
  if (k.list_message) {
    const l = k.list_message;
    const d = el("details", "menu-list", el("summary", "", l.button));
    if (l.header) d.append(el("strong", "", l.header));
    d.append(el("p", "", l.body));
    for (const s of l.sections) {
      if (s.title) d.append(el("strong", "", s.title));
      d.append(el("ul", "", ...s.rows.map((r) => el("li", "", r.title, r.description ? el("span", "hint", " " + r.description) : ""))));
    }
    if (l.footer) d.append(el("p", "hint", l.footer));
    return [d];
  }
  return (k.buttons || []).map((row) => el("span", "keys", ...row.map((b) => b.url ? link(b.url, b.text + " ↗", "keys__key") : el("span", "keys__key", b.text))));
}

function reactions(m, user, people, client, act) {
  const all = Object.entries(m.reactions || {});
  if (!all.length) return null;
  const box = el("span", "chips");
  for (const [who, emojis] of all) {
    const name = people[who] || (who === m.sender_id || who === m.receiver_id ? client : "somebody");
    for (const emoji of emojis.split(" ")) {
      const chip = who === user ? button(emoji, () => act.react(m.id, ""), "chip chip--mine") : el("span", "chip", emoji);
      chip.title = name;
      chip.append(el("span", "hidden", " by " + name + (who === user ? ", take back" : "")));
      box.append(chip);
    }
  }
  return box;
}

function menu(m, user, act) {
  const mine = (m.reactions || {})[user] || "";
  const d = el("details", "more");
  const s = el("summary", "more__open", "⋯");
  s.setAttribute("aria-label", "Actions");
  const close = (f) => () => { d.open = false; f(); };
  d.append(s, el("div", "more__box",
    el("div", "more__emojis", ...REACTIONS.map((e) => {
      const b = button(e, close(() => act.react(m.id, mine.split(" ").includes(e) ? "" : e)), "more__emoji");
      b.setAttribute("aria-label", "React with " + e);
      return b;
    })),
    button("Quote", close(() => act.quote(m)), "more__item"),
    button("Forward", close(() => act.forward(m)), "more__item"),
    m.post && m.direction === "inbound" ? button("Answer publicly", close(() => act.answer(m)), "more__item") : null));
  d.addEventListener("keydown", (e) => { if (e.key === "Escape" && d.open) { d.open = false; s.focus(); e.stopPropagation(); } });
  return d;
}

// Only one menu is open at a time.
document.addEventListener("click", (e) => {
  for (const d of document.querySelectorAll("details.more[open]")) if (!d.contains(e.target)) d.open = false;
});

export function jumpTo(id) {
  const li = document.querySelector(`[data-message="${CSS.escape(id)}"]`);
  if (!li) return;
  atEnd = false;
  li.scrollIntoView({ block: "center" });
  li.classList.add("feed__item--found");
  setTimeout(() => li.classList.remove("feed__item--found"), 1500);
}
