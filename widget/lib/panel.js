// The form in the settings modal while it is open: its state, its buttons and
// the watch over a connection that is being made.
define([
  'jquery', './backend.js', './copy.js', './crm.js', './sources.js', './style.js', './view.js', './words.js'
], function ($, backend, copy, crm, sources, style, view, words) {
  'use strict';

  var firstDelayMs = 2000;
  var longestDelayMs = 15000;
  var consentAfterMs = 60000;
  var giveUpAfterMs = 600000;
  var states = ['not_connected', 'connecting', 'connected', 'broken', 'disconnected'];

  // One open form for each widget; it lives from settings() to destroy().
  var forms = {};

  function codeOf(self) {
    return self.get_settings().widget_code;
  }

  // blockOf finds the area of the fields: the CRM passes it or its parent.
  function blockOf(self, $body) {
    var $given = $($body);
    var $block = $given.is('.widget_settings_block') ? $given : $given.find('.widget_settings_block').first();
    return $block.length ? $block : $('.modal.' + codeOf(self)).find('.widget_settings_block').first();
  }

  function isOnPage(form) {
    return forms[form.code] === form && $.contains(document.documentElement, form.$root.get(0));
  }

  // find answers the form that the person sees, null in states without fields.
  function find(self) {
    var form = forms[codeOf(self)];
    return form && isOnPage(form) ? form : null;
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

  function clearError(form) {
    part(form, 'error').text('');
  }

  function login(form) {
    return $.trim(form.$block.find('input[name=service_login]').val() || '');
  }

  function stopWatching(form) {
    clearTimeout(form.timer);
    form.timer = null;
  }

  function showConsent(form, url) {
    var $link = part(form, 'consent');
    if (/^https?:\/\//i.test(url)) {
      $link.attr('href', url).show();
    } else {
      $link.removeAttr('href').hide();
    }
  }

  function showParked(form, count) {
    part(form, 'parked-count').text(String(count || 0));
    part(form, 'parked').toggle(count > 0);
  }

  function stateText(form, connection, state) {
    var reason = state === 'broken' && /^[a-z_]+$/.test(connection.reason) ? words.text(form.self, 'states.broken_' + connection.reason) : '';
    return reason || words.text(form.self, 'states.' + state);
  }

  // show draws what the server said about the connection.
  function show(form, connection) {
    var state = states.indexOf(connection.state) >= 0 ? connection.state : 'not_connected';
    var late = form.watchedMs >= consentAfterMs;
    var installed = form.self.get_install_status() === 'installed';
    form.state = state;
    form.text = installed || state !== 'not_connected' ? stateText(form, connection, state) : '';
    say(form, form.text, state);
    showConsent(form, state === 'broken' || (state === 'connecting' && late) ? connection.consent_url : '');
    part(form, 'connect').toggle(installed && state !== 'connected' && state !== 'connecting');
    part(form, 'again').toggle(state === 'connecting' && form.watchedMs >= giveUpAfterMs);
    part(form, 'signup-area').toggle(connection.signup_allowed === true && state !== 'connected');
    showParked(form, connection.parked);
    sources.show(form.self, part(form, 'chats'), form.context, connection.chats);
    if (state === 'connecting') {
      watch(form);
    } else {
      stopWatching(form);
    }
  }

  function ask(form) {
    backend.status(form.self).then(function (connection) {
      if (isOnPage(form)) {
        clearError(form);
        show(form, connection);
      }
    }, function (failure) {
      if (!isOnPage(form)) {
        return;
      }
      // Before the first Save the CRM may not give tokens yet: not a failure.
      if (form.self.get_install_status() === 'installed') {
        say(form, words.text(form.self, 'states.unknown'), 'unknown');
        part(form, 'connect').show();
        showFailure(form, failure);
      }
      if (form.state === 'connecting') {
        watch(form);
      }
    });
  }

  // watch asks again later, less and less often, and not without end.
  function watch(form) {
    stopWatching(form);
    if (form.watchedMs >= giveUpAfterMs) {
      return;
    }
    form.timer = setTimeout(function () {
      form.watchedMs += form.delayMs;
      form.delayMs = Math.min(form.delayMs * 1.5, longestDelayMs);
      if (isOnPage(form)) {
        ask(form);
      }
    }, form.delayMs);
  }

  function restartWatch(form) {
    form.watchedMs = 0;
    form.delayMs = firstDelayMs;
  }

  // connect sends what is in the fields; the promise tells save() how it went.
  function connect(form) {
    var password = part(form, 'password').val();
    clearError(form);
    if (!login(form) || !password) {
      (login(form) ? part(form, 'password') : form.$block.find('input[name=service_login]')).trigger('focus');
      return $.Deferred().reject({ code: 'fields_required', message: '', platform: false }).promise();
    }
    say(form, words.text(form.self, 'states.checking'), 'connecting');
    return backend.connect(form.self, login(form), password).then(function (connection) {
      part(form, 'password').val('');
      if (isOnPage(form)) {
        restartWatch(form);
        show(form, connection);
      }
      return connection;
    });
  }

  // fail tells why something did not work; the connection is as it was before.
  function fail(form, failure) {
    say(form, form.text, form.state);
    crm.showError(words.text(form.self, 'widget.name'), showFailure(form, failure), backend.supportLink);
  }

  function connectPressed(form, $button) {
    if ($button.prop('disabled')) {
      return;
    }
    $button.prop('disabled', true);
    connect(form).then(null, function (failure) {
      fail(form, failure);
    }).always(function () {
      $button.prop('disabled', false);
    });
  }

  function parkedPressed(form, $button, decide) {
    clearError(form);
    $button.prop('disabled', true);
    backend.parked(form.self, decide).then(function (answer) {
      if (isOnPage(form)) {
        showParked(form, answer.parked);
      }
    }, function (failure) {
      fail(form, failure);
    }).always(function () {
      $button.prop('disabled', false);
    });
  }

  function signUpPressed(form, $button) {
    var email = $.trim(part(form, 'signup-email').val());
    var password = part(form, 'signup-password').val();
    clearError(form);
    if (!email || !password) {
      fail(form, { code: 'signup_fields_required', message: '', platform: false });
      return;
    }
    $button.prop('disabled', true);
    backend.signUp(form.self, email, password).then(function () {
      part(form, 'signup-password').val('');
      part(form, 'signup-form').hide();
      part(form, 'signup-toggle').attr('aria-expanded', 'false');
      form.$block.find('input[name=service_login]').val(email).trigger('change');
      say(form, words.text(form.self, 'states.verify_email'), 'verify_email');
    }, function (failure) {
      fail(form, failure);
    }).always(function () {
      $button.prop('disabled', false);
    });
  }

  function bind(form) {
    form.$root.on('click', '.js-leadline-connect', function () {
      connectPressed(form, $(this));
    }).on('click', '.js-leadline-again', function () {
      restartWatch(form);
      ask(form);
    }).on('click', '.js-leadline-resend', function () {
      parkedPressed(form, $(this), 'resend');
    }).on('click', '.js-leadline-drop', function () {
      parkedPressed(form, $(this), 'drop');
    }).on('click', '.js-leadline-signup', function () {
      signUpPressed(form, $(this));
    }).on('click', '.js-leadline-signup-toggle', function () {
      var open = $(this).attr('aria-expanded') !== 'true';
      clearError(form);
      $(this).attr('aria-expanded', String(open));
      part(form, 'signup-form').toggle(open);
      if (open) {
        part(form, 'signup-email').trigger('focus');
      }
    }).on('click', '.js-leadline-copy', function () {
      copy($(this).parent().find('textarea').get(0), function (copied) {
        say(form, words.text(form.self, copied ? 'states.copied' : 'states.copy_by_hand'), form.state);
      });
    });
  }

  function close(self) {
    var form = forms[codeOf(self)];
    if (form) {
      stopWatching(form);
      form.$root.remove();
      delete forms[form.code];
    }
  }

  // open draws the form into the modal; drawing again replaces it.
  function open(self, $body, context) {
    var $block = blockOf(self, $body);
    var $login = $block.find('input[name=service_login]').first();
    var form;
    close(self);
    $block.find('.js-leadline').remove();
    if (!$login.length) {
      return; // the tour is shown, there are no fields
    }
    style.link(self);
    form = { self: self, code: codeOf(self), $block: $block, context: context, state: '', text: '', timer: null };
    restartWatch(form);
    form.$root = view.form(self, form.code);
    forms[form.code] = form;
    $login.closest('.widget_settings_block__item_field').after(form.$root);
    bind(form);
    if (self.get_install_status() === 'installed') {
      say(form, words.text(self, 'states.asking'), 'asking');
    }
    if (self.get_install_status() !== 'install') {
      ask(form);
    }
  }

  return { open: open, close: close, find: find, connect: connect, fail: fail };
});
