// Notifications (W §5.9): pop-ups, and the entries that the account keeps.
// Parameters that are not documented, or of another type, are a breach.
define(["jquery", "crm/words"], function ($, words) {
  "use strict";

  const crm = window.__crm;
  const rule = "W §5.9 notifications";
  const callbacks = {};
  const seconds = () => Math.floor(crm.now() / 1000);
  const cards = { 1: "contacts", 2: "leads", 3: "companies", contact: "contacts", lead: "leads", company: "companies", contacts: "contacts", leads: "leads", companies: "companies" };

  const text = (v) => typeof v === "string";
  const filled = (v) => text(v) && v !== "";
  const number = (v) => Number.isInteger(v) && v >= 0;
  const when = (v) => number(v) && v < 1e11; // seconds, not milliseconds
  const address = (v) => v === "" || text(v) && /^(https?:\/\/|\/|mailto:)/.test(v);
  const only = (v, ...names) => $.isPlainObject(v) && Object.keys(v).every((name) => names.includes(name));
  const element = (v) => only(v, "id", "type", "name") && number(v.id) && cards[v.type] !== undefined && (v.name === undefined || text(v.name));
  const inner = (v) => only(v, "header", "text") && text(v.header) && text(v.text);
  const call = (v) => typeof v === "function";

  // fits judges an object: all that is needed, and nothing unknown.
  function fits(name, given, needed, optional) {
    if (!$.isPlainObject(given)) {
      crm.breach(rule, name + " was not given an object");
      return;
    }
    const faults = [];
    for (const key of Object.keys(needed)) if (!(key in given)) faults.push("no " + key);
    for (const key of Object.keys(given)) {
      const is = needed[key] || optional[key];
      if (!is) faults.push("unknown " + key);
      else if (!is(given[key])) faults.push(key + " is " + JSON.stringify(given[key]));
    }
    if (faults.length > 0) crm.breach(rule, name + ": " + faults.join(", "));
  }

  function popUp(kind, header, message, link, onClose, at) {
    crm.notifications.push({ kind, header, text: message, link: link || "" });
    const $item = $("<div>", { class: "pop-up pop-up_" + kind });
    $("<strong>", { class: "pop-up__header", text: header }).appendTo($item);
    $("<p>", { class: "pop-up__text", text: message }).appendTo($item);
    if (at && cards[at.type]) {
      $("<a>", { class: "pop-up__card js-navigate-link", href: "/" + cards[at.type] + "/detail/" + at.id, text: at.name || words.get("card") + " " + at.id }).appendTo($item);
    }
    if (link) $("<a>", { class: "pop-up__link", href: link, target: "_blank", rel: "noopener noreferrer", text: link }).appendTo($item);
    $("<button>", { type: "button", class: "pop-up__close", "aria-label": words.get("close"), text: "×" }).on("click", function () {
      $item.remove();
      if (onClose) onClose();
    }).appendTo($item);
    $("#crm-notifications").append($item);
  }

  // store sends one entry; the answer tells whether the user closed it before.
  function store(name, request, results, show) {
    fits(name + " callbacks", results === undefined ? {} : results, {}, { done: call, fail: call, always: call });
    const on = $.extend({ done: $.noop, fail: $.noop, always: $.noop }, results);
    $.ajax({ method: "POST", url: "/ajax/v1/inbox/add/", data: { request }, dataType: "json" }).done(function (answer) {
      if (answer.response.shown) show();
      Object.keys(callbacks).forEach((code) => callbacks[code](request));
      on.done(answer);
    }).fail(on.fail).always(on.always);
  }

  const api = {
    add_error(p, results) {
      crm.notes.push(["add_error", p]);
      fits("add_error", p, { header: filled, text: filled }, { date: when, link: address });
      const request = { date: p.date || seconds(), type: "error", message: p.text, header: p.header, link: p.link || "" };
      store("add_error", request, results, () => popUp("error", p.header, p.text, p.link, function () {
        $.post("/crmpage/inbox/close", { header: p.header, text: p.text });
      }));
    },
    add_call(p, results) {
      crm.notes.push(["add_call", p]);
      fits("add_call", p, { from: filled, to: text, duration: number, link: address, text, date: when }, { header: text, click_link: address, phone: text, element });
      const two = (n) => String(n).padStart(2, "0");
      const request = $.extend({}, p, { date: p.date || seconds(), type: "call", message: p.text, header: p.header || p.from, link: p.link || "" });
      request.duration = two(Math.floor(p.duration / 60)) + ":" + two(p.duration % 60);
      store("add_call", request, results, () => popUp("call", request.header, p.text, p.click_link || p.link, null, p.element));
    },
    show_message(p) {
      crm.notes.push(["show_message", p]);
      fits("show_message", p, { header: text, text }, { date: when, icon: text });
      popUp("message", p.header, p.text);
    },
    show_message_error(p) {
      crm.notes.push(["show_message_error", p]);
      fits("show_message_error", p, { header: text, text }, { date: when, link: address });
      popUp("error", p.header, p.text, p.link);
    },
    show_notification(p) {
      crm.notes.push(["show_notification", p]);
      fits("show_notification", p, { text: inner }, { type: (t) => t === "call" || t === "error", date: when });
      popUp(p.type || "message", p.text.header, p.text.text);
    },
  };
  crm.notes = []; // [method, parameters] in order

  return { api, subscribe(code, fn) { callbacks[code] = fn; } };
});
