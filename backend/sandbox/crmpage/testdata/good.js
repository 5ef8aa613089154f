// A widget that keeps every rule; the detectors must stay silent about it.
define(['jquery', './lib/form.js'], function ($, form) {
  'use strict';

  return function () {
    var self = this;
    var timer = null;

    this.callbacks = {
      render: function () {
        return true;
      },
      init: function () {
        var code = self.get_settings().widget_code;
        timer = setInterval(function () {}, 60000);
        $(document).on('click' + self.ns, function () {});
        if ($('link[data-of="' + code + '"]').length === 0) {
          $('<link>', {
            rel: 'stylesheet', 'data-of': code,
            href: self.get_settings().path + '/style.css?v=' + self.get_version()
          }).appendTo('head');
        }
        console.debug('started');
        return true;
      },
      bind_actions: function () {
        return true;
      },
      settings: function ($body, context) {
        form.draw(self, $body, context);
        return true;
      },
      onSave: function (evt) {
        if (evt.active === 'N') {
          return true;
        }
        return new Promise(function (resolve) {
          evt.fields.secret = '';
          resolve();
        });
      },
      onInstall: function () {
        return true;
      },
      onAddAsSource: function () {
        return true;
      },
      advancedSettings: function () {
        $('#work-area-' + self.get_settings().widget_code).html('<p class="good__own"></p>').find('p').text(self.i18n('ui.own'));
        return true;
      },
      destroy: function () {
        clearInterval(timer);
        return true;
      }
    };
    return this;
  };
});
