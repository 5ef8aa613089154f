package app

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"leadline/backend/sandbox/crmpage"
)

const (
	once   = "leadlineonce"   // our widget as one that stays while areas change
	gapped = "leadlinegapped" // our widget with words missing
)

// TestWidgetOddities plays the rest of W §10.4 with one browser: what an account,
// its people and its pages may be like. Every case sets up what it needs.
func TestWidgetOddities(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	site := w.withWidget("amocrm", func(o *crmpage.Options) {
		o.CDN = true
		o.Offer = func(a crmpage.Account, _ string) bool { return a.Subdomain != "bare" }
	})
	for code, zip := range map[string][]byte{
		noClient: w.widgetZip("amocrm", os.DirFS("../../widget")),
		once:     w.widgetZip("amocrm", widgetSources(t, "manifest.json", `"init_once": false`, `"init_once": true`)),
		gapped: w.widgetZip("amocrm", widgetSources(t, "i18n/en.json",
			`"states": {`, `"former_states": {`, `"password": "`, `"former_password": "`, `"unavailable": "`, `"former_unavailable": "`)),
	} {
		id := clientID
		if code == noClient {
			id = ""
		}
		if err := site.AddWidget(code, id, zip); err != nil {
			t.Fatal(err)
		}
	}
	w.connected()
	front := w.behindAFront()
	first := w.chromium(nil)
	kept := fmt.Sprintf(`{"service_login":%q}`, login)
	// connectedForm waits for the form of the connected account, once.
	connectedForm := func(b *tab) {
		b.w.t.Helper()
		b.sees(`document.querySelector('.js-leadline-state')?.dataset.state === 'connected' && document.querySelectorAll('.js-leadline').length === 1 && document.querySelectorAll('.leadline__snippet').length === 1`)
	}
	closes := func(b *tab) {
		b.w.t.Helper()
		b.click(`.modal-body__close`)
		b.sees(`!document.querySelector('.widget-settings__modal')`)
	}

	for _, c := range []struct {
		name string
		act  func(t *testing.T, crm *tab)
	}{
		{"a place of its own for files, in the list only or in the settings too", func(t *testing.T, crm *tab) {
			for query, want := range map[string]string{"": "/upl/" + widget, "?variant=cdn-in-params": "https://" + crmHost + "/upl/" + widget} {
				crm.w.keeps(widget, kept)
				crm.market(query)
				crm.settings(widget)
				connectedForm(crm)
				crm.sees(`getComputedStyle(document.querySelector('.js-leadline')).fontSize === '14px'`)
				if got := js[string](crm, `document.querySelector('link[id^=leadline]').getAttribute('href')`); got != want+"/widget/style.css?v=1.0.0" {
					t.Errorf("styles from %s, want %s", got, want)
				}
			}
		}},
		{"an account without widgets gets an empty list", func(t *testing.T, crm *tab) {
			crm.w.box.Rename(accountID, "bare")
			defer crm.w.box.Rename(accountID, "democo")
			for _, path := range []string{"/dashboard/", "/amo-market/", "/settings/pipeline/leads/1300"} {
				crm.visit("https://bare.amocrm.ru" + path)
				until(t, "the CRM's page", func() bool { return js[bool](crm, `!!(window.__crm && __crm.ready)`) })
				if got := js[string](crm, `$.ajax({ method: 'POST', url: '/ajax/widgets/list', data: { area: 'dashboard' } }).then((a) => JSON.stringify(a.widgets))`); got != "[]" {
					t.Errorf("%s: the list is %s", path, got)
				}
				if n := js[int](crm, `__crm.log.length`); n != 0 {
					t.Errorf("%s: %d callbacks ran", path, n)
				}
			}
		}},
		{"a second visit finds the living instance, which only renders", func(t *testing.T, crm *tab) {
			crm.w.keeps(widget, kept)
			crm.market("")
			for range 3 {
				crm.settings(widget)
				connectedForm(crm)
				closes(crm)
			}
			got := js[string](crm, `__crm.log.filter((l) => l[0] === '`+widget+`').map((l) => l[1]).join(' ')`)
			if want := "render init bind_actions render settings render settings render settings"; got != want {
				t.Errorf("ran %s, want %s", got, want)
			}
		}},
		{"a living instance shows what was saved in another place", func(_ *testing.T, crm *tab) {
			crm.w.keeps(widget, kept)
			crm.market("")
			crm.settings(widget)
			connectedForm(crm)
			closes(crm)
			crm.w.send("POST", appURL+"/widget/v1/disconnect", crm.w.widgetHeaders(adminID), map[string]any{})
			crm.settings(widget)
			crm.sees(`document.querySelector('.js-leadline-state')?.dataset.state === 'disconnected' && document.querySelector('.js-leadline-password').checkVisibility()`)
			crm.fill(`.js-leadline-password`, password)
			crm.click(`.js-leadline-connect`)
			connectedForm(crm)
		}},
		{"init_once: the instance survives areas and leaves nothing on them", func(t *testing.T, crm *tab) {
			crm.w.keeps(once, kept)
			crm.market("")
			js[any](crm, `(__crm.mark = __crm.instances().`+once+`, null)`)
			for range 2 {
				crm.settings(once)
				connectedForm(crm)
				crm.goes("/dashboard/") // with the window open
				if n := js[int](crm, `document.querySelectorAll('.js-leadline').length`); n != 0 {
					t.Errorf("%d forms are left on the next page", n)
				}
				crm.goes("/amo-market/")
			}
			if !js[bool](crm, `__crm.mark !== undefined && __crm.mark === __crm.instances().`+once) {
				t.Error("another instance took its place")
			}
			if n := js[int](crm, `document.querySelectorAll('link[id^=leadline]').length`); n != 1 {
				t.Errorf("%d style sheets, want one", n)
			}
		}},
		{"a user who is no administrator", func(t *testing.T, crm *tab) {
			stored := crm.w.keeps(widget, kept)
			crm.market("?user=" + fmt.Sprint(agentID))
			defer crm.market("?user=" + fmt.Sprint(adminID))
			crm.settings(widget)
			connectedForm(crm)
			crm.fill(`input[name=service_login]`, login+"x")
			crm.fill(`.js-leadline-password`, password)
			crm.click(`.js-widget-save`)
			crm.sees(`document.querySelector('.js-leadline-error').textContent.includes('Only an administrator')`)
			closes(crm)
			crm.settings(widget)
			connectedForm(crm)
			crm.click(`.js-leadline-disconnect-toggle`)
			crm.click(`.js-leadline-disconnect`)
			crm.sees(`document.querySelector('.js-leadline-error').textContent.includes('Only an administrator')`)
			if got := crm.w.state().State; got != "connected" {
				t.Errorf("the account is %s", got)
			}
			if got := crm.w.widgetState(); got != stored {
				t.Errorf("the CRM keeps %+v, want what it had", got)
			}
		}},
		{"the account is renamed", func(t *testing.T, crm *tab) {
			crm.w.keeps(widget, kept)
			crm.market("")
			crm.settings(widget)
			connectedForm(crm)
			crm.w.box.Rename(accountID, "renamed")
			defer crm.w.box.Rename(accountID, "democo")
			crm.visit("https://renamed.amocrm.ru/amo-market/")
			until(t, "the CRM's page", func() bool { return js[bool](crm, `!!(window.__crm && __crm.ready)`) })
			crm.settings(widget)
			connectedForm(crm)
		}},
		{"two tabs", func(t *testing.T, crm *tab) {
			crm.w.keeps(widget, kept)
			crm.market("")
			other := crm.open("https://" + crmHost + "/amo-market/")
			until(t, "the CRM's page", func() bool { return js[bool](other, `!!(window.__crm && __crm.ready)`) })
			crm.settings(widget)
			other.settings(widget)
			connectedForm(crm)
			connectedForm(other)
			for _, b := range []*tab{crm, other} { // the second disconnects what is disconnected
				b.click(`.js-leadline-disconnect-toggle`)
				b.click(`.js-leadline-disconnect`)
				b.sees(`document.querySelector('.js-leadline-state').dataset.state === 'disconnected'`)
			}
			for _, b := range []*tab{crm, other} { // and connects what is connected
				b.fill(`.js-leadline-password`, password)
				b.click(`.js-leadline-connect`)
				connectedForm(b)
			}
			crm.click(`.js-widget-uninstall`)
			crm.sees(`document.querySelector('.js-widget-skip-tour')`)
			other.click(`.js-leadline-disconnect-toggle`) // in a window that does not know it yet
			other.click(`.js-leadline-disconnect`)
			other.sees(`document.querySelector('.js-leadline-state').dataset.state === 'disconnected' || document.querySelector('.js-leadline-error').textContent !== ''`)
			crm.w.until("the hook of the uninstallation", func() bool { return strings.Contains(crm.w.logs.String(), "/disabled status=") })
		}},
		{"apostrophes and angle brackets in what is stored", func(t *testing.T, crm *tab) {
			const odd = `o'brien<img src=x>"@a.org`
			for _, query := range []string{"", "?variant=apostrophe-breaks", "?variant=restart-renders"} {
				crm.w.keeps(noClient, kept)
				crm.market(query)
				crm.settings(noClient)
				crm.sees(`document.querySelector('.js-leadline-password')?.checkVisibility()`)
				crm.fill(`input[name=service_login]`, odd)
				crm.fill(`.js-leadline-password`, "x'<y>")
				crm.click(`.js-widget-save`) // without a token all is kept, to be connected later
				crm.sees(`!document.querySelector('.widget-settings__modal')`)
				if got := crm.w.box.World().Widget(accountID, noClient).Settings; !strings.Contains(got, "o'brien") || strings.Contains(got, "x'") {
					t.Errorf("the CRM keeps %s", got)
				}
				for range 2 { // on the same page and on a fresh one
					crm.settings(noClient)
					crm.sees(fmt.Sprintf(`document.querySelector('input[name=service_login]')?.value === %q && document.querySelectorAll('.js-leadline').length === 1`, odd))
					if js[bool](crm, `!!document.querySelector('.widget-settings__modal img[src=x]')`) {
						t.Error("a stored text became HTML")
					}
					crm.market(query)
				}
			}
		}},
		{"a language file without some words", func(_ *testing.T, crm *tab) {
			crm.w.keeps(gapped, kept)
			front.down.Store(true)
			defer front.down.Store(false)
			crm.market("")
			crm.settings(gapped)
			// Neither the reason nor the state has a text: the general one stands in.
			crm.sees(`document.querySelector('.js-leadline-error')?.textContent.startsWith('Something went wrong.')`)
			crm.sees(`document.querySelector('.js-leadline-password').checkVisibility() && document.querySelector('.js-leadline-connect').checkVisibility()`)
			js[any](crm, `(__crm.checkTexts(), null)`)
			front.down.Store(false)
			crm.goes("/dashboard/")
			crm.goes("/amo-market/")
			crm.settings(gapped)
			connectedForm(crm)
			js[any](crm, `(__crm.checkTexts(), null)`)
		}},
		{"a narrow window", func(t *testing.T, crm *tab) {
			crm.do(phone())
			defer crm.do(chromedp.EmulateViewport(1280, 900))
			for _, lang := range languages {
				crm.w.keeps(widget, kept)
				crm.market("?lang=" + lang)
				crm.settings(widget)
				connectedForm(crm)
				crm.click(`.js-leadline-signin-toggle`)
				crm.click(`.js-leadline-forgot-toggle`)
				crm.click(`.js-leadline-disconnect-toggle`)
				crm.sees(`document.querySelector('.js-leadline-disconnect').checkVisibility()`)
				if got := js[render](crm, looked); len(got.Wide) > 0 {
					t.Errorf("%s: does not fit: %q", lang, got.Wide)
				}
				first.shot("phone-" + lang)
			}
			crm.market("?lang=en")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			crm := first.in(t)
			if crm.w.state().State != "connected" {
				crm.w.connected()
			}
			c.act(t, crm)
			crm.w.noBreaches()
			crm.w.box.ResetBreaches()
		})
	}
}
