package crmpage

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// savings is a widget that notes what settings and onSave receive.
func savings(onSave string) string {
	return plain(`
		settings: function ($body, context) {
			note('[' + $body.attr('class').split(' ')[0] + '|' + JSON.stringify(context) + ']');
			$body.find('.w__own').remove();
			$body.append('<p class="w__own">own</p>');
			return true;
		},
		onSave: function (evt) { note(JSON.stringify(evt)); ` + onSave + ` },
		onInstall: function () { throw new Error('onInstall must not end the installation'); },
		onAddAsSource: function (id) { note('pipeline-' + id); }`)
}

var tour = map[string]any{"is_tour": true, "tour_description": "widget.tour_description", "tour_images": map[string]any{
	"en": []string{"/images/tour_1.png", "/images/tour_2.png"}, "ru": []string{"/images/tour_1.png"}, "es": []string{"/images/tour_1.png"},
}}

// has tells which selectors of a list are in the modal.
func (c *crm) has(selectors ...string) string {
	c.t.Helper()
	list, _ := json.Marshal(selectors)
	return eval[string](c, string(list)+`.filter(function (s) { return document.querySelector('.modal.widget-settings__modal ' + s); }).join(' ')`)
}

// TestModalStates walks W §6.2 in both profiles, with and without a tour, from
// a person's clicks: install, configure, installed, uninstall.
func TestModalStates(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		global, tour bool
	}{
		{"amo without tour", false, false}, {"amo with tour", false, true},
		{"global without tour", true, false}, {"global with tour", true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := setup{script: savings("return Promise.resolve();"), state: WidgetState{Status: "install"}, global: tt.global}
			if tt.tour {
				s.manifest = map[string]any{"tour": tour}
			}
			c := open(t, s)
			c.visit("/amo-market/#w")
			c.until("document.querySelector('.widget-settings__modal .modal-body:not(.modal-body-loading)')")

			// The skeleton of W §6.3.
			title, other := ".widget-settings__name.ui-title", ".widget_settings_block__title"
			if tt.global {
				title, other = other, title
			}
			if got := c.has(title, other, ".widget-settings > .widget-settings__base-space > .widget_main_info > .widget_main_info__top > .widget_settings_block__img > img"); got !=
				title+" .widget-settings > .widget-settings__base-space > .widget_main_info > .widget_main_info__top > .widget_settings_block__img > img" {
				t.Errorf("head: %q", got)
			}
			before := eval[bool](c, `document.querySelector('.widget-settings__checkbox-privacy-policy').compareDocumentPosition(document.querySelector('.modal .widget-settings__command-plate')) === Node.DOCUMENT_POSITION_FOLLOWING`)
			if before == tt.global {
				t.Errorf("consent before the plate = %v in the profile global = %v", before, tt.global)
			}
			if got := eval[bool](c, `document.querySelector('.install-widget__button').classList.contains('button-input_blue')`); got != tt.global {
				t.Errorf("blue install button = %v", got)
			}
			install, body, fields := ".js-widget-install", "widget_settings_block", "[name=service_login]"
			if tt.tour {
				install, body, fields = ".js-widget-skip-tour", "widget-settings__desc-space", ""
			}
			if got := c.has(".js-widget-install", ".js-widget-skip-tour", ".js-widget-save", ".js-widget-uninstall", "[name=service_login]"); got != strings.TrimSpace(install+" "+fields) {
				t.Errorf("state install shows %q", got)
			}
			if got := eval[string](c, `document.querySelector('`+install+`').id`); got != "w" {
				t.Errorf("id of the install button = %q, want the widget code", got)
			}
			log := "render init bind_actions settings [" + body + "|undefined]"
			if got := c.log(); got != log {
				t.Errorf("opened: %q, want %q", got, log)
			}

			// The consent guards the button, which is disabled by class only.
			c.click(".modal " + install)
			if got := c.tolds(); got != "" {
				t.Errorf("without consent: %s", got)
			}
			c.click(".modal input[name=privacy_policy_accept]")
			if !tt.tour {
				c.click(".modal " + install) // the required field is empty
				c.until("document.querySelector('.text-input_error')")
				c.do(chromedp.SendKeys(chromedp.CSS(".modal [name=service_login]"), "demo"))
			}
			c.click(".modal " + install)
			c.until("document.querySelector('.modal .js-widget-uninstall')")

			if tt.tour {
				if got := c.tolds(); got != "pressed install" {
					t.Errorf("told after the tour: %q", got)
				}
				if got := c.has(".widget-state_status_not_configured", "#save_w.button-input-disabled[data-onsave-destroy-modal=true]", "#widget_settings__fields_wrapper [name=service_login]"); len(strings.Fields(got)) != 4 {
					t.Errorf("state not_configured shows %q", got)
				}
				c.do(chromedp.SendKeys(chromedp.CSS(".modal [name=service_login]"), "demo"))
				c.click(".modal h1, .modal .widget_settings_block__descr") // leaving the field makes the change
				c.until("!document.querySelector('#save_w').classList.contains('button-input-disabled')")
				c.click("#save_w")
				c.until("!document.querySelector('.modal')") // data-onsave-destroy-modal
				eval[any](c, "__crm.openSettings('w'), null")
			}
			c.until("document.querySelector('.modal .widget-state_status_installed')")
			if got, want := c.tolds(), "pressed install, pressed save, add source 11"; got != want {
				t.Errorf("told %q, want %q", got, want)
			}
			if st := c.Widget(0, ""); st.Status != "installed" || st.Active != "Y" || st.Settings != `{"service_login":"demo"}` {
				t.Errorf("stored %+v", st)
			}
			if !strings.Contains(c.log(), `onSave {"active":"Y","fields":{"service_login":"demo"}}`) || strings.Count(c.log(), "onInstall") != 1 {
				t.Errorf("log %q", c.log())
			}
			c.wantBreach("W §10.3 exception") // that of onInstall, which ended nothing

			c.until("document.querySelector('.modal .w__own')")
			c.click(".modal .js-widget-uninstall")
			c.until("document.querySelector('.modal .widget-state_status_install')")
			if got := c.tolds(); !strings.HasSuffix(got, ", uninstalled") {
				t.Errorf("told %q", got)
			}
			if got := c.log(); !strings.Contains(got, `onSave {"active":"N","fields":{"service_login":"demo"}} destroy`) {
				t.Errorf("switching off: %q", got)
			}
			for _, b := range c.breaches() {
				if !strings.Contains(b, "onInstall must not") {
					t.Errorf("breach %s", b)
				}
			}
		})
	}
}

