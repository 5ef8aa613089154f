// Visitors' requests to be called back: who of the operators sees one, and what
// he does with it.
define([
  'jquery', './crm.js', './dialogue.js', './leader.js', './memory.js', './presence.js', './words.js'
], function ($, crm, dialogue, leader, memory, presence, words) {
  'use strict';

  var most = 20;
  var callMs = 600000; // after this the page may reload itself again
  var aliveMs = 180000; // the server gives a call to others that is silent for ten minutes
  var laterMs = 900000; // "not now": where the server has nobody else
  var busyMs = 3000;
  var patientMs = 60000;

  // By the code of the widget: what is handled outlives a change of the page.
  var handled = {}; // {call, taken, sure, at}: the call that stands open in this tab
  var desks = {};   // of the running instance: {self, code, report, view, timer, retry, release, wanted, waiting}
  var ringing = {}; // ids on their way into the notification centre

  function isCall(one) {
    return !!one && typeof one.id === 'string' && /^[\w:.-]{1,100}$/.test(one.id) && typeof one.phone === 'string' && /[0-9]/.test(one.phone) &&
      (one.state === 'waiting' || one.state === 'taken');
  }

  function textOf(value) {
    return typeof value === 'string' ? value.slice(0, 1000) : '';
  }

  function callOf(one) {
    var element = one.element || {};
    return {
      id: one.id,
      state: one.state,
      mine: one.mine === true,
      phone: one.phone.slice(0, 40),
      name: textOf(one.name),
      header: textOf(one.header),
      text: textOf(one.text),
      link: /^https?:\/\//i.test(one.link) ? one.link : '',
      at: Number(one.at) || Math.floor(Date.now() / 1000),
      responsible: Number(one.responsible) || 0,
      element: Number(element.id) > 0 ? { id: Number(element.id), type: element.type } : null
    };
  }

  // isForMe: the server gives a request to who is to know of it; here those who are
  // away by now do not see it, unless nobody is there at all. What was taken is shown
  // in the browser that took it, what was put off later on.
  function isForMe(call, record) {
    var me = Number(crm.userID());
    var others = presence.online();
    if (call.state === 'taken') {
      return call.mine && record.took.indexOf(call.id) >= 0;
    }
    if (record.declined[call.id] > Date.now()) {
      return false;
    }
    if (call.responsible === me) {
      return presence.isOnline(me) !== false || !!others && others.length === 0;
    }
    return !others || others.length === 0 || others.indexOf(me) >= 0;
  }

  function report(desk, id, state) {
    memory.change(desk.self, function (record) {
      record.calls[id] = state;
    });
  }

  // ring puts the request into the operator's notification centre, once.
  function ring(desk, call) {
    var message = {
      from: call.name || call.phone,
      to: crm.userName(),
      duration: 0,
      link: call.link,
      text: call.text,
      date: call.at,
      header: call.header,
      phone: call.phone,
      click_link: call.link
    };
    if (ringing[call.id] || memory.read(desk.self).rung.indexOf(call.id) >= 0) {
      return;
    }
    if (call.element) {
      message.element = call.element;
    }
    ringing[call.id] = true;
    crm.addCall(message, {
      done: function () {
        memory.change(desk.self, function (record) {
          memory.add(record.rung, call.id);
          record.calls[call.id] = record.calls[call.id] || 'shown';
        });
      },
      fail: function () {
        console.debug('Leadline: the call-back is not in the notification centre, it comes again');
      },
      always: function () {
        delete ringing[call.id];
      }
    });
  }

  // A person who has a window open is not interrupted; who is in a field has a
  // minute to finish, the notification is there already.
  function isBusy(desk) {
    var writes = $(document.activeElement).is('input, textarea, select, [contenteditable]');
    desk.wanted = desk.wanted || Date.now();
    return document.hidden || $('.modal').length > 0 || writes && Date.now() - desk.wanted < patientMs;
  }

  // clear ends what belongs to the running instance, not the handling itself.
  function clear(desk) {
    clearTimeout(desk.timer);
    presence.endCall();
    if (desk.release) {
      desk.release();
      desk.release = null;
    }
    if (desk.view) {
      desk.view.close();
      desk.view = null;
    }
  }

  function putOff(desk, id) {
    memory.change(desk.self, function (record) {
      Object.keys(record.declined).forEach(function (old) {
        if (!(record.declined[old] > Date.now())) {
          delete record.declined[old];
        }
      });
      record.declined[id] = Date.now() + laterMs;
    });
  }

  function finish(desk, state) {
    var id = handled[desk.code].call.id;
    if (state === 'released') {
      putOff(desk, id);
    }
    delete handled[desk.code];
    clear(desk);
    report(desk, id, state);
    desk.report();
    showNext(desk);
  }

  // keepOn says again and again that the call is handled, for as long as it may last.
  function keepOn(desk) {
    var one = handled[desk.code];
    var left = one.at + callMs - Date.now();
    clearTimeout(desk.timer);
    if (left <= 0) {
      presence.endCall();
      return;
    }
    desk.timer = setTimeout(function () {
      report(desk, one.call.id, 'taken');
      keepOn(desk);
    }, Math.min(left, aliveMs));
  }

  // calling holds the page's own reload back.
  function calling(desk) {
    desk.view.say('calls.calling', true);
    if (handled[desk.code].at + callMs > Date.now()) {
      presence.startCall();
      keepOn(desk);
    }
  }

  // keepHere keeps other tabs of this browser from opening the window too.
  function keepHere(desk, call) {
    desk.release = leader.hold('leadline-call-' + call.id, true, function () {});
  }

  function take(desk) {
    var one = handled[desk.code];
    one.taken = true;
    one.at = Date.now();
    keepHere(desk, one.call);
    calling(desk);
    memory.change(desk.self, function (record) {
      memory.add(record.took, one.call.id);
    });
    report(desk, one.call.id, 'taken');
    desk.report();
  }

  function show(desk) {
    var one = handled[desk.code];
    desk.wanted = 0;
    desk.view = dialogue.open(desk.self, one.call, {
      take: function () {
        take(desk);
      },
      done: function () {
        finish(desk, 'done');
      },
      later: function () {
        finish(desk, 'released');
      },
      // By the CRM: it comes again with the next page, or the next answer.
      closed: function () {
        desk.view = null;
      }
    });
    if (one.taken) {
      calling(desk);
    } else {
      desk.view.say('calls.waiting', false);
    }
  }

  function open(desk, call) {
    if (call.state !== 'taken') {
      handled[desk.code] = { call: call, taken: false, sure: false, at: 0 };
      show(desk);
      return;
    }
    // Taken before this page was loaded, or in another tab that still has it open.
    desk.release = leader.hold('leadline-call-' + call.id, false, function () {
      if (desks[desk.code] === desk && !handled[desk.code]) {
        handled[desk.code] = { call: call, taken: true, sure: true, at: Date.now() };
        show(desk);
      }
    });
  }

  // showNext opens one window at a time, when the person can be asked.
  function showNext(desk) {
    var one = handled[desk.code];
    clearTimeout(desk.retry);
    if (desk.view || !one && desk.waiting.length === 0) {
      return;
    }
    if (isBusy(desk)) {
      desk.retry = setTimeout(function () {
        showNext(desk);
      }, busyMs);
    } else if (one) {
      if (one.taken) {
        keepHere(desk, one.call);
      }
      show(desk);
    } else {
      open(desk, desk.waiting.shift());
    }
  }

  // settle closes the window of a call that the server does not give to this operator
  // any more. Who has just taken it and has it not was not the first.
  function settle(desk, calls) {
    var one = handled[desk.code];
    var now = one && calls.filter(function (call) {
      return call.id === one.call.id && (call.state === 'waiting' || call.mine);
    })[0];
    if (!one || now) {
      if (one && now.state === 'taken') {
        one.sure = true;
      }
      return;
    }
    delete handled[desk.code];
    clear(desk);
    if (one.taken && !one.sure) {
      crm.showMessage(one.call.header, words.text(desk.self, 'calls.other'));
    }
  }

  return {
    // start opens the desk; what was open before the page changed opens again.
    // report is called when the server should be told at once.
    start: function (self, report) {
      var code = self.get_settings().widget_code;
      desks[code] = { self: self, code: code, report: report, view: null, timer: null, retry: null, release: null, wanted: 0, waiting: [] };
      showNext(desks[code]);
    },

    receive: function (self, list) {
      var desk = desks[self.get_settings().widget_code];
      var record = memory.read(self);
      var calls = (Array.isArray(list) ? list : []).filter(isCall).slice(0, most).map(callOf);
      var mine = calls.filter(function (call) {
        return isForMe(call, record);
      });
      settle(desk, calls);
      mine.forEach(function (call) {
        if (call.state === 'waiting') {
          ring(desk, call);
        }
      });
      // What has been taken comes first, then who waits longest.
      desk.waiting = mine.filter(function (call) {
        return !handled[desk.code] || handled[desk.code].call.id !== call.id;
      }).sort(function (a, b) {
        return Number(b.state === 'taken') - Number(a.state === 'taken') || a.at - b.at;
      });
      showNext(desk);
    },

    // handOver: another tab leads. What nobody has taken yet is shown there.
    handOver: function (self) {
      var desk = desks[self.get_settings().widget_code];
      desk.waiting = [];
      clearTimeout(desk.retry);
      if (handled[desk.code] && !handled[desk.code].taken) {
        delete handled[desk.code];
        clear(desk);
      }
    },

    stop: function (self) {
      var desk = desks[self.get_settings().widget_code];
      if (desk) {
        clearTimeout(desk.retry);
        clear(desk);
        delete desks[desk.code];
      }
    }
  };
});
