// The system Widget: what every widget's prototype inherits from (W §5.5).
define(["jquery", "twigjs", "crm/state", "crm/words"], function ($, twigjs, state, words) {
  "use strict";

  const crm = window.__crm;
  const loadedAt = Math.floor(Date.now() / 1000);
  const tokenAgeMs = 1500000; // 25 minutes (W §8.3)
  const tokens = {};
  let accountsCurrent = null;
  let proxyCalls = 0, proxyLast = -Infinity;

  function Widget() {}

  const context = (widget, params) => $.extend({ lang: widget.langs, lang_id: crm.boot.lang, _time_format: "H:i" }, params);

  // wrap gives a template whose contexts hold what every context holds.
  const wrap = (widget, template) => ({ render: (params) => template.render(context(widget, params)) });

  function freshToken(uuid) {
    const kept = tokens[uuid];
    const got = $.Deferred();
    if (kept && crm.now() - kept.at < tokenAgeMs) return got.resolve(kept.token);
    $.ajax({ url: "/ajax/v2/integrations/" + uuid + "/disposable_token", dataType: "json" }).then(function (answer, status, xhr) {
      if (!answer || !answer.token) {
        got.reject(xhr, 401);
        return;
      }
      tokens[uuid] = { token: answer.token, at: crm.now() };
      got.resolve(answer.token);
    }, got.reject);
    return got;
  }

  $.extend(Widget.prototype, {
    get_settings() { return this.params; },
    set_settings(more) { this.params = $.extend(this.params || {}, more); },
    get_version() { return this.params.version; },
    get_install_status() { return this.params.status; },

    // Acts only beside a card of the marketplace; nothing is stored.
    set_status(status) {
      const code = this.params.widget_code;
      const $card = $('div[data-code="' + code + '"]');
      if ($card.length === 0) return;
      $card.find(".widget-state").attr("class", "widget-state widget-state_status_" + status).text(words.get("status." + status));
      this.params.status = status;
      $(document).trigger("widgets:status:change", [{ widget_code: code, status }]);
    },

    // A missing leaf is false, a missing object on the way throws.
    i18n(path) {
      if (typeof path !== "string") return false;
      let found = this.langs;
      for (const key of path.split(".")) found = found[key];
      return found === undefined ? false : found;
    },
    set_lang(langs) { this.langs = langs; },

    system() {
      return state.system ? $.extend({ amouser: crm.boot.user.login, amohash: "" }, state.system) : false;
    },

    // W §8.3. The rejection without OAuth client is a native promise: no .fail.
    $authorizedAjax(options) {
      const uuid = this.params.oauth_client_uuid;
      crm.counted(this.params.widget_code);
      if (!uuid) return Promise.reject(new Error("the widget has no OAuth client"));
      const asked = $.extend(true, {}, options);
      const result = $.Deferred();
      freshToken(uuid).then(function (token) {
        asked.headers = $.extend({}, asked.headers, { "X-Auth-Token": token });
        $.ajax(asked).then(result.resolve, result.reject);
      }, result.reject);
      return result.promise();
    },

    // One call a second for all widgets together; the n-th waits n seconds.
    crm_post(url, data, callback, type) {
      const body = data || {};
      body.target = url;
      const at = crm.now();
      proxyCalls = at - proxyLast < 1000 ? proxyCalls + 1 : 0;
      proxyLast = at;
      if (proxyCalls > 0) crm.breach("W §10.3 crm_post", "more than one call per second");
      setTimeout(function () {
        $.post("/private/widget/proxy.php", body, callback, type || "text");
      }, proxyCalls * 1000);
    },

    render(data, params) {
      const source = data || {};
      if (source.data !== undefined) return twigjs.twig({ data: source.data }).render(context(this, params));
      if (source.ref) {
        const template = twigjs.ref(source.ref);
        if (!template) throw new Error("no system template " + source.ref);
        return template.render(context(this, params));
      }
      // Plain concatenation: no slash is added.
      const address = (source.base_path || "") + source.href + "?v=" + (source.v || loadedAt);
      const loading = $.ajax({ url: address, dataType: "text" }).then((text) => wrap(this, twigjs.twig({ data: text })));
      if (source.promised) return new Promise((resolve, reject) => loading.then(resolve, reject));
      loading.done(source.load || $.noop);
      return true;
    },

    render_template(block, params) {
      const code = this.params.widget_code;
      const $panel = $("#widgets_block .card-widgets__elements");
      if ($panel.length === 0) return;
      const given = block || {};
      $panel.find(".card-widgets__widget-" + code).remove();
      const $block = $('<div class="card-widgets__widget"><div class="card-widgets__widget__caption"></div><div class="card-widgets__widget__body"></div></div>');
      $block.addClass("card-widgets__widget-" + code).addClass(given.block_class_name || "");
      $block.find(".card-widgets__widget__caption").addClass(given.caption && given.caption.class_name || "")
        .append($("<img>", { src: this.params.images_path + "/logo_medium.png", alt: "" }));
      const html = (given.body || "") + (given.render ? this.render({ data: given.render }, params) : "");
      $block.find(".card-widgets__widget__body").html(html);
      $panel.append($block);
      $(document).trigger("widget:render-template");
    },

    // Rejects when the widget is no source; a failed request never settles.
    get_pipeline_id() {
      const code = this.params.widget_code;
      const found = $.Deferred();
      $.getJSON("/ajax/settings/pipeline/sources/list", { type: "widget" }).done(function (answer) {
        const own = (answer.sources.widget || {})[code];
        if (own) found.resolve(own.pipeline_id);
        else found.reject();
      });
      return found.promise();
    },

    add_action(type, fn) {
      if (type === "phone" || type === "email") state.actions[type] = fn;
    },

    add_source(type, fn, text, params) {
      if (!["sms", "chat", "email", "custom"].includes(type)) throw new Error("unknown source type " + type);
      if (typeof fn !== "function") throw new Error("add_source needs a function");
      if (type !== "sms" && !text) throw new Error("add_source needs a text");
      if (!state.route.card) return;
      $("<button>", { type: "button", class: "button-input feed-source", text: text || "SMS" })
        .on("click", () => fn.call(this, params)).appendTo("#card_feed");
      $(document).trigger("widgets:sources:add", [{ widget_code: this.params.widget_code, type }]);
    },

    get_accounts_current() {
      if (!accountsCurrent) {
        const a = crm.boot.account;
        accountsCurrent = {
          account: {
            id: a.id, name: a.name, subdomain: a.subdomain, currency: a.currency, paid_from: false, paid_till: false,
            timezone: a.timezone, date_pattern: "d.m.Y H:i", language: a.language, date_format: "d.m.Y",
            time_format: "H:i:s", country: a.country, unsorted_on: "Y",
            users: crm.boot.users.map((u) => ({ id: u.id, name: u.name, login: u.login, is_admin: u.is_admin ? "Y" : "N" })),
            widget: {}, custom_fields: {},
          },
        };
      }
      return accountsCurrent;
    },

    list_selected() {
      if (!state.route.list) return false;
      const selected = $("#list_page .js-list-row:checked").map(function () {
        return { id: Number(this.value), type: "lead", emails: [], phones: [] };
      }).get();
      return { selected, summary: { items: selected.length, emails: 0, phones: 0 } };
    },

    get_current_card_contacts_data() {
      const card = state.route.card;
      if (!card) return Promise.reject(new Error("not a card"));
      return Promise.resolve([{ id: card.id, name: "Anna Smith", first_name: "Anna", last_name: "Smith", phones: ["+1 555 0100"], emails: ["anna@example.com"] }]);
    },

    widgetsOverlay(on) { $(document.body).toggleClass("widgets-overlay", !!on); },
    listenSocketChannel(channel, keys, fn) {
      if (typeof channel !== "string" || !Array.isArray(keys) || typeof fn !== "function") throw new TypeError("channel, keys, function");
      return function () {};
    },
    setSdkCatalogId(id) { this.sdkCatalogId = id; },
    setCountBadge(item, n) { state.badges[item] = n; },

    // A virtual click on Save that leaves the modal open.
    background_install() {
      const save = document.getElementById("save_" + this.params.widget_code);
      if (!save) return;
      save.removeAttribute("data-onsave-destroy-modal");
      $(save).trigger("button:save:enable");
      save.click();
    },
    openWidgetSettings(options) {
      state.openSettings(this.params.widget_code, undefined, options);
    },
    unbind() {},
    template_element: '<div class="card-widgets__widget"></div>',
    helpers: {},
  });

  return Widget;
});
