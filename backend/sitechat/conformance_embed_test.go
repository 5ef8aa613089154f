package sitechat

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"
)

// vendorSnippet is a snippet as EMB-1 and EMB-2 describe the vendor's: a function of six parameters of which two have one name.
func vendorSnippet(d Dialect, second, settings, hidden string) string {
	return d.page(`<script>(function (w, ` + second + `, fn, x, y, obj) {
		w[obj] = {id: "1042", hash: "HASH", locale: "ru"` + settings + `, setMeta: function (p) { this.params = (this.params || []).concat([p]) }};
		w[fn] = w[fn] || function () { (w[fn].q = w[fn].q || []).push(arguments) };
		` + hidden + `
		var s = document.createElement("script"); s.async = true; s.id = obj + "_script"; s.src = "LOADER"; document.head && document.head.appendChild(s);
	})(window, 0, "FN", 0, 0, "OBJ")</script>`)
}

func TestEMB1(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		// Ours does the same in the same order; a function that is there is kept.
		snippet := Snippet(d, Embed{ButtonID: "1042", Hash: strings.Repeat("a1", 32), Locale: "ru", LoaderURL: "LOADER"})
		s := visitIn(t, d, `<script>SAY own = window.FN = function () { own.q.push([].slice.call(arguments)) }; own.q = []; own("onChatReady", say("ready"))</script>`+snippet+
			`<script>kept = own === FN; tag = document.querySelector("script[src]"); seen = [OBJ.id, OBJ.hash.length, OBJ.locale, OBJ.inline, typeof OBJ.setMeta, tag.async, tag.id, tag.parentNode === document.head]</script>`)
		s.until("log.length")
		s.value("[kept, seen]", []any{true, []any{"1042", 64, "ru", false, "function", true, d.Settings() + "_script", true}})
	})
}

func TestEMB2(t *testing.T) {
	t.Parallel()
	for name, second := range map[string]string{"two parameters of one name": "obj", "renamed, in strict code": "unused"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBoth(t, func(t *testing.T, d Dialect) {
				html := vendorSnippet(d, second, "", "")
				if second == "unused" {
					html = strings.Replace(html, "<script>", `<script type="module">`, 1)
				}
				s := visitIn(t, d, html)
				s.until(ready)
				s.silent()
			})
		})
	}
}

func TestEMB3(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		snippet := Snippet(d, Embed{ButtonID: "1042", Hash: strings.Repeat("a1", 32), Locale: "ru", LoaderURL: "LOADER"})
		for name, html := range map[string]string{
			"as it is": snippet, "in strict code": strings.Replace(snippet, "<script>", `<script>"use strict";`, 1),
			"in a module": strings.Replace(snippet, "<script>", `<script type="module">`, 1),
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := visit(t, html)
				s.until(ready)
				s.silent()
			})
		}
	})
}

func TestEMB4(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		// A site of the vendor's: its snippet, configuration, callbacks, setMeta, own button, own CSS and observers. Only host, id
		// and hash are ours.
		h := &metaHost{}
		s := visitIn(t, d, `<style>.amo-button-holder { margin-right: 7px } .amo-button--only-livechat { opacity: .9 }</style>
			<script>SAY FNConfig = {color: "rgb(1, 2, 3)", onlinechat: {locale: {extends: "pt", compose_placeholder: "Pergunte-nos"}, theme: {header: {background: "navy"}}}}</script>`+
			vendorSnippet(d, "obj", "", "")+`<script>OBJ.setMeta({contact: {name: "Anna"}}); FN("onChatReady", say("ready")); FN("onChatShow", say("show")); FN("onConversationsChange", say("conversations"))</script>
			<button id="own" onclick="FN('runChatShow')">Ask</button>`, h.routes)
		s.until(`log.includes("ready")`)
		s.click("#own")
		s.until(isOpen + `&& log.includes("show")`)
		s.value(`log`, []string{"ready", "conversations[false]", "show"})
		s.value(`[getComputedStyle(document.querySelector(".amo-button")).backgroundColor, getComputedStyle(document.querySelector(".amo-button--only-livechat")).opacity]`, []string{"rgb(1, 2, 3)", "0.9"})
		p := s.frame()
		p.writes("Oi")
		h.wrote(t, "meta", "Oi")
		p.value(`[document.querySelector("textarea").placeholder, `+style(".sc-header", "backgroundColor")+`]`, []string{"Pergunte-nos", "rgb(0, 0, 128)"})
	})
}

