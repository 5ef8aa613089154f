package sitechat

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// keeps is everything that a page or a frame has stored in its partition.
const keeps = `(async () => [
	...Object.keys(localStorage).map((k) => "local " + k), ...Object.keys(sessionStorage).map((k) => "session " + k),
	...(await indexedDB.databases()).map((d) => "database " + d.name), ...(await caches.keys()).map((k) => "cache " + k),
	...(await navigator.serviceWorker.getRegistrations()).map((r) => "worker " + r.scope),
].sort().join())()`

// kept lists what this page or frame has stored, and the cookies that its requests would carry, also those that scripts do not see.
func (s *site) kept() string {
	s.t.Helper()
	stored, err := chromedp.Run(s.ctx, chromedp.Evaluate[string](keeps, chromedp.EvalAwaitPromise))
	if err != nil {
		s.t.Fatal(err)
	}
	list := strings.FieldsFunc(stored, func(r rune) bool { return r == ',' })
	cookies, err := chromedp.Call(s.ctx, network.GetCookies, network.GetCookiesParams{URLs: []string{s.page.URL + "/", s.chat.URL + "/v1/frame/1042"}})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, c := range cookies.Cookies {
		list = append(list, "cookie "+c.Name)
	}
	slices.Sort(list)
	return strings.Join(list, ",")
}

// idle lets the page be for some milliseconds of its own clock; for what is not to happen.
func (s *site) idle(ms int) {
	s.t.Helper()
	// A watched page counts its timers, so the one that waits is not of its functions.
	script := fmt.Sprintf("new Promise((done) => (window.patiently ?? setTimeout)(done, %d))", ms)
	if err := chromedp.Do(s.ctx, chromedp.Evaluate[chromedp.Void](script, chromedp.EvalAwaitPromise)); err != nil {
		s.t.Fatal(err)
	}
}

// wantsKept waits for what is stored.
func (s *site) wantsKept(what, want string) {
	s.t.Helper()
	got := ""
	for range 200 {
		if got = s.kept(); got == want {
			return
		}
		s.idle(50)
	}
	s.t.Errorf("%s: the browser keeps %q, want %q", what, got, want)
}

const requests = `performance.getEntriesByType("resource").map(({name}) => new URL(name)).filter((u) => u.protocol !== "data:").map((u) => u.pathname).sort()`

// design.md §10: a visitor who never wrote costs the loader's two requests and leaves nothing, neither on the site nor in our
// frame, but where they came from once they open the chat; a draft stays in the tab; who writes is known the next time.
func TestAColdVisitorLeavesNothing(t *testing.T) {
	t.Parallel()
	s := visit(t, script(kommoSettings), answers)
	s.until(ready)
	s.idle(1500) // longer than who wrote before waits for the panel
	s.value(requests, []string{"/js/button.js", "/v1/buttons/1042/config"})
	s.value(`document.querySelectorAll("iframe").length`, 0)
	s.wantsKept("the site of a cold visitor", "")
	if n := s.askedFor("frame 1042") + s.askedFor("session"); n != 0 {
		t.Errorf("%d requests of a panel that nobody opened", n)
	}
	p := s.panel()
	p.until(`document.activeElement.matches("textarea")`)
	waitFor(t, func() bool { return s.askedFor("session") == 1 })
	p.wantsKept("the frame of who only looked", "")
	s.wantsKept("the site of who only looked", "local leadline.touch")
	if err := chromedp.Do(s.ctx, chromedp.KeyEvent("Hel")); err != nil {
		t.Fatal(err)
	}
	p.wantsKept("a draft", "session leadline.1042.draft")
	s.wantsKept("the site while somebody types", "local leadline.touch")
	if err := chromedp.Do(s.ctx, chromedp.KeyEvent("lo\r")); err != nil {
		t.Fatal(err)
	}
	p.until(`document.querySelector(".sc-message--inbound .sc-message__meta")?.textContent.includes("Sent")`)
	s.wantsKept("the site of who wrote", "cookie amo-livechat-id,local leadline.touch")
	for _, want := range []string{"local leadline.1042.token", "database leadline.1042"} {
		if got := p.kept(); !strings.Contains(got, want) {
			t.Errorf("after writing the frame keeps %q, without %s", got, want)
		}
	}
	// Warm from now on: the frame comes by itself, the counter is true.
	if err := chromedp.Do(s.ctx, chromedp.Navigate(s.page.URL+"/")); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return s.askedFor("session") == 2 })
	s.value(`document.querySelectorAll(".amo-livechat_chat").length`, 0)
}

