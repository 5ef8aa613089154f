// Leadline in the CRM: the table of callbacks. What they do stands in lib/.
define([
  './lib/panel.js',
  './lib/save.js',
  './lib/style.js'
], function (panel, save, style) {
  'use strict';

  return function CustomWidget() {
    var self = this;

    this.callbacks = {
      render: function () {
        return true;
      },

      init: function () {
        return true;
      },

      bind_actions: function () {
        return true;
      },

      // The second argument, the clicked source, is not needed: the form is the
      // same for every source of the account.
      settings: function ($body) {
        panel.open(self, $body);
        return true;
      },

      onSave: function (event) {
        return save.onSave(self, event);
      },

      onInstall: function () {
        return true;
      },

      // The backend keeps the sources, so adding one by hand needs no answer.
      onAddAsSource: function () {
        return true;
      },

      destroy: function () {
        panel.close(self);
        style.unlink(self);
        return true;
      }
    };

    return this;
  };
});