func TestEMB5(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		for name, tt := range map[string]struct{ settings, lang string }{
			"a number as id, a region, unknown keys": {`id: 1042, hash: "HASH", locale: "PT-br", more: [1]`, "pt"},
			"an unknown language: the account's":     {`id: "1042", hash: "HASH", locale: "id"`, "es"},
			"none: the account's":                    {`id: "1042", hash: "HASH"`, "es"},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := visitIn(t, d, `<script>OBJ = {`+tt.settings+`}</script>TAG`, func(s *site) { s.language = "es" })
				s.until(ready)
				s.do(d, `FN("runChatShow")`)
				s.until(`document.querySelector("iframe")`)
				s.value(`new URL(document.querySelector("iframe").src).searchParams.get("lang")`, tt.lang)
				s.silent()
			})
		}
	})
}

func TestEMB6(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		embed := Embed{ButtonID: "1042", Hash: strings.Repeat("a1", 32), Locale: "ru", LoaderURL: "LOADER"}
		expanded, only := embed, embed
		expanded.Inline = true
		only.Inline, only.Hidden = true, true
		for name, e := range map[string]Embed{"collapsed": embed, "expanded": expanded, "online chat only": only} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := visitIn(t, d, Snippet(d, e)+`<script>seen = [OBJ.inline, !!(window.FNConfig || {}).hidden]</script>`)
				s.until(ready)
				s.value("[seen, "+style(".amo-button-holder", "display")+"]", []any{[]bool{e.Inline, e.Hidden}, map[bool]string{true: "none", false: "block"}[e.Hidden]})
			})
		}
	})
}

func TestEMB7(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		hide := `(w[fn + "Config"] = w[fn + "Config"] || {}).hidden = true;`
		for name, tt := range map[string]struct{ after, display string }{"the snippet wins": {"", "none"}, "until the page says otherwise": {`<script>FNConfig.hidden = false</script>`, "block"}} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := visitIn(t, d, `<script>FNConfig = {hidden: false}</script>`+vendorSnippet(d, "obj", ", inline: true", hide)+tt.after)
				s.until(ready)
				s.value(style(".amo-button-holder", "display"), tt.display)
			})
		}
	})
}

func TestEMB8(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		// The loader comes when the page says so; all that was called before runs then, in order.
		s := visitIn(t, d, `<script>SAY SETTINGS OBJ.setMeta = function (data) { (this.params = this.params || []).push(data) }; STUB
			FN("onChatShow", say("show 1")); FN("onChatReady", say("ready")); OBJ.setMeta({bot_params: {n: 1}}); FN("runChatShow"); OBJ.setMeta({bot_params: {n: 2}});
			FN("onChatShow", say("show 2")); FN("runChatHide"); FN("onChatHide", say("hide"))</script>`)
		s.value("[log, document.querySelector('#amobutton')]", []any{[]any{}, nil})
		s.do(d, "BOOT")
		s.until("log.length === 4")
		s.value(d.words(`[log, OBJ.params, FN.q.length]`), []any{[]string{"ready", "show 1", "show 2", "hide"}, []any{map[string]any{"bot_params": map[string]int{"n": 1}}, map[string]any{"bot_params": map[string]int{"n": 2}}}, 0})
	})
}

