// Requests to Leadline's server. The only module that knows its address.
define(['jquery', './crm.js'], function ($, crm) {
  'use strict';

  var address = '__BACKEND_URL__';
  var origin = address.replace(/^(https?:\/\/[^/]+).*$/, '$1');
  var requestMs = 15000;
  var tokenMs = 5000; // more than this for the token alone is a failure of the CRM

  // retryAfter reads for how many seconds the server asks to be left alone, 0
  // when it does not.
  function retryAfter(xhr) {
    var seconds = Number(xhr && typeof xhr.getResponseHeader === 'function' && xhr.getResponseHeader('Retry-After'));
    return seconds > 0 && isFinite(seconds) ? seconds : 0;
  }

  // failure turns the answer into {code, message, platform, retryAfter}; platform
  // means that the request never left, because the CRM gave no token for it.
  function failure(xhr, status, sent) {
    var body = xhr && xhr.responseJSON && xhr.responseJSON.error;
    if (body && typeof body.code === 'string') {
      return { code: body.code, message: String(body.message || ''), platform: false, retryAfter: retryAfter(xhr) };
    }
    if (!sent) {
      return { code: 'no_token', message: '', platform: true, retryAfter: 0 };
    }
    return { code: status === 'timeout' ? 'timeout' : 'unavailable', message: '', platform: false, retryAfter: retryAfter(xhr) };
  }

  // call sends one request with the disposable token. The promise is always
  // settled: resolved with the answer, or rejected with a failure.
  function call(self, method, path, body) {
    var result = $.Deferred();
    var settings = self.get_settings() || {};
    var sent = false;
    var guard = null;
    var options = {
      url: address + '/widget/v1/' + path,
      method: method,
      dataType: 'json',
      timeout: requestMs,
      headers: { 'Accept-Language': crm.language() },
      beforeSend: function () {
        sent = true;
      }
    };

    function fail(xhr, status) {
      clearTimeout(guard);
      result.reject(failure(xhr, status, sent));
    }

    if (body) {
      options.contentType = 'application/json; charset=utf-8';
      options.data = JSON.stringify(body);
    }
    // Without an OAuth client the method answers a promise of another kind.
    if (!settings.oauth_client_uuid || typeof self.$authorizedAjax !== 'function') {
      fail();
      return result.promise();
    }
    guard = setTimeout(function () {
      fail(null, 'timeout');
    }, tokenMs + requestMs);
    try {
      self.$authorizedAjax(options).then(function (answer) {
        clearTimeout(guard);
        result.resolve(answer || {});
      }, fail);
    } catch (error) {
      console.debug('Leadline: request was not made', error);
      fail();
    }
    return result.promise();
  }

  return {
    supportLink: '__SUPPORT_LINK__',
    // What messages of the console's frame come from.
    origin: origin,

    status: function (self) {
      return call(self, 'GET', 'status');
    },

    connect: function (self, login, password) {
      return call(self, 'POST', 'connect', {
        login: login,
        password: password,
        amojo_id: crm.amojoID(),
        language: crm.language()
      });
    },

    // console buys a ticket for the console's frame, and tells where that is.
    console: function (self) {
      return call(self, 'POST', 'console', {});
    },

    disconnect: function (self) {
      return call(self, 'POST', 'disconnect', {});
    },

    // addChat makes the online chat of a pipeline, or finds it.
    addChat: function (self, pipeline) {
      return call(self, 'POST', 'chats', { pipeline_id: pipeline, language: crm.language() });
    },

    // chats lists the account's online chats and finds the one of a lead source.
    chats: function (self, sourceID, externalID) {
      return call(self, 'GET', 'chats?' + $.param({ source_id: sourceID, external_id: externalID }));
    },

    // decide is 'resend' or 'drop', for all messages that the CRM did not accept.
    parked: function (self, decide) {
      return call(self, 'POST', 'parked/all/' + decide, {});
    },

    // background tells who is online and what became of what was shown, and asks
    // for errors and call-backs to show.
    background: function (self, news) {
      return call(self, 'POST', 'background', news);
    },

    signUp: function (self, email, password) {
      return call(self, 'POST', 'signup', { email: email, password: password, language: crm.language() });
    },

    // reset has a link mailed by which a forgotten password is replaced.
    reset: function (self, email) {
      return call(self, 'POST', 'reset', { email: email, language: crm.language() });
    }
  };
});
