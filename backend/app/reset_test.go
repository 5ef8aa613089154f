package app

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestForgottenPassword: the same answer for every address, and only the owner
// of the mailbox chooses the password, once, within an hour.
func TestForgottenPassword(t *testing.T) {
	t.Parallel()
	c := &clock{}
	w := newWorld(t, setup{login: true, now: c.now})
	forgot := func(email string) answer {
		return w.send("POST", appURL+"/widget/v1/reset", w.widgetHeaders(adminID), map[string]string{"email": email, "language": "pt"})
	}
	choose := func(token, pass string) answer {
		return w.send("POST", appURL+"/reset-password", map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
			url.Values{"token": {token}, "password": {pass}}.Encode())
	}
	in := func(as, pass string) answer {
		body := w.connectBody()
		body["login"], body["password"] = as, pass
		return w.send("POST", appURL+"/widget/v1/connect", w.widgetHeaders(adminID), body)
	}

	refused(t, w.send("POST", appURL+"/widget/v1/reset", w.widgetHeaders(agentID), map[string]string{"email": login}), 403, "not_admin")
	refused(t, w.send("POST", appURL+"/widget/v1/reset", map[string]string{"Origin": "https://" + crmHost}, map[string]string{"email": login}), 401, "token_missing")
	refused(t, forgot("no address"), 422, "invalid_email")
	for _, body := range []string{"", "{", "[]", `{"email":""}`, `{"email":1}`} {
		refused(t, w.send("POST", appURL+"/widget/v1/reset", w.widgetHeaders(adminID), body), 422, "invalid_request")
	}
	refused(t, w.send("POST", appURL+"/widget/v1/reset", w.widgetHeaders(adminID), `{"email":"`+strings.Repeat("a", 9<<10)+`"}`), 413, "body_too_large")
	if n := len(w.mail.all()); n != 0 {
		t.Fatalf("%d mails after refusals", n)
	}

	// An address that signed up and never proved itself may choose anew as well.
	const unproven = "unproven@example.org"
	w.send("POST", appURL+"/widget/v1/signup", w.widgetHeaders(adminID), map[string]string{"email": unproven, "password": "somebody's choice"})
	before := len(w.mail.all())
	for _, email := range []string{" " + strings.ToUpper(login), "nobody@example.org", unproven} {
		if a := forgot(email); a.status != http.StatusAccepted || string(a.body) != `{"state":"reset_sent"}` {
			t.Errorf("%s: %d %s, want 202 reset_sent", email, a.status, a.body)
		}
	}
	mails := w.mail.all()[before:]
	if len(mails) != 2 || mails[0].to != login || mails[0].locale != "pt" || mails[1].to != unproven {
		t.Fatalf("mails %+v, want one to each login", mails)
	}

	page := w.send("GET", appURL+"/reset-password", nil, nil)
	if csp := page.header.Get("Content-Security-Policy"); page.status != 200 || !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") ||
		page.header.Get("Referrer-Policy") != "no-referrer" || page.header.Get("Cache-Control") != "no-store" {
		t.Errorf("the page of the mailed link: %d %v", page.status, page.header)
	}
	// A verification's token is none of these, nor the other way round.
	signUpToken := w.mail.all()[before-1].token
	for _, dead := range []string{"", "x.y.z", mails[0].token + "A", mails[0].token[1:], signUpToken} {
		if a := choose(dead, "a new password"); a.status != 422 || strings.Contains(string(a.body), "name=\"password\"") {
			t.Errorf("dead link %.20q: %d, want 422 and no form", dead, a.status)
		}
	}
	if a := w.send("POST", appURL+"/verify-email", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, "token="+mails[1].token); a.status != 422 {
		t.Errorf("a reset's token proves an address: %d", a.status)
	}
	// A weak password spends nothing: the form comes again with its token.
	if a := choose(mails[0].token, "short"); a.status != 422 || !strings.Contains(string(a.body), `value="`+mails[0].token+`"`) || !strings.Contains(string(a.body), "aria-invalid") {
		t.Errorf("weak password: %d\n%s", a.status, a.body)
	}
	if a := in(login, password); a.status != http.StatusAccepted {
		t.Errorf("asking for a reset changed the password: %d %s", a.status, a.body)
	}
	if a := choose(mails[0].token, "a new password"); a.status != 200 {
		t.Fatalf("the link: %d %s", a.status, a.body)
	}
	if a := choose(mails[0].token, "another password"); a.status != 422 {
		t.Errorf("the link again: %d, want 422", a.status)
	}
	refused(t, in(login, password), 422, "wrong_credentials")
	if a := in(login, "a new password"); a.status != http.StatusAccepted {
		t.Errorf("sign-in with the new password: %d %s", a.status, a.body)
	}
	// An hour later, and the clocks' leeway, a link is dead.
	c.advance(w.box, time.Hour+2*time.Minute)
	if a := choose(mails[1].token, "a new password"); a.status != 422 {
		t.Errorf("the link after an hour: %d, want 422", a.status)
	}
	forgot(unproven)
	mails = w.mail.all()
	if a := choose(mails[len(mails)-1].token, "my own choice"); a.status != 200 {
		t.Errorf("a fresh link: %d", a.status)
	}
	refused(t, in(unproven, "somebody's choice"), 422, "wrong_credentials")
	if a := in(unproven, "my own choice"); a.status == 422 {
		t.Errorf("the address is not proven by its mailbox: %s", a.body)
	}
	logs := w.logs.String()
	for _, secret := range append([]string{"a new password", "my own choice"}, mails[before].token, mails[before+1].token) {
		if strings.Contains(logs, secret) {
			t.Errorf("%.12q... stands in the log", secret)
		}
	}
	w.noBreaches()
}

// TestForgottenPasswordIsSlow: nobody's mailbox is filled; whether the address is
// known makes no difference, and other addresses go on.
func TestForgottenPasswordIsSlow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	forgot := func(email string) answer {
		return w.send("POST", appURL+"/widget/v1/reset", w.widgetHeaders(adminID), map[string]string{"email": email})
	}
	for _, email := range []string{login, "nobody@example.org"} {
		asked := 0
		a := forgot(email)
		for ; a.status == http.StatusAccepted && asked < 20; a = forgot([]string{email, strings.ToUpper(email), " " + email}[asked%3]) {
			asked++
		}
		refused(t, a, 429, "too_many_attempts")
		if s, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || s < 1 || s > 600 {
			t.Errorf("Retry-After %q, want seconds", a.header.Get("Retry-After"))
		}
		if asked != 3 {
			t.Errorf("%s: %d letters before the first 429, want 3", email, asked)
		}
	}
	if n := len(w.mail.all()); n != 3 {
		t.Errorf("%d mails, want 3", n)
	}
	a := forgot("other@example.org")
	for n := 0; a.status == http.StatusAccepted && n < 20; n++ {
		a = forgot("other" + strconv.Itoa(n) + "@example.org")
	}
	refused(t, a, 429, "too_many_attempts") // the account has a budget too
}
