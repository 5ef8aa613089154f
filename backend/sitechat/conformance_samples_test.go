package sitechat

import (
	"encoding/json"
	"testing"
)

// sample is a piece of code as the specification shows developers (online-chat, §0 to §3) or reports of sites. Most stand in the test
// of their rule, which the table names; the others are pages of their own here.
type sample struct {
	rule, what string
	// test is where it runs; empty for those of this file.
	test string
	// html is the page, in the words of Dialect.page; works is what is true of it in the end, after act.
	html, works string
	act         func(s *site, d Dialect)
	prepare     []func(*site)
}

const (
	warmVisitor = `<script>document.cookie = "amo-livechat-id=abc"</script>`
	// ownForm is the snippet that strict code and modules can use, as developers type it (EMB-3).
	ownForm = `(function (win, doc, fn, obj, src) {
		win[obj] = {id: "1042", hash: "HASH", locale: "en", inline: false, setMeta: function (told) { (this.params = this.params || []).push(told) }};
		if (!win[fn]) { win[fn] = function () { win[fn].q.push(arguments) }; win[fn].q = []; }
		var script = doc.createElement("script"); script.async = true; script.id = obj + "_script"; script.src = src;
		(doc.head || doc.documentElement).appendChild(script);
	})(window, document, "FN", "OBJ", "LOADER");`
)

