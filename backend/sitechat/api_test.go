package sitechat

import (
	"net/http"
	"strings"
	"testing"
)

func TestNothingThatAPageCallsThrowsOrReturns(t *testing.T) {
	t.Parallel()
	s := visit(t, script(kommoSettings)) // API-1, EVT-1
	s.until(ready)
	s.value(`[["open"], ["show"], ["create", {}], ["init"], ["runShow"], ["runHide"], ["runButtonShow"], ["setMeta", {a: 1}], [], [null], [undefined], [7], [{}], [[]],
		["onChatReady"], ["onChatShow", "no function"], ["onChatShow|nonsense", () => {}], ["sendKeyActionHook", "x"], ["sendKeyActionHook", {}], ["onChatMessage", () => {}],
		["constructor"], ["toString"], ["__proto__"], [{toString() { throw 1 }}], [Symbol("s")], ["x".repeat(1e6)], ["open"], ["open"]].map((call) => crmPlugin(...call)).filter((x) => x !== undefined)`, []int{})
	waitFor(t, func() bool { return len(s.heard("toString is unknown")) == 1 })
	if said := s.heard("open is unknown"); len(said) != 1 {
		t.Errorf("a name that is not known: %q, want one warning", said)
	}
	for _, line := range s.heard("") {
		if !strings.HasPrefix(line, "warning: ") || len(line) > 200 || strings.Contains(line, "onChatMessage") || strings.Contains(line, "sendKeyActionHook") {
			t.Errorf("the page said %.200q", line)
		}
	}
	s.value("crm_plugin.params", []map[string]int{{"a": 1}}) // API-2
}

func TestEventsOfOpeningAndClosing(t *testing.T) {
	t.Parallel()
	s := visit(t, script(kommoSettings+`log = []; says = (text) => (...args) => log.push(args.length ? text + JSON.stringify(args) : text);
		crmPlugin = function () { crmPlugin.q.push(arguments) }; crmPlugin.q = [];
		crmPlugin("runChatShow"); crmPlugin("onChatShow | onChatHide", says("change")); crmPlugin("onConversationsChange", says("conversations"));
		crmPlugin("onChatRenderDone", says("rendered")); crmPlugin("onButtonClick", says("click")); crmPlugin("onChatReady", says("ready")); crmPlugin("onChatReady", () => { throw new Error("theirs") });
		crmPlugin("onChatReady", says("still"))`))
	// EVT-7: ready, then the conversations (false where there is only one, O §3.4), then what was queued; EVT-3: a callback that throws stops nobody.
	s.until(`log.includes("rendered")`)
	s.value("log", []string{"ready", "still", "conversations[false]", "change", "rendered"})
	if thrown := s.heard("theirs"); len(thrown) != 1 {
		t.Errorf("their exception was reported %d times: %q", len(thrown), s.heard(""))
	}
	// MET-1, MET-2: idempotent, one event for each transition (EVT-8).
	s.run(`log.length = 0; crmPlugin("runChatShow"); crmPlugin("runChatHide"); crmPlugin("runChatHide"); log.push("sync")`)
	s.until(`document.querySelector(".amo-livechat_hidden")`)
	s.value("log", []string{"sync", "change"}) // EVT-5: never inside the call
	// EVT-9: the click is told before the window opens, HOOK-3: a click made by script is a click.
	s.run(`log.length = 0; open = () => document.querySelectorAll(".amo-livechat_chat").length; crmPlugin("onButtonClick", () => log.push(open())); document.querySelector(".amo-button--main").click()`)
	s.until("log.length > 2")
	s.value("log", []any{`click["livechat",""]`, 0, "change"})
	// EVT-6, EVT-11: late subscribers hear of what was reached.
	s.run(`log.length = 0; crmPlugin("onChatReady|onConversationsChange|onChatRenderDone", says("late"))`)
	s.until("log.length > 2")
	s.value("log", []string{"late", "late[false]", "late"})
	// Escape on the launcher closes and leaves the focus there (WIN-7).
	s.run(`log.length = 0; document.querySelector(".amo-button--main").focus(); document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key: "Escape", bubbles: true}))`)
	s.until("log.length")
	s.value(`[log, document.activeElement.className.includes("amo-button--main"), document.activeElement.getAttribute("aria-expanded")]`, []any{[]string{"change"}, true, "false"})
}

