// The events of system buttons (W §5.11). "Disabled" is only a class.
define(["jquery"], function ($) {
  "use strict";

  const start = ($b) => $b.addClass("button-input-loading").attr("data-loading", "Y");
  const stop = ($b) => $b.removeClass("button-input-loading").removeAttr("data-loading");
  const enable = ($b) => $b.removeClass("button-input-disabled").addClass("button-input_blue");
  const disable = ($b) => $b.addClass("button-input-disabled").removeClass("button-input_blue");
  const fail = function ($b) {
    stop($b).addClass("button-input_shake");
    setTimeout(() => $b.removeClass("button-input_shake"), 300);
  };
  const events = {
    "button:save:enable": enable, "button:save:disable": disable,
    "button:save:start": start, "button:load:start": start, "button:save:stop": stop, "button:load:stop": stop,
    "button:save:error": fail, "button:load:error": fail,
    "button:saved"($b) {
      stop($b).addClass("button-input_saved");
      setTimeout(() => disable($b.removeClass("button-input_saved")), 1500);
    },
    "button:enable": ($b) => $b.removeClass("button-input-disabled"),
    "button:disable": ($b) => $b.addClass("button-input-disabled"),
  };
  for (const name of Object.keys(events)) {
    $(document).on(name + ".crm", ".button-input", function () { events[name]($(this)); });
  }
  return {};
});
