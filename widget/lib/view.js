// Draws the form. Texts go in as text, never as HTML.
define(['jquery', './words.js'], function ($, words) {
  'use strict';

  function element(tag, name, attributes) {
    return $('<' + tag + '>', attributes || {}).addClass('leadline__' + name);
  }

  function button(self, name, key) {
    return element('button', 'button', { type: 'button' }).addClass('js-leadline-' + name).text(words.text(self, key));
  }

  // The CRM's own fields have no names for these inputs, so it never stores them.
  function field(self, code, name, key, attributes) {
    var id = 'leadline-' + name + '-' + code;
    var $input = element('input', 'input', $.extend({ id: id, autocomplete: 'off' }, attributes)).addClass('js-leadline-' + name);
    return element('div', 'field').append(element('label', 'label', { 'for': id }).text(words.text(self, key)), $input);
  }

  function secret(self, code, name, key, hint) {
    var id = 'leadline-' + name + '-hint-' + code;
    // "new-password" keeps password managers from offering the CRM's password.
    return field(self, code, name, key, { type: 'password', autocomplete: 'new-password', 'aria-describedby': id })
      .append(element('p', 'hint', { id: id }).text(words.text(self, hint)));
  }

  // folded is a link that opens what stands behind it.
  function folded(self, code, name, content) {
    var id = 'leadline-' + name + '-' + code;
    var $toggle = button(self, name + '-toggle', 'form.' + name + '_toggle').addClass('leadline__button_link')
      .attr({ 'aria-expanded': 'false', 'aria-controls': id });
    var $form = element('div', 'folded', { id: id, role: 'group', 'aria-label': words.text(self, 'form.' + name + '_toggle') })
      .addClass('js-leadline-' + name + '-form').hide().append(content);
    return element('div', 'area').addClass('js-leadline-' + name + '-area').append($toggle, $form);
  }

  function signIn(self, code) {
    return element('div', 'signin').addClass('js-leadline-signin').append(
      secret(self, code, 'password', 'form.password', 'form.password_hint'),
      button(self, 'connect', 'form.connect').hide(),
      folded(self, code, 'forgot', [
        field(self, code, 'forgot-email', 'form.forgot_email', { type: 'email' }),
        button(self, 'forgot', 'form.forgot')
      ])
    );
  }

  // The link to the widget's own page in the CRM's settings.
  function settingsLink(self, code) {
    return element('a', 'button', { href: '/settings/widgets/' + encodeURIComponent(code) + '/' }).addClass('js-leadline-settings')
      .text(words.text(self, 'form.settings')).hide();
  }

  function signUp(self, code) {
    return folded(self, code, 'signup', [
      field(self, code, 'signup-email', 'form.signup_email', { type: 'email' }),
      secret(self, code, 'signup-password', 'form.signup_password', 'form.signup_password_hint'),
      button(self, 'signup', 'form.signup')
    ]).hide();
  }

  function who(self) {
    return element('p', 'who').addClass('js-leadline-who').hide().append(
      document.createTextNode(words.text(self, 'form.who') + ' '),
      element('span', 'name', { translate: 'no' }).addClass('js-leadline-who-login')
    );
  }

  // Disconnecting asks once more, in its own place.
  function disconnect(self, code) {
    return folded(self, code, 'disconnect', [
      element('p', 'hint').text(words.text(self, 'form.disconnect_hint')),
      button(self, 'disconnect', 'form.disconnect').addClass('leadline__button_bad'),
      document.createTextNode(' '),
      button(self, 'stay', 'form.stay')
    ]).hide();
  }

  function chat(self, id, about) {
    return element('div', 'chat').append(
      element('label', 'label', { 'for': id }).append(
        document.createTextNode(words.text(self, 'form.snippet') + ' '),
        element('span', 'name', { translate: 'no' }).text(String(about.name || ''))
      ),
      element('textarea', 'snippet', { id: id, readonly: 'readonly', rows: 5, spellcheck: 'false' }).val(String(about.snippet || '')),
      button(self, 'copy', 'form.copy')
    );
  }

  // Messages that the CRM did not accept: how many, and what to do with them.
  function parked(self) {
    return element('div', 'parked', { role: 'group', 'aria-label': words.text(self, 'form.parked') }).addClass('js-leadline-parked').hide().append(
      element('p', 'hint').append(
        document.createTextNode(words.text(self, 'form.parked') + ' '),
        element('span', 'name').addClass('js-leadline-parked-count')
      ),
      button(self, 'resend', 'form.parked_resend'),
      document.createTextNode(' '),
      button(self, 'drop', 'form.parked_drop').addClass('leadline__button_link')
    );
  }

  return {
    form: function (self, code) {
      return $('<div>').addClass('leadline js-leadline').append(
        element('p', 'state', { role: 'status' }).addClass('js-leadline-state'),
        element('p', 'error', { role: 'alert' }).addClass('js-leadline-error'),
        element('a', 'consent', { target: '_blank', rel: 'noopener noreferrer' }).addClass('js-leadline-consent')
          .text(words.text(self, 'form.consent')).hide(),
        who(self),
        settingsLink(self, code),
        signIn(self, code),
        button(self, 'again', 'form.again').hide(),
        parked(self),
        element('div', 'chats').addClass('js-leadline-chats'),
        button(self, 'signin-toggle', 'form.signin_toggle').addClass('leadline__button_link').hide(),
        disconnect(self, code),
        signUp(self, code)
      );
    },

    chats: function (self, code, list) {
      return $.map($.isArray(list) ? list : [], function (about, i) {
        return chat(self, 'leadline-snippet-' + i + '-' + code, about || {}).get(0);
      });
    }
  };
});