// Where the site asks for consent nothing at all is kept before it, whatever is written; a no takes everything away.
func TestConsent(t *testing.T) {
	t.Parallel()
	s := visit(t, script(`crmPluginConfig = {onlinechat: {consent: "required"}};`+kommoSettings), answers)
	p := s.panel()
	p.until(`document.activeElement.matches("textarea")`)
	if err := chromedp.Do(s.ctx, chromedp.KeyEvent("Hello\rdraft")); err != nil {
		t.Fatal(err)
	}
	p.until(`document.querySelector(".sc-message--inbound .sc-message__meta")?.textContent.includes("Sent")`)
	s.wantsKept("the site before consent", "")
	p.wantsKept("the frame before consent", "")
	s.run(`crmPlugin("consent", true)`)
	s.wantsKept("the site after consent", "cookie amo-livechat-id")
	waitFor(t, func() bool { // the database is not listed before it is made, nor while it is
		list := p.kept()
		return strings.Contains(list, "local leadline.1042.token") && strings.Contains(list, "session leadline.1042.draft") && strings.Contains(list, "database leadline.1042")
	})
	s.run(`crmPlugin("consent", false)`)
	s.wantsKept("the site after a no", "")
	p.wantsKept("the frame after a no", "")
	p.value(`[document.querySelectorAll(".sc-message--inbound").length, document.querySelector("textarea").value]`, []any{1, "draft"}) // this page goes on
	// What a yes began is still under way when the no comes, and makes nothing anew behind it.
	s.run(`crmPlugin("consent", true); crmPlugin("consent", false)`)
	p.idle(500)
	s.wantsKept("the site after a no at once", "")
	p.wantsKept("the frame after a no at once", "")
	if err := chromedp.Do(s.ctx, chromedp.Navigate(s.page.URL+"/")); err != nil {
		t.Fatal(err)
	}
	p = s.panel()
	p.wantsKept("the frame on the next page", "")
	p.value(`[document.querySelectorAll(".sc-message--inbound").length, document.querySelector("textarea").value]`, []any{0, ""})
}

// DIA-1: the page's globals get the documented names of its dialect and one symbol, by the whole chat.
func TestNoGlobalsButTheDocumentedOnes(t *testing.T) {
	t.Parallel()
	for _, d := range []Dialect{AmoCRM, Kommo} {
		h := &host{}
		snippet := Snippet(d, Embed{ButtonID: "1042", Hash: strings.Repeat("a1", 32), Locale: "en", LoaderURL: "LOADER"})
		s := visit(t, `<script>names = () => Reflect.ownKeys(window).map(String); before = null; before = new Set(names());</script>`+snippet, chatting(h))
		p := s.panel()
		p.until(`document.activeElement.matches("textarea")`)
		h.says(message{"text": "Hello"})
		p.until(`document.querySelector(".sc-message--outbound")`)
		// The engine's own indexed access to frames is no name of ours.
		s.value(`names().filter((n) => !before.has(n) && !/^\d+$/.test(n)).sort()`, []string{"Symbol(leadline)", d.Command(), d.Settings()})
		s.value(`Object.keys(Object.prototype).concat(Object.keys(Array.prototype), Object.keys(Function.prototype))`, []string{})
	}
}

