// The detectors of W §10.3 that look at the document: handlers and nodes left
// behind, styles that reach outside, script elements, texts.
(function () {
  "use strict";

  const crm = window.__crm;
  const { breach, owner, author } = crm;

  // Handlers on the document and its kin, by the widget that added them.
  const shared = (target) => target === document || target === window ||
    target === document.documentElement || target === document.body;
  const native = []; // {target, type, fn, capture, code}
  const jqueryOwner = new WeakMap();
  let jquery = null;

  const proto = EventTarget.prototype;
  const add = proto.addEventListener, remove = proto.removeEventListener;
  const capture = (options) => typeof options === "object" && options !== null ? !!options.capture : !!options;
  const forget = function (target, type, fn, captured) {
    const at = native.findIndex((r) => r.target === target && r.type === type && r.fn === fn && r.capture === captured);
    if (at >= 0) native.splice(at, 1);
  };
  proto.addEventListener = function (type, fn, options) {
    const target = this === undefined || this === null ? window : this;
    const code = fn && shared(target) ? owner() : "";
    const dispatcher = jquery && shared(target) && (jquery._data(target) || {}).handle;
    if (code && fn !== dispatcher) {
      native.push({ target, type, fn, capture: capture(options), code });
      const once = typeof options === "object" && options !== null ? options : {};
      const drop = () => forget(target, type, fn, capture(options));
      if (once.once) add.call(target, type, drop, { once: true, capture: capture(options) });
      if (once.signal) add.call(once.signal, "abort", drop, { once: true });
    }
    return add.call(target, type, fn, options);
  };
  proto.removeEventListener = function (type, fn, options) {
    const target = this === undefined || this === null ? window : this;
    forget(target, type, fn, capture(options));
    return remove.call(target, type, fn, options);
  };

  crm.watchJQuery = function ($) {
    jquery = $;
    crm.shared.jQuery = $;
    crm.shared["jQuery.fn"] = $.fn;
    crm.shared["jQuery.event.special"] = $.event.special;
    const original = $.event.add;
    $.event.add = function (elem, types, handler) {
      const code = shared(elem) ? owner() : "";
      const fn = handler && handler.handler || handler;
      if (code && typeof fn === "function") jqueryOwner.set(fn, code);
      return original.apply(this, arguments);
    };
  };

  // The page itself has no "on" properties set.
  function handlersOf(code) {
    const left = native.filter((r) => r.code === code).map((r) => r.type);
    for (const target of [document, window, document.documentElement, document.body]) {
      for (const name in target) {
        if (name.startsWith("on") && typeof target[name] === "function") left.push(name);
      }
      const events = jquery && jquery._data(target, "events") || {};
      for (const type of Object.keys(events)) {
        for (const one of events[type]) {
          if (jqueryOwner.get(one.handler) === code) left.push(type + (one.namespace ? "." + one.namespace : ""));
        }
      }
    }
    return left;
  }

  // Script elements: only RequireJS makes them.
  new MutationObserver(function (changes) {
    for (const change of changes) {
      for (const node of change.addedNodes) {
        const scripts = node.nodeName === "SCRIPT" ? [node] : node.querySelectorAll ? node.querySelectorAll("script") : [];
        for (const script of scripts) {
          const ours = (script.getAttribute("src") || "").startsWith("/crmpage/");
          if (!ours && !script.hasAttribute("data-requiremodule")) {
            breach("W §10.3 script element", script.src || script.textContent.slice(0, 80));
          }
        }
      }
    }
  }).observe(document, { childList: true, subtree: true });

  // What a widget's script puts into the page: {node, code}, until it is gone.
  // Modals are the page's to redraw.
  let placed = [];
  function watchPlacing(type, name) {
    const about = Object.getOwnPropertyDescriptor(type.prototype, name);
    if (!about) return;
    const key = about.set ? "set" : "value";
    const original = about[key];
    about[key] = function () {
      const code = this.isConnected && !(this.closest && this.closest(".modal")) ? author() : "";
      if (!code) return original.apply(this, arguments);
      const parents = [this, this.parentNode].filter((node) => node && node.childNodes);
      const had = new Set(parents.flatMap((node) => [...node.childNodes]));
      const result = original.apply(this, arguments);
      for (const parent of parents) {
        for (const node of parent.childNodes) {
          if (had.has(node)) continue;
          placed.push({ node, code });
          const system = parent.closest && parent.closest("#left_menu, #page_top");
          if (system) breach("W §9.5 J11", code + " put something into #" + system.id);
        }
      }
      return result;
    };
    Object.defineProperty(type.prototype, name, about);
  }
  for (const name of ["appendChild", "insertBefore", "replaceChild"]) watchPlacing(Node, name);
  for (const name of ["append", "prepend", "before", "after", "replaceWith", "replaceChildren", "insertAdjacentElement", "insertAdjacentHTML", "innerHTML", "outerHTML"]) {
    watchPlacing(Element, name);
  }

  // Styles: system markup off the screen, compared before and after.
  const sample = '<div class="modal-body__inner"><h1>h</h1><h2>h</h2><p>p <a href="#">a</a> <b>b</b></p>' +
    '<ul><li>l</li></ul><table><tbody><tr><th>t</th><td>t</td></tr></tbody></table>' +
    '<button type="button" class="button-input"><span class="button-input-inner"><span class="button-input-inner__text">t</span></span></button>' +
    '<button type="button" class="button-input button-input_blue">b</button><button type="button">b</button>' +
    '<label class="control-checkbox"><input type="checkbox"> c</label>' +
    '<input type="text" class="text-input"><input type="text"><select><option>o</option></select><textarea></textarea>' +
    '<div class="widget_settings_block__item_field"><div class="widget_settings_block__title_field">t</div>' +
    '<div class="widget_settings_block__input_field">i</div></div><div class="card-widgets__elements">c</div>' +
    '<div class="widget-settings"><div class="widget_main_info"><div class="widget-settings__command-plate"><div class="widget-state">s</div></div></div>' +
    '<div class="widget_settings_block"><div class="widget_settings_block__descr"><p>d</p></div></div></div>' +
    '<div class="card-widgets__widget"><div class="card-widgets__widget__caption">c</div></div>' +
    '<img alt="" src="data:,"><span>s</span><div>d</div><section>s</section><form>f</form></div>';
  const sentinel = document.createElement("div");
  sentinel.className = "crm-sentinel";
  sentinel.setAttribute("aria-hidden", "true");
  sentinel.inert = true;
  sentinel.innerHTML = sample;
  const systemVariables = ["--palette-text-primary", "--palette-text-secondary-dark", "--palette-border-default", "--palette-background-primary"];
  // Looks, not sizes: those follow the content and the window. A short list,
  // because it is read after every callback.
  const looks = ["display", "position", "float", "visibility", "opacity", "color", "background", "border", "border-radius", "outline", "box-shadow",
    "font", "letter-spacing", "word-spacing", "text-align", "text-decoration", "text-transform", "text-indent", "text-shadow", "white-space", "direction",
    "margin", "padding", "min-width", "max-width", "min-height", "max-height", "overflow", "cursor", "pointer-events", "user-select", "z-index",
    "transform", "transition", "animation-name", "filter", "list-style", "box-sizing", "vertical-align", "appearance", "zoom", "gap", "align-items"];
  let styles = null;

  function computed() {
    const seen = new Map();
    const elements = [...sentinel.querySelectorAll("*"), document.documentElement, document.body, document.getElementById("left_menu"), document.getElementById("page_top")];
    elements.forEach(function (el, i) {
      const css = getComputedStyle(el);
      const all = looks.map((name) => name + ":" + css.getPropertyValue(name));
      seen.set(i + " " + el.nodeName.toLowerCase() + "." + el.className, all);
    });
    const root = getComputedStyle(document.documentElement);
    seen.set("variables of :root", systemVariables.map((name) => name + ":" + root.getPropertyValue(name)));
    return seen;
  }
  crm.checkStyles = function (when) {
    const now = computed();
    if (styles !== null) {
      for (const [where, list] of now) {
        const before = styles.get(where) || [];
        const changed = list.filter((line, i) => line !== before[i]);
        if (changed.length > 0) {
          breach("W §10.3 styles", where + " became " + changed.slice(0, 3).join("; ") + " (" + when + ")");
          break; // one rule usually moves many elements
        }
      }
    }
    styles = now;
  };
  window.addEventListener("resize", function () { styles = null; });

  // Nodes that the page did not put into body and head.
  function strangers(code) {
    const styles = [];
    const left = [];
    for (const node of [...document.body.children, ...document.head.children]) {
      if (crm.own.has(node) || node.hasAttribute("data-requiremodule")) continue;
      if (placed.some((p) => p.node === node && p.code !== code)) continue; // another widget's, which is not at its end
      // A style sheet of one's own may stay when it is not of one page (W §4.5), once.
      if (node.matches('link[rel~="stylesheet"][href*="/upl/' + code + '/"]')) styles.push(node);
      else left.push(node);
    }
    return left.concat(styles.slice(1)).map((node) => node.outerHTML.slice(0, 120));
  }

  // afterDestroy is asked once the page's own cleaning is done (W §4.3). Who
  // leaves a page need not empty the place that the page is about to redraw.
  crm.afterDestroy = function (code, leaving) {
    placed = placed.filter(({ node }) => node.isConnected);
    for (const type of handlersOf(code)) breach("W §10.3 handlers", code + " left a handler of " + type);
    for (const html of strangers(code)) breach("W §10.3 nodes", "left behind: " + html);
    const stray = document.querySelector(["#C", ".C", '[id^="C-"]', '[id^="C_"]', '[class^="C-"]', '[class^="C_"]'].join().replaceAll("C", CSS.escape(code)));
    if (stray && !stray.closest(".widget-settings__modal, [data-code]" + (leaving ? ", #page_holder" : ""))) {
      breach("W §10.3 nodes", "left behind: " + stray.outerHTML.slice(0, 120));
    }
    for (const { node, code: by } of placed) {
      const at = node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement;
      if (node.parentNode === document.head || node.parentNode === document.body) continue; // among the strangers
      if (by === code && !at.closest(".modal, [data-code]" + (leaving ? ", #page_holder" : ""))) {
        breach("W §10.3 nodes", "left behind: " + (node.outerHTML || node.data || "").slice(0, 120));
      }
    }
    crm.uncounted(code);
    if (crm.intervalsOf(code) > 0) breach("W §10.3 after destroy", code + " left an interval running");
  };

  // baseline is taken when the page is ready and no widget has run yet.
  crm.baseline = function () {
    document.body.appendChild(sentinel);
    for (const node of [...document.body.children, ...document.head.children]) crm.own.add(node);
    crm.checkGlobals("start");
    crm.checkStyles("start");
    crm.every(function () {
      crm.checkGlobals("later");
      crm.checkStyles("later");
    }, 1000);
  };
})();
