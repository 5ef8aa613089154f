package sitechat

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const (
	kommoSettings = `crm_plugin = {id: "1042", hash: "HASH", locale: "en"};`
	kommoLoader   = `<script id="crm_plugin_script" async src="LOADER"></script>`
	ready         = `document.querySelector("#amobutton .amo-button--main")`
)

// script wraps statements of a classic script, then brings the loader.
func script(body string) string { return "<script>" + body + "</script>" + kommoLoader }

// Every state that a loader may find (EMB-9): it starts, replays what waited in order, and says nothing.
func TestStartingStates(t *testing.T) {
	t.Parallel()
	// Each writes what happened into the page's log; ready comes before shown whatever the order of the calls (EVT-7).
	const calls = `["onChatReady", function () { log.push("ready") }], ["onChatShow", function () { log.push("show") }], ["runChatShow"]`
	const stub = `crmPlugin = function () { crmPlugin.q.push(arguments) };`
	for _, tt := range []struct {
		name, html string
		want       []string
	}{
		{"a: arguments objects in q", script(`log = [];` + kommoSettings + stub + `crmPlugin.q = []; [` + calls + `].forEach(function (c) { crmPlugin.apply(null, c) });`), []string{"ready", "show"}},
		{"b: arrays in q", script(`log = [];` + kommoSettings + `crmPlugin = (...call) => crmPlugin.q.push(call); crmPlugin.q = [` + calls + `];`), []string{"ready", "show"}},
		{"c: an empty q", script(`log = [];` + kommoSettings + stub + `crmPlugin.q = [];`), []string{}},
		{"d: a function without q", script(`log = [];` + kommoSettings + `crmPlugin = function () {};`), []string{}},
		{"e: no function", script(`log = [];` + kommoSettings), []string{}},
		{"f: the settings under the function's name", script(`log = []; crmPlugin = {id: "1042", hash: "HASH", locale: "en", own: 1};`), []string{}},
		{"g: id and hash on the script element", `<script>log = []</script><script id="crm_plugin_script" data-id="1042" data-hash="HASH" async src="LOADER"></script>`, []string{}},
		{"g: id and hash in the query", `<script>log = []</script><script id="crm_plugin_script" async src="LOADER?id=1042&hash=HASH"></script>`, []string{}},
		{"i: no setMeta", script(`log = [];` + kommoSettings + stub + `crmPlugin.q = [` + calls + `];`), []string{"ready", "show"}},
		{"j: params that are like an array", script(`log = []; crm_plugin = {id: 1042, hash: "HASH", params: {length: 1, 0: {bot_params: {a: 1}}}};`), []string{}},
		{"k: rubbish in q", script(`log = [];` + kommoSettings + stub + `crmPlugin.q = [7, null, undefined, [], {}, "x", ` + calls + `];`), []string{"ready", "show"}},
		{"EMB-17: settings alone, as in 2018", `<script>log = []; var amo_social_button = {id: 1042, hash: "HASH", locale: "en"};</script><script id="amo_social_button_script" async src="LOADER"></script>`, []string{}},
		{"EMB-12: a time stamp behind the address", `<script>log = [];` + kommoSettings + `</script><script async src="LOADER?1700000000"></script>`, []string{}},
		{"EMB-16: before there is a body", `<head><script>log = [];` + kommoSettings + `</script><script id="crm_plugin_script" src="LOADER"></script></head><body>late`, []string{}},
		{"EMB-15: the inline script has the loader's id", `<script id="crm_plugin_script">log = [];` + kommoSettings + `</script>` + kommoLoader, []string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := visit(t, tt.html)
			s.until(ready)
			s.until(fmt.Sprintf("log.length >= %d", len(tt.want)))
			s.value("log", tt.want)
			s.value("[typeof (window.crmPlugin ?? window.amoSocialButton), (window.crmPlugin ?? window.amoSocialButton).q.length]", []any{"function", 0})
			s.value("typeof (window.crm_plugin ?? window.amo_social_button).setMeta", "function")
			s.value(`document.querySelectorAll("#amobutton").length`, 1)
			if said := s.heard(""); len(said) > 0 {
				t.Errorf("the page said %q", said)
			}
		})
	}
}

func TestTheirOwnKeysStayOnTheFunction(t *testing.T) {
	t.Parallel()
	s := visit(t, script(`crmPlugin = {id: "1042", hash: "HASH", name: "shop", own: 1};`)) // EMB-9 f
	s.until(ready)
	s.value("[typeof crmPlugin, crmPlugin.own, crmPlugin.id]", []any{"function", 1, "1042"})
}

func TestAnElementUnderTheNameIsIgnoredAndALaterAssignmentWins(t *testing.T) {
	t.Parallel()
	s := visit(t, `<div id="crm_plugin"></div><script>crmPlugin = function () {}</script>`+kommoLoader) // EMB-9 h
	s.until("Object.getOwnPropertySymbols(window).length")
	waitFor(t, func() bool { return len(s.heard("no button")) == 1 })
	s.run(s.fill(kommoSettings))
	s.until(ready)
}

