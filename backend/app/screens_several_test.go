package app

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// TestScreensOfSeveralConversations: O §6.4 over the real server: two conversations with numbers of their own, an answer to the one
// that is not looked at, the end, and what stands there on the next visit.
func TestScreensOfSeveralConversations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	button, hash := w.connected()
	w.several()
	var at string
	site := w.shopIn(&at)
	browser := w.chromium(map[string]string{"shop.example.test": at})
	site.paste(snippet(button, hash, "en"))
	p := browser.person(shopURL+"/", chromedp.EmulateViewport(1280, 800))
	c := p.opens()
	scheme("light", p, c)
	c.writes("About the lamp")
	c.sees(`document.querySelector(".sc-bar__number")?.textContent === "Conversation A1" && !document.querySelector(".sc-message--sending")`)
	lamp := w.chatOf("About the lamp")
	c.click(".sc-bar__button")
	c.sees(`document.querySelectorAll(".sc-talk").length === 1`)
	c.click(".sc-talks__new")
	c.sees(`document.activeElement.matches("textarea") && !document.querySelector(".sc-message")`)
	c.writes("About the cup")
	c.sees(`document.querySelector(".sc-bar__number")?.textContent === "Conversation A2" && !document.querySelector(".sc-message--sending")`)
	w.eventually("two chats over there", func() bool { return len(w.box.Chats(accountID)) == 2 })

	if _, err := w.box.OperatorSay(accountID, lamp, "Brass or steel?"); err != nil {
		t.Fatal(err)
	}
	c.sees(`document.querySelector(".sc-bar__count").textContent === "1" && document.querySelectorAll(".sc-message").length === 1`)
	p.shot("several-another")
	c.click(".sc-bar__button")
	c.sees(`document.querySelector(".sc-talk__last")?.textContent.endsWith(": Brass or steel?")`)
	c.axe("conversations", "html")
	p.shot("several-conversations")
	c.click(".sc-talk")
	c.sees(`document.querySelector(".sc-message--outbound .sc-message__text")?.textContent === "Brass or steel?"`)
	// It is answered there, live.
	c.writes("Brass")
	c.sees(`document.querySelectorAll(".sc-message--inbound").length === 2 && !document.querySelector(".sc-message--sending")`)
	if _, err := w.box.OperatorSay(accountID, lamp, "It is yours."); err != nil {
		t.Fatal(err)
	}
	c.sees(`[...document.querySelectorAll(".sc-message__text")].pop().textContent === "It is yours."`)

	// The end: off the list here, and an operator who writes there is told.
	c.click(".sc-bar__end")
	c.sees(`document.querySelector("dialog[open]")`)
	c.click(".sc-button--main")
	c.sees(`document.querySelector(".sc-talks").checkVisibility() && document.querySelectorAll(".sc-talk").length === 1`)
	w.eventually("the operator to be told", func() bool {
		if _, err := w.box.OperatorSay(accountID, lamp, "Are you there?"); err != nil {
			t.Fatal(err)
		}
		for _, m := range w.box.Messages(accountID) {
			if m.Text == "Are you there?" && m.Status == -1 {
				return true
			}
		}
		return false
	})
	// The next visit opens on the one that is left.
	p.do(chromedp.Navigate(shopURL + "/?again"))
	c = p.opens()
	c.sees(`document.querySelector(".sc-bar__number")?.textContent === "Conversation A2" && document.querySelector(".sc-message__text")?.textContent === "About the cup"`)
	w.noBreaches()
}
