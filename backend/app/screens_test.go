package app

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"leadline/backend/browsertest"
	"leadline/backend/sandbox"
)

// chatOf waits for a visitor's message in the CRM and gives its chat.
func (w *world) chatOf(text string) string {
	w.t.Helper()
	var chat string
	w.eventually("the message "+text, func() bool {
		for _, m := range w.box.Messages(accountID) {
			if m.Text == text {
				chat = m.ChatID
			}
		}
		return chat != ""
	})
	return chat
}

// says writes as an operator.
func (w *world) says(chat, text string) sandbox.Message {
	w.t.Helper()
	m, err := w.box.OperatorSay(accountID, chat, text)
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

// wasRead waits for the operator's message to be read: no request to the chats
// service is under way after it.
func (w *world) wasRead(m sandbox.Message) {
	w.t.Helper()
	w.eventually("the answer read", func() bool { got, _ := w.box.Message(m.ID); return got.Status == 2 })
}

func (w *world) times(text string) int {
	n := 0
	for _, got := range w.inbox(sandbox.Inbound) {
		if got == text {
			n++
		}
	}
	return n
}

// screenWords are what a visitor is to read in each language (O §2.4).
var screenWords = map[string]struct{ placeholder, failed, question, answer string }{
	"ru": {"Написать сообщение...", "Ошибка", "Латунная лампа ещё есть?", "Есть, и она ваша."},
	"en": {"Write a message...", "Error", "Is the brass lamp still there?", "It is, and it is yours."},
	"es": {"Escribe un mensaje...", "Error", "¿Todavía tienen la lámpara de latón?", "Sí, y es suya."},
	"pt": {"Escreva uma mensagem...", "Erro", "Ainda têm a luminária de latão?", "Temos, e é sua."},
}

// TestScreensOfTheSiteChat goes through what a visitor sees, in each language,
// on a desk and on a phone, light and dark, with axe on every state.
func TestScreensOfTheSiteChat(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	button, hash := w.connected()
	var at string
	site := w.shopIn(&at)
	browser := w.chromium(map[string]string{"shop.example.test": at})
	for _, lang := range spoken() {
		for _, size := range []string{"desk", "phone"} {
			name := lang + "-" + size
			site.paste(snippet(button, hash, lang))
			looks := []chromedp.Action[chromedp.Void]{chromedp.EmulateViewport(1280, 800)}
			if size == "phone" {
				looks[0] = phone()
			}
			p := browser.person(shopURL+"/", looks...)
			p.sees(`document.querySelector('.amo-button--main')`)
			var c *tab
			seen := func(state string) {
				t.Helper()
				for _, s := range []string{"light", "dark"} {
					scheme(s, p)
					if c != nil {
						scheme(s, c)
						c.fits(name + " " + state)
					}
					// Names depend on the language and contrast on the scheme, not on both.
					if lang == "en" || s == "light" {
						if c != nil {
							c.axe(name+" "+state+" "+s, "html")
						}
						if strings.HasPrefix(state, "1") || strings.HasPrefix(state, "2") {
							p.axe(name+" launcher "+state+" "+s, "#amobutton")
						}
					}
					p.shot(name + "-" + state + "-" + s)
				}
			}
			seen("1-closed")
			c = p.opens()
			words := screenWords[lang]
			c.sees(fmt.Sprintf(`document.documentElement.lang === %q && document.querySelector('textarea').placeholder === %q`, lang, words.placeholder))
			seen("2-empty")
			question := words.question + " " + strings.Repeat("!", len(name)) // one for each visitor
			c.writes(question)
			chat := w.chatOf(question)
			long := words.answer + " https://shop.example.test/lamps/brass?" + strings.Repeat("colour=warm&", 8)
			w.says(chat, words.answer)
			last := w.says(chat, long)
			c.reads(words.answer)
			c.sees(`document.querySelectorAll('.sc-message--outbound').length === 2`)
			w.wasRead(last)
			seen("3-answered")
			// The CRM refuses the next message for good: the visitor is told in words. Everything is refused until
			// then, since it is told of the typing as well.
			w.box.SetFaults(func(f *sandbox.Faults) { f.AmojoStatus, f.AmojoCount = 400, -1 })
			c.writes(question + " " + words.question)
			c.sees(`(document.querySelector('.sc-message--error .sc-message__error')?.textContent.length ?? 0) > 20`)
			w.box.SetFaults(func(f *sandbox.Faults) { f.AmojoStatus, f.AmojoCount = 0, 0 })
			c.reads(words.failed)
			if lang != "en" && strings.Contains(browsertest.Text(c.ctx), "not accepted") {
				t.Errorf("%s: the reason is in English", name)
			}
			seen("4-refused")
		}
	}
	w.noBreaches()
}

// fits checks that nothing is cut or scrolls sideways, and that targets have
// 24 px or more (style.md §10).
func (b *tab) fits(what string) {
	b.w.t.Helper()
	bad := js[[]string](b, `[
		...(document.documentElement.scrollWidth > innerWidth ? ["the page scrolls sideways"] : []),
		...[...document.querySelectorAll("button, textarea")].filter((e) => e.checkVisibility()).filter((e) => {
			const r = e.getBoundingClientRect();
			return r.width < 24 || r.height < 24 || r.left < 0 || r.right > innerWidth + 1;
		}).map((e) => e.outerHTML)]`)
	if len(bad) > 0 {
		b.w.t.Errorf("%s: %q", what, bad)
	}
}

// TestVisitorsWays are ways through the chat that a picture does not show, all
// of them through a proxy whose address stays.
func TestVisitorsWays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	button, hash := w.connected()
	front := w.behindAFront()
	var at string
	w.shopIn(&at).paste(snippet(button, hash, "en"))
	browser := w.chromium(map[string]string{"shop.example.test": at})

	// WIN-4, WIN-5: what comes while the chat is closed.
	t.Log("unread")
	p := browser.person(shopURL + "/")
	c := p.opens()
	c.writes("unread?")
	chat := w.chatOf("unread?")
	c.click(".sc-header__close")
	p.sees(`document.querySelector('.amo-livechat_hidden')`)
	said := w.says(chat, "One message while you were away, and a long one at that: it goes on and on, so that it has to be cut in the pop-up.")
	p.sees(`document.querySelector('.amo-button-greeting-badge').textContent === '1' && document.querySelector('.amo-livechat_bubble')`)
	if label := js[string](p, `document.querySelector('.amo-button--main').getAttribute('aria-label')`); !strings.Contains(label, "1") {
		t.Errorf("the launcher is called %q: the unread message is not said", label)
	}
	for _, s := range []string{"light", "dark"} {
		scheme(s, p, c)
		p.axe("pop-up "+s, "#amobutton")
		p.shot("unread-" + s)
	}
	scheme("light", p, c)
	p.click(`.amo-button--main`)
	p.sees(`document.querySelector('.amo-button-greeting-badge').textContent === '' && !document.querySelector('.amo-livechat_bubble')`)
	w.wasRead(said)
	p.shot("unread-opened")

	// WIN-7: by keyboard only.
	t.Log("keyboard")
	p = browser.person(shopURL + "/")
	p.sees(`document.querySelector('.amo-button--main')`)
	p.do(chromedp.KeyEvent("\t"))
	p.sees(`document.activeElement.matches('.amo-button--main')`)
	p.shot("keyboard-launcher")
	p.do(chromedp.KeyEvent("\r"))
	c = p.panel()
	c.sees(`document.activeElement?.matches('textarea')`)
	if expanded := js[string](p, `document.querySelector('.amo-button--main').getAttribute('aria-expanded')`); expanded != "true" {
		t.Errorf("aria-expanded=%s on the launcher of an open chat", expanded)
	}
	p.do(chromedp.KeyEvent("by keyboard\r"))
	w.chatOf("by keyboard")
	p.do(chromedp.KeyEvent("\x1b"))
	p.sees(`document.querySelector('.amo-livechat_hidden') && document.activeElement.matches('.amo-button--main')`)

	// Two tabs of one browser are one visitor.
	t.Log("tabs")
	one := browser.open(shopURL + "/")
	first := one.opens()
	first.writes("from the first tab")
	chat = w.chatOf("from the first tab")
	two := browser.open(shopURL + "/")
	second := two.opens()
	second.reads("from the first tab")
	w.says(chat, "to both tabs")
	first.reads("to both tabs")
	second.reads("to both tabs")
	second.writes("from the second tab")
	first.reads("from the second tab")
	if got := w.chatOf("from the second tab"); got != chat {
		t.Errorf("the second tab wrote in chat %s, the first in %s", got, chat)
	}
	if a, b := w.times("from the first tab"), w.times("from the second tab"); a != 1 || b != 1 {
		t.Errorf("the messages arrived %d and %d times", a, b)
	}

	// Where upgrades are refused, the stream comes as events (design.md §10).
	t.Log("events")
	front.noSockets.Store(true)
	p = browser.person(shopURL + "/")
	c = p.opens()
	c.writes("without sockets")
	w.says(w.chatOf("without sockets"), "an answer all the same")
	c.reads("an answer all the same")
	if front.refused.Load() == 0 {
		t.Error("no upgrade was refused: the stream did not come as events")
	}
	front.noSockets.Store(false)

	// The browser has no network: said in words, sent once when it is back.
	t.Log("offline")
	offline := func(is bool) {
		t.Helper()
		for _, b := range []*tab{p, c} {
			rules := []*network.Conditions{{Offline: is, DownloadThroughput: -1, UploadThroughput: -1}}
			if _, err := chromedp.Call(b.ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: rules}); err != nil {
				t.Fatal(err)
			}
			if _, err := chromedp.Call(b.ctx, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: is, DownloadThroughput: -1, UploadThroughput: -1}); err != nil {
				t.Fatal(err)
			}
		}
	}
	offline(true)
	c.sees(`document.querySelector('.sc-banner').textContent.includes('offline')`)
	c.writes("written offline")
	c.sees(`document.querySelector('.sc-message--sending')`)
	for _, s := range []string{"light", "dark"} {
		scheme(s, p, c)
		c.axe("offline "+s, "html")
		p.shot("offline-" + s)
	}
	scheme("light", p, c)
	offline(false)
	chat = w.chatOf("written offline")
	c.sees(`!document.querySelector('.sc-message--sending') && document.querySelector('.sc-banner').textContent === ''`)
	if n := w.times("written offline"); n != 1 {
		t.Errorf("what was written offline arrived %d times", n)
	}

	// The backend restarts while the panel is open.
	t.Log("restart")
	w.stopApp()
	c.writes("written while the server was down")
	c.sees(`document.querySelector('.sc-message--sending')`)
	c.sees(`document.querySelector('.sc-banner').textContent.length > 0`)
	c.axe("server down", "html")
	p.shot("server-down")
	front.start()
	if got := w.chatOf("written while the server was down"); got != chat {
		t.Errorf("after the restart the visitor wrote in chat %s, before in %s", got, chat)
	}
	c.sees(`!document.querySelector('.sc-message--sending')`)
	w.says(chat, "after the restart")
	c.reads("after the restart")
	c.sees(`document.querySelector('.sc-banner').textContent === ''`)
	if n := w.times("written while the server was down"); n != 1 {
		t.Errorf("what was written during the restart arrived %d times", n)
	}
	w.noBreaches()
}
