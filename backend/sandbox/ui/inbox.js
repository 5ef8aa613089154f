"use strict";
// The operator's inbox: asks for the list and the open chat whenever the
// server's change number moves. All text from outside goes in by textContent.
(() => {
  const $ = (id) => document.getElementById(id);
  const STATES = { 0: "sent", 1: "delivered", 2: "read" };
  let open = decodeURIComponent(location.hash.slice(1));
  let shown = "";

  function el(tag, className, text) {
    const e = document.createElement(tag);
    if (className) e.className = className;
    if (text !== undefined) e.textContent = text;
    return e;
  }

  const time = (ms) => new Date(ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

  async function ask(path, body) {
    const res = await fetch("/inbox/api/" + path, body === undefined ? {} : {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    });
    const answer = res.status === 204 ? null : await res.json();
    if (!res.ok) throw new Error((answer && answer.error) || "The sandbox answered " + res.status);
    return answer;
  }

  // Nothing is drawn anew unless it changed: a click or a selection must survive
  // the events of other chats.
  const drawn = {};
  function same(what, data) {
    const now = JSON.stringify([data, open]);
    if (drawn[what] === now) return true;
    drawn[what] = now;
    return false;
  }

  function drawList(data) {
    if (same("list", data)) return;
    $("account").textContent = data.account;
    document.title = "Inbox: " + data.account;
    $("link").textContent = data.connected ? "channel connected" : "channel not connected";
    $("link").classList.toggle("pill--good", data.connected);
    $("none").hidden = data.chats.length > 0;
    const focused = document.activeElement && document.activeElement.dataset.chat;
    $("chats").replaceChildren(...data.chats.map((c) => {
      const li = el("li");
      const b = el("button", "chats__item" + (c.id === open ? " chats__item--open" : ""));
      b.type = "button";
      b.dataset.chat = c.id;
      if (c.id === open) b.setAttribute("aria-current", "true");
      const top = el("span", "chats__top");
      top.append(el("span", "chats__name", c.name), el("time", "chats__time", time(c.last_at)));
      const low = el("span", "chats__top");
      low.append(el("span", "chats__last", c.typing ? "is typing…" : c.last_text));
      if (c.unread) {
        const n = el("span", "badge", String(c.unread));
        n.setAttribute("aria-label", c.unread + " unread");
        low.append(n);
      }
      b.append(top, low);
      b.addEventListener("click", () => choose(c.id));
      li.append(b);
      return li;
    }));
    if (focused) document.querySelector(`[data-chat="${CSS.escape(focused)}"]`)?.focus();
  }

  function bubble(m) {
    const li = el("li", "feed__item feed__item--" + m.direction);
    li.dataset.message = m.id;
    const b = el("div", "bubble");
    if (m.direction === "outbound") b.append(el("span", "bubble__who", m.sender_name));
    b.append(el("span", "bubble__text", m.text || ""));
    if (m.media) {
      const a = el("a", "bubble__file", m.file_name || m.type);
      if (/^https?:\/\//.test(m.media)) a.href = m.media;
      a.rel = "noopener noreferrer";
      b.append(a);
    } else if (!m.text) {
      b.append(el("span", "bubble__text", "[" + m.type + "]"));
    }
    const foot = el("span", "bubble__foot", time(m.msec_timestamp) + (m.edited ? " · edited" : ""));
    for (const emoji of Object.values(m.reactions || {})) foot.append(" ", emoji);
    if (m.from_crm) {
      const failed = m.delivery_status === -1;
      foot.append(" · ", el("span", failed ? "bubble__state bubble__state--failed" : "bubble__state",
        failed ? "not delivered (" + m.error_code + "): " + m.error : STATES[m.delivery_status]));
    }
    b.append(foot);
    li.append(b);
    return li;
  }

  function drawChat(data) {
    if (same("chat", data) && shown === open) return;
    $("name").textContent = data.chat.name;
    $("facts").textContent = [data.chat.incoming ? "incoming lead" : "", data.chat.lead_id ? "lead " + data.chat.lead_id : "",
      data.chat.source ? "source " + data.chat.source : "", data.chat.phone, data.chat.email].filter(Boolean).join(" · ");
    const feed = $("feed");
    const atEnd = shown !== open || feed.scrollHeight - feed.scrollTop - feed.clientHeight < 80;
    feed.replaceChildren(...data.messages.map(bubble));
    if (atEnd) feed.scrollTop = feed.scrollHeight;
    shown = open;
  }

  function choose(id) {
    open = id;
    history.replaceState(null, "", "#" + encodeURIComponent(id));
    refresh().then(() => { if (open) $("text").focus(); });
  }

  let busy = false;
  let again = false;
  async function refresh() {
    if (busy) { again = true; return; }
    busy = true;
    try {
      do {
        again = false;
        const wanted = open;
        if (wanted) {
          try {
            const data = await ask("chats/" + encodeURIComponent(wanted));
            if (wanted === open) drawChat(data);
            if (data.chat.unread && document.visibilityState === "visible") await ask("chats/" + encodeURIComponent(wanted) + "/read", {});
          } catch (e) {
            if (wanted === open && shown !== open) open = "";
          }
        }
        document.body.classList.toggle("inbox--open", Boolean(open));
        $("talk").hidden = !open;
        $("choose").hidden = Boolean(open);
        drawList(await ask("chats"));
      } while (again);
    } catch (e) {
      $("link").textContent = "the sandbox does not answer";
      $("link").classList.remove("pill--good");
    } finally {
      busy = false;
    }
  }

  let sending = false;
  async function send() {
    const text = $("text").value.trim();
    if (!text || !open || sending) return;
    sending = true;
    $("problem").hidden = true;
    try {
      await ask("chats/" + encodeURIComponent(open) + "/messages", { type: "text", text });
      $("text").value = "";
    } catch (e) {
      $("problem").textContent = "Not sent: " + e.message;
      $("problem").hidden = false;
    } finally {
      sending = false;
    }
    await refresh();
    $("feed").scrollTop = $("feed").scrollHeight;
  }

  $("composer").addEventListener("submit", (e) => { e.preventDefault(); send(); });
  $("text").addEventListener("keydown", (e) => {
    if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); send(); }
  });
  $("back").addEventListener("click", () => { open = ""; shown = ""; history.replaceState(null, "", location.pathname); refresh(); });
  document.addEventListener("visibilitychange", refresh);
  new EventSource("/inbox/api/events").addEventListener("message", refresh);
  refresh();
})();
