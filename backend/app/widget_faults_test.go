package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"leadline/backend/sandbox"
	"leadline/backend/sandbox/crmpage"
)

// noClient is our widget in an integration without OAuth client (W §8.3 step 1).
const noClient = "leadlinenoclient"

// widgetFault is one thing that goes wrong between the widget and the backend (W §10.4).
type widgetFault struct {
	name string
	// token is the sandbox's variant of its token address.
	token string
	// status, code and message are an answer in the form of docs/http-api.md,
	// html one of something that stands before the backend.
	status        int
	code, message string
	html          string
	noCORS        bool // the answer lacks the headers without which no page may read it
	hang          bool // there is no answer
	cut           bool // the line breaks
	widget        string
	// alike: another fault takes the same way with other words; looked at in every
	// combination only.
	alike bool
	says  string // what the form says: errors.<says>, or the message itself
}

const ownWords = "The server names the reason itself."

// widgetFaults are the token and backend variations of W §10.4.
var widgetFaults = []widgetFault{
	{name: "the CRM refuses a token", token: "401", says: "no_token"},
	{name: "the CRM answers without a token", alike: true, token: "empty", says: "no_token"},
	{name: "the token does not come", token: "slow", says: "no_token"},
	{name: "the integration has no client", widget: noClient, says: "no_token"},
	{name: "401 bad token", status: 401, code: "token_invalid", says: "token_invalid"},
	{name: "401 old token", alike: true, status: 401, code: "token_expired", says: "token_expired"},
	{name: "403 not an administrator", alike: true, status: 403, code: "not_admin", says: "not_admin"},
	{name: "409 another team has the account", status: 409, code: "account_taken", message: ownWords},
	{name: "422 a request that is not understood", alike: true, status: 422, code: "invalid_request", says: "invalid_request"},
	{name: "422 a code that this widget does not know", status: 422, code: "brand_new", message: ownWords},
	{name: "429 too many attempts", alike: true, status: 429, code: "too_many_attempts", message: ownWords},
	{name: "500 ours", alike: true, status: 500, code: "internal", says: "internal"},
	{name: "500 of a proxy", status: 500, html: "<h1>Internal Server Error</h1>", says: "unavailable"},
	{name: "502 the CRM does not answer", alike: true, status: 502, code: "crm_unavailable", says: "crm_unavailable"},
	{name: "200 of a captive portal", alike: true, status: 200, html: "<h1>Welcome to our Wi-Fi</h1>", says: "unavailable"},
	{name: "no answer", hang: true, says: "timeout"},
	{name: "the line breaks", cut: true, says: "unavailable"},
	{name: "no CORS headers", status: 200, noCORS: true, says: "unavailable"},
}

// faultsToPlay are those of the faults that a run looks at.
func faultsToPlay() []widgetFault {
	if wide() {
		return widgetFaults
	}
	return slices.DeleteFunc(slices.Clone(widgetFaults), func(f widgetFault) bool { return f.alike })
}

// slow tells whether the widget has to wait until its own limit.
func (f widgetFault) slow() bool { return f.hang || f.token == "slow" }

// installedAs is the code under which the widget has the fault.
func (f widgetFault) installedAs() string {
	if f.widget != "" {
		return f.widget
	}
	return widget
}

// set makes the world have the fault, and none from before.
func (f widgetFault) set(w *world, front *front) {
	w.box.SetVariants(func(v *sandbox.Variants) {
		v.DisposableToken, v.DisposableTokenAlways, v.DisposableSlowMS = f.token, f.token != "", 60_000
	})
	front.instead.Store(http.HandlerFunc(nil))
	if f.status == 0 && !f.hang && !f.cut {
		return
	}
	front.instead.Store(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch {
		case f.cut:
			panic(http.ErrAbortHandler)
		case f.hang:
			<-r.Context().Done()
			return
		case r.Method == http.MethodOptions && !f.noCORS:
			front.proxy.ServeHTTP(rw, r)
			return
		}
		if !f.noCORS {
			rw.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		}
		if f.html != "" {
			rw.Header().Set("Content-Type", "text/html; charset=utf-8")
			rw.WriteHeader(f.status)
			fmt.Fprint(rw, f.html)
			return
		}
		rw.Header().Set("Content-Type", "application/json; charset=utf-8")
		rw.WriteHeader(f.status)
		_ = json.NewEncoder(rw).Encode(map[string]any{"error": map[string]string{"code": f.code, "message": f.message}})
	}))
}

// hurry makes the widget's own limits (15 s for a request, 20 s with its token)
// twenty times shorter on pages that are opened with "hurry" in the address.
const hurry = `(() => {
	if (!location.search.includes("hurry")) return;
	const real = window.setTimeout;
	window.setTimeout = (act, ms, ...rest) => real.call(window, act, ms === 15000 || ms === 20000 ? ms / 20 : ms, ...rest);
})()`

