package app

import (
	"testing"

	"github.com/chromedp/chromedp"

	"leadline/backend/sandbox"
)

// TestScreensOfGreeting: BOT-1, BOT-11, META-7, WIN-2 over the real server: what the bot says to who opens the chat is stored
// nowhere until a button of it is pressed; then it goes on, and the operator has all of it.
func TestScreensOfGreeting(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	button, hash := w.connected()
	w.greets(consultant, nil)
	var at string
	site := w.shopIn(&at)
	browser := w.chromium(map[string]string{"shop.example.test": at})
	site.paste(snippet(button, hash, "pt"))
	p := browser.person(shopURL+"/", chromedp.EmulateViewport(1280, 800))
	p.sees(`(amo_social_button.setMeta({bot_params: {locale: "pt", username: "<b>Ana</b>"}}), true)`)
	c := p.opens()
	scheme("light", p, c)
	c.sees(`document.querySelectorAll(".sc-message--outbound").length === 2 && document.querySelectorAll(".sc-choice").length === 2`)
	c.sees(`document.querySelector(".sc-message__text").textContent === "Olá, <b>Ana</b>!"`)
	c.axe("greeting", "html")
	p.shot("greeting")
	if chats := w.box.Chats(accountID); len(chats) != 0 {
		t.Fatalf("opening the chat made %+v", chats)
	}
	c.click(".sc-choice")
	c.sees(`[...document.querySelectorAll(".sc-message__text")].map((m) => m.textContent).join("|") ===
		"Olá, <b>Ana</b>!|Em que podemos ajudar?|Preços|Nossos planos:|Qual é o seu e-mail?"`)
	c.sees(`document.querySelector("a.sc-choice").href === "https://shop.example/plans"`)
	// The bot has answered, no operator has read it.
	c.sees(`document.querySelector(".sc-message--inbound") && !document.querySelector(".sc-message--read")`)
	p.shot("greeting-goes-on")
	c.writes("ana@example.org")
	c.sees(`[...document.querySelectorAll(".sc-message__text")].pop().textContent === "Escrevemos para ana@example.org."`)
	w.eventually("all of it over there", func() bool { return len(w.box.Messages(accountID)) >= 7 })
	if first := w.box.ChatMessages(w.box.Chats(accountID)[0].ID)[0]; first.Text != "Olá, <b>Ana</b>!" || first.Direction != sandbox.Outbound {
		t.Errorf("the inbox begins with %+v", first)
	}
	// The next visit finds it as it was, once.
	p.do(chromedp.Navigate(shopURL + "/?again"))
	c = p.opens()
	c.sees(`document.querySelectorAll(".sc-message__text").length === 7 && document.querySelector(".sc-message__text").textContent === "Olá, <b>Ana</b>!"`)
	w.noBreaches()
}
