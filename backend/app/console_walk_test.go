package app

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"leadline/backend/sandbox"
)

// inPreview is an expression about the page in the preview's frame.
func inPreview(expression string) string {
	return `((document) => ` + expression + `)(document.querySelector('.js-preview-frame').contentDocument)`
}

// types changes a field as a script of the browser does where there is no keyboard for it.
func (b *tab) types(selector, value string) {
	b.w.t.Helper()
	js[any](b, fmt.Sprintf(`((e) => { e.value = %q; e.dispatchEvent(new Event("input", { bubbles: true })); })(document.querySelector(%q)), null`, value, selector))
}

// howLooked is a colour scheme and a width in which pages are looked at.
type howLooked struct {
	scheme string
	wide   int64
}

// pairs are all pairs of both, or two that have each of them.
func pairs() []howLooked {
	list := []howLooked{{"light", 1280}, {"dark", 375}}
	if wide() {
		list = append(list, howLooked{"dark", 1280}, howLooked{"light", 375})
	}
	return list
}

// looked sees a page of the console in both sizes and colours.
func (b *tab) looked(name string) {
	b.w.t.Helper()
	for _, how := range pairs() {
		b.do(chromedp.EmulateViewport(how.wide, 2400))
		scheme(how.scheme, b)
		b.sees(fmt.Sprintf(`innerWidth === %d`, how.wide))
		what := fmt.Sprintf("%s-%s-%d", name, how.scheme, how.wide)
		b.axe(what, "html")
		b.keepsWidth(what)
		b.shot(what)
	}
	b.do(chromedp.EmulateViewport(1280, 900))
	scheme("light", b)
}

// keepsWidth: nothing of a page of the console is wider than its place.
func (b *tab) keepsWidth(what string) {
	b.w.t.Helper()
	if wide := js[[]string](b, `[...document.querySelectorAll("main *, header *")].filter((e) => e.checkVisibility() && !e.closest(".console__screen, thead") && e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.outerHTML.slice(0, 200))`); len(wide) > 0 {
		b.w.t.Errorf("%s: wider than its place: %q", what, wide)
	}
}

