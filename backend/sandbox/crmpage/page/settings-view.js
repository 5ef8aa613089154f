// The HTML of the settings modal: the skeleton of W §6.3 with its exact class
// names, in both profiles.
define(["jquery", "underscore", "crm/words"], function ($, _, words) {
  "use strict";

  const global = window.__crm.boot.global;
  const e = _.escape;

  // Text that does not look like HTML gets <br/> for its line ends (W §2.4).
  function described(text, boot) {
    const tags = {
      "#HOST#": location.host, "#SUBDOMAIN#": boot.account.subdomain, "#LOGIN#": boot.user.login,
      "#ACCOUNT_ID#": boot.account.id, "#USER_ID#": boot.user.id, "#TOP_LEVEL_DOMAIN#": boot.global ? "com" : "ru",
    };
    const full = String(text).replace(/#[A-Z_]+#/g, (tag) => tag in tags ? tags[tag] : tag);
    return /<[a-z][^>]*>/i.test(full) ? full : full.replace(/\n/g, "<br/>");
  }

  const button = (cls, id, number, text, more) =>
    `<button type="button" class="button-input ${cls}" id="${e(id)}" data-id="${number}"${more || ""}>` +
    `<span class="button-input-inner"><span class="button-input-inner__text">${e(text)}</span></span></button>`;

  // plate is the left side (W §6.2).
  function plate(view) {
    const { code, entry, status } = view;
    const consent = status === "install"
      ? '<label class="control-checkbox widget-settings__checkbox-privacy-policy"><input type="checkbox" name="privacy_policy_accept"> ' +
        (entry.support.privacy_policy
          ? `<a href="${e(entry.support.privacy_policy)}" target="_blank" rel="noopener noreferrer">${e(words.get("consent"))}</a>`
          : `<span>${e(words.get("consent"))}</span>`) + "</label>"
      : "";
    let controls;
    if (status === "install") {
      const kind = view.tour ? "js-widget-skip-tour" : "js-widget-install";
      controls = button(`${kind} install-widget__button button-input-disabled${global ? " button-input_blue" : ""}`, code, entry.id, words.get("install"));
    } else {
      const support = entry.support.link || (entry.support.email ? "mailto:" + entry.support.email : "");
      controls = (support ? `<a class="button-input widget-support-page__button" href="${e(support)}" target="_blank" rel="noopener noreferrer">${e(words.get("support"))}</a>` : "") +
        button("button-cancel js-widget-uninstall", code, entry.id, words.get("uninstall"));
    }
    const space = view.showcase && status === "install" ? "" :
      `<div class="widget-settings__command-plate"><div class="widget-state widget-state_status_${e(status)}">${e(words.get("status." + status))}</div>${controls}</div>`;
    const title = global ? "widget_settings_block__title" : "widget-settings__name ui-title";
    const picture = entry.images_path + (global ? "/logo_main.png" : "/logo_small.png");
    return `<div class="widget_main_info"><div class="widget_main_info__top">` +
      `<div class="widget_settings_block__img"><img src="${e(picture)}" alt=""></div>` +
      `<div class="widget_settings_block__head"><div class="${title}">${e(view.langs.widget.name)}</div></div></div>` +
      (global ? space + consent : consent + space) + "</div>";
  }

  // tour is the right side before an installation with a tour: no fields.
  function tour(view) {
    const slide = (src, i) => `<img class="popular-chat-swiper__img" data-key="${i}" src="${e(view.entry.path + src)}" alt="">`;
    return `<div class="popular-chat-swiper"><div class="popular-chat-swiper__show-container">${view.images.slice(0, 1).map(slide).join("")}</div>` +
      `<div class="popular-chat-swiper__mini-container">${view.images.map(slide).join("")}</div></div>` +
      '<input type="hidden" name="widget_active" id="widget_active__sw" value="Y">' +
      `<div class="widget_settings_block__descr widget-settings__popular-service-desc"><p>${described(view.langs.widget.tour_description, view.boot)}</p></div>`;
  }

  function input(name, type, value) {
    return `<input class="text-input" name="${e(name)}" type="${type}" value="${e(value === undefined || value === null ? "" : value)}" autocomplete="off">`;
  }

  function control(view, field) {
    const value = view.params[field.code];
    const box = (inner) => `<div class="widget_settings_block__input_field">${inner}</div>`;
    switch (field.type) {
    case "custom":
      return `<div class="widget_settings_block__input_field" id="${e(view.code)}_custom_content">` +
        `<input type="hidden" id="${e(view.code)}_custom" name="${e(field.code)}" value="${e(value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value))}"></div>`;
    case "users":
      return view.boot.users.map((u) => `<label translate="no">${e(u.name)}</label>` + box(input(`${field.code}[${u.id}]`, "text", (value || {})[u.id]))).join("");
    case "users_lp":
      return view.boot.users.map(function (u) {
        const both = (value || {})[u.id] || {};
        return `<label translate="no">${e(u.name)}</label>` + box(input(`${field.code}[${u.id}][login]`, "text", both.login) + input(`${field.code}[${u.id}][password]`, "password", both.password));
      }).join("");
    default:
      return box(input(field.code, field.type === "pass" ? "password" : "text", value));
    }
  }

  // The label is looked up by field code, not by the manifest's "name" (W §2.4).
  function item(view, field) {
    const label = (view.langs.settings || {})[field.code] || (field.type === "custom" ? "" : "settings." + field.code);
    const title = label ? `<div class="widget_settings_block__title_field" title="${e(label)}">${e(label)}: </div>` : "";
    return `<div class="widget_settings_block__item_field">${title}${control(view, field)}</div>`;
  }

  // form is the right side in all other states.
  function form(view) {
    const failed = /error|warning/.test(view.status) ? `<p class="widget_settings_block__error">${e(words.get("status." + view.status))}</p>` : "";
    const descr = `<div class="widget_settings_block__descr"><p>${described(view.langs.widget.description, view.boot)}</p></div>` +
      '<div class="widget-settings-block__desc-expander h-hidden"></div>';
    if (!view.installation) return `<div class="widget_settings_block">${descr}</div>`;
    const save = view.status === "install" ? "" :
      '<div class="widget_settings_block__controls widget_settings_block__controls_top">' +
      button("js-widget-save button-input-disabled", "save_" + view.code, view.entry.id, words.get("save"), ' data-onsave-destroy-modal="true"') + "</div>";
    return `<div class="widget_settings_block">${descr}${failed}` +
      '<div style="display: none"><input type="text"><input type="password" name="password"></div>' +
      '<div class="widget_settings_block__fields" id="widget_settings__fields_wrapper">' + view.fields.map((f) => item(view, f)).join("") + save +
      `<div class="switcher_wrapper"><label for="widget_active__sw">${e(words.get("on"))}</label>` +
      `<input type="checkbox" name="widget_active" value="Y" id="widget_active__sw"${view.params.widget_active === "Y" || view.status !== "installed" ? " checked" : ""}></div></div></div>`;
  }

  function tabs(view) {
    if (!view.entry.oauth_client_uuid || view.status === "install") return "";
    return '<div class="view-integration-modal__tabs">' +
      ["description", "keys", "access"].map((name, i) => `<span class="view-integration-modal__tab${i === 0 ? " view-integration-modal__tab_active" : ""}">${e(words.get(name))}</span>`).join("") + "</div>";
  }

  const skeleton = '<button type="button" class="modal-body__close" aria-label="' + e(words.get("close")) + '">×</button>' +
    '<div class="widget-settings"><div class="widget-settings__base-space"></div><div class="widget-settings__wrap-desc-space"></div></div>';

  // draw replaces both sides and returns what settings() receives.
  function draw($modal, view) {
    if ($modal.find(".widget-settings").length === 0) $modal.html(skeleton);
    const touring = view.status === "install" && view.tour;
    $modal.find(".widget-settings__base-space").html(plate(view));
    $modal.find(".widget-settings__wrap-desc-space").html(tabs(view) + `<div class="widget-settings__desc-space">${touring ? tour(view) : form(view)}</div>`);
    const $space = $modal.find(".widget-settings__desc-space");
    if (touring || window.__crm.variant("body-parent")) return $space;
    return $space.find(".widget_settings_block");
  }

  return { draw };
});
