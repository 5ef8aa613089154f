package app

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"leadline/backend/account"
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
	zone  string                       // of its CRM
	words map[string]map[string]string // of the widget, in its language
	front *front
	gone  int // how often others have disconnected
	tab   *tab
}

// TestWidgetStates goes through the states of the release widget on the CRM's
// page, light and dark, with the real backend behind it, for
// both products. The page itself breaks the test on texts of another language (W §10.3).
func TestWidgetStates(t *testing.T) {
	t.Parallel()
	t.Run("amocrm", func(t *testing.T) {
		t.Parallel()
		widgetStates(t, setup{login: true}, sandbox.ProductAmoCRM, "amoCRM", spoken())
	})
	t.Run("kommo", func(t *testing.T) {
		t.Parallel()
		in := []string{"en", "es", "pt"}
		if !wide() {
			in = in[1:2] // the pages differ, the widget does not
		}
		widgetStates(t, setup{login: true, kommo: true}, sandbox.ProductKommo, "Kommo", in)
	})
}

func widgetStates(t *testing.T, s setup, product, crm string, in []string) {
	accounts := map[string]int64{}
	s.sandbox = func(c *sandbox.Config) {
		for i, lang := range in {
			id := int64(31000100 + i)
			accounts[lang] = id
			c.Accounts = append(c.Accounts, sandbox.Account{
				ID: id, Product: product, Subdomain: "demo" + lang, Name: "Demo " + lang, Language: lang,
				AmojoID: fmt.Sprintf("7d9e2c44-61f3-4f0a-8b27-93c5e0a4d7%02d", i),
				Users: []sandbox.User{{
					ID: int64(9100 + i), Name: "Admin " + lang, Login: lang + "@crm.example.org", Language: lang, Admin: true,
					AmojoID: fmt.Sprintf("3c8e5a70-1d42-4f9b-b6e3-90a7d2c4f9%02d", i),
				}},
				Pipelines: []sandbox.Pipeline{{ID: int64(1400 + i), Name: "1"}},
			})
		}
	}
	w := newWorld(t, s)
	w.withWidget(product)
	w.box.SetVariants(func(v *sandbox.Variants) { v.InstallMoment = "never" })
	front := w.behindAFront()
	browser := w.chromium(nil)
	for _, lang := range in {
		c := &client{w: w, id: accounts[lang], user: accounts[lang] - 31000100 + 9100, lang: lang, zone: map[string]string{"amocrm": "amocrm.ru", "kommo": "kommo.com"}[product], front: front}
		raw, err := os.ReadFile("../../widget/i18n/" + lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(strings.ReplaceAll(string(raw), "__CRM__", crm)), &c.words); err != nil {
			t.Fatal(err)
		}
		c.tab = browser.person("about:blank", chromedp.EmulateViewport(1280, 900))
		if _, err := chromedp.Call(c.tab.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: fasterWatch}); err != nil {
			t.Fatal(err)
		}
		c.walk(product)
	}
	w.noBreaches()
}

func (c *client) origin() string { return "https://demo" + c.lang + "." + c.zone }

