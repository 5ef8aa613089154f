package sitechat

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// media emulates what a person set in their system.
func media(t *testing.T, features map[string]string, where ...*site) {
	t.Helper()
	list := []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}
	for name, value := range features {
		list = append(list, &emulation.MediaFeature{Name: name, Value: value})
	}
	for _, s := range where {
		if _, err := chromedp.Call(s.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: list}); err != nil {
			t.Fatal(err)
		}
	}
}

var looks = map[string]map[string]string{
	"light":  {"prefers-color-scheme": "light"},
	"dark":   {"prefers-color-scheme": "dark"},
	"forced": {"prefers-color-scheme": "dark", "forced-colors": "active"},
}

// state is a sight of the panel: how it comes about, and how it goes.
type state struct {
	name   string
	bring  func(h *host, s, p *site)
	depart func(h *host, s, p *site)
}

func press(script string) func(*host, *site, *site) {
	return func(_ *host, _, p *site) { p.run(script) }
}

const menuOf = `[...document.querySelectorAll(".sc-message--outbound .sc-message__more")].pop().click()`

// item presses the entry of an open menu that has the words.
func item(words string) string {
	return fmt.Sprintf(`[...document.querySelectorAll("[role=menu] button")].find((b) => b.textContent === %q).click()`, words)
}

func escape(_ *host, s, p *site) {
	s.keys("\x1b")
	p.until(`!document.querySelector("dialog, [role=menu], .sc-emoji, .sc-mode:not([hidden])")`)
}

