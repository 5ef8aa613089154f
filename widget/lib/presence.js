// Who of the account is online, and whether somebody is on the phone. Older
// pages know neither: then nothing is known and nothing is set.
define(['./crm.js'], function (crm) {
  'use strict';

  var most = 500; // people told to the server in one request
  var ours = false; // the calling status was set by us

  function ask(method, argument) {
    var sdk = crm.app().sdk;
    if (!sdk || typeof sdk[method] !== 'function') {
      return undefined;
    }
    try {
      return argument === undefined ? sdk[method]() : sdk[method](argument);
    } catch (error) {
      console.debug('Leadline: the page does not tell ' + method, error);
      return undefined;
    }
  }

  return {
    // everybody answers {user id: is online}, null when the page does not tell; those
    // who are offline are left out first where they are many.
    everybody: function () {
      var map = ask('showUserStatus');
      var told = {};
      var ids;
      if (!map || typeof map !== 'object') {
        return null;
      }
      ids = Object.keys(map).filter(function (id) {
        return /^[1-9][0-9]*$/.test(id) && map[id] && typeof map[id].online === 'boolean';
      });
      ids.sort(function (a, b) {
        return Number(map[b].online) - Number(map[a].online) || Number(a) - Number(b);
      });
      ids.slice(0, most).forEach(function (id) {
        told[id] = map[id].online;
      });
      return told;
    },

    // online answers the ids of who is online, null when the page does not tell.
    online: function () {
      var ids = ask('showUserStatus', 'online');
      return Array.isArray(ids) ? ids.map(Number) : null;
    },

    // isOnline answers true, false, or null when the page does not tell.
    isOnline: function (id) {
      var is = ask('showUserStatus', id);
      return typeof is === 'boolean' ? is : null;
    },

    // startCall keeps the page from reloading itself. A status that is set already
    // is somebody else's call and stays theirs.
    startCall: function () {
      if (!ours && ask('getCallingStatus') === false) {
        ask('setCallingStatus', true);
        ours = true;
      }
    },

    endCall: function () {
      if (ours) {
        ours = false;
        ask('setCallingStatus', false);
      }
    }
  };
});
