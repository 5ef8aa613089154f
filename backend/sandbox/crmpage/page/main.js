// Sets the loader up and opens the page.
(function () {
  "use strict";
  const edition = new URL(document.currentScript.src).search;
  requirejs.config({
    baseUrl: "/crmpage/page", waitSeconds: 0,
    urlArgs: (id, url) => url.startsWith("/crmpage/") && !url.includes("?") ? edition : "", // only our own stay the same
    paths: {
      crm: "/crmpage/page", "lib/components/base/modal": "/crmpage/page/modal", twigjs: "/crmpage/page/twigjs",
      jquery: "/crmpage/library/jquery", underscore: "/crmpage/library/underscore", "twig-engine": "/crmpage/library/twig",
    },
  });
  require(["jquery", "underscore", "crm/app", "crm/pages", "crm/watch-text", "crm/buttons", "lib/components/base/modal", "crm/base"],
    function ($, _, app, pages, texts, buttons, Modal, Widget) {
      const crm = window.__crm;
      Widget.prototype.helpers.Modal = Modal;
      app.publish();
      crm.watchJQuery($);
      pages.frame();
      crm.baseline();
      pages.begin();
    });
})();
