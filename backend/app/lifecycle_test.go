package app

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"leadline/backend/config"
	"leadline/backend/sandbox"
)

const (
	secondID    = accountID + 1
	secondAmojo = "8d9e2c44-61f3-4f0a-8b27-93c5e0a4d6b2"
)

func withSecondAccount(c *sandbox.Config) {
	c.Accounts = append(c.Accounts, sandbox.Account{
		ID: secondID, Product: sandbox.ProductAmoCRM, Subdomain: "second", Name: "Second company", AmojoID: secondAmojo, Language: "en",
		Users:     []sandbox.User{{ID: 9000101, Name: "Ada Admin", Login: "ada@example.org", AmojoID: "5c8e5a70-1d42-4f9b-b6e3-90a7d2c4f817", Language: "en", Admin: true}},
		Pipelines: []sandbox.Pipeline{{ID: 1400, Name: "Main"}},
	})
}

// second connects the second account and visits its site.
func (w *world) second() (*visitor, func() connection) {
	w.t.Helper()
	if err := w.box.Install(secondID, clientID); err != nil {
		w.t.Fatal(err)
	}
	token, err := w.box.DisposableToken(secondID, 0, clientID)
	if err != nil {
		w.t.Fatal(err)
	}
	headers := map[string]string{"X-Auth-Token": token, "Origin": "https://second.amocrm.ru"}
	body := w.connectBody()
	body["amojo_id"] = secondAmojo
	w.send("POST", appURL+"/widget/v1/connect", headers, body)
	state := func() (c connection) {
		w.send("GET", appURL+"/widget/v1/status", headers, nil).into(w.t, &c)
		return c
	}
	w.until("the second account", func() bool { return state().State == "connected" })
	return w.visit(snippetPair(w.t, state().Chats[0].Snippet)), state
}

// refusedAs waits until the widget reads broken with the reason; the messages
// that wait are none of the operators' business yet.
func (w *world) refusedAs(reason string, state func() connection, waiting int) {
	w.t.Helper()
	w.until("broken/"+reason, func() bool { c := state(); return c.State == "broken" && c.Reason == reason })
	if got := len(w.box.Messages(accountID)); got != waiting {
		w.t.Errorf("operators have %d messages, want %d", got, waiting)
	}
}

// sentAs checks that a visitor's message is shown as sent and not as failed.
func sentAs(t *testing.T, v *visitor, want string) {
	t.Helper()
	for _, m := range v.history() {
		if m.Status != want {
			t.Errorf("%q is shown as %s, want %s", m.Text, m.Status, want)
		}
	}
}

// channelWith gives the channel's record in the sandbox with one thing changed.
func (w *world) channelWith(change func(*sandbox.Channel)) {
	c := w.box.Channels()[0]
	change(&c)
	w.box.AddChannel(c)
}

// TestChannelCutBehindOurBack: one reconnect repairs it, nobody notices (C §5.2).
func TestChannelCutBehindOurBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	v := w.visit(w.connected())
	connects := func() (n int) {
		for _, e := range w.box.Traffic() {
			if strings.HasPrefix(e.Path, "/v2/origin/custom/") && strings.HasSuffix(e.Path, "/connect") {
				n++
			}
		}
		return n
	}
	before := connects()
	w.box.DropConnection(scope)
	parallel(t, 6, func(i int) { v.write(uuidN(i), "still there?") })
	w.eventually("the messages", func() bool { return len(w.inbox(sandbox.Inbound)) == 6 })
	if c := w.state(); c.State != "connected" {
		t.Errorf("the widget reads %+v", c)
	}
	if n := connects() - before; n != 1 {
		t.Errorf("%d connects, want one", n)
	}
	w.noBreaches()
}

