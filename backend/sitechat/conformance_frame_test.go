package sitechat

import (
	"testing"
)

// framePage is a page with frame mode, a container of its own and its own button.
func framePage(config, body string) string {
	return `<script>SAY FNConfig = {` + config + `}; SETTINGS STUB FN("onChatShow", say("show")); FN("onChatHide", say("hide"))</script>` + body + `TAG`
}

const (
	inFrame   = `hidden: true, onlinechat: {mode: "frame", container: "#help"}`
	helpBox   = `<div id="help" style="width: 500px; height: 400px"></div><div id="help2"></div>`
	inHelp    = `document.querySelector("#help > #amo-livechat .amo-livechat_chat iframe")`
	backAgain = `document.querySelector("#amobutton > #amo-livechat.amo-livechat_hidden")`
)

func TestCFG8(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		// A container is ignored in widget mode.
		s := visitIn(t, d, framePage(`onlinechat: {mode: "widget", container: "#help"}`, helpBox))
		s.until(ready)
		s.click(".amo-button--main")
		s.until(`document.querySelector("#amobutton > #amo-livechat .amo-livechat_chat iframe")`)
		s.value(`((chat, button) => [getComputedStyle(document.querySelector("#amo-livechat")).position, chat.bottom < button.top, chat.right === button.right])(
			document.querySelector("#amo-livechat").getBoundingClientRect(), document.querySelector(".amo-button").getBoundingClientRect())`, []any{"fixed", true, true})
		s.silent()
	})
}

func TestCFG9(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, framePage(`onlinechat: {mode: "frame", container: "#help"}`, helpBox))
		s.until(ready)
		s.click(".amo-button--main")
		s.until(inHelp)
		s.until("log.length")
		s.value("log", []string{"show"})
		s.value(`(({width, height}) => [width, height])(document.querySelector("iframe").getBoundingClientRect())`, []int{500, 400})
		s.silent()
	})
	t.Run("an element is taken too", func(t *testing.T) {
		t.Parallel()
		s := visitIn(t, Kommo, helpBox+framePage(`onlinechat: {mode: "frame", container: document.querySelector("#help")}`, ""))
		s.until(ready)
		s.run(`crmPlugin("runChatShow")`)
		s.until(inHelp)
	})
}

func TestCFG10(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		// Who wrote before has the counter; what comes is told by it alone.
		s := visitIn(t, d, `<script>document.cookie = "amo-livechat-id=abc"</script>`+framePage(`onlinechat: {mode: "frame", container: "#help"}`, helpBox), answers)
		s.until(`document.querySelector(".amo-button-greeting-badge")?.textContent === "1"`)
		s.value(`document.querySelector(".amo-livechat_bubble")`, nil)
		s.value(`document.querySelector("#help iframe").checkVisibility()`, false) // CFG-11: hidden until shown
	})
}

func TestCFG11(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, framePage(inFrame, `<div id="help" style="width: 400px"></div>`), answers)
		s.until(ready)
		s.value(`document.querySelector("#help").getBoundingClientRect().height`, 0) // hidden until shown
		s.do(d, `FN("onChatReady", () => FN("runChatShow"))`)
		s.until(inHelp)
		// All of the container, at least 320 px high, without decoration.
		s.until(`(({width, height}) => width === 400 && height === 320)(document.querySelector("iframe").getBoundingClientRect())`)
		s.value(`(({boxShadow, borderRadius}) => [boxShadow, borderRadius])(getComputedStyle(document.querySelector("#amo-livechat")))`, []string{"none", "0px"})
		p := s.frame()
		p.value(`document.querySelectorAll(".sc-header, .sc-header__close").length`, 1)
		p.run(`document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "Escape", bubbles: true}))`)
		s.do(d, `FN("runChatHide"); FN("runChatShow"); FN("runChatHide")`)
		s.until(`log.length === 4`)
		s.value(`[log, document.querySelector("#help").getBoundingClientRect().height]`, []any{[]string{"show", "hide", "show", "hide"}, 0})
	})
	t.Run("never a full screen on a phone", func(t *testing.T) {
		t.Parallel()
		s := visitIn(t, Kommo, `<meta name=viewport content="width=device-width">`+framePage(`onlinechat: {mode: "frame", container: "#help"}`, `<div id="help" style="width: 300px; height: 330px"></div>`), func(s *site) { s.phone = true })
		s.until(ready)
		s.run(`crmPlugin("runChatShow")`)
		s.until(inHelp)
		s.until(`(({width, height}) => width === 300 && height === 330)(document.querySelector("iframe").getBoundingClientRect())`)
		s.value(`[document.querySelector("#amo-livechat").ariaModal, getComputedStyle(document.documentElement).overflowY, document.querySelector(".amo-button").checkVisibility({visibilityProperty: true})]`, []any{nil, "visible", true})
	})
}

