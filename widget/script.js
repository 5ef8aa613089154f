// Leadline in the CRM: the table of callbacks. What they do stands in lib/.
define([
  './lib/background.js',
  './lib/console.js',
  './lib/panel.js',
  './lib/save.js',
  './lib/sources.js',
  './lib/style.js'
], function (background, settingsPage, panel, save, sources, style) {
  'use strict';

  return function CustomWidget() {
    var self = this;

    this.callbacks = {
      render: function () {
        return true;
      },

      init: function () {
        background.start(self);
        return true;
      },

      bind_actions: function () {
        return true;
      },

      // context names the source that was clicked in Digital Pipeline, if any.
      settings: function ($body, context) {
        panel.open(self, $body, context);
        return true;
      },

      advancedSettings: function () {
        settingsPage.open(self);
        return true;
      },

      onSave: function (event) {
        return save.onSave(self, event);
      },

      onInstall: function () {
        return true;
      },

      onAddAsSource: function (pipelineID) {
        sources.added(self, pipelineID);
        return true;
      },

      destroy: function () {
        background.stop(self);
        settingsPage.close(self);
        panel.close(self);
        sources.close(self);
        style.unlink(self);
        return true;
      }
    };

    return this;
  };
});