// TestDeadScope: connecting works and yet the scope is refused, so the account is
// broken until its messages pass; what waited is not lost (C §5.2).
func TestDeadScope(t *testing.T) {
	t.Parallel()
	var c clock
	w := newWorld(t, setup{login: true, now: c.now})
	v := w.visit(w.connected())
	v.write(uuidN(1), "one")
	w.eventually("the first message", func() bool { return len(w.inbox(sandbox.Inbound)) == 1 })
	chat := w.box.Chats(accountID)[0].ConversationID
	w.box.SetFaults(func(f *sandbox.Faults) { f.AmojoStatus, f.AmojoCount, f.AmojoOnly = 404, -1, chat })
	v.write(uuidN(2), "two")
	w.until("the reconnect", func() bool { return strings.Contains(w.logs.String(), "channel connected anew") })
	c.advance(w.box, 15*time.Second) // it did not help
	w.refusedAs("channel", w.state, 1)
	sentAs(t, v, "sent")
	if len(w.app.Accounts.Alarms()) != 0 {
		t.Error("a channel that takes us has an alarm")
	}
	w.box.SetFaults(func(f *sandbox.Faults) { *f = sandbox.Faults{} })
	c.advance(w.box, 6*time.Minute)
	w.eventually("what waited", func() bool { return slices.Equal(w.inbox(sandbox.Inbound), []string{"one", "two"}) })
	w.becomes("connected")
	w.noBreaches()
}

// TestRepairsOverruleNobody: an account that was switched off while it was broken
// stays off, whatever is still under way.
func TestRepairsOverruleNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	v := w.visit(w.connected())
	w.box.SetFaults(func(f *sandbox.Faults) { f.ConnectRefused = true })
	w.box.DropConnection(scope)
	v.write(uuidN(1), "waiting")
	w.refusedAs("channel_private", w.state, 0)
	was, _ := w.account()
	w.send("POST", appURL+"/widget/v1/disconnect", w.widgetHeaders(adminID), map[string]string{})
	w.box.SetFaults(func(f *sandbox.Faults) { *f = sandbox.Faults{} })
	w.app.Accounts.Works(t.Context(), was) // a delivery that began before
	w.app.Accounts.ScopeRefused(t.Context(), was.ID, 0)
	w.app.Accounts.RepairBroken(t.Context())
	if c := w.state(); c.State != "disconnected" || len(w.box.Connections()) != 0 {
		t.Errorf("the widget reads %+v, %d connections; want it off", c, len(w.box.Connections()))
	}
}

// TestPrivateChannelRefusesTheAccount (C §3.1, §5.2): the admin reads what to do,
// messages wait, and whoever repairs it lets them go.
func TestPrivateChannelRefusesTheAccount(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		repair func(w *world)
	}{
		{"the admin connects again", func(w *world) {
			if a := w.connect(); a.status != http.StatusOK {
				w.t.Fatalf("connect: %d %s", a.status, a.body)
			}
		}},
		{"nobody does anything", func(w *world) { w.app.Accounts.RepairBroken(w.t.Context()) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{login: true, sandbox: func(c *sandbox.Config) {
				c.Channels[0].Private, c.Channels[0].Allowed = true, []int64{accountID}
			}})
			v := w.visit(w.connected())
			w.channelWith(func(c *sandbox.Channel) { c.Allowed = nil })
			w.box.DropConnection(scope)
			for i, text := range []string{"one", "two", "three"} {
				v.write(uuidN(i), text)
			}
			w.refusedAs("channel_private", w.state, 0)
			if a := w.connect(); a.status != http.StatusBadGateway || a.code() != "channel_private" {
				t.Errorf("connect meanwhile: %d %s", a.status, a.body)
			}
			sentAs(t, v, "sent")
			w.channelWith(func(c *sandbox.Channel) { c.Allowed = []int64{accountID} })
			began := time.Now()
			c.repair(w)
			w.eventually("what waited", func() bool { return slices.Equal(w.inbox(sandbox.Inbound), []string{"one", "two", "three"}) })
			if d := time.Since(began); d > 10*time.Second {
				t.Errorf("it took %s from the repair to the messages, want at once", d)
			}
			w.becomes("connected")
			w.noBreaches()
		})
	}
}