func TestAColdVisitorLoadsAndStoresNothing(t *testing.T) {
	t.Parallel()
	s := visit(t, script(kommoSettings+`log = []; crmPlugin = {}; `)+`<script>crmPlugin = function () { crmPlugin.q.push(arguments) }; crmPlugin.q = [["onChatReady", () => log.push(
		document.querySelectorAll("#amobutton .amo-button-holder .amo-button.amo-button--main.amo-button--only-livechat .amo-button--main-icon").length,
		document.querySelector(".amo-button-greeting-badge").textContent, document.querySelectorAll("#amo-livechat.amo-livechat.amo-livechat_hidden").length)]]</script>`)
	// HOOK-1, HOOK-4: the nodes are there at ready.
	s.until("log.length")
	s.value("log", []any{1, "", 1})
	s.value(`[document.querySelectorAll("iframe").length, document.cookie, localStorage.length, sessionStorage.length, performance.getEntriesByType("resource").map((e) => new URL(e.name).pathname).sort()]`,
		[]any{0, "", 0, 0, []string{"/js/button.js", "/v1/buttons/1042/config"}})
	s.value(`[getComputedStyle(document.querySelector(".amo-button-holder")).zIndex, getComputedStyle(document.querySelector(".amo-button")).backgroundColor]`, []any{"2147483000", "rgb(11, 107, 203)"}) // WIN-8
	s.run(`crmPlugin("runChatShow")`)
	s.until(`document.querySelector("#amo-livechat iframe")`)
	s.value(`(({src, title, allow, sandbox}) => [new URL(src).pathname, title, allow, sandbox.value])(document.querySelector("#amo-livechat iframe"))`, []string{"/v1/frame/1042", "Shop support",
		"microphone; camera; autoplay; clipboard-write", "allow-scripts allow-same-origin allow-forms allow-popups allow-downloads allow-popups-to-escape-sandbox"}) // SEC-11
	s.value(`/ticket|token|opaque/.test(document.querySelector("#amo-livechat iframe").src)`, false) // SEC-5
	s.value("document.cookie", "")                                                                   // opening is not writing
}

// Who presses the launcher is about to click it: the panel loads meanwhile, but nothing opens, and nobody hears of it, before the click.
func TestThePressBringsThePanel(t *testing.T) {
	t.Parallel()
	s := visit(t, `<script>log = []; for (const name of ["onChatShow", "onButtonClick"]) (window.crmPlugin ??= Object.assign(function () { crmPlugin.q.push(arguments) }, {q: []}))(name, () => log.push(name))</script>`+script(kommoSettings), answers)
	s.until(ready)
	s.value(`document.querySelectorAll("iframe").length`, 0)
	s.run(`document.querySelector(".amo-button--main").dispatchEvent(new PointerEvent("pointerdown", {bubbles: true}))`)
	s.until(`document.querySelector(".amo-livechat_hidden iframe")`)
	s.value(`[log, document.cookie, localStorage.length]`, []any{[]string{}, "", 0})
	p := s.frame()
	p.until(`document.querySelector("textarea")`)
	s.click(".amo-button--main")
	p.until(`document.activeElement.matches("textarea") && document.hasFocus()`)
	s.value(`[log, document.querySelectorAll("iframe").length]`, []any{[]string{"onButtonClick", "onChatShow"}, 1})
	s.silent()
}

