// Lead sources: the pipeline that the widget was added to, and the page of the
// online chat whose source was clicked.
define([
  'jquery', './backend.js', './crm.js', './view.js', './words.js'
], function ($, backend, crm, view, words) {
  'use strict';

  var longestID = 64;

  // By the code of the widget: a module outlives the widget's instances.
  var waiting = {}; // a pipeline that needs a chat as soon as the account is connected
  var chosen = {};  // ids of the source whose page is shown
  var places = {};  // where the open form shows chats

  function codeOf(self) {
    return self.get_settings().widget_code;
  }

  // idOf reads an id that the page gave, a number or a text; '' for anything else.
  function idOf(value) {
    var id = typeof value === 'number' || typeof value === 'string' ? $.trim(String(value)) : '';
    return id.length <= longestID ? id : '';
  }

  function idsOf(context) {
    var given = context && typeof context === 'object' ? context : {};
    return { source_id: idOf(given.source_id), external_id: idOf(given.external_id) };
  }

  function isGiven(ids) {
    return !!ids && (ids.source_id !== '' || ids.external_id !== '');
  }

  function element(tag, name, attributes) {
    return $('<' + tag + '>', attributes || {}).addClass('leadline__' + name);
  }

  // page is one chat: its name, where its leads come in, and its code for a site.
  function page(self, id, chat) {
    var $page = element('div', 'page', { role: 'group', 'aria-labelledby': id })
      .append(element('p', 'title', { id: id, translate: 'no' }).text(String(chat.name || '')));
    if (chat.pipeline) {
      $page.append(element('p', 'hint').append(
        document.createTextNode(words.text(self, 'form.pipeline') + ' '),
        element('span', 'name', { translate: 'no' }).text(String(chat.pipeline))
      ));
    }
    if (chat['default'] === true) {
      $page.append(element('p', 'hint').text(words.text(self, 'form.default_source')));
    }
    return chat.snippet ? $page.append(view.chats(self, id, [chat])) : $page;
  }

  function pages(self, id, chats) {
    return $.map(chats, function (chat, i) {
      return page(self, id + '-' + i, chat || {}).get(0);
    });
  }

  // others stand behind a link, so that the page is about one chat.
  function others(self, id, chats) {
    var $list = element('div', 'others', { id: id }).hide().append(pages(self, id, chats));
    var $link = element('button', 'button', { type: 'button', 'aria-expanded': 'false', 'aria-controls': id })
      .addClass('leadline__button_link js-leadline-others').text(words.text(self, 'form.other_chats'));
    $link.on('click', function () {
      var open = $link.attr('aria-expanded') !== 'true';
      $link.attr('aria-expanded', String(open));
      $list.toggle(open);
    });
    return [$link, $list];
  }

  // draw shows the chat of the answer and the others behind it; without one, all.
  function draw(self, $place, answer) {
    var id = 'leadline-source-' + codeOf(self);
    var chat = answer.chat;
    var list = $.isArray(answer.chats) ? answer.chats : [];
    var rest;
    if (!chat) {
      $place.empty().append(element('p', 'hint').addClass('js-leadline-unknown').text(words.text(self, 'form.source_unknown')), pages(self, id, list));
      return;
    }
    rest = $.grep(list, function (one) {
      return one.external_id !== chat.external_id;
    });
    $place.empty().append(page(self, id, chat).addClass('js-leadline-page'));
    if (rest.length > 0) {
      $place.append(others(self, id + '-others', rest));
    }
  }

  function isShown(self, $place) {
    return places[codeOf(self)] === $place && $.contains(document.documentElement, $place.get(0));
  }

  // look asks for the chat of the ids. The list that is shown already stays when
  // there is no answer.
  function look(self, $place, ids) {
    backend.chats(self, ids.source_id, ids.external_id).then(function (answer) {
      if (isShown(self, $place) && chosen[codeOf(self)] === ids) {
        draw(self, $place, answer);
      }
    }, function (failure) {
      console.debug('Leadline: the chat of the source was not found', failure.code);
    });
  }

  function fail(self, failure) {
    var text = words.ofFailure(self, failure);
    var $place = places[codeOf(self)];
    if ($place && isShown(self, $place)) {
      $place.closest('.js-leadline').find('.js-leadline-error').text(text + ' ' + words.text(self, 'form.support'));
    }
    crm.showError(words.text(self, 'widget.name'), text, backend.supportLink);
  }

  function add(self, pipeline) {
    var code = codeOf(self);
    delete waiting[code];
    backend.addChat(self, pipeline).then(function (answer) {
      var $place = places[code];
      chosen[code] = idsOf(answer.chat);
      if ($place && isShown(self, $place)) {
        draw(self, $place, answer);
      }
      crm.showMessage(words.text(self, 'widget.name'), words.text(self, 'states.source_added'));
    }, function (failure) {
      if (failure.code === 'not_connected') {
        waiting[code] = pipeline;
      }
      fail(self, failure);
    });
  }

  return {
    // added makes the online chat of the pipeline; before the widget is installed it
    // waits for the account to be connected.
    added: function (self, pipelineID) {
      var pipeline = idOf(pipelineID);
      if (pipeline === '') {
        fail(self, { code: 'no_such_pipeline', message: '', platform: false });
      } else if (self.get_install_status() === 'installed') {
        add(self, pipeline);
      } else {
        waiting[codeOf(self)] = pipeline;
      }
    },

    // show draws the account's chats into the form; for a source that was clicked,
    // or added on this page, its own page.
    show: function (self, $place, context, chats) {
      var code = codeOf(self);
      var ids = idsOf(context);
      places[code] = $place;
      if (isGiven(ids)) {
        chosen[code] = ids;
      }
      $place.empty().append(view.chats(self, code, chats));
      if (!$.isArray(chats) || chats.length === 0) {
        return;
      }
      if (waiting[code]) {
        add(self, waiting[code]);
      } else if (isGiven(chosen[code])) {
        look(self, $place, chosen[code]);
      }
    },

    close: function (self) {
      delete places[codeOf(self)];
      delete chosen[codeOf(self)];
    }
  };
});