// TestSave holds W §5.3 and §10.2: what each answer of onSave does.
func TestSave(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, onSave string
		stored       string // settings afterwards
		closed       bool
		breach       string
	}{
		{"true stores and closes", "return true;", `{"service_login":"new"}`, true, ""},
		{"a promise may change the fields first", "return new Promise(function (r) { evt.fields.service_login = 'other'; r(); });", `{"service_login":"other"}`, true, ""},
		{"a rejection stores nothing and leaves the modal", "return $.Deferred().reject().promise();", installed.Settings, false, ""},
		{"a rejection may be shown by the button", "$('.js-widget-save').trigger('button:save:error'); return Promise.reject();", installed.Settings, false, ""},
		{"a falsy return is a breach and stores nothing", "return undefined;", installed.Settings, false, "W §10.3 falsy return"},
		{"an exception is a breach and stores nothing", "throw new Error('no');", installed.Settings, false, "W §10.3 exception"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := open(t, setup{script: savings(tt.onSave)})
			c.visit("/amo-market/#w")
			c.until("document.querySelector('#save_w')")
			eval[any](c, `$('.modal [name=service_login]').val(''), null`)
			c.do(chromedp.SendKeys(chromedp.CSS(".modal [name=service_login]"), "new"))
			c.click(".modal .widget_settings_block__descr")
			c.until("!document.querySelector('#save_w').classList.contains('button-input-disabled')")
			c.click("#save_w")
			if tt.closed {
				c.until("!document.querySelector('.modal')")
			} else {
				c.until("__crm.log.some(function (l) { return l[1] === 'onSave'; }) && document.querySelector('#save_w').dataset.loading !== 'Y'")
			}
			if got := c.Widget(0, "").Settings; got != tt.stored {
				t.Errorf("stored %s, want %s", got, tt.stored)
			}
			if tt.breach != "" {
				c.wantBreach(tt.breach)
			} else if got := c.breaches(); len(got) > 0 {
				t.Errorf("breaches %q", got)
			}
		})
	}
}

