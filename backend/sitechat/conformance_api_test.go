package sitechat

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

const apiPage = `<script>SAY SETTINGS STUB</script>TAG`

func TestAPI1(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, apiPage)
		s.until(ready)
		s.value(d.words(`[["open"], ["show"], ["create", {}], ["init"], ["runShow"], ["runHide"], ["runButtonShow"], ["setMeta", {a: 1}], [], [null], [undefined], [7], [{}], [[]], [true],
			["onChatReady"], ["onChatShow", "no function"], ["onChatShow|nonsense", () => {}], ["sendKeyActionHook", "x"], ["sendKeyActionHook", {}], ["onChatMessage", () => {}], ["runChatHide", 1, 2],
			["constructor"], ["toString"], ["__proto__"], [{toString() { throw 1 }}], [Symbol("s")], [() => {}], ["x".repeat(1e6)], ["open"], ["open"]].map((call) => FN(...call)).filter((x) => x !== undefined)`), []int{})
		waitFor(t, func() bool { return len(s.heard("toString is unknown")) == 1 })
		for _, name := range []string{"open", "show", "create", "init", "runShow", "runHide", "runButtonShow", "constructor", "__proto__"} {
			if said := s.heard("] " + name + " is unknown"); len(said) != 1 {
				t.Errorf("%s: %q, want one warning", name, said)
			}
		}
		for _, line := range s.heard("") {
			if !strings.HasPrefix(line, "warning: ") || len(line) > 200 || strings.Contains(line, "onChatMessage") || strings.Contains(line, "sendKeyActionHook") {
				t.Errorf("the page said %.200q", line)
			}
		}
	})
}

func TestAPI2(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, `<script>SETTINGS STUB FN("setMeta", {a: 1})</script>TAG`)
		s.until(ready)
		s.do(d, `FN("setMeta", {b: 2}); FN("setMeta"); FN("setMeta", 7)`)
		s.value(d.words("OBJ.params"), []map[string]int{{"a": 1}, {"b": 2}})
		s.silent()
	})
}

func TestAPI3(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		// Anywhere after the code: in the next script, in handlers, in a frame of the site's own.
		s := visitIn(t, d, Snippet(d, Embed{ButtonID: "1042", Hash: strings.Repeat("a1", 32), Locale: "en", LoaderURL: "LOADER"})+
			`<script>SAY FN("onChatShow", say("show"))</script><button id="own" onclick="FN('runChatShow')">Ask</button><iframe id="theirs" srcdoc="<script>parent.FN('onChatHide', parent.say('hide'))</script>"></iframe>`)
		s.until(ready)
		s.click("#own")
		s.until("log.length")
		s.run(d.words(`document.querySelector("#theirs").contentWindow.parent.FN("runChatHide")`))
		s.until("log.length === 2")
		s.value("log", []string{"show", "hide"})
	})
}

func TestMET1(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, `<script>SAY FNConfig = {hidden: true}; SETTINGS STUB FN("onChatShow", say("show"))</script>TAG`)
		s.until(ready)
		s.do(d, `FN("runChatShow"); FN("runChatShow"); FN("onChatShow", () => setTimeout(() => log.push("later")))`)
		s.until(isOpen + `&& document.querySelector("#amo-livechat iframe")`)
		s.do(d, `FN("runChatShow"); queueMicrotask(() => setTimeout(() => log.push("end")))`)
		s.until(`log.includes("end")`)
		s.value(`log.filter((said) => said !== "later")`, []string{"show", "end"})
	})
}

func TestMET2(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, `<script>SAY SETTINGS STUB FN("onChatHide", say("hide")); FN("runChatHide")</script>TAG`, answers)
		p := s.panel()
		p.until(`document.querySelector(".sc-message--outbound")`)
		p.run(`input = document.querySelector("textarea"); input.value = "a draft"; input.dispatchEvent(new Event("input", {bubbles: true})); box = document.querySelector(".sc-scroll"); list = document.querySelector(".sc-transcript"); list.style.paddingTop = "3000px"; requestAnimationFrame(() => requestAnimationFrame(() => { box.scrollTop = 50; scrolled = true }))`)
		p.until(`window.scrolled && box.scrollTop === 50 && !document.querySelector(".sc-latest").hidden`)
		s.do(d, `FN("runChatHide"); FN("runChatHide")`)
		s.until(isClosed)
		s.do(d, `FN("runChatShow")`)
		s.until(isOpen)
		p.value("[input.value, box.scrollTop]", []any{"a draft", 50})
		s.value("log", []string{"hide"})
	})
}

