package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"leadline/backend/sandbox"
)

// watchPolicy collects what breaks the page's policy from now on.
const watchPolicy = `violations = [], addEventListener("securitypolicyviolation", (e) => violations.push(e.violatedDirective + " " + e.blockedURI)), null`

// TestCardPageWalk: an administrator makes a card page in the console, sees it beside
// the form as he types, and a visitor finds it, opens the chat there, writes and is
// answered; by keyboard, on a phone, and without JavaScript too.
func TestCardPageWalk(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	w.connected()
	browser := w.chromium(nil)
	console := browser.person(appURL + "/console")
	console.fill("#login", login)
	console.fill("#password", password+"\r")
	const account = `[...document.links].find((a) => /\/console\/[0-9a-f-]{36}$/.test(a.href))`
	console.sees(account)
	js[any](console, account+`.click(), null`)
	console.sees(`document.querySelector('.console__tab[href$="/cards"]')`)
	console.click(`.console__tab[href$="/cards"]`)
	console.reads("There are no card pages yet")
	console.axe("the list", "html")
	console.fill("#title", "Harbour lamps")
	console.fill("#slug", "harbour-lamps\r")
	console.reads("The page is made")

	// What is typed shows in the frame beside it; the chat's button is there, and dead.
	console.fill("#text", "Lamps of the old port.\nMade by hand.")
	preview := func(condition string) {
		t.Helper()
		until(t, "the preview: "+condition, func() bool {
			list, err := chromedp.Targets(console.ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, info := range list { // sandboxed, so of another site to the browser
				if !strings.HasSuffix(info.URL, "/preview") {
					continue
				}
				ctx, cancel := chromedp.NewContext(console.ctx, chromedp.WithTargetID(info.TargetID))
				t.Cleanup(cancel)
				if chromedp.Do(ctx) != nil { // gone meanwhile
					continue
				}
				holds, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`!!(document.querySelector(".card") && (`+condition+`))`))
				if err == nil && holds {
					return true
				}
			}
			return false
		})
	}
	preview(`document.querySelector(".card__text")?.textContent.includes("Made by hand") && document.querySelector("#chat").disabled`)

	// Buttons are added and moved without losing anything.
	console.click(`button[value="add-messenger"]`)
	console.sees(`document.querySelector('#b1\\.link') && document.querySelector("#text").value.includes("Made by hand")`)
	console.reads("Not saved yet")
	js[any](console, `document.getElementById("b1.service").value = "telegram", null`)
	console.fill(`#b1\.link`, "@harbour_lamps")
	console.click(`button[value="add-link"]`)
	console.sees(`document.querySelector('#b2\\.link')`)
	console.fill(`#b2\.link`, "javascript:alert(1)")
	console.fill(`#b2\.label`, "Our shop")
	console.fill(`#b2\.heading`, "Where to buy")
	console.fill(`#b0\.heading`, "Ask us anything")
	preview(`document.querySelectorAll(".card__button").length === 3 && !document.querySelector(".card [href]")`)
	console.click(`button[value="up-1"]`)
	console.sees(`document.querySelector('#b0\\.link')?.value === "@harbour_lamps"`)
	js[any](console, `document.querySelector(".cardform__save button").click(), null`)
	console.sees(`document.querySelector('[aria-invalid]') === document.activeElement && document.activeElement.id === "b2.link"`)
	console.axe("a refused form", "html")
	console.shot("editor-refused")
	console.fill(`#b2\.link`, "shop.harbour.example")
	picture := filepath.Join(t.TempDir(), "lamp.png")
	if err := os.WriteFile(picture, drawing(1600, 700), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"#picture", "#avatar"} {
		console.do(chromedp.SetUploadFiles(chromedp.CSS(field), []string{picture}, chromedp.NodeReady))
	}
	js[any](console, `document.querySelector(".cardform__save button").click(), null`)
	console.reads("The page is saved")
	preview(`document.querySelector(".card__picture")?.naturalWidth === 1200 && document.querySelector(".card__picture").complete`)
	for _, s := range []string{"light", "dark"} {
		scheme(s, console)
		console.axe("the editor, "+s, "html")
		console.fits("the editor")
		console.shot("editor-" + s)
	}

	// A visitor on a computer and on a phone.
	page := chatURL + "/s/harbour-lamps"
	visitor := browser.person("about:blank")
	visitor.visit(page)
	js[any](visitor, watchPolicy)
	for _, s := range []string{"light", "dark"} {
		scheme(s, visitor)
		visitor.axe("the page, "+s, "html")
		visitor.fits("the page")
		visitor.shot("page-" + s)
	}
	// By the keyboard: to the chat's button, Enter; Escape brings the focus back.
	js[any](visitor, `document.getElementById("chat").focus(), null`)
	visitor.do(chromedp.SendKeys(chromedp.CSS("#chat"), "\r"))
	const inside = `document.querySelector(".amo-livechat iframe").contentDocument`
	visitor.sees(`document.querySelector(".amo-livechat_chat") && ` + inside + `?.querySelector(".sc-composer:not([hidden]) textarea")`)
	visitor.sees(`document.getElementById("chat").ariaExpanded === "true"`)
	visitor.sees(inside + `.activeElement?.matches("textarea")`)
	visitor.do(chromedp.KeyEvent("From the card page\r"))
	w.until("the message in the CRM", func() bool { return len(w.inbox(sandbox.Inbound)) == 1 })
	chats := w.box.Chats(accountID)
	w.says(chats[0].ID, "From the port")
	visitor.sees(inside + `.body.innerText.includes("From the port")`)
	visitor.shot("page-chat")
	js[any](visitor, `document.getElementById("chat").click(), null`)
	visitor.sees(`document.getElementById("chat").ariaExpanded === "false"`)
	w.says(chats[0].ID, "Are you there?")
	visitor.sees(`document.getElementById("chat-count").textContent === "1"`)
	if got := js[[]string](visitor, `violations`); len(got) > 0 {
		t.Errorf("against the policy: %q", got)
	}

	small := browser.person("about:blank", phone())
	small.visit(page)
	js[any](small, watchPolicy)
	scheme("light", small)
	small.axe("the page on a phone", "html")
	small.fits("the page on a phone")
	small.shot("phone")
	small.click("#chat")
	small.sees(`document.querySelector(".amo-livechat iframe")?.contentDocument?.querySelector(".sc-composer:not([hidden]) textarea")`)
	small.shot("phone-chat")
	if got := js[[]string](small, `violations`); len(got) > 0 {
		t.Errorf("against the policy on a phone: %q", got)
	}

	// Without JavaScript the links work and the chat says how.
	bare := browser.person("about:blank")
	if _, err := chromedp.Call(bare.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	bare.visit(page)
	bare.shot("bare")
	for _, selector := range []string{"noscript p", `a[href="https://shop.harbour.example"]`} { // with JavaScript a noscript has text alone
		until(t, selector+" without JavaScript", func() bool {
			doc, err := chromedp.Call(bare.ctx, dom.GetDocument, dom.GetDocumentParams{})
			if err != nil {
				return false
			}
			node, err := chromedp.Call(bare.ctx, dom.QuerySelector, dom.QuerySelectorParams{NodeID: doc.Root.NodeID, Selector: selector})
			return err == nil && node.NodeID != 0 // an error tells of a document that has changed meanwhile
		})
	}
	w.noBreaches()
}
