// Errors of the connection, as the server sends them to administrators: each
// incident goes into the notification centre once and is then told as shown.
define(['./crm.js', './memory.js'], function (crm, memory) {
  'use strict';

  var most = 20;
  var adding = {};  // ids that are on their way into the notification centre
  var alone = {};   // ids that were shown without being kept

  function isError(one) {
    return !!one && typeof one.id === 'string' && /^[\w:.-]{1,100}$/.test(one.id) && typeof one.header === 'string' && typeof one.text === 'string';
  }

  // messageOf says since when: the CRM shows an error that was closed never again,
  // and the next incident of the kind has the same words.
  function messageOf(one) {
    var message = { header: one.header, text: one.text, link: /^https?:\/\//i.test(one.link) ? one.link : '' };
    if (one.at > 0) {
      message.date = Math.floor(one.at);
      message.text += ' (' + new Date(message.date * 1000).toLocaleString(crm.language()) + ')';
    }
    return message;
  }

  function add(self, one) {
    adding[one.id] = true;
    crm.addError(messageOf(one), {
      done: function () {
        memory.change(self, function (record) {
          memory.add(record.seen, one.id);
          memory.add(record.told, one.id);
        });
      },
      // Not kept: the person sees it now, and it comes again.
      fail: function () {
        if (!alone[one.id]) {
          alone[one.id] = true;
          crm.showMessageError(messageOf(one));
        }
      },
      always: function () {
        delete adding[one.id];
      }
    });
  }

  return {
    receive: function (self, errors) {
      (Array.isArray(errors) ? errors : []).filter(isError).slice(0, most).forEach(function (one) {
        if (memory.read(self).seen.indexOf(one.id) >= 0) {
          memory.change(self, function (record) {
            memory.add(record.told, one.id);
          });
        } else if (!adding[one.id]) {
          add(self, one);
        }
      });
    }
  };
});