func TestWithoutAnySettingsOneWarning(t *testing.T) {
	t.Parallel()
	for name, html := range map[string]string{
		"a function alone (EMB-9 g)": `<script>crmPlugin = function () { crmPlugin.q.push(arguments) }; crmPlugin.q = []; crmPlugin("runChatShow")</script>` + kommoLoader,
		"nothing (DIA-3)":            `<script src="LOADER"></script>`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := visit(t, html)
			waitFor(t, func() bool { return len(s.heard("")) > 0 })
			if said := s.heard(""); len(said) != 1 || !strings.HasPrefix(said[0], "warning: ") {
				t.Errorf("the page said %q, want one warning", said)
			}
			s.value(`document.querySelector("#amobutton")`, nil)
		})
	}
}

func TestCallsThroughACapturedStubArrive(t *testing.T) {
	t.Parallel()
	for name, stub := range map[string]string{ // EMB-11
		"the queue is looked up on the global": `crmPlugin = function () { crmPlugin.q.push(arguments) }; crmPlugin.q = [];`,
		"the old array is closed over":         `(function () { var q = []; crmPlugin = function () { q.push([].slice.call(arguments)) }; crmPlugin.q = q })();`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := visit(t, script(kommoSettings+stub+`captured = crmPlugin; oldQueue = crmPlugin.q; log = [];`))
			s.until(ready)
			s.value("captured === crmPlugin", false)
			s.run(`captured("onChatShow", () => log.push("show")); captured("runChatShow")`)
			s.until("log.length")
			s.run(`oldQueue.push(["onChatHide", () => log.push("hide")], ["runChatHide"])`)
			s.until("log.length > 1")
			s.run(`crmPlugin.q.push(["runChatShow"])`) // EMB-10
			s.until("log.length > 2")
			s.value("log", []string{"show", "hide", "show"})
			s.value("[oldQueue.length, crmPlugin.q.length]", []int{0, 0})
		})
	}
}

func TestDuplicates(t *testing.T) {
	t.Parallel()
	again := func(id string) string {
		return `crm_plugin = {id: "` + id + `", hash: "HASH"}; crmPlugin = function () { crmPlugin.q.push(arguments) }; crmPlugin.q = [["onChatHide", () => log.push("hide")]];
			var tag = document.createElement("script"); tag.id = "crm_plugin_script"; tag.src = "LOADER"; document.head.append(tag)`
	}
	t.Run("EMB-13: the same id again drains into the living instance", func(t *testing.T) {
		t.Parallel()
		s := visit(t, script(kommoSettings+`log = [];`))
		s.until(ready)
		s.run(`first = document.querySelector("#amobutton"); document.querySelector("#crm_plugin_script").remove(); delete window.crmPlugin; delete window.crm_plugin`)
		s.run(s.fill(again("1042")))
		s.until("crmPlugin.q.length === 0")
		s.run(`crmPlugin("runChatShow"); crmPlugin("runChatHide")`)
		s.until("log.length")
		s.value(`[document.querySelectorAll("#amobutton").length, first.isConnected, log]`, []any{1, true, []string{"hide"}})
		if n := s.askedFor("config 1042"); n != 1 {
			t.Errorf("asked for the config %d times", n)
		}
	})
	t.Run("EMB-13: another id ends the first instance", func(t *testing.T) {
		t.Parallel()
		s := visit(t, script(kommoSettings+`log = [];`))
		s.until(ready)
		s.run(`first = document.querySelector("#amobutton");` + s.fill(again("2000")))
		s.until(`!first.isConnected && document.querySelector("#amobutton")`)
		s.value(`document.querySelectorAll("#amobutton").length`, 1)
		if n := s.askedFor("config 2000"); n != 1 {
			t.Errorf("asked for the second config %d times", n)
		}
	})
	t.Run("EMB-14: both dialects live side by side", func(t *testing.T) {
		t.Parallel()
		s := visit(t, script(kommoSettings+`log = [];`)+`<script>amo_social_button = {id: "7", hash: "HASH"};</script><script id="amo_social_button_script" async src="LOADER"></script>`)
		s.until(`document.querySelectorAll("#amobutton").length === 2`)
		s.run(`amoSocialButton("onChatShow", () => log.push("amo")); crmPlugin("onChatShow", () => log.push("crm")); amoSocialButton("runChatShow")`)
		s.until("log.length")
		s.value(`[log, document.querySelectorAll(".amo-livechat_chat").length]`, []any{[]string{"amo"}, 1})
	})
}

// waitFor waits for something outside the page.
func waitFor(t testing.TB, done func() bool) {
	t.Helper()
	deadline := time.After(60 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-deadline:
			t.Fatal("waited in vain")
		case <-tick.C:
		}
	}
}
