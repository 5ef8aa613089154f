// The work in the background, on every page: one tab of the browser asks the
// server at the period that it names, tells who is online, and shows what came.
define([
  './backend.js', './calls.js', './crm.js', './incidents.js', './leader.js', './memory.js', './presence.js'
], function (backend, calls, crm, incidents, leader, memory, presence) {
  'use strict';

  var usualMs = 60000;
  var shortestMs = 30000;
  var longestMs = 1800000;
  var startMs = 10000; // browsers that start at once do not ask at once

  var runs = {}; // by the code of the widget

  // The CRM runs the script in the settings window too, before the installation
  // and after switching off.
  function isOn(self) {
    var settings = self.get_settings();
    return settings.widget_active === 'Y' && ['install', 'not_configured'].indexOf(self.get_install_status()) < 0;
  }

  function between(value, least, most) {
    return Math.min(Math.max(value, least), most);
  }

  function periodOf(answer) {
    var seconds = Number(answer.period);
    return seconds > 0 ? between(seconds * 1000, shortestMs, longestMs) : usualMs;
  }

  // waitOf answers the time between two requests: as the server named it, which is
  // long for a hidden tab. Once a person looks, it is the usual one again.
  function waitOf(record) {
    var wait = record.hidden && !document.hidden ? Math.min(record.wait, record.usual || usualMs) : record.wait;
    return between(wait || usualMs, shortestMs, longestMs);
  }

  // delayOf answers how long to wait. The time of the last request counts for all
  // tabs and pages; after a pause the first one comes at a time of its own.
  function delayOf(self) {
    var record = memory.read(self);
    var wait = waitOf(record);
    var now = Date.now();
    if (record.asked > now || now - record.asked > wait * 3) {
      record = memory.change(self, function (kept) {
        kept.asked = now - wait + Math.floor(Math.random() * startMs);
      });
    }
    return Math.max(0, record.asked + wait - now);
  }

  function schedule(run) {
    clearTimeout(run.timer);
    run.timer = null;
    if (run.leading && !run.asking) {
      run.timer = setTimeout(function () {
        ask(run);
      }, delayOf(run.self));
    }
  }

  // settle forgets what the server knows now.
  function settle(self, sent, answer) {
    memory.change(self, function (record) {
      record.wait = periodOf(answer);
      record.usual = sent.hidden ? record.usual : record.wait;
      record.failures = 0;
      record.told = memory.without(record.told, sent.told);
      sent.calls.forEach(function (call) {
        if (record.calls[call.id] === call.state) {
          delete record.calls[call.id];
        }
      });
    });
  }

  // Nobody is told: the next answer brings what was missed. Each failure doubles
  // the wait; the server may name a longer one.
  function backOff(self, failure) {
    console.debug('Leadline: the background request failed', failure.code);
    memory.change(self, function (record) {
      record.failures = Math.min(record.failures + 1, 6);
      record.wait = between(Math.max(usualMs * Math.pow(2, record.failures - 1) * (1 + Math.random() / 10), (failure.retryAfter || 0) * 1000), shortestMs, longestMs);
    });
  }

  function bodyOf(self) {
    var record = memory.read(self);
    return {
      language: crm.language(),
      hidden: document.hidden,
      operators: presence.everybody(),
      told: record.told,
      calls: Object.keys(record.calls).slice(0, 20).map(function (id) {
        return { id: id, state: record.calls[id] };
      })
    };
  }

  // show gives the answer to the instance that runs now: the page may have changed meanwhile.
  function show(code, answer) {
    var run = runs[code];
    if (run) {
      incidents.receive(run.self, answer.errors);
      calls.receive(run.self, answer.calls);
    }
  }

  function ask(run) {
    var body = bodyOf(run.self);
    clearTimeout(run.timer);
    run.asking = true;
    memory.change(run.self, function (record) {
      record.asked = Date.now();
      record.hidden = body.hidden;
    });
    backend.background(run.self, body).then(function (answer) {
      settle(run.self, body, answer);
      show(run.code, answer);
    }, function (failure) {
      backOff(run.self, failure);
    }).always(function () {
      run.asking = false;
      if (runs[run.code] !== run) {
        return;
      }
      if (run.again) {
        run.again = false;
        ask(run);
      } else {
        schedule(run);
      }
    });
  }

  // tell reports what the person just did, in whichever tab that was.
  function tell(run) {
    if (run.asking) {
      run.again = true;
    } else {
      ask(run);
    }
  }

  function stop(self) {
    var code = self.get_settings().widget_code;
    var run = runs[code];
    if (run) {
      delete runs[code];
      clearTimeout(run.timer);
      run.leader.leave();
      calls.stop(self);
    }
  }

  return {
    start: function (self) {
      var run = { self: self, code: self.get_settings().widget_code, leading: false, asking: false, again: false, timer: null, leader: null };
      stop(self);
      if (!isOn(self)) {
        return;
      }
      runs[run.code] = run;
      calls.start(self, function () {
        tell(run);
      });
      run.leader = leader.join('leadline-background-' + run.code, function (leading) {
        if (runs[run.code] !== run) {
          return;
        }
        run.leading = leading;
        if (!leading) {
          calls.handOver(self);
        }
        schedule(run);
      });
    },

    stop: stop
  };
});
