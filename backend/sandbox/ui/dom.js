// Small helpers of the inbox. All text from outside goes in by textContent.

export const $ = (id) => document.getElementById(id);

/** Makes an element; children are elements or text. */
export function el(tag, className, ...children) {
  const e = document.createElement(tag);
  if (className) e.className = className;
  e.append(...children.filter((c) => c !== undefined && c !== null && c !== ""));
  return e;
}

export function button(text, act, className = "small") {
  const b = el("button", className, text);
  b.type = "button";
  b.addEventListener("click", act);
  return b;
}

/** A link that opens apart; other schemes than http and https become text. */
export function link(href, text, className = "") {
  if (!/^(https?:\/\/|\/)/.test(href)) return el("span", className, text);
  const a = el("a", className, text);
  a.href = href;
  a.target = "_blank";
  a.rel = "noopener noreferrer";
  return a;
}

/** A labelled field; extra are attributes of the control. */
export function field(label, control, hint) {
  const wrap = el("label", "field", el("span", "field__label", label), control);
  if (hint) wrap.append(el("span", "hint", hint));
  return wrap;
}

export function input(tag, attributes = {}) {
  const e = el(tag, "field__control");
  for (const [k, v] of Object.entries(attributes)) e[k] = v;
  return e;
}

export function options(select, list, value) {
  select.replaceChildren(...list.map(([v, text]) => {
    const o = el("option", "", text);
    o.value = v;
    return o;
  }));
  if (value !== undefined) select.value = value;
}

export const time = (ms) => new Date(ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
export const day = (ms) => new Date(ms).toLocaleDateString([], { day: "numeric", month: "long", year: "numeric" });

export function size(bytes) {
  if (!bytes) return "";
  if (bytes < 1024) return bytes + " B";
  if (bytes < 1024 * 1024) return Math.round(bytes / 1024) + " KB";
  return (bytes / 1024 / 1024).toFixed(1) + " MB";
}

export async function ask(path, body) {
  const res = await fetch("/inbox/api/" + path, body === undefined ? {} : {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  return answer(res);
}

export async function upload(file) {
  const res = await fetch("/inbox/api/files?name=" + encodeURIComponent(file.name || "file"), {
    method: "POST", headers: { "Content-Type": file.type || "application/octet-stream" }, body: file,
  });
  return answer(res);
}

async function answer(res) {
  const data = res.status === 204 ? null : await res.json();
  if (!res.ok) throw new Error((data && data.error) || "The sandbox answered " + res.status);
  return data;
}

/** Opens a dialog; done is asked at submit and may throw a text for people. */
export function dialog(title, parts, submit, done) {
  const problem = el("p", "problem");
  problem.setAttribute("role", "alert");
  problem.hidden = true;
  const heading = el("h2", "dialog__title", title);
  heading.id = "dialog-title";
  const ok = el("button", "button", submit);
  ok.type = "submit";
  const cancel = button("Cancel", () => box.close());
  const form = el("form", "dialog__form", heading, ...parts, problem, el("div", "dialog__foot", cancel, submit ? ok : null));
  const box = el("dialog", "dialog", form);
  box.setAttribute("aria-labelledby", "dialog-title");
  form.addEventListener("submit", async (e) => {
    e.preventDefault();
    ok.disabled = true;
    try {
      await done();
      box.close();
    } catch (err) {
      problem.textContent = err.message;
      problem.hidden = false;
    }
    ok.disabled = false;
  });
  const before = document.activeElement;
  // The focus that Chromium itself gives back takes no typing; it is given anew.
  box.addEventListener("close", () => {
    box.remove();
    before?.blur();
    before?.focus();
  });
  document.body.append(box);
  box.showModal();
  return box;
}