func TestAWarmVisitorsPanelLoadsByItself(t *testing.T) {
	t.Parallel()
	// VIS-1: the cookie may be the site's own.
	s := visit(t, `<script>document.cookie = "amo-livechat-id=3f1c2a9e-6d5b-4c1e-8a77-0c9d4e5f6a7b"</script>`+script(kommoSettings))
	s.until(`document.querySelector(".amo-livechat_hidden iframe")`)
	waitFor(t, func() bool { return s.askedFor("frame 1042") == 1 })
}

func TestConfiguration(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, html, expression, want string }{
		{"CFG-1, CFG-5: hidden, and the page's colour wins", script(`crmPluginConfig = {hidden: true, color: "rgb(1, 2, 3)"};` + kommoSettings), hiddenAndColor, "none rgb(1, 2, 3)"},
		{"EMB-7: what the snippet hides is shown when the page says so after it", script(kommoSettings + `crmPluginConfig = {hidden: true}; crmPluginConfig.hidden = false`), hiddenAndColor, "block rgb(11, 107, 203)"},
		{"CFG-4: wrong types count as absent", script(`crmPluginConfig = {hidden: "true", color: "!important #F3F3F3", onlinechat: 7, fields: []};` + kommoSettings), hiddenAndColor, "block rgb(11, 107, 203)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := visit(t, tt.html)
			s.until(ready)
			s.value(tt.expression, tt.want)
			// MET-1: it opens with a hidden launcher too.
			s.run(`crmPlugin("runChatShow")`)
			s.until(`document.querySelector(".amo-livechat_chat iframe")`)
		})
	}
}

const hiddenAndColor = `[".amo-button-holder", ".amo-button"].map((name) => getComputedStyle(document.querySelector(name))).map((s, i) => i ? s.backgroundColor : s.display).join(" ")`

func TestASiteThatIsNotTrustedGetsOneWarningAndNothingElse(t *testing.T) {
	t.Parallel()
	s := visit(t, script(kommoSettings+`crmPlugin = function () { crmPlugin.q.push(arguments) }; crmPlugin.q = [["onChatReady", () => { throw "ready" }], ["runChatShow"]]`), func(s *site) { s.status = http.StatusForbidden })
	waitFor(t, func() bool { return len(s.heard("warning")) > 0 })
	s.run(`crmPlugin("runChatShow")`)
	s.value(`[document.querySelectorAll("#amobutton, iframe").length, document.adoptedStyleSheets.length]`, []int{0, 0}) // EMB-24
	if said := s.heard(""); len(said) != 1 || !strings.Contains(said[0], "trusted sites") {
		t.Errorf("the page said %q, want one warning with the server's reason", said)
	}
}

func TestReadyComesWhenTheServerCanAnswer(t *testing.T) {
	t.Parallel()
	s := visit(t, script(kommoSettings), func(s *site) { s.status = http.StatusServiceUnavailable }) // EVT-6
	waitFor(t, func() bool { return s.askedFor("config 1042") > 0 })
	s.value(`document.querySelector("#amobutton")`, nil)
	s.mu.Lock()
	s.status = 0
	s.mu.Unlock()
	s.until(ready)
}

func TestDestroyLeavesThePageAsItWas(t *testing.T) {
	t.Parallel()
	s := visit(t, script(kommoSettings+`log = [];`)) // MET-5
	s.until(ready)
	s.run(`before = ''; before = Object.keys(window).sort().join(); crmPlugin("onChatShow", () => log.push("show")); crmPlugin("onChatHide", () => log.push("hide")); crmPlugin("runChatShow")`)
	s.until(`log.length && document.querySelector("iframe")`)
	s.run(`crmPlugin("runDestroy"); crmPlugin("runDestroy"); crmPlugin("runChatShow"); crmPlugin("onChatShow", () => log.push("next"))`)
	s.value(`[document.querySelectorAll("#amobutton, #amo-livechat, iframe").length, document.adoptedStyleSheets.length, document.documentElement.className, Object.keys(window).sort().join() === before]`, []any{0, 0, "", true})
	// A second runDestroy does nothing, now and to the next instance (O §3.6).
	s.value("[typeof crmPlugin, crmPlugin.q.length, log]", []any{"function", 2, []string{"show"}})
	// EMB-21: the next instance takes what was asked for meanwhile; EMB-19: twenty times over.
	s.run(s.fill(`boot = () => { var tag = document.createElement("script"); tag.id = "crm_plugin_script"; tag.src = "LOADER"; document.head.append(tag) }; boot()`))
	s.until(`log.includes("next")`)
	for range 20 {
		s.run(`crmPlugin("runDestroy"); boot()`)
		s.until(ready)
	}
	s.value(`[document.querySelectorAll("#amobutton").length, document.adoptedStyleSheets.length]`, []int{1, 1})
}

