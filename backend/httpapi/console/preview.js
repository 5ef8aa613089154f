// The page of the preview: it starts the real site chat, and puts what the settings'
// forms hold in the place of what the chat host has saved.
(function () {
  "use strict";

  const { host, id, hash, locale, config: address, nothing, offline } = JSON.parse(document.getElementById("data").textContent);
  const around = window.parent;
  let config = "";
  let wanted = 0;
  let open = false;

  function tell(message) {
    around.postMessage({ leadline: "preview", ...message }, location.origin);
  }

  // The loader asks the chat host for the button's settings: the ticket is the host's,
  // the rest the form's.
  const real = window.fetch.bind(window);
  window.fetch = async function (input, init) {
    const answer = await real(input, init);
    const url = typeof input === "string" ? input : input.url;
    if (!config || !answer.ok || !url.startsWith(`${host}/v1/buttons/${id}/config?`)) return answer;
    const { ticket } = await answer.json();
    return new Response(JSON.stringify({ ticket, ...JSON.parse(config) }), { headers: { "Content-Type": "application/json" } });
  };

  function command(...call) {
    window.crmPlugin(...call);
  }

  function start() {
    const was = open;
    if (window.crmPlugin) command("runDestroy");
    else {
      window.crmPlugin = function () { window.crmPlugin.q.push(arguments); };
      window.crmPlugin.q = [];
    }
    document.getElementById("crm_plugin_script")?.remove();
    window.crm_plugin = { id, hash, locale, inline: false, setMeta() {} };
    open = false;
    command("onChatShow", () => { open = true; });
    command("onChatHide", () => { open = false; });
    if (was) command("runChatShow");
    const tag = document.createElement("script");
    tag.async = true;
    tag.id = "crm_plugin_script";
    tag.src = `${host}/js/button.js`;
    document.head.append(tag);
  }

  // show asks what the server makes of the forms. An older answer than the last one
  // that was asked for says nothing any more.
  async function show(query) {
    const mine = ++wanted;
    let said = "";
    try {
      const answer = await real(query ? `${address}?${query}` : address, { cache: "no-store" });
      const body = await answer.json();
      if (mine !== wanted) return;
      if (!answer.ok) said = body.error.message;
      else {
        if (!body.chat && !body.extras) said = nothing;
        const next = JSON.stringify(body);
        if (next !== config) {
          config = next;
          start();
        }
      }
    } catch {
      said = offline;
    }
    if (mine === wanted) tell({ said });
  }

  window.addEventListener("message", function (event) {
    if (event.source !== around || event.origin !== location.origin || !event.data || event.data.leadline !== "preview") return;
    show(String(event.data.query || ""));
  });
  tell({ ready: true });
})();
