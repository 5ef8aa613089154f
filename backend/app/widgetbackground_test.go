package app

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestWidgetBackgroundErrors holds W §5.9 and design §10: an incident goes into the
// notification centre once, is told as shown, and stays closed.
func TestWidgetBackgroundErrors(t *testing.T) {
	t.Parallel()
	o := newOffice(t, officeSetup{})
	b := o.browser
	o.server.say(0, nil, []map[string]any{trouble("e1", "The channel is cut off. Ask help@example.org")}, nil)
	o.at(b, "/dashboard/")
	b.sees(`document.querySelector(".pop-up_error")`)
	want := `["add_error",{"header":"Leadline","text":"The channel is cut off. Ask help@example.org","link":"https://help.example.org/leadline"}]`
	if got := o.notes(b); len(got) != 1 || got[0] != want {
		t.Errorf("notifications %q, want %s", got, want)
	}
	toldOnce := func(id string) {
		t.Helper()
		until(t, "the incident told", func() bool {
			return slices.ContainsFunc(o.server.requests(), func(n news) bool { return slices.Contains(n.Told, id) })
		})
	}
	toldOnce("e1")
	o.rounds(2) // the server sends it on, as to another browser
	if got := o.notes(b); len(got) != 1 {
		t.Errorf("shown again: %q", got)
	}

	b.click(".pop-up__close")
	b.sees(`!document.querySelector(".pop-up")`)
	o.at(b, "/leads/list/")
	o.asksMore(b, 2)
	if got := o.notes(b); len(got) != 0 {
		t.Errorf("shown again on another page: %q", got)
	}
	// A browser that remembers nothing adds it again; the CRM keeps it closed.
	js[any](b, `(localStorage.clear(), null)`)
	o.at(b, "/leads/list/")
	until(t, "the second adding", func() bool { return len(o.notes(b)) == 1 })
	o.asksMore(b, 1)
	if js[bool](b, `!!document.querySelector(".pop-up")`) {
		t.Error("an error that was closed came again")
	}
	o.server.say(0, nil, []map[string]any{trouble("e2", "The CRM withdrew access. Ask help@example.org")}, nil)
	b.sees(`document.querySelector(".pop-up_error")?.innerText.includes("withdrew access")`)
	toldOnce("e2")
	o.clean()
}

// TestWidgetBackgroundErrorsThatAreNotKept: fail shows the message alone, once, and
// frees the place for the next try; only done is told.
func TestWidgetBackgroundErrorsThatAreNotKept(t *testing.T) {
	t.Parallel()
	o := newOffice(t, officeSetup{})
	b := o.browser
	o.at(b, "/dashboard/")
	js[any](b, `(__test.inboxFails = true, null)`)
	o.server.say(0, nil, []map[string]any{trouble("e1", "The channel is cut off")}, nil)
	count := func(method string) int {
		return len(slices.DeleteFunc(o.notes(b), func(n string) bool { return !strings.HasPrefix(n, `["`+method+`"`) }))
	}
	until(t, "a second try", func() bool { return count("add_error") >= 2 })
	until(t, "the message alone", func() bool { return count("show_message_error") == 1 })
	for _, n := range o.server.requests() {
		if len(n.Told) > 0 {
			t.Errorf("told %q although nothing was kept", n.Told)
		}
	}
	js[any](b, `(__test.inboxFails = false, null)`)
	until(t, "the incident told", func() bool {
		return slices.ContainsFunc(o.server.requests(), func(n news) bool { return slices.Contains(n.Told, "e1") })
	})
	if n := count("show_message_error"); n != 1 {
		t.Errorf("shown alone %d times, want once", n)
	}
	o.clean()
}

