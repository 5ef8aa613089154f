package app

import (
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"leadline/backend/account"
	"leadline/backend/config"
	"leadline/backend/fault"
	"leadline/backend/sandbox"
)

// state is what the widget of an admin reads.
func (w *world) state() connection {
	w.t.Helper()
	var c connection
	w.send("GET", appURL+"/widget/v1/status", w.widgetHeaders(adminID), nil).into(w.t, &c)
	return c
}

// becomes waits until the widget reads the state.
func (w *world) becomes(state string) connection {
	w.t.Helper()
	var c connection
	w.until("the state "+state, func() bool { c = w.state(); return c.State == state })
	return c
}

// connect is the widget's request with a token of an admin.
func (w *world) connect() answer {
	w.t.Helper()
	return w.send("POST", appURL+"/widget/v1/connect", w.widgetHeaders(adminID), w.connectBody())
}

// account is the row of the account; ok is false while there is none.
func (w *world) account() (a account.Account, ok bool) {
	a, err := w.app.store.Accounts().ByCRM(w.t.Context(), "amocrm", accountID)
	return a, err == nil
}

// installed switches the integration on and waits for its tokens.
func (w *world) installed() account.Account {
	w.t.Helper()
	if err := w.box.Install(accountID, clientID); err != nil {
		w.t.Fatal(err)
	}
	return w.authorised()
}

// authorised waits for the account's tokens.
func (w *world) authorised() (a account.Account) {
	w.t.Helper()
	w.until("the tokens", func() bool { a, _ = w.account(); return a.HasTokens })
	return a
}

// grant goes the way of an admin who follows a consent_url and allows: start,
// the CRM's page, its redirect. It returns the address of that redirect.
func (w *world) grant(consentURL string) (redirect *url.URL) {
	w.t.Helper()
	a := w.send("GET", consentURL, nil, nil)
	page, err := url.Parse(a.header.Get("Location"))
	if a.status != http.StatusFound || err != nil || page.Host != "www.amocrm.ru" || page.Path != "/oauth" ||
		page.Query().Get("client_id") != clientID || page.Query().Get("state") == "" {
		w.t.Fatalf("start answers %d to %s, want the consent page (W §8.6)", a.status, a.header.Get("Location"))
	}
	if a := w.send("GET", page.String(), nil, nil); a.status != http.StatusOK {
		w.t.Fatalf("the consent page answers %d", a.status)
	}
	back, err := w.box.Consent(accountID, clientID, page.Query().Get("state"), true)
	if err != nil {
		w.t.Fatal(err)
	}
	if a := w.send("GET", back, nil, nil); a.status != http.StatusOK {
		w.t.Fatalf("the redirect back answers %d %s", a.status, a.body)
	}
	redirect, err = url.Parse(back)
	if err != nil {
		w.t.Fatal(err)
	}
	return redirect
}

// exchanges counts the requests for tokens that the CRM got.
func (w *world) exchanges() (n int) {
	for _, e := range w.box.Traffic() {
		if e.Path == "/oauth2/access_token" {
			n++
		}
	}
	return n
}

// claimed reports whether a login waits for the account's tokens.
func (w *world) claimed() bool {
	w.t.Helper()
	_, err := w.app.store.Accounts().Claim(w.t.Context(), "amocrm", accountID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		w.t.Fatal(err)
	}
	return err == nil
}

// clock is a clock that a test moves, together with the sandbox's.
type clock struct{ shift atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.shift.Load())) }

func (c *clock) advance(box *sandbox.Server, d time.Duration) {
	c.shift.Add(int64(d))
	box.Advance(d)
}

// parallel runs f n times at once.
func parallel(t *testing.T, n int, f func(i int)) {
	t.Helper()
	start, done := make(chan struct{}), make(chan struct{})
	for i := range n {
		go func() { defer func() { done <- struct{}{} }(); <-start; f(i) }()
	}
	close(start)
	for range n {
		<-done
	}
}

func manySourcesConfig(c *config.Config) { c.AmoCRM.MultipleSources = true }