// look looks at the form in both schemes.
func (c *client) look(state string) {
	c.w.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		// The page's own styles change now; the detector looks before and begins anew after.
		js[any](c.tab, `(__crm.checkStyles("look"), document.documentElement.dataset.colorScheme = "`+scheme+`",
			dispatchEvent(new Event("resize")), __crm.checkStyles("look"), null)`)
		// Names depend on the language and contrast on the scheme, not on both.
		if js[bool](c.tab, `!!document.querySelector('.js-leadline')`) && (c.lang == "en" || scheme == "light" && wide()) {
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

// connectedTo tells whether the chats service holds a connection of the account.
func (w *world) connectedTo(id int64) bool {
	for _, conn := range w.box.Connections() {
		if conn.Account == id {
			return true
		}
	}
	return false
}

func (c *client) save(as, with string) {
	c.w.t.Helper()
	c.tab.fill(`input[name=service_login]`, as)
	c.tab.fill(`.js-leadline-password`, with)
	c.tab.click(`.js-widget-save`)
}

// health reads each reason of a broken connection in words, with a way to sign in
// again only where that mends it.
func (c *client) health(product string) {
	w, t := c.w, c.w.t
	t.Helper()
	accounts := w.app.store.Accounts()
	a, err := accounts.ByCRM(t.Context(), product, chatid.CRMAccountID(c.id))
	if err != nil {
		t.Fatal(err)
	}
	set := func(s account.State, reason string) {
		t.Helper()
		if err := accounts.SetState(t.Context(), a.ID, s, reason, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	for reason, signIn := range map[string]bool{"authorisation": false, "channel": true, "clock_or_secret": false, "unpaid": false} {
		set(account.Broken, reason)
		c.reopen()
		c.says("state", "states", "broken_"+reason)
		if got := js[bool](c.tab, `document.querySelector('.js-leadline-password').checkVisibility()`); got != signIn {
			t.Errorf("%s: a password is asked for %v after %s, want %v", c.lang, got, reason, signIn)
		}
		if got := js[bool](c.tab, `document.querySelector('.js-leadline-consent').checkVisibility()`); got != (reason == "authorisation") {
			t.Errorf("%s: the link of granting access is shown %v after %s", c.lang, got, reason)
		}
		c.tab.sees(`document.querySelector('.js-leadline-disconnect-toggle').checkVisibility()`)
		c.look("13-" + reason)
	}
	set(account.Connected, "")
}

func (c *client) walk(product string) {
	w, t := c.w, c.w.t
	t.Helper()
	c.gone = c.front.asked("POST /widget/v1/disconnect")
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

	// The password is forgotten: a link by mail, a new password, back to the form.
	c.tab.click(`.js-leadline-forgot-toggle`)
	c.tab.sees(`document.querySelector('.js-leadline-forgot-email').value === ` + fmt.Sprintf("%q", mine))
	c.look("7-forgotten")
	c.tab.click(`.js-leadline-forgot`)
	c.says("state", "states", "reset_sent")
	c.look("8-reset-sent")
	mails = w.mail.all()
	last = mails[len(mails)-1]
	if last.to != mine || last.locale != c.lang {
		t.Errorf("the mail went to %s in %s", last.to, last.locale)
	}
	chosen := c.tab.open(appURL + "/reset-password#" + last.token)
	chosen.fill("#password", "a new password of "+c.lang)
	chosen.click("button")
	chosen.sees(`document.querySelector('h1') && !document.querySelector('form')`)
	c.save(mine, secret)
	c.says("error", "errors", "wrong_credentials")
	secret = "a new password of " + c.lang

	// Right, but the CRM grants nothing: connecting, then the consent link.
	c.save(mine, secret)
	c.tab.sees(`!document.querySelector('.widget-settings__modal')`)
	c.reopen()
	c.says("state", "states", "connecting")
	c.look("9-connecting")
	c.tab.sees(`document.querySelector('.js-leadline-consent').checkVisibility()`)
	c.look("10-consent")
	consent := c.tab.open(js[string](c.tab, `document.querySelector('.js-leadline-consent').href`))
	js[any](consent, fmt.Sprintf(`document.querySelector("select").value = "%d", null`, c.id))
	consent.click("button.allow")
	consent.sees(`location.origin === ` + fmt.Sprintf("%q", appURL) + ` && document.querySelector('h1')`)
	c.says("state", "states", "connected")
	c.tab.sees(`document.querySelector('.leadline__snippet')`)
	c.look("11-connected")
	if c.lang == "ru" { // long words on a narrow screen: nothing of ours is wider than its place
		c.tab.do(phone())
		if wide := js[[]string](c.tab, `[...document.querySelectorAll(".js-leadline, .js-leadline *")].filter((e) => e.checkVisibility() &&
			(e.getBoundingClientRect().right > innerWidth || e.matches("p, label, button") && e.scrollWidth > e.clientWidth + 1)).map((e) => e.outerHTML.slice(0, 200))`); len(wide) > 0 {
			t.Errorf("too wide for a phone: %q", wide)
		}
		c.tab.shot(c.lang + "-11-connected-phone")
		c.tab.do(chromedp.EmulateViewport(1280, 900))
	}
	c.tab.sees(`document.querySelector('.js-leadline-who').checkVisibility() && document.querySelector('.js-leadline-who-login').textContent === ` + fmt.Sprintf("%q", mine))
	if js[bool](c.tab, `document.querySelector('.js-leadline-password').checkVisibility() || document.querySelector('.js-leadline-signup-area').checkVisibility()`) {
		t.Errorf("%s: a connected account is asked to sign in or up", c.lang)
	}
	snippet := js[string](c.tab, `document.querySelector('.leadline__snippet').value`)
	c.tab.click(`.js-leadline-copy`)
	c.says("state", "states", "copied")

	// Another team's login is told who holds the account, and no more.
	c.save(login, password)
	c.tab.sees(`document.querySelector('.js-leadline-error').textContent.includes('***')`)
	if said := js[string](c.tab, `document.querySelector('.js-leadline-error').textContent`); strings.Contains(said, mine) {
		t.Errorf("%s: the refusal names the owner's whole address: %s", c.lang, said)
	}
	c.look("12-taken")

	// A widget that the CRM shows with an error is the same form (W §6.2), also
	// when the right side is drawn again, at any time and often.
	stored := w.box.World().Widget(c.id, widget)
	failed := stored
	failed.Status = "error"
	w.box.World().SaveWidget(c.id, widget, failed)
	c.reopen()
	js[any](c.tab, `(__crm.redraw(), __crm.redraw(), null)`)
	c.says("state", "states", "connected")
	if n := js[int](c.tab, `document.querySelectorAll('.js-leadline').length`); n != 1 {
		t.Errorf("%s: %d forms after drawing again", c.lang, n)
	}
	c.look("13-error")
	c.tab.click(`.js-leadline-signin-toggle`)
	c.tab.sees(`document.querySelector('.js-leadline-password').checkVisibility() && document.querySelector('.js-leadline-connect').checkVisibility()`)
	w.box.World().SaveWidget(c.id, widget, stored)

	if c.lang == "en" || wide() {
		c.health(product)
	}

	// Disconnect asks once more; then the account connects again.
	c.reopen()
	c.says("state", "states", "connected")
	c.tab.click(`.js-leadline-disconnect-toggle`)
	c.says("disconnect-form", "form", "disconnect_hint")
	c.look("14-disconnect")
	c.tab.click(`.js-leadline-stay`)
	c.tab.sees(`!document.querySelector('.js-leadline-disconnect').checkVisibility() && document.activeElement.matches('.js-leadline-disconnect-toggle')`)
	if n := c.front.asked("POST /widget/v1/disconnect"); n != c.gone {
		t.Errorf("%s: disconnected without the second press", c.lang)
	}
	c.tab.click(`.js-leadline-disconnect-toggle`)
	c.tab.click(`.js-leadline-disconnect`)
	c.says("state", "states", "disconnected")
	c.tab.sees(`!document.querySelector('.leadline__snippet') && !document.querySelector('.js-leadline-disconnect-area').checkVisibility()`)
	c.says("connect", "form", "reconnect")
	c.look("15-disconnected")
	if w.connectedTo(c.id) {
		t.Errorf("%s: the channel is still connected", c.lang)
	}
	c.tab.fill(`.js-leadline-password`, secret)
	c.tab.click(`.js-leadline-connect`)
	c.says("state", "states", "connected")

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
		a, err := w.app.store.Accounts().ByCRM(t.Context(), product, chatid.CRMAccountID(c.id))
		return err == nil && a.Reason == "channel_private"
	})
	c.reopen()
	c.says("state", "states", "broken_channel_private")
	c.says("connect", "form", "reconnect")
	c.look("16-broken")
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
	c.look("17-parked")
	c.tab.click(`.js-leadline-resend`)
	c.tab.sees(`!document.querySelector('.js-leadline-parked').checkVisibility()`)
	w.eventually("the resent message", func() bool { return len(textsOf(w.box.Messages(c.id), sandbox.Inbound)) == 2 })

	// Off, at any time: also while the backend does not answer (W §5.3). Our own
	// button tells that it did not work; the CRM's two ways out always do.
	c.front.down.Store(true)
	c.tab.click(`.js-leadline-disconnect-toggle`)
	c.tab.click(`.js-leadline-disconnect`)
	c.says("error", "errors", "unavailable")
	c.says("state", "states", "connected")
	c.tab.sees(`!document.querySelector('.js-leadline-disconnect').disabled`)
	off := func(how string) {
		t.Helper()
		c.tab.sees(`document.querySelector('.js-widget-skip-tour')`)
		if got := w.box.World().Widget(c.id, widget); got.Status == "installed" || got.Active != "N" {
			t.Errorf("%s: %+v after %s", c.lang, got, how)
		}
		if n := js[int](c.tab, `document.querySelectorAll('.js-leadline, link[id^=leadline]').length`); n != 0 {
			t.Errorf("%s: the widget left %d things behind after %s", c.lang, n, how)
		}
	}
	c.tab.click(`.js-widget-uninstall`)
	off("uninstalling")
	w.box.World().SaveWidget(c.id, widget, stored)
	c.reopen() // the state cannot be read now
	c.says("error", "errors", "unavailable")
	c.look("18-unknown")
	c.tab.click(`input[name=widget_active]`)
	c.tab.click(`.js-widget-save`)
	off("unticking")
	c.front.down.Store(false)
}
