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

  // user is the person who is signed in; {} when the page does not say.
  function user() {
    var found = null;
    try {
      found = app().constant('user');
    } catch (error) {
      console.debug('Leadline: no user on this page', error);
    }
    return found || {};
  }

  // keep hands a message to the notification centre; on a page that has none, or
  // where it throws, it was not kept.
  function keep(method, message, callbacks) {
    var kept = false;
    try {
      if (typeof notifications()[method] === 'function') {
        kept = true;
        notifications()[method](message, callbacks);
      }
    } catch (error) {
      kept = false;
      console.debug('Leadline: the message was not kept', error);
    }
    if (!kept) {
      callbacks.fail();
      callbacks.always();
    }
  }

  return {
    app: app,

    userID: function () {
      return user().id ? String(user().id) : '';
    },

    userName: function () {
      return user().name ? String(user().name) : '';
    },

    // addError keeps an error in the notification centre. One of done and fail is
    // called, then always.
    addError: function (message, callbacks) {
      keep('add_error', message, callbacks);
    },

    // addCall does the same with a call.
    addCall: function (message, callbacks) {
      keep('add_call', message, callbacks);
    },

    showMessageError: function (message) {
      attempt('show_message_error', message);
    },

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
