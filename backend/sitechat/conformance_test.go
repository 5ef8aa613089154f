package sitechat

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"leadline/backend/browsertest"
)

// The conformance suite of the site API (specs "online chat", §0-§3): one test for each rule, named after it, on pages in a
// real browser, in both dialects. docs/conformance.md says which test holds which rule.

// inBoth runs a test once in each dialect.
func inBoth(t *testing.T, test func(t *testing.T, d Dialect)) {
	t.Helper()
	for name, d := range map[string]Dialect{"amoCRM": AmoCRM, "Kommo": Kommo} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, d)
		})
	}
}

// words puts a dialect's names into a page or a script: FN is the command function, OBJ the settings object.
func (d Dialect) words(text string) string {
	return strings.NewReplacer("FN", d.Command(), "OBJ", d.Settings()).Replace(text)
}

// page puts what pages are made of into html, in a dialect: SETTINGS is the settings object, STUB the snippet's stub with an empty queue, TAG the
// loader's element, BOOT brings it later. After SAY, say("x") gives a subscriber that writes "x" and its arguments into the array log.
func (d Dialect) page(html string) string {
	return d.words(strings.NewReplacer(
		"SETTINGS", `OBJ = {id: "1042", hash: "HASH", locale: "en"};`,
		"STUB", `FN = function () { FN.q.push(arguments) }; FN.q = [];`,
		"TAG", `<script id="OBJ_script" async src="LOADER"></script>`,
		"SAY", `log = []; say = (name) => (...args) => log.push(args.length ? name + JSON.stringify(args) : name);`,
		"BOOT", `(() => { const tag = document.createElement("script"); tag.id = "OBJ_script"; tag.async = true; tag.src = "LOADER"; document.head.append(tag) })();`,
	).Replace(html))
}

// visitIn opens a page in a dialect.
func visitIn(t *testing.T, d Dialect, html string, prepare ...func(*site)) *site {
	t.Helper()
	return visit(t, d.page(html), prepare...)
}

// do runs a script in a dialect's names.
func (s *site) do(d Dialect, script string) {
	s.t.Helper()
	s.run(s.fill(d.page(script)))
}

// click presses what a selector finds as a person does.
func (s *site) click(selector string) {
	s.t.Helper()
	if err := browsertest.Click(s.ctx, selector); err != nil {
		s.t.Fatalf("%v; page said %q", err, s.heard(""))
	}
}

// newFrame runs a script after which another panel takes the place of the one before, and returns its frame once that is gone.
func (s *site) newFrame(script string) *site {
	s.t.Helper()
	s.run(`hellos = 0; addEventListener("message", (e) => e.data?.kind === "hello" && hellos++); ` + script)
	s.until("hellos")
	waitFor(s.t, func() bool {
		targets, err := chromedp.Targets(s.ctx)
		if err != nil {
			s.t.Fatal(err)
		}
		n := 0
		for _, target := range targets {
			if strings.HasPrefix(target.URL, s.chat.URL+"/v1/frame/") {
				n++
			}
		}
		return n == 1
	})
	return s.frame()
}

// silent checks that the page said nothing: no warning, no error.
func (s *site) silent() {
	s.t.Helper()
	if said := s.heard(""); len(said) > 0 {
		s.t.Errorf("the page said %q", said)
	}
}

// isOpen and isClosed are expressions of the page's DOM.
const (
	isOpen   = `document.querySelector("#amo-livechat .amo-livechat_chat")`
	isClosed = `document.querySelector("#amo-livechat.amo-livechat_hidden")`
)
