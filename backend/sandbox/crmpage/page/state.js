// What the modules of the page share: where it is and what runs.
define(function () {
  "use strict";
  return {
    list: {},        // running instances by widget code; APP.widgets.list
    system: null,    // the "system" object of the last widget list (W §4.1)
    route: { area: "", entity: "", card: null, list: false },
    restarting: null, // settled when the live restart after an installation is done
    actions: {},     // phone and e-mail clicks (add_action)
    badges: {},
    market: {},      // widgets of the account by code
    openSettings: null, // settings.js sets it
    go: null,           // pages.js sets it
  };
});
