// The strict part of the page: sees what a widget must not do and tells the
// server (W §10.3). It stands before everything else, so that nothing can keep
// an unwatched original. What belongs to the DOM is in watch-dom.js.
(function () {
  "use strict";

  const boot = JSON.parse(document.getElementById("crm-boot").textContent);
  const fetchNative = window.fetch.bind(window);
  const breaches = [];
  const known = new Set();
  let offset = 0;

  Error.stackTraceLimit = 50; // the widget's frame must be on the stack

  function breach(rule, detail) {
    const text = String(detail === undefined ? "" : detail).slice(0, 1000);
    if (known.has(rule + "\n" + text)) return;
    known.add(rule + "\n" + text);
    breaches.push({ rule, detail: text });
    fetchNative("/crmpage/breach", {
      method: "POST", keepalive: true,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ rule, detail: text }),
    }).catch(function () {}); // the page is being left
  }

  // owner names the widget whose script is on the stack, "" for the page itself.
  function owner() {
    const found = /\/upl\/([a-z0-9_]+)\//.exec(new Error().stack || "");
    return found ? found[1] : "";
  }

  // author is the owner only where the widget's script itself acts, not a part of
  // the page that it called (a notification, a modal); libraries count for neither.
  function author() {
    const nearest = /\/upl\/([a-z0-9_]+)\/|\/crmpage\/page\/(?!watch)/.exec(new Error().stack || "");
    return nearest && nearest[1] || "";
  }

  const crm = {
    boot, breaches, breach, owner, author,
    log: [],           // [code, callback] in the order of the calls
    notifications: [], // everything that was shown or stored
    own: new WeakSet(), // DOM nodes of the page itself
    now: () => Date.now() + offset,
    advance(ms) { offset += ms; },
    variant: (name) => boot.variants !== null && boot.variants.includes(name),
    running: () => [], // the loader replaces it
    destroyed: new Set(),
  };
  Object.defineProperty(window, "__crm", { value: crm });

  // Exceptions and rejections. Failed files of a widget arrive here too.
  window.addEventListener("error", function (event) {
    const from = event.target;
    if (from && from !== window && from.nodeType === 1) {
      const address = from.src || from.href || "";
      // A picture with a substitute ("next") may be missing (W §7.2).
      if (address.includes("/upl/") && !from.dataset.next) breach("W §10.3 missing file", new URL(address, location.href).pathname);
      return;
    }
    if (/^ResizeObserver loop/.test(event.message)) return; // the browser's own notice, nobody's mistake
    breach("W §10.3 exception", event.error && event.error.stack || event.message);
  }, true);
  window.addEventListener("unhandledrejection", function (event) {
    const why = event.reason;
    breach("W §10.3 unhandled rejection", why && why.stack || String(why));
  });

  // J04: console.debug anywhere, console.trace in a catch; the place of a trace
  // cannot be seen from here. A bare reference (.catch(console.error)) leaves no
  // frame of its widget, so what does not come from the page itself counts.
  for (const name of Object.keys(console)) {
    const original = console[name];
    if (typeof original !== "function" || name === "debug" || name === "trace") continue;
    console[name] = function () {
      const who = owner();
      const ours = /\/crmpage\/page\/(?!watch\.js)/.test(new Error().stack || "");
      if (who || !ours) breach("W §9.5 J04", (who || "a widget") + " called console." + name);
      return original.apply(console, arguments);
    };
  }

  // J02, J03.
  for (const [name, result] of [["alert", undefined], ["confirm", false], ["prompt", null]]) {
    window[name] = function () {
      breach("W §9.5 J03", owner() + " called " + name);
      return result;
    };
  }
  for (const name of ["write", "writeln"]) {
    document[name] = function () { breach("W §9.5 J02", owner() + " called document." + name); };
  }

  // A burst is more than the 7 requests a second that an integration may make
  // (W §8.9), by one instance: people who hurry through pages are no burst.
  const lately = {}; // code -> times of its last requests
  crm.counted = function (code) {
    const now = performance.now();
    lately[code] = (lately[code] || []).filter((at) => now - at < 1000).concat(now);
    if (lately[code].length > 7) breach("W §10.3 burst", code + " made more than 7 requests in a second");
  };

  crm.uncounted = function (code) { delete lately[code]; };

  // Requests. Foreign hosts are found by the browser (the report-only policy),
  // because it also sees pictures, styles and frames.
  const friends = [location.origin].concat(boot.backends || []);
  function request(kind, address) {
    let url;
    try { url = new URL(address, location.href); } catch { return null; }
    const who = owner();
    if (location.protocol === "https:" && (url.protocol === "http:" || url.protocol === "ws:")) {
      breach("W §10.3 http", kind + " to " + url.origin);
    }
    if (who && crm.destroyed.has(who) && !crm.running().includes(who)) {
      breach("W §10.3 after destroy", who + ": " + kind + " to " + url.pathname);
    }
    const by = author();
    if (by) crm.counted(by);
    return url;
  }
  function header(url, name) {
    if (url && String(name).toLowerCase() === "x-auth-token" && !friends.includes(url.origin)) {
      breach("W §10.3 token", "X-Auth-Token sent to " + url.origin);
    }
  }
  const targets = new WeakMap();
  const xhr = XMLHttpRequest.prototype;
  const open = xhr.open, setHeader = xhr.setRequestHeader;
  xhr.open = function (method, address, async) {
    targets.set(this, request("XMLHttpRequest", address));
    if (arguments.length > 2 && !async) breach("W §10.3 synchronous request", address);
    return open.apply(this, arguments);
  };
  xhr.setRequestHeader = function (name) {
    header(targets.get(this), name);
    return setHeader.apply(this, arguments);
  };
  window.fetch = function (input, init) {
    const asked = input instanceof Request ? input : null;
    const url = request("fetch", asked ? asked.url : input);
    for (const [name] of new Headers(init && init.headers || asked && asked.headers)) header(url, name);
    return fetchNative(input, init);
  };
  document.addEventListener("securitypolicyviolation", function (event) {
    if (event.blockedURI === "eval" || event.blockedURI === "wasm-eval") {
      breach("W §9.5 J02", "eval in " + event.sourceFile);
      return;
    }
    breach("W §10.3 hosts", event.effectiveDirective + " " + event.blockedURI);
  });

  // Clicks made by script. The page listens natively on these controls, so that
  // jQuery's trigger ends in a real, untrusted click.
  document.addEventListener("click", function (event) {
    const at = event.target instanceof Element ? event.target : null;
    if (!at || event.isTrusted) return;
    const control = at.closest(".js-widget-install, .js-widget-skip-tour, .js-widget-uninstall");
    if (control) breach("W §10.3 untrusted click", control.className);
  }, true);

  // Intervals of a widget that go on after its destroy, and time-outs that wait:
  // those it set itself, not those of a library that works for it.
  const intervals = new Map();
  const timeouts = new Map(); // id -> "code lib/file.js"
  const setNative = window.setInterval, clearNative = window.clearInterval;
  const timeoutNative = window.setTimeout, clearTimeoutNative = window.clearTimeout;
  window.setInterval = function () {
    const id = setNative.apply(window, arguments);
    const who = owner();
    if (who) intervals.set(id, who);
    return id;
  };
  window.setTimeout = function (act, ...rest) {
    const from = (new Error().stack || "").split("\n").find((line) => line.includes(" at ") && !line.includes("/watch.js"));
    const own = /\/upl\/([a-z0-9_]+)\/(?:[\d.]+\/)?widget\/([\w/]+\.js)/.exec(from || "");
    if (!own || typeof act !== "function") return timeoutNative.call(window, act, ...rest);
    const id = timeoutNative.call(window, function () {
      timeouts.delete(id);
      act.apply(this, arguments);
    }, ...rest);
    timeouts.set(id, own[1] + " " + own[2]);
    return id;
  };
  window.clearInterval = function (id) {
    intervals.delete(id);
    return clearNative.call(window, id);
  };
  window.clearTimeout = function (id) {
    intervals.delete(id);
    timeouts.delete(id);
    return clearTimeoutNative.call(window, id);
  };
  crm.intervalsOf = function (code) {
    return [...intervals.values()].filter((who) => who === code).length;
  };
  crm.timeoutsOf = function (code) {
    return [...timeouts.values()].filter((who) => who.startsWith(code + " ")).map((who) => who.slice(code.length + 1));
  };
  crm.every = setNative.bind(window);

  // guard shows an object of the page and reports every change of it.
  const proxies = new WeakMap();
  crm.guard = function guard(thing, name) {
    if (thing === null || typeof thing !== "object") return thing;
    const proto = Object.getPrototypeOf(thing);
    if (proto !== Object.prototype && proto !== Array.prototype) return thing;
    if (proxies.has(thing)) return proxies.get(thing);
    const refuse = function (what) {
      return function (_, key) {
        breach("W §10.3 APP", what + " " + name + "." + String(key));
        return true; // ignored, as a documented member would not take it either
      };
    };
    const proxy = new Proxy(thing, {
      get: (target, key) => guard(target[key], name + "." + String(key)),
      set: refuse("set"), deleteProperty: refuse("deleted"),
      defineProperty: refuse("defined"), setPrototypeOf: refuse("changed prototype of"),
    });
    proxies.set(thing, proxy);
    return proxy;
  };
  crm.publish = function (name, value) {
    Object.defineProperty(window, name, {
      get: () => value,
      set() { breach("W §10.3 APP", "window." + name + " was set"); },
    });
  };

  // New own properties of window, and other functions in the place of its own;
  // the same on what all scripts of the page share. Numbers are frames; jQuery
  // marks window with its own key when a handler is bound there.
  crm.shared = { window, "Object.prototype": Object.prototype, "Array.prototype": Array.prototype, "String.prototype": String.prototype,
    "Function.prototype": Function.prototype, "Element.prototype": Element.prototype };
  let globals = null; // name of the shared thing -> Map of its names to their functions
  const functionOf = function (thing, name) {
    const about = Object.getOwnPropertyDescriptor(thing, name);
    return about && typeof about.value === "function" ? about.value : undefined;
  };
  crm.checkGlobals = function (when) {
    const first = globals === null;
    if (first) globals = {};
    for (const at of Object.keys(crm.shared)) {
      const thing = crm.shared[at];
      const known = globals[at] || (globals[at] = new Map());
      for (const name of Object.getOwnPropertyNames(thing)) {
        if (at === "window" && /^(jQuery)?\d+$/.test(name)) continue;
        const now = functionOf(thing, name);
        if (!first && !known.has(name)) breach("W §10.3 globals", at + "." + name + " appeared (" + when + ")");
        else if (!first && known.get(name) && known.get(name) !== now) breach("W §10.3 globals", at + "." + name + " was replaced (" + when + ")");
        known.set(name, now);
      }
    }
  };
})();
