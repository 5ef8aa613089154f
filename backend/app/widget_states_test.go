package app

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"leadline/backend/chatid"
	"leadline/backend/sandbox"
)

// fasterWatch makes the form's own waits (2 s to 15 s between two looks at a
// connection, consent link after 60 s) fifty times shorter; requests keep theirs.
const fasterWatch = `(() => {
	const real = window.setTimeout;
	window.setTimeout = function (act, ms, ...rest) {
		const from = new Error().stack.split("\n").find((line) => /\/lib\/[a-z]+\.js|\/library\//.test(line)) ?? "";
		return real.call(window, act, from.includes("/lib/panel.js") ? ms / 50 : ms, ...rest);
	};
})()`

// client is one CRM account of the walk, in its own language.
type client struct {
	w     *world
	id    int64
	user  int64
	lang  string
	words map[string]map[string]string // of the widget, in its language
	front *front
	tab   *tab
}

// TestWidgetStates goes through the states of the release widget on the CRM's
// page in each language, light and dark, with the real backend behind it. The
// page itself breaks the test on texts of another language (W §10.3).
func TestWidgetStates(t *testing.T) {
	t.Parallel()
	accounts := map[string]int64{}
	w := newWorld(t, setup{login: true, sandbox: func(c *sandbox.Config) {
		for i, lang := range languages {
			id := int64(31000100 + i)
			accounts[lang] = id
			c.Accounts = append(c.Accounts, sandbox.Account{
				ID: id, Product: sandbox.ProductAmoCRM, Subdomain: "demo" + lang, Name: "Demo " + lang, Language: lang,
				AmojoID: fmt.Sprintf("7d9e2c44-61f3-4f0a-8b27-93c5e0a4d7%02d", i),
				Users: []sandbox.User{{
					ID: int64(9100 + i), Name: "Admin " + lang, Login: lang + "@crm.example.org", Language: lang, Admin: true,
					AmojoID: fmt.Sprintf("3c8e5a70-1d42-4f9b-b6e3-90a7d2c4f9%02d", i),
				}},
				Pipelines: []sandbox.Pipeline{{ID: int64(1400 + i), Name: "1"}},
			})
		}
	}})
	w.withWidget("amocrm")
	w.box.SetVariants(func(v *sandbox.Variants) { v.InstallMoment = "never" })
	front := w.behindAFront()
	browser := w.chromium(nil)
	for _, lang := range languages {
		c := &client{w: w, id: accounts[lang], user: accounts[lang] - 31000100 + 9100, lang: lang, front: front}
		raw, err := os.ReadFile("../../widget/i18n/" + lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(strings.ReplaceAll(string(raw), "__CRM__", "amoCRM")), &c.words); err != nil {
			t.Fatal(err)
		}
		c.tab = browser.person("about:blank", chromedp.EmulateViewport(1280, 900))
		if _, err := chromedp.Call(c.tab.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: fasterWatch}); err != nil {
			t.Fatal(err)
		}
		c.walk()
	}
	w.noBreaches()
}

func (c *client) origin() string { return "https://demo" + c.lang + ".amocrm.ru" }

// look looks at the form in both schemes.
func (c *client) look(state string) {
	c.w.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		// The page's own styles change now; the detector looks before and begins anew after.
		js[any](c.tab, `(__crm.checkStyles("look"), document.documentElement.dataset.colorScheme = "`+scheme+`",
			dispatchEvent(new Event("resize")), __crm.checkStyles("look"), null)`)
		// Names depend on the language and contrast on the scheme, not on both.
		if js[bool](c.tab, `!!document.querySelector('.js-leadline')`) && (c.lang == "en" || scheme == "light") {
			c.tab.axe(c.lang+" "+state+" "+scheme, ".js-leadline")
		}
		c.tab.shot(c.lang + "-" + state + "-" + scheme)
	}
}

// says waits until the form shows one of its texts.
func (c *client) says(part, group, key string) {
	c.w.t.Helper()
	word := c.words[group][key]
	if word == "" {
		c.w.t.Fatalf("no text %s.%s in %s", group, key, c.lang)
	}
	quoted, _ := json.Marshal(word)
	c.tab.sees(`document.querySelector('.js-leadline-` + part + `')?.textContent.includes(` + string(quoted) + `)`)
}

