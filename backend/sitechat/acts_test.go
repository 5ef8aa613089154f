package sitechat

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const lastMessage = `[...document.querySelectorAll(".sc-message")].pop()`

// keys presses keys where the focus is.
func (s *site) keys(keys string) {
	s.t.Helper()
	if err := chromedp.Do(s.ctx, chromedp.KeyEvent(keys)); err != nil {
		s.t.Fatal(err)
	}
}

// writing opens a chat with a conversation, ready to be written in.
func writing(t *testing.T, h *host, prepare ...func(*site)) (s, p *site) {
	t.Helper()
	s = visit(t, `<html lang="en"><main><h1>Shop</h1></main>`+script(kommoSettings), append([]func(*site){chatting(h)}, prepare...)...)
	p = s.panel()
	scheme(t, "light", s, p)
	p.until(`document.activeElement.matches("textarea") && document.querySelector(".sc-composer__tool").checkVisibility({visibilityProperty: true})`)
	waitFor(t, func() bool { h.mu.Lock(); defer h.mu.Unlock(); return len(h.streams) > 0 })
	return s, p
}

// give puts files into the panel as a drop, a paste or a choice does; each is "name type base64".
func (p *site) give(how string, files ...stored) {
	p.t.Helper()
	var list []string
	for _, f := range files {
		list = append(list, fmt.Sprintf("new File([Uint8Array.from(atob(%q), (c) => c.charCodeAt(0))], %q, {type: %q})", base64.StdEncoding.EncodeToString(f.bytes), f.name, f.contentType))
	}
	p.run(`data = new DataTransfer(); [` + strings.Join(list, ",") + `].forEach((f) => data.items.add(f));` + map[string]string{
		"drop":   `document.querySelector("main").dispatchEvent(new DragEvent("dragover", {dataTransfer: data, bubbles: true, cancelable: true})); document.querySelector("main").dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}))`,
		"paste":  `document.querySelector("textarea").dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}))`,
		"choice": `(({files: f}, input) => { input.files = f; input.dispatchEvent(new Event("change")) })(data, document.querySelector(".sc-composer__file"))`,
	}[how])
}

func TestPressingAButtonAndARow(t *testing.T) {
	t.Parallel()
	h := &host{}
	s, p := writing(t, h)
	asked := h.says(message{"text": "Will you take it?", "markup": map[string]any{"buttons": [][]map[string]string{{{"text": "Confirm"}, {"text": "Later"}}}}})
	p.until(`document.querySelector(".sc-choice")`)
	// What is under way cannot be pressed again, and it stands in the transcript already.
	hold := make(chan struct{})
	h.mu.Lock()
	h.refuse = func(string) (int, string, string) { return http.StatusServiceUnavailable, "storage_unavailable", "" }
	h.mu.Unlock()
	close(hold)
	p.run(`document.querySelector(".sc-choice").focus(); document.querySelector(".sc-choice").click()`)
	p.until(`document.querySelector(".sc-message--sending .sc-message__text")?.textContent === "Confirm"`)
	p.value(`[...document.querySelectorAll(".sc-choice")].map((b) => b.getAttribute("aria-disabled"))`, []string{"true", "true"})
	p.value(`document.activeElement.textContent`, "Confirm")
	p.run(`document.querySelectorAll(".sc-choice")[1].click()`)
	h.sentBodies(1) // the refused one
	h.mu.Lock()
	h.refuse = nil
	h.mu.Unlock()
	p.until(`document.querySelector(".sc-message--inbound .sc-message__meta")?.textContent.includes("Sent") && document.querySelector(".sc-choice").getAttribute("aria-disabled") === "false"`)
	bodies := h.sentBodies(2)
	for _, body := range bodies {
		if _, text := body["text"]; text || !reflect.DeepEqual(body["press"], map[string]any{"message": asked, "text": "Confirm"}) || body["client_id"] != bodies[0]["client_id"] {
			t.Errorf("pressed with %v", body)
		}
	}
	list := h.says(message{"text": "Choose a shade", "markup": map[string]any{"list": map[string]any{"header": "Shades", "button": "Open the list",
		"sections": []map[string]any{{"title": "Glass", "rows": []map[string]string{{"title": "White", "description": "Matt, 20 cm", "callback_data": "w"}, {"title": "Green", "callback_data": "g"}}},
			{"title": "Metal", "rows": []map[string]string{{"title": "Brass", "callback_data": "b"}}}}}}})
	p.until(`document.querySelector(".sc-list button")`)
	p.run(`document.querySelector(".sc-list button").focus()`)
	s.keys("\r")
	p.until(`document.querySelector("dialog[open]") && document.activeElement.textContent.startsWith("White")`)
	p.axe("list")
	s.shot("list")
	// Escape closes the dialog and not the chat, and the focus goes back.
	s.keys("\x1b")
	p.until(`!document.querySelector("dialog") && document.activeElement.textContent === "Open the list"`)
	s.value(`!!document.querySelector(".amo-livechat_chat")`, true)
	s.keys("\r")
	p.until(`document.querySelector("dialog[open]") && document.activeElement.textContent.startsWith("White")`)
	s.keys("\t\r")
	p.until(lastMessage + `.querySelector(".sc-message__meta").textContent.includes("Sent") && ` + lastMessage + `.querySelector(".sc-message__text").textContent === "Green"`)
	all := h.sentBodies(3)
	if got := all[len(all)-1]["press"]; !reflect.DeepEqual(got, map[string]any{"message": list, "text": "Green", "callback_data": "g"}) {
		t.Errorf("the row was pressed with %v", got)
	}
}

