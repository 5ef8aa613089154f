package app

import (
	"fmt"
	"testing"

	"leadline/backend/sandbox"
	"leadline/backend/sandbox/crmpage"
)

// TestSwitchingOffAlwaysWorks: people may switch the widget off at any time,
// whatever the CRM's tokens and our server do, by both of the CRM's ways (W §5.3, §10.4).
func TestSwitchingOffAlwaysWorks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	w.withWidget("amocrm")
	w.connected()
	front := w.behindAFront()
	crm := w.chromium(nil)
	for _, c := range []struct {
		name  string
		down  bool
		token string // the sandbox's variant
	}{
		{"all is well", false, ""},
		{"the server is down", true, ""},
		{"the CRM refuses a token", false, "401"},
		{"the CRM answers without a token", false, "empty"},
		{"the token does not come", false, "slow"},
	} {
		for _, way := range []string{"uninstall", "untick"} {
			w.box.World().SaveWidget(accountID, widget, crmpage.WidgetState{Status: "installed", Active: "Y", Settings: fmt.Sprintf(`{"service_login":%q}`, login)})
			front.down.Store(c.down)
			w.box.SetVariants(func(v *sandbox.Variants) {
				v.DisposableToken, v.DisposableTokenAlways, v.DisposableSlowMS = c.token, c.token != "", 60_000
			})
			crm.visit("https://" + crmHost + "/amo-market/")
			until(t, "the CRM's page", func() bool { return js[bool](crm, `!!(window.__crm && __crm.ready)`) })
			js[any](crm, fmt.Sprintf(`__crm.openSettings(%q).then(() => null)`, widget))
			// The form is still asking where nothing answers; else it has moved what is below it.
			crm.sees(fmt.Sprintf(`(document.querySelector('.js-leadline-state')?.dataset.state === "asking") === %v`, c.token == "slow"))
			if way == "uninstall" {
				crm.click(`.js-widget-uninstall`)
			} else {
				crm.click(`input[name=widget_active]`)
				crm.click(`.js-widget-save`)
			}
			crm.sees(`document.querySelector('.js-widget-skip-tour')`)
			if got := w.widgetState(); got.Status == "installed" || got.Active != "N" {
				t.Errorf("%s, %s: the CRM keeps %+v", c.name, way, got)
			}
			if n := js[int](crm, `document.querySelectorAll('.js-leadline, link[id^=leadline]').length`); n != 0 {
				t.Errorf("%s, %s: the widget left %d things behind", c.name, way, n)
			}
		}
	}
	front.down.Store(false)
	w.noBreaches()
}
