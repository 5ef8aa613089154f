package app

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"leadline/backend/sandbox"
)

// TestPlayground: a developer tries settings on the real chat, also of a button
// that only trusts another site, and copies code that says the same.
func TestPlayground(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	button, hash := w.connected()
	w.trust(button, false, "shop.example.test")
	browser := w.chromium(nil)
	p := browser.person("about:blank")
	p.do(chromedp.Evaluate[chromedp.Void](`0`))
	p.visit(appURL + "/playground")
	js[any](p, `violations = [], addEventListener("securitypolicyviolation", (e) => violations.push(e.violatedDirective + " " + e.blockedURI)), null`)
	set := func(id, value string) {
		t.Helper()
		field, _ := json.Marshal(id)
		text, _ := json.Marshal(value)
		js[any](p, `((field) => { field[field.type === "checkbox" ? "checked" : "value"] = field.type === "checkbox" ? true : `+string(text)+`; field.dispatchEvent(new Event("input", {bubbles: true})) })(document.getElementById(`+string(field)+`)), null`)
	}
	const code = `document.getElementById("code").textContent`
	logged := func(line string) {
		t.Helper()
		want, _ := json.Marshal(line)
		p.sees(`[...document.querySelectorAll("#events li")].some((li) => li.textContent.startsWith(` + string(want) + `))`)
	}

	// Nothing is asked of the server before there is a button; a wrong one is told in the server's words.
	p.reads("Paste the snippet of a button")
	set("snippet", snippet(button, strings.Repeat("0", 64), "es"))
	p.reads("There is no such chat button")
	set("snippet", snippet(button, hash, "en"))
	logged("onChatReady")
	p.sees(`document.querySelector("#notice").hidden`)
	p.sees(code + `.includes('"` + button + `"') && ` + code + `.includes("` + hash + `")`)

	set("color", "rebeccapurple")
	p.sees(`document.querySelector(".amo-button--main")?.style.background === "rebeccapurple"`)
	p.sees(code + `.includes('color: "rebeccapurple"')`)
	set("onlinechat.theme.header.background", "!important")
	p.sees(`document.getElementById("onlinechat.theme.header.background").matches(":invalid[aria-invalid]")`)
	set("onlinechat.theme.header.background", "")
	set("onlinechat.locale.compose_placeholder", "Ask away")
	p.sees(code + `.includes("Ask away") && [...document.querySelectorAll("#events li")].filter((li) => li.textContent.startsWith("onChatReady")).length > 2`)

	// The chat is real: what is written reaches the CRM.
	p.click("[data-act=show]")
	logged("onChatShow")
	c := p.panel()
	c.sees(`document.querySelector("textarea")?.placeholder === "Ask away"`)
	p.shot("open")
	c.writes("From the playground")
	w.until("the message", func() bool { return len(w.inbox(sandbox.Inbound)) == 1 })
	logged("onVisitorMessage")
	p.click("[data-act=state]")
	logged(`getState {"ready":true,"open":true`)
	p.click("[data-act=hide]")
	logged("onChatHide")
	set("dialect", "amocrm")
	p.sees(code + `.includes("amoSocialButtonConfig") && document.querySelector(".amo-button--main") && typeof amoSocialButton === "function"`)
	p.click("[data-act=destroy]")
	p.sees(`!document.querySelector(".amo-button--main")`)
	set("hidden", "")
	p.click("[data-act=meta]")
	if got := js[[]string](p, `violations`); len(got) > 0 {
		t.Errorf("against the policy: %q", got)
	}
	// The code is what a site can paste: in it the button, with the settings of the form.
	var at string
	shop := w.shopIn(&at)
	shop.paste(js[string](p, code))
	if site := w.config(button, hash, "https://evil.example.test"); site.status != 403 {
		t.Errorf("another site is admitted: %d", site.status)
	}

	for _, lang := range spoken() {
		q := browser.person("about:blank", phone())
		headers := network.Headers{"Accept-Language": lang}
		if _, err := chromedp.Call(q.ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: headers}); err != nil {
			t.Fatal(err)
		}
		q.visit(appURL + "/playground?id=" + button + "&hash=" + hash)
		q.sees(`document.documentElement.lang === "` + lang + `" && document.querySelector(".amo-button--main")`)
		for _, s := range []string{"light", "dark"} {
			scheme(s, q)
			q.axe(lang+" "+s, "html")
			q.fits(lang)
			q.shot(lang + "-" + s)
		}
	}
	w.noBreaches()
}