// states are all sights of a panel with one conversation. Each leaves the panel as it was.
var states = []state{
	{"history", func(_ *host, _, p *site) { p.until(`document.querySelector(".sc-message")`) }, nil},
	{"menu of a message", func(_ *host, _, p *site) { p.run(menuOf); p.until(`document.querySelector("[role=menu]")`) }, escape},
	{"answering", func(_ *host, _, p *site) {
		p.run(menuOf)
		p.until(`document.querySelector("[role=menu]")`)
		p.run(item("Reply"))
		p.until(`document.querySelector(".sc-mode:not([hidden])")`)
	}, escape},
	{"emoji", func(_ *host, _, p *site) {
		p.run(`document.querySelector(".sc-composer__emoji").click()`)
		p.until(`document.activeElement.matches(".sc-emoji__one")`)
	}, escape},
	{"files chosen", func(_ *host, _, p *site) {
		p.give("drop", picture(120, 80, warm), stored{name: "price list.pdf", contentType: "application/pdf", bytes: []byte("%PDF-1.4")})
		p.until(`document.querySelectorAll(".sc-tray__item").length === 2`)
	}, func(_ *host, _, p *site) {
		p.run(`document.querySelectorAll(".sc-tray__remove").forEach((b) => b.click())`)
		p.until(`!document.querySelector(".sc-tray__item")`)
	}},
	{"a file refused", func(_ *host, _, p *site) {
		p.give("drop", stored{name: "empty.pdf", contentType: "application/pdf"})
		p.until(problem + ` !== ""`)
	}, func(_ *host, s, p *site) {
		p.run(`document.querySelector("textarea").focus()`)
		s.keys("x\b")
		p.until(problem + ` === ""`)
	}},
	{"too long", press(`((t) => { t.value = "a".repeat(4097); t.dispatchEvent(new Event("input")) })(document.querySelector("textarea"))`),
		press(`((t) => { t.value = ""; t.dispatchEvent(new Event("input")) })(document.querySelector("textarea"))`)},
	{"recording", func(_ *host, _, p *site) {
		p.until(`document.querySelector(".sc-composer__mic").checkVisibility()`)
		p.run(`document.querySelector(".sc-composer__mic").click()`)
		p.until(`document.querySelector(".sc-record")`)
	}, func(_ *host, _, p *site) {
		p.run(`document.querySelector(".sc-record__discard").click()`)
		p.until(`!document.querySelector(".sc-record")`)
	}},
	{"typing", func(h *host, _, p *site) {
		h.types("Oleg", time.Minute)
		p.until(`document.querySelector(".sc-typing").textContent`)
	}, nil},
	{"sending", func(h *host, s, p *site) {
		h.mu.Lock()
		h.refuse = func(string) (int, string, string) {
			return http.StatusServiceUnavailable, "storage_unavailable", "Later."
		}
		h.mu.Unlock()
		p.run(`document.querySelector("textarea").focus()`)
		s.keys("On its way\r")
		p.until(`document.querySelector(".sc-message--sending")`)
	}, func(h *host, _, p *site) {
		h.mu.Lock()
		h.refuse = nil
		h.mu.Unlock()
		p.until(`!document.querySelector(".sc-message--sending")`)
	}},
	{"changing", func(_ *host, s, p *site) {
		p.run(`document.querySelector("textarea").focus()`)
		s.keys(kb.ArrowUp)
		p.until(`document.querySelector(".sc-mode:not([hidden])")`)
	}, escape},
	{"failed", func(h *host, s, p *site) {
		h.mu.Lock()
		h.refuse = func(string) (int, string, string) {
			return http.StatusUnprocessableEntity, "invalid_request", "This cannot be sent."
		}
		h.mu.Unlock()
		p.run(`document.querySelector("textarea").focus()`)
		s.keys("Refused\r")
		p.until(`document.querySelector(".sc-message--error .sc-message__retry")`)
	}, nil},
	{"panel's menu", func(_ *host, _, p *site) {
		p.run(`document.querySelector(".sc-header__button").click()`)
		p.until(`document.querySelector("[role=menu]")`)
	}, escape},
	{"asking for a call", func(_ *host, s, p *site) {
		p.run(`document.querySelector(".sc-header__button").click()`)
		p.until(`document.querySelector("[role=menu]")`)
		p.run(item("Request a call"))
		p.until(`document.activeElement.id === "sc-phone"`)
		s.keys("1\r")
		p.until(`document.activeElement.ariaInvalid === "true"`)
	}, escape},
	{"asking before the end", func(_ *host, _, p *site) {
		p.run(`document.querySelector(".sc-header__button").click()`)
		p.until(`document.querySelector("[role=menu]")`)
		p.run(item("End the conversation"))
		p.until(`document.querySelector("dialog[open]")`)
	}, escape},
	{"viewer", func(_ *host, _, p *site) {
		p.run(`document.querySelector(".sc-picture").click()`)
		p.until(`document.querySelector(".sc-viewer img")?.complete`)
	}, escape},
	{"away", func(h *host, _, p *site) {
		h.mu.Lock()
		h.send(map[string]any{"type": "availability", "state": "away", "back": "2099-03-02T06:00:00Z"})
		h.mu.Unlock()
		p.until(`document.querySelector(".sc-header__status--away")`)
	}, nil},
	{"scrolled up", func(_ *host, _, p *site) {
		p.run(`document.querySelector(".sc-scroll").scrollTop = 0`)
		p.until(`document.querySelector(".sc-latest").checkVisibility() && document.querySelector(".sc-earlier").checkVisibility()`)
	}, nil},
	{"offline", func(_ *host, _, p *site) {
		p.run(`Object.defineProperty(navigator, "onLine", {value: false, configurable: true}); dispatchEvent(new Event("offline"))`)
		p.until(`document.querySelector(".sc-banner").textContent`)
	}, func(_ *host, _, p *site) {
		p.run(`delete navigator.onLine; dispatchEvent(new Event("online"))`)
	}},
}

// TestEveryStateIsForEverybody: no finding of axe and no target below 24 px in any state, in light, dark and forced colours.
func TestEveryStateIsForEverybody(t *testing.T) {
	t.Parallel()
	for look, features := range looks {
		t.Run(look, func(t *testing.T) {
			t.Parallel()
			h := &host{extra: `, "callback": true, "availability": {"state": "online"}`}
			s, p := writing(t, h, func(s *site) {
				s.patience = 8 * time.Minute // many states
				for i := range 60 {
					h.says(message{"text": fmt.Sprintf("Shelf %d", i)})
				}
				h.says(message{"direction": "inbound", "kind": "text", "text": "Is there a lamp?", "author": nil, "client_id": "00000000-0000-4000-8000-000000000001"})
				h.says(message{"kind": "picture", "text": "The brass one", "file": h.holds(picture(120, 80, warm)), "reactions": []map[string]string{{"emoji": "👍", "by": "operator"}, {"emoji": "👍", "by": "visitor"}}})
			})
			media(t, features, s, p)
			s.axe(look + ": page")
			for _, state := range states {
				state.bring(h, s, p)
				p.axe(look + ": " + state.name)
				s.shot("state-" + look + "-" + strings.NewReplacer(" ", "-", "'", "").Replace(state.name))
				if state.depart != nil {
					state.depart(h, s, p)
				}
			}
		})
	}
}

