// Loader plugin: the content of a JSON file.
define(["jquery"], function ($) {
  "use strict";
  return {
    load(name, req, onload) {
      $.ajax({ url: req.toUrl(name), dataType: "json" }).done(onload).fail(function (xhr, status) {
        onload.error(new Error("json " + name + ": " + xhr.status + " " + status));
      });
    },
  };
});
