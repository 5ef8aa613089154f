// The form that stands in the settings modal: finding it, its parts and what it says.
define(['jquery', './backend.js', './crm.js', './words.js'], function ($, backend, crm, words) {
  'use strict';

  // One open form for each widget; it lives from settings() to destroy().
  var forms = {};

  function codeOf(self) {
    return self.get_settings().widget_code;
  }

  function isOnPage(form) {
    return forms[form.code] === form && $.contains(document.documentElement, form.$root.get(0));
  }

  function part(form, name) {
    return form.$root.find('.js-leadline-' + name);
  }

  function say(form, text, kind) {
    part(form, 'state').text(text).attr('data-state', kind || '');
  }

  function showFailure(form, failure) {
    var text = words.ofFailure(form.self, failure);
    part(form, 'error').text(text + ' ' + words.text(form.self, 'form.support'));
    return text;
  }

  return {
    codeOf: codeOf,
    isOnPage: isOnPage,
    part: part,
    say: say,
    showFailure: showFailure,

    // find answers the form that the person sees, null in states without fields.
    find: function (self) {
      var form = forms[codeOf(self)];
      return form && isOnPage(form) ? form : null;
    },

    keep: function (form) {
      forms[form.code] = form;
    },

    // take answers the widget's form, which is on the page or not, and forgets it.
    take: function (self) {
      var form = forms[codeOf(self)];
      delete forms[codeOf(self)];
      return form;
    },

    // isInstalled: also a widget that the CRM shows with an error is installed.
    isInstalled: function (form) {
      return ['install', 'not_configured'].indexOf(form.self.get_install_status()) < 0;
    },

    $login: function (form) {
      return form.$block.find('input[name=service_login]').first();
    },

    login: function (form) {
      return $.trim(form.$block.find('input[name=service_login]').val() || '');
    },

    clearError: function (form) {
      part(form, 'error').text('');
    },

    // fail tells why something did not work; the connection is as it was before.
    fail: function (form, failure) {
      say(form, form.text, form.state);
      crm.showError(words.text(form.self, 'widget.name'), showFailure(form, failure), backend.supportLink);
    }
  };
});