var samples = []sample{
	{rule: "EMB-2", what: "the vendor's snippet, and with a renamed parameter in a module", test: "TestEMB2"},
	{rule: "EMB-3", what: "the snippet for strict code, as our console gives it", test: "TestEMB3"},
	{rule: "EMB-3", what: "the snippet for strict code, typed by hand, with a call right after it", html: `<script>SAY</script><script type="module">"use strict"; ` + ownForm + `
		FN("onChatReady", say("ready")); OBJ.setMeta({lead: {name: "Lamp"}})</script>`, works: `log.join() === "ready" && OBJ.params.length === 1 && document.querySelector("head > #OBJ_script").async`},
	{rule: "EMB-4", what: "a site of the vendor's with everything on it", test: "TestEMB4"},
	{rule: "EMB-6", what: "the three snippets of a button", test: "TestEMB6"},
	{rule: "EMB-7", what: "hidden = false after the snippet", test: "TestEMB7"},
	{rule: "EMB-9", what: "every state of function, queue and settings", test: "TestEMB9"},
	{rule: "EMB-10", what: "a late stub's q.push", test: "TestEMB10"},
	{rule: "EMB-11", what: "a stub that was captured before", test: "TestEMB11"},
	{rule: "EMB-16", what: "placed anywhere and injected at any time", test: "TestEMB16"},
	{rule: "EMB-17", what: "the embed code of 2018", test: "TestEMB17"},
	{rule: "EMB-19", what: "a framework's component", test: "TestEMB19"},
	{rule: "EMB-21", what: "another user in the same page", test: "TestEMB21"},
	{rule: "EMB-25", what: "the Content-Security-Policy", test: "TestEMB25"},
	{rule: "HOOK-1", what: "the selectors", test: "TestHOOK1"},
	{rule: "HOOK-1", what: "hide, move and restyle by CSS, look for the chat again and again, replace a link",
		html: `<style>[id^="amo_button"] { opacity: .4 } .amo-button-holder { bottom: 90px !important } .amo-button--whatsapp { display: none !important } #amobutton .amo_animation_waves { animation: none }</style>
			<script>SETTINGS SAY looking = setInterval(() => { if (!document.querySelector("#amo-livechat") || !document.querySelector("a.amo-button__link")) return; clearInterval(looking); document.querySelector(".amo-button-holder").style.zIndex = "5"; document.querySelector(".amo-button--telegram a.amo-button__link").href = "https://t.me/ours"; log.push("there") }, 20)</script>TAG`,
		act: func(s *site, _ Dialect) { s.until("log.length") },
		works: `((look) => look("#amo_button").opacity === "0.4" && look(".amo-button-holder").bottom === "90px" && look(".amo-button-holder").zIndex === "5" && look(".amo-button--whatsapp").display === "none")((name) => getComputedStyle(document.querySelector(name)))
			&& document.querySelector(".amo-button--telegram a").href === "https://t.me/ours"`,
		prepare: []func(*site){messengers("")}},
	{rule: "HOOK-1", what: "mirror the counter by an observer that is put there at ready", html: warmVisitor + `<b id="mine"></b><script>SETTINGS STUB FN("onChatReady", () => {
			const badge = document.querySelector(".amo-button-greeting-badge"); new MutationObserver(() => document.querySelector("#mine").textContent = badge.textContent).observe(badge, {childList: true, characterData: true, subtree: true}) })</script>TAG`,
		works: `document.querySelector("#mine").textContent === "1"`, prepare: []func(*site){answers}},
	{rule: "HOOK-2", what: "the frame's JSON messages", test: "TestHOOK2"},
	{rule: "HOOK-3", what: "click() on the launcher", test: "TestHOOK3"},
	{rule: "CFG-3", what: "the configuration assigned twice", test: "TestCFG3"},
	{rule: "CFG-11", what: "the full configuration, whose frame appears by runChatShow at ready", html: `<div id="help-panel" style="width: 480px; height: 420px"></div><script>SAY
		window.FNConfig = {hidden: false, color: "#0c5fae", onlinechat: {mode: "frame", container: "#help-panel", user_id: "c-51d0a79f2e",
			locale: {extends: "pt", date_format: "dd/MM/yyyy", compose_placeholder: "Fale conosco"},
			theme: {background: "#fefefe", system_color: "rgb(100,100,100)", header: {background: "#0c5fae", color: "white"},
				message: {outgoing_background: "#0c5fae", outgoing_color: "#fff", incoming_background: "#eceff3", incoming_color: "#15212c"}, compose: {height: 72, button_background: "#0c5fae"}}}};
		SETTINGS STUB FN("onChatReady", () => FN("runChatShow")); FN("onChatShow", say("show"))</script>TAG`,
		act: func(s *site, _ Dialect) {
			p := s.frame()
			p.until(`document.querySelector(".sc-message--outbound")`)
			p.value(`[document.documentElement.lang, document.querySelector("textarea").placeholder, document.querySelector(".sc-day").textContent, document.querySelector(".sc-composer__input").getBoundingClientRect().height]`,
				[]any{"pt", "Fale conosco", "01/01/2026", 72})
			p.value(`["body/backgroundColor", ".sc-header/backgroundColor", ".sc-header__title/color", ".sc-message--outbound .sc-message__text/backgroundColor", ".sc-message--outbound .sc-message__text/color", ".sc-composer__send/backgroundColor", ".sc-day/color"].map((one) => one.split("/")).map(([name, key]) => getComputedStyle(document.querySelector(name))[key])`,
				[]string{"rgb(254, 254, 254)", "rgb(12, 95, 174)", "rgb(255, 255, 255)", "rgb(236, 239, 243)", "rgb(21, 33, 44)", "rgb(12, 95, 174)", "rgb(100, 100, 100)"})
		},
		works:   `log.join() === "show" && document.querySelector("#help-panel iframe").getBoundingClientRect().width === 480 && getComputedStyle(document.querySelector(".amo-button--main")).backgroundColor === "rgb(12, 95, 174)"`,
		prepare: []func(*site){answers, func(s *site) { s.locale = "pt" }}},
	{rule: "CFG-13", what: "frame, hidden and an own button", test: "TestCFG13"},
	{rule: "LOC-1", what: `extends: "com"`, test: "TestLOC1"},
	{rule: "THM-1", what: `"!important #F3F3F3" as a colour`, test: "TestTHM1"},
	{rule: "THM-2", what: "height: 300", test: "TestTHM2"},
	{rule: "THM-3", what: "header: true, {} and false", test: "TestTHM3"},
	{rule: "API-1", what: "names that sites tried", test: "TestAPI1"},
	{rule: "API-2", what: "setMeta as a command", test: "TestAPI2"},
	{rule: "API-3", what: "a call of each kind, in one script after the code", html: `<script>` + ownForm + `</script><script>SAY
		FN("onChatReady", say("ready")); FN("onChatShow|onChatHide", say("change")); FN("onButtonClick", function (service, link) { log.push(service + "," + link) });
		FN("onConversationsChange", function (conversations) { log.push("conversations " + conversations) }); FN("onChatRenderDone", say("rendered")); FN("onChatMessage", say("never"));
		FN("sendKeyActionHook", "cart"); FN("setMeta", {bot_params: {plan: "business"}}); OBJ.setMeta({note: {text: "From the ad", element_type: 2, note_type: "common"}})</script><button id="own" onclick="FN('runChatHide')">Close</button>`,
		act: func(s *site, _ Dialect) {
			s.until(`log.length === 2`)
			s.click(".amo-button--main")
			s.until(`log.includes("rendered")`)
			s.click("#own")
			s.until(`log.length === 6`)
		},
		works: `log.join(";") === "ready;conversations false;livechat,;change;rendered;change" && OBJ.params.length === 2 && !!document.querySelector(".amo-livechat_hidden")`, prepare: []func(*site){answers}},
	{rule: "MET-3", what: "an own button, and one that waits 250 ms", html: `<a id="first" href="#" onclick="FN('runChatShow'); return false">Ask</a> <button id="second" onclick="setTimeout(function () { FN('runChatShow') }, 250)">Write</button>
			<script>SAY SETTINGS STUB FN("onChatShow|onChatHide", say("change"))</script>TAG`,
		act: func(s *site, d Dialect) {
			s.until(ready)
			s.click("#first")
			s.until(`log.length === 1 && ` + isOpen)
			s.do(d, `FN("runChatHide")`)
			s.until("log.length === 2")
			s.click("#second")
			s.until("log.length === 3")
		}, works: isOpen},
	{rule: "MET-4", what: "runChatShow again until the chat is open", test: "TestMET4"},
	{rule: "MET-5", what: "runDestroy and the code again", test: "TestMET5"},
	{rule: "MET-6", what: "sendKeyActionHook", test: "TestKEYConditionsAndReactions"},
	{rule: "EVT-1", what: "onChatShow|onChatHide", test: "TestEVT1"},
	{rule: "EVT-2", what: "subscribe again and again in an interval", test: "TestEVT2"},
	{rule: "EVT-9", what: "onButtonClick(service, link)", test: "TestEVT9"},
	{rule: "EVT-11", what: "onConversationsChange(conversations)", test: "TestEVT11"},
	{rule: "META-1", what: "setMeta with every path, fields by code too", test: "TestMETA1"},
	{rule: "META-5", what: "setMeta detached", test: "TestMETA5"},
	{rule: "META-6", what: "the same data every few seconds", test: "TestMETA6"},
}

// Each sample that has no test of its own loads as a page; nothing throws or is left rejected, and what is documented happens.
func TestSamples(t *testing.T) {
	t.Parallel()
	for _, one := range samples {
		if one.test != "" {
			continue
		}
		t.Run(one.rule+": "+one.what, func(t *testing.T) {
			t.Parallel()
			inBoth(t, func(t *testing.T, d Dialect) {
				s := visitIn(t, d, `<script>bad = []; for (const name of ["error", "unhandledrejection"]) addEventListener(name, (e) => bad.push(name + ": " + (e.message ?? e.reason)))</script>`+one.html, one.prepare...)
				s.until(ready)
				if one.act != nil {
					one.act(s, d)
				}
				s.until(d.words(one.works))
				s.value("bad", json.RawMessage("[]"))
				s.silent()
			})
		})
	}
}
