package crmpage

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// backend is another origin that widgets may talk to. It notes the headers it saw.
func backend(t *testing.T, seen func(*http.Request)) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		w.Header().Set("Access-Control-Allow-Headers", "X-Auth-Token, Content-Type, X-Own")
		if r.Method != http.MethodOptions {
			seen(r)
			_, _ = w.Write([]byte(`{"state":"connected"}`))
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestAuthorizedAjax holds W §8.3.
func TestAuthorizedAjax(t *testing.T) {
	t.Parallel()
	seen := make(chan string, 10)
	address := backend(t, func(r *http.Request) {
		seen <- r.Header.Get("X-Auth-Token") + " " + r.Header.Get("X-Own") + " " + r.Header.Get("Cookie")
	})
	c := open(t, setup{script: plain(""), backend: address})
	c.visit("/dashboard/")
	call := func() string {
		t.Helper()
		return eval[string](c, `new Promise(function (done) {
			window.__crm.given = { url: `+quote(address)+` + '/widget/v1/status', dataType: 'json', headers: { 'X-Own': 'kept', 'X-Auth-Token': 'mine' } };
			APP.widgets.list.w.$authorizedAjax(window.__crm.given)
				.done(function (data, status, xhr) { done([data.state, status, xhr.status].join(' ')); })
				.fail(function (xhr, status) { done(['failed', xhr.status, status].join(' ')); }); })`)
	}
	if got := call(); got != "connected success 200" {
		t.Errorf("resolved with %q", got)
	}
	if got := <-seen; got != "token-1 kept " {
		t.Errorf("backend saw %q", got)
	}
	if got := eval[string](c, `__crm.given.headers['X-Auth-Token']`); got != "mine" {
		t.Errorf("the options were changed: %q", got)
	}

	c.token = "token-2"
	eval[any](c, "__crm.advance(1499000), null") // one second less than 25 minutes
	call()
	if got := <-seen; !strings.HasPrefix(got, "token-1") {
		t.Errorf("before 25 minutes: %q", got)
	}
	eval[any](c, "__crm.advance(1000), null")
	call()
	if got := <-seen; !strings.HasPrefix(got, "token-2") || c.asked != 2 {
		t.Errorf("after 25 minutes: %q, %d tokens asked", got, c.asked)
	}

	eval[any](c, "__crm.advance(1500000), null")
	c.token = ""
	if got := call(); got != "failed 200 401" {
		t.Errorf("an answer without token: %q", got)
	}
	c.token, c.status = "token-3", http.StatusInternalServerError
	if got := call(); got != "failed 500 error" {
		t.Errorf("a token address that fails: %q", got)
	}
	c.wantNoBreach()
}

// TestAuthorizedAjaxWithoutClient holds W §8.3 step 1: a native promise.
func TestAuthorizedAjaxWithoutClient(t *testing.T) {
	t.Parallel()
	c := open(t, setup{script: plain(""), noUUID: true})
	c.visit("/dashboard/")
	got := eval[string](c, `(function () { var p = APP.widgets.list.w.$authorizedAjax({ url: '/' });
		return p.then(null, function () { return [p instanceof Promise, typeof p.done, typeof p.fail].join(' '); }); })()`)
	if got != "true undefined undefined" {
		t.Errorf("got %q", got)
	}
}

// TestTwig holds W §5.6.
func TestTwig(t *testing.T) {
	t.Parallel()
	c := open(t, setup{script: plain(""), files: map[string]string{"templates/x.twig": "{{ lang_id }} {{ name }}"}})
	c.visit("/dashboard/")
	for expression, want := range map[string]string{
		`w.render({ data: '{{ v }} {{ v|e }} {{ a.b.c }}{{ none }} {{ lang_id }}' }, { v: '<b>' })`:                                 "<b> &lt;b&gt;  en",
		`w.render({ data: '{{ lang_id }}' }, { lang_id: 'own' })`:                                                                   "own",
		`w.render({ ref: '/tmpl/controls/input.twig' }, { name: 'n', value: '"' }).match(/name="n".*value="[^"]*"/)[0].slice(0, 8)`: `name="n"`,
		`w.render({ data: '{{ include_control("checkbox", {"name": "agree"}) }}' }).indexOf('name="agree"') > 0 ? 'yes' : 'no'`:     "yes",
		`new Promise(function (done) { var r = w.render({ href: '/templates/x.twig', base_path: w.params.path, v: w.get_version(),
			load: function (t) { done(r + ' ' + t.render({ name: 'x' })); } }); })`: "true en x",
		`w.render({ href: '/templates/x.twig', base_path: w.params.path, promised: true }).then(function (t) { return t.render({ name: 'y' }); })`: "en y",
	} {
		if got := eval[string](c, "(function () { var w = APP.widgets.list.w; return "+expression+"; })()"); got != want {
			t.Errorf("%s = %q, want %q", expression, got, want)
		}
	}
	c.wantNoBreach()
}

// TestNotifications holds W §5.9: stored and not, and errors that stay closed.
func TestNotifications(t *testing.T) {
	t.Parallel()
	c := open(t, setup{script: plain("")})
	c.visit("/dashboard/")
	add := func() string {
		t.Helper()
		return eval[string](c, `new Promise(function (done) { APP.notifications.add_error({ header: 'Chats', text: 'No channel', date: 1767225600 },
			{ always: function () { done(String($('.pop-up').length)); } }); })`)
	}
	if got := add(); got != "1" {
		t.Errorf("%s pop-ups, want 1", got)
	}
	c.click(".pop-up__close")
	c.until("!document.querySelector('.pop-up')")
	c.until(`performance.getEntriesByType('resource').some(function (r) { return r.name.endsWith('/crmpage/inbox/close') && r.responseEnd > 0; })`)
	if got := add(); got != "0" {
		t.Errorf("a closed error came again: %s pop-ups", got)
	}
	eval[any](c, `(APP.notifications.add_call({ from: 'Bob', to: 'Ann', duration: 125, link: '', text: 'Call', date: 1767225600 }, {}),
		APP.notifications.show_message({ header: 'H', text: 'one' }), APP.notifications.show_message_error({ header: 'H', text: 'two' }),
		APP.notifications.show_notification({ text: { header: 'H', text: 'three' }, type: 'call' }), null)`)
	c.until("document.querySelectorAll('.pop-up').length === 4")
	stored := c.Notifications(0, 0)
	if len(stored) != 3 {
		t.Fatalf("%d stored, want two errors and a call", len(stored))
	}
	if n := stored[0]; n.Type != "error" || n.Header != "Chats" || n.Text != "No channel" || n.At.Unix() != 1767225600 || n.Closed {
		t.Errorf("stored %+v", n)
	}
	if !stored[1].Closed || stored[2].Type != "call" || stored[2].Raw["duration"] != "02:05" {
		t.Errorf("stored %+v and %+v", stored[1], stored[2])
	}
	c.wantNoBreach()
}

// TestSDK holds W §5.9: the three forms of showUserStatus, the calling status
// that holds a reload back.
func TestSDK(t *testing.T) {
	t.Parallel()
	c := open(t, setup{script: plain("")})
	c.visit("/dashboard/")
	got := eval[string](c, `JSON.stringify([APP.sdk.showUserStatus(), APP.sdk.showUserStatus('online'), APP.sdk.showUserStatus(9000003), APP.sdk.getCallingStatus()])`)
	if want := `[{"9000002":{"id":9000002,"online":true},"9000003":{"id":9000003,"online":false}},[9000002],false,false]`; got != want {
		t.Errorf("sdk = %s, want %s", got, want)
	}
	if got := eval[string](c, `(APP.sdk.setCallingStatus(true), $(document).trigger('page:reload'), typeof APP.sdk.setCallingStatus(true) + APP.sdk.getCallingStatus() + __crm.reloadWaiting())`); got != "stringtruetrue" {
		t.Errorf("during a call: %s", got)
	}
	eval[any](c, `(__crm.mark = 1, APP.sdk.setCallingStatus(false), null)`)
	c.until("window.__crm && __crm.mark === undefined && __crm.ready")
}

// TestSDKIsStrict: parameters that are not documented are a breach; every call
// is recorded; the world says who is online, and a page learns of changes.
func TestSDKIsStrict(t *testing.T) {
	t.Parallel()
	c := strictPage(t)
	for call, rule := range map[string]string{
		`APP.sdk.showUserStatus('busy')`:                                                                                                 "W §5.9 sdk",
		`APP.sdk.showUserStatus(7)`:                                                                                                      "W §5.9 sdk",
		`APP.sdk.showUserStatus(null)`:                                                                                                   "W §5.9 sdk",
		`APP.sdk.showUserStatus('online', 1)`:                                                                                            "W §5.9 sdk",
		`APP.sdk.setCallingStatus(1)`:                                                                                                    "W §5.9 sdk",
		`APP.sdk.setCallingStatus()`:                                                                                                     "W §5.9 sdk",
		`APP.sdk.getCallingStatus(true)`:                                                                                                 "W §5.9 sdk",
		`APP.notifications.add_error({ text: 'no header' })`:                                                                             "W §5.9 notifications",
		`APP.notifications.add_error({ header: 'H', text: 't', mood: 'sad' })`:                                                           "W §5.9 notifications",
		`APP.notifications.add_error({ header: 'H', text: 't', date: 1767225600000 })`:                                                   "W §5.9 notifications",
		`APP.notifications.add_error({ header: 'H', text: 't', link: 'javascript:1' })`:                                                  "W §5.9 notifications",
		`APP.notifications.add_error({ header: 'H', text: 't' }, { success: $.noop })`:                                                   "W §5.9 notifications",
		`APP.notifications.add_error({ header: 'H', text: 't' }, { done: 1 })`:                                                           "W §5.9 notifications",
		`APP.notifications.add_call({ from: 'B', to: 'A', duration: '1', link: '', text: '', date: 1 })`:                                 "W §5.9 notifications",
		`APP.notifications.add_call({ from: 'B', to: 'A', duration: 1, link: '', text: '' })`:                                            "W §5.9 notifications",
		`APP.notifications.add_call({ from: 'B', to: 'A', duration: 1, link: '', text: '', date: 1, element: { id: 1 } })`:               "W §5.9 notifications",
		`APP.notifications.add_call({ from: 'B', to: 'A', duration: 1, link: '', text: '', date: 1, element: { id: 1, type: 'chat' } })`: "W §5.9 notifications",
		`APP.notifications.show_message({ header: 'H' })`:                                                                                "W §5.9 notifications",
		`APP.notifications.show_message_error({ header: 'H', text: 't', icon: 'x' })`:                                                    "W §5.9 notifications",
		`APP.notifications.show_notification({ text: 'plain' })`:                                                                         "W §5.9 notifications",
		`APP.notifications.add_call({ from: 'B', to: 'A', duration: 1, link: '', text: '', date: 1, header: 'H', click_link: '/x', phone: '1', element: { id: 7, type: 2, name: 'n' } }, { done: $.noop, fail: $.noop, always: $.noop })`: "",
		`APP.notifications.add_error({ header: 'H', text: 't', date: 1767225600, link: 'https://help.example.test' }, { done: $.noop, fail: $.noop, always: $.noop })`:                                                                    "",
		`(APP.sdk.showUserStatus(), APP.sdk.showUserStatus('online'), APP.sdk.showUserStatus(9000002), APP.sdk.showUserStatus('9000003'), APP.sdk.setCallingStatus(true), APP.sdk.getCallingStatus())`:                                    "",
	} {
		if got := eval[string](c, `(function () { var before = __crm.breaches.length; `+call+`; return __crm.breaches.slice(before).map(function (b) { return b.rule; }).join(); })()`); got != rule {
			t.Errorf("%s: breaches of %q, want %q", call, got, rule)
		}
	}
	c = strictPage(t)
	if got := eval[string](c, `(APP.sdk.showUserStatus(9000003), APP.sdk.setCallingStatus(false), JSON.stringify(__crm.sdkCalls))`); got != `[["showUserStatus",9000003],["setCallingStatus",false]]` {
		t.Errorf("recorded %s", got)
	}
	online := `JSON.stringify(APP.sdk.showUserStatus('online'))`
	c.mu.Lock()
	c.users[0].Presence, c.users[1].Presence = "offline", "online"
	c.mu.Unlock()
	c.until(online + ` === '[9000003]'`) // learned while the page is open
	c.visit("/dashboard/")
	if got := eval[string](c, online); got != "[9000003]" {
		t.Errorf("online on a fresh page: %s", got)
	}
	eval[any](c, `(__crm.setOnline(9000002, true), null)`)
	if got := eval[string](c, online); got != "[9000002,9000003]" {
		t.Errorf("online after a test's word: %s", got)
	}
}

// strictPage is the dashboard beside a widget that does nothing.
func strictPage(t *testing.T) *crm {
	t.Helper()
	c := open(t, setup{script: plain("")})
	c.visit("/dashboard/")
	return c
}

// TestCallOpensItsCard: the element of a call is a way to its card (W §5.9).
func TestCallOpensItsCard(t *testing.T) {
	t.Parallel()
	c := strictPage(t)
	eval[any](c, `(APP.notifications.add_call({ from: 'Bob', to: 'Ann', duration: 0, link: '', text: 'Call', date: 1767225600, element: { id: 7, type: 1 } }), null)`)
	c.until(`document.querySelector('.pop-up__card')`)
	c.click(".pop-up__card")
	c.until(`location.pathname === '/contacts/detail/7' && __crm.ready`)
	c.wantNoBreach()
}

// TestTimers: what a widget waits for is told by its file; what a library waits
// for on its behalf is not.
func TestTimers(t *testing.T) {
	t.Parallel()
	c := open(t, setup{script: plain(`init: function () { self.first = setTimeout(yes, 600000); setTimeout(function () { note('over'); }, 10);
		$.ajax({ url: '/crmpage/inbox', timeout: 600000 }); return true; }, bind_actions: function () { return true; }, destroy: function () { clearTimeout(self.first); return true; }`)})
	c.visit("/dashboard/")
	c.until(`__crm.log.some(function (l) { return l[1] === 'over'; })`)
	if got := eval[string](c, `__crm.timeoutsOf('w').join()`); got != "script.js" {
		t.Errorf("timers of %q, want the one that still runs", got)
	}
	c.move("/settings/pay/")
	if got := eval[string](c, `__crm.timeoutsOf('w').join()`); got != "" {
		t.Errorf("timers of %q after they were cleared", got)
	}
}

// TestModal holds W §5.10: veto, Escape, and that a page change closes it.
func TestModal(t *testing.T) {
	t.Parallel()
	c := open(t, setup{script: plain("")})
	c.visit("/dashboard/")
	eval[any](c, `new Promise(function (done) { require(['lib/components/base/modal'], function (Modal) {
		__crm.make = function (options) { return new Modal($.extend({ init: function ($b) { $b.html('<div class="modal-body__inner"><p class="w-x">x</p></div>').trigger('modal:loaded').trigger('modal:centrify'); } }, options)); };
		__crm.make({ class_name: 'w-first', destroy: function () { return false; } }); done(null); }); })`)
	if got := eval[bool](c, `document.querySelector('.modal.w-first > .modal-scroller.custom-scroll > .modal-body:not(.modal-body-loading)') !== null && document.querySelector('.modal.w-first > .default-overlay.modal-overlay') !== null`); !got {
		t.Error("not the skeleton of W §5.10")
	}
	c.do(keys("Escape"))
	if !eval[bool](c, `document.querySelector('.w-first') !== null`) {
		t.Error("destroy vetoed, the modal closed all the same")
	}
	c.move("/leads/list/")
	if eval[bool](c, `document.querySelector('.modal') !== null`) {
		t.Error("a page change left the modal")
	}
	eval[any](c, `(__crm.make({}), null)`)
	c.do(keys("Escape"))
	c.until("!document.querySelector('.modal')")
	c.wantNoBreach()
}

// TestKommoPath holds W §2.5 and §4.1: the version in the path, cdn_path in the entry only.
func TestKommoPath(t *testing.T) {
	t.Parallel()
	c := open(t, setup{script: plain(""), global: true, opts: Options{CDN: true}})
	c.visit("/dashboard/")
	if got := eval[string](c, `APP.widgets.list.w.params.path + ' ' + APP.widgets.list.w.params.cdn_path`); got != "/upl/w/1.0.0/widget undefined" {
		t.Errorf("path and cdn_path: %q", got)
	}
	c.visit("/dashboard/?variant=cdn-in-params")
	if got := eval[string](c, `APP.widgets.list.w.params.cdn_path`); got != c.origin+"/upl/w/1.0.0/widget" {
		t.Errorf("cdn_path: %q", got)
	}
}

// TestBaseMethods holds the smaller methods of W §5.5.
func TestBaseMethods(t *testing.T) {
	t.Parallel()
	c := open(t, setup{script: plain("")})
	c.visit("/amo-market/")
	eval[any](c, `($(document).on('widgets:status:change.crm', function (e, what) { __crm.changed = what; }), APP.widgets.list.w.set_status('error'), null)`)
	if got := eval[string](c, `JSON.stringify(__crm.changed) + $('div[data-code=w] .widget-state').attr('class') + APP.widgets.list.w.get_install_status()`); got != `{"widget_code":"w","status":"error"}widget-state widget-state_status_errorerror` {
		t.Errorf("set_status: %s", got)
	}
	if c.Widget(0, "").Status != "installed" {
		t.Error("set_status was stored")
	}
	c.move("/leads/list/")
	c.click(".js-list-row")
	for expression, want := range map[string]string{
		`JSON.stringify(w.list_selected())`:                                                                `{"selected":[{"id":101,"type":"lead","emails":[],"phones":[]}],"summary":{"items":1,"emails":0,"phones":0}}`,
		`JSON.stringify(w.get_accounts_current().account.users[1])`:                                        `{"id":9000003,"name":"Bob","login":"bob@example.com","is_admin":"N"}`,
		`String(w.get_accounts_current() === w.get_accounts_current())`:                                    "true",
		`JSON.stringify([w.system().area, w.system().amouser, w.system().amouser_id])`:                     `["llist","ann@example.com","9000002"]`,
		`(function () { try { w.add_source('fax', $.noop, 't'); } catch (e) { return e.message; } })()`:    "unknown source type fax",
		`w.get_pipeline_id().then(null, function () { return $.Deferred().resolve('rejected'); })`:         "rejected",
		`(function () { var data = { a: 1 }; return [w.crm_post('/x', data), data.target].join(' '); })()`: " /x",
	} {
		if got := eval[string](c, "(function () { var w = APP.widgets.list.w; return "+expression+"; })()"); got != want {
			t.Errorf("%s = %q, want %q", expression, got, want)
		}
	}
}
