package crmpage

import (
	"os"
	"path/filepath"
	"regexp"
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
		off                bool   // switch off before looking
		css                string // style.css of the archive
		state              string // installed when empty
		tour               bool
	}{
		{name: "render returns nothing", script: plain("render: function () {}"), rule: "W §10.3 falsy return"},
		{name: "init returns nothing", script: plain("init: function () {}"), rule: "W §10.3 falsy return"},
		{name: "bind_actions returns nothing", script: plain("bind_actions: function () {}"), rule: "W §10.3 falsy return"},
		{name: "an archive without script.js", rule: "W §4.2 no script"},
		{name: "render is missing", script: plain("render: null"), rule: "W §10.3 missing callback"},
		{name: "init is missing", script: plain("init: null"), rule: "W §10.3 missing callback"},
		{name: "bind_actions is missing", script: plain("bind_actions: null"), rule: "W §10.3 missing callback"},
		{name: "onSave is missing", script: plain("onSave: null"), rule: "W §10.3 missing callback"},
		{name: "an exception in a callback", script: init("throw new Error('no');"), rule: "W §10.3 exception"},
		{name: "an exception in settings", script: settings("throw new Error('no');"), rule: "W §10.3 exception", page: "/amo-market/#w"},
		{name: "a source context that is not there", script: plain("settings: function ($body, context) { note(context.source_id); return true; }"), rule: "W §10.3 exception", page: "/amo-market/#w"},
		{name: "an exception in a handler", script: init("setTimeout(function () { throw new Error('late'); });"), rule: "W §10.3 exception"},
		{name: "an unhandled rejection", script: init("Promise.reject(new Error('late'));"), rule: "W §10.3 unhandled rejection"},
		{name: "console.log", script: init("console.log('x');"), rule: "W §9.5 J04"},
		{name: "console.warn", script: init("console.warn('x');"), rule: "W §9.5 J04"},
		{name: "console.info", script: init("console.info('x');"), rule: "W §9.5 J04"},
		{name: "console.table", script: init("console.table([]);"), rule: "W §9.5 J04"},
		{name: "console.error", script: init("console.error('x');"), rule: "W §9.5 J04"},
		{name: "console.error as a handler", script: init("Promise.reject(1).catch(console.error);"), rule: "W §9.5 J04"},
		{name: "document.write", script: init("document.write('x');"), rule: "W §9.5 J02"},
		{name: "confirm", script: init("confirm('x');"), rule: "W §9.5 J03"},
		{name: "prompt", script: init("prompt('x');"), rule: "W §9.5 J03"},
		{name: "alert", script: init("alert('x');"), rule: "W §9.5 J03"},
		{name: "eval", script: init("new Function('return 1')();"), rule: "W §9.5 J02"},
		{name: "a global", script: init("window.mine = 1;"), rule: "W §10.3 globals"},
		{name: "a late global", script: init("setTimeout(function () { window.mine = 1; }, 50);"), rule: "W §10.3 globals"},
		{name: "an undeclared variable", script: `define(['jquery'], function ($) { return function () { var y = function () { mine = 1; return true; }; this.callbacks = { render: y, init: y, bind_actions: y, onSave: y }; }; });`, rule: "W §10.3 globals"},
		{name: "a hidden global", script: init("Object.defineProperty(window, 'mine', { value: 1 });"), rule: "W §10.3 globals"},
		{name: "a function of window is replaced", script: init("window.fetch = yes;"), rule: "W §10.3 globals"},
		{name: "a prototype is extended", script: init("String.prototype.mine = yes;"), rule: "W §10.3 globals"},
		{name: "the page's jQuery is extended", script: init("$.fn.mine = yes;"), rule: "W §10.3 globals"},
		{name: "the page's jQuery is changed", script: init("$.ajax = yes;"), rule: "W §10.3 globals"},
		{name: "APP loses a member", script: init("delete APP.sdk;"), rule: "W §10.3 APP"},
		{name: "APP gets a defined member", script: init("Object.defineProperty(AMOCRM, 'mine', { value: 1 });"), rule: "W §10.3 APP"},
		{name: "the account of APP is changed", script: init("APP.constant('account').id = 7;"), rule: "W §10.3 APP"},
		{name: "APP is written", script: init("APP.mine = 1;"), rule: "W §10.3 APP"},
		{name: "APP is written deep", script: init("AMOCRM.constant('account').name = 'x';"), rule: "W §10.3 APP"},
		{name: "APP is replaced", script: init("window.APP = {};"), rule: "W §10.3 APP"},
		{name: "constant with two arguments", script: init("APP.constant('user', {});"), rule: "W §9.5 J09"},
		{name: "a jQuery handler is left", script: init("$(document).on('click.other', yes);"), rule: "W §10.3 handlers", leave: true},
		{name: "a delegated handler is left", script: init("$(document).on('click', '.w__x', yes);"), rule: "W §10.3 handlers", leave: true},
		{name: "a handler of the body is left", script: init("document.body.addEventListener('keydown', yes, true);"), rule: "W §10.3 handlers", leave: true},
		{name: "an on-property is left", script: init("document.onclick = yes;"), rule: "W §10.3 handlers", leave: true},
		{name: "window.onmessage is left", script: init("window.onmessage = yes;"), rule: "W §10.3 handlers", leave: true},
		{name: "a handler is left after switching off", script: settings("$(document).on('click.other', yes);"), rule: "W §10.3 handlers", page: "/amo-market/#w", off: true},
		{name: "a native handler is left", script: init("window.addEventListener('message', yes);"), rule: "W §10.3 handlers", leave: true},
		{name: "a node is left", script: init("$('<div class=\"w\">').appendTo('body');"), rule: "W §10.3 nodes", leave: true},
		{name: "a style sheet is left", script: init("$('<style>').text('.w__x { color: red }').appendTo('head');"), rule: "W §10.3 nodes", leave: true},
		{name: "a node is left among the notifications", script: init("$('#crm-notifications').append('<p class=other></p>');"), rule: "W §10.3 nodes", leave: true},
		{name: "a node is left beside the page's top", script: init("document.getElementById('page_top').insertAdjacentHTML('afterend', '<p></p>');"), rule: "W §10.3 nodes", leave: true},
		{name: "a node is left in the page after switching off", script: settings("$('#page_holder').prepend('<p class=other></p>');"), rule: "W §10.3 nodes", page: "/amo-market/#w", off: true},
		{name: "something in the left menu", script: init("$('#left_menu').append('<a>x</a>');"), rule: "W §9.5 J11"},
		{name: "something in the strip at the top", script: init("document.querySelector('#page_top').innerHTML += '<b>x</b>';"), rule: "W §9.5 J11"},
		{name: "an interval is left", script: init("setInterval(yes, 60000);"), rule: "W §10.3 after destroy", leave: true},
		{name: "a request after destroy", script: plain("destroy: function () { setTimeout(function () { $.get('/ajax/x'); }, 50); return true; }"), rule: "W §10.3 after destroy", page: "/amo-market/", only: "settings", leave: true},
		{name: "a style reaches out", script: init("$('<style>').text('button { color: red }').appendTo('head');"), rule: "W §10.3 styles"},
		{name: "a system variable is redefined", script: init("$('<style>').text(':root { --palette-text-primary: red }').appendTo('head');"), rule: "W §10.3 styles"},
		{name: "a style reaches the document", script: init("$('<style>').text('html { zoom: 1.1 }').appendTo('head');"), rule: "W §10.3 styles"},
		{name: "a style reaches the settings window", script: init("$('<style>').text('.widget-settings__command-plate { display: none }').appendTo('head');"), rule: "W §10.3 styles"},
		{name: "a style reaches out in the dark", script: init("$('<style>').text(':root[data-color-scheme=dark] p { color: red }').appendTo('head');"), rule: "W §10.3 styles", page: "/dashboard/?theme=dark"},
		{name: "a style of the archive reaches out", script: init("$('<link>', { rel: 'stylesheet', href: self.params.path + '/style.css' }).appendTo('head');"), css: "h1 { color: red }", rule: "W §10.3 styles"},
		{name: "the left menu is hidden", script: init("$('#left_menu').hide();"), rule: "W §10.3 styles"},
		{name: "a foreign host by a beacon", script: init("navigator.sendBeacon('http://other.example.test/', 'x');"), rule: "W §10.3 hosts"},
		{name: "a foreign host by a socket", script: init("try { new WebSocket('ws://other.example.test/'); } catch (e) { note(e); }"), rule: "W §10.3 hosts"},
		{name: "a frame of a foreign host", script: init("$('<iframe>', { src: 'http://other.example.test/' }).appendTo('.page-holder');"), rule: "W §10.3 hosts"},
		{name: "a style of a foreign host", script: init("$('<link>', { rel: 'stylesheet', href: 'http://other.example.test/x.css' }).appendTo('head');"), rule: "W §10.3 hosts"},
		{name: "a foreign host", script: init("$.get('http://other.example.test/');"), rule: "W §10.3 hosts"},
		{name: "a picture of a foreign host", script: init("new Image().src = 'http://other.example.test/x.png';"), rule: "W §10.3 hosts"},
		{name: "http from https", script: init("$.get('http://other.example.test/');"), rule: "W §10.3 http", tls: true},
		{name: "a synchronous request", script: init("$.ajax({ url: '/crmpage/inbox', async: false });"), rule: "W §10.3 synchronous request"},
		{name: "a synchronous request without jQuery", script: init("var x = new XMLHttpRequest(); x.open('GET', '/crmpage/inbox', false); x.send();"), rule: "W §10.3 synchronous request"},
		{name: "the token goes abroad", script: init("self.$authorizedAjax({ url: 'http://other.example.test/' });"), rule: "W §10.3 token"},
		{name: "the token goes abroad by fetch", script: init("fetch('http://other.example.test/', { headers: { 'x-auth-token': 't' } }).catch(yes);"), rule: "W §10.3 token"},
		{name: "a script element", script: init("var s = document.createElement('script'); s.textContent = ''; document.head.appendChild(s).remove();"), rule: "W §10.3 script element"},
		{name: "a script by getScript", script: init("$.getScript(self.params.path + '/style.css');"), css: "'use strict';", rule: "W §10.3 script element"},
		{name: "a script in HTML", script: init("$('.page-holder').append('<script>1;<\\/script>');"), rule: "W §10.3 script element"},
		{name: "requests in a loop", script: init("for (var i = 0; i < 8; i++) { $.get('/crmpage/inbox?' + i); }"), rule: "W §10.3 burst"},
		{name: "requests with a token in a loop", script: init("for (var i = 0; i < 8; i++) { self.$authorizedAjax({ url: '/crmpage/inbox?' + i }); }"), rule: "W §10.3 burst"},
		{name: "crm_post in a burst", script: init("self.crm_post('/a', {}); self.crm_post('/b', {});"), rule: "W §10.3 crm_post"},
		{name: "a click by script on install", script: settings("setTimeout(function () { document.querySelector('.js-widget-install').click(); });"), rule: "W §10.3 untrusted click", page: "/amo-market/#w", state: "install"},
		{name: "a made-up click on skipping the tour", script: settings("setTimeout(function () { document.querySelector('.js-widget-skip-tour').dispatchEvent(new MouseEvent('click', { bubbles: true })); });"), rule: "W §10.3 untrusted click", page: "/amo-market/#w", state: "install", tour: true},
		{name: "a click by script on the text of the button", script: settings("setTimeout(function () { $('#w .button-input-inner__text').trigger('click'); });"), rule: "W §10.3 untrusted click", page: "/amo-market/#w", state: "install"},
		{name: "a click by script on uninstall", script: settings("setTimeout(function () { $('.js-widget-uninstall').trigger('click'); });"), rule: "W §10.3 untrusted click", page: "/amo-market/#w"},
		{name: "Save by script although there are fields", script: settings("setTimeout(function () { $('.js-widget-save').trigger('button:save:enable').trigger('click'); });"), rule: "W §9.5 J10", page: "/amo-market/#w"},
		{name: "a raw key", script: settings("$body.append('<p>settings.no_such</p>');"), rule: "W §10.3 raw key", page: "/amo-market/#w"},
		{name: "a raw key in a placeholder", script: settings("$body.append($('<input>', { placeholder: 'settings.no_such' }));"), rule: "W §10.3 raw key", page: "/amo-market/#w"},
		{name: "an object instead of a text", script: settings("$body.append($('<p>').text(String(self.i18n('ui'))));"), rule: "W §10.3 raw key", page: "/amo-market/#w"},
		{name: "nothing instead of a text", script: settings("$body.append($('<p>').text(String(self.langs.none)));"), rule: "W §10.3 raw key", page: "/amo-market/#w"},
		{name: "a missing text", script: settings("$body.append($('<p>').text(self.i18n('ui.none')));"), rule: "W §10.3 raw key", page: "/amo-market/#w"},
		{name: "Cyrillic in English", script: settings("$body.append('<p>Привет</p>');"), rule: "W §10.3 language", page: "/amo-market/#w"},
		{name: "Spanish text in English", script: settings("$body.append('<p>Una ayuda para el formulario</p>');"), rule: "W §10.3 language", page: "/amo-market/#w"},
		{name: "a Spanish word in English", script: settings("$body.append('<button>Enviar</button>');"), rule: "W §10.3 language", page: "/amo-market/#w"},
		{name: "English text in Spanish", script: settings("$body.append('<p>A hint for the form</p>');"), rule: "W §10.3 language", page: "/amo-market/?lang=es#w"},
		{name: "English text in Russian", script: settings("$body.append('<p title=\"A hint for the form\">1</p>');"), rule: "W §10.3 language", page: "/amo-market/?lang=ru&theme=dark#w"},
		{name: "Cyrillic in an English notification", script: init("APP.notifications.show_message({ header: 'H', text: 'Привет' });"), rule: "W §10.3 language"},
		{name: "a missing file", script: init("$('<img>', { src: self.params.images_path + '/none.png' }).appendTo('.page-holder');"), rule: "W §10.3 missing file"},
		{name: "switching off gets no answer", script: plain("settings: function () { setTimeout(function () { $('.js-widget-uninstall')[0].click(); }); return true; }, onSave: function () { return null; }"), rule: "W §10.3 falsy return", page: "/amo-market/#w"},
		{name: "settings twice without ids", script: settings("$body.append('<p class=w__x>x</p>');"), rule: "W §10.3 settings twice", page: "/amo-market/?variant=settings-twice#w"},
		{name: "switching off is refused", script: plain("settings: function () { setTimeout(function () { $('.js-widget-uninstall')[0].click(); }); return true; }, onSave: function () { return $.Deferred().reject(); }"), rule: "W §5.3 switch off", page: "/amo-market/#w"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := setup{script: tt.script, tls: tt.tls}
			if tt.only != "" {
				s.manifest = map[string]any{"locations": []string{tt.only}}
			}
			if tt.tour {
				s.manifest = map[string]any{"tour": tour}
			}
			if tt.css != "" {
				s.files = map[string]string{"style.css": tt.css}
			}
			if tt.state != "" {
				s.state = WidgetState{Status: tt.state}
			}
			c := open(t, s)
			if tt.page == "" {
				tt.page = "/dashboard/"
			}
			c.visit(tt.page)
			if tt.leave {
				c.move("/leads/list/")
			}
			if tt.off {
				c.until("document.querySelector('.modal .js-widget-uninstall')")
				c.click(".modal .js-widget-uninstall")
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

// TestEveryDetectorIsTested: a rule that the page can report has a widget that
// breaks it in the tests of this package.
func TestEveryDetectorIsTested(t *testing.T) {
	t.Parallel()
	tests, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var tested strings.Builder
	for _, name := range tests {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		tested.Write(raw)
	}
	pages, err := filepath.Glob("page/*.js")
	if err != nil {
		t.Fatal(err)
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	rules := map[string]bool{}
	for _, name := range append(pages, sources...) {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`[bB]reach\((?:v\.account\.ID, )?"(W §[^"]+)"`).FindAllSubmatch(raw, -1) {
			rules[string(found[1])] = true
		}
	}
	if len(rules) < 20 {
		t.Errorf("found only %d rules in the page", len(rules))
	}
	for rule := range rules {
		if !strings.Contains(tested.String(), `"`+rule+`"`) {
			t.Errorf("no test makes the page report %s", rule)
		}
	}
}
