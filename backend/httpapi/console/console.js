// What the console's pages do beyond links and forms: they keep what a person has
// typed when the session is over, and in a frame they speak with the CRM's page
// around them, which alone can prove again who the person is (ADR 10).
(function () {
  "use strict";

  const page = document.body.dataset;
  const find = (selector) => document.querySelector(selector);
  const framed = !!page.parent && window.parent !== window;
  const lang = document.documentElement.lang;

  // trouble says one of the page's sentences above everything else.
  function trouble(text) {
    const place = find(".js-trouble");
    place.textContent = "";
    if (!text) return;
    const line = document.createElement("p");
    line.className = "console__notice console__notice_bad";
    line.tabIndex = -1;
    line.textContent = text;
    place.append(line);
    line.focus();
  }

  // --- the page around the frame ---

  function tell(message) {
    if (framed) window.parent.postMessage({ leadline: "console", ...message }, page.parent);
  }

  let ends = page.endsIn ? Date.now() + page.endsIn * 1000 : 0;
  let timer = 0;
  let waiting = []; // who waits for a session: [done, failed]

  function answer(at, value) {
    const list = waiting;
    waiting = [];
    for (const pair of list) pair[at](value);
  }

  // renew asks for a ticket; its promise ends when there is a session again, or with
  // the sentence that says why not.
  function renew() {
    return new Promise((done, failed) => {
      waiting.push([done, failed]);
      if (waiting.length === 1) tell({ kind: "ticket" });
    });
  }

  // begin spends a ticket. A person is asked for nothing.
  function begin(given) {
    const body = { ticket: String(given.ticket), language: String(given.language || lang), scheme: String(given.scheme || "") };
    fetch(page.root + "/session", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) })
      .then((response) => response.ok ? response.json() : Promise.reject(page.refused), () => Promise.reject(page.offline))
      .then((begun) => alive().then((there) => {
        if (!there) {
          blocked(begun.tab);
          return;
        }
        ends = Date.now() + begun.ends_in * 1000;
        watch();
        answer(0);
        if (start) location.replace(start.dataset.next);
      }))
      .catch((reason) => answer(1, typeof reason === "string" ? reason : page.offline));
  }

  // watch renews the session a minute before its end.
  function watch() {
    clearTimeout(timer);
    if (framed && ends) timer = setTimeout(() => renew().catch(() => {}), Math.max(ends - Date.now() - 60000, 10000));
  }

  // alive asks whether the server still knows who this is.
  function alive() {
    return fetch(page.root + "/session", { cache: "no-store" }).then(function (response) {
      if (response.status === 204) return true;
      if (response.status === 401) return false;
      throw page.offline;
    }, function () {
      throw page.offline;
    });
  }

  // signedIn goes before every step that leaves the page.
  function signedIn() {
    return alive().then((there) => there || (framed ? renew() : Promise.reject(page.over)));
  }

  window.addEventListener("message", function (event) {
    const said = event.data;
    if (!framed || event.source !== window.parent || event.origin !== page.parent || !said || said.leadline !== "console") return;
    if (said.scheme === "dark" || said.scheme === "light") document.documentElement.dataset.scheme = said.scheme;
    if (said.kind === "hello") {
      ready();
    } else if (said.kind === "ticket" && typeof said.ticket === "string") {
      begin(said);
    } else if (said.kind === "refused") {
      answer(1, page.refused);
    }
  });

  function ready() {
    tell({ kind: "ready" });
    measure();
  }
  function measure() {
    tell({ kind: "height", px: Math.ceil(document.body.getBoundingClientRect().height) });
  }

  // --- the page that begins a session ---

  const start = find(".js-start");

  function blocked(code) {
    if (!start) return answer(1, page.refused);
    waiting = [];
    trouble("");
    find(".js-waiting").hidden = true;
    find(".js-blocked").hidden = false;
    find(".js-blocked input").value = code;
    setTimeout(enter, 4 * 60000); // before the code is too old
  }

  function enter() {
    renew().catch(trouble); // begin goes on from here
  }

  // --- what leaves the page ---

  function leave(go, button) {
    if (button) button.disabled = true;
    for (const old of document.querySelectorAll(".js-told")) old.remove(); // of the act before
    trouble("");
    signedIn().then(go).catch(function (reason) {
      if (button) button.disabled = false;
      trouble(typeof reason === "string" ? reason : page.offline);
    });
  }

  document.addEventListener("click", function (event) {
    const link = event.target instanceof Element && event.target.closest("a[href]");
    if (!page.endsIn || !link || link.target || link.hasAttribute("download") || event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    if (link.origin !== location.origin) return;
    event.preventDefault();
    leave(() => location.assign(link.href));
  });

  document.addEventListener("submit", function (event) {
    const form = event.target;
    const button = event.submitter;
    if (!page.endsIn) return; // nobody is signed in, so that nothing can be over
    if (form.target || button?.formTarget) return; // a frame of the page takes it
    event.preventDefault();
    leave(function () {
      // submit() forgets what the pressed button says.
      if (button?.name) form.append(Object.assign(document.createElement("input"), { type: "hidden", name: button.name, value: button.value }));
      if (button?.hasAttribute("formaction")) form.action = button.formAction;
      form.submit();
    }, button);
  });

  // --- what is nicer with a script ---

  for (const time of document.querySelectorAll("time")) {
    time.textContent = new Date(time.dateTime).toLocaleString(lang, { dateStyle: "medium", timeStyle: "short" });
  }

  for (const button of document.querySelectorAll(".js-copy")) {
    const field = document.getElementById(button.dataset.of) || Object.assign(document.createElement("textarea"), { value: button.dataset.text, readOnly: true });
    const said = button.parentElement.querySelector(".js-copied");
    button.hidden = false;
    button.addEventListener("click", function () {
      const byHand = function () {
        const lent = !field.isConnected; // a text that no field shows
        if (lent) button.after(field);
        field.focus();
        field.select();
        said.textContent = document.execCommand("copy") ? button.dataset.copied : button.dataset.byHand;
        if (!lent) return;
        field.remove();
        button.focus();
      };
      if (!navigator.clipboard) return byHand();
      navigator.clipboard.writeText(field.value).then(() => { said.textContent = button.dataset.copied; }, byHand);
    });
  }

  const preview = find(".js-preview");
  if (preview) {
    const frame = find(".js-preview-frame");
    const forms = document.querySelectorAll(".js-preview-of");
    let later = 0;
    const show = function () {
      const query = new URLSearchParams();
      if (preview.dataset.typed) {
        for (const form of forms) for (const [name, value] of new FormData(form)) if (name !== "csrf") query.append(name, value);
      }
      frame.contentWindow.postMessage({ leadline: "preview", query: query.toString() }, location.origin);
    };
    window.addEventListener("message", function (event) {
      if (event.source !== frame.contentWindow || event.origin !== location.origin || !event.data || event.data.leadline !== "preview") return;
      if (event.data.ready) return show();
      find(".js-preview-said").textContent = String(event.data.said || "");
    });
    for (const form of forms) {
      form.addEventListener("input", function () {
        clearTimeout(later);
        later = setTimeout(show, 300);
      });
    }
    for (const choice of preview.querySelectorAll("[name=width]")) {
      choice.addEventListener("change", () => frame.classList.toggle("console__frame_wide", choice.value === "wide"));
    }
    preview.hidden = false;
    frame.src = preview.dataset.page;
  }

  const menu = find(".console__switch");
  if (menu) {
    const close = (focus) => {
      if (!menu.open) return;
      menu.open = false;
      if (focus) menu.querySelector("summary").focus();
    };
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(menu.contains(document.activeElement)); });
    document.addEventListener("pointerdown", (event) => { if (!menu.contains(event.target)) close(false); });
  }

  // An account is being connected: look again, unless somebody has begun to do something.
  if (find(".js-reload")) {
    const look = setTimeout(() => location.reload(), 3000);
    document.addEventListener("keydown", () => clearTimeout(look));
    document.addEventListener("pointerdown", () => clearTimeout(look));
  }

  // A form whose page is shown beside it shows it again while somebody types.
  const live = find(".js-live");
  if (live) {
    let waiting = 0;
    let turn = 0;
    live.addEventListener("input", function (event) {
      if (event.target.type === "file") return;
      clearTimeout(waiting);
      waiting = setTimeout(draw, 700);
    });
    function draw() {
      const old = find(".js-live-frame");
      const next = old.cloneNode();
      const files = live.querySelectorAll("[type=file]:enabled");
      // What is loaded into a new frame first leaves no step in the history.
      next.removeAttribute("src");
      next.name = "preview-" + ++turn;
      old.replaceWith(next);
      const action = live.getAttribute("action");
      live.action = live.dataset.preview;
      live.target = next.name;
      for (const file of files) file.disabled = true; // they may be big, and show only when they are kept
      live.submit();
      for (const file of files) file.disabled = false;
      live.setAttribute("action", action);
      live.removeAttribute("target");
    }
    if ("draft" in live.dataset) draw();
  }

  const told = find("[aria-invalid]") || find(".js-told");
  if (told) told.focus({ preventScroll: true });
  if (live && told?.matches("[aria-invalid]")) told.scrollIntoView({ block: "center" }); // the form is long

  window.addEventListener("pageshow", function (event) {
    if (event.persisted) location.reload(); // as it was left, with its buttons waiting
  });

  if (framed) {
    new ResizeObserver(measure).observe(document.body);
    ready();
    watch();
  }
  if (start) {
    if (framed) {
      find(".js-waiting").hidden = false;
      enter();
    } else {
      find(".js-alone").hidden = false;
    }
  }
})();