// TestWidgetBackgroundIsQuietOnFailures: nobody is bothered when the server is away;
// the waits grow, Retry-After is kept to, and the work goes on afterwards.
func TestWidgetBackgroundIsQuietOnFailures(t *testing.T) {
	t.Parallel()
	o := newOffice(t, officeSetup{})
	b := o.browser
	delays := func() []float64 { return js[[]float64](b, `__test.delays`) }
	o.front.down.Store(true)
	o.server.say(500, nil, nil, nil)
	o.at(b, "/dashboard/")
	until(t, "a request without an answer", func() bool { return len(delays()) >= 2 })
	o.front.down.Store(false)
	until(t, "three failures", func() bool { return len(delays()) >= 4 })
	// After a start at random: one period, two, four, each a little longer at random.
	got := delays()
	if got[0] > 10_000 {
		t.Errorf("the first request after %v ms, want within 10 s", got[0])
	}
	for i, least := range []float64{60_000, 120_000, 240_000} {
		if d := got[i+1]; d < least-2000 || d > least*1.1 {
			t.Errorf("wait %d after failures is %v ms, want %v to %v", i+1, d, least, least*1.1)
		}
	}
	o.server.say(429, map[string]string{"Retry-After": "1200"}, nil, nil)
	js[any](b, `(localStorage.clear(), null)`)
	o.at(b, "/leads/list/")
	until(t, "the wait that the server asks for", func() bool {
		d := append([]float64{0}, delays()...)
		return d[len(d)-1] > 1_190_000 && d[len(d)-1] <= 1_200_000
	})
	if got := o.notes(b); len(got) != 0 || js[bool](b, `!!document.querySelector(".pop-up, .modal")`) {
		t.Errorf("the person is bothered: %q", got)
	}
	o.server.say(0, nil, []map[string]any{trouble("e1", "The channel is cut off")}, nil)
	js[any](b, `(localStorage.clear(), null)`)
	o.at(b, "/dashboard/")
	b.sees(`document.querySelector(".pop-up_error")`)
	until(t, "the usual wait", func() bool { d := delays(); return d[len(d)-1] > 55_000 && d[len(d)-1] <= 60_000 })
	o.clean()
}

// TestWidgetPeriod: the server names the period, at least half a minute, and
// a change of the page does not ask before it is over.
func TestWidgetPeriod(t *testing.T) {
	t.Parallel()
	o := newOffice(t, officeSetup{})
	b := o.browser
	last := func() float64 { return js[float64](b, `__test.delays[__test.delays.length - 1] ?? 0`) }
	for _, tt := range []struct {
		period any
		want   float64
	}{{120, 120_000}, {1, 30_000}, {90, 90_000}, {"soon", 60_000}} {
		o.server.say(0, nil, nil, nil)
		o.server.mu.Lock()
		o.server.answer["period"] = tt.period
		o.server.mu.Unlock()
		o.at(b, "/dashboard/")
		until(t, fmt.Sprintf("a wait of period %v", tt.period), func() bool { return last() > tt.want-5000 && last() <= tt.want })
	}
	// Hidden, it says so at the usual time and then keeps to the longer period of
	// the answer; looked at, it is the usual one again.
	o.server.say(0, nil, nil, nil)
	o.look(b, false)
	if d := last(); d > 90_000 {
		t.Errorf("the first request after hiding comes in %v ms", d)
	}
	until(t, "five times the period", func() bool { return last() > 290_000 && last() <= 300_000 })
	o.look(b, true)
	if d := last(); d > 90_000 {
		t.Errorf("looked at, it still waits %v ms", d)
	}
	for _, path := range []string{"/leads/list/", "/leads/detail/101", "/settings/pipeline/leads/1300", "/dashboard/"} {
		before := o.asked(b)
		o.move(b, path)
		if d := last(); d < 45_000 && o.asked(b) == before {
			t.Errorf("%s: it asks again after %v ms, the period is 60 s", path, d)
		}
	}
	o.clean()
}

// TestWidgetBackgroundRunsWhereTheWidgetIsOn holds trap 5, W §4.1 and §4.3: nothing is
// asked before the installation, after switching off, and on the billing page;
// changes of the page leave nothing running.
func TestWidgetBackgroundRunsWhereTheWidgetIsOn(t *testing.T) {
	t.Parallel()
	o := newOffice(t, officeSetup{})
	b := o.browser
	for _, state := range [][2]string{{"N", "install"}, {"N", "not_configured"}, {"N", "installed"}} {
		o.installed(state[0], state[1])
		o.at(b, "/amo-market/")
		js[any](b, fmt.Sprintf(`__crm.openSettings(%q).then(() => null)`, widget))
		b.sees(`document.querySelector(".js-leadline, .js-widget-skip-tour")`)
		if n := js[int](b, `__test.delays.length`); n != 0 || o.asked(b) != 0 {
			t.Errorf("%v: %d requests planned, %d made in the settings window", state, n, o.asked(b))
		}
	}
	o.installed("Y", "installed")
	for _, path := range []string{"/dashboard/", "/leads/list/", "/leads/pipeline/", "/leads/detail/101", "/contacts/detail/7", "/companies/detail/7",
		"/amo-market/", "/settings/pipeline/leads/1300", "/settings/widgets/" + widget + "/"} {
		o.at(b, path)
		o.asksMore(b, 1)
	}
	js[any](b, fmt.Sprintf(`__crm.openSettings(%q).then(() => null)`, widget))
	b.sees(`document.querySelector(".js-leadline-password")`)
	before := js[int](b, `__test.delays.length`)
	o.asksMore(b, 2)
	if n := js[int](b, `__test.delays.length`) - before; n > 3 {
		t.Errorf("%d waits for two requests: the window started the work a second time", n)
	}
	for _, path := range []string{"/dashboard/", "/leads/detail/101", "/leads/list/"} {
		o.move(b, path)
	}
	o.asksMore(b, 1)
	o.move(b, "/settings/pay/")
	until(t, "the last request to end", func() bool { return len(o.left(b)) == 0 })
	planned, asked := js[int](b, `__test.delays.length`), o.asked(b)
	other := o.another("/dashboard/") // the lead is free
	o.asksMore(other, 2)
	if js[int](b, `__test.delays.length`) != planned || o.asked(b) != asked {
		t.Error("the billing page asks the server")
	}
	o.clean()
}

