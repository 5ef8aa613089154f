// A thin layer over the snippet's own interface: whatever works for a page with the snippet works the same here.
const names = {
  kommo: { command: "crmPlugin", settings: "crm_plugin" },
  amocrm: { command: "amoSocialButton", settings: "amo_social_button" },
};

const mounted = {};

export function mountChat({ host, id, hash, locale, inline = false, config, dialect = "kommo" }) {
  const { command, settings } = names[dialect] ?? names.kommo;
  mounted[command]?.();

  window[`${command}Config`] = config ?? {};
  window[settings] = {
    id: String(id),
    hash,
    locale: locale || document.documentElement.lang,
    inline,
    setMeta(data) {
      (this.params ??= []).push(data);
    },
  };
  window[command] ??= Object.assign((...call) => window[command].q.push(call), { q: [] });
  const script = document.createElement("script");
  script.async = true;
  script.id = `${settings}_script`;
  script.src = `${host.replace(/\/+$/, "")}/js/button.js`;
  document.head.append(script);

  let alive = true;
  const call = (...args) => {
    if (alive) window[command](...args);
  };
  const unmount = () => {
    call("runDestroy");
    alive = false;
    script.remove();
    if (mounted[command] === unmount) delete mounted[command];
  };
  mounted[command] = unmount;

  return {
    show: () => call("runChatShow"),
    hide: () => call("runChatHide"),
    setMeta: (meta) => call("setMeta", meta),
    sendKeyActionHook: (name) => call("sendKeyActionHook", name),
    consent: (given) => call("consent", given),
    getState: () => new Promise((done) => call("getState", done)),
    on(event, callback) {
      let wanted = true;
      call(event, (...args) => {
        if (alive && wanted) callback(...args);
      });
      return () => {
        wanted = false;
      };
    },
    unmount,
  };
}
