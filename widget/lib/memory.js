// What the tabs of one browser remember together about the background work:
// when the server was asked last, what was shown, what it has not been told yet.
// Ids and times only. Where the browser keeps nothing it lasts as long as the page.
define(['./crm.js'], function (crm) {
  'use strict';

  var longest = 50; // of each list; the oldest are forgotten
  var own = {};     // by key, where the browser keeps nothing

  // keyOf parts the widgets of the account, and the people who share a browser.
  function keyOf(self) {
    return 'leadline-' + self.get_settings().widget_code + '-' + crm.userID();
  }

  function listOf(value) {
    return Array.isArray(value) ? value.slice(-longest) : [];
  }

  function mapOf(value) {
    return value && typeof value === 'object' && !Array.isArray(value) ? value : {};
  }

  function numberOf(value) {
    return typeof value === 'number' && isFinite(value) && value > 0 ? value : 0;
  }

  // read answers a record that may be changed: asked (when, ms), hidden (as was told
  // then), wait (ms until the next time), usual (the same for a tab that is looked
  // at), failures, told, seen, rung and took (lists of ids), declined ({id: until, ms}),
  // calls ({id: state} to report).
  function read(self) {
    var kept = own[keyOf(self)];
    try {
      kept = JSON.parse(window.localStorage.getItem(keyOf(self))) || kept;
    } catch (error) {
      console.debug('Leadline: nothing is remembered', error);
    }
    kept = kept && typeof kept === 'object' ? kept : {};
    return {
      asked: numberOf(kept.asked),
      hidden: kept.hidden === true,
      wait: numberOf(kept.wait),
      usual: numberOf(kept.usual),
      failures: numberOf(kept.failures),
      told: listOf(kept.told),
      seen: listOf(kept.seen),
      rung: listOf(kept.rung),
      took: listOf(kept.took),
      declined: mapOf(kept.declined),
      calls: mapOf(kept.calls)
    };
  }

  return {
    read: read,

    // change reads, lets the function change the record, and keeps it.
    change: function (self, edit) {
      var record = read(self);
      edit(record);
      own[keyOf(self)] = record;
      try {
        window.localStorage.setItem(keyOf(self), JSON.stringify(record));
      } catch (error) {
        console.debug('Leadline: nothing can be remembered', error);
      }
      return record;
    },

    // add puts an id at the end of a list, once.
    add: function (list, id) {
      if (list.indexOf(id) < 0) {
        list.push(id);
      }
    },

    // without answers the list less what is in the other one.
    without: function (list, gone) {
      return list.filter(function (id) {
        return gone.indexOf(id) < 0;
      });
    }
  };
});