// faultyWorld is a connected account behind a front, the widget offered with and
// without an OAuth client.
func faultyWorld(t *testing.T) (*world, *front, *tab) {
	t.Helper()
	w := newWorld(t, setup{login: true})
	site := w.withWidget("amocrm")
	if err := site.AddWidget(noClient, "", w.widgetZip("amocrm", os.DirFS("../../widget"))); err != nil {
		t.Fatal(err)
	}
	w.connected()
	front := w.behindAFront()
	crm := w.chromium(nil)
	if _, err := chromedp.Call(crm.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: hurry}); err != nil {
		t.Fatal(err)
	}
	return w, front, crm
}

// in is the tab for a subtest.
func (b *tab) in(t *testing.T) *tab {
	w := *b.w
	w.t = t
	return &tab{&w, b.ctx}
}

// market opens the marketplace and waits for its widgets.
func (b *tab) market(query string) {
	b.w.t.Helper()
	b.visit(b.w.crmOrigin() + "/amo-market/" + query)
	until(b.w.t, "the CRM's page", func() bool { return js[bool](b, `!!(window.__crm && __crm.ready)`) })
}

// settings opens the window of a widget on the page that is there.
func (b *tab) settings(code string) {
	b.w.t.Helper()
	js[any](b, fmt.Sprintf(`__crm.openSettings(%q).then(() => null)`, code))
}

// keeps stores a widget in the CRM as installed.
func (w *world) keeps(code, settings string) crmpage.WidgetState {
	st := crmpage.WidgetState{Status: "installed", Active: "Y", Settings: settings}
	w.box.World().SaveWidget(accountID, code, st)
	return st
}

// wordsOf are the widget's own texts in a language.
func wordsOf(t *testing.T, lang, crm string) map[string]map[string]string {
	t.Helper()
	raw, err := os.ReadFile("../../widget/i18n/" + lang + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var words map[string]map[string]string
	text := strings.NewReplacer("__CRM__", crm, "__SUPPORT_CONTACT__", "+1 555 010 0100, help@example.org").Replace(string(raw))
	if err := json.Unmarshal([]byte(text), &words); err != nil {
		t.Fatal(err)
	}
	return words
}

// TestWidgetTellsEachFault: whatever the CRM's tokens and the backend do, the form
// says the reason and whom to ask, keeps working, and stores nothing that was not
// checked, unless nothing could be checked (W §9.5 J15, §10.4).
func TestWidgetTellsEachFault(t *testing.T) {
	t.Parallel()
	_, front, crm := faultyWorld(t)
	words := wordsOf(t, "en", "amoCRM")
	for _, f := range faultsToPlay() {
		t.Run(f.name, func(t *testing.T) {
			crm := crm.in(t)
			w := crm.w
			want := f.message
			if f.says != "" {
				want = words["errors"][f.says]
			}
			if want == "" {
				t.Fatalf("no text for %s", f.says)
			}
			told := func() {
				t.Helper()
				crm.sees(fmt.Sprintf(`document.querySelector('.js-leadline-error')?.textContent === %q`, want+" "+words["form"]["support"]))
			}
			stored := w.keeps(f.installedAs(), `{"service_login":"`+login+`"}`)
			f.set(w, front)
			query := "?variant=settings-twice"
			if f.slow() {
				query += "&hurry"
			}
			crm.market(query)
			crm.settings(f.installedAs())
			told()
			crm.sees(`document.querySelector('.js-leadline-state').textContent === ` + fmt.Sprintf("%q", words["states"]["unknown"]))

			before := len(w.box.World().Notifications(accountID, adminID))
			crm.fill(`input[name=service_login]`, "someone@example.org")
			crm.fill(`.js-leadline-password`, "any password")
			crm.click(`.js-widget-save`)
			w.eventually("the notification", func() bool {
				notes := w.box.World().Notifications(accountID, adminID)
				return len(notes) > before && notes[0].Type == "error" && notes[0].Text == want && notes[0].Link == "https://help.example.org/leadline"
			})
			if f.says == "no_token" { // nothing could be checked yet: kept, to be connected later
				crm.sees(`!document.querySelector('.widget-settings__modal')`)
				if got := w.box.World().Widget(accountID, f.installedAs()); got.Settings != `{"service_login":"someone@example.org"}` || got.Status != "installed" {
					t.Errorf("the CRM keeps %+v", got)
				}
			} else {
				told()
				crm.sees(`document.querySelector('.js-widget-save').dataset.loading === undefined && document.querySelector('.js-leadline-password').value === 'any password'`)
				if got := w.box.World().Widget(accountID, f.installedAs()); got != stored {
					t.Errorf("the CRM keeps %+v, want what it had", got)
				}
			}
			if f.widget != "" {
				return // nothing mends that but an integration with a client
			}

			widgetFault{}.set(w, front)
			crm.market("")
			crm.settings(f.installedAs())
			crm.sees(`document.querySelector('.leadline__snippet') && document.querySelector('.js-leadline-error').textContent === ''`)
			w.noBreaches()
		})
	}
}
