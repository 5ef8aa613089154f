// The places of the CRM and the way between them. A change of address in the
// page is a change of area: widgets end and start (W §4.3, §5.8).
define(["jquery", "underscore", "crm/state", "crm/loader", "crm/app", "crm/settings", "crm/pipeline", "crm/watch-text", "crm/words"],
  function ($, _, state, loader, app, settings, pipeline, texts, words) {
    "use strict";

    const crm = window.__crm;
    const e = _.escape;
    const w = (key) => e(words.get(key));

    // Address -> area, entity (W §5.8); draw fills the page.
    const routes = [
      [/^\/(dashboard\/)?$/, () => ({ area: "dashboard", entity: "dashboard", draw: dashboard })],
      [/^\/leads\/list\/$/, () => ({ area: "leads", entity: "leads", list: true, draw: leads })],
      [/^\/leads\/pipeline\/$/, () => ({ area: "leads-pipeline", entity: "leads", draw: board })],
      [/^\/(leads|contacts|companies)\/detail\/(\d+)$/, (m) => ({ area: m[1] + "_card", entity: m[1], card: { id: Number(m[2]), name: words.get("card") + " " + m[2] }, draw: card })],
      [/^\/(amo-market|settings\/widgets)\/$/, () => ({ area: "widgetsSettings", entity: "widgetsSettings", draw: market })],
      [/^\/settings\/widgets\/([a-z0-9_]+)\/$/, (m) => ({ area: "advanced-settings:" + m[1], entity: "settings", code: m[1], draw: advanced })],
      [/^\/settings\/pipeline\/leads\/(\d+)$/, (m) => ({ area: "leads-dp", entity: "leads-dp", pipeline: Number(m[1]), draw: pipeline.draw })],
      [/^\/settings\/pay\/$/, () => ({ area: "settings", entity: "settings", pay: true, draw: pay })],
    ];

    function dashboard($page) {
      $page.html(`<h1 class="ui-title">${w("dashboard")}</h1><div class="tiles"><section class="tile"><h2>${w("leads")}</h2><p class="tile__number">12</p></section><section class="tile"><h2>${w("feed")}</h2><p class="tile__number">3</p></section></div>`);
    }
    function leads($page) {
      const row = (id) => `<tr><td><input type="checkbox" class="js-list-row" value="${id}" aria-label="${id}"></td><td><a class="js-navigate-link" href="/leads/detail/${id}">${w("card")} ${id}</a></td><td>${w("stage")}</td></tr>`;
      $page.html(`<h1 class="ui-title">${w("leads")}</h1><table id="list_page" class="list"><tbody>${[101, 102, 103].map(row).join("")}</tbody></table>`);
    }
    function board($page) {
      $page.html(`<h1 class="ui-title">${w("leads")}</h1><div class="board"><section class="board__column"><h2>${w("stage")}</h2><a class="board__card js-navigate-link" href="/leads/detail/101">${w("card")} 101</a></section></div>`);
    }
    function card($page) {
      $page.html(`<div class="card"><section class="card__fields"><h1 class="ui-title" translate="no">${e(state.route.card.name)}</h1><h2>${w("contact")}</h2><p translate="no">Anna Smith</p>` +
        '<p><button type="button" class="link js-phone">+1 555 0100</button></p><p><button type="button" class="link js-email">anna@example.com</button></p></section>' +
        `<section class="card__feed" id="card_feed"><h2>${w("feed")}</h2><p class="empty">${w("empty")}</p></section>` +
        '<aside id="widgets_block" class="card-widgets"><div class="card-widgets__elements"></div></aside></div>');
      $page.find(".js-phone").on("click", function () { if (state.actions.phone) state.actions.phone({ value: this.textContent }); });
      $page.find(".js-email").on("click", function () { if (state.actions.email) state.actions.email({ value: this.textContent }); });
    }
    function pay($page) { $page.html(`<h1 class="ui-title">${w("settings")}</h1>`); }

    // The card of the marketplace; set_status looks for div[data-code].
    function tile(about) {
      const entry = about.entry;
      const name = (about.langs.widget || {}).name || about.code;
      const status = entry.status;
      return `<div class="market-card" data-code="${e(about.code)}"><img src="${e(entry.images_path)}/logo_main.png" alt=""><h2>${e(name)}</h2>` +
        `<p>${e((about.langs.widget || {}).short_description || "")}</p><div class="widget-state widget-state_status_${e(status)}">${w("status." + status)}</div>` +
        `<button type="button" class="button-input js-market-open">${w(about.is_showcase || status !== "install" ? "view" : "install")}</button></div>`;
    }
    function market($page) {
      $page.html(`<h1 class="ui-title">${w("market")}</h1><div class="market">${_.map(state.market, tile).join("") || w("empty")}</div>`);
      $page.find(".js-market-open").on("click", function () {
        settings.open($(this).closest("[data-code]").data("code"));
      });
    }
    function advanced($page) {
      const about = state.market[state.route.code];
      const title = about && (about.langs.advanced || {}).title || words.get("settings");
      $page.html(`<h1 class="ui-title">${e(title)}</h1><div id="list_page_holder"><div id="work-area-${e(state.route.code)}"></div></div>`);
    }

    // frame draws what stays: the menu and the bell.
    function frame() {
      const first = crm.boot.pipelines && crm.boot.pipelines[0];
      const links = [["/dashboard/", "dashboard"], ["/leads/list/", "leads"], ["/amo-market/", "market"]];
      if (first) links.push(["/settings/pipeline/leads/" + first.id, "pipeline"]);
      $("#left_menu").html(links.map(([to, key]) => `<a class="left-menu__item js-navigate-link" href="${to}">${w(key)}</a>`).join("") + '<div class="left-menu__own"></div>');
      $("#page_top").html(`<span class="page-top__account" translate="no">${e(crm.boot.account.name)}</span><button type="button" class="page-top__bell">${w("inbox")}</button><span class="page-top__user" translate="no">${e(crm.boot.user.name)}</span>`);
      $("#page_top .page-top__bell").on("click", bell);
      document.addEventListener("click", function (event) {
        const link = event.target instanceof Element && event.target.closest("a.js-navigate-link");
        if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        if (!link.classList.contains("js-connect-widget")) go(link.getAttribute("href"));
      });
    }
    function bell() {
      const $old = $("#page_top .inbox");
      if ($old.length > 0) { $old.remove(); return; }
      $.getJSON("/crmpage/inbox").done(function (answer) {
        const line = (n) => `<li class="inbox__item inbox__item_${e(n.type)}"><strong>${e(n.header)}</strong><p>${e(n.text)}</p></li>`;
        $("#page_top").append(`<ul class="inbox">${answer.items.map(line).join("") || `<li>${w("empty")}</li>`}</ul>`);
      });
    }

    // learn reads what the account may install, with its words.
    function learn() {
      return $.getJSON("/crmpage/market").then(function (answer) {
        const waits = answer.widgets.map(function (about) {
          about.langs = (state.market[about.code] || {}).langs || {};
          const known = state.market[about.code] !== undefined;
          state.market[about.code] = about;
          const named = $.getJSON(about.entry.lang).then((langs) => { about.langs = langs; }, () => $.Deferred().resolve());
          return $.when(named, known ? undefined : texts.learn(about));
        });
        return $.when.apply($, waits);
      });
    }
    function ownMenu() {
      const items = _.filter(state.market, (about) => about.advanced && about.entry.status === "installed");
      $("#left_menu .left-menu__own").html(items.map((about) => `<a class="left-menu__item js-navigate-link" href="/settings/widgets/${e(about.code)}/">${e((about.langs.advanced || {}).title || about.code)}</a>`).join(""));
    }
    $(document).on("crm:market.crm", function () {
      learn().then(function () {
        ownMenu();
        if (state.route.area === "widgetsSettings" || state.route.area === "leads-dp") state.route.draw($("#page_holder"));
      });
    });

    function match(path) {
      for (const [pattern, make] of routes) {
        const found = pattern.exec(path);
        if (found) return make(found);
      }
      return null;
    }

    // show draws the place of the address and starts its widgets; "ready"
    // changes when all of them have been through their steps.
    let shows = 0;
    function show() {
      const mine = ++shows;
      crm.ready = false;
      const route = match(location.pathname);
      state.route = $.extend({ area: "", entity: "", card: null, list: false }, route);
      app.moved(state.route);
      route.draw($("#page_holder"));
      ownMenu();
      crm.checkGlobals("page");
      const started = route.pay ? $.Deferred().resolve() : loader.startArea(route.area);
      return started.then(function () {
        app.listed();
        const code = decodeURIComponent(location.hash.slice(1));
        if (route.area !== "widgetsSettings" || !state.market[code]) return undefined;
        const opened = $.Deferred(); // jQuery 2 does not wait for a native promise
        settings.open(code).then(opened.resolve, opened.resolve);
        return opened.promise();
      }).always(function () { if (mine === shows) crm.ready = true; });
    }

    // go is a change of area: tell, close, end, draw, start.
    function go(address, replay) {
      const url = new URL(address, location.href);
      if (!match(url.pathname)) { location.assign(url); return; }
      if (!replay) history.pushState(null, "", url);
      $(document).trigger("page:changed");
      loader.leave();
      state.actions = {};
      show();
    }
    window.addEventListener("popstate", () => go(location.href, true));
    $(document).on("list:reload.crm", () => { if (state.route.list) state.route.draw($("#page_holder")); });

    crm.go = go;
    state.go = go;
    return { frame, begin() { learn().always(show); } };
  });
