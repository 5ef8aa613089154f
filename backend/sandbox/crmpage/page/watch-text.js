// Texts that a person sees inside a widget's places: never a raw key, never
// another language (W §10.3). Text typed or fetched from the account may be in
// any language: inputs, <code>, <pre> and translate="no" are not looked at.
define(["jquery"], function ($) {
  "use strict";

  const crm = window.__crm;
  const spots = ".modal, #list_page_holder, .card-widgets__elements, #crm-notifications";
  const texts = {}; // code -> {keys: Set, own: Set, others: Map text -> language}

  function walk(node, path, each) {
    if (node !== null && typeof node === "object") {
      for (const key of Object.keys(node)) walk(node[key], path ? path + "." + key : key, each);
    } else {
      each(path, String(node).trim());
    }
  }

  // learn reads the widget's language files once.
  function learn(widget) {
    const known = { tops: new Set(), own: new Set(), others: new Map() };
    texts[widget.code] = known;
    const loads = Object.keys(widget.locales).map(function (lang) {
      const active = widget.locales[lang] === widget.entry.lang;
      return $.getJSON(widget.locales[lang]).done(function (words) {
        Object.keys(words).forEach((key) => known.tops.add(key));
        walk(words, "", function (path, text) {
          if (active) known.own.add(text);
          else known.others.set(text, lang);
        });
      });
    });
    return $.when.apply($, loads);
  }

  function judge(text, where) {
    const line = text.trim();
    if (line === "") return;
    if (/^(false|undefined|null|NaN|\[object Object\])$/.test(line)) {
      crm.breach("W §10.3 raw key", where + " shows " + line);
    }
    for (const code of Object.keys(texts)) {
      const known = texts[code];
      const bare = line.replace(/:$/, "");
      if (/^[a-z][a-z0-9_]*(\.[A-Za-z0-9_]+)+$/.test(bare) && known.tops.has(bare.split(".")[0])) {
        crm.breach("W §10.3 raw key", where + " shows " + bare);
      }
      if (bare.length > 3 && known.others.has(bare) && !known.own.has(bare)) {
        crm.breach("W §10.3 language", where + " shows " + known.others.get(bare) + " text: " + bare.slice(0, 80));
      }
    }
    if (crm.boot.lang !== "ru" && /[\u0400-\u04ff]/.test(line)) {
      crm.breach("W §10.3 language", where + " shows Cyrillic: " + line.slice(0, 80));
    }
  }

  function check() {
    for (const spot of document.querySelectorAll(spots)) {
      const walker = document.createTreeWalker(spot, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
      const where = spot.id || spot.className;
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const el = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
        if (el.closest('code, pre, textarea, script, style, [translate="no"]') || !el.checkVisibility()) continue;
        if (node.nodeType === Node.TEXT_NODE) judge(node.data, where);
        else for (const name of ["title", "placeholder", "aria-label", "alt"]) judge(el.getAttribute(name) || "", where);
      }
    }
  }

  let waiting = 0;
  new MutationObserver(function () {
    clearTimeout(waiting);
    waiting = setTimeout(check, 100);
  }).observe(document.body, { childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ["title", "placeholder", "aria-label", "alt", "class", "style", "hidden"] });

  crm.checkTexts = check;
  return { learn };
});
