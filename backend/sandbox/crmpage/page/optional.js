// Loader plugin: a module that cannot be loaded is undefined, not an error (W §4.2).
define({
  load(name, req, onload, config) {
    req([name], onload, function (failure) {
      if (!config.isBuild) window.__crm.breach("W §10.3 script failed", failure.message.split("\n")[0]);
      (failure.requireModules || []).forEach((id) => requirejs.undef(id));
      onload(undefined);
    });
  },
});
