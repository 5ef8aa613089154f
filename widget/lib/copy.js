// Puts a text field's content on the clipboard.
define(function () {
  'use strict';

  function bySelection(input) {
    input.focus();
    input.select();
    try {
      return document.execCommand('copy');
    } catch (error) {
      console.debug('Leadline: copying is not allowed', error);
      return false;
    }
  }

  // done is called with true when the text is on the clipboard; otherwise it
  // stays selected, so that the keyboard can copy it.
  return function (input, done) {
    if (!navigator.clipboard || !navigator.clipboard.writeText) {
      done(bySelection(input));
      return;
    }
    navigator.clipboard.writeText(input.value).then(function () {
      done(true);
    }, function () {
      done(bySelection(input));
    });
  };
});