func TestEMB9(t *testing.T) {
	t.Parallel()
	const calls = `["onChatReady", say("ready")], ["onChatShow", say("show")], ["runChatShow"]`
	for name, tt := range map[string]struct {
		html string
		want []string
	}{
		"a: arguments objects":  {`<script>SAY SETTINGS STUB [` + calls + `].forEach(function (c) { FN.apply(null, c) })</script>TAG`, []string{"ready", "show"}},
		"b: arrays":             {`<script>SAY SETTINGS FN = (...call) => FN.q.push(call); FN.q = [` + calls + `]</script>TAG`, []string{"ready", "show"}},
		"c: an empty queue":     {`<script>SAY SETTINGS STUB</script>TAG`, nil},
		"d: no queue":           {`<script>SAY SETTINGS FN = function () {}</script>TAG`, nil},
		"e: no function":        {`<script>SAY SETTINGS</script>TAG`, nil},
		"f: an object":          {`<script>SAY FN = {id: "1042", hash: "HASH", locale: "en", own: 1}</script>TAG`, nil},
		"g: on the element":     {`<script>SAY</script><script id="OBJ_script" data-id="1042" data-hash="HASH" src="LOADER"></script>`, nil},
		"g: in the query":       {`<script>SAY</script><script id="OBJ_script" src="LOADER?id=1042&hash=HASH"></script>`, nil},
		"i: no setMeta":         {`<script>SAY SETTINGS delete OBJ.setMeta; FN = () => {}; FN.q = [` + calls + `]</script>TAG`, []string{"ready", "show"}},
		"j: params like a list": {`<script>SAY SETTINGS OBJ.params = {length: 1, 0: {bot_params: {a: 1}}}</script>TAG`, nil},
		"k: rubbish":            {`<script>SAY SETTINGS STUB FN.q = [7, null, undefined, [], {}, "x", ` + calls + `]</script>TAG`, []string{"ready", "show"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBoth(t, func(t *testing.T, d Dialect) {
				s := visitIn(t, d, tt.html)
				s.until(ready)
				s.until(fmt.Sprintf("log.length >= %d", len(tt.want)))
				s.value("log", append([]string{}, tt.want...))
				s.value(d.words(`[typeof FN, Array.isArray(FN.q), FN.q.length, typeof OBJ.setMeta, Array.isArray(OBJ.params)]`), []any{"function", true, 0, "function", true})
				s.value(d.words(`FN.own ?? 0`), map[bool]int{true: 1}[strings.HasPrefix(name, "f")])
				s.silent()
			})
		})
	}
	t.Run("g: nowhere: a warning, and a stop", func(t *testing.T) {
		t.Parallel()
		inBoth(t, func(t *testing.T, d Dialect) {
			s := visitIn(t, d, `<script>STUB FN("runChatShow")</script>TAG`)
			waitFor(t, func() bool { return len(s.heard("warning")) == 1 })
			s.value(`document.querySelector("#amobutton")`, nil)
		})
	})
	t.Run("h: an element, and a later assignment that wins", func(t *testing.T) {
		t.Parallel()
		inBoth(t, func(t *testing.T, d Dialect) {
			s := visitIn(t, d, `<div id="OBJ"></div>TAG`)
			waitFor(t, func() bool { return len(s.heard("warning")) == 1 })
			s.do(d, "SETTINGS")
			s.until(ready)
		})
	})
}

func TestEMB10(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, `<script>SAY SETTINGS STUB</script>TAG`)
		s.until(ready)
		s.do(d, `FN.q.push(["onChatShow", say("show")], ["runChatShow"]); (function () { FN.q.push(arguments) })("onChatHide", say("hide")); length = FN.q.length; FN.q.push(["runChatHide"])`)
		s.until("log.length === 2")
		s.value(d.words(`[log, length, Array.isArray(FN.q), FN.q.length]`), []any{[]string{"show", "hide"}, 0, true, 0})
	})
}

func TestEMB11(t *testing.T) {
	t.Parallel()
	for name, stub := range map[string]string{
		"the queue is looked up on the global": `STUB`,
		"the old array is closed over":         `(function () { var q = []; FN = function () { q.push([].slice.call(arguments)) }; FN.q = q })();`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBoth(t, func(t *testing.T, d Dialect) {
				s := visitIn(t, d, `<script>SAY SETTINGS `+stub+` captured = FN; oldQueue = FN.q</script>TAG`)
				s.until(ready)
				s.do(d, `captured("onChatShow", say("show")); captured("runChatShow"); oldQueue.push(["onChatHide", say("hide")], ["runChatHide"])`)
				s.until("log.length === 2")
				s.value(d.words("[log, captured === FN, oldQueue.length, FN.q.length]"), []any{[]string{"show", "hide"}, false, 0, 0})
			})
		})
	}
}

// behind serves the chat host also behind a path, as a proxy does.
func behind(prefix string) func(*site) {
	return func(s *site) {
		s.routes = func(chat *http.ServeMux) { chat.Handle(prefix+"/", http.StripPrefix(prefix, chat)) }
	}
}

