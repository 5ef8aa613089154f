// The widget's own settings page: Leadline's console in a frame. The frame's page
// cannot know who the person is; it asks for tickets here, which the CRM's token buys.
define(['jquery', './backend.js', './crm.js', './style.js', './words.js'], function ($, backend, crm, style, words) {
  'use strict';

  var ticketMs = 20000;  // a ticket that has waited longer may be too old on arrival
  var firstMs = 30000;   // until the frame's page must have spoken
  var answerMs = 10000;  // and after each load of another page in it
  var highest = 30000;   // pixels

  // Open pages by the code of the widget; a module outlives the widget's instances.
  var pages = {};

  function codeOf(self) {
    return self.get_settings().widget_code;
  }

  function isOpen(page) {
    return pages[page.code] === page;
  }

  function scheme() {
    return document.documentElement.getAttribute('data-color-scheme') || '';
  }

  function tell(page, message) {
    var target = page.frame && page.frame.contentWindow;
    if (target) {
      target.postMessage($.extend({ leadline: 'console', scheme: scheme(), language: crm.language() }, message), backend.origin);
    }
  }

  // expect shows the failure when the frame's page does not speak in time: the
  // server cannot be reached, and the browser shows a page of its own instead.
  function expect(page, ms) {
    clearTimeout(page.timer);
    page.timer = setTimeout(function () {
      page.silent = true;
      fail(page, { code: 'unavailable', message: '', platform: false });
    }, ms);
  }

  function fail(page, failure) {
    // What the window's form says of these is not true here.
    var own = failure.code === 'no_token' || failure.code === 'not_connected' ? words.text(page.self, 'console.' + failure.code) : '';
    page.$state.text('').hide();
    page.$error.text((own || words.ofFailure(page.self, failure)) + ' ' + words.text(page.self, 'form.support'));
    page.$failed.show();
    page.$retry.prop('disabled', false);
    tell(page, { kind: 'refused' });
  }

  function give(page) {
    var ticket = page.ticket;
    page.ticket = null;
    page.wanted = false;
    tell(page, { kind: 'ticket', ticket: ticket.value });
  }

  function isFresh(ticket) {
    return ticket !== null && Date.now() - ticket.at < ticketMs;
  }

  function makeFrame(page, url) {
    var src = url + '?' + $.param({ lang: crm.language(), scheme: scheme() });
    var $frame = $('<iframe>', { title: words.text(page.self, 'advanced.title'), src: src, allow: 'clipboard-write' }).addClass('leadline__console');
    page.frame = $frame.get(0);
    // Each page that is loaded is asked to speak; one of the browser's own cannot.
    $frame.on('load', function () {
      expect(page, answerMs);
      tell(page, { kind: 'hello' });
    });
    page.$root.append($frame);
    expect(page, firstMs);
  }

  // ask buys a ticket, for the frame that waits for it or is made for it.
  function ask(page) {
    if (page.asking) {
      return;
    }
    page.asking = true;
    backend.console(page.self).then(function (answer) {
      page.asking = false;
      if (!isOpen(page)) {
        return;
      }
      if (String(answer.url).indexOf(backend.origin + '/') !== 0 || typeof answer.ticket !== 'string') {
        fail(page, { code: 'unknown', message: '', platform: false });
        return;
      }
      page.$failed.hide();
      page.$error.text('');
      page.ticket = { value: answer.ticket, at: Date.now() };
      if (!page.frame) {
        makeFrame(page, answer.url);
      } else if (page.wanted) {
        give(page);
      }
    }, function (failure) {
      page.asking = false;
      if (isOpen(page)) {
        fail(page, failure);
      }
    });
  }

  function heard(page, said) {
    clearTimeout(page.timer);
    page.silent = false;
    if (said.kind === 'ready') {
      page.$state.text('').hide();
      page.$failed.toggle(page.wanted && page.$error.text() !== '');
      if (page.frame.getBoundingClientRect().top < 0) {
        page.frame.scrollIntoView(); // another page begins at its top
      }
    } else if (said.kind === 'ticket') {
      page.wanted = true;
      if (isFresh(page.ticket)) {
        give(page);
      } else {
        ask(page);
      }
    } else if (said.kind === 'height' && said.px > 0 && said.px <= highest) {
      page.frame.style.height = Math.ceil(said.px) + 'px';
    }
  }

  function receive(event) {
    if (event.origin !== backend.origin || !event.data || event.data.leadline !== 'console') {
      return;
    }
    $.each(pages, function (code, page) {
      if (page.frame && page.frame.contentWindow === event.source) {
        heard(page, event.data);
      }
    });
  }

  function retry(page) {
    page.$retry.prop('disabled', true);
    if (page.silent) { // the frame holds no page of ours
      $(page.frame).remove();
      page.frame = null;
    }
    ask(page);
  }

  function close(self) {
    var page = pages[codeOf(self)];
    delete pages[codeOf(self)];
    if (!page) {
      return;
    }
    clearTimeout(page.timer);
    page.colours.disconnect();
    page.$root.remove();
    if ($.isEmptyObject(pages)) {
      window.removeEventListener('message', receive);
    }
  }

  function draw(page) {
    var self = page.self;
    page.$state = $('<p>', { role: 'status' }).addClass('leadline__state').text(words.text(self, 'console.opening'));
    page.$error = $('<p>', { role: 'alert' }).addClass('leadline__error js-leadline-console-error');
    page.$retry = $('<button>', { type: 'button' }).addClass('leadline__button js-leadline-console-retry').text(words.text(self, 'console.retry'));
    page.$failed = $('<div>').hide().append(page.$error, page.$retry);
    page.$retry.on('click', function () {
      retry(page);
    });
    return $('<div>').addClass('leadline leadline_page').append(page.$state, page.$failed);
  }

  // watchColours tells the frame when the person makes the CRM light or dark.
  function watchColours(page) {
    var observer = new MutationObserver(function () {
      tell(page, { kind: 'scheme' });
    });
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-color-scheme'] });
    return observer;
  }

  // open draws the page into its place; drawing again replaces it.
  function open(self) {
    var code = codeOf(self);
    var $area = $(document.getElementById('work-area-' + code));
    var page = { self: self, code: code, frame: null, ticket: null, timer: null, asking: false, wanted: false, silent: false };
    close(self);
    if (!$area.length) {
      return;
    }
    style.link(self);
    page.$root = draw(page).appendTo($area.empty());
    page.colours = watchColours(page);
    if ($.isEmptyObject(pages)) {
      window.addEventListener('message', receive);
    }
    pages[code] = page;
    ask(page);
  }

  return { open: open, close: close };
});
