// The small window about one call-back while it is handled. The page beside it
// stays usable, and only our buttons and Escape close it.
define([
  'jquery', 'lib/components/base/modal', './style.js', './words.js'
], function ($, Modal, style, words) {
  'use strict';

  function element(tag, name, attributes) {
    return $('<' + tag + '>', attributes || {}).addClass('leadline__' + name);
  }

  function button(self, name) {
    return element('button', 'button', { type: 'button' }).addClass('js-leadline-call-' + name).text(words.text(self, 'calls.' + name));
  }

  function line(self, key, $value) {
    return element('p', 'line').append(document.createTextNode(words.text(self, key) + ' '), $value);
  }

  function card(self, call) {
    return element('p', 'line').append(
      element('a', 'link', { href: call.link, target: '_blank', rel: 'noopener noreferrer' }).text(words.text(self, 'calls.card'))
    );
  }

  function content(self, call, title) {
    var tel = 'tel:' + call.phone.replace(/[^+0-9]/g, '');
    var $name = element('span', 'name', { translate: 'no' }).text(call.name);
    var $phone = element('a', 'link', { href: tel, translate: 'no' }).addClass('leadline__phone').text(call.phone);
    return $('<div>').addClass('modal-body__inner leadline js-leadline-call').append(
      element('h2', 'title', { id: title }).text(call.header),
      element('p', 'state', { role: 'status' }).addClass('js-leadline-call-state'),
      call.name ? line(self, 'calls.name', $name) : '',
      line(self, 'calls.phone', $phone),
      element('p', 'line').text(call.text),
      call.link ? card(self, call) : '',
      element('p', 'acts').append(button(self, 'take').addClass('leadline__button_main'), ' ', button(self, 'done'), ' ', button(self, 'later').addClass('leadline__button_link'))
    );
  }

  // open shows the window. on holds what the buttons do (take, done, later), and
  // closed for the CRM closing it, as it does when the page changes.
  return {
    open: function (self, call, on) {
      var title = 'leadline-call-' + self.get_settings().widget_code;
      var $content = content(self, call, title);
      var gone = false;
      var modal;

      function bind(name) {
        $content.on('click', '.js-leadline-call-' + name, on[name]);
      }

      ['take', 'done', 'later'].forEach(bind);
      style.link(self);
      modal = new Modal({
        class_name: 'leadline-call',
        disable_overlay: true,
        disable_overlay_click: true,
        disable_enter_keydown: true,
        focus_element: '.leadline-call-no-focus',
        init: function ($body) {
          $body.attr('aria-labelledby', title).append($content).trigger('modal:loaded').trigger('modal:centrify');
          $body.on('keydown', function (event) {
            if (event.which === 27) {
              on.later();
            }
          });
        },
        destroy: function () {
          if (!gone) {
            gone = true;
            on.closed();
          }
          return true;
        }
      });

      return {
        // say tells where the call is. The button of taking it is there until then;
        // the focus does not vanish with it.
        say: function (key, taken) {
          var $take = $content.find('.js-leadline-call-take');
          $content.find('.js-leadline-call-state').text(words.text(self, key));
          if (taken && $take.is(document.activeElement)) {
            $content.find('.js-leadline-call-done').trigger('focus');
          }
          $take.toggle(!taken);
        },

        close: function () {
          if (!gone) {
            gone = true;
            modal.destroy();
          }
        }
      };
    }
  };
});
