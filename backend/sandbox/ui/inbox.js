// The operator's inbox: asks for the list and the open chat whenever the
// server's change number moves.
import { $, el, ask, options, time } from "./dom.js";
import { drawFeed, jumpTo, startFeed } from "./feed.js";
import { startComposer, openChat, quoteMessage, answerPublicly, showWindow } from "./composer.js";
import { forwardDialog, writeFirstDialog } from "./dialogs.js";
import { drawCard } from "./card.js";

let open = decodeURIComponent(location.hash.slice(1));
let users = [];
let chats = [];
const BOT = "salesbot";

// Nothing is drawn anew unless it changed: a click or a selection must survive
// the events of other chats.
const drawn = {};
function same(what, data) {
  const now = JSON.stringify([data, open]);
  if (drawn[what] === now) return true;
  drawn[what] = now;
  return false;
}

const chatPath = (id, rest = "") => "chats/" + encodeURIComponent(id) + rest;
const speaker = () => $("user").value === BOT ? { salesbot: true } : { user_id: Number($("user").value) };
const me = () => users.find((u) => String(u.id) === $("user").value) || users[0];

function drawUsers(list) {
  if (same("users", list)) return;
  users = list;
  const admin = list.find((u) => u.admin) || list[0];
  options($("user"), [...list.map((u) => [String(u.id), u.name]), [BOT, "Salesbot"]], $("user").value || String(admin ? admin.id : BOT));
}

function face(c) {
  const f = el("span", "face");
  f.setAttribute("aria-hidden", "true");
  if (c.avatar) {
    const img = el("img");
    img.src = c.avatar;
    img.alt = "";
    f.append(img);
  } else {
    f.textContent = [...(c.name || "?")][0].toUpperCase();
  }
  return f;
}

function drawList(data) {
  drawUsers(data.users);
  chats = data.chats;
  if (same("list", data)) return;
  $("account").textContent = data.account;
  const unread = data.chats.reduce((n, c) => n + c.unread, 0);
  document.title = (unread ? "(" + unread + ") " : "") + "Inbox: " + data.account;
  $("link").textContent = data.connected ? "channel connected" : "channel not connected";
  $("link").classList.toggle("pill--good", data.connected);
  $("none").hidden = data.chats.length > 0;
  const focused = document.activeElement && document.activeElement.dataset.chat;
  $("chats").replaceChildren(...data.chats.map((c) => {
    const b = el("button", "chats__item" + (c.id === open ? " chats__item--open" : ""));
    b.type = "button";
    b.dataset.chat = c.id;
    if (c.id === open) b.setAttribute("aria-current", "true");
    const low = el("span", "chats__top", el("span", "chats__last", c.typing ? "is typing…" : c.last_text));
    if (c.unread) {
      const n = el("span", "badge", String(c.unread));
      n.append(el("span", "hidden", " unread"));
      low.append(n);
    }
    b.append(face(c), el("span", "chats__words", el("span", "chats__top", el("span", "chats__name", c.name), el("time", "chats__time", time(c.last_at))), low));
    b.addEventListener("click", () => choose(c.id));
    return el("li", "", b);
  }));
  if (focused) document.querySelector(`[data-chat="${CSS.escape(focused)}"]`)?.focus();
}

// What can be done with a message.
const act = {
  users: () => users,
  jump: jumpTo,
  react: (id, emoji) => ask("messages/" + encodeURIComponent(id) + "/react", { user_id: me().id, emoji }).then(refresh, complain),
  quote: quoteMessage,
  answer: answerPublicly,
  forward: (m) => forwardDialog(m, chats, async (to, body) => { await ask(chatPath(to, "/messages"), { ...speaker(), ...body }); choose(to); }),
  close: (talk) => ask("talks/" + talk + "/close", {}).then(refresh, complain),
  hide: () => showCard(false),
};

function complain(e) {
  $("problem").textContent = e.message;
  $("problem").hidden = false;
}

function drawChat(data) {
  openChat(open);
  const { now, ...facts } = data;
  if (same("chat", [facts, $("user").value])) return;
  $("name").textContent = data.chat.name;
  $("facts").textContent = [data.chat.incoming ? "incoming lead" : "", data.chat.lead_id ? "lead " + data.chat.lead_id : "",
    data.chat.source ? "source " + data.chat.source : "", data.chat.phone, data.chat.email].filter(Boolean).join(" · ");
  drawFeed(data, me() ? me().amojo_id : "", act);
  drawCard(data, act);
  showWindow(data.card);
}

const wide = matchMedia("(min-width: 75rem)");
function showCard(yes) {
  document.body.classList.toggle("inbox--card", yes);
  $("show-card").setAttribute("aria-expanded", String(yes));
}

function choose(id) {
  open = id;
  $("problem").hidden = true;
  history.replaceState(null, "", "#" + encodeURIComponent(id));
  refresh().then(() => { if (open) $("text").focus(); });
}

// Whoever asks waits until everything asked so far is drawn.
let running = null;
let again = false;
function refresh() {
  again = true;
  running ||= (async () => {
    try {
      while (again) {
        again = false;
        await draw();
      }
    } catch (e) {
      $("link").textContent = "the sandbox does not answer";
      $("link").classList.remove("pill--good");
    } finally {
      running = null;
    }
  })();
  return running;
}

async function draw() {
  drawList(await ask("chats"));
  const wanted = open;
  if (wanted) {
    try {
      const data = await ask(chatPath(wanted));
      if (wanted !== open) return;
      $("talk").hidden = $("card").hidden = false; // what is hidden cannot scroll
      drawChat(data);
      if (data.chat.unread && document.visibilityState === "visible") await ask(chatPath(wanted, "/read"), {});
    } catch (e) {
      if (wanted === open && !chats.some((c) => c.id === wanted)) open = "";
    }
  }
  document.body.classList.toggle("inbox--open", Boolean(open));
  $("talk").hidden = !open;
  $("card").hidden = !open;
  $("choose").hidden = Boolean(open);
}

function leave() {
  const was = open;
  open = "";
  history.replaceState(null, "", location.pathname);
  refresh().then(() => document.querySelector(`[data-chat="${CSS.escape(was)}"]`)?.focus());
}

startFeed();
startComposer(speaker, refresh, async () => (await ask("people")).templates || []);
$("back").addEventListener("click", leave);
$("user").addEventListener("change", refresh);
$("show-card").addEventListener("click", () => showCard(!document.body.classList.contains("inbox--card")));
$("write-first").addEventListener("click", () => writeFirstDialog(speaker, choose));
wide.addEventListener("change", () => showCard(false));
document.addEventListener("keydown", (e) => {
  if (e.key === "Escape" && open && !document.querySelector("dialog[open]")) leave();
});
$("chats").addEventListener("keydown", (e) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
  if (!step) return;
  e.preventDefault();
  const all = [...document.querySelectorAll(".chats__item")];
  all[Math.min(Math.max(all.indexOf(document.activeElement) + step, 0), all.length - 1)]?.focus();
});
document.addEventListener("visibilitychange", refresh);
new EventSource("/inbox/api/events").addEventListener("message", refresh);
// Typing ends by time, not by a change of anything.
setInterval(() => { if (document.visibilityState === "visible" && chats.some((c) => c.typing)) refresh(); }, 1000);
refresh();
