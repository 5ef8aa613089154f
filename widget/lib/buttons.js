// What the buttons of the form do.
define(['./backend.js', './copy.js', './form.js', './words.js', 'jquery'], function (backend, copy, forms, words, $) {
  'use strict';

  // send asks the backend while the button waits, and tells a failure.
  function send(form, $button, request, done) {
    $button.prop('disabled', true);
    request.then(function (answer) {
      if (forms.isOnPage(form)) {
        done(answer);
      }
    }, function (failure) {
      forms.fail(form, failure);
    }).always(function () {
      $button.prop('disabled', false);
    });
  }

  // fold opens or closes the part that belongs to a toggle.
  function fold(form, name, open) {
    forms.part(form, name + '-toggle').attr('aria-expanded', String(open));
    forms.part(form, name + '-form').toggle(open);
  }

  function foldPressed(form, name, focus) {
    var open = forms.part(form, name + '-toggle').attr('aria-expanded') !== 'true';
    forms.clearError(form);
    fold(form, name, open);
    if (open) {
      forms.part(form, focus).trigger('focus');
    }
  }

  function parkedPressed(form, panel, $button, decide) {
    forms.clearError(form);
    send(form, $button, backend.parked(form.self, decide), function (answer) {
      panel.showParked(form, answer.parked);
    });
  }

  function signUpPressed(form, $button) {
    var email = $.trim(forms.part(form, 'signup-email').val());
    var password = forms.part(form, 'signup-password').val();
    forms.clearError(form);
    if (!email || !password) {
      forms.fail(form, { code: 'signup_fields_required', message: '', platform: false });
      return;
    }
    send(form, $button, backend.signUp(form.self, email, password), function () {
      forms.part(form, 'signup-password').val('');
      fold(form, 'signup', false);
      forms.$login(form).val(email).trigger('change');
      forms.say(form, words.text(form.self, 'states.verify_email'), 'mailed');
    });
  }

  function forgotPressed(form, $button) {
    var email = $.trim(forms.part(form, 'forgot-email').val());
    forms.clearError(form);
    if (!email) {
      forms.fail(form, { code: 'invalid_email', message: '', platform: false });
      return;
    }
    send(form, $button, backend.reset(form.self, email), function () {
      fold(form, 'forgot', false);
      forms.part(form, 'password').val('');
      forms.say(form, words.text(form.self, 'states.reset_sent'), 'mailed');
      forms.part(form, 'password').trigger('focus');
    });
  }

  function disconnectPressed(form, panel, $button) {
    forms.clearError(form);
    send(form, $button, backend.disconnect(form.self), function (connection) {
      fold(form, 'disconnect', false);
      panel.show(form, connection);
      forms.part(form, 'password').trigger('focus');
    });
  }

  // bind binds the buttons inside the form's root, which goes with its handlers.
  return function (form, panel) {
    function on(name, act) {
      form.$root.on('click', '.js-leadline-' + name, function () {
        act($(this));
      });
    }
    on('connect', function ($button) {
      panel.connectPressed(form, $button);
    });
    on('again', function () {
      panel.askAgain(form);
    });
    on('resend', function ($button) {
      parkedPressed(form, panel, $button, 'resend');
    });
    on('drop', function ($button) {
      parkedPressed(form, panel, $button, 'drop');
    });
    on('signin-toggle', function () {
      panel.reveal(form);
      forms.$login(form).trigger('focus');
    });
    on('signup-toggle', function () {
      foldPressed(form, 'signup', 'signup-email');
    });
    on('signup', function ($button) {
      signUpPressed(form, $button);
    });
    on('forgot-toggle', function () {
      if (forms.login(form).indexOf('@') > 0) {
        forms.part(form, 'forgot-email').val(forms.login(form));
      }
      foldPressed(form, 'forgot', 'forgot-email');
    });
    on('forgot', function ($button) {
      forgotPressed(form, $button);
    });
    on('disconnect-toggle', function () {
      foldPressed(form, 'disconnect', 'stay');
    });
    on('stay', function () {
      fold(form, 'disconnect', false);
      forms.part(form, 'disconnect-toggle').trigger('focus');
    });
    on('disconnect', function ($button) {
      disconnectPressed(form, panel, $button);
    });
    on('copy', function ($button) {
      copy($button.parent().find('textarea').get(0), function (copied) {
        forms.say(form, words.text(form.self, copied ? 'states.copied' : 'states.copy_by_hand'), form.state);
      });
    });
  };
});