func TestMET3(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		// The click that opens goes on to the document: it closes nothing.
		s := visitIn(t, d, `<button id="own" onclick="FN('runChatShow')">Ask</button><script>SAY SETTINGS STUB FN("onChatShow", say("show")); FN("onChatHide", say("hide")); clicks = 0; document.addEventListener("click", () => clicks++)</script>TAG`)
		s.until(ready)
		s.click("#own")
		s.until("clicks === 1 && log.length && " + isOpen)
		s.until(`document.querySelector("#amo-livechat iframe")`)
		s.click("#own")
		s.until("clicks === 2")
		s.value("[log, !!"+isOpen+"]", []any{[]string{"show"}, true})
	})
}

func TestMET4(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		// A site that asks again and again until the chat is open, from before the loader on.
		s := visitIn(t, d, `<script>SAY SETTINGS STUB FN("onChatShow", say("show"));
			asking = setInterval(() => { asked = (window.asked || 0) + 1; if (`+isOpen+`) clearInterval(asking); else FN("runChatShow") }, 20)</script>`)
		s.until("window.asked > 3")
		s.do(d, "BOOT")
		s.until("log.length && " + isOpen)
		s.value(d.words("[log, FN.q.length]"), []any{[]string{"show"}, 0})
	})
}

func TestMET5(t *testing.T) {
	t.Parallel()
	// What the page's objects hold is counted from outside: listeners, timers, observers, frames, sheets.
	const counting = `<script>
		held = {timers: new Set(), listeners: 0, observers: new Set()};
		for (const [set, clear, once] of [["setTimeout", "clearTimeout", true], ["setInterval", "clearInterval", false]]) {
			const realSet = window[set], realClear = window[clear];
			// The test's own waiting is not ours.
			window[set] = (act, ms, ...rest) => { if (!/button.js|assets/.test(new Error().stack)) return realSet(act, ms, ...rest); const id = realSet(() => { if (once) held.timers.delete(id); act(...rest) }, ms); held.timers.add(id); return id };
			window[clear] = (id) => { held.timers.delete(id); realClear(id) };
		}
		for (const target of [window, document, visualViewport, navigation, document.documentElement]) {
			const add = target.addEventListener;
			target.addEventListener = (type, act, options) => { if (options?.signal?.aborted) return; held.listeners++; options?.signal?.addEventListener("abort", () => held.listeners--); add.call(target, type, act, options) };
		}
		for (const name of ["MutationObserver", "ResizeObserver", "IntersectionObserver"]) {
			const { observe, disconnect } = window[name].prototype;
			window[name].prototype.observe = function (...args) { held.observers.add(this); observe.apply(this, args) };
			window[name].prototype.disconnect = function () { held.observers.delete(this); disconnect.call(this) };
		}</script>`
	for name, config := range map[string]string{"widget": "", "frame": `FNConfig = {onlinechat: {mode: "frame", container: "#help"}};`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBoth(t, func(t *testing.T, d Dialect) {
				s := visitIn(t, d, `<div id="help" style="height: 400px"></div>`+counting+`<script>SAY `+config+` SETTINGS document.cookie = "amo-livechat-id=kept"; STUB FN("onChatHide", say("hide")); FN("onChatShow", say("show"))</script>TAG`, answers)
				s.until(ready)
				s.do(d, `before = 0; before = Object.keys(window).length; FN("runChatShow")`)
				s.until(isOpen)
				s.frame().until(`document.querySelector(".sc-message--outbound")`)
				s.value("held.listeners > 0 && held.observers.size > 0", true)
				s.do(d, `FN("runDestroy"); FN("runDestroy")`)
				s.until("held.timers.size === 0")
				s.value(`[document.querySelectorAll("#amobutton, #amo-livechat, iframe, .amo-livechat_bubble").length, document.adoptedStyleSheets.length, held.listeners, held.observers.size, document.documentElement.className, log, document.cookie, Object.keys(window).length - before]`,
					[]any{0, 0, 0, 0, "", []string{"show"}, "amo-livechat-id=kept", 0})
				// The globals are a stub again; what is called now is for the next instance.
				s.do(d, `FN("onChatShow", say("next")); FN("runChatShow"); length = FN.q.length; BOOT`)
				s.until("log.length === 2")
				s.value("[log, length]", []any{[]string{"show", "next"}, 2})
			})
		})
	}
}