func TestEMB12(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		for name, html := range map[string]string{
			"a path and a time stamp":             `<script>SETTINGS</script><script src="PATH?1700000000"></script>`,
			"a module, found by its id":           `<script>SETTINGS</script><script type="module" id="OBJ_script" src="PATH"></script>`,
			"a module, found by its address":      `<script>SETTINGS</script><script src="data:text/javascript,1"></script><script type="module" src="PATH"></script>`,
			"the element's id goes before others": `<script>SETTINGS</script><script type="module" id="OBJ_script" src="PATH"></script><script src="/js/button.js"></script>`,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := visitIn(t, d, strings.ReplaceAll(html, "PATH", "HOST/deep/chat/js/button.js"), behind("/deep/chat"))
				s.until(ready)
				s.do(d, `FN("runChatShow")`)
				s.until(`document.querySelector("iframe")`)
				s.value(`[...new Set([document.querySelector("iframe").src, ...performance.getEntriesByType("resource").map((e) => e.name).filter((name) => !name.includes("/js/") && name.startsWith("http"))].map((name) => new URL(name).pathname.split("/").slice(0, 3).join("/")))]`, []string{"/deep/chat"})
			})
		}
	})
}

func TestEMB13(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		t.Run("the same id again", func(t *testing.T) {
			t.Parallel()
			s := visitIn(t, d, `<script>SAY SETTINGS STUB FN("onChatHide", say("hide"))</script>TAG`)
			s.until(ready)
			s.do(d, `root = document.querySelector("#amobutton"); delete window.FN; SETTINGS STUB FN("onChatShow", say("show")); FN("runChatShow"); BOOT`)
			s.until("log.length")
			s.do(d, `FN("runChatHide")`)
			s.until("log.length === 2")
			s.value(`[log, root.isConnected, document.querySelectorAll("#amobutton").length]`, []any{[]string{"show", "hide"}, true, 1})
			if n := s.askedFor("config 1042"); n != 1 {
				t.Errorf("asked for the button %d times", n)
			}
		})
		t.Run("another id", func(t *testing.T) {
			t.Parallel()
			s := visitIn(t, d, `<script>SAY SETTINGS STUB FN("onChatHide", say("old")); FN("runChatShow")</script>TAG`)
			s.until(isOpen)
			s.do(d, `root = document.querySelector("#amobutton"); OBJ = {id: "2000", hash: "HASH"}; FN("onChatShow", say("old show")); BOOT`)
			s.until(`!root.isConnected && document.querySelector("#amobutton")`)
			s.value(`[document.querySelectorAll("#amobutton").length, document.querySelectorAll(".amo-livechat_chat").length, log]`, []any{1, 0, []any{}})
			if n := s.askedFor("config 2000"); n != 1 {
				t.Errorf("asked for the other button %d times", n)
			}
		})
	})
}

func TestEMB14(t *testing.T) {
	t.Parallel()
	s := visit(t, AmoCRM.page(`<script>SAY SETTINGS STUB</script>TAG`)+strings.Replace(Kommo.page(`<script>SETTINGS STUB</script>TAG`), `"1042"`, `"7"`, 1))
	s.until(`document.querySelectorAll("#amobutton").length === 2`)
	s.run(`amoSocialButton("onChatShow", say("amo")); crmPlugin("onChatShow", say("crm")); amoSocialButton("runChatShow")`)
	s.until("log.length")
	s.run(`amoSocialButton("runDestroy"); crmPlugin("runChatShow")`)
	s.until("log.length === 2")
	s.value(`[log, document.querySelectorAll("#amobutton").length, document.querySelectorAll(".amo-livechat_chat").length]`, []any{[]string{"amo", "crm"}, 1, 1})
}

func TestEMB15(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, `<script id="OBJ_script">SETTINGS BOOT</script>`)
		s.until(ready)
		s.silent()
	})
}