// TestWrongClock: the first refusal that carries the service's time is proof
// enough (C §9, trap 4); nobody is told to reconnect, and what waited goes when the clock is right.
func TestWrongClock(t *testing.T) {
	t.Parallel()
	var c clock
	w := newWorld(t, setup{login: true, now: c.now})
	v := w.visit(w.connected())
	w.box.Advance(20 * time.Minute)
	v.write(uuidN(1), "what time is it?")
	// The widget cannot ask either: its tokens are from the future.
	w.refusedAs("clock_or_secret", func() connection {
		a, _ := w.account()
		return connection{State: string(a.State), Reason: a.Reason}
	}, 0)
	alarms := w.app.Accounts.Alarms()
	if len(alarms) != 1 || alarms[0].Product != "amocrm" || alarms[0].Skew < 19*time.Minute || alarms[0].Skew > 21*time.Minute {
		t.Errorf("alarms %+v, want one, 20 minutes", alarms)
	}
	if a := w.send("GET", appURL+"/readyz", nil, nil); a.status != http.StatusOK || !strings.Contains(string(a.body), "channel amocrm: refuses every account") || !strings.Contains(string(a.body), "20m") {
		t.Errorf("readyz: %d %s, want the alarm with the distance of the clocks", a.status, a.body)
	}
	if n := strings.Count(w.logs.String(), "CHANNEL ALARM"); n != 1 || !strings.Contains(w.logs.String(), "clock_wrong=true") {
		t.Errorf("%d alarms in the log, want one that names the clock", n)
	}
	w.box.Advance(-20 * time.Minute)
	c.advance(w.box, 2*time.Minute)
	w.eventually("what waited", func() bool { return len(w.inbox(sandbox.Inbound)) == 1 })
	w.becomes("connected")
	w.until("the end of the alarm", func() bool { return len(w.app.Accounts.Alarms()) == 0 })
	if a := w.send("GET", appURL+"/readyz", nil, nil); string(a.body) != "ready\n" {
		t.Errorf("readyz afterwards: %q", a.body)
	}
	w.noBreaches()
}

// TestWrongSecret: the second account that is refused makes a channel's alarm of
// it, and the first one is no longer told to reconnect (design.md §2).
func TestWrongSecret(t *testing.T) {
	t.Parallel()
	var c clock
	w := newWorld(t, setup{login: true, now: c.now, sandbox: withSecondAccount})
	v := w.visit(w.connected())
	v2, state2 := w.second()
	w.channelWith(func(c *sandbox.Channel) { c.Secret = "another" })
	v.write(uuidN(1), "mine")
	w.refusedAs("channel_private", w.state, 0)
	v2.write(uuidN(2), "theirs")
	w.refusedAs("clock_or_secret", state2, 0)
	w.refusedAs("clock_or_secret", w.state, 0)
	if strings.Count(w.logs.String(), "CHANNEL ALARM") != 1 || !strings.Contains(w.logs.String(), "clock_wrong=false") {
		t.Error("the log has not one alarm that clears the clock")
	}
	if a := w.connect(); a.code() != "channel_refused" {
		t.Errorf("connect meanwhile: %d %s", a.status, a.body)
	}
	w.channelWith(func(c *sandbox.Channel) { c.Secret = channelSecret })
	c.advance(w.box, 2*time.Minute)
	w.eventually("both messages", func() bool {
		return len(w.inbox(sandbox.Inbound)) == 1 && len(textsOf(w.box.Messages(secondID), sandbox.Inbound)) == 1
	})
	w.becomes("connected")
	w.until("the second account", func() bool { return state2().State == "connected" })
}

