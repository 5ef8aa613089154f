// APP.sdk (W §5.9): who is online, and the calling status that holds the page's
// own reload back. What it is asked with is recorded, and judged.
define(["jquery"], function ($) {
  "use strict";

  const crm = window.__crm;
  const boot = crm.boot;
  const rule = "W §5.9 sdk";
  const refreshMs = 3000;
  const online = {};
  const forced = {}; // what a test has set in this page
  let calling = false;
  let reloadWanted = false;

  // presence of each user: "online", "offline", or "" for "while the page is theirs".
  function learn(presence) {
    for (const u of boot.users) {
      const is = presence[u.id] || "";
      online[u.id] = u.id in forced ? forced[u.id] : is === "" ? u.id === boot.user.id : is === "online";
    }
  }
  learn(Object.fromEntries(boot.users.map((u) => [u.id, u.presence])));

  function refresh() {
    if (!document.hidden) $.getJSON("/crmpage/presence").done((answer) => learn(answer.users));
  }

  // asked records a call; more parameters than documented are a breach.
  function asked(name, args, most) {
    crm.sdkCalls.push([name, ...args]);
    if (args.length > most) crm.breach(rule, name + " was given " + args.length + " parameters");
  }

  const sdk = {
    showUserStatus(which) {
      asked("showUserStatus", [...arguments], 1);
      if (which === undefined) {
        const all = {};
        Object.keys(online).forEach((id) => { all[id] = { id: Number(id), online: online[id] }; });
        return all;
      }
      if (which === "online") return Object.keys(online).filter((id) => online[id]).map(Number);
      if (!/^(number|string)$/.test(typeof which) || online[which] === undefined) {
        crm.breach(rule, "showUserStatus(" + JSON.stringify(which) + "): neither 'online' nor a user's id");
      }
      return online[which] === true;
    },
    setCallingStatus(status) {
      asked("setCallingStatus", [...arguments], 1);
      if (typeof status !== "boolean") crm.breach(rule, "setCallingStatus(" + JSON.stringify(status) + "): not a boolean");
      calling = !!status;
      if (!calling && reloadWanted) location.reload();
      return "calling status: " + calling;
    },
    getCallingStatus() {
      asked("getCallingStatus", [...arguments], 0);
      return calling;
    },
  };

  crm.sdkCalls = []; // [method, arguments…] in order
  crm.callingStatus = () => calling;
  crm.reloadWaiting = () => reloadWanted;
  crm.setOnline = (id, is) => { forced[id] = online[id] = is; };
  crm.wantReload = function () {
    if (calling) reloadWanted = true;
    else location.reload();
  };
  $(document).on("page:reload.crm", crm.wantReload);
  crm.every(refresh, refreshMs);

  return sdk;
});