// TestWidgetBackgroundLeader: of two tabs one asks, the one that is looked at; when it
// is hidden or closed the other takes over (design §10), with locks and without.
func TestWidgetBackgroundLeader(t *testing.T) {
	t.Parallel()
	for _, noLocks := range []bool{false, true} {
		t.Run(map[bool]string{false: "with locks", true: "without locks"}[noLocks], func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, officeSetup{noLocks: noLocks})
			first := o.browser
			o.at(first, "/dashboard/")
			o.asksMore(first, 1)
			if noLocks {
				o.twoByLease(first)
				return
			}
			second := o.another("/leads/list/")
			o.look(first, false)
			only := func(who, not *tab) {
				t.Helper()
				o.asksMore(who, 1)
				before := o.asked(not)
				o.asksMore(who, 2)
				if n := o.asked(not) - before; n != 0 {
					t.Errorf("%d requests of the other tab meanwhile", n)
				}
			}
			only(second, first)
			o.look(second, false) // both hidden: nothing changes
			only(second, first)
			o.look(first, true)
			only(first, second)
			// Two windows beside each other: who leads is hidden, the other one is seen.
			o.look(second, true)
			only(second, first)
			o.look(second, false)
			only(first, second)
			o.look(second, true)
			only(second, first)
			if err := second.close(); err != nil {
				t.Fatal(err)
			}
			o.asksMore(first, 2)
			o.clean()
		})
	}
}

// twoByLease is the same for browsers without locks, where a note in the storage
// names the leader.
func (o *office) twoByLease(first *tab) {
	t := o.t
	t.Helper()
	second := o.another("/leads/list/")
	before := o.asked(second)
	o.asksMore(first, 3)
	if n := o.asked(second) - before; n != 0 {
		t.Errorf("%d requests of the second tab beside the first", n)
	}
	o.look(first, false)
	o.look(second, true)
	o.asksMore(second, 2)
	before = o.asked(first)
	o.asksMore(second, 2)
	if n := o.asked(first) - before; n > 1 {
		t.Errorf("%d requests of the hidden tab beside the seen one", n)
	}
	o.move(second, "/settings/pay/")
	o.look(first, true)
	o.asksMore(first, 2)
	o.clean()
}

// TestWidgetBackgroundFeedsAvailability: the map of showUserStatus() goes to the server (W §5.9).
func TestWidgetBackgroundFeedsAvailability(t *testing.T) {
	t.Parallel()
	o := newOffice(t, officeSetup{})
	b := o.browser
	o.at(b, "/dashboard/")
	says := func(admin, agent bool) {
		t.Helper()
		until(t, "the operators", func() bool {
			all := o.server.requests()
			if len(all) == 0 {
				return false
			}
			n := all[len(all)-1]
			return len(n.Operators) == 2 && n.Operators[fmt.Sprint(adminID)] == admin && n.Operators[fmt.Sprint(agentID)] == agent && n.Language == "en" && !n.Hidden
		})
	}
	says(true, false)
	js[any](b, fmt.Sprintf(`(__crm.setOnline(%d, true), null)`, agentID))
	says(true, true)
	o.look(b, false)
	until(t, "a hidden tab that says so", func() bool { all := o.server.requests(); return all[len(all)-1].Hidden })
	if err := o.box.SetPresence(accountID, adminID, "offline"); err != nil {
		t.Fatal(err)
	}
	o.at(b, "/dashboard/")
	says(false, false)
	o.clean()
}