// TestConsoleWalk is an administrator's way in the console at its own address: a chat
// for a second pipeline, its button's look with the preview, the code on the sample
// shop, talking, ending and going on, leaving a phone number while nobody answers, and
// several conversations. Every page is looked at on a computer and on a phone, light
// and dark.
func TestConsoleWalk(t *testing.T) {
	t.Parallel()
	w := newWorld(t, manyPipelines())
	w.connected()
	var at string
	site := w.shopIn(&at)
	browser := w.chromium(map[string]string{"shop.example.test": at})
	account, _ := w.account()
	root := appURL + "/console/" + string(account.ID)
	p := browser.person(root+"/chats", chromedp.EmulateViewport(1280, 900))
	p.fill("#login", login)
	p.fill("#password", password+"\r")

	// A chat for the second pipeline.
	p.sees(`document.querySelector('#pipeline')`)
	p.fill("#new-name", "Repair desk\r")
	p.reads("The chat is added")
	p.looked("chat")

	// Its button, as visitors will see it, before anything is saved.
	p.click(`#buttons ~ ul a`)
	p.sees(inPreview(`document?.querySelector('.amo-button--main')?.style.background === "rgb(11, 107, 203)"`))
	p.types("#color", "#aa0055")
	p.sees(inPreview(`document.querySelector('.amo-button--main')?.style.background === "rgb(170, 0, 85)"`))
	p.types("#size", "12")
	p.sees(`document.querySelector('.js-preview-said').textContent !== ""`)
	p.types("#size", "64")
	p.sees(`document.querySelector('.js-preview-said').textContent === ""`)
	p.sees(inPreview(`document.querySelector('.amo-button--main')?.offsetWidth === 64`))
	p.types("#greeting", "Need a repair?")
	p.click("#greet")
	p.sees(inPreview(`document.body.innerText.includes("Need a repair?")`))
	p.click("#greet")
	p.sees(inPreview(`document.querySelector('.amo-button--main')?.offsetWidth === 64 && !document.body.innerText.includes("Need a repair?")`))
	js[any](p, inPreview(`document.querySelector('.amo-button--main').click()`)+", null")
	preview := p.frame(chatURL + "/v1/frame/")
	preview.sees(`document.querySelector('.sc-composer:not([hidden]) textarea')`)
	if got := js[string](preview, `document.querySelector(".sc-header__title").textContent`); got != "Repair desk" {
		t.Errorf("the preview's chat is called %q", got)
	}
	p.looked("button")
	buttons, err := w.app.chats.Buttons(t.Context(), account.ID)
	if err != nil || len(buttons) != 2 || buttons[1].Look.Color != "" {
		t.Fatalf("the preview saved something: %+v, %v", buttons, err)
	}
	key := string(buttons[1].Key)
	p.click(`.console__save button`)
	p.reads("The look is saved")

	// Its code goes to the shop: not before its address is known.
	if js[bool](p, `!!document.querySelector('.js-copy')`) {
		t.Error("the code can be copied without an address")
	}
	p.fill("#sites", "https://shop.example.test/")
	p.click(`form[action$="/sites"] button`)
	p.sees(`document.querySelector('#code-0') && document.body.innerText.includes('The sites are saved')`)
	p.click(`.js-copy[data-of="code-0"]`)
	p.sees(`document.querySelector('.js-copy[data-of="code-0"] ~ .js-copied').textContent === "The code is copied."`)
	code := js[string](p, `document.querySelector('#code-0').value`)
	p.click(`.console__tab[href$="/chats"]`)
	p.sees(`document.querySelectorAll('.js-chat').length === 2`)
	p.click(`tr:nth-child(2) .js-copy`)
	p.sees(`document.querySelector('tr:nth-child(2) .js-copied').textContent === "The code is copied."`)
	p.looked("chats")
	p.click(`tr:nth-child(2) a[href$="/code"]`)
	p.sees(`document.querySelector('#code-2')`)
	p.looked("code")

	// A visitor of the shop: the look, a lead in that pipeline, the end, and on.
	site.paste(code)
	v := browser.person(shopURL+"/", chromedp.EmulateViewport(1280, 800))
	c := v.opens()
	if got := js[string](v, `document.querySelector('.amo-button--main').style.background`); got != "rgb(170, 0, 85)" {
		t.Errorf("the shop's button is %s", got)
	}
	c.writes("Can you mend it?")
	chat := w.chatOf("Can you mend it?")
	if _, err := w.box.OperatorSay(accountID, chat, "Bring it along."); err != nil {
		t.Fatal(err)
	}
	c.reads("Bring it along.")
	v.shot("shop")
	w.until("the lead in the chat's pipeline", func() bool {
		return slices.ContainsFunc(w.box.Leads(accountID), func(l sandbox.Lead) bool { return l.PipelineID == repairs })
	})
	c.click(`.sc-header__button`)
	c.sees(`document.querySelector('[role=menu]')`)
	c.click("[role=menu] .sc-menu__item:last-child")
	c.sees(`document.querySelector("dialog[open]")`)
	c.click(".sc-button--main")
	c.sees(`document.querySelector(".sc-ended")`)
	c.writes("One more thing")
	w.chatOf("One more thing")

	// Today nobody works: who writes is asked for a phone number, which gets into the CRM.
	p.visit(root + "/chats/" + string(buttons[1].Chat))
	p.click("#hours")
	p.fill("#zone", "UTC")
	p.fill("#mon", "9-18")
	today := time.Now().UTC()
	js[any](p, fmt.Sprintf(`(document.querySelector("[name=off_from]").value = %q, document.querySelector("[name=off_to]").value = %q, null)`,
		today.AddDate(0, 0, -1).Format(time.DateOnly), today.AddDate(0, 0, 1).Format(time.DateOnly)))
	p.fill("#away_text", "We are on holiday")
	js[any](p, `(document.querySelector("#ask").value = "phone", null)`)
	p.click(`form[action$="/reach"] button[type=submit]`)
	p.reads("It is saved when you answer")
	v.visit(shopURL + "/?again")
	c = v.opens()
	c.sees(`document.querySelector(".sc-header__status").textContent === "We are on holiday" && document.querySelector(".sc-ask:not([hidden])")`)
	c.axe("ask", "html")
	c.fill("#sc-reach", "call me\r")
	c.sees(`document.querySelector("#sc-reach-problem").textContent !== ""`)
	v.shot("shop-ask")
	c.fill("#sc-reach", "+1 555 0100\r")
	c.sees(`document.querySelector(".sc-ask").hidden`)
	w.chatOf("+1 555 0100")
	if sent := w.sentMessages(); !strings.Contains(sent, `"phone":"+15550100"`) {
		t.Errorf("the visitor's profile has no phone: %s", sent)
	}

	// Several conversations, by the pencil of the list.
	p.visit(root + "/chats")
	p.click(`tr:nth-child(2) .console__several summary`)
	p.click(`tr:nth-child(2) .console__several button[type=submit]`)
	p.sees(`document.querySelector('tr:nth-child(2)').innerText.includes('Multiple')`)
	v.visit(shopURL + "/?several")
	c = v.opens()
	c.sees(`document.querySelector(".sc-bar__number")?.textContent.startsWith("Conversation A")`)
	if a := w.send("GET", chatURL+"/v1/buttons/"+key+"/config?hash="+buttons[1].Hash, map[string]string{"Origin": "https://other.example.test"}, nil); a.status != 403 {
		t.Errorf("another site is told %d %s", a.status, a.body)
	}
	w.noBreaches()
}
