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
// answered; by keyboard, on a phone, and without JavaScript too. A key action watches the
// page (O §5): the visitor who comes again is asked for a phone number, and the lead and
// the console tell of it (KEY-5).
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
	picture := filepath.Join(t.TempDir(), "lamp.png")
	if err := os.WriteFile(picture, drawing(1600, 700), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"#picture", "#avatar"} {
		console.do(chromedp.SetUploadFiles(chromedp.CSS(field), []string{picture}, chromedp.NodeReady))
	}
	console.click(`button[value="add-link"]`)
	console.sees(`document.querySelector('#b2\\.link')`)
	// The browser has forgotten the files, the form has not.
	console.sees(`document.querySelectorAll('#picture-hint, #avatar-hint').length === 2 && [...document.querySelectorAll('#picture-hint, #avatar-hint')].every((hint) => hint.innerText.includes("not saved yet: lamp."))`)
	preview(`document.querySelector(".card__picture")?.naturalWidth === 1200 && document.querySelector(".card__picture").src.startsWith("data:image/jpeg")`)
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
	js[any](console, `document.querySelector(".cardform__save button").click(), null`)
	console.reads("The page is saved")
	preview(`document.querySelector(".card__picture")?.naturalWidth === 1200 && !document.querySelector(".card__picture").src.startsWith("data:")`)
	cards, err := w.app.cardPages.CardsOf(t.Context(), w.mustAccount())
	if err != nil || len(cards) != 1 || cards[0].Look.Avatar == "" {
		t.Fatalf("saved is %+v, %v", cards, err)
	}
	console.looked("editor")
	console.fits("the editor")

	// Its key action, by the form.
	const again = "Came by another link"
	console.click(`a[href$="/actions"]`)
	console.reads("There are none yet")
	console.click(`a[href$="/actions/new"]`)
	console.reads("The corner of a card page is empty")
	console.fill("#name", again)
	js[any](console, `(document.querySelector('[name="c0.0.kind"]').value = "page_hits", null)`)
	console.fill(`[name="c0.0.value"]`, "2")
	console.click("[name=form]")
	console.fill("#form_title", "May we call you?")
	js[any](console, `document.querySelector('form[action$="/new"] [type=submit]').click(), null`)
	console.reads("The key action is saved.")
	actions := js[string](console, `location.pathname`)

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

	// Who comes a second time, by another link, acts: the form is there, without anybody's focus; what is
	// sent makes a lead, which has the note, and the console tells what happened and why.
	small.visit(page + "?from=flyer")
	js[any](small, watchPolicy)
	small.sees(`document.querySelector(".leadline-form__title")?.textContent === "May we call you?"`)
	if js[bool](small, `!!document.querySelector(".leadline-form").contains(document.activeElement)`) {
		t.Error("the form takes the focus (KEY-6)")
	}
	for _, s := range []string{"light", "dark"} {
		scheme(s, small)
		small.axe("the page with a form, "+s, "html")
		small.fits("the page with a form")
		small.shot("phone-form-" + s)
	}
	small.fill(".leadline-form [name=phone]", "+1 555 0100")
	small.click(".leadline-form__send")
	small.sees(`document.querySelector(".amo-livechat iframe")?.contentDocument?.body.innerText.includes("+1 555 0100")`)
	w.until("the key action's note in the lead", func() bool {
		for _, l := range w.box.Leads(accountID) {
			for _, n := range w.box.CardNotes(accountID, sandbox.CardLeads, l.ID) {
				if n.Text == "Key action: "+again {
					return true
				}
			}
		}
		return false
	})
	if got := js[[]string](small, `violations`); len(got) > 0 {
		t.Errorf("against the policy with a form: %q", got)
	}
	console.visit(appURL + actions)
	until(t, "the log in the console", func() bool {
		console.visit(appURL + actions)
		text := js[string](console, `document.querySelector("#fired ~ ol")?.innerText ?? ""`)
		return strings.Contains(text, again) && strings.Contains(text, "Pages opened, at least 2") && strings.Contains(text, page) && strings.Contains(text, "(lead ")
	})
	console.looked("key-action-log")

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
