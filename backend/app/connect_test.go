package app

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"leadline/backend/account"
	"leadline/backend/chatid"
	"leadline/backend/sandbox"
)

// TestNoOrderOfEventsDeadlocks plays every order that the vendor may choose
// (design.md §3.2): when the installation webhook comes, whether the page gets a
// token before the installation, and when the admin signs in.
func TestNoOrderOfEventsDeadlocks(t *testing.T) {
	t.Parallel()
	for _, moment := range []string{"install", "save", "late", "never"} {
		for _, token := range []string{"issued", "401", "empty"} {
			for _, pressed := range []string{"before", "between", "after"} {
				t.Run(fmt.Sprintf("webhook %s, token %s, sign-in %s", moment, token, pressed), func(t *testing.T) {
					t.Parallel()
					order(t, moment, token, pressed)
				})
			}
		}
	}
}

func order(t *testing.T, moment, token, pressed string) {
	w := newWorld(t, setup{login: true})
	w.box.SetVariants(func(v *sandbox.Variants) { v.InstallMoment, v.DisposableToken = moment, token })
	page := w.box.World()

	signedIn := false
	// at is one moment at which the admin may press; without a token the form
	// stays and she presses again at the next one.
	at := func(now string) {
		if signedIn || now == "before" && pressed != "before" || now == "between" && pressed == "after" {
			return
		}
		tok, status := page.DisposableToken(accountID, adminID, clientID)
		if status != http.StatusOK || tok == "" {
			return
		}
		a := w.send("POST", appURL+"/widget/v1/connect", map[string]string{"X-Auth-Token": tok, "Origin": "https://" + crmHost}, w.connectBody())
		if a.status != http.StatusOK && a.status != http.StatusAccepted {
			t.Fatalf("connect %s: %d %s", now, a.status, a.body)
		}
		signedIn = true
	}
	at("before")
	page.Pressed(accountID, adminID, clientID, "install")
	at("between")
	page.Pressed(accountID, adminID, clientID, "save")
	at("after")
	if !signedIn {
		t.Fatal("the page never got a token")
	}

	switch moment {
	case "late", "never":
		c := w.state()
		if c.State != "connecting" || c.Login != login || c.ConsentURL == "" {
			t.Fatalf("without tokens the widget reads %+v, want connecting, the login and a consent_url", c)
		}
		if moment == "late" {
			if n := w.box.ReleaseInstallHooks(); n != 1 {
				t.Fatalf("%d late webhooks, want 1", n)
			}
		} else {
			w.grant(c.ConsentURL)
		}
	}
	c := w.becomes("connected")
	if len(c.Chats) != 1 || c.ConsentURL != "" || c.Login != login {
		t.Errorf("connected as %+v, want one chat, the login and no consent_url", c)
	}
	if conns := w.box.Connections(); len(conns) != 1 || conns[0].Scope != scope || conns[0].HookVersion != "v2" {
		t.Errorf("connections %+v, want one of scope %s with v2 hooks", conns, scope)
	}
	w.until("no claim", func() bool { return !w.claimed() })
	w.noBreaches()
}

// TestConnectRepeatedInParallel: one scope, one online chat, one button, one
// source, however often and however much at once an admin presses.
func TestConnectRepeatedInParallel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true, sandbox: manySources, config: manySourcesConfig})
	w.installed()
	user, err := w.app.Teams.SignIn(t.Context(), login, password)
	if err != nil {
		t.Fatal(err)
	}
	admin := true
	parallel(t, 20, func(int) {
		connected, err := w.app.Accounts.Connect(t.Context(), account.Request{
			Product: "amocrm", CRMID: accountID, CRMUser: adminID, Admin: &admin, Host: crmHost, AmojoID: amojoID,
			Team: user.Team, User: user.ID, Locale: "en",
		})
		if err != nil || !connected {
			t.Errorf("connect: %v %v", connected, err)
		}
	})
	// Over HTTP too; what is beyond the login's budget is told to wait.
	parallel(t, 12, func(int) {
		if a := w.connect(); a.status != http.StatusOK && a.code() != "too_many_attempts" {
			t.Errorf("connect: %d %s", a.status, a.body)
		}
	})
	if c := w.state(); c.State != "connected" || len(c.Chats) != 1 {
		t.Errorf("the widget reads %+v, want one chat with one button", c)
	}
	if n := len(w.box.Connections()); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
	if list := w.box.Sources(accountID, clientID); len(list) != 1 {
		t.Errorf("sources %+v, want one", list)
	}
	w.noBreaches()
}

