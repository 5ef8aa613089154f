// Notifications (W §5.9): pop-ups, and the entries that the account keeps.
define(["jquery", "crm/words"], function ($, words) {
  "use strict";

  const crm = window.__crm;
  const callbacks = {};
  const seconds = () => Math.floor(crm.now() / 1000);

  function popUp(kind, header, text, link, onClose) {
    crm.notifications.push({ kind, header, text, link: link || "" });
    const $item = $("<div>", { class: "pop-up pop-up_" + kind });
    $("<strong>", { class: "pop-up__header", text: header }).appendTo($item);
    $("<p>", { class: "pop-up__text", text }).appendTo($item);
    if (link) $("<a>", { class: "pop-up__link", href: link, target: "_blank", rel: "noopener noreferrer", text: link }).appendTo($item);
    $("<button>", { type: "button", class: "pop-up__close", "aria-label": words.get("close"), text: "×" }).on("click", function () {
      $item.remove();
      if (onClose) onClose();
    }).appendTo($item);
    $("#crm-notifications").append($item);
  }

  // store sends one entry; the answer tells whether the user closed it before.
  function store(request, results, show) {
    const on = $.extend({ done: $.noop, fail: $.noop, always: $.noop }, results);
    $.ajax({ method: "POST", url: "/ajax/v1/inbox/add/", data: { request }, dataType: "json" }).done(function (answer) {
      if (answer.response.shown) show();
      Object.keys(callbacks).forEach((code) => callbacks[code](request));
      on.done(answer);
    }).fail(on.fail).always(on.always);
  }

  const api = {
    add_error(p, results) {
      const request = { date: p.date || seconds(), type: "error", message: p.text, header: p.header, link: p.link || "" };
      store(request, results, () => popUp("error", p.header, p.text, p.link, function () {
        $.post("/crmpage/inbox/close", { header: p.header, text: p.text });
      }));
    },
    add_call(p, results) {
      const two = (n) => String(n).padStart(2, "0");
      const request = $.extend({}, p, { date: p.date || seconds(), type: "call", message: p.text, header: p.header || p.from, link: p.link || "" });
      request.duration = two(Math.floor(p.duration / 60)) + ":" + two(p.duration % 60);
      store(request, results, () => popUp("call", request.header, p.text, p.click_link || p.link));
    },
    show_message(p) { popUp("message", p.header, p.text); },
    show_message_error(p) { popUp("error", p.header, p.text, p.link); },
    show_notification(p) { popUp(p.type || "message", p.text.header, p.text.text); },
  };

  return { api, subscribe(code, fn) { callbacks[code] = fn; } };
});