func TestReplyingReactingAndEditing(t *testing.T) {
	t.Parallel()
	h := &host{}
	s, p := writing(t, h)
	asked := h.says(message{"text": "Brass or steel?"})
	p.until(`document.querySelector(".sc-message__more")`)
	// The menu by keyboard: the first entry has the focus, arrows move, Escape gives the focus back.
	p.run(`document.querySelector(".sc-message__more").focus()`)
	s.keys("\r")
	p.until(`document.activeElement.textContent === "Reply" && document.activeElement.role === "menuitem"`)
	p.axe("menu")
	s.shot("menu")
	p.value(`[...document.querySelectorAll("[role=menu] button")].map((b) => b.textContent)`, []string{"👍", "❤️", "😂", "😮", "😢", "🙏", "Reply", "Copy the text"})
	s.keys("\x1b")
	p.until(`!document.querySelector("[role=menu]") && document.activeElement.matches(".sc-message__more")`)
	s.keys("\r")
	p.until(`document.activeElement.textContent === "Reply"`)
	s.keys("\r")
	p.until(`document.activeElement.matches("textarea") && document.querySelector(".sc-mode .sc-quote__text").textContent === "Brass or steel?"`)
	p.axe("reply")
	s.keys("Brass")
	s.shot("reply")
	s.keys("\r")
	p.until(`document.querySelector(".sc-message--inbound .sc-message__meta")?.textContent.includes("Sent")`)
	p.value(`[document.querySelector(".sc-mode").hidden, document.querySelector(".sc-message--inbound button.sc-quote .sc-quote__text").textContent]`, []any{true, "Brass or steel?"})
	if body := h.sentBodies(1)[0]; body["reply_to"] != asked || body["text"] != "Brass" {
		t.Errorf("replied with %v", body)
	}
	// A click on the quote shows the original.
	p.run(`document.querySelector("button.sc-quote").click()`)
	p.until(`document.querySelector(".sc-message--outbound.sc-message--marked") && document.activeElement.closest(".sc-message--outbound")`)
	// A reaction is put, replaced and taken back.
	react := func(i int) {
		p.run(`document.querySelector(".sc-message--outbound .sc-message__more").click()`)
		p.until(`document.querySelector("[role=menu]")`)
		p.run(fmt.Sprintf(`document.querySelectorAll(".sc-menu__sign")[%d].click()`, i))
	}
	react(0)
	p.until(`document.querySelector(".sc-reaction")?.textContent === "👍"`)
	p.value(`document.querySelector(".sc-reaction").getAttribute("aria-pressed")`, "true")
	waitFor(t, func() bool { return h.called("PUT "+asked+" 👍") == 1 })
	react(1)
	p.until(`document.querySelector(".sc-reaction")?.textContent === "❤️"`)
	waitFor(t, func() bool { return h.called("PUT "+asked+" ❤️") == 1 })
	p.run(`document.querySelector(".sc-reaction").click()`)
	p.until(`!document.querySelector(".sc-reaction")`)
	waitFor(t, func() bool { return h.called("DELETE "+asked) == 1 })
	// Up arrow in the empty composer changes the last own text; the draft comes back after it.
	p.run(`document.querySelector("textarea").focus()`)
	s.keys(kb.ArrowUp) // ArrowUp
	p.until(`document.querySelector("textarea").value === "Brass" && document.querySelector(".sc-mode .sc-quote__author").textContent === "Editing a message"`)
	p.value(`document.querySelector(".sc-composer__send").title`, "Save")
	s.keys("\x1b")
	p.until(`document.querySelector("textarea").value === "" && document.querySelector(".sc-mode").hidden`)
	s.value(`!!document.querySelector(".amo-livechat_chat")`, true)
	s.keys(kb.ArrowUp)
	p.until(`document.querySelector("textarea").value === "Brass"`)
	s.keys(", refuse")
	s.keys("\r")
	p.until(`document.querySelector(".sc-composer__error").textContent === "This message cannot be changed any more." && document.querySelector("textarea").value === "Brass, refuse"`)
	s.keys("\b\b\b\b\b\b\bplease\r")
	p.until(`document.querySelector(".sc-message--inbound .sc-message__text").textContent === "Brass,please" && document.querySelector(".sc-message--inbound .sc-message__meta").textContent.startsWith("edited · ")`)
	// The answer to the request empties the composer; the stream may have brought the change before.
	p.until(`document.querySelector("textarea").value === "" && document.querySelector(".sc-composer__error").textContent === ""`)
}

