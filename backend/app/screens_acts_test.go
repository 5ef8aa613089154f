package app

import (
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"leadline/backend/sandbox"
)

// TestScreensOfFilesAndActs: what a visitor shows and does in the panel is what an operator has, and the other
// way round, over the real server.
func TestScreensOfFilesAndActs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true, sandbox: withAvatars("#4070d0")})
	button, hash := w.connected()
	var at string
	site := w.shopIn(&at)
	browser := w.chromium(map[string]string{"shop.example.test": at})
	site.paste(snippet(button, hash, "en"))
	p := browser.person(shopURL+"/", chromedp.EmulateViewport(1280, 800))
	c := p.opens()
	scheme("light", p, c)
	c.writes("Have you got it?")
	chat := w.chatOf("Have you got it?")

	// A picture with a caption goes to the CRM with the very same bytes.
	picture, err := filepath.Abs("../media/testdata/glass.png")
	if err != nil {
		t.Fatal(err)
	}
	c.sees(`document.querySelector(".sc-composer__tool").checkVisibility({visibilityProperty: true})`)
	c.do(chromedp.SetUploadFiles(chromedp.CSS(".sc-composer__file"), []string{picture}, chromedp.NodeReady))
	c.sees(`document.querySelector(".sc-tray__picture")?.naturalWidth > 0`)
	c.writes("Like this one")
	c.sees(`document.querySelector(".sc-message--inbound .sc-picture img")?.naturalWidth > 0 && !document.querySelector(".sc-message--sending")`)
	w.eventually("the picture over there", func() bool {
		for _, d := range w.box.Downloads() {
			if m, _ := w.box.Message(d.MessageID); d.SHA256 == sha(sample(t, "glass.png")) && d.Outcome == "fetched" && m.Type == "picture" && m.Text == "Like this one" {
				return true
			}
		}
		return false
	})

	// What the operator sends is there to be looked at and heard, beside their picture.
	w.until("the operator's picture", func() bool { _, copied := w.operators(); return copied == 1 })
	for name, contentType := range map[string]string{"wide.jpg": "image/jpeg", "opus.ogg": "audio/ogg"} {
		kind := ""
		if name == "opus.ogg" {
			kind = "voice"
		}
		content, err := w.box.Upload(accountID, name, contentType, kind, sample(t, name))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.box.OperatorSend(accountID, chat, 0, content); err != nil {
			t.Fatal(err)
		}
	}
	c.sees(`document.querySelector(".sc-message--outbound .sc-picture img")?.naturalWidth > 0`)
	c.sees(`document.querySelector(".sc-message__avatar > img")?.naturalWidth === 96`)
	c.sees(`/^0:0[1-9]$/.test(document.querySelector(".sc-message--outbound .sc-player__time")?.textContent)`)
	c.axe("files", "html")
	p.shot("files")

	// Typing, a button, a quote, a reaction, a change, an end.
	if err := w.box.OperatorTyping(accountID, chat, 0); err != nil {
		t.Fatal(err)
	}
	c.sees(`document.querySelector(".sc-typing").textContent`)
	asked, err := w.box.OperatorSend(accountID, chat, 0, sandbox.Content{Text: "Which day?", Markup: sandbox.Markup{Mode: "inline", Buttons: [][]sandbox.Button{{{Text: "Monday"}, {Text: "Friday"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	c.sees(`document.querySelector(".sc-choice") && document.querySelector(".sc-typing").textContent === ""`)
	p.shot("buttons")
	c.click(".sc-choice")
	w.eventually("the button that was pressed", func() bool { return w.times("Monday") == 1 })
	// The menu of the question, once it is drawn.
	menu := func(of, entry string) {
		t.Helper()
		js[bool](c, `[...document.querySelectorAll(".sc-message")].find((m) => m.querySelector(".sc-message__text")?.textContent === "`+of+`").querySelector(".sc-message__more").click(), true`)
		c.sees(`document.querySelector("[role=menu]")`)
		js[bool](c, `[...document.querySelectorAll("[role=menu] button")].find((b) => b.textContent === "`+entry+`").click(), true`)
	}
	menu("Which day?", "👍")
	w.eventually("the reaction over there", func() bool {
		m, _ := w.box.Message(asked.ID)
		for _, emoji := range m.Reactions {
			return emoji == "👍"
		}
		return false
	})
	menu("Which day?", "Reply")
	c.sees(`!document.querySelector(".sc-mode").hidden`)
	c.writes("At noon")
	w.eventually("the reply over there", func() bool { return w.times("At noon") == 1 })
	c.sees(`document.querySelector("button.sc-quote .sc-quote__text")?.textContent === "Which day?" && !document.querySelector(".sc-message--sending")`)
	menu("At noon", "Edit")
	c.sees(`document.querySelector("textarea").value === "At noon"`)
	c.writes(", or later")
	w.eventually("the change over there", func() bool {
		for _, m := range w.box.Messages(accountID) {
			if m.Text == "At noon, or later" && m.Edited {
				return true
			}
		}
		return false
	})
	c.sees(`document.querySelector(".sc-mode").hidden`)
	p.shot("acts")
	c.click(".sc-header__button")
	c.click("[role=menu] .sc-menu__item:last-child")
	c.click("dialog .sc-button--main")
	c.sees(`document.querySelector(".sc-ended")`)
	p.shot("ended")
	w.noBreaches()
}