// TestUnavailableAndClosedAreForEverybody: what cannot be reached from an open chat.
func TestUnavailableAndClosedAreForEverybody(t *testing.T) {
	t.Parallel()
	for look, features := range looks {
		t.Run(look, func(t *testing.T) {
			t.Parallel()
			s := visit(t, `<html lang="en"><main><h1>Shop</h1></main>`+script(kommoSettings), answers, func(s *site) {
				s.refuse = func(int) (int, string) { return http.StatusForbidden, "chat_unavailable" }
			})
			media(t, features, s)
			s.until(ready)
			s.axe(look + ": launcher")
			p := s.panel()
			media(t, features, p)
			p.until(`document.querySelector(".sc-notice").textContent`)
			p.axe(look + ": unavailable")
			s.shot("state-" + look + "-unavailable")
		})
	}
}

// TestByKeyboardAlone: a whole conversation without a pointer. The focus is where one expects it after each step.
func TestByKeyboardAlone(t *testing.T) {
	t.Parallel()
	h := &host{extra: `, "callback": true`}
	s := visit(t, `<html lang="en"><main><h1>Shop</h1><a href="#x">Cups</a></main>`+script(kommoSettings), chatting(h))
	s.until(ready)
	s.run(`document.querySelector("a").focus()`)
	s.keys("\t")
	s.until(`document.activeElement.matches(".amo-button--main")`)
	s.keys("\r")
	p := s.frame()
	p.until(`document.activeElement.matches("textarea") && document.querySelector(".sc-composer__tool").checkVisibility({visibilityProperty: true})`)
	scheme(t, "light", s, p)
	waitFor(t, func() bool { h.mu.Lock(); defer h.mu.Unlock(); return len(h.streams) > 0 })
	// Backwards to the paper clip, forwards to the emoji and on to what sends.
	s.keys("Hello")
	s.tab(p, true, ".sc-composer__tool")
	s.tab(p, false, "textarea")
	s.tab(p, false, ".sc-composer__emoji")
	s.keys("\r")
	p.until(`document.activeElement.matches(".sc-emoji__one")`)
	s.keys(kb.ArrowRight + "\r")
	p.until(`document.activeElement.matches("textarea") && document.activeElement.value === "Hello😃"`)
	s.tab(p, false, ".sc-composer__emoji")
	s.tab(p, false, ".sc-composer__send")
	s.keys("\r")
	p.until(`document.activeElement.matches("textarea") && document.activeElement.value === "" && ` + sent)
	// A message's menu: answer it, react to it.
	h.says(message{"text": "Good day! Brass or steel?"})
	p.until(`document.querySelector(".sc-message--outbound .sc-message__more")`)
	p.run(`document.querySelector(".sc-message--outbound .sc-message__more").focus()`)
	s.keys("\r")
	p.until(`document.activeElement.textContent === "Reply"`)
	s.keys(kb.ArrowUp)
	p.until(`document.activeElement.matches(".sc-menu__sign")`)
	s.keys("\r")
	p.until(`document.querySelector(".sc-reaction")?.getAttribute("aria-pressed") === "true" && document.activeElement.matches(".sc-message__more")`)
	s.keys("\r")
	p.until(`document.activeElement.textContent === "Reply"`)
	s.keys("\r")
	p.until(`document.activeElement.matches("textarea") && document.querySelector(".sc-mode:not([hidden])")`)
	s.keys("Brass\r")
	p.until(`document.querySelectorAll(".sc-message--inbound").length === 2 && !document.querySelector(".sc-message--sending") && document.activeElement.matches("textarea")`)
	// Change what was written last.
	s.keys(kb.ArrowUp)
	p.until(`document.activeElement.value === "Brass"`)
	s.keys(", please\r")
	p.until(`document.activeElement.matches("textarea") && document.activeElement.value === "" && [...document.querySelectorAll(".sc-message__meta")].pop().textContent.startsWith("edited")`)
	// Escape takes away one layer at a time: emoji, answer, chat.
	p.run(`document.querySelector(".sc-message--outbound .sc-message__more").focus()`)
	s.keys("\r")
	p.until(`document.activeElement.textContent === "Reply"`)
	s.keys("\r")
	p.until(`document.querySelector(".sc-mode:not([hidden])") && document.activeElement.matches("textarea")`)
	s.tab(p, false, ".sc-composer__emoji")
	s.keys("\r")
	p.until(`document.activeElement.matches(".sc-emoji__one")`)
	s.keys("\x1b")
	p.until(`!document.querySelector(".sc-emoji") && document.querySelector(".sc-mode:not([hidden])") && document.activeElement.matches("textarea")`)
	s.keys("\x1b")
	p.until(`!document.querySelector(".sc-mode:not([hidden])") && document.activeElement.matches("textarea")`)
	// End it from the menu, with the question before.
	p.run(`document.querySelector(".sc-header__button").focus()`)
	s.keys("\r")
	p.until(`document.activeElement.textContent === "Request a call"`)
	s.keys(kb.End + "\r")
	p.until(`document.activeElement.textContent === "Cancel"`)
	s.keys("\t\r")
	p.until(`document.querySelector(".sc-ended") && document.activeElement.matches(".sc-header__button")`)
	s.keys("\x1b")
	s.until(`document.querySelector(".amo-livechat_hidden") && document.activeElement.matches(".amo-button--main")`)
}

