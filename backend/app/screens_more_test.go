package app

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"leadline/backend/chatid"
)

// TestNarrowScreensAndForcedColors: a page 320 px wide, which is also what a
// zoom of 400 % leaves of a desk, and a palette that the visitor's system forces
// (style.md §9, §10).
func TestNarrowScreensAndForcedColors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	button, hash := w.connected()
	var at string
	w.shopIn(&at).paste(snippet(button, hash, "ru"))
	browser := w.chromium(map[string]string{"shop.example.test": at})
	p := browser.person(shopURL+"/", chromedp.EmulateViewport(320, 480, chromedp.EmulateMobile, chromedp.EmulateTouch))
	c := p.opens()
	c.writes("Узкий экран, " + strings.Repeat("оченьдлинноесловобезпробелов", 4))
	chat := w.chatOf("Узкий экран, " + strings.Repeat("оченьдлинноесловобезпробелов", 4))
	w.says(chat, "Ответ")
	c.reads("Ответ")
	c.axe("narrow", "html")
	c.fits("narrow")
	p.shot("narrow-panel")
	c.click(".sc-header__close")
	p.sees(`document.querySelector('.amo-livechat_hidden')`)
	w.says(chat, "Сообщение в закрытый чат: "+strings.Repeat("оченьдлинноесловобезпробелов", 4))
	p.sees(`document.querySelector('.amo-livechat_bubble')`)
	p.fits("narrow pop-up")
	p.axe("narrow pop-up", "#amobutton")
	p.shot("narrow-pop-up")

	p = browser.person(shopURL + "/")
	c = p.opens()
	for _, b := range []*tab{p, c} {
		features := []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}, {Name: "prefers-reduced-motion", Value: "reduce"}}
		if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
			t.Fatal(err)
		}
	}
	c.writes("Цвета системы")
	w.says(w.chatOf("Цвета системы"), "Видно.")
	c.reads("Видно.")
	p.shot("forced-colors")
	if edge := js[string](c, `getComputedStyle(document.querySelector(".sc-message__text")).borderTopStyle`); edge != "solid" {
		t.Errorf("a message has no edge in forced colours: %s", edge)
	}
	w.noBreaches()
}

// TestOperatorsScreens looks at the inbox and the log of the sandbox, which
// stand in for the CRM's own when somebody tries the product.
func TestOperatorsScreens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	v := w.visit(w.connected())
	v.write(uuidN(1), "Is the brass lamp still there? "+strings.Repeat("And how bright is it? ", 8))
	w.says(w.chatOf(v.history()[0].Text), "It is.")
	browser := w.chromium(nil)
	for _, size := range []string{"desk", "phone"} {
		look := chromedp.EmulateViewport(1280, 800)
		if size == "phone" {
			look = phone()
		}
		p := browser.person("https://"+crmHost+"/inbox/", look)
		seen := func(what string) {
			t.Helper()
			for _, s := range []string{"light", "dark"} {
				scheme(s, p)
				p.axe(size+" "+what+" "+s, "html")
				p.fits(size + " " + what)
				p.shot(size + "-" + what + "-" + s)
			}
		}
		p.reads("It is.")
		seen("1-inbox")
		p.click("#chats li button, #chats li a, #chats li")
		p.sees(`document.querySelector("#text")?.checkVisibility()`)
		seen("2-talk")
	}
	w.noBreaches()
}