func TestMET6(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, `<script>SAY SETTINGS STUB FN("sendKeyActionHook", "before"); FN("onChatReady", say("ready"))</script>TAG`)
		s.until("log.length")
		// Unknown names, wrong types and none at all are taken in silence, and nobody is told.
		s.value(d.words(`["cart", " Cart ", "", 7, null, {}, () => {}, "x".repeat(1e5)].map((name) => FN("sendKeyActionHook", name)).filter((x) => x !== undefined)`), []int{})
		s.do(d, `FN("sendKeyActionHook"); setTimeout(() => log.push("end"))`)
		s.until("log.length === 2")
		s.value(`[log, performance.getEntriesByType("resource").map((e) => new URL(e.name).pathname).filter((path) => !/button.js|config|assets/.test(path))]`, []any{[]string{"ready", "end"}, []int{}})
		s.silent()
	})
}

func TestEVT1(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, apiPage)
		s.until(ready)
		s.do(d, `FN(" onChatShow |onChatHide| nonsense ", say("change")); FN("runChatShow"); FN("runChatHide")`)
		s.until("log.length === 2")
		s.value("log", []string{"change", "change"}) // told without arguments
		if said := s.heard("nonsense is unknown"); len(said) != 1 || len(s.heard("")) != 1 {
			t.Errorf("the page said %q", s.heard(""))
		}
	})
}

func TestEVT2(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, apiPage)
		s.until(ready)
		s.do(d, `same = say("same"); for (let i = 0; i < 5; i++) FN("onChatShow", same); FN("onChatShow", say("second")); FN("onChatShow", say("second")); FN("runChatShow")`)
		s.until("log.length >= 3")
		s.do(d, `count = 0; for (let i = 0; i < 300; i++) FN("onChatHide", () => count++); FN("runChatHide")`)
		s.until("count === 200")
		s.value("log", []string{"same", "second", "second"})
		waitFor(t, func() bool { return len(s.heard("onChatHide too many listeners")) == 1 })
	})
}

func TestEVT3(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, apiPage)
		s.until(ready)
		s.do(d, `FN("onChatShow", say("before")); FN("onChatShow", () => { throw new Error("theirs") }); FN("onChatShow", say("after")); FN("runChatShow")`)
		s.until("log.length === 2 && " + isOpen)
		waitFor(t, func() bool { return len(s.heard("theirs")) == 1 })
		s.value("log", []string{"before", "after"})
	})
}

func TestEVT4(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, `<script>SAY SETTINGS STUB FN("onChatReady|onChatShow|onChatHide", say("first"))</script>TAG`)
		s.until("log.length")
		s.do(d, `FN("runDestroy"); FN("onChatShow", say("second")); BOOT`)
		s.until(ready)
		s.do(d, `FN("runChatShow")`)
		s.until("log.length === 2")
		s.value("log", []string{"first", "second"})
	})
}

func TestEVT5(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, apiPage)
		s.until(ready)
		s.do(d, `FN("onChatShow", () => log.push("show " + (function () { return this === window }()))); FN("runChatShow"); log.push("called"); FN("onChatReady", say("late")); log.push("subscribed")`)
		s.until("log.length === 4")
		s.value("log", []string{"called", "subscribed", "show true", "late"})
	})
}

func TestEVT6(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, `<script>SAY SETTINGS STUB FN("onChatReady", say("ready"))</script>TAG`, func(s *site) { s.status = http.StatusServiceUnavailable })
		waitFor(t, func() bool { return s.askedFor("config 1042") > 0 })
		s.value("log", []int{}) // not before it can
		s.mu.Lock()
		s.status = 0
		s.mu.Unlock()
		s.until("log.length")
		s.do(d, `late = say("late"); FN("onChatReady", late); FN("onChatReady", late); log.push("sync")`)
		s.until("log.length === 3")
		s.value("log", []string{"ready", "sync", "late"})
	})
}