func TestAnotherBodyKeepsTheChat(t *testing.T) {
	t.Parallel()
	s := visit(t, script(kommoSettings)) // EMB-22
	s.until(ready)
	s.run(`crmPlugin("runChatShow"); root = document.querySelector("#amobutton"); document.documentElement.replaceChild(document.createElement("body"), document.body)`)
	s.until(`root.parentNode === document.body && document.querySelector(".amo-livechat_chat iframe")`)
}

func TestAStrictPolicyIsKept(t *testing.T) {
	t.Parallel()
	// EMB-25, with a nonce for the page's own scripts.
	s := visit(t, `<script nonce="n">violations = []; addEventListener("securitypolicyviolation", (e) => violations.push(e.violatedDirective)); done = false;`+kommoSettings+
		`crmPlugin = function () { crmPlugin.q.push(arguments) }; crmPlugin.q = [["runChatShow"], ["onChatRenderDone", () => done = true]]</script>`+kommoLoader, func(s *site) {
		s.header["Content-Security-Policy"] = "default-src 'none'; script-src CHAT 'nonce-n'; connect-src CHAT; frame-src CHAT; img-src CHAT data:; media-src CHAT data:; require-trusted-types-for 'script'"
	})
	s.until("window.done || violations.length")
	s.value("violations", []string{})
	s.value(`getComputedStyle(document.querySelector(".amo-button")).borderRadius`, "50%")
	// HOOK-4: a page that removes style elements takes nothing of ours.
	s.run(`document.querySelectorAll("style").forEach((style) => style.remove())`)
	s.value(`getComputedStyle(document.querySelector(".amo-button")).borderRadius`, "50%")
}

func TestSnippetsStartTheChat(t *testing.T) {
	t.Parallel()
	embed := Embed{ButtonID: "1042", Hash: strings.Repeat("a1", 32), Locale: "ru", LoaderURL: "LOADER"}
	hidden := embed
	hidden.Hidden, hidden.Inline = true, true
	for name, html := range map[string]string{
		"Kommo":                       Snippet(Kommo, embed),
		"amoCRM":                      Snippet(AmoCRM, embed),
		"in a module (EMB-3)":         strings.Replace(Snippet(Kommo, embed), "<script>", `<script type="module">`, 1),
		"in strict code (EMB-3)":      strings.Replace(Snippet(Kommo, embed), "<script>", `<script>"use strict";`, 1),
		"twice (EMB-13)":              Snippet(Kommo, embed) + Snippet(Kommo, embed),
		"online chat only (EMB-6, 7)": `<script>amoSocialButtonConfig = {hidden: false}</script>` + Snippet(AmoCRM, hidden),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := visit(t, html+`<script>log = []; (window.crmPlugin || window.amoSocialButton || function () {})("onChatReady", () => log.push("ready"))</script>`)
			s.until(ready)
			s.value(`[document.querySelectorAll("#amobutton").length, getComputedStyle(document.querySelector(".amo-button-holder")).display]`,
				[]any{1, map[bool]string{true: "none", false: "block"}[strings.Contains(name, "only")]})
		})
	}
}