// reopen opens the modal on a fresh page.
func (c *client) reopen() {
	c.w.t.Helper()
	c.tab.visit(c.origin() + "/amo-market/")
	// Not by sees: it may poll in the world that axe made, which has the page's nodes but not its names.
	until(c.w.t, "the CRM's page", func() bool { return js[bool](c.tab, `!!(window.__crm && __crm.ready)`) })
	js[any](c.tab, fmt.Sprintf(`__crm.openSettings(%q).then(() => null)`, widget))
	c.tab.sees(`document.querySelector('.js-leadline-password')`)
}

func (c *client) save(as, with string) {
	c.w.t.Helper()
	c.tab.fill(`input[name=service_login]`, as)
	c.tab.fill(`.js-leadline-password`, with)
	c.tab.click(`.js-widget-save`)
}

func (c *client) walk() {
	w, t := c.w, c.w.t
	t.Helper()
	// The tour; Install is pressed while no form of ours is there, also where the
	// CRM asks onSave at that moment (W §5.3): nothing is asked of the backend.
	c.tab.visit(c.origin() + "/amo-market/?variant=skip-tour-saves#" + widget)
	c.tab.sees(`document.querySelector('.js-widget-skip-tour')`)
	c.look("1-tour")
	asked := c.front.asked("POST /widget/v1/connect") + c.front.asked("GET /widget/v1/status")
	c.tab.click(`input[name=privacy_policy_accept]`)
	c.tab.click(`.js-widget-skip-tour`)
	c.tab.sees(`document.querySelector('.js-leadline-password')`)
	c.tab.sees(`document.querySelector('.js-leadline-signup-area').checkVisibility()`) // the status was read
	if n := c.front.asked("POST /widget/v1/connect") + c.front.asked("GET /widget/v1/status") - asked; n != 1 {
		t.Errorf("%s: %d requests after Install, want the form's one look at the status", c.lang, n)
	}
	c.look("2-sign-in")

	c.save(login, "not the password")
	c.says("error", "errors", "wrong_credentials")
	c.look("3-wrong-password")

	// The server cannot be reached: said in the window and in a notification.
	c.front.down.Store(true)
	c.save(login, password)
	c.says("error", "errors", "unavailable")
	w.eventually("the notification", func() bool {
		for _, n := range w.box.World().Notifications(c.id, c.user) {
			if n.Type == "error" && n.Text == c.words["errors"]["unavailable"] {
				return true
			}
		}
		return false
	})
	c.tab.sees(`document.querySelectorAll('.pop-up_error').length === 2`)
	c.look("4-server-down")
	c.front.down.Store(false)
	if got := w.box.World().Widget(c.id, widget).Status; got == "installed" {
		t.Errorf("%s: the CRM stored the settings although nothing was checked", c.lang)
	}

	// Sign up, follow the mailed link, come back.
	mine, secret := c.lang+"@shop.example.org", "a password of "+c.lang
	c.tab.click(`.js-leadline-signup-toggle`)
	c.tab.fill(`.js-leadline-signup-email`, mine)
	if c.lang == "en" { // once: an address may sign up five times in a row
		c.tab.fill(`.js-leadline-signup-password`, "short")
		c.tab.click(`.js-leadline-signup`)
		c.tab.sees(`document.querySelector('.js-leadline-error').textContent.includes('at least 10 characters')`)
	}
	c.look("5-sign-up")
	c.tab.fill(`.js-leadline-signup-password`, secret)
	c.tab.click(`.js-leadline-signup`)
	c.says("state", "states", "verify_email")
	c.look("6-verify")
	c.save(mine, secret)
	c.says("error", "errors", "email_not_verified")
	mails := w.mail.all()
	last := mails[len(mails)-1]
	if last.to != mine || last.locale != c.lang {
		t.Errorf("the mail went to %s in %s", last.to, last.locale)
	}
	verify := c.tab.open(appURL + "/verify-email#" + last.token)
	verify.click("button")
	verify.sees(`document.querySelector('h1') && !document.querySelector('form')`)

	// Right, but the CRM grants nothing: connecting, then the consent link.
	c.save(mine, secret)
	c.tab.sees(`!document.querySelector('.widget-settings__modal')`)
	c.reopen()
	c.says("state", "states", "connecting")
	c.look("7-connecting")
	c.tab.sees(`document.querySelector('.js-leadline-consent').checkVisibility()`)
	c.look("8-consent")
	consent := c.tab.open(js[string](c.tab, `document.querySelector('.js-leadline-consent').href`))
	js[any](consent, fmt.Sprintf(`document.querySelector("select").value = "%d", null`, c.id))
	consent.click("button.allow")
	consent.sees(`location.origin === ` + fmt.Sprintf("%q", appURL) + ` && document.querySelector('h1')`)
	c.says("state", "states", "connected")
	c.tab.sees(`document.querySelector('.leadline__snippet')`)
	c.look("9-connected")
	if c.lang == "ru" { // long words on a narrow screen: nothing of ours is wider than its place
		c.tab.do(phone())
		if wide := js[[]string](c.tab, `[...document.querySelectorAll(".js-leadline, .js-leadline *")].filter((e) => e.checkVisibility() &&
			(e.getBoundingClientRect().right > innerWidth || e.matches("p, label, button") && e.scrollWidth > e.clientWidth + 1)).map((e) => e.outerHTML.slice(0, 200))`); len(wide) > 0 {
			t.Errorf("too wide for a phone: %q", wide)
		}
		c.tab.shot(c.lang + "-9-connected-phone")
		c.tab.do(chromedp.EmulateViewport(1280, 900))
	}
	snippet := js[string](c.tab, `document.querySelector('.leadline__snippet').value`)
	c.tab.click(`.js-leadline-copy`)
	c.says("state", "states", "copied")

	// Another team's login is told who holds the account, and no more.
	c.save(login, password)
	c.tab.sees(`document.querySelector('.js-leadline-error').textContent.includes('***')`)
	if said := c.tab.text(); strings.Contains(said, mine) {
		t.Errorf("%s: the owner's whole address is shown", c.lang)
	}
	c.look("10-taken")

	// The chats service cuts the channel off and refuses to connect it again.
	visitor := w.visit(snippetPair(t, snippet))
	for _, conn := range w.box.Connections() {
		if conn.Account == c.id {
			w.box.DropConnection(conn.Scope)
		}
	}
	w.box.SetFaults(func(f *sandbox.Faults) { f.ConnectRefused = true })
	visitor.write(uuidN(int(c.id)), "does it work?")
	w.until("the broken channel", func() bool {
		a, err := w.app.store.Accounts().ByCRM(t.Context(), "amocrm", chatid.CRMAccountID(c.id))
		return err == nil && a.Reason == "channel_private"
	})
	c.reopen()
	c.says("state", "states", "broken_channel_private")
	c.look("11-broken")
	w.box.SetFaults(func(f *sandbox.Faults) { f.ConnectRefused = false })
	c.tab.fill(`.js-leadline-password`, secret)
	c.tab.click(`.js-leadline-connect`)
	c.says("state", "states", "connected")

	// What the CRM did not take is counted, and sent again by a press.
	c.w.until("the message that waited", func() bool { return len(textsOf(w.box.Messages(c.id), sandbox.Inbound)) == 1 })
	visitor.refuse(uuidN(int(c.id)+500), "not taken")
	c.reopen()
	c.tab.sees(`document.querySelector('.js-leadline-parked-count').textContent === '1' && document.querySelector('.js-leadline-parked').checkVisibility()`)
	c.says("parked", "form", "parked")
	c.look("12-parked")
	c.tab.click(`.js-leadline-resend`)
	c.tab.sees(`!document.querySelector('.js-leadline-parked').checkVisibility()`)
	w.eventually("the resent message", func() bool { return len(textsOf(w.box.Messages(c.id), sandbox.Inbound)) == 2 })

	// Off, at any time: also while the backend does not answer (W §5.3).
	c.front.down.Store(true)
	c.tab.click(`.js-widget-uninstall`)
	c.tab.sees(`document.querySelector('.js-widget-skip-tour')`)
	if got := w.box.World().Widget(c.id, widget).Status; got == "installed" {
		t.Errorf("%s: still installed after switching off", c.lang)
	}
	c.front.down.Store(false)
}
