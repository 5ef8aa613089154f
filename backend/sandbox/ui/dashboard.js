"use strict";
// The dashboard: everything it shows and does goes through the control API.
(() => {
  const API = "/control/v1/";
  const $ = (id) => document.getElementById(id);
  function el(tag, className, text) {
    const e = document.createElement(tag);
    if (className) e.className = className;
    if (text !== undefined) e.textContent = text;
    return e;
  }

  async function ask(method, path, body) {
    const res = await fetch(API + path, { method, headers: { "Content-Type": "application/json" }, body });
    const answer = res.status === 204 ? null : await res.json();
    if (!res.ok) throw new Error(answer.error);
    return answer;
  }

  function button(text, act) {
    const b = el("button", "small", text);
    b.type = "button";
    b.addEventListener("click", () => act().then(update, update));
    return b;
  }

  function link(href, text) {
    const a = el("a", "", text);
    a.href = href;
    return a;
  }

  // A control of one switch, as the server describes it (GET switches).
  function control(one, id, send) {
    if (one.kind === "list" && one.choices) {
      const box = el("span", "switch__list");
      box.id = id;
      for (const c of one.choices) {
        const check = el("input");
        check.type = "checkbox";
        check.value = c;
        check.addEventListener("change", () => send(check, [...box.querySelectorAll("input:checked")].map((i) => i.value)));
        const label = el("label", "switch__choice");
        label.append(check, c);
        box.append(label);
      }
      box.setAttribute("role", "group");
      box.setAttribute("aria-labelledby", id + "-name");
      return { node: box, show: (value) => { for (const i of box.querySelectorAll("input")) i.checked = (value || []).includes(i.value); } };
    }
    const input = el(one.choices ? "select" : "input");
    input.id = id;
    if (one.choices) {
      const none = one.kind === "number" ? "0" : "";
      for (const c of [none, ...one.choices]) { const o = el("option", "", c === none ? "default" : c); o.value = c; input.append(o); }
    } else {
      input.type = one.kind === "bool" ? "checkbox" : one.kind === "number" ? "number" : "text";
      if (one.kind === "number") input.step = "any";
    }
    input.addEventListener("change", () => send(input, one.kind === "bool" ? input.checked : one.kind === "number" ? Number(input.value)
      : one.kind === "list" ? input.value.split(/[\s,]+/).filter(Boolean) : input.value));
    return { node: input, show: (value) => {
      if (document.activeElement === input && input.type !== "checkbox" && !one.choices) return; // somebody types
      if (one.kind === "bool") input.checked = value;
      else input.value = Array.isArray(value) ? value.join(", ") : value ?? "";
    } };
  }

  // Switches are made once and then only updated, so focus stays.
  const made = {};
  function makeSwitches(where, list) {
    for (const one of list) {
      const id = where + "-" + one.name;
      const send = async (input, value) => {
        try {
          await ask("PATCH", where, JSON.stringify({ [one.name]: value }));
          input.setCustomValidity("");
        } catch (e) {
          input.setCustomValidity(e.message);
          input.reportValidity();
        }
      };
      const c = control(one, id, send);
      const group = c.node.getAttribute("role") === "group";
      const label = el(group ? "span" : "label", "switch__name", one.name.replaceAll("_", " "));
      label.id = id + "-name";
      if (!group) label.htmlFor = id;
      const row = el("div", "switch");
      row.append(label, c.node);
      if (one.help) row.append(el("p", "switch__help", one.help));
      $(where).append(row);
      made[id] = { ...c, row, words: (one.name + " " + (one.help || "")).replaceAll("_", " ").toLowerCase() };
    }
  }

  function showSwitches(where, values) {
    let on = 0;
    for (const [key, value] of Object.entries(values)) {
      const s = made[where + "-" + key];
      if (!s) continue;
      s.show(value);
      const set = Array.isArray(value) ? value.length > 0 : Boolean(value);
      s.row.classList.toggle("switch--on", set);
      if (set) on++;
    }
    $(where + "-on").textContent = on ? on + " on" : "none on";
    filter();
  }

  function filter() {
    const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
    const only = $("only-on").checked;
    for (const s of Object.values(made)) {
      s.row.hidden = words.some((w) => !s.words.includes(w)) || (only && !s.row.classList.contains("switch--on"));
    }
  }

  function list(box, items) {
    if (!items.length) items = [el("li", "hint", "none")];
    box.replaceChildren(...items);
  }

  function details(summary, ...texts) {
    const d = el("details");
    d.append(el("summary", "", summary), ...texts.filter(Boolean).map((t) => el("pre", "", t)));
    return d;
  }

  function row(...cells) {
    const tr = el("tr");
    for (const c of cells) { const td = el("td"); td.append(c); tr.append(td); }
    return tr;
  }

  const clock = (at) => new Date(at).toLocaleTimeString();

  // Nothing is drawn anew unless it changed, so clicks and selections survive.
  const drawn = {};
  function changed(what, data) {
    const now = JSON.stringify(data);
    if (drawn[what] === now) return false;
    drawn[what] = now;
    return true;
  }

  async function refresh() {
    const verdict = $("verdict").value;
    const [state, breaches, hooks, downloads, traffic] = await Promise.all([
      ask("GET", "state"), ask("GET", "breaches?limit=50"), ask("GET", "hooks?limit=50"), ask("GET", "downloads?limit=50"),
      ask("GET", "traffic?limit=100" + (verdict ? "&verdict=" + verdict : ""))]);
    $("clock").textContent = new Date(state.now).toLocaleString();
    $("link").textContent = state.counts.breaches ? "breaches: " + state.counts.breaches : "no breaches";
    $("link").classList.toggle("pill--good", !state.counts.breaches);
    $("counts").textContent = Object.entries(state.counts).map(([k, v]) => k.replaceAll("_", " ") + ": " + v).join(" · ");
    if (changed("accounts", [state.accounts, state.zones])) list($("accounts"), state.accounts.map((a) => {
      const li = el("li");
      const zone = state.zones.find((z) => z.product === a.product);
      li.append(a.name + " · id " + a.id + " · amojo " + a.amojo_id + " · ");
      if (zone) {
        const base = zone.scheme + "://" + a.subdomain + "." + zone.name;
        li.append(link(base + "/", "CRM"), " · ", link(base + "/inbox/", "inbox"));
      }
      for (const u of a.users || []) {
        const now = u.presence || "";
        const next = { "": "online", online: "offline", offline: "" }[now];
        const b = button(u.name + ": " + (now || "online on their own page"), () => ask("PATCH", "accounts/" + a.id + "/users/" + u.id, JSON.stringify({ presence: next })));
        b.title = "What APP.sdk.showUserStatus tells";
        li.append(" ", b);
      }
      return li;
    }));
    if (changed("connections", state.connections)) list($("connections"), state.connections.map((c) => {
      const li = el("li", "", "account " + c.account_id + " · " + c.title + " · " + c.hook_api_version + " · " + c.scope_id + " ");
      li.append(button("Disconnect", () => ask("DELETE", "connections/" + c.scope_id)));
      return li;
    }));
    if (changed("installations", state.installations)) list($("installations"), state.installations.map((i) => {
      const li = el("li", "", "account " + i.account_id + " · " + i.client_uuid + " · " + (i.active ? "on " : "off "));
      const body = JSON.stringify({ client_uuid: i.client_uuid });
      const act = (what) => () => ask("POST", "accounts/" + i.account_id + "/" + what, body);
      li.append(i.active ? button("Uninstall", act("uninstall")) : button("Install", act("install")), " ", button("Revoke tokens", act("revoke")));
      return li;
    }));
    showSwitches("faults", state.faults);
    showSwitches("variants", state.variants);
    if (changed("breaches", breaches)) list($("breaches"), breaches.reverse().map((b) => el("li", "", clock(b.at) + " · " + b.rule + ": " + b.detail)));
    if (!document.querySelector("#hooks details[open]") && changed("hooks", hooks)) {
      $("hooks").replaceChildren(...hooks.reverse().map((h) => row(clock(h.at), h.kind + " " + (h.version || ""), h.url,
        h.outcome + (h.status ? " " + h.status : "") + " · " + h.duration_ms + " ms" + (h.error ? " · " + h.error : ""), h.body ? details("show", h.body) : "")));
    }
    if (changed("downloads", downloads)) {
      $("downloads").replaceChildren(...downloads.reverse().map((d) => row(clock(d.at), d.kind, d.url,
        d.outcome + (d.status ? " " + d.status : "") + (d.error ? " · " + d.error : " · " + d.content_type + " · " + d.bytes + " bytes"))));
    }
    if (!document.querySelector("#traffic details[open]") && changed("traffic", traffic)) {
      $("traffic").replaceChildren(...traffic.reverse().map((t) => row(clock(t.at), t.method + " " + t.host + t.path + (t.query ? "?" + t.query : ""),
        String(t.status || "cut"), el("span", "v-" + t.verdict, t.verdict + (t.rule ? " · " + t.rule : "") + (t.detail ? ": " + t.detail : "")),
        t.body || t.answer ? details("show", t.body, t.answer) : "")));
    }
  }

  let busy = false;
  let again = false;
  async function update() {
    if (busy) { again = true; return; }
    busy = true;
    do {
      again = false;
      try { await refresh(); } catch (e) { $("link").textContent = "the sandbox does not answer"; $("link").classList.remove("pill--good"); }
    } while (again);
    busy = false;
  }

  for (const b of document.querySelectorAll("[data-do]")) {
    b.addEventListener("click", async () => {
      const [method, path] = b.dataset.do.split(" ");
      await ask(method, path, b.dataset.body);
      update();
    });
  }
  $("verdict").addEventListener("change", update);
  $("filter").addEventListener("input", filter);
  $("only-on").addEventListener("change", filter);
  ask("GET", "switches").then((all) => {
    for (const where of ["faults", "variants"]) makeSwitches(where, all[where]);
    new EventSource(API + "events").addEventListener("message", update);
    update();
  }, () => { $("link").textContent = "the sandbox does not answer"; });
})();