// TestConnectRacesTheTokens: sign-ins that come at the moment of the tokens
// never leave a claim behind.
func TestConnectRacesTheTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	parallel(t, 6, func(i int) {
		if i == 0 {
			if err := w.box.Install(accountID, clientID); err != nil {
				t.Error(err)
			}
			return
		}
		if a := w.connect(); a.status != http.StatusOK && a.status != http.StatusAccepted {
			t.Errorf("connect: %d %s", a.status, a.body)
		}
	})
	w.becomes("connected")
	w.until("no claim", func() bool { return !w.claimed() })
	w.noBreaches()
}

// TestClaimRefused: a claim that the account's own token disproves is refused
// when the tokens come, and the widget tells why (W §8.5).
func TestClaimRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, amojo string
		user        int64
		noClaim     bool
		want        string
	}{
		{"amojo id of another account", "7d9e2c44-61f3-4f0a-8b27-93c5e0a4d6b3", adminID, false, "account_mismatch"},
		{"no administrator, and the token does not say", amojoID, agentID, true, "not_admin"},
		{"administrator, and the token does not say", amojoID, adminID, true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{login: true})
			w.box.SetVariants(func(v *sandbox.Variants) { v.InstallMoment, v.NoAdminClaim = "late", c.noClaim })
			if err := w.box.Install(accountID, clientID); err != nil {
				t.Fatal(err)
			}
			body := w.connectBody()
			body["amojo_id"] = c.amojo
			ask := func() answer {
				return w.send("POST", appURL+"/widget/v1/connect", w.widgetHeaders(c.user), body)
			}
			if a := ask(); a.status != http.StatusAccepted {
				t.Fatalf("connect before the tokens: %d %s", a.status, a.body)
			}
			w.box.ReleaseInstallHooks()
			w.authorised()
			if c.want == "" {
				w.becomes("connected")
				w.noBreaches()
				return
			}
			var now connection
			w.until("the refusal", func() bool { now = w.state(); return now.Reason != "" })
			if now.State != "not_connected" || now.Reason != c.want {
				t.Errorf("the widget reads %+v, want not_connected because of %s", now, c.want)
			}
			// With the tokens there the same request is refused at once.
			if a := ask(); a.status != http.StatusForbidden || a.code() != c.want {
				t.Errorf("connect again: %d %s, want 403 %s", a.status, a.body, c.want)
			}
			if n := len(w.box.Connections()); n != 0 {
				t.Errorf("%d connections after a refusal", n)
			}
			// What was refused does not stand in the way of what is right.
			if a := w.connect(); a.status != http.StatusOK {
				t.Errorf("the right connect: %d %s", a.status, a.body)
			}
			if now := w.state(); now.State != "connected" || now.Reason != "" {
				t.Errorf("the widget reads %+v, want connected", now)
			}
			w.noBreaches()
		})
	}
}

// TestClaimOutlivesAnOutage: the tokens come while the chats service is down; the
// claim is completed when it is back, without anybody pressing again, also when
// the backend was restarted in between and the admin only looks.
func TestClaimOutlivesAnOutage(t *testing.T) {
	t.Parallel()
	for _, restart := range []bool{false, true} {
		t.Run(fmt.Sprintf("restart %v", restart), func(t *testing.T) {
			t.Parallel()
			outage(t, restart)
		})
	}
}

func outage(t *testing.T, restart bool) {
	w := newWorld(t, setup{login: true})
	w.box.SetFaults(func(f *sandbox.Faults) { f.AmojoStatus, f.AmojoCount = 503, -1 })
	if a := w.connect(); a.status != http.StatusAccepted {
		t.Fatalf("connect: %d %s", a.status, a.body)
	}
	w.installed()
	w.eventually("the try to connect", func() bool {
		for _, e := range w.box.Traffic() {
			if strings.HasSuffix(e.Path, "/connect") {
				return true
			}
		}
		return false
	})
	if restart {
		w.restart()
	}
	if c := w.state(); c.State != "connecting" {
		t.Errorf("the widget reads %+v, want connecting", c)
	}
	w.box.SetFaults(func(f *sandbox.Faults) { f.AmojoCount = 0 })
	w.eventually("the connection", func() bool { return len(w.box.Connections()) == 1 })
	w.becomes("connected")
	w.noBreaches()
}

// TestClaimEndsAfterADay: a login does not wait for ever (account.ClaimLife).
func TestClaimEndsAfterADay(t *testing.T) {
	t.Parallel()
	var c clock
	w := newWorld(t, setup{login: true, now: c.now})
	if a := w.connect(); a.status != http.StatusAccepted {
		t.Fatalf("connect: %d %s", a.status, a.body)
	}
	c.advance(w.box, account.ClaimLife+time.Minute)
	w.installed()
	w.becomes("not_connected")
	if n := len(w.box.Connections()); n != 0 {
		t.Errorf("%d connections by a claim of yesterday", n)
	}
}

func manySources(c *sandbox.Config) { c.Integrations[0].MultipleSources = true }