// TestOneAccountIsNoAlarm: while others work, a refused one is a case of its own.
func TestOneAccountIsNoAlarm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true, sandbox: func(c *sandbox.Config) {
		withSecondAccount(c)
		c.Channels[0].Private, c.Channels[0].Allowed = true, []int64{accountID, secondID}
	}})
	v := w.visit(w.connected())
	v2, state2 := w.second()
	w.channelWith(func(c *sandbox.Channel) { c.Allowed = []int64{secondID} })
	w.box.DropConnection(scope)
	v.write(uuidN(1), "mine")
	w.refusedAs("channel_private", w.state, 0)
	v2.write(uuidN(2), "theirs")
	w.eventually("the other account's message", func() bool { return len(textsOf(w.box.Messages(secondID), sandbox.Inbound)) == 1 })
	if len(w.app.Accounts.Alarms()) != 0 || state2().State != "connected" {
		t.Errorf("alarms %+v, the other account %+v", w.app.Accounts.Alarms(), state2())
	}
	w.noBreaches()
}

// TestRotatedClientSecret: with both in the settings neither side has to be
// first (the secret is changed in the CRM while the server runs).
func TestRotatedClientSecret(t *testing.T) {
	t.Parallel()
	const next = "NextOnlyNextOnlyNextOnlyNextOnlyNextOnlyNextOnlyNextOnlyNextOnly"
	var c clock
	w := newWorld(t, setup{login: true, now: c.now, config: func(c *config.Config) { c.AmoCRM.ClientSecrets = []string{next, clientSecret} }})
	w.connected()
	rotate := func() {
		i := w.box.Integrations()[0]
		i.Secret = next
		w.box.AddIntegration(i)
	}
	a := w.authorised()
	for _, change := range []func(){func() {}, rotate} {
		change()
		c.advance(w.box, 25*time.Hour)
		if _, err := w.app.Accounts.Access(t.Context(), a.ID); err != nil {
			t.Errorf("tokens could not be refreshed: %v", err)
		}
		if s := w.state(); s.State != "connected" {
			t.Errorf("the widget reads %+v", s)
		}
	}
	if got := w.send("GET", disabled(next), nil, nil); got.status != http.StatusOK {
		t.Errorf("a hook signed with the new secret: %d", got.status)
	}
}

// TestIdleAccountsAreRefreshed: a refresh token lives for three months, so it is
// exchanged every week though nobody needs it (design.md §3.1).
func TestIdleAccountsAreRefreshed(t *testing.T) {
	t.Parallel()
	var c clock
	w := newWorld(t, setup{login: true, still: true, now: c.now, sandbox: withSecondAccount})
	v := w.visit(w.connected())
	w.second()
	refresh := func(after time.Duration, want, atOnce int) {
		t.Helper()
		c.advance(w.box, after)
		before := w.exchanges()
		parallel(t, atOnce, func(int) { w.app.Accounts.RefreshIdle(t.Context()) })
		if got := w.exchanges() - before; got != want {
			t.Errorf("%d exchanges, want %d", got, want)
		}
	}
	const day = 24 * time.Hour
	refresh(0, 0, 1)
	refresh(3*day, 0, 1)
	refresh(5*day, 2, 3) // each once, however many look
	refresh(0, 0, 1)
	for range 6 { // five months, longer than the first refresh token lived
		refresh(25*day, 2, 1)
	}
	w.box.Revoke(accountID, clientID)
	refresh(8*day, 2, 1)
	if s := w.state(); s.State != "broken" || s.Reason != "authorisation" || s.ConsentURL == "" {
		t.Errorf("the widget reads %+v, want how to grant access again", s)
	}
	refresh(8*day, 1, 1) // the dead one is not asked again
	v.session(v.ticket(hashOf(w)), v.token)
	v.write(uuidN(1), "chatting goes on")
	w.eventually("the message", func() bool { return len(w.inbox(sandbox.Inbound)) == 1 })
	w.grant(w.state().ConsentURL)
	w.becomes("connected")
	w.noBreaches()
}