// watched counts what is alive of what scripts of the page began after it: listeners on what outlives the chat, timers, frames of
// animation, observers, channels, sockets, workers, locks.
const watched = `<script>(() => {
	const live = new Map();
	const hold = (key, what) => live.set(key, what + new Error().stack.split("\n").slice(3, 5).join(""));
	// What the test itself waits with is nobody's of the chat.
	living = () => [...live.values()].filter((what) => !/PredicatePage/.test(what));
	const {addEventListener: add, removeEventListener: remove} = EventTarget.prototype;
	const keyOf = (target, type, f, o) => { const all = ids.get(target) ?? ids.set(target, new Map()).get(target); const k = type + !!(o?.capture ?? o === true); const fs = all.get(k) ?? all.set(k, new Map()).get(k); return fs.get(f) ?? (fs.set(f, {}), fs.get(f)) };
	const ids = new Map();
	EventTarget.prototype.addEventListener = function (type, f, o) {
		const target = this ?? window;
		const passing = target instanceof AbortSignal || target instanceof Node && target !== document && target !== document.documentElement && target !== document.body && target !== document.head;
		if (f && !passing) { const key = keyOf(target, type, f, o); hold(key, "listener " + type); o?.signal && add.call(o.signal, "abort", () => live.delete(key)); }
		return add.call(target, type, f, o);
	};
	EventTarget.prototype.removeEventListener = function (type, f, o) { live.delete(keyOf(this ?? window, type, f, o)); return remove.call(this ?? window, type, f, o) };
	for (const [start, stop] of [["setTimeout", "clearTimeout"], ["setInterval", "clearInterval"], ["requestAnimationFrame", "cancelAnimationFrame"], ["requestIdleCallback", "cancelIdleCallback"]]) {
		const [begin, end] = [window[start], window[stop]];
		const once = start !== "setInterval";
		window[start] = (f, ...rest) => { const id = begin((...args) => { if (once) live.delete(start + id); f(...args) }, ...rest); hold(start + id, start); return id };
		window[stop] = (id) => { live.delete(start + id); end(id) };
		if (start === "setTimeout") patiently = begin;
	}
	for (const name of ["MutationObserver", "ResizeObserver", "IntersectionObserver", "PerformanceObserver", "ReportingObserver"]) {
		const {observe, disconnect} = window[name].prototype;
		window[name].prototype.observe = function (...args) { hold(this, name); return observe.apply(this, args) };
		window[name].prototype.disconnect = function () { live.delete(this); return disconnect.call(this) };
	}
	for (const name of ["BroadcastChannel", "MessageChannel", "WebSocket", "Worker", "SharedWorker", "EventSource"]) {
		const Made = window[name];
		window[name] = class extends Made { constructor(...args) { super(...args); hold(this, name) } close() { live.delete(this); super.close() } };
	}
	const {request} = LockManager.prototype;
	LockManager.prototype.request = function (...args) { hold({}, "lock"); return request.apply(this, args) };
	adopted = () => document.adoptedStyleSheets.length;
	nodes = () => document.documentElement.outerHTML.replace(/<script[^>]*><\/script>/g, "");
})()</script>`

