package app

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// TestResultPages looks at the pages of the app host that people reach by a
// link or a redirect: on a phone, light and dark.
func TestResultPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	browser := w.chromium(nil)
	for _, lang := range spoken() {
		raw, err := os.ReadFile("../i18n/active." + lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var words map[string]any
		if err := json.Unmarshal(raw, &words); err != nil {
			t.Fatal(err)
		}
		p := browser.person("about:blank", phone())
		headers := network.Headers{"Accept-Language": lang + "-XX,de;q=0.5"}
		if _, err := chromedp.Call(p.ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: headers}); err != nil {
			t.Fatal(err)
		}
		shows := func(key string) {
			t.Helper()
			want, _ := json.Marshal([]any{lang, words[key]})
			p.sees(`JSON.stringify([document.documentElement.lang, document.querySelector("h1")?.textContent]) === ` + fmt.Sprintf("%q", want))
			for _, s := range []string{"light", "dark"} {
				scheme(s, p)
				p.axe(lang+" "+key+" "+s, "html")
				p.fits(lang + " " + key)
				p.shot(lang + "-" + key + "-" + s)
			}
		}
		w.send("POST", appURL+"/widget/v1/signup", w.widgetHeaders(adminID), map[string]string{"email": lang + "@shop.example.org", "password": "a good password", "language": lang})
		mails := w.mail.all()
		p.visit(appURL + "/verify-email#" + mails[len(mails)-1].token)
		shows("verify.title")
		if at := js[string](p, `location.href`); at != appURL+"/verify-email" {
			t.Errorf("the token stays in the address %s", at)
		}
		p.click("button")
		shows("verify.ok.title")
		p.visit("about:blank")                                             // else only the fragment would change
		p.visit(appURL + "/verify-email#" + mails[len(mails)-1].token[1:]) // a part of the link was lost
		p.click("button")
		shows("verify.failed.title")

		// A forgotten password: a weak one comes back with the reason, a good one ends it.
		w.send("POST", appURL+"/widget/v1/reset", w.widgetHeaders(adminID), map[string]string{"email": lang + "@shop.example.org", "language": lang})
		mails = w.mail.all()
		p.visit(appURL + "/reset-password#" + mails[len(mails)-1].token)
		shows("reset.title")
		if at := js[string](p, `location.href`); at != appURL+"/reset-password" {
			t.Errorf("the token stays in the address %s", at)
		}
		p.fill("#password", "aaaaaaaaaaaa")
		p.click(".page__show input")
		p.sees(`document.querySelector("#password").type === "text"`)
		p.click("button")
		p.sees(`document.querySelector("#error")?.textContent.length > 20 && document.querySelector("#password").type === "password"`)
		shows("reset.title")
		p.fill("#password", "the new password")
		p.click("button")
		shows("reset.ok.title")
		p.visit("about:blank")
		p.visit(appURL + "/reset-password#" + mails[len(mails)-1].token) // it was used
		p.fill("#password", "another password")
		p.click("button")
		shows("reset.failed.title")

		granted, err := w.box.Consent(accountID, clientID, "", true)
		if err != nil {
			t.Fatal(err)
		}
		p.visit(granted)
		shows("oauth.done.title")
		p.visit(appURL + "/oauth/amocrm/callback?error=access_denied")
		shows("oauth.denied.title")
		p.visit(appURL + "/oauth/amocrm/callback")
		shows("oauth.failed.title")

		// Without scripts the token cannot be read: said, instead of a dead button.
		if _, err := chromedp.Call(p.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
			t.Fatal(err)
		}
		p.visit(appURL + "/verify-email#x")
		if _, err := chromedp.Call(p.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{}); err != nil {
			t.Fatal(err)
		}
		needed, _ := json.Marshal(words["link.script_needed"])
		p.sees(`document.body.innerText.includes(` + string(needed) + `) && !document.querySelector("button").checkVisibility()`)
		p.shot(lang + "-no-script")
	}
	w.noBreaches()
}
