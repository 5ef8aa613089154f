package app

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"leadline/backend/account"
	"leadline/backend/team"
)

// askedFor lets a stranger, who administers the account in the CRM, ask for it.
func (w *world) askedFor() (stranger *guest) {
	w.t.Helper()
	if _, err := w.app.Teams.Add(w.t.Context(), "stranger@example.org", password, "", team.Owner); err != nil {
		w.t.Fatal(err)
	}
	stranger = w.member("stranger@example.org")
	if a := stranger.ask(); a.status != 404 {
		w.t.Errorf("asked without a proof: %d %s", a.status, a.body)
	}
	stranger.shows(stranger.bring(crmHost, w.longLived(accountID, 0, 30)), 409, "a***@e***.org")
	stranger.shows(stranger.get("/console"), 200, "Ask for the account")
	stranger.done(stranger.ask(), "ask_transfer")
	stranger.shows(stranger.get("/console"), 200, "it is yours from")
	return stranger
}

func (g *guest) ask() answer {
	g.w.t.Helper()
	return g.act("/connect/ask", url.Values{"product": {"amocrm"}, "account": {strconv.Itoa(accountID)}})
}

func (w *world) notices() (n int) {
	for _, m := range w.mail.all() {
		if m.to == login && strings.HasPrefix(m.token, w.page()+" s***@e***.org") {
			n++
		}
	}
	return n
}

// TestTransferByItsOwner: who proved to administer an account asks for it; its owner
// says no, or yes (design.md §4).
func TestTransferByItsOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	w.connected()
	w.hire("admin@example.org", team.Admin)
	owner, admin := w.member(login), w.member("admin@example.org")
	owner.root, admin.root = w.page(), w.page()
	stranger := w.askedFor()
	if w.notices() != 1 {
		t.Errorf("mails %v", w.mail.all())
	}
	stranger.done(stranger.ask(), "ask_transfer") // again: nothing new
	if w.notices() != 1 {
		t.Errorf("mails %v", w.mail.all())
	}
	stranger.shows(stranger.get(w.page()), 404, "")

	decide := func(g *guest, what string) answer {
		return g.post(w.page()+"/transfer/"+what, url.Values{"csrf": {g.csrf(w.page())}, "by": {string(w.user("stranger@example.org").ID)}})
	}
	another := url.Values{"csrf": {owner.csrf(w.page())}, "by": {string(w.user("admin@example.org").ID)}}
	owner.shows(owner.post(w.page()+"/transfer/hand-over", another), 404, "") // not who asks now
	owner.shows(owner.post(w.page()+"/transfer/keep", another), 404, "")
	admin.shows(admin.get(w.page()), 200, "An owner of the team decides")
	admin.shows(decide(admin, "hand-over"), 403, "Only an owner")
	owner.shows(decide(owner, "nonsense"), 404, "")
	owner.shows(owner.get(w.page()), 200, "s***@e***.org")
	inTheCRM := w.guest(adminID)
	inTheCRM.shows(inTheCRM.post(inTheCRM.root+"/transfer/hand-over", url.Values{"csrf": {inTheCRM.csrf(inTheCRM.chatPage())}}), 404, "")
	owner.done(decide(owner, "keep"), "keep_account")
	owner.shows(decide(owner, "hand-over"), 404, "")
	stranger.shows(stranger.get("/console"), 200, "Ask for the account")

	stranger.done(stranger.ask(), "ask_transfer")
	owner.done(decide(owner, "hand-over"), "hand_over")
	owner.shows(owner.get(w.page()), 404, "")
	stranger.root = w.page()
	stranger.shows(stranger.get(w.page()), 200, "The account is connected")
	stranger.shows(stranger.get(w.page()+"/activity"), 200, "Handing the account over")
	if a, _ := w.account(); a.State != account.Connected || a.Team != w.user("stranger@example.org").Team || w.chatName() == "" {
		t.Errorf("the account is %+v", a)
	}
	if a := stranger.bring(crmHost, w.longLived(accountID, 0, 30)); a.status != http.StatusSeeOther {
		t.Errorf("connected by the new team: %d %s", a.status, a.body)
	}
}

// TestTransferByTime: an owner who says nothing is told three times, and after seven
// days the account changes hands.
func TestTransferByTime(t *testing.T) {
	t.Parallel()
	var c clock
	w := newWorld(t, setup{login: true, now: c.now})
	w.connected()
	w.askedFor()
	before, _ := w.account()
	day := 24 * time.Hour
	for _, step := range []struct {
		after   time.Duration
		notices int
		moved   bool
	}{
		{2*day + 23*time.Hour, 1, false}, {3 * day, 2, false}, {5 * day, 2, false}, {6 * day, 3, false}, {6*day + 23*time.Hour, 3, false}, {7 * day, 3, true}, {8 * day, 3, true},
	} {
		c.shift.Store(int64(step.after))
		for range 3 { // looking often changes nothing
			w.app.Accounts.CheckTransfers(t.Context())
		}
		a, _ := w.account()
		if w.notices() != step.notices || (a.Team != before.Team) != step.moved {
			t.Errorf("after %v: %d notices, moved %v, want %d and %v", step.after, w.notices(), a.Team != before.Team, step.notices, step.moved)
		}
	}
	if a, _ := w.account(); a.Team != w.user("stranger@example.org").Team || a.State != account.Connected {
		t.Errorf("the account is %+v", a)
	}
}

// TestTransferFreed: an account that was uninstalled is nobody's; who asked for it
// connects it, and the request ends.
func TestTransferFreed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	w.connected()
	stranger := w.askedFor()
	if err := w.app.Accounts.Disconnect(t.Context(), "amocrm", accountID); err != nil {
		t.Fatal(err)
	}
	if a := stranger.bring(crmHost, w.longLived(accountID, 0, 30)); a.status != http.StatusSeeOther {
		t.Fatalf("connect: %d %s", a.status, a.body)
	}
	w.app.Accounts.CheckTransfers(t.Context())
	a, _ := w.account()
	if _, err := w.app.Accounts.TransferOf(t.Context(), a.ID); err == nil || a.Team != w.user("stranger@example.org").Team {
		t.Errorf("the request is still there, or the account is %+v", a)
	}
}
