// APP, with its deprecated name AMOCRM (W §5.7-§5.9).
define(["crm/state", "crm/notifications", "crm/sdk"], function (state, notifications, sdk) {
  "use strict";

  const crm = window.__crm;
  const boot = crm.boot;

  const managers = {};
  boot.users.forEach((u) => { managers[u.id] = { id: u.id, title: u.name, login: u.login, is_admin: u.is_admin ? "Y" : "N", active: true }; });
  const constants = {
    account: boot.account, user: boot.user, user_rights: { is_admin: boot.user.is_admin }, managers,
    groups: { group_0: "Sales" }, task_types: { 1: { id: 1, option: "Follow-up" }, 2: { id: 2, option: "Meeting" } },
  };

  // A card's model keeps values that are not saved yet.
  function Model(attributes) { this.attributes = attributes; this.id = attributes.id; }
  Model.prototype.get = function (key) { return this.attributes[key]; };

  const app = {
    lang_id: boot.lang,
    element_types: { contacts: 1, leads: 2, companies: 3, tasks: 4, customers: 12, contact: 1, lead: 2, company: 3, task: 4, customer: 12 },
    cf_types: { text: 1, numeric: 2, checkbox: 3, select: 4, multiselect: 5, date: 6, url: 7, multitext: 8, textarea: 9, radiobutton: 10 },
    data: { current_card: false, current_list: false, current_view: {}, is_card: false },
    widgets: { list: state.list, system: {} },
    notifications: crm.variant("old-page") ? { show_message: notifications.api.show_message, show_message_error: notifications.api.show_message_error } : notifications.api,
    constant(key, value) {
      if (arguments.length > 1) {
        crm.breach("W §9.5 J09", "APP.constant('" + key + "') was written");
        return value;
      }
      return crm.guard(constants[key], "constant(" + key + ")");
    },
    getBaseEntity: () => state.route.entity,
    getWidgetsArea: () => state.route.area,
    getV3WidgetsArea: () => state.route.area,
    isCard: () => !!state.route.card,
    addNotificationCallback: (code, fn) => notifications.subscribe(code, fn),
    sdk: crm.variant("old-page") ? undefined : sdk,
  };

  return {
    publish() {
      const shown = crm.guard(app, "APP");
      crm.publish("APP", shown);
      crm.publish("AMOCRM", shown);
    },
    // moved tells APP where the page is now.
    moved(route) {
      app.data.is_card = !!route.card;
      app.data.current_card = route.card ? { id: route.card.id, model: new Model({ id: route.card.id, name: route.card.name }) } : false;
      app.data.current_list = route.list ? { models: [] } : false;
    },
    listed() { app.widgets.system = state.system || {}; },
  };
});
