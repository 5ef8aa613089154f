// The token of the mail's link stands in the fragment; it goes into the form
// and out of the address bar and the history. A form that is shown again holds
// its token already.
(function () {
  "use strict";
  var field = document.querySelector("input[name=token]");
  var password = document.querySelector("input[name=password]");
  if (location.hash.length > 1) {
    field.value = location.hash.slice(1);
    history.replaceState(null, "", location.pathname);
  }
  field.form.hidden = false;
  if (password) {
    document.querySelector(".page__show input").addEventListener("change", function (event) {
      password.type = event.target.checked ? "text" : "password";
    });
    field.form.addEventListener("submit", function () {
      password.type = "password"; // else browsers may remember it among texts
    });
    password.focus();
  }
})();
