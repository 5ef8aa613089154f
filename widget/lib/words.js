// Texts in the language of the page. i18n() answers false for a missing word
// and throws for a missing group; here both give ''.
define(function () {
  'use strict';

  function text(self, key) {
    var found = '';
    try {
      found = self.i18n(key);
    } catch (error) {
      console.debug('Leadline: no text for ' + key, error);
    }
    return typeof found === 'string' ? found : '';
  }

  // The server names the owner's masked address, the shortest password, the
  // seconds to wait or the CRM's reason, which the fixed texts cannot.
  function serverSaysMore(code) {
    return code === 'crm_refused' || code === 'account_taken' || code === 'weak_password' || code === 'too_many_attempts';
  }

  return {
    text: text,

    ofFailure: function (self, failure) {
      var own = /^[a-z_]+$/.test(failure.code) ? text(self, 'errors.' + failure.code) : '';
      if (failure.message && (!own || serverSaysMore(failure.code))) {
        return failure.message;
      }
      return own || text(self, 'errors.unknown');
    }
  };
});