// TestCustomField holds W §3.4 and §10.2: custom values that are no JSON are dropped.
func TestCustomField(t *testing.T) {
	t.Parallel()
	fields := map[string]any{"settings": map[string]any{
		"extra": map[string]any{"name": "settings.extra", "type": "custom", "required": false},
		"own":   map[string]any{"name": "settings.own", "type": "users", "required": false},
	}}
	for value, want := range map[string]string{
		`{"a":1}`: `{"extra":"{\"a\":1}","own":{"9000002":"","9000003":""}}`,
		`7`:       `{"extra":"7","own":{"9000002":"","9000003":""}}`,
		`word`:    `{"own":{"9000002":"","9000003":""}}`,
	} {
		t.Run(value, func(t *testing.T) {
			t.Parallel()
			script := plain(`settings: function () { $('#w_custom').val(` + quote(value) + `).trigger('change'); return true; }`)
			c := open(t, setup{script: script, manifest: fields, files: map[string]string{"i18n/en.json": `{"widget":{"name":"N","description":"D"},"settings":{"own":"Own"},"advanced":{"title":"T"}}`}})
			c.visit("/amo-market/#w")
			c.until("document.querySelector('#w_custom_content > #w_custom[type=hidden][name=extra]')")
			c.until("!document.querySelector('#save_w').classList.contains('button-input-disabled')")
			c.click("#save_w")
			c.until("!document.querySelector('.modal')")
			if got := c.Widget(0, "").Settings; got != want {
				t.Errorf("stored %s, want %s", got, want)
			}
		})
	}
}

// TestSourcesColumn holds W §7.2: the item, its click, adding and removing.
func TestSourcesColumn(t *testing.T) {
	t.Parallel()
	c := open(t, setup{script: savings("return true;"), sources: []Source{{ID: 77, Name: "Shop", ExternalID: "chat-1", PipelineID: 11}}})
	c.visit("/settings/pipeline/leads/11")
	const item = `.js-navigate-link.js-connect-widget[data-widget-code="w"][href="/settings/widgets/#w"]`
	c.until("document.querySelector('" + item + "')")
	c.click(item)
	c.until("document.querySelector('.modal .w__own')")
	if got := c.log(); !strings.HasSuffix(got, `settings [widget_settings_block|{"source_id":77,"external_id":"chat-1"}]`) {
		t.Errorf("context: %q", got)
	}
	if got := eval[int](c, `new Promise(function (done) { APP.widgets.list.w.get_pipeline_id().then(done); })`); got != 11 {
		t.Errorf("get_pipeline_id = %d", got)
	}

	// Contexts that the real thing may send too (W §10.3).
	for _, context := range []string{`{}`, `{source_id: "77", external_id: 5}`, `undefined`} {
		eval[any](c, `__crm.openSettings('w', `+context+`).then(function () { return null; })`)
	}
	c.move("/settings/pipeline/leads/12") // closes the modals
	c.click(".js-source-add")
	c.click(".dp-choose__item")
	c.until("document.querySelectorAll('.modal .w__own').length === 1")
	if got := c.log(); !strings.Contains(got, "onAddAsSource pipeline-12") {
		t.Errorf("added: %q", got)
	}
	if got := c.tolds(); got != "add source 12" {
		t.Errorf("told %q", got)
	}
	if got := c.breaches(); len(got) > 0 {
		t.Errorf("breaches %q", got)
	}
}

