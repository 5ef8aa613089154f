// Twig as the CRM offers it: the library plus system controls, functions and
// filters (W §5.6). Auto-escaping is off.
define(["twig-engine", "crm/words"], function (Twig, words) {
  "use strict";

  const input = (type) => '<input class="text-input {{ class_name }}" type="' + type + '" name="{{ name }}" id="{{ id }}" value="{{ value|e }}" placeholder="{{ placeholder|e }}"{% if disabled %} disabled{% endif %}{% if max_length %} maxlength="{{ max_length }}"{% endif %}>';
  const option = '{% for item in items %}<option value="{{ item.id|e }}"{% if item.id == selected %} selected{% endif %}>{{ item.option|e }}</option>{% endfor %}';
  const button = (extra) => '<button type="button" class="button-input ' + extra + ' {{ class_name }}{% if blue %} button-input_blue{% endif %}{% if disabled %} button-input-disabled{% endif %}" id="{{ id }}"><span class="button-input-inner"><span class="button-input-inner__text">{{ text|e }}</span></span></button>';
  const choice = (type, cls) => '<label class="control-checkbox ' + cls + ' {{ class_name }}"><input type="' + type + '" name="{{ name }}" id="{{ id }}" value="{{ value|e }}"{% if checked %} checked{% endif %}> <span>{{ text|e }}</span></label>';
  const each = (type) => '{% for item in items %}<label class="control-checkbox"><input type="' + type + '" name="{{ name }}" value="{{ item.id|e }}"{% if item.is_checked or item.id == selected %} checked{% endif %}> <span>{{ item.option|e }}</span></label>{% endfor %}';
  const controls = {
    textarea: '<textarea class="text-input {{ class_name }}" name="{{ name }}" id="{{ id }}" placeholder="{{ placeholder|e }}">{{ value|e }}</textarea>',
    suggest: input("text"),
    select: '<select class="control--select text-input {{ class_name }}" name="{{ name }}" id="{{ id }}">' + option + "</select>",
    radio: each("radio"),
    multiselect: '<select multiple class="control--select text-input {{ class_name }}" name="{{ name }}" id="{{ id }}">' + option + "</select>",
    date_field: input("date"),
    checkbox: choice("checkbox", ""),
    checkboxes_dropdown: '<div class="checkboxes_dropdown {{ class_name }}">' + each("checkbox") + "</div>",
    file: '<input type="file" class="{{ class_name }}" name="{{ name }}" id="{{ id }}">',
    button: button(""),
    cancel_button: button("button-cancel"),
    delete_button: button("button-delete"),
    input: '{% set kind = type|default("text") %}<input class="text-input {{ class_name }}" type="{{ kind }}" name="{{ name }}" id="{{ id }}" value="{{ value|e }}" placeholder="{{ placeholder|e }}"{% if disabled %} disabled{% endif %}>',
    switcher: choice("checkbox", "switcher"),
  };
  const system = {};
  for (const name of Object.keys(controls)) {
    system["/tmpl/controls/" + name + ".twig"] = Twig.twig({ data: controls[name] });
  }

  Twig.extendFunction("include_control", function (name, params) {
    const template = system["/tmpl/controls/" + name + ".twig"];
    if (!template) throw new Error("no control " + name);
    return template.render(params || {});
  });
  Twig.extendFunction("i18n", (key) => words.get(key));
  Twig.extendFilter("i18n", (key) => words.get(key));
  Twig.extendFilter("price", (value) => Number(value || 0).toLocaleString("en-US").replace(/,/g, " "));
  Twig.extendFilter("numeral", (value) => String(Number(value || 0)));

  return { twig: Twig.twig, extendFunction: Twig.extendFunction, extendFilter: Twig.extendFilter, ref: (name) => system[name] || null };
});
