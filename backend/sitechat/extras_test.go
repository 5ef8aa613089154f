package sitechat

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

func TestChoosingAnEmojiByKeyboardAndByPointer(t *testing.T) {
	t.Parallel()
	h := &host{}
	s, p := writing(t, h)
	s.keys("Hi ")
	p.run(`document.querySelector(".sc-composer__emoji").focus()`)
	s.keys("\r")
	const here = `document.activeElement.textContent`
	p.until(here + ` === "😀"`)
	p.axe("emoji")
	s.shot("emoji")
	p.value(`document.querySelector(".sc-composer__emoji").getAttribute("aria-expanded")`, "true")
	for _, step := range []struct{ key, want string }{
		{kb.ArrowRight, "😃"}, {kb.ArrowDown, "😇"}, {kb.End, "🤩"}, {kb.ArrowRight, "🥳"}, {kb.ArrowUp, "😊"}, {kb.Home, "😊"}, {kb.ArrowLeft, "😉"},
		{kb.PageDown, "👍"}, {kb.PageDown, "🎉"}, {kb.PageUp, "👍"}, {kb.ArrowLeft, "🤯"},
	} {
		s.keys(step.key)
		p.until(here + ` === "` + step.want + `"`)
	}
	s.keys("\r") // it goes where the caret is, and by keyboard the picker closes
	p.until(`!document.querySelector(".sc-emoji") && document.activeElement.matches("textarea") && document.querySelector("textarea").value === "Hi 🤯"`)
	// What was chosen stands first; a pointer may choose on; Escape closes the picker and not the chat.
	p.run(`document.querySelector(".sc-composer__emoji").click()`)
	p.until(here + ` === "🤯" && document.querySelector(".sc-emoji__group").textContent === "Recent"`)
	p.run(`[...document.querySelectorAll(".sc-emoji__one")].filter((b) => "👍🎉".includes(b.textContent)).forEach((b) => b.dispatchEvent(new MouseEvent("click", {bubbles: true, detail: 1})))`)
	p.value(`[document.querySelector("textarea").value, !!document.querySelector(".sc-emoji")]`, []any{"Hi 🤯👍🎉", true})
	s.keys("\x1b")
	p.until(`!document.querySelector(".sc-emoji") && document.activeElement.matches("textarea")`)
	s.value(`!!document.querySelector(".amo-livechat_chat")`, true)
	s.keys("\r")
	if body := h.sentBodies(1)[0]; body["text"] != "Hi 🤯👍🎉" {
		t.Errorf("sent %v", body)
	}
}

// loud counts the tones that a panel makes instead of playing them.
const loud = `tones = 0; AudioContext = class { currentTime = 0; destination = {}; resume() { return Promise.resolve() }
	createGain() { return {connect() {}, gain: {setValueAtTime() {}, exponentialRampToValueAtTime() {}}} }
	createOscillator() { tones++; return {connect() {}, start() {}, stop() {}, frequency: {}} } }`

func TestAMessageIsHeardWhereNobodyLooksUnlessTheSoundIsOff(t *testing.T) {
	t.Parallel()
	h := &host{}
	s, p := writing(t, h)
	p.run(loud)
	h.says(message{"text": "seen"}) // the panel is open and has the focus
	p.until(`document.querySelectorAll(".sc-message").length === 1`)
	s.keys("\x1b")
	s.until(`document.querySelector(".amo-livechat_hidden")`)
	h.says(message{"text": "heard"})
	p.until(`tones === 2`)
	s.run(`document.querySelector(".amo-button--main").click()`)
	p.until(`document.hasFocus() && document.activeElement.matches("textarea")`) // opening puts it there
	p.run(`document.querySelector(".sc-header__button").focus()`)
	s.keys("\r")
	p.until(`document.activeElement.textContent === "Sound" && document.activeElement.ariaChecked === "true"`)
	p.axe("panel's menu")
	s.shot("panel-menu")
	s.keys("\r")
	p.until(`!document.querySelector("[role=menu]") && Object.keys(localStorage).some((k) => k.endsWith(".muted"))`)
	s.keys("\x1b")
	s.until(`document.querySelector(".amo-livechat_hidden")`)
	h.says(message{"text": "not heard"})
	p.until(`document.querySelectorAll(".sc-message").length === 3`)
	p.value(`tones`, 2)
	// It is remembered, and can be switched on again.
	s.run(`document.querySelector(".amo-button--main").click()`)
	p.until(`document.hasFocus() && document.activeElement.matches("textarea")`) // opening puts it there
	p.run(`document.querySelector(".sc-header__button").focus()`)
	s.keys("\r")
	p.until(`document.activeElement.ariaChecked === "false"`)
	s.keys("\r")
	p.until(`!Object.keys(localStorage).some((k) => k.endsWith(".muted"))`)
}

