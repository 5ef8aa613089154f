// The stylesheet is linked while the widget is on the page (W: never by itself).
define(['jquery'], function ($) {
  'use strict';

  function idOf(self) {
    return 'leadline-style-' + self.get_settings().widget_code;
  }

  return {
    link: function (self) {
      var settings = self.get_settings();
      if (document.getElementById(idOf(self))) {
        return;
      }
      $('<link>', {
        id: idOf(self),
        rel: 'stylesheet',
        href: (settings.cdn_path || settings.path) + '/style.css?v=' + self.get_version()
      }).appendTo(document.head);
    },

    unlink: function (self) {
      $(document.getElementById(idOf(self))).remove();
    }
  };
});
