// Digital Pipeline: the "Sources" column (W §7.2) and adding a source.
define(["jquery", "underscore", "lib/components/base/modal", "crm/state", "crm/loader", "crm/settings", "crm/words"],
  function ($, _, Modal, state, loader, settings, words) {
    "use strict";

    const crm = window.__crm;
    const e = _.escape;
    const w = (key) => e(words.get(key));

    // item is one source; its picture falls back from logo_min to "?". A widget in
    // trouble keeps its item and says so; in the mode of duplicate control nothing
    // can be opened (W §7.2).
    function item(about, source) {
      const status = about.entry.status;
      const off = status === "install" || status === "not_configured";
      const name = source.name || (about.langs.widget || {}).name || about.code;
      const inner = `<span class="dp-source__logo"><img src="${e(about.entry.images_path)}/logo_min.png" data-next="${e(about.entry.images_path)}/logo_small.png" alt=""></span>` +
        `<span class="dp-source__name" translate="no">${e(name)}</span><span class="dp-source__kind">${w("widget")}</span>`;
      if (off) {
        return `<div class="dp-source dp-source_off" data-widget-code="${e(about.code)}">${inner}<span class="dp-source__state">${w("off")}</span>` +
          `<button type="button" class="js-source_delete" data-source-id="${source.source_id}">${w("remove")}</button></div>`;
      }
      const trouble = status === "installed" ? "" : `<span class="dp-source__state">${w("status." + status)}</span>`;
      const opens = crm.variant("duplicate-control") ? "" : " js-navigate-link js-connect-widget";
      return `<a class="dp-source${opens}" data-widget-code="${e(about.code)}" data-source-id="${source.source_id}" href="/settings/widgets/#${e(about.code)}">${inner}${trouble}</a>`;
    }

    // clicked is the context of a click; the ids may come as text too (W §7.5).
    function clicked(source) {
      if (crm.variant("text-source-ids")) return { source_id: String(source.source_id), external_id: String(source.external_id) };
      return { source_id: Number(source.source_id), external_id: source.external_id };
    }

    function draw($page) {
      const id = state.route.pipeline;
      const list = (crm.boot.pipelines || []).map((p) => `<a class="js-navigate-link${p.id === id ? " dp-pipelines__current" : ""}" href="/settings/pipeline/leads/${p.id}" translate="no">${e(p.name)}</a>`).join("");
      if ($page.find(".dp").length === 0 || $page.find(".dp").data("pipeline") !== id) {
        $page.html(`<h1 class="ui-title">${w("pipeline")}</h1><nav class="dp-pipelines">${list}</nav><div class="dp" data-pipeline="${id}">` +
          `<section class="dp__sources"><h2>${w("sources")}</h2><div class="dp__items"></div><button type="button" class="button-input js-source-add">${w("add_source")}</button></section>` +
          `<section class="dp__stage"><h2>${w("stage")}</h2></section></div>`);
        $page.find(".js-source-add").on("click", choose);
      }
      fill();
    }

    function fill() {
      const id = state.route.pipeline;
      return $.getJSON("/ajax/settings/pipeline/sources/list", { pipeline_id: id, type: "widget" }).done(function (answer) {
        if (state.route.pipeline !== id) return;
        const $items = $(".dp__items").empty();
        const found = answer.sources.widget || {};
        for (const code of Object.keys(found)) {
          const about = state.market[code];
          for (const source of about ? found[code].items : []) {
            const $item = $(item(about, source)).appendTo($items);
            $item.filter(".js-connect-widget").on("click", () => settings.open(code, clicked(source), { pipeline: id }));
            $item.filter("a:not(.js-connect-widget)").on("click", () => false);
          }
        }
        $items.find("img").on("error", function () {
          const next = this.dataset.next;
          delete this.dataset.next;
          if (next) this.src = next;
          else $(this).replaceWith("?");
        });
        $items.find(".js-source_delete").on("click", function () {
          $.post("/ajax/settings/pipeline/sources/delete", { request: { id: $(this).data("source-id") } }).done(fill);
        });
      });
    }

    // choose is the add-source dialog with the widgets that are lead sources.
    function choose() {
      const offered = _.filter(state.market, (about) => about.lead_sources);
      const modal = new Modal({
        class_name: "dp-choose",
        init($body) {
          $body.html('<button type="button" class="modal-body__close">×</button><div class="modal-body__inner">' + `<h2>${w("add_source")}</h2>` +
            (offered.map((about) => `<button type="button" class="dp-choose__item" data-widget-code="${e(about.code)}">${e((about.langs.widget || {}).name || about.code)}</button>`).join("") || w("empty")) + "</div>");
          $body.find(".dp-choose__item").on("click", function () {
            modal.destroy();
            add($(this).data("widget-code"));
          });
          $body.trigger("modal:loaded").trigger("modal:centrify");
        },
      });
    }

    // add: the widget is attached (an installed one at once, another when its
    // installation ends), hears onAddAsSource, then its modal opens. The order
    // of the last two is UNCONFIRMED; the variant turns it round.
    function add(code) {
      const id = state.route.pipeline;
      const about = state.market[code];
      const told = () => loader.startOne(code).then((widget) => { loader.attempt(widget, code, "onAddAsSource", [id]); });
      const shown = () => settings.open(code, undefined, { pipeline: id });
      const attached = about.entry.status === "installed"
        ? $.post("/ajax/settings/pipeline/sources/add", { request: { pipeline_id: id, type: "widget", params: { widget_code: code } } }).then(fill)
        : $.Deferred().resolve();
      attached.then(function () {
        if (crm.variant("settings-before-add")) shown().then(told);
        else told().then(shown);
      });
    }

    crm.addSource = add;
    return { draw };
  });
