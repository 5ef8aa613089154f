// Starts and ends widgets in the exact order of W §4.2 and §4.3.
define(["require", "jquery", "crm/base", "crm/state"], function (require, $, Widget, state) {
  "use strict";

  const crm = window.__crm;
  const build = "?" + Date.now();
  const entries = {}; // the last entry of the list by code, for restarts
  let generation = 0;

  crm.running = () => Object.keys(state.list);
  crm.instances = () => state.list;

  function look(code, name) {
    crm.checkGlobals(code + " " + name);
    crm.checkStyles(code + " " + name);
  }

  // call runs one callback; "this" is the callbacks object, as in the CRM.
  function call(widget, code, name, args) {
    crm.log.push([code, name]);
    try {
      return widget.callbacks[name].apply(widget.callbacks, args || []);
    } finally {
      look(code, name);
    }
  }

  // attempt runs a callback whose exception the page survives.
  function attempt(widget, code, name, args) {
    if (typeof (widget.callbacks || {})[name] !== "function") return undefined;
    try {
      return call(widget, code, name, args);
    } catch (error) {
      caught(code, name, error);
      return undefined;
    }
  }

  function caught(code, where, error) {
    crm.breach("W §10.3 exception", code + " " + where + ": " + (error && error.stack || error));
    console.error(error);
  }

  const strict = function (code, name, value) {
    if (!value) crm.breach("W §10.3 falsy return", code + " " + name + " returned " + value);
    return value;
  };

  function list(area) {
    return $.ajax({ method: "POST", url: "/ajax/widgets/list", data: { area }, dataType: "json" }).then(function (answer) {
      state.system = answer.system;
      const found = $.isArray(answer.widgets) ? {} : answer.widgets;
      Object.keys(found).forEach((code) => { entries[code] = found[code]; });
      return found;
    });
  }

  // parameters is the object of W §5.4.
  function parameters(code, entry) {
    let stored = entry.settings || {};
    if (typeof stored === "string") stored = JSON.parse(stored);
    const params = $.extend({}, stored, {
      id: Number(entry.id), status: entry.status, widget_code: code, path: entry.path, version: entry.installed_version,
      oauth_client_uuid: entry.oauth_client_uuid, widget_active: entry.active, images_path: entry.images_path, support: entry.support,
    });
    if (crm.variant("cdn-in-params") && entry.cdn_path) params.cdn_path = entry.cdn_path;
    return params;
  }

  // again is all that happens to a living instance (step 2).
  function again(widget, code, area) {
    try {
      strict(code, "render", call(widget, code, "render"));
      ownPage(widget, code, area);
    } catch (error) {
      caught(code, "render again", error);
    }
  }

  function ownPage(widget, code, area) {
    if (area === "advanced-settings:" + code) attempt(widget, code, "advancedSettings");
    if (area === "widget-page:" + code) attempt(widget, code, "initMenuPage", [{ location: "widget_page", item_code: code, subitem_code: "" }]);
  }

  // begin runs the steps 4 to 11.
  function begin(Module, langs, code, entry, area) {
    if (typeof Module !== "function") return;
    crm.destroyed.delete(code);
    const proto = Object.create(Widget.prototype);
    Module.prototype = proto; // throws for an ES class
    const widget = new Module();
    state.list[code] = widget;
    widget.ns = ".widget:" + code;
    widget.init_once = entry.init_once;
    look(code, "constructor");

    const callbacks = widget.callbacks;
    if (callbacks !== null && typeof callbacks === "object") {
      widget.langs = langs;
      if (langs && langs.widget && entry.name) langs.widget.name = entry.name;
      if (langs && langs.widget && entry.description) langs.widget.description = entry.description;
      Widget.prototype.set_settings.call(widget, parameters(code, entry));
    }
    for (const name of ["init", "bind_actions", "render"]) {
      if (typeof (callbacks || {})[name] === "function") continue;
      crm.breach("W §10.3 missing callback", code + " has no " + name);
      delete state.list[code];
      return;
    }
    // The page starts it all the same; it could not be installed (W §5.2).
    if (typeof callbacks.onSave !== "function") crm.breach("W §10.3 missing callback", code + " has no onSave");

    const rendered = $.Deferred();
    rendered.done(function () {
      if (state.list[code] !== widget) return; // left while it was rendering
      $(document).trigger("widget:" + code + ":loaded");
      strict(code, "init", call(widget, code, "init"));
    });
    const result = strict(code, "render", call(widget, code, "render"));
    if (!result) {
      rendered.reject();
    } else if (typeof result.then === "function") {
      result.then(function () {
        try { rendered.resolve(); } catch (error) { caught(code, "init", error); }
      }, () => rendered.reject());
    } else {
      rendered.resolve(); // jQuery 2 resolves at once, so init runs here
    }
    strict(code, "bind_actions", call(widget, code, "bind_actions"));
    ownPage(widget, code, area);
  }

  // start is the whole algorithm for one entry; it resolves when the steps are
  // done, whatever their end.
  function start(code, entry, area, still) {
    const ended = $.Deferred();
    if (!entry.src) {
      crm.breach("W §4.2 no script", code);
      return ended.resolve();
    }
    if (state.list[code]) {
      again(state.list[code], code, area);
      return ended.resolve();
    }
    const needed = ["optional!" + entry.src + "?v=" + entry.installed_version];
    if (entry.lang) needed.push("json!" + entry.lang + "?v=" + entry.installed_version);
    needed.push("/crmpage/page/templates.js" + build);
    require(needed, function (Module, langs) {
      if (!still || still()) {
        if (state.list[code]) {
          again(state.list[code], code, area);
        } else {
          try {
            // A language file serves several starts; each gets its own copy.
            begin(Module, entry.lang ? $.extend(true, {}, langs) : undefined, code, entry, area);
          } catch (error) {
            caught(code, "start", error);
          }
        }
      }
      ended.resolve();
    }, function (error) {
      caught(code, "load", error);
      ended.resolve();
    });
    return ended;
  }

  // startArea starts the active widgets of a page area.
  function startArea(area) {
    const mine = ++generation;
    const still = () => mine === generation;
    $(document).trigger("widgets:load");
    return list(area).then(function (found) {
      if (!still() || crm.boot.safe_mode) return undefined;
      const starts = Object.keys(found).filter((code) => found[code].active === "Y")
        .map((code) => start(code, found[code], area, still));
      return $.when.apply($, starts);
    });
  }

  const dummy = function (code, entry) {
    const yes = () => true;
    const widget = new Widget();
    widget.callbacks = { render: yes, init: yes, bind_actions: yes, settings: yes, onSave: yes, destroy: yes };
    widget.langs = { widget: { name: code, description: "" }, settings: {} };
    widget.ns = ".widget:" + code;
    widget.params = parameters(code, entry);
    return widget;
  };

  // startOne opens the targeted area: one widget in any state. A widget that
  // does not come up is replaced by a dummy, so that the modal still opens.
  function startOne(code) {
    return list("widgetsSettings:" + code).then(function (found) {
      const entry = found[code];
      if (!entry) return null;
      return start(code, entry, state.route.area).then(function () {
        if (!state.list[code] || !state.list[code].callbacks || !state.list[code].params) state.list[code] = dummy(code, entry);
        return state.list[code];
      });
    });
  }

  // end destroys one instance and looks at what it left.
  function end(code, leaving) {
    const widget = state.list[code];
    if (!widget) return;
    attempt(widget, code, "destroy");
    $(document).off(widget.ns);
    $("#widgets_block .card-widgets__widget-" + code).remove();
    delete state.list[code];
    crm.destroyed.add(code);
    crm.afterDestroy(code, leaving);
  }

  // leave ends what does not stay (W §4.3).
  function leave() {
    generation++;
    for (const code of Object.keys(state.list)) {
      const widget = state.list[code];
      if (widget.init_once !== "Y" || (widget.params || {}).widget_active !== "Y") end(code, true);
    }
  }

  // The platform's own events (W §4.4).
  $(document).on("widget:installed.crm", function (_, code, settings) {
    if (!entries[code]) return;
    if (crm.variant("apostrophe-breaks") && String(settings).includes("'")) {
      console.error(new SyntaxError("the live restart of " + code + " failed; it starts with the next page"));
      return;
    }
    if (crm.variant("restart-renders") && state.list[code]) {
      state.restarting = null;
      again(state.list[code], code, state.route.area);
      return;
    }
    end(code);
    entries[code] = $.extend({}, entries[code], { settings, active: "Y", status: "installed" });
    state.restarting = start(code, entries[code], state.route.area);
  });
  $(document).on("widget:removed.crm", function (_, code) { end(code); });

  return { startArea, startOne, leave, end, attempt, call, caught };
});