func TestEVT7(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, `<script>SAY SETTINGS STUB FN("runChatShow"); FN("onChatRenderDone", say("rendered")); FN("onChatShow", say("show")); FN("onConversationsChange", say("conversations")); FN("onChatReady", say("ready 1")); FN("onChatReady", say("ready 2"))</script>TAG`, answers)
		s.until(`log.includes("rendered")`)
		// What was queued runs after the callbacks of ready; the first paint of the chat needs that it was opened.
		s.value("log", []string{"ready 1", "ready 2", "conversations[false]", "show", "rendered"})
		s.do(d, `FN("onChatRenderDone", say("late"))`)
		s.until(`log.includes("late")`)
	})
	const all = `for (const name of ["onUnreadChange", "onChatHide", "onButtonClick", "onChatShow", "onChatRenderDone", "onConversationsChange", "onChatReady"]) FN(name, say(name))`
	t.Run("who wrote before: the chat is rendered by itself, then all else comes", func(t *testing.T) {
		t.Parallel()
		inBoth(t, func(t *testing.T, d Dialect) {
			s := visitIn(t, d, `<script>document.cookie = "amo-livechat-id=abc"; SAY SETTINGS STUB `+all+`</script>TAG`, answers)
			s.until(`log.length === 4`)
			s.click(".amo-button--main")
			s.until(isOpen + ` && log.length === 7`)
			s.value("log.slice(0, 6)", []string{"onChatReady", "onConversationsChange[false]", "onChatRenderDone", "onUnreadChange[1]", `onButtonClick["livechat",""]`, "onChatShow"})
		})
	})
	t.Run("a list of conversations", func(t *testing.T) {
		t.Parallel()
		inBoth(t, func(t *testing.T, d Dialect) {
			list := `[` + summary("A122", 5, `"kind": "text", "text": "Hello", "direction": "inbound"`) + `]`
			s := visitIn(t, d, `<script>document.cookie = "amo-livechat-id=abc"; SAY SETTINGS STUB `+all+`</script>TAG`, several(&list))
			s.until(`log.length === 4`)
			s.value(`log.map((said) => said.replace(/\[\{.*/, "[...]"))`, []string{"onChatReady", "onConversationsChange[[]]", "onChatRenderDone", "onConversationsChange[[...]"})
		})
	})
}

func TestEVT8(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, `<script>SAY SETTINGS STUB FN("onChatShow", say("show")); FN("onChatHide", say("hide"))</script>TAG`, answers)
		s.until(ready)
		opened := func(how func()) {
			t.Helper()
			how()
			s.until(isOpen)
			s.until(`log.length === 1`)
			s.value("log.splice(0)", []string{"show"})
		}
		closed := func(how func()) {
			t.Helper()
			how()
			s.until(isClosed)
			s.until(`log.length === 1`)
			s.value("log.splice(0)", []string{"hide"})
		}
		launcher := func() { s.click(".amo-button--main") }
		show, hide := func() { s.do(d, `FN("runChatShow")`) }, func() { s.do(d, `FN("runChatHide")`) }
		opened(launcher)
		p := s.frame()
		closed(launcher)
		opened(show)
		closed(hide)
		opened(launcher)
		closed(func() { p.run(`document.querySelector(".sc-header__close").click()`) })
		opened(launcher)
		p.until(`document.activeElement.matches("textarea")`)
		closed(s.pressEscape)
		// Escape on the page, with the focus outside the panel.
		opened(show)
		s.run(`document.querySelector(".amo-button--main").focus()`)
		closed(s.pressEscape)
	})
}

func TestEVT9(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, `<script>SAY SETTINGS STUB FN("onButtonClick", say("click")); FN("onButtonClick", () => log.push(!!`+isOpen+`)); FN("onChatShow", say("show"))</script>TAG`)
		s.until(ready)
		s.do(d, `FN("runChatShow")`)
		s.until("log.length")
		s.do(d, `FN("runChatHide"); log.length = 0`)
		s.click(".amo-button--main")
		s.until("log.length === 3")
		s.value("log", []any{`click["livechat",""]`, false, "show"})
	})
}

func TestEVT10(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		// None of the vendor's events tells that the visitor wrote; ours of another name does, to who asks for it.
		s := visitIn(t, d, `<script>SAY SETTINGS STUB for (const name of ["onChatMessage", "onVisitorMessage"]) FN(name, say(name))</script>TAG`, answers)
		p := s.panel()
		p.writes("Hello")
		s.until("log.length")
		s.value("log", []string{"onVisitorMessage"})
		s.silent()
	})
}

// several is a chat with two conversations.
func several(list *string) func(*site) {
	return func(s *site) {
		s.mode = "multiple"
		s.session = func() string { return `"conversation": null, "conversations": ` + *list + `, "strings": {}` }
		s.routes = func(chat *http.ServeMux) {
			chat.HandleFunc("GET /v1/conversations", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, `{"conversations": `+*list+`}`) })
			chat.HandleFunc("GET /v1/messages", func(w http.ResponseWriter, _ *http.Request) {
				answer(w, http.StatusOK, `{"messages": [], "cursor": 0, "more": false}`)
			})
			chat.HandleFunc("POST /v1/conversation/end", func(w http.ResponseWriter, _ *http.Request) {
				*list = `[` + summary("A122", 5, `"kind": "text", "text": "Hello", "direction": "inbound"`) + `]`
				w.WriteHeader(http.StatusNoContent)
			})
		}
	}
}