func TestCFG12(t *testing.T) {
	t.Parallel()
	t.Run("a container that comes later", func(t *testing.T) {
		t.Parallel()
		inBoth(t, func(t *testing.T, d Dialect) {
			s := visitIn(t, d, framePage(inFrame, ""))
			s.until(ready)
			s.do(d, `FN("runChatShow")`)
			s.until(`document.querySelector("iframe")`)
			s.value(`document.querySelector("iframe").checkVisibility()`, false)
			s.run(`document.body.insertAdjacentHTML("beforeend", '<div id="help" style="height: 350px"></div>')`)
			s.until(inHelp)
			s.silent()
		})
	})
	t.Run("one that never comes, after ten seconds", func(t *testing.T) {
		t.Parallel()
		inBoth(t, func(t *testing.T, d Dialect) {
			// The page's clock for waits of ten seconds runs faster.
			s := visitIn(t, d, `<script>const real = setTimeout; setTimeout = (act, ms, ...rest) => real(act, ms === 10000 ? 300 : ms, ...rest)</script>`+
				framePage(`onlinechat: {mode: "frame", container: "#[not a selector"}`, ""), answers)
			s.until(ready)
			s.do(d, `hellos = 0; addEventListener("message", (e) => e.data?.kind === "hello" && hellos++); FN("runChatShow")`)
			s.until(`document.querySelector("#amobutton > #amo-livechat iframe")?.checkVisibility()`)
			waitFor(t, func() bool { return len(s.heard("onlinechat.container was not found")) == 1 })
			s.value(`[getComputedStyle(document.querySelector("#amo-livechat")).position, document.querySelector("#amo-livechat").role]`, []string{"fixed", "dialog"})
			// The panel learns of it: it can be closed from inside.
			s.until("hellos > 1")
			s.frame().run(`document.querySelector(".sc-header__close").click()`)
			s.until(isClosed)
		})
	})
	t.Run("one that is taken away", func(t *testing.T) {
		t.Parallel()
		inBoth(t, func(t *testing.T, d Dialect) {
			s := visitIn(t, d, framePage(inFrame, helpBox), answers)
			s.until(ready)
			s.do(d, `FN("runChatShow")`)
			s.until(inHelp)
			s.frame()
			s.run(`help = document.querySelector("#help"); help.remove()`)
			s.until(backAgain)
			s.until("log.length === 2")
			s.value("log", []string{"show", "hide"})
			// The conversation goes on in the next one.
			p := s.newFrame(d.words(`document.body.append(help); FN("runChatShow")`))
			s.until(inHelp)
			p.until(`document.querySelector(".sc-message--outbound")`)
			s.silent()
		})
	})
	t.Run("the first of several", func(t *testing.T) {
		t.Parallel()
		s := visitIn(t, AmoCRM, framePage(`onlinechat: {mode: "frame", container: ".box"}`, `<div class="box" id="help"></div><div class="box"></div>`))
		s.until(ready)
		s.run(`amoSocialButton("runChatShow")`)
		s.until(inHelp)
	})
	t.Run("what is no selector at all", func(t *testing.T) {
		t.Parallel()
		s := visitIn(t, AmoCRM, framePage(`onlinechat: {mode: "frame", container: 7}`, ""))
		s.until(ready)
		s.run(`amoSocialButton("runChatShow")`)
		waitFor(t, func() bool { return len(s.heard("onlinechat.container is wrong")) == 1 })
	})
}
func TestCFG13(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		// frame, hidden and an own button: the counter has nowhere to show, events tell.
		s := visitIn(t, d, framePage(inFrame, helpBox+`<button id="own" onclick="FN('runChatShow')">Help</button>`), answers)
		s.until(ready)
		s.value(style(".amo-button-holder", "display"), "none")
		s.run(`received = 0; addEventListener("message", (e) => { if (typeof e.data === "string" && JSON.parse(e.data).method.startsWith("conversations:")) received++ })`)
		s.click("#own")
		s.until(inHelp)
		s.until("received")
	})
}