// TestSourceItems holds the item's other forms of W §7.2, and ids as text (W §7.5).
func TestSourceItems(t *testing.T) {
	t.Parallel()
	sources := []Source{{ID: 77, Name: "", ExternalID: "w", PipelineID: 11, Default: true}, {ID: 78, Name: "Shop", ExternalID: "chat-1", PipelineID: 11}}
	for _, tt := range []struct {
		name, status, query, want string
	}{
		{"installed", "installed", "", "Site chats widget|Shop widget"},
		{"in trouble", "error", "", "Site chats widget Error|Shop widget Error"},
		{"switched off", "not_configured", "", "Site chats widget Switched off Delete|Shop widget Switched off Delete"},
		{"duplicate control", "installed", "?variant=duplicate-control", "Site chats widget|Shop widget"},
		{"ids as text", "installed", "?variant=text-source-ids", "Site chats widget|Shop widget"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := open(t, setup{script: savings("return true;"), state: WidgetState{Status: tt.status, Active: "Y"}, sources: sources})
			c.visit("/settings/pipeline/leads/11" + tt.query)
			c.until("document.querySelectorAll('.dp-source').length === 2")
			if got := eval[string](c, `[...document.querySelectorAll('.dp-source')].map((e) => [...e.children].slice(1).map((p) => p.textContent).join(' ')).join('|')`); got != tt.want {
				t.Errorf("items %q, want %q", got, tt.want)
			}
			opens := tt.status != "not_configured" && tt.query != "?variant=duplicate-control"
			if got := eval[int](c, `document.querySelectorAll('.js-navigate-link.js-connect-widget').length`); (got == 2) != opens {
				t.Errorf("%d items open, want them all to: %v", got, opens)
			}
			if !opens {
				return
			}
			c.click(`.dp-source[data-source-id="78"]`)
			want := `{"source_id":78,"external_id":"chat-1"}`
			if strings.Contains(tt.query, "text") {
				want = `{"source_id":"78","external_id":"chat-1"}`
			}
			c.until("document.querySelector('.modal .w__own')")
			if got := c.log(); !strings.HasSuffix(got, want+"]") {
				t.Errorf("context in %q, want %s", got, want)
			}
		})
	}
}

// TestBrokenScriptStillOpens holds W §4.2 step 12: a dummy takes its place.
func TestBrokenScriptStillOpens(t *testing.T) {
	t.Parallel()
	c := open(t, setup{script: "define([], function () { throw new Error('no'); });", state: WidgetState{Status: "install"}})
	c.visit("/amo-market/#w")
	c.until("document.querySelector('.modal .js-widget-install')")
	c.wantBreach("W §10.3 script failed")
}

// TestSettingsTwice holds the idempotence rule of W §10.3.
func TestSettingsTwice(t *testing.T) {
	t.Parallel()
	c := open(t, setup{script: plain(`settings: function ($body) { $body.append('<p id="w_own">own</p>'); return true; }`)})
	c.visit("/amo-market/?variant=settings-twice#w")
	c.wantBreach("W §10.3 settings twice")
}

// TestNotAdministrator: what a user without rights saves is not stored.
func TestNotAdministrator(t *testing.T) {
	t.Parallel()
	c := open(t, setup{script: savings("return true;")})
	c.visit("/amo-market/?user=9000003#w")
	c.until("document.querySelector('#save_w')")
	eval[any](c, `$('.modal [name=service_login]').val('x').trigger('change'), null`)
	c.click("#save_w")
	c.until("__crm.log.some(function (l) { return l[1] === 'onSave'; }) && document.querySelector('#save_w').dataset.loading !== 'Y'")
	c.click(".modal .js-widget-uninstall")
	c.until("__crm.log.filter(function (l) { return l[1] === 'settings'; }).length === 2") // drawn anew
	if got := c.Widget(0, ""); got != installed {
		t.Errorf("stored %+v", got)
	}
	if got := c.has(".widget-state_status_installed"); got == "" {
		t.Error("the window shows another state than the server has")
	}
}

