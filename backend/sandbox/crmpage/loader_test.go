package crmpage

import (
	"strings"
	"testing"
)

// TestLoaderOrder holds the steps of W §4.2: what runs, in which order.
func TestLoaderOrder(t *testing.T) {
	t.Parallel()
	note := func(result string) string {
		return `$(document).on('widget:w:loaded.widget:w', function () { note('loaded'); });
		this.callbacks = { render: function () { return ` + result + `; }, init: yes, bind_actions: yes, onSave: yes };`
	}
	for _, tt := range []struct {
		name, script string
		want         string
		breach       string // rule that must be reported, "" for none
	}{
		{"4.2.10 true: init runs inside the resolved deferred, then bind_actions", body(note("true")), "render loaded init bind_actions", ""},
		{"4.2.8 any truthy value is taken", body(note("'yes'")), "render loaded init bind_actions", ""},
		{"4.2.10 a promise: bind_actions runs before init", body(note("Promise.resolve(0)")), "render bind_actions loaded init", ""},
		{"4.2.8 a resolved jQuery promise, whatever its value", body(note("$.Deferred().resolve(false).promise()")), "render loaded init bind_actions", ""},
		{"4.2.8 a rejected promise: init never runs", body(note("$.Deferred().reject().promise()")), "render bind_actions", ""},
		{"4.2.8 falsy: init never runs, bind_actions does", body(note("false")), "render bind_actions", "W §10.3 falsy return"},
		{"4.2.4 in the constructor params and langs do not exist", body(`
			note(self.params); note(self.langs); note(self.get_settings());
			['i18n', 'get_version', 'get_install_status'].forEach(function (name) {
				try { self[name]('widget.name'); note(name); } catch (error) { note(name + '-' + error.name); }
			});
			note(self.system().area);
			this.callbacks = { render: yes, init: yes, bind_actions: yes, onSave: yes };`),
			"undefined undefined undefined i18n-TypeError get_version-TypeError get_install_status-TypeError dashboard render init bind_actions", ""},
		{"4.2.4 what was on the prototype is lost", `define(['jquery'], function ($) {
			var W = function () { window.__crm.log.push(['w', typeof this.own + '-' + typeof this.i18n]); var y = function () { return true; }; this.callbacks = { render: y, init: y, bind_actions: y, onSave: y }; };
			W.prototype.own = function () {};
			return W; });`, "undefined-function render init bind_actions", ""},
		{"4.2.7 without bind_actions nothing runs", body(`this.callbacks = { render: yes, init: yes, onSave: yes };`), "", "W §10.3 missing callback"},
		{"5.1 an ES class does not start", `define([], function () { 'use strict'; return class { constructor() { window.__crm.log.push(['w', 'new']); } }; });`, "", "W §10.3 exception"},
		{"5.1 an arrow function does not start", `define([], function () { return () => {}; });`, "", "W §10.3 exception"},
		{"5.1 a named module has no value for the address", `define('named', [], function () { return function () {}; });`, "", ""},
		{"4.2.12 an exception of init is caught and ends the steps", body(`this.callbacks = { render: yes, init: function () { throw new Error('no'); }, bind_actions: yes, onSave: yes };`), "render init", "W §10.3 exception"},
		{"4.2.3 a script that cannot be read is an empty module", `define([`, "", "W §10.3 exception"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := open(t, setup{script: tt.script})
			c.visit("/dashboard/")
			if got := c.log(); got != tt.want {
				t.Errorf("order = %q, want %q", got, tt.want)
			}
			if tt.breach != "" {
				c.wantBreach(tt.breach)
			} else if got := c.breaches(); len(got) > 0 {
				t.Errorf("breaches = %q, want none", got)
			}
		})
	}
}

// TestParams holds W §5.4: the object of get_settings.
func TestParams(t *testing.T) {
	t.Parallel()
	c := open(t, setup{script: plain("")})
	c.visit("/dashboard/")
	const want = `{"service_login":"demo","id":1022170,"status":"installed","widget_code":"w","path":"/upl/w/widget","version":"1.0.0",` +
		`"oauth_client_uuid":"3f1c2a9e-6d5b-4c1e-8a77-0c9d4e5f6a7b","widget_active":"Y","images_path":"/upl/w/widget/images",` +
		`"support":{"email":"help@example.test","link":"https://help.example.test","name":"","privacy_policy":""}}`
	if got := eval[string](c, `JSON.stringify(APP.widgets.list.w.get_settings())`); got != want {
		t.Errorf("params = %s\nwant     %s", got, want)
	}
	for expression, want := range map[string]bool{
		`APP.widgets.list.w.get_settings() === APP.widgets.list.w.get_settings()`: true, // no copy
		`APP === AMOCRM`: true,
		`APP.widgets.list.w.i18n('widget.name') === 'Site chats'`:                                                          true, // only the active language
		`APP.widgets.list.w.i18n('widget.none') === false`:                                                                 true,
		`APP.widgets.list.w.i18n(5) === false`:                                                                             true,
		`typeof APP.widgets.list.w.i18n('ui') === 'object'`:                                                                true,
		`(function () { try { APP.widgets.list.w.i18n('none.at.all'); } catch (e) { return e instanceof TypeError; } })()`: true,
		`APP.constant('account').amojo_id === '52e591f7-c98f-4255-8495-827210138c81'`:                                      true,
		`APP.widgets.list.w.ns === '.widget:w' && APP.widgets.list.w.init_once === 'N'`:                                    true,
	} {
		if got := eval[bool](c, expression); got != want {
			t.Errorf("%s = %v", expression, got)
		}
	}
	c.wantNoBreach()
}

