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

  // What can be switched, with kind, choices and words; asked for once.
  let described;

  function control(s) {
    if (s.choices && s.kind !== "list") {
      const select = el("select");
      for (const c of ["default", ...s.choices]) {
        const o = el("option", "", c);
        o.value = c === "default" ? (s.kind === "number" ? "0" : "") : c;
        select.append(o);
      }
      return select;
    }
    const input = el("input");
    input.type = { bool: "checkbox", number: "number" }[s.kind] || "text";
    if (s.kind === "number") input.step = "any"; // shares of random faults
    if (s.kind === "list" && s.choices) input.placeholder = s.choices.join(", ");
    return input;
  }

  function read(s, input) {
    if (s.kind === "bool") return input.checked;
    if (s.kind === "number") return Number(input.value);
    return s.kind === "list" ? input.value.split(/[\s,]+/).filter(Boolean) : input.value;
  }

  // Switches are made once per name and then only updated, so focus stays.
  function switches(box, where, values) {
    for (const s of described[where]) {
      const id = where + "-" + s.name;
      let input = $(id);
      if (!input) {
        const label = el("label", "", s.name.replaceAll("_", " "));
        label.htmlFor = id;
        label.title = s.help || "";
        input = control(s);
        input.id = id;
        input.addEventListener("change", async () => {
          try {
            await ask("PATCH", where, JSON.stringify({ [s.name]: read(s, input) }));
            input.setCustomValidity("");
          } catch (e) {
            input.setCustomValidity(e.message);
            input.reportValidity();
          }
        });
        box.append(label, input);
      }
      if (document.activeElement === input) continue;
      const value = values[s.name];
      if (s.kind === "bool") input.checked = value;
      else input.value = Array.isArray(value) ? value.join(", ") : value ?? "";
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
    described ??= await ask("GET", "switches");
    const [state, breaches, hooks, traffic] = await Promise.all([
      ask("GET", "state"), ask("GET", "breaches?limit=50"), ask("GET", "hooks?limit=50"), ask("GET", "traffic?limit=100")]);
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
    switches($("faults"), "faults", state.faults);
    switches($("variants"), "variants", state.variants);
    if (changed("breaches", breaches)) list($("breaches"), breaches.reverse().map((b) => el("li", "", clock(b.at) + " · " + b.rule + ": " + b.detail)));
    if (!document.querySelector("#hooks details[open]") && changed("hooks", hooks)) {
      $("hooks").replaceChildren(...hooks.reverse().map((h) => row(clock(h.at), h.kind + " " + (h.version || ""), h.url,
        h.outcome + (h.status ? " " + h.status : "") + " · " + h.duration_ms + " ms" + (h.error ? " · " + h.error : ""), h.body ? details("show", h.body) : "")));
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
  new EventSource(API + "events").addEventListener("message", update);
  update();
})();