// tab moves the focus and waits for what has it then.
func (s *site) tab(p *site, back bool, to string) {
	s.t.Helper()
	if back {
		if err := chromedp.Do(s.ctx, chromedp.KeyEvent("\t", chromedp.KeyModifiers(2<<2))); err != nil {
			s.t.Fatal(err)
		}
	} else {
		s.keys("\t")
	}
	p.until(`document.activeElement.matches("` + to + `")`)
}

// TestNothingIsLostWhenTextGrows: at 320 px, with the text spacing of WCAG 1.4.12, and with letters of twice the size, nothing is
// cut off and nothing scrolls sideways.
func TestNothingIsLostWhenTextGrows(t *testing.T) {
	t.Parallel()
	for name, style := range map[string]string{
		"spacing": `* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-block-end: 2em !important }`,
		"double":  `html { font-size: 200% }`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &host{extra: `, "callback": true, "availability": {"state": "away", "back": "2099-03-02T06:00:00Z"}`}
			s := visit(t, `<meta name=viewport content="width=device-width"><html lang="en"><main><h1>Shop</h1></main>`+script(kommoSettings), chatting(h), func(*site) { h.everything() })
			if err := chromedp.Do(s.ctx, chromedp.EmulateViewport(320, 568)); err != nil {
				t.Fatal(err)
			}
			p := s.panel()
			scheme(t, "light", s, p)
			p.until(`document.querySelector(".sc-ended")`)
			p.run(`((sheet) => { sheet.replaceSync(` + "`" + style + "`" + `); document.adoptedStyleSheets = [sheet] })(new CSSStyleSheet())`)
			whole := func(what string) {
				t.Helper()
				p.value(`document.documentElement.scrollWidth <= innerWidth`, true)
				// Nothing but lines that are shortened on purpose is cut.
				p.value(`[...document.querySelectorAll("button, p, h1, h2, label, .sc-message__text")].filter((e) => e.checkVisibility() && !e.matches(".sc-hidden, .sc-hidden *, .sc-quote, .sc-picture") && getComputedStyle(e).textOverflow !== "ellipsis" && (e.scrollWidth > e.clientWidth + 2 || getComputedStyle(e).overflow === "hidden" && e.scrollHeight > e.clientHeight + 2) && e.clientWidth).map((e) => e.className + " " + e.textContent.slice(0, 20))`, []string{})
				s.shot("grown-" + name + "-" + what)
			}
			whole("transcript")
			p.value(`document.querySelector(".sc-scroll").clientHeight > 60`, true)
			p.run(`document.querySelector(".sc-header__button").click()`)
			p.until(`document.querySelector("[role=menu]")`)
			whole("menu")
			p.run(item("Request a call"))
			p.until(`document.activeElement.id === "sc-phone"`)
			whole("call")
			s.keys("\x1b")
			p.until(`!document.querySelector("dialog")`)
			p.run(`document.querySelector(".sc-composer__emoji").click()`)
			p.until(`document.querySelector(".sc-emoji")`)
			whole("emoji")
		})
	}
}