// MET-5: runDestroy takes everything away, twenty times over, whatever the chat was doing.
func TestDestroyLeavesNothingAlive(t *testing.T) {
	t.Parallel()
	h := &host{}
	s := visit(t, `<html><head></head><body><main>Shop</main>`+watched+script(kommoSettings+`crmPlugin = function () { crmPlugin.q.push(arguments) }; crmPlugin.q = [];
		crmPluginConfig = {onlinechat: {user_id: "anna", user_token: () => new Promise(() => {}), theme: {background: "#eee"}}}`), chatting(h))
	s.until(ready)
	s.run(`crmPlugin("runDestroy")`)
	s.idle(20)
	s.value("living()", []string{})
	s.run(s.fill(`clean = nodes(); booted = 0; boot = () => { var tag = document.createElement("script"); tag.id = "crm_plugin_script"; tag.src = "LOADER"; document.head.append(tag); tag.onload = () => { tag.remove(); booted++ } }`))
	for n := range 20 {
		s.run(`boot()`)
		s.until(fmt.Sprintf("booted > %d", n))
		switch n % 4 {
		case 0: // before it is ready
		case 1:
			s.until(ready)
		case 2: // while its frame is on the way
			s.until(ready)
			s.run(`crmPlugin("onChatShow", () => {}); crmPlugin("runChatShow")`)
		case 3:
			s.until(ready)
			s.run(`crmPluginConfig.onlinechat.user_token = undefined; crmPlugin("runChatShow")`)
			s.until(`document.querySelector("iframe")`)
		}
		s.run(`crmPlugin("runDestroy")`)
		s.idle(20)
		s.value("living()", []string{})
		s.value(`[adopted(), document.querySelectorAll("iframe, #amobutton, [id^=amo]").length, document.documentElement.className, document.body.style.cssText]`, []any{0, 0, "", ""})
	}
	s.value("nodes() === clean", true)
	// The frame's stream ended with it.
	waitFor(t, func() bool { h.mu.Lock(); defer h.mu.Unlock(); return len(h.streams) == 0 })
}

// EMB-25: the policy that O names, and ours for the frame, with one host and nothing unsafe; the whole chat is used under it.
func TestTheWholeChatUnderAStrictPolicy(t *testing.T) {
	t.Parallel()
	h := &host{}
	s := visit(t, `<script nonce="n">violations = []; addEventListener("securitypolicyviolation", (e) => violations.push(e.violatedDirective + " " + e.blockedURI));
		crmPluginConfig = {color: "green", onlinechat: {locale: {date_format: "EEEE, do MMMM"}, theme: {background: "#fafafa", message: {outgoing_background: "navy"}}}};`+kommoSettings+`</script>`+kommoLoader, chatting(h), func(s *site) {
		s.header["Content-Security-Policy"] = "default-src 'none'; script-src CHAT 'nonce-n'; connect-src CHAT WSCHAT; frame-src CHAT; img-src CHAT data: blob:; media-src CHAT data: blob:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
	})
	p := s.panel()
	p.run(`violations = []; new ReportingObserver((list) => violations.push(...list.map(({body}) => body.effectiveDirective + " " + body.blockedURL)), {types: ["csp-violation"], buffered: true}).observe();
		addEventListener("securitypolicyviolation", (e) => violations.push(e.violatedDirective + " " + e.blockedURI))`)
	p.until(`document.activeElement.matches("textarea")`)
	h.says(message{"text": "Look at https://example.test/a", "reactions": []map[string]string{{"emoji": "👍", "by": "operator"}},
		"markup": map[string]any{"buttons": [][]map[string]string{{{"text": "Yes"}}}}})
	p.until(`document.querySelector(".sc-choice")`)
	p.run(`document.querySelector(".sc-composer__emoji").click()`)
	p.until(`document.querySelector(".sc-emoji")`)
	p.run(`document.querySelector(".sc-composer__emoji").click()`)
	p.give("drop", picture(120, 80, warm))
	p.until(`document.querySelector(".sc-tray__item img")`)
	p.writes("With a picture")
	p.until(`document.querySelector(".sc-message--inbound img")?.complete && document.querySelector(".sc-message--inbound .sc-message__meta").textContent.includes("Sent")`)
	p.run(`document.querySelector(".sc-message--inbound img").closest("button, a").click()`)
	p.until(`document.querySelector("dialog[open]")`)
	p.run(`document.querySelector("dialog[open]").close()`)
	p.run(`document.querySelector(".sc-header__button").click()`)
	p.until(`document.querySelector("[role=menu]")`)
	h.says(message{"text": "", "kind": "picture", "file": "loading"})
	p.until(`document.querySelectorAll(".sc-message--outbound").length === 2`)
	s.run(`crmPlugin("runChatHide")`)
	s.until(`document.querySelector(".amo-livechat_hidden")`)
	h.says(message{"text": "While it was closed"})
	s.until(`document.querySelector(".amo-livechat_bubble")`)
	p.value("violations", []string{})
	s.value("violations", []string{})
	// The frame's policy is ours: nothing unsafe, and no host but its own.
	policy := FramePolicy("chat.example.test", []string{"https://shop.example.test"})
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") && strings.Count(policy, "//") != 3 {
		t.Errorf("the frame's policy: %s", policy)
	}
}