// TestMultipleSources: one source of our own per online chat (W §7.3, C §5.1).
func TestMultipleSources(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true, sandbox: manySources, config: manySourcesConfig})
	v := w.visit(w.connected())
	if a := w.connect(); a.status != http.StatusOK {
		t.Fatalf("connect again: %d %s", a.status, a.body)
	}
	list := w.box.Sources(accountID, clientID)
	if len(list) != 1 {
		t.Fatalf("sources %+v, want one", list)
	}
	id := list[0].ExternalID
	if len(id) == 0 || len(id) > 36 || !strings.HasPrefix(id, "ll-") || list[0].OriginCode != "amo.ext.leadline" {
		t.Errorf("source %+v, want an external id of ours within 36 characters and the channel's code", list[0])
	}
	v.write(uuidN(1), "Hello")
	w.eventually("the message", func() bool { return len(w.inbox(sandbox.Inbound)) == 1 })
	if got := w.box.Chats(accountID)[0].Source; got != id {
		t.Errorf("the chat's source is %q, want %q", got, id)
	}
	w.eventually("the entry in the traffic log", func() bool { return w.sentMessages() != "" })
	if said := w.sentMessages(); !strings.Contains(said, `"source":{"external_id":"`+id+`"}`) {
		t.Errorf("the message carries no source: %s", said)
	}
	w.noBreaches()
}

// TestSingleSource: without the switch the CRM makes its own, and messages name
// none (W §7.3).
func TestSingleSource(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	v := w.visit(w.connected())
	v.write(uuidN(1), "Hello")
	w.eventually("the message", func() bool { return len(w.inbox(sandbox.Inbound)) == 1 })
	w.eventually("the entry in the traffic log", func() bool { return w.sentMessages() != "" })
	if said := w.sentMessages(); strings.Contains(said, `"source"`) {
		t.Errorf("sent %s, want a message without source", said)
	}
	for _, s := range w.box.Sources(accountID, clientID) {
		if s.ExternalID != widget {
			t.Errorf("we made the source %+v", s)
		}
	}
	w.noBreaches()
}

// sentMessages are the bodies that the chats service got, but for connects.
func (w *world) sentMessages() string {
	var b strings.Builder
	for _, e := range w.box.Traffic() {
		if e.Area == "amojo" && !strings.HasSuffix(e.Path, "/connect") {
			b.WriteString(e.Body + "\n")
		}
	}
	return b.String()
}

// TestAccountIsTheTokensAccount: the number of the account comes from the token
// alone; nothing of another account is shown.
func TestAccountIsTheTokensAccount(t *testing.T) {
	t.Parallel()
	const other = 31000002
	w := newWorld(t, setup{login: true, sandbox: func(c *sandbox.Config) {
		c.Accounts = append(c.Accounts, sandbox.Account{
			ID: other, Product: sandbox.ProductAmoCRM, Subdomain: "otherco", Name: "Other company",
			AmojoID: "7d9e2c44-61f3-4f0a-8b27-93c5e0a4d6b9", Language: "en",
			Users:     []sandbox.User{{ID: 9000101, Name: "Olga", Login: "olga@example.org", AmojoID: "3c8e5a70-1d42-4f9b-b6e3-90a7d2c4f899", Language: "en", Admin: true}},
			Pipelines: []sandbox.Pipeline{{ID: 1301, Name: "Main"}},
		})
	}})
	w.connected()
	token, err := w.box.DisposableToken(other, 9000101, clientID)
	if err != nil {
		t.Fatal(err)
	}
	headers := map[string]string{"X-Auth-Token": token, "Origin": "https://otherco.amocrm.ru"}
	var c connection
	w.send("GET", appURL+"/widget/v1/status", headers, nil).into(t, &c)
	if c.State != "not_connected" || c.Login != "" || len(c.Chats) != 0 {
		t.Errorf("an account that is not connected reads %+v", c)
	}
	// Its admin may not bind the first account's chats (W §8.5): the claim names
	// a foreign amojo id.
	if a := w.send("POST", appURL+"/widget/v1/connect", headers, w.connectBody()); a.status != http.StatusAccepted {
		t.Fatalf("connect without tokens: %d %s", a.status, a.body)
	}
	if err := w.box.Install(other, clientID); err != nil {
		t.Fatal(err)
	}
	w.until("the refusal", func() bool {
		w.send("GET", appURL+"/widget/v1/status", headers, nil).into(t, &c)
		return c.Reason == "account_mismatch"
	})
	if n := len(w.box.Connections()); n != 1 {
		t.Errorf("%d connections, want only that of the first account", n)
	}
	if a, err := w.app.Accounts.ByScope(t.Context(), chatid.ScopeID(scope)); err != nil || a.CRMID != accountID {
		t.Errorf("the scope belongs to %v (%v), want %d", a.CRMID, err, accountID)
	}
	w.noBreaches()
}