// TestTextFromRightToLeft: words of such languages run their way inside of a panel of another, and on a page that runs so.
func TestTextFromRightToLeft(t *testing.T) {
	t.Parallel()
	h := &host{}
	s := visit(t, `<html lang="ar" dir="rtl"><main><h1>متجر</h1></main>`+script(kommoSettings), chatting(h), func(*site) {
		h.says(message{"text": "مرحبا! كيف يمكنني مساعدتك؟", "author": map[string]any{"name": "عمر"}})
		h.says(message{"direction": "inbound", "text": "أبحث عن مصباح", "author": nil, "client_id": "00000000-0000-4000-8000-000000000001"})
		h.says(message{"text": "Here is one: https://shop.example.test/lamp", "reply_to": map[string]string{"id": "m2", "direction": "inbound", "kind": "text", "text": "أبحث عن مصباح"}})
	})
	p := s.panel()
	scheme(t, "light", s, p)
	p.until(`document.querySelectorAll(".sc-message").length === 3 && document.querySelector(".sc-quote")`)
	p.value(`[...document.querySelectorAll(".sc-message__text")].map((e) => getComputedStyle(e).direction)`, []string{"rtl", "rtl", "ltr"})
	p.axe("right to left")
	s.shot("rtl-text")
	// The launcher and the window do not lie over each other, wherever the page begins.
	s.value(`((a, b) => a.bottom <= b.top && a.right <= innerWidth && a.left >= 0)(document.querySelector("#amo-livechat").getBoundingClientRect(), document.querySelector(".amo-button--main").getBoundingClientRect())`, true)
	// A panel that runs so as a whole: nothing overlaps.
	p.run(`document.documentElement.dir = "rtl"`)
	p.axe("a panel from right to left")
	p.value(`((m, avatar, text) => avatar.left >= text.right && text.left >= 0)(0, document.querySelector(".sc-message__avatar").getBoundingClientRect(), document.querySelector(".sc-message--outbound .sc-message__text").getBoundingClientRect())`, true)
	p.value(`((all) => all.every((a, i) => all.slice(i + 1).every((b) => a.right <= b.left + 1 || b.right <= a.left + 1)))([...document.querySelectorAll(".sc-composer > *, .sc-composer__tools > button")].filter((e) => e.checkVisibility() && !e.matches(".sc-composer__tools, p, ul, .sc-mode")).map((e) => e.getBoundingClientRect()))`, true)
	s.shot("rtl-panel")
}