// TestSitesThatGetNoChat: an untrusted site gets nothing but a word for its
// developer; a disconnected account says that the chat is unavailable.
func TestSitesThatGetNoChat(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	button, hash := w.connected()
	var at string
	w.shopIn(&at).paste(snippet(button, hash, "en"))
	browser := w.chromium(map[string]string{"shop.example.test": at, "other.example.test": at})

	trust := func(sites ...string) {
		t.Helper()
		if err := w.app.store.OnlineChats().SetTrustedSites(t.Context(), chatid.ButtonKey(button), sites, false); err != nil {
			t.Fatal(err)
		}
	}
	trust("shop.example.test")
	p := browser.person("about:blank")
	var mu sync.Mutex
	var said []string
	if err := chromedp.Listen(p.ctx, func(ev any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := ev.(type) {
		case *runtime.EventConsoleAPICalled:
			said = append(said, fmt.Sprintf("%s: %s", e.Type, e.Args[0].Value))
		case *runtime.EventExceptionThrown:
			said = append(said, "thrown: "+e.ExceptionDetails.Text)
		}
	}); err != nil {
		t.Fatal(err)
	}
	p.visit("https://other.example.test/")
	heard := func() []string { mu.Lock(); defer mu.Unlock(); return slices.Clone(said) }
	until(t, "the warning", func() bool { return len(heard()) > 0 })
	if n := js[int](p, `document.querySelectorAll('#amobutton, iframe').length`); n != 0 {
		t.Errorf("an untrusted site got %d nodes", n)
	}
	if got := heard(); len(got) != 1 || !strings.HasPrefix(got[0], "warning:") || !strings.Contains(got[0], "trusted sites") {
		t.Errorf("an untrusted site's console has %q, want one warning that tells the reason", got)
	}
	p.shot("untrusted")

	p = browser.person(shopURL + "/")
	c := p.opens()
	c.writes("before")
	w.chatOf("before")
	w.send("POST", appURL+"/widget/v1/disconnect", w.widgetHeaders(adminID), map[string]string{})
	c.writes("after")
	c.sees(`(document.querySelector('.sc-notice').textContent.length ?? 0) > 0 && document.querySelector('.sc-message--error .sc-message__error').textContent.length > 20`)
	for _, s := range []string{"light", "dark"} {
		scheme(s, p, c)
		c.axe("disconnected "+s, "html")
		p.shot("disconnected-" + s)
	}
	// A page whose browser still has the configuration of before.
	p.visit(shopURL + "/")
	p.click(`.amo-button--main`)
	c = p.panel()
	c.sees(`document.querySelector('.sc-notice').textContent.length > 0 && document.querySelector('.sc-composer').hidden`)
	c.axe("unavailable", "html")
	p.shot("unavailable")
	if n := w.times("after"); n != 0 {
		t.Errorf("a message reached a disconnected account %d times", n)
	}
	// When the account is back, what failed goes out once and is answered.
	again := w.send("POST", appURL+"/widget/v1/connect", w.widgetHeaders(adminID), w.connectBody())
	if again.status != 200 {
		t.Fatalf("connect again: %d %s", again.status, again.body)
	}
	c.click(".sc-message__retry")
	c = p.panel()
	c.sees(`!document.querySelector('.sc-composer').hidden && !document.querySelector('.sc-message--error')`)
	w.says(w.chatOf("after"), "we are back")
	c.reads("we are back")
	if n := w.times("after"); n != 1 {
		t.Errorf("a message tried again arrived %d times", n)
	}
	w.send("POST", appURL+"/widget/v1/disconnect", w.widgetHeaders(adminID), map[string]string{})
	c.writes("again off")
	c.sees(`document.querySelector('.sc-composer').hidden`)
	w.send("POST", appURL+"/widget/v1/connect", w.widgetHeaders(adminID), w.connectBody())
	c.click(".sc-message__retry")
	c.sees(`!document.querySelector('.sc-composer').hidden`)
	w.says(w.chatOf("again off"), "and back again")
	c.reads("and back again")
	w.send("POST", appURL+"/widget/v1/disconnect", w.widgetHeaders(adminID), map[string]string{})
	// And a new visitor, who is shown no chat that would not answer.
	p = browser.person(shopURL + "/")
	if n := js[int](p, `fetch(`+fmt.Sprintf("%q", chatURL+"/v1/buttons/"+button+"/config?hash="+hash)+`).then(() => document.querySelectorAll('.amo-button').length)`); n != 0 {
		t.Errorf("a disconnected account shows %d launchers to a new visitor", n)
	}
	w.noBreaches()
}
