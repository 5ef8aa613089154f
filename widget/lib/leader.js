// One tab of a browser leads: the one that a person looked at last. The browser's
// locks end with their tab; where there are none, a note that expires stands in.
define(function () {
  'use strict';

  var leaseMs = 90000; // more than the minute to which browsers slow hidden tabs
  var checkMs = 5000;
  var tab = String(Math.random()).slice(2);

  function locks() {
    var found = navigator.locks;
    return found && typeof found.request === 'function' && typeof window.AbortController === 'function' ? found : null;
  }

  // byLock waits in the queue of the lock, and takes it over when a person looks
  // at this tab, or when the leader says that nobody looks at it any more.
  function byLock(name, changed) {
    var left = false;
    var held = null;   // our request that has the lock
    var queued = null; // our request that waits
    var channel = typeof window.BroadcastChannel === 'function' ? new window.BroadcastChannel(name) : null;

    // offer is taken up by a tab that somebody looks at, if there is one.
    function offer() {
      if (channel && document.hidden) {
        channel.postMessage('hidden');
      }
    }

    function granted(mine) {
      held = mine;
      if (queued === mine) {
        queued = null;
      }
      changed(true);
      offer();
      return new Promise(function (resolve) {
        mine.release = resolve;
      });
    }

    function request(mine, options) {
      locks().request(name, options, function () {
        return left ? undefined : granted(mine);
      }).then(null, function (reason) {
        console.debug('Leadline: this tab does not lead', reason && reason.name);
        // Another tab took the lock over.
        if (held === mine && !left) {
          held = null;
          changed(false);
          queue();
        }
      });
    }

    function leaveQueue() {
      if (queued) {
        queued.abort();
        queued = null;
      }
    }

    function queue() {
      leaveQueue();
      queued = new window.AbortController();
      request(queued, { signal: queued.signal });
    }

    function takeOver() {
      if (!held && !document.hidden) {
        leaveQueue();
        request({}, { steal: true });
      }
    }

    function look() {
      if (held) {
        changed(true);
        offer();
      } else {
        takeOver();
      }
    }

    if (channel) {
      channel.onmessage = function (event) {
        if (event.origin === window.location.origin) {
          takeOver();
        }
      };
    }
    document.addEventListener('visibilitychange', look);
    if (document.hidden) {
      queue();
    } else {
      takeOver();
    }
    return {
      leave: function () {
        left = true;
        document.removeEventListener('visibilitychange', look);
        leaveQueue();
        if (channel) {
          channel.close();
        }
        if (held) {
          held.release();
        }
      }
    };
  }

  function readLease(name) {
    try {
      return JSON.parse(window.localStorage.getItem(name)) || {};
    } catch (error) {
      console.debug('Leadline: each tab works for itself', error);
      return {};
    }
  }

  function writeLease(name, lease) {
    try {
      window.localStorage.setItem(name, JSON.stringify(lease));
    } catch (error) {
      console.debug('Leadline: each tab works for itself', error);
    }
  }

  // byLease does the same with a note: a moment with two leaders is possible, and harmless.
  function byLease(name, changed) {
    var leading = false;
    var timer = null;

    function take() {
      var lease = readLease(name);
      var free = !(lease.until > Date.now()) || lease.until > Date.now() + leaseMs || lease.tab === tab;
      if (free || lease.hidden && !document.hidden) {
        writeLease(name, { tab: tab, until: Date.now() + leaseMs, hidden: document.hidden });
        return true;
      }
      return false;
    }

    function check() {
      var before = leading;
      leading = take();
      if (leading !== before) {
        changed(leading);
      }
    }

    function look() {
      check();
      changed(leading);
    }

    document.addEventListener('visibilitychange', look);
    timer = setInterval(check, checkMs);
    check();
    return {
      leave: function () {
        document.removeEventListener('visibilitychange', look);
        clearInterval(timer);
        if (leading && readLease(name).tab === tab) {
          writeLease(name, {});
        }
      }
    };
  }

  return {
    // join lets the tab lead when it is its turn. changed is called with true
    // when it leads (again after each change between seen and hidden), with false
    // when it does no longer; not after leave.
    join: function (name, changed) {
      return locks() ? byLock(name, changed) : byLease(name, changed);
    },

    // hold keeps the name for this tab; got is called when it has it: at once, or
    // never where another tab holds it and wait is false. The answer lets go of it.
    hold: function (name, wait, got) {
      var gone = false;
      var release = null;
      if (!locks()) {
        got();
        return function () {};
      }
      locks().request(name, { ifAvailable: !wait }, function (lock) {
        if (!lock || gone) {
          return undefined;
        }
        got();
        return new Promise(function (resolve) {
          release = resolve;
        });
      }).then(null, function (reason) {
        console.debug('Leadline: no lock', reason);
      });
      return function () {
        gone = true;
        if (release) {
          release();
        }
      };
    }
  };
});