func TestEMB16(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		for name, html := range map[string]string{
			"in the head, before there is a body": `<head><script>SETTINGS</script><script id="OBJ_script" src="LOADER"></script></head><body>late`,
			"at the end of the body":              `<main>Shop</main><script>SETTINGS</script>TAG`,
			"after load":                          `<script>addEventListener("load", () => setTimeout(() => { SETTINGS BOOT }))</script>`,
			"on the first act of a person":        `<script>addEventListener("pointerdown", () => { SETTINGS BOOT }, {once: true}); setTimeout(() => dispatchEvent(new Event("pointerdown")))</script>`,
			"by a tag manager":                    `<script>addEventListener("load", () => { const box = document.createElement("div"); document.body.append(box); for (const html of ['SETTINGS', ""]) { const tag = document.createElement("script"); if (html) tag.text = html; else { tag.src = "LOADER"; tag.id = "OBJ_script" } box.append(tag) } })</script>`,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := visitIn(t, d, html)
				s.until(ready)
				s.silent()
			})
		}
	})
}

func TestEMB17(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, `<script>var OBJ = {id: 1042, hash: "HASH", locale: "ru"};</script><script id="OBJ_script" async src="LOADER"></script>`)
		s.until(ready)
		s.do(d, `FN("runChatShow")`)
		s.until(isOpen + `&& document.querySelector("iframe")`)
		s.silent()
	})
}

func TestEMB18(t *testing.T) {
	t.Parallel()
	b := buildOf(t)
	bad := regexp.MustCompile(`document\.write|\beval\(|new Function|\.setAttribute\("on|javascript:`)
	for name, f := range b.assets {
		if strings.HasSuffix(name, ".js") && bad.Match(f.Data) {
			t.Errorf("%s holds %s", name, bad.Find(f.Data))
		}
	}
	if loader := b.Loader().Data; bad.Match(loader) {
		t.Errorf("the loader holds %s", bad.Find(loader))
	}
}

func TestEMB19(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		// A component of a framework comes and goes twenty times, with and without the globals and our root.
		s := visitIn(t, d, `<script>SAY mount = () => { FNConfig = {}; SETTINGS window.FN = window.FN || function () { FN.q.push(arguments) }; FN.q = FN.q || []; BOOT };
			unmount = (n) => { document.querySelector("script[src]").remove(); if (n % 2) { delete window.FN; delete window.OBJ } if (n % 3 === 0) document.querySelector("#amobutton").remove() }; mount()</script>`)
		s.until(ready)
		for n := range 20 {
			s.run(fmt.Sprintf(`unmount(%d); mount()`, n))
			s.until(ready)
		}
		s.do(d, `FN("onChatShow", say("show")); FN("runChatShow")`)
		s.until("log.length && " + isOpen + ` && document.querySelector("#amo-livechat iframe")`)
		s.value(`[log, document.querySelectorAll("#amobutton, #amo-livechat, iframe").length, document.adoptedStyleSheets.length <= 2]`, []any{[]string{"show"}, 3, true})
		if n := s.askedFor("config 1042"); n != 1 {
			t.Errorf("asked for the button %d times", n)
		}
	})
}

func TestEMB20(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, `<script>SAY SETTINGS STUB FN("onChatShow", say("show"))</script>TAG`)
		s.until(ready)
		s.do(d, `root = document.querySelector("#amobutton"); document.querySelector("script[src]").remove(); delete window.FN; delete window.OBJ; root.querySelector(".amo-button").click()`)
		s.until("log.length")
		s.do(d, `SETTINGS STUB FN("runChatHide"); BOOT`)
		s.until(isClosed)
		s.value(`[root.isConnected, document.querySelectorAll("#amobutton").length]`, []any{true, 1})
	})
}

