// The token of the mail's link stands in the fragment; it goes into the form
// and out of the address bar and the history.
(function () {
  "use strict";
  var field = document.querySelector("input[name=token]");
  field.value = location.hash.slice(1);
  field.form.hidden = false;
  history.replaceState(null, "", location.pathname);
})();