func TestWhoAnswersIsTold(t *testing.T) {
	t.Parallel()
	h := &host{extra: `, "availability": {"state": "online"}`}
	s, p := writing(t, h)
	const status = `document.querySelector(".sc-header__status").textContent`
	p.until(status + ` === "We are online"`)
	p.axe("online")
	s.shot("online")
	for _, step := range []struct{ frame, want string }{
		// In the visitor's own time, on another day with its date.
		{`{"type": "availability", "state": "away", "back": "2099-03-02T06:00:00Z"}`, "`We will be back on ${two(new Date(\"2099-03-02T06:00:00Z\").getDate())}.03.2099 at ${two(new Date(\"2099-03-02T06:00:00Z\").getHours())}:${two(new Date(\"2099-03-02T06:00:00Z\").getMinutes())}`"},
		{`{"type": "availability", "state": "away"}`, `"We are away now and will answer here"`},
		{`{"type": "availability", "state": "away", "back": "2020-01-01T00:00:00Z"}`, `"We are away now and will answer here"`},
		{`{"type": "availability", "state": "rubbish"}`, `"We answer here"`},
		{`{"type": "availability", "state": "online"}`, `"We are online"`},
	} {
		var frame map[string]any
		_ = json.Unmarshal([]byte(step.frame), &frame)
		h.mu.Lock()
		h.send(frame)
		h.mu.Unlock()
		p.until(`(two = (n) => String(n).padStart(2, "0"), ` + status + ` === ` + step.want + `)`)
	}
}

func TestAskingForACall(t *testing.T) {
	t.Parallel()
	h := &host{extra: `, "callback": true`}
	calls := make(chan map[string]any, 10)
	h.refuse = func(call string) (int, string, string) {
		if strings.HasPrefix(call, "call 0000") {
			return http.StatusConflict, "callback_waiting", "We will call you already."
		}
		return 0, "", ""
	}
	h.callbacks = calls
	s, p := writing(t, h)
	p.run(`document.querySelector(".sc-header__button").focus()`)
	s.keys("\r")
	p.until(`document.activeElement.textContent === "Request a call"`)
	s.keys("\r")
	p.until(`document.activeElement.id === "sc-phone"`)
	p.axe("call")
	s.shot("call")
	s.keys("12\r")
	p.until(`document.querySelector("#sc-phone-problem").textContent === "Check the phone number: 5 to 20 digits." && document.activeElement.ariaInvalid === "true"`)
	p.axe("call with a wrong number")
	s.shot("call-wrong")
	p.run(`document.activeElement.select()`)
	s.keys("00000\r")
	p.until(`document.querySelector(".sc-call > [role=alert]").textContent === "We will call you already."`)
	p.axe("call refused")
	p.run(`document.activeElement.select()`)
	s.keys("+1 555 0100\tAnna\tAfter six\t\t\r")
	p.until(`!document.querySelector("dialog") && document.querySelector(".sc-message--inbound .sc-message__text")?.textContent.includes("+15550100")`)
	first, second := <-calls, <-calls
	if first["client_id"] != second["client_id"] || second["phone"] != "+1 555 0100" || second["name"] != "Anna" || second["text"] != "After six" || second["locale"] != "en" || !reflect.DeepEqual(second["page"].(map[string]any)["title"], "Shop") {
		t.Errorf("asked with %v, then %v", first, second)
	}
	p.value(`document.activeElement.matches(".sc-header__button")`, true)
}