func TestTypingBothWays(t *testing.T) {
	t.Parallel()
	h := &host{}
	s, p := writing(t, h)
	h.types("Oleg", time.Minute)
	p.until(`document.querySelector(".sc-typing").textContent === "Oleg is typing…"`)
	p.axe("typing")
	s.shot("typing")
	h.says(message{"text": "Hello"}) // the next message ends it
	p.until(`document.querySelector(".sc-message--outbound") && document.querySelector(".sc-typing").textContent === ""`)
	h.types("", 300*time.Millisecond)
	p.until(`document.querySelector(".sc-typing").textContent === "Typing…"`)
	p.until(`document.querySelector(".sc-typing").textContent === ""`) // until that time
	before := time.Now()
	s.keys("Hello, I am writing")
	waitFor(t, func() bool { return h.called("typing") == 1 })
	s.keys(" on and on")
	p.until(`document.querySelector("textarea").value.endsWith("on and on")`)
	if n, took := h.called("typing"), time.Since(before); n > 1+int(took/(3*time.Second)) {
		t.Errorf("told %d times within %s", n, took)
	}
}

func TestEndingTheConversation(t *testing.T) {
	t.Parallel()
	h := &host{}
	s, p := writing(t, h)
	h.says(message{"text": "Good bye"})
	open := func() {
		p.run(`document.querySelector(".sc-header__button").focus()`)
		s.keys("\r")
		p.until(`document.activeElement.textContent === "Sound"`)
		s.keys(kb.End)
		p.until(`document.activeElement.textContent === "End the conversation"`)
		s.keys("\r")
		p.until(`document.querySelector("dialog[open]")`)
	}
	open()
	p.axe("end")
	s.shot("end")
	p.value(`document.activeElement.textContent`, "Cancel") // what is final is not under the first Enter
	s.keys("\r")
	p.until(`!document.querySelector("dialog")`)
	if n := h.called("end"); n != 0 {
		t.Errorf("ended %d times after a cancel", n)
	}
	open()
	s.keys("\t\r")
	p.until(`document.querySelector(".sc-ended")`)
	p.value(`document.activeElement.matches(".sc-header__button")`, true)
	s.keys("\t\t") // and the chat goes on
	p.run(`document.querySelector("textarea").focus()`)
	s.keys("One more thing\r")
	p.until(lastMessage + `.querySelector(".sc-message__meta").textContent.includes("Sent")`)
}

func TestWhatComesIsSpoken(t *testing.T) {
	t.Parallel()
	h := &host{}
	_, p := writing(t, h)
	p.run(`spoken = []; new MutationObserver((l) => l.forEach((m) => m.addedNodes.forEach((n) => spoken.push(n.textContent)))).observe(document.querySelector("[aria-live=polite][role=log]"), {childList: true})`)
	h.says(message{"kind": "picture", "file": h.holds(picture(60, 40, warm)), "author": map[string]any{"name": "Oleg"}})
	h.says(message{"kind": "text", "text": "Look", "author": map[string]any{"name": "Oleg"}})
	h.says(message{"kind": "voice", "text": "", "file": h.holds(sound("voice", time.Second)), "author": map[string]any{"name": ""}})
	p.until(`spoken.length === 3`)
	p.value(`spoken`, []string{"Picture from Oleg", "Oleg: Look", "Voice message"})
}

