// The settings modal of a widget: its states and the flows of install, save
// and uninstall (W §5.3, §6, §10.2).
define(["jquery", "lib/components/base/modal", "crm/loader", "crm/state", "crm/settings-view"], function ($, Modal, loader, state, viewer) {
  "use strict";

  const crm = window.__crm;
  const offMs = 15000; // how long switching off waits for onSave
  let current = null;

  // promiseOf turns what onSave returned into a promise of success; anything
  // but true and a promise is a breach, and falsy values store nothing.
  function promiseOf(code, result, wanted) {
    if (result && typeof result.then === "function") return new Promise((resolve, reject) => result.then(resolve, reject));
    if (result !== true) crm.breach("W §10.3 falsy return", code + " onSave returned " + result + " (" + wanted + ")");
    if (result || crm.variant("falsy-save-stores")) return Promise.resolve(true);
    return Promise.reject(new Error("onSave returned " + result));
  }

  function Settings(code, context, options) {
    this.code = code;
    this.context = context;
    this.options = options || {};
    this.about = state.market[code];
  }

  Settings.prototype = {
    widget() { return state.list[this.code]; },
    status() { return this.widget() ? this.widget().params.status : "install"; },
    $save() { return this.$modal.find(".js-widget-save"); },

    view() {
      const widget = this.widget();
      const langs = $.extend(true, { widget: { name: this.code, description: "", tour_description: "" }, settings: {} }, widget.langs);
      return {
        code: this.code, entry: this.about.entry, status: this.status(), langs, params: widget.params, boot: crm.boot,
        tour: this.about.is_tour, images: this.about.tour || [], fields: this.about.fields || [],
        installation: this.about.installation, showcase: this.about.is_showcase,
      };
    },

    // draw renders both sides anew and runs settings() again; what the widget
    // drew before is lost.
    draw() {
      const view = this.view();
      const $body = viewer.draw(this.$modal, view);
      this.bind();
      const run = () => {
        loader.attempt(this.widget(), this.code, "settings", [$body, this.context]);
        return this.$modal[0].querySelectorAll("*").length;
      };
      const once = run();
      if (crm.variant("settings-twice")) {
        const twice = run();
        if (twice > once) crm.breach("W §10.3 settings twice", this.code + ": " + (twice - once) + " more elements after the second time");
      }
      this.twins();
      setTimeout(() => this.twins(), 500);
    },

    // twins: drawing twice must leave one form (W §10.3).
    twins() {
      const seen = new Set();
      for (const el of this.$modal[0].querySelectorAll("[id]")) {
        if (seen.has(el.id)) crm.breach("W §10.3 settings twice", this.code + ": two elements with id " + el.id);
        seen.add(el.id);
      }
    },

    // bind listens natively on the controls, so that a click made by a script
    // reaches the detector as what it is.
    bind() {
      const on = (selector, act) => {
        const button = this.$modal[0].querySelector(selector);
        if (button) button.addEventListener("click", (event) => {
          if (!button.classList.contains("button-input-disabled") && button.dataset.loading !== "Y") act(event, $(button));
        });
      };
      on(".js-widget-install, .js-widget-skip-tour", (event, $button) => this.install($button));
      on(".js-widget-uninstall", (event, $button) => this.uninstall($button));
      on(".js-widget-save", (event, $button) => {
        if (!event.isTrusted && (this.about.fields || []).length > 0) crm.breach("W §9.5 J10", "Save of " + this.code + " was clicked by a script");
        this.save($button);
      });
      this.$modal.find("input[name=privacy_policy_accept]").on("change", (event) => {
        this.$modal.find(".install-widget__button").toggleClass("button-input-disabled", !event.target.checked);
      });
      this.$modal.find(".widget-settings__desc-space").on("change", () => this.$save().trigger("button:save:enable"));
      this.$modal.find(".popular-chat-swiper__mini-container").on("click", "img", (event) => {
        this.$modal.find(".popular-chat-swiper__show-container img").attr({ src: event.target.src, "data-key": event.target.dataset.key });
      });
    },

    // fields reads the form the way it is stored (W §3.4).
    fields() {
      const found = {};
      for (const field of this.about.fields || []) {
        const $inputs = this.$modal.find(".widget_settings_block__item_field :input").filter(function () {
          return this.name === field.code || this.name.startsWith(field.code + "[");
        });
        if (field.type !== "users" && field.type !== "users_lp") {
          if ($inputs.length > 0) found[field.code] = $inputs.val();
          continue;
        }
        found[field.code] = {};
        $inputs.each(function () {
          const [user, part] = this.name.slice(field.code.length + 1, -1).split("][");
          if (!part) found[field.code][user] = this.value;
          else (found[field.code][user] = found[field.code][user] || {})[part] = this.value;
        });
      }
      return found;
    },

    complete(fields) {
      const empty = (this.about.fields || []).filter(function (field) {
        const value = fields[field.code];
        return field.required && (value === undefined || value === "" || $.isPlainObject(value) && $.isEmptyObject(value));
      });
      this.$modal.find(".text-input_error").removeClass("text-input_error");
      empty.forEach((field) => this.$modal.find(`[name="${field.code}"]`).addClass("text-input_error"));
      return empty.length === 0;
    },

    post(data) {
      const body = $.extend({
        action: "edit", id: this.about.entry.id, code: this.code, widget_active: "Y", is_widget_state_action: 0, is_marketplace_request: 1,
      }, data);
      if (this.options.pipeline) body.pipeline_id = this.options.pipeline;
      return new Promise((resolve, reject) => $.ajax({ method: "POST", url: "/ajax/widgets/edit", data: body, dataType: "json" }).then(resolve, reject));
    },

    // onSave calls the widget; exceptions become rejections.
    onSave(evt, wanted) {
      const widget = this.widget();
      if (typeof widget.callbacks.onSave !== "function") {
        crm.breach("W §10.3 missing callback", this.code + " has no onSave");
        return Promise.reject(new Error("no onSave"));
      }
      try {
        return promiseOf(this.code, loader.call(widget, this.code, "onSave", [evt]), wanted);
      } catch (error) {
        loader.caught(this.code, "onSave", error);
        return Promise.reject(error);
      }
    },

    // save is the flow of W §10.2.
    save($button) {
      const first = this.status() !== "installed";
      $button.trigger("button:save:start");
      const fields = this.fields();
      if (!this.complete(fields)) {
        $button.trigger("button:save:error");
        return;
      }
      const evt = { active: this.$modal.find("[name=widget_active]").is(":checkbox:not(:checked)") ? "N" : "Y", fields };
      if (evt.active === "N") {
        this.off($button, evt);
        return;
      }
      this.onSave(evt, "save").then(() => this.store(evt, first, $button), () => $button.trigger("button:save:stop"));
    },

    store(evt, first, $button) {
      return this.post({ settings: evt.fields }).then((answer) => {
        const settings = answer.response.settings;
        const widget = this.widget();
        widget.set_settings($.extend({}, JSON.parse(settings || "{}"), { status: "installed", widget_active: "Y" }));
        this.about.entry.status = "installed";
        $(document).trigger("widget:installed", [this.code, settings]);
        const restarted = state.restarting || $.Deferred().resolve();
        restarted.always(() => {
          if (first && this.widget()) loader.attempt(this.widget(), this.code, "onInstall");
        });
        $button.trigger("button:saved");
        if ($button.is("[data-onsave-destroy-modal=true]")) this.modal.destroy();
        else restarted.always(() => this.draw());
        $(document).trigger("crm:market");
      }, () => $button.trigger("button:save:error"));
    },

    install($button) {
      const code = this.code;
      $button.trigger("button:load:start");
      const refused = () => $button.trigger("button:load:error");
      if (!this.about.is_tour) {
        const fields = this.fields();
        if (!this.complete(fields)) return refused();
        return this.post({ is_widget_state_action: 1 }).then(() => {
          const evt = { active: "Y", fields };
          return this.onSave(evt, "install").then(() => this.store(evt, true, $button), () => $button.trigger("button:load:stop"));
        }, refused);
      }
      const asked = crm.variant("skip-tour-saves") ? this.onSave({ active: "Y", fields: {} }, "skip tour") : Promise.resolve();
      return asked.then(() => this.post({ is_widget_state_action: 1 }).then(() => {
        this.widget().params.status = "not_configured";
        state.market[code].entry.status = "not_configured";
        this.draw();
        $(document).trigger("crm:market");
      }, refused), () => $button.trigger("button:load:stop"));
    },

    uninstall($button) {
      $button.trigger("button:load:start");
      this.off($button, { active: "N", fields: this.fields() });
    },

    // off goes on whatever onSave says: people may always disconnect (W §5.3).
    off($button, evt) {
      const late = new Promise((resolve) => setTimeout(resolve, offMs, "late"));
      Promise.race([this.onSave(evt, "switch off"), late]).then((how) => {
        if (how === "late") crm.breach("W §5.3 switch off", this.code + " onSave did not end");
      }, () => crm.breach("W §5.3 switch off", this.code + " onSave refused to switch off")).then(() => {
        $(document).trigger("widget:removed", [this.code, undefined, true]);
        return this.post({ widget_active: "N", is_widget_state_action: 1 });
      }).then(() => { this.about.entry.status = "install"; }, () => $button.trigger("button:load:error")).then(() => {
        // The window stays open in the state that the server knows now.
        return loader.startOne(this.code);
      }).then(() => {
        if (current === this) this.draw();
        $(document).trigger("crm:market");
      });
    },
  };

  // open starts the widget through the targeted area and shows its modal. The
  // promise is settled when settings() has run.
  function open(code, context, options) {
    if (!state.market[code]) return Promise.reject(new Error("no widget " + code));
    const from = state.route;
    return new Promise(function (resolve, reject) {
      loader.startOne(code).then(function (widget) {
        if (state.route !== from) return resolve(false); // the page was left meanwhile
        if (!widget) return reject(new Error("no widget " + code));
        const settings = new Settings(code, context, options);
        current = settings;
        settings.modal = new Modal({
          class_name: "widget-settings__modal " + code, disable_enter_keydown: true, focus_element: ".modal-body__close",
          init($body) {
            settings.$modal = $body;
            settings.draw();
            $body.trigger("modal:loaded").trigger("modal:centrify");
          },
          destroy() {
            if (current === settings) current = null;
            if (settings.options.onClose) settings.options.onClose();
          },
        });
        return resolve(true);
      }, reject);
    });
  }

  state.openSettings = open;
  crm.openSettings = open;
  crm.redraw = () => { if (current) current.draw(); };

  return { open };
});