func summary(number string, at int, last string) string {
	return fmt.Sprintf(`{"id": "id-%[1]s", "number": %[1]q, "unread": 0, "last": {"id": "m%[2]d", "seq": 1, "rev": 1, "at": %[2]d, "status": "sent", %[3]s}}`, number, at, last)
}

func TestEVT11(t *testing.T) {
	t.Parallel()
	t.Run("false, once, where there is one", func(t *testing.T) {
		t.Parallel()
		inBoth(t, func(t *testing.T, d Dialect) {
			s := visitIn(t, d, `<script>SAY SETTINGS STUB FN("onConversationsChange", say("one"))</script>TAG`, answers)
			p := s.panel()
			p.writes("Hello")
			p.until(`document.querySelector(".sc-message--outbound")`)
			s.do(d, `FN("onConversationsChange", say("late"))`)
			s.until("log.length === 2")
			s.value("log", []string{"one[false]", "late[false]"})
		})
	})
	t.Run("the list, where there are several", func(t *testing.T) {
		t.Parallel()
		inBoth(t, func(t *testing.T, d Dialect) {
			list := `[` + summary("A122", 5, `"kind": "text", "text": "Hello", "direction": "inbound"`) + `,` +
				summary("A123", 1767225600123, `"kind": "picture", "text": "", "direction": "outbound", "author": {"name": "Oleg"}, "file": {"id": "f", "kind": "picture", "name": "lamp.png", "type": "image/png", "bytes": 5, "width": 1, "height": 1, "duration_ms": 0, "state": "ready", "url": "/v1/files/f?s=1", "thumb_url": "/v1/files/f?s=1&v=thumb"}`) + `]`
			s := visitIn(t, d, `<script>SAY SETTINGS STUB seen = []; FN("onConversationsChange", (list) => { seen.push(structuredClone(list)); list.length = 0; list.push("theirs") })</script>TAG`, several(&list))
			s.until("seen.length === 1")
			s.value("seen", []any{[]int{}}) // at once, even of none
			s.panel()
			s.until("seen.length === 2")
			s.run(`[photo, text] = seen[1]; host = new URL(document.querySelector("iframe").src).origin`)
			s.value(`[photo.name, photo.is_closed, photo.last_message.type, photo.last_message.text, photo.last_message.created_at, photo.last_message.is_out, photo.last_message.media.url === host + "/v1/files/f?s=1", photo.last_message.media.thumbnail === host + "/v1/files/f?s=1&v=thumb", photo.last_message.author]`,
				[]any{"A123", false, "photo", "", 1767225600123, false, true, true, map[string]string{"name": "Oleg"}})
			s.value(`[text.name, text.is_closed, text.last_message]`, []any{"A122", false, json.RawMessage(`{"type":"text","text":"Hello","created_at":5,"is_out":true}`)})
			// A fresh list for each: what a callback does to its own is seen by nobody.
			s.do(d, `FN("onConversationsChange", (list) => log.push(list.length, list[0].name))`)
			s.until("log.length === 2")
			s.value("log", []any{2, "A123"})
		})
	})
}

func TestEVT12(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		list := `[` + summary("A123", 9, `"kind": "text", "text": "Bye", "direction": "inbound"`) + `,` + summary("A122", 5, `"kind": "text", "text": "Hello", "direction": "inbound"`) + `]`
		s := visitIn(t, d, `<script>SAY SETTINGS STUB FN("onConversationsChange", (list) => log.push(list.map((one) => one.name + (one.is_closed ? " closed" : ""))))</script>TAG`, several(&list))
		p := s.panel()
		s.until("log.length === 2")
		s.value("log", [][]string{{}, {"A123", "A122"}})
		// Ended in the panel: one event tells that it is closed, the next leaves it out.
		p.until(`document.querySelector(".sc-talk")`)
		p.run(`document.querySelector(".sc-talk").click()`)
		p.until(`document.querySelector(".sc-bar__end").checkVisibility()`)
		p.run(`document.querySelector(".sc-bar__end").click()`)
		p.until(`document.querySelector("dialog[open]")`)
		p.run(`[...document.querySelectorAll("dialog[open] button")].find((button) => button.textContent === "End").click()`)
		s.until("log.length === 4")
		s.value("log.slice(2)", [][]string{{"A122", "A123 closed"}, {"A122"}})
	})
}