// SEC-3: a function of the page gives user tokens; it is asked again when the server takes one for outdated, and what the page
// claims is told where there is no better one.
func TestUserTokensAreAskedForAgain(t *testing.T) {
	t.Parallel()
	s := visit(t, script(`n = 0; crmPluginConfig = {onlinechat: {user_id: "anna", user_token: async () => "token." + ++n}};`+kommoSettings), func(s *site) {
		s.refuse = func(n int) (int, string) {
			return map[int]int{1: http.StatusUnauthorized}[n], "user_token_invalid"
		}
	})
	s.panel().until(`document.activeElement.matches("textarea")`)
	waitFor(t, func() bool { return s.askedFor("session") == 2 })
	s.value("n", 2)
}

// EMB-24: a page of an application has no origin that could be named ("null"); the chat works there too.
func TestAnApplicationsPage(t *testing.T) {
	t.Parallel()
	build := buildOf(t)
	s := &site{t: t, origin: "null"}
	chat := http.NewServeMux()
	serve := func(w http.ResponseWriter, data []byte, kind string) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Access-Control-Allow-Origin", "*")
		_, _ = w.Write(data)
	}
	chat.HandleFunc("GET /js/button.js", func(w http.ResponseWriter, _ *http.Request) { serve(w, build.Loader().Data, build.Loader().Type) })
	chat.HandleFunc("GET /assets/{name}", func(w http.ResponseWriter, r *http.Request) {
		f, _ := build.Asset(r.PathValue("name"))
		serve(w, f.Data, f.Type)
	})
	chat.HandleFunc("GET /v1/buttons/{id}/config", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		if r.Header.Get("Origin") != "null" {
			t.Errorf("the page's origin is %q", r.Header.Get("Origin"))
		}
		answer(w, http.StatusOK, `{"button": {"id": "1042", "color": "#0b6bcb", "position": "right", "locale": "en"}, "chat": {"title": "Shop", "mode": "one"}, "ticket": "opaque", "frame": "/v1/frame/1042"}`)
	})
	chat.HandleFunc("GET /v1/frame/{id}", func(w http.ResponseWriter, r *http.Request) {
		page, _ := build.FramePage(Frame{ButtonID: "1042", Lang: "en"})
		w.Header().Set("Content-Security-Policy", FramePolicy(r.Host, []string{"*"}))
		serve(w, page, "text/html; charset=utf-8")
	})
	chat.HandleFunc("POST /v1/session", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, `{"token": "visitor", "origin": "null", "locale": "en", "conversation": null, "strings": {}}`)
	})
	s.chat = httptest.NewServer(chat)
	t.Cleanup(s.chat.Close)
	s.page = s.chat
	file := filepath.Join(t.TempDir(), "app.html")
	if err := os.WriteFile(file, []byte("<!doctype html><title>App</title>"+s.fill(script(kommoSettings))), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(browser(t))
	t.Cleanup(cancel)
	s.ctx = ctx
	if err := chromedp.Do(ctx, chromedp.Navigate("file://"+file)); err != nil {
		t.Fatal(err)
	}
	p := s.panel()
	p.until(`document.querySelector("textarea") && !document.querySelector("textarea").disabled`)
	s.until(`document.querySelector(".amo-livechat_chat iframe")`)
	if got := fmt.Sprint(s.heard("")); got != "[]" {
		t.Errorf("the page said %s", got)
	}
}
