package app

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"leadline/backend/account"
	"leadline/backend/sandbox"
)

// TestReinstallation: the CRM cut the channel and nothing says so (C §5.2, §9
// trap 19), so the next tokens connect it, without a sign-in; the admin who had
// switched it off is not overruled.
func TestReinstallation(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		hook string
		keep bool
		off  bool
	}{
		{"told, channel cut", "signed", false, false},
		{"told, channel left", "unsigned", true, false},
		{"not told, channel cut", "never", false, false},
		{"not told, channel left", "never", true, false},
		{"switched off before", "signed", false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{login: true})
			w.box.SetVariants(func(v *sandbox.Variants) { v.DisabledHook, v.KeepConnection = c.hook, c.keep })
			v := w.visit(w.connected())
			v.write(uuidN(1), "before")
			w.eventually("the message", func() bool { return len(w.inbox(sandbox.Inbound)) == 1 })
			if c.off {
				w.send("POST", appURL+"/widget/v1/disconnect", w.widgetHeaders(adminID), map[string]string{})
			}
			former, err := w.app.Accounts.Access(t.Context(), w.authorised().ID)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.box.Uninstall(accountID, clientID); err != nil {
				t.Fatal(err)
			}
			if c.hook != "never" {
				w.becomes("disconnected")
				w.until("no tokens", func() bool { a, _ := w.account(); return c.off || !a.HasTokens })
			}
			if err := w.box.Install(accountID, clientID); err != nil {
				t.Fatal(err)
			}
			w.until("new tokens", func() bool {
				a, _ := w.account()
				access, err := w.app.Accounts.Access(t.Context(), a.ID)
				return err == nil && access != former
			})
			if c.off {
				w.until("no code", func() bool { return w.grants() == 0 })
				if s := w.state(); s.State != "disconnected" || len(w.box.Connections()) != 0 {
					t.Errorf("the widget reads %+v, want what the admin chose", s)
				}
				return
			}
			w.becomes("connected")
			w.eventually("the channel", func() bool { return len(w.box.Connections()) == 1 })
			v.write(uuidN(2), "after")
			w.eventually("the message", func() bool { return slices.Equal(w.inbox(sandbox.Inbound), []string{"before", "after"}) })
			if _, err := w.box.OperatorSay(accountID, w.box.Chats(accountID)[0].ID, "hello again"); err != nil {
				t.Fatal(err)
			}
			w.until("the answer", func() bool { return slices.Equal(v.outbound(), []string{"hello again"}) })
			w.noBreaches()
		})
	}
}

// TestReinstallationDuringAnOutage: it is made good later, also after a restart.
func TestReinstallationDuringAnOutage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	v := w.visit(w.connected())
	if err := w.box.Uninstall(accountID, clientID); err != nil {
		t.Fatal(err)
	}
	w.becomes("disconnected")
	w.until("no tokens", func() bool { a, _ := w.account(); return !a.HasTokens })
	w.box.SetFaults(func(f *sandbox.Faults) { f.AmojoStatus, f.AmojoCount = 503, -1 })
	if err := w.box.Install(accountID, clientID); err != nil {
		t.Fatal(err)
	}
	w.refusedAs("channel", w.state, 0)
	v.write(uuidN(1), "is anybody there?")
	w.box.SetFaults(func(f *sandbox.Faults) { *f = sandbox.Faults{} })
	w.restart()
	w.eventually("the message", func() bool { return len(w.inbox(sandbox.Inbound)) == 1 })
	w.becomes("connected")
	w.noBreaches()
}

// TestRenamedAccount (W §8.6): whichever notices first follows and remembers.
func TestRenamedAccount(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		notice func(w *world)
	}{
		{"a call of API v4", func(w *world) { w.send("GET", disabled(clientSecret), nil, nil) }},
		{"the widget's token", func(w *world) {
			token, err := w.box.DisposableToken(accountID, adminID, clientID)
			if err != nil {
				w.t.Fatal(err)
			}
			if a := w.send("GET", appURL+"/widget/v1/status", map[string]string{"X-Auth-Token": token, "Origin": "https://newname.amocrm.ru"}, nil); a.status != http.StatusOK {
				w.t.Errorf("status: %d %s", a.status, a.body)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{login: true})
			w.connected()
			if !w.box.Rename(accountID, "newname") {
				t.Fatal("not renamed")
			}
			c.notice(w)
			w.until("the new name", func() bool { a, _ := w.account(); return a.Host == "newname.amocrm.ru" })
			a, _ := w.account()
			if a.State != account.Connected || !a.HasTokens {
				t.Errorf("a new name made it %s, tokens %v", a.State, a.HasTokens)
			}
			w.noBreaches()
		})
	}
}

// hashOf reads the hash of the account's snippet.
func hashOf(w *world) string {
	w.t.Helper()
	_, hash := snippetPair(w.t, w.state().Chats[0].Snippet)
	return hash
}

// TestReplayedDisableHooks: old and forged hooks by the hundred, at any moment of
// an account's life, decide nothing (W §8.7).
func TestReplayedDisableHooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	replay := func() {
		t.Helper()
		// The address may ask 30 times a minute here; more would be refused before.
		parallel(t, 8, func(i int) {
			u := disabled(clientSecret)
			if i%2 == 1 {
				u = disabledWith("client_id", "")
			}
			if a, err := w.trySend("GET", u, nil, nil); err != nil || a.status != http.StatusOK {
				t.Errorf("replay: %v %d", err, a.status)
			}
		})
	}
	replay() // of an account that nobody knows
	v := w.visit(w.connected())
	replay()
	v.write(uuidN(1), "one")
	w.eventually("the message", func() bool { return len(w.inbox(sandbox.Inbound)) == 1 })
	if err := w.box.Uninstall(accountID, clientID); err != nil {
		t.Fatal(err)
	}
	w.becomes("disconnected")
	w.until("no tokens", func() bool { a, _ := w.account(); return !a.HasTokens })
	replay()
	if err := w.box.Install(accountID, clientID); err != nil {
		t.Fatal(err)
	}
	w.becomes("connected")
	replay()
	v.write(uuidN(2), "two")
	w.eventually("the message", func() bool { return len(w.inbox(sandbox.Inbound)) == 2 })
	unknown := url.Values{"account_id": {"99"}, "client_uuid": {clientID}}
	if a := w.send("GET", appURL+"/oauth/amocrm/disabled?"+unknown.Encode(), nil, nil); a.status != http.StatusOK {
		t.Errorf("a hook about an unknown account: %d", a.status)
	}
	if c := w.state(); c.State != "connected" || len(w.box.Connections()) != 1 {
		t.Errorf("the widget reads %+v", c)
	}
	w.noBreaches()
}
