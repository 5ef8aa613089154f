(function (win, doc, of) {
  var button = doc.getElementById("chat"), said = doc.getElementById("chat-said"), count = doc.getElementById("chat-count");
  var open = false, late = 0;
  function say(text) { said.textContent = text; }
  function failed() { say(of.failed); }
  function change(now) {
    open = now;
    button.setAttribute("aria-expanded", now);
    clearTimeout(late);
    say("");
  }
  win.crm_plugin = { id: of.id, hash: of.hash, locale: of.locale, setMeta: function (data) { (this.params = this.params || []).push(data); } };
  win.crmPluginConfig = { hidden: true, color: of.colour };
  win.crmPlugin = function () { win.crmPlugin.q.push(arguments); };
  win.crmPlugin.q = [];
  win.crmPlugin("onChatShow", function () { change(true); });
  win.crmPlugin("onChatHide", function () {
    change(false);
    if (doc.activeElement === doc.body) button.focus();
  });
  win.crmPlugin("onUnreadChange", function (n) {
    count.hidden = !n;
    count.textContent = n || "";
  });
  button.addEventListener("click", function () {
    if (!open) late = setTimeout(failed, 8000);
    win.crmPlugin(open ? "runChatHide" : "runChatShow");
  });
  var tag = doc.createElement("script");
  tag.async = true; tag.id = "crm_plugin_script"; tag.src = of.loader; tag.onerror = failed;
  doc.head.appendChild(tag);
})(window, document,