// TestOtherStates holds the rest of W §6.2: an error, a showcase, a widget
// without installation.
func TestOtherStates(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		state WidgetState
		about map[string]any // of the manifest's widget block
		want  string
	}{
		{"error", WidgetState{Status: "error", Active: "Y"}, nil, ".widget-state_status_error .widget_settings_block__error .js-widget-save .js-widget-uninstall"},
		{"showcase", WidgetState{Status: "install"}, map[string]any{"is_showcase": true, "installation": false}, ".widget_settings_block__descr"},
		{"showcase, installed", installed, map[string]any{"is_showcase": true, "installation": false}, ".widget-state_status_installed .js-widget-uninstall .widget_settings_block__descr"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := open(t, setup{script: plain(""), state: tt.state, manifest: map[string]any{"widget": tt.about}})
			c.visit("/amo-market/#w")
			c.until("document.querySelector('.widget-settings__desc-space')")
			got := c.has(".widget-state_status_error", ".widget-state_status_installed", ".widget_settings_block__error", ".js-widget-install", ".js-widget-save", ".js-widget-uninstall", ".widget_settings_block__descr")
			if tt.name == "error" {
				got = strings.TrimSuffix(got, " .widget_settings_block__descr")
			}
			if got != tt.want {
				t.Errorf("shows %q, want %q", got, tt.want)
			}
		})
	}
}

// TestAddSourceBeforeInstallation holds W §10.1.6: onAddAsSource, then the
// installation, whose source goes to that pipeline; the variant turns the
// first two round.
func TestAddSourceBeforeInstallation(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"":                             "onAddAsSource pipeline-12 settings [widget_settings_block|undefined]",
		"?variant=settings-before-add": "settings [widget_settings_block|undefined] onAddAsSource pipeline-12",
	} {
		t.Run("variant "+query, func(t *testing.T) {
			t.Parallel()
			c := open(t, setup{script: savings("return true;"), state: WidgetState{Status: "install"}})
			c.visit("/settings/pipeline/leads/12" + query)
			c.click(".js-source-add")
			c.click(".dp-choose__item")
			c.until("document.querySelector('.modal .w__own') && __crm.log.some(function (l) { return l[1] === 'pipeline-12'; })")
			if got := strings.ReplaceAll(c.log(), "render ", ""); !strings.Contains(strings.ReplaceAll(got, "init bind_actions ", ""), want) {
				t.Errorf("order %q, want %q", got, want)
			}
			c.do(chromedp.SendKeys(chromedp.CSS(".modal [name=service_login]"), "demo"))
			c.click(".modal input[name=privacy_policy_accept]")
			c.click(".modal .js-widget-install")
			c.until("document.querySelector('.modal .widget-state_status_installed')")
			if got := c.tolds(); got != "pressed install, pressed save, add source 12" {
				t.Errorf("told %q", got)
			}
			c.until("document.querySelector('.dp__items .js-connect-widget')")
		})
	}
}

// TestRestartVariants: how a widget goes on after Save is UNCONFIRMED (W §4.4),
// so there are three ways.
func TestRestartVariants(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"":                           "settings onSave destroy render init bind_actions",
		"?variant=restart-renders":   "settings onSave render",
		"?variant=apostrophe-breaks": "settings onSave",
	} {
		t.Run("variant "+query, func(t *testing.T) {
			t.Parallel()
			c := open(t, setup{script: plain("onSave: function () { return true; }")})
			c.visit("/amo-market/" + query + "#w")
			c.until("document.querySelector('#save_w')")
			eval[any](c, `(__crm.log.length = 0, __crm.log.push(['w', 'settings']), $('.modal [name=service_login]').val("it's").trigger('change'), null)`)
			c.click("#save_w")
			c.until("!document.querySelector('.modal')")
			eval[bool](c, "new Promise(function (r) { setTimeout(r, 100, true); })")
			if got := c.log(); got != want {
				t.Errorf("order %q, want %q", got, want)
			}
			if got := eval[string](c, `APP.widgets.list.w.params.service_login`); got != "it's" {
				t.Errorf("the living instance has %q", got)
			}
		})
	}
}