// TestLeaving holds W §4.3 and §4.2 step 2.
func TestLeaving(t *testing.T) {
	t.Parallel()
	const callbacks = `init: function () {
		$(document).on('click' + self.ns, function () { note('clicked'); });
		self.render_template({ caption: {}, body: '<p>block</p>' });
		return true; }`
	t.Run("an area change destroys, unbinds and starts anew", func(t *testing.T) {
		t.Parallel()
		c := open(t, setup{script: plain(callbacks)})
		c.visit("/leads/detail/7")
		if got := eval[int](c, `$('#widgets_block .card-widgets__elements .card-widgets__widget-w').length`); got != 1 {
			t.Errorf("%d blocks in the right panel, want 1", got)
		}
		eval[any](c, `__crm.first = APP.widgets.list.w, null`)
		c.move("/dashboard/")
		if got, want := c.log(), "render init bind_actions destroy render init bind_actions"; got != want {
			t.Errorf("order = %q, want %q", got, want)
		}
		if eval[bool](c, `APP.widgets.list.w === __crm.first`) {
			t.Error("the instance of the old area lives on")
		}
		c.wantNoBreach()
	})
	t.Run("an init_once widget stays and only renders again", func(t *testing.T) {
		t.Parallel()
		c := open(t, setup{script: plain(callbacks), manifest: map[string]any{"widget": map[string]any{"init_once": true}, "locations": []string{"settings"}}})
		c.visit("/dashboard/")
		eval[any](c, `__crm.first = APP.widgets.list.w, null`)
		c.move("/leads/list/")
		if got, want := c.log(), "render init bind_actions render"; got != want {
			t.Errorf("order = %q, want %q", got, want)
		}
		if !eval[bool](c, `APP.widgets.list.w === __crm.first`) {
			t.Error("another instance took its place")
		}
	})
	t.Run("an inactive widget starts on no page", func(t *testing.T) {
		t.Parallel()
		c := open(t, setup{script: plain(""), state: WidgetState{Status: "install"}})
		c.visit("/amo-market/")
		if got := c.log(); got != "" {
			t.Errorf("ran %q, want nothing", got)
		}
	})
	t.Run("the billing page starts no widget", func(t *testing.T) {
		t.Parallel()
		c := open(t, setup{script: plain("")})
		c.visit("/settings/pay/")
		if got := c.log(); got != "" {
			t.Errorf("ran %q, want nothing", got)
		}
	})
}

// TestAreas holds W §5.8 and the area that the server puts beside it.
func TestAreas(t *testing.T) {
	t.Parallel()
	c := open(t, setup{script: plain("")})
	c.visit("/dashboard/?user=9000003")
	for _, tt := range [][4]string{
		{"/dashboard/", "dashboard", "dashboard", "false"},
		{"/leads/detail/7", "leads_card", "leads", "true"},
		{"/contacts/detail/7", "contacts_card", "contacts", "true"},
		{"/leads/list/", "leads", "leads", "false"},
		{"/amo-market/", "widgetsSettings", "widgetsSettings", "false"},
		{"/settings/widgets/", "widgetsSettings", "widgetsSettings", "false"},
		{"/settings/widgets/w/", "advanced-settings:w", "settings", "false"},
		{"/settings/pipeline/leads/11", "leads-dp", "leads-dp", "false"},
	} {
		c.move(tt[0])
		got := eval[string](c, `[APP.getWidgetsArea(), APP.getBaseEntity(), APP.isCard()].join(' ')`)
		if want := strings.Join(tt[1:], " "); got != want {
			t.Errorf("%s: %q, want %q", tt[0], got, want)
		}
	}
	if got := eval[string](c, `APP.lang_id + ' ' + APP.constant('user').login + ' ' + document.documentElement.lang`); got != "es bob@example.com es" {
		t.Errorf("user of ?user=: %q", got)
	}
}
