// lib/components/base/modal (W §5.10).
define(["jquery", "crm/words"], function ($, words) {
  "use strict";

  const crm = window.__crm;
  const open = [];
  let number = 0;
  const defaults = {
    class_name: "modal-list", init: $.noop, destroy: $.noop, container: document.body,
    disable_overlay_click: false, disable_escape_keydown: false, disable_enter_keydown: false, disable_cancel_click: false,
    disable_resize: false, disable_overlay: false, init_animation: false, centrify_animation: false, default_overlay: false,
    can_centrify: false, preload_templates: [], focus_element: ".js-modal-accept",
    onBeforeInit: null, onModalPosition: $.noop, tryAgain: $.noop, scrollerId: "",
  };

  function Modal(options) {
    const self = this;
    this.options = $.extend({}, defaults, options);
    this.ns = ".modal" + (++number);
    this.$modal = $('<div class="modal"><div class="modal-scroller custom-scroll"><div class="modal-body modal-body-loading" role="dialog" aria-modal="true" tabindex="-1"></div></div></div>');
    this.$modal.addClass(this.options.class_name);
    if (this.options.scrollerId) this.$modal.find(".modal-scroller").attr("id", this.options.scrollerId);
    if (!this.options.disable_overlay) this.$modal.append('<div class="default-overlay modal-overlay"></div>');
    this.$body = this.$modal.find(".modal-body");
    crm.own.add(this.$modal[0]);
    this.before = document.activeElement;
    $(this.options.container).append(this.$modal);
    open.push(this);

    this.$body
      .on("modal:loaded", () => this.reveal())
      .on("modal:centrify", () => { this.reveal(); this.options.onModalPosition(this.$body); })
      .on("modal:need-page-reload", () => location.reload())
      .on("click", ".modal-body__close", () => this.destroy())
      .on("click", ".modal-body__actions .button-cancel", () => { if (!this.options.disable_cancel_click) this.destroy(); })
      .on("click", ".js-modal-try-again", () => { this.$body.find(".modal-body__error").remove(); this.$body.find(".modal-body__inner").show(); this.options.tryAgain(); });
    this.$modal.on("click", ".modal-overlay", () => { if (!this.options.disable_overlay_click) this.destroy(); });
    this.$modal.find(".modal-scroller").on("click", function (event) {
      if (event.target === this && !self.options.disable_overlay_click) self.destroy();
    });
    $(document).on("keydown.crm" + this.ns, function (event) {
      if (open[open.length - 1] !== self) return;
      if (event.which === 27 && !self.options.disable_escape_keydown && !self.options.disable_overlay_click) self.destroy();
      if (event.which === 13 && !self.options.disable_enter_keydown && !$(event.target).is("textarea, button, a")) self.$body.find(".js-modal-accept").first().trigger("click");
    });

    const begin = () => this.options.init(this.$body);
    if (this.options.onBeforeInit) this.options.onBeforeInit().then(begin);
    else begin();
  }

  $.extend(Modal.prototype, {
    reveal() {
      if (!this.$body.hasClass("modal-body-loading")) return;
      this.$body.removeClass("modal-body-loading");
      const focus = this.$body.find(this.options.focus_element)[0];
      (focus || this.$body[0]).focus();
    },
    message(kind, text) {
      this.$body.find(".modal-body__error, .modal-body__success").remove();
      this.$body.find(".modal-body__inner").hide();
      const $box = $("<div>", { class: "modal-body__" + kind }).append($("<p>").text(text)).appendTo(this.$body);
      this.reveal();
      return $box;
    },
    showError(text, retry) {
      const $box = this.message("error", text);
      if (retry !== false) $("<button>", { type: "button", class: "button-input js-modal-try-again", text: words.get("retry") }).appendTo($box);
    },
    showSuccess(text, done, ms) {
      this.message("success", text);
      setTimeout(() => { this.destroy(); if (done) done(); }, ms === undefined ? 500 : ms);
    },
    show() { this.$modal.show(); },
    hide() { this.$modal.hide(); },
    destroy() {
      if (!open.includes(this) || this.options.destroy() === false) return;
      this.remove();
    },
    remove() {
      open.splice(open.indexOf(this), 1);
      $(document).off(this.ns);
      this.$modal.remove();
      if (this.before && this.before.isConnected) this.before.focus();
    },
  });

  // A page change closes all, no veto (W §5.10, trap 32).
  $(document).on("page:changed.crm", function () {
    open.slice().forEach(function (modal) {
      modal.options.destroy();
      modal.remove();
    });
  });

  return Modal;
});
