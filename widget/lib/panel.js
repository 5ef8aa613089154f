// What the form in the settings modal shows about the connection, and the watch
// over a connection that is being made.
define([
  'jquery', './backend.js', './buttons.js', './form.js', './sources.js', './style.js', './view.js', './words.js'
], function ($, backend, bind, forms, sources, style, view, words) {
  'use strict';

  var firstDelayMs = 2000;
  var longestDelayMs = 15000;
  var consentAfterMs = 60000;
  var giveUpAfterMs = 600000;
  var states = ['not_connected', 'connecting', 'connected', 'broken', 'disconnected'];
  // Signing in again does not mend these.
  var othersMend = ['authorisation', 'clock_or_secret', 'unpaid'];
  var part = forms.part;

  // blockOf finds the area of the fields: the CRM passes it or its parent.
  function blockOf(self, $body) {
    var $given = $($body);
    var $block = $given.is('.widget_settings_block') ? $given : $given.find('.widget_settings_block').first();
    return $block.length ? $block : $('.modal.' + forms.codeOf(self)).find('.widget_settings_block').first();
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

  function showSignIn(form, shown) {
    part(form, 'signin').toggle(shown);
    part(form, 'signin-toggle').toggle(!shown && form.state !== '');
    part(form, 'signup-area').toggle(shown && form.signUpAllowed);
  }

  // reveal shows the fields of signing in, which are hidden where nothing calls for them.
  function reveal(form) {
    form.revealed = true;
    showSignIn(form, true);
  }

  function stateText(form, connection, state) {
    var reason = state === 'broken' && /^[a-z_]+$/.test(connection.reason) ? words.text(form.self, 'states.broken_' + connection.reason) : '';
    return reason || words.text(form.self, 'states.' + state);
  }

  function callsForSignIn(state, reason) {
    return state === 'not_connected' || state === 'disconnected' || (state === 'broken' && othersMend.indexOf(reason) < 0);
  }

  // show draws what the server said about the connection.
  function show(form, connection) {
    var state = states.indexOf(connection.state) >= 0 ? connection.state : 'not_connected';
    var late = form.watchedMs >= consentAfterMs;
    form.state = state;
    form.signUpAllowed = connection.signup_allowed === true && !connection.login;
    form.text = forms.isInstalled(form) || state !== 'not_connected' ? stateText(form, connection, state) : '';
    forms.say(form, form.text, state);
    part(form, 'who').toggle(!!connection.login).find('.js-leadline-who-login').text(String(connection.login || ''));
    if (state === 'not_connected' && connection.reason) { // why a sign-in that waited came to nothing
      forms.showFailure(form, { code: connection.reason, message: '', platform: false });
    }
    showConsent(form, state === 'broken' || (state === 'connecting' && late) ? connection.consent_url : '');
    showSignIn(form, form.revealed || callsForSignIn(state, connection.reason));
    part(form, 'connect').text(words.text(form.self, state === 'broken' || state === 'disconnected' ? 'form.reconnect' : 'form.connect'));
    part(form, 'again').toggle(state === 'connecting' && form.watchedMs >= giveUpAfterMs);
    part(form, 'disconnect-area').toggle(state !== 'not_connected' && state !== 'disconnected');
    part(form, 'settings').toggle(forms.isInstalled(form) && (state === 'connected' || state === 'broken'));
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
      if (forms.isOnPage(form)) {
        forms.clearError(form);
        show(form, connection);
      }
    }, function (failure) {
      if (!forms.isOnPage(form)) {
        return;
      }
      // Before the first Save the CRM may not give tokens yet: not a failure.
      if (forms.isInstalled(form)) {
        forms.say(form, words.text(form.self, 'states.unknown'), 'unknown');
        showSignIn(form, true);
        forms.showFailure(form, failure);
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
      if (forms.isOnPage(form)) {
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
    var login = forms.login(form);
    var password = part(form, 'password').val();
    forms.clearError(form);
    if (!login || !password) {
      reveal(form);
      (login ? part(form, 'password') : forms.$login(form)).trigger('focus');
      return $.Deferred().reject({ code: 'fields_required', message: '', platform: false }).promise();
    }
    forms.say(form, words.text(form.self, 'states.checking'), 'connecting');
    return backend.connect(form.self, login, password).then(function (connection) {
      part(form, 'password').val('');
      form.revealed = false;
      if (forms.isOnPage(form)) {
        restartWatch(form);
        show(form, connection);
      }
      return connection;
    });
  }

  function connectPressed(form, $button) {
    if ($button.prop('disabled')) {
      return;
    }
    $button.prop('disabled', true);
    connect(form).then(null, function (failure) {
      forms.fail(form, failure);
    }).always(function () {
      $button.prop('disabled', false);
    });
  }

  function askAgain(form) {
    restartWatch(form);
    ask(form);
  }

  function close(self) {
    var form = forms.take(self);
    if (form) {
      stopWatching(form);
      form.$block.off('input' + self.ns);
      form.$root.remove();
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
    form = {
      self: self, code: forms.codeOf(self), $block: $block, context: context,
      state: '', text: '', timer: null, revealed: false, signUpAllowed: false
    };
    restartWatch(form);
    form.$root = view.form(self, form.code);
    forms.keep(form);
    $login.closest('.widget_settings_block__item_field').after(form.$root);
    bind(form, { show: show, showParked: showParked, reveal: reveal, connectPressed: connectPressed, askAgain: askAgain });
    // Another login needs its password.
    $block.on('input' + self.ns, 'input[name=service_login]', function () {
      reveal(form);
    });
    part(form, 'connect').toggle(forms.isInstalled(form));
    showSignIn(form, !forms.isInstalled(form));
    if (forms.isInstalled(form)) {
      forms.say(form, words.text(self, 'states.asking'), 'asking');
    }
    if (self.get_install_status() !== 'install') {
      ask(form);
    }
  }

  return { open: open, close: close, connect: connect };
});
