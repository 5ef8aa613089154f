// What is read from the CRM's page, and messages shown through it. Every read
// is guarded: older pages lack some of it.
define(function () {
  'use strict';

  var languages = ['ru', 'en', 'es', 'pt'];

  function app() {
    return window.APP || window.AMOCRM || {};
  }

  function notifications() {
    return app().notifications || {};
  }

  function attempt(method, message, callbacks) {
    try {
      if (typeof notifications()[method] === 'function') {
        notifications()[method](message, callbacks);
      }
    } catch (error) {
      console.debug('Leadline: the message was not shown', error);
    }
  }

  return {
    // amojoID names the account in the chats service; '' when the page does not say.
    amojoID: function () {
      var account = null;
      try {
        account = app().constant('account');
      } catch (error) {
        console.debug('Leadline: no account on this page', error);
      }
      return account && account.amojo_id ? String(account.amojo_id) : '';
    },

    language: function () {
      var current = app().lang_id;
      return languages.indexOf(current) >= 0 ? current : 'en';
    },

    // showError shows the message and keeps it in the notification centre; on a
    // page that cannot keep it, it is shown alone.
    showError: function (header, text, link) {
      var message = { header: header, text: text, link: link };
      if (typeof notifications().add_error !== 'function') {
        attempt('show_message_error', message);
        return;
      }
      attempt('add_error', message, {
        done: function () {},
        fail: function () {
          attempt('show_message_error', message);
        },
        always: function () {}
      });
    },

    showMessage: function (header, text) {
      attempt('show_message', { header: header, text: text });
    }
  };
});
