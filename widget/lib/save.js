// What happens when the person saves or switches off the widget.
define([
  'jquery', './backend.js', './crm.js', './form.js', './panel.js', './words.js'
], function ($, backend, crm, forms, panel, words) {
  'use strict';

  // People may switch off at any time, so nothing here waits or refuses.
  function switchOff(self) {
    backend.disconnect(self).then(null, function (failure) {
      console.debug('Leadline: not told about switching off', failure.code);
    });
    return true;
  }

  function nothingToCheck(form, event) {
    var kept = form.self.get_settings().service_login;
    return form.state === 'connected' && form.$root.find('.js-leadline-password').val() === '' &&
      $.trim(event.fields.service_login) === kept;
  }

  function signIn(self, form, event) {
    var saved = $.Deferred();
    panel.connect(form).then(function (connection) {
      var key = connection.state === 'connected' ? 'states.saved_connected' : 'states.saved_connecting';
      crm.showMessage(words.text(self, 'widget.name'), words.text(self, key));
      saved.resolve(true);
    }, function (failure) {
      forms.fail(form, failure);
      // Without a token nothing can be checked yet: the settings are kept, and
      // the form has its own button to connect later.
      if (failure.platform) {
        saved.resolve(true);
        return;
      }
      form.$block.find('.js-widget-save').trigger('button:save:error');
      saved.reject();
    });
    return saved.promise();
  }

  return {
    // onSave answers true or a promise; a rejected promise stores nothing.
    onSave: function (self, event) {
      var form = forms.find(self);
      if (event && event.active === 'N') {
        return switchOff(self);
      }
      // No form of ours: Install was pressed while the tour is shown.
      if (!form || !event || !event.fields || nothingToCheck(form, event)) {
        return true;
      }
      event.fields.service_login = $.trim(event.fields.service_login);
      return signIn(self, form, event);
    }
  };
});
