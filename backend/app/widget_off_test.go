package app

import (
	"fmt"
	"testing"
)

// TestSwitchingOffAlwaysWorks: people may switch the widget off at any time,
// whatever the CRM's tokens and our server do, by both of the CRM's ways (W §5.3, §10.4).
func TestSwitchingOffAlwaysWorks(t *testing.T) {
	t.Parallel()
	w, front, crm := faultyWorld(t)
	for _, f := range append([]widgetFault{{name: "all is well"}}, faultsToPlay()...) {
		t.Run(f.name, func(t *testing.T) {
			crm := crm.in(t)
			w := crm.w
			f.set(w, front)
			for _, way := range []string{"uninstall", "untick"} {
				w.keeps(f.installedAs(), fmt.Sprintf(`{"service_login":%q}`, login))
				if way == "uninstall" {
					crm.market("")
				} else { // another visit of the same page
					crm.goes("/dashboard/")
					crm.goes("/amo-market/")
				}
				crm.settings(f.installedAs())
				// The form is still asking where nothing answers; else it has moved what is below it.
				crm.sees(fmt.Sprintf(`(document.querySelector('.js-leadline-state')?.dataset.state === "asking") === %v`, f.slow()))
				if way == "uninstall" {
					crm.click(`.js-widget-uninstall`)
				} else {
					crm.click(`input[name=widget_active]`)
					crm.click(`.js-widget-save`)
				}
				crm.sees(`document.querySelector('.js-widget-skip-tour')`)
				if got := w.box.World().Widget(accountID, f.installedAs()); got.Status == "installed" || got.Active != "N" {
					t.Errorf("%s: the CRM keeps %+v", way, got)
				}
				if n := js[int](crm, `document.querySelectorAll('.js-leadline, link[id^=leadline]').length`); n != 0 {
					t.Errorf("%s: the widget left %d things behind", way, n)
				}
			}
		})
	}
	w.noBreaches()
}