// TestThePanelFollowsThePhonesKeyboard: the composer stays in sight above it (WIN-6).
func TestThePanelFollowsThePhonesKeyboard(t *testing.T) {
	t.Parallel()
	h := &host{}
	s := visit(t, `<meta name=viewport content="width=device-width"><html lang="en"><main><h1>Shop</h1></main>`+script(kommoSettings), chatting(h), func(s *site) {
		s.phone = true
		for i := range 20 {
			h.says(message{"text": fmt.Sprintf("Shelf %d", i)})
		}
	})
	p := s.panel()
	p.until(`document.querySelectorAll(".sc-message").length === 20`)
	s.shot("phone")
	p.value(`[parseFloat(getComputedStyle(document.querySelector("textarea")).fontSize) >= 16, ...[".sc-header__close", ".sc-header__button", ".sc-composer__tool"].map((c) => ((r) => r.width >= 44 && r.height >= 44)(document.querySelector(c).getBoundingClientRect()))]`, []bool{true, true, true, true})
	// A keyboard leaves less of the screen, which the browser tells by the visual viewport.
	s.run(`Object.defineProperties(visualViewport, {height: {value: 360, configurable: true}, offsetTop: {value: 20, configurable: true}}); visualViewport.dispatchEvent(new Event("resize"))`)
	s.until(`((r) => r.top === 20 && r.height === 360)(document.querySelector("#amo-livechat").getBoundingClientRect())`)
	p.until(`innerHeight <= 360 && document.querySelector(".sc-composer").getBoundingClientRect().bottom <= innerHeight`)
	// The newest message is still in sight.
	p.until(`((m) => m.bottom <= document.querySelector(".sc-scroll").getBoundingClientRect().bottom + 1)([...document.querySelectorAll(".sc-message")].pop().getBoundingClientRect())`)
	s.shot("phone-keyboard")
}

// TestEveryLanguageFits: the words of menus and forms in each language, on the narrowest screen.
func TestEveryLanguageFits(t *testing.T) {
	t.Parallel()
	for lang, call := range map[string]string{"ru": "Заказать звонок", "es": "Solicitar una llamada", "pt": "Pedir uma ligação"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			h := &host{extra: `, "callback": true, "availability": {"state": "away", "back": "2099-03-02T06:00:00Z"}`}
			s := visit(t, `<meta name=viewport content="width=device-width"><html lang="`+lang+`"><main><h1>Shop</h1></main>`+script(kommoSettings), chatting(h), func(s *site) {
				s.locale = lang
				h.says(message{"text": "42"})
			})
			if err := chromedp.Do(s.ctx, chromedp.EmulateViewport(320, 568)); err != nil {
				t.Fatal(err)
			}
			p := s.panel()
			scheme(t, "dark", s, p)
			p.until(`document.documentElement.lang === "` + lang + `" && document.querySelector(".sc-message") && document.querySelector(".sc-header__status").textContent.includes("2099")`)
			p.axe(lang)
			p.run(`document.querySelector(".sc-header__button").click()`)
			p.until(`document.querySelector("[role=menu]")`)
			p.axe(lang + ": menu")
			s.shot("lang-" + lang + "-menu")
			p.run(item(call))
			p.until(`document.activeElement.id === "sc-phone"`)
			p.axe(lang + ": call")
			s.shot("lang-" + lang + "-call")
			// No key of a word is shown in place of the word.
			p.value(`/\b(call|panel|status|emoji|several|undefined)\b\.?[a-z_]*/.test(document.querySelector("dialog").innerText)`, false)
			s.keys("\x1b")
			p.until(`!document.querySelector("dialog")`)
			p.run(`document.querySelector(".sc-composer__emoji").click()`)
			p.until(`document.querySelector(".sc-emoji")`)
			p.axe(lang + ": emoji")
			s.shot("lang-" + lang + "-emoji")
		})
	}
}

// TestHistoryIsNotSpoken: who opens a chat hears what comes, once, and nothing of what was said before.
func TestHistoryIsNotSpoken(t *testing.T) {
	t.Parallel()
	h := &host{}
	_, p := writing(t, h, func(*site) {
		h.says(message{"text": "long ago"})
		h.says(message{"text": "yesterday"})
	})
	p.value(`[document.querySelectorAll(".sc-message").length, document.querySelector("[role=log]").textContent]`, []any{2, ""})
	p.run(`spoken = []; new MutationObserver((l) => l.forEach((m) => m.addedNodes.forEach((n) => spoken.push(n.textContent)))).observe(document.querySelector("[role=log]"), {childList: true})`)
	id := h.says(message{"text": "now", "author": map[string]any{"name": "Oleg"}})
	p.until(`spoken.length === 1`)
	h.changes(id, message{"reactions": []map[string]string{{"emoji": "👍", "by": "operator"}}}) // a change is no message
	p.until(`document.querySelector(".sc-reaction")`)
	p.value(`spoken`, []string{"Oleg: now"})
}