func TestTheViewer(t *testing.T) {
	t.Parallel()
	h := &host{}
	s, p := writing(t, h)
	for i, tint := range []stored{picture(1200, 800, warm), picture(600, 900, cool), picture(900, 900, warm)} {
		tint.name = fmt.Sprintf("lamp-%d.png", i+1)
		h.says(message{"kind": "picture", "file": h.holds(tint), "group": "g"})
	}
	p.until(`document.querySelectorAll(".sc-album .sc-picture").length === 3`)
	p.run(`document.querySelectorAll(".sc-picture")[1].focus()`)
	s.keys("\r")
	const shown = `document.querySelector(".sc-viewer img")`
	p.until(shown + `?.complete && ` + shown + `.naturalWidth === 600`)
	p.value(`[document.querySelector(".sc-viewer__count").textContent, `+shown+`.alt]`, []string{"2 / 3", "lamp-2.png"})
	p.axe("viewer")
	s.shot("viewer")
	s.keys(kb.ArrowRight) // ArrowRight
	p.until(shown + `.naturalWidth === 900`)
	p.value(`document.querySelector("[title='Next picture']").disabled`, true)
	s.keys(kb.ArrowLeft + kb.ArrowLeft) // ArrowLeft, twice
	p.until(shown + `.naturalWidth === 1200`)
	s.keys("+")
	p.until(shown + `.getBoundingClientRect().width > innerWidth`)
	s.keys("-")
	p.until(shown + `.getBoundingClientRect().width <= innerWidth`)
	s.keys("\x1b")
	p.until(`!document.querySelector("dialog") && document.activeElement === document.querySelectorAll(".sc-picture")[1]`)
	s.value(`!!document.querySelector(".amo-livechat_chat")`, true)
}

func TestOnePlaysAtATimeAndLinksAreRenewed(t *testing.T) {
	t.Parallel()
	h := &host{}
	s, p := writing(t, h)
	for range 2 {
		h.says(message{"kind": "voice", "file": h.holds(sound("voice", 30*time.Second))})
	}
	p.until(`document.querySelectorAll(".sc-player").length === 2`)
	const titles = `[...document.querySelectorAll(".sc-player__toggle")].map((b) => b.title)`
	s.run(`document.body.click()`)
	// The links that the panel has ran out: what it is refused, it reads again.
	h.mu.Lock()
	h.links++
	h.mu.Unlock()
	play := func(i int) {
		p.run(fmt.Sprintf(`document.querySelectorAll(".sc-player__toggle")[%d].focus()`, i))
		s.keys(" ")
	}
	play(0)
	p.until(titles + `.join() === "Pause,Play" && document.querySelector(".sc-player__slider").value > 0`)
	play(1)
	p.until(titles + `.join() === "Play,Pause"`)
	// The slider works by keyboard.
	p.run(`document.querySelector(".sc-player__slider").focus()`)
	s.keys(kb.End) // End
	p.until(`document.querySelector(".sc-player__slider").getAttribute("aria-valuetext") === "0:30 / 0:30"`)
	// A picture whose link ran out is there again as well.
	lamp := h.holds(picture(60, 40, warm))
	h.mu.Lock()
	h.links-- // the message is told with a link that is refused
	h.mu.Unlock()
	h.says(message{"kind": "picture", "file": lamp})
	h.mu.Lock()
	h.links++
	h.mu.Unlock()
	p.until(`document.querySelector(".sc-picture img")?.naturalWidth === 60`)
}

func TestAChangeTouchesOnlyWhatChanged(t *testing.T) {
	t.Parallel()
	h := &host{}
	s, p := writing(t, h)
	voice := h.says(message{"kind": "voice", "file": h.holds(sound("voice", 30*time.Second))})
	coming := h.says(message{"kind": "picture", "file": "loading 1", "text": "Soon"})
	p.until(`document.querySelector(".sc-player__toggle") && document.querySelector(".sc-file--loading")`)
	p.run(`document.querySelector(".sc-player__toggle").focus()`)
	s.keys(" ")
	p.until(`document.querySelector(".sc-player__toggle").title === "Pause"`)
	// A reaction comes: what plays goes on, and the focus stays where it is.
	h.changes(voice, message{"reactions": []map[string]string{{"emoji": "👍", "by": "operator"}}})
	p.until(`document.querySelector(".sc-reaction")`)
	p.value(`[document.querySelector(".sc-player__toggle").title, document.activeElement.className]`, []string{"Pause", "sc-player__toggle"})
	// A file that was on its way is there, a text was changed, a reaction taken back.
	h.changes(coming, message{"file": h.holds(picture(60, 40, warm)), "text": "Here", "edited_at": time.Now().UnixMilli()})
	p.until(`document.querySelector(".sc-picture img")?.naturalWidth === 60 && !document.querySelector(".sc-file--loading")`)
	p.value(`((r) => [r.querySelector(".sc-message__text").textContent, r.querySelector(".sc-message__meta").textContent.startsWith("edited · ")])(`+lastMessage+`)`, []any{"Here", true})
	h.changes(voice, message{"reactions": nil})
	p.until(`!document.querySelector(".sc-reaction")`)
	p.value(`document.querySelector(".sc-player__toggle").title`, "Pause")
}