func TestEMB21(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		var user atomic.Value
		h := &host{messages: []message{{"id": "m1", "seq": 1, "rev": 1, "at": int64(1767225600123), "direction": "outbound", "kind": "text", "text": "For Anna", "status": "sent"}}, rev: 1}
		s := visitIn(t, d, `<script>switchTo = (user) => { FNConfig = {onlinechat: {user_id: user}}; SETTINGS STUB FN("runChatShow"); BOOT }; switchTo("anna")</script>`, chatting(h), func(s *site) {
			s.opened = func(body map[string]any) { user.Store(body["user_id"]) }
			first := s.session
			s.session = func() string {
				if user.Load() == "boris" {
					return `"conversation": null, "strings": {}`
				}
				return first()
			}
		})
		p := s.frame()
		p.until(`document.querySelector(".sc-message--outbound")`)
		p.run(`document.querySelector("textarea").value = "a draft"; document.querySelector("textarea").dispatchEvent(new Event("input", {bubbles: true}))`)
		// The second person sees nothing of the first: neither history nor draft.
		p = s.newFrame(d.words(`FN("runDestroy"); delete window.FN; delete window.OBJ; switchTo("boris")`))
		p.until(`document.querySelector(".sc-welcome:not([hidden])")`)
		p.value(`[document.querySelector("textarea").value, document.querySelectorAll(".sc-message").length]`, []any{"", 0})
		if user.Load() != "boris" {
			t.Errorf("the session is for %v", user.Load())
		}
	})
}

func TestEMB22(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, `<script>SETTINGS</script>TAG`, answers)
		p := s.panel()
		p.run(`document.querySelector("textarea").value = "a draft"; document.querySelector("textarea").dispatchEvent(new Event("input", {bubbles: true}))`)
		p = s.newFrame(`root = document.querySelector("#amobutton"); document.documentElement.replaceChild(document.createElement("body"), document.body)`)
		s.until(`root.parentNode === document.body && ` + isOpen)
		p.until(`document.querySelector("textarea")?.value === "a draft"`)
	})
}

func TestEMB23(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]string{"": "", "where browsers do not tell of it": `<script>delete window.navigation</script>`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBoth(t, func(t *testing.T, d Dialect) {
				s := visitIn(t, d, before+`<script>SETTINGS</script>TAG`, answers)
				p := s.panel()
				p.run(`pages = []; addEventListener("message", (e) => e.data.kind === "page" && pages.push(new URL(e.data.page.url).pathname))`)
				s.run(`history.pushState(null, "", "/cups")`)
				p.until(`pages.includes("/cups")`)
				s.run(`history.replaceState(null, "", "/lamps")`)
				p.until(`pages.includes("/lamps")`)
			})
		})
	}
}

func TestEMB24(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, `<script>SAY SETTINGS STUB FN("onChatReady", say("ready")); FN("runChatShow")</script>TAG`, func(s *site) { s.status = http.StatusForbidden })
		waitFor(t, func() bool { return len(s.heard("warning")) > 0 })
		s.do(d, `FN("runChatShow")`)
		s.value(`[log, document.querySelectorAll("#amobutton, iframe").length, document.adoptedStyleSheets.length]`, []any{[]any{}, 0, 0})
		if said := s.heard(""); len(said) != 1 || !strings.Contains(said[0], "trusted sites") {
			t.Errorf("the page said %q, want one warning", said)
		}
	})
}

func TestEMB25(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		for name, before := range map[string]string{"": "", "without constructed style sheets": "CSSStyleSheet.prototype.replaceSync = () => { throw 1 };"} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := visitIn(t, d, `<script nonce="n">violations = []; addEventListener("securitypolicyviolation", (e) => violations.push(e.violatedDirective + " " + e.blockedURI)); `+before+`
					SAY SETTINGS STUB FN("runChatShow"); FN("onChatRenderDone", say("rendered"))</script><script nonce="n" id="OBJ_script" async src="LOADER"></script>`, answers, func(s *site) {
					style := ""
					if before != "" {
						style = "; style-src 'nonce-n'"
					}
					s.header["Content-Security-Policy"] = "default-src 'none'; script-src CHAT 'nonce-n'; connect-src CHAT; frame-src CHAT; img-src CHAT data: blob:; media-src CHAT data: blob:" + style
				})
				s.until("log.length || violations.length")
				s.until(`getComputedStyle(document.querySelector("#amo-livechat")).position === "fixed" || violations.length`)
				s.value(`[violations, getComputedStyle(document.querySelector(".amo-button")).borderRadius, getComputedStyle(document.querySelector("#amo-livechat")).position]`, []any{[]any{}, "50%", "fixed"})
			})
		}
	})
}

// pressEscape presses the key where the focus is.
func (s *site) pressEscape() {
	s.t.Helper()
	if err := chromedp.Do(s.ctx, chromedp.KeyEvent("\x1b")); err != nil {
		s.t.Fatal(err)
	}
}
