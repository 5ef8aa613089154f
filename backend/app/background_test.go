package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"leadline/backend/account"
	"leadline/backend/chatid"
	"leadline/backend/config"
	"leadline/backend/conversation"
	"leadline/backend/desk"
	"leadline/backend/sandbox"
)

func withSupport(c *config.Config) {
	c.Support = config.Support{Email: "help@example.org", Phone: "+7 495 123-45-67", PhoneIntl: "+1 555 0100", Link: "https://help.example.org"}
}

// TestBackgroundRefusals: docs/http-api.md §1.
func TestBackgroundRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	w.connected()
	const url = appURL + "/widget/v1/background"
	good := w.widgetHeaders(agentID)
	origin := map[string]string{"Origin": good["Origin"]}
	refused(t, w.send("POST", url, origin, map[string]any{}), 401, "token_missing")
	refused(t, w.send("POST", url, map[string]string{"Origin": good["Origin"], "X-Auth-Token": "x"}, map[string]any{}), 401, "token_invalid")
	refused(t, w.send("POST", url, good, map[string]any{"language": "en", "told": []string{strings.Repeat("x", 16<<10)}}), 413, "body_too_large")
	refused(t, w.send("GET", url, good, nil), 405, "method_not_allowed")
	many := func(n int) (list []string) {
		for i := range n {
			list = append(list, strconv.Itoa(i))
		}
		return list
	}
	for name, body := range map[string]any{
		"no JSON":                       "language",
		"a list":                        []int{1},
		"a user who is no number":       map[string]any{"operators": map[string]bool{"oleg": true}},
		"a user below one":              map[string]any{"operators": map[string]bool{"0": true}},
		"a user who is online maybe":    map[string]any{"operators": map[string]string{"1": "yes"}},
		"too many incidents":            map[string]any{"told": many(51)},
		"a step that there is not":      map[string]any{"calls": []map[string]string{{"id": uuidN(1), "state": "waiting"}}},
		"a language that is none":       map[string]any{"language": strings.Repeat("x", 17)},
		"call-backs that are no object": map[string]any{"calls": []string{"x"}},
	} {
		if a := w.send("POST", url, good, body); a.status != 422 || a.code() != "invalid_request" {
			t.Errorf("%s: %d %s, want 422", name, a.status, a.body)
		}
	}
	// What nobody knows is no error, and changes nothing.
	w.asks(agentID, map[string]any{"told": many(50), "calls": []map[string]string{{"id": uuidN(1), "state": "taken"}, {"id": "x", "state": "done"}, {"id": "", "state": "shown"}}})
	limited := false
	for range 200 {
		if a := w.send("POST", url, good, map[string]any{}); a.status == http.StatusTooManyRequests {
			refused(t, a, 429, "too_many_attempts")
			limited = a.header.Get("Retry-After") != ""
			break
		}
	}
	if !limited {
		t.Error("200 questions in a row were not too many")
	}
	w.asks(adminID, nil) // another user is not held up
	if n := w.asked("GET", "/users/"); n != 0 {
		t.Errorf("the CRM was asked %d times for what tokens say", n)
	}
}

func TestBackgroundPeriod(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true, config: func(c *config.Config) { c.BackgroundPeriod = 45 * time.Second }})
	period := func(body map[string]any) int { return w.asks(agentID, body).Period }
	if got := period(online(agentID)); got != 450 {
		t.Errorf("an account that nobody knows: %d s, want 450", got)
	}
	w.connected()
	if got := period(online(agentID)); got != 45 {
		t.Errorf("period %d, want 45", got)
	}
	if got := period(map[string]any{"hidden": true}); got != 225 {
		t.Errorf("hidden: %d, want 225", got)
	}
	w.send("POST", appURL+"/widget/v1/disconnect", w.widgetHeaders(adminID), map[string]string{})
	if got := period(nil); got != 450 {
		t.Errorf("a disconnected account: %d, want 450", got)
	}
	for _, bad := range []string{"29s", "11m", "0", "x"} {
		if _, err := config.Load([]string{"LEADLINE_APP_URL=https://a.test", "LEADLINE_CHAT_URL=https://b.test", "LEADLINE_AMOCRM_CLIENT_ID=1",
			"LEADLINE_AMOCRM_CLIENT_SECRET=1", "LEADLINE_AMOCRM_CHANNEL_ID=1", "LEADLINE_AMOCRM_CHANNEL_SECRET=1", "LEADLINE_BACKGROUND_PERIOD=" + bad}); err == nil {
			t.Errorf("a period of %s is taken", bad)
		}
	}
}

// TestParkedIsToldOnce: an administrator reads of it once, until it is over and
// comes again.
func TestParkedIsToldOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true, config: withSupport})
	v := w.visit(w.connected())
	if got := w.asks(adminID, nil); len(got.Errors) != 0 {
		t.Fatalf("nothing is wrong, and the administrator reads %+v", got.Errors)
	}
	first := v.refuse(uuidN(1), "one")
	got := w.asks(adminID, nil)
	if len(got.Errors) != 1 {
		t.Fatalf("the administrator reads %+v", got.Errors)
	}
	e := got.Errors[0]
	for _, want := range []string{"1 message", "help@example.org", "+1 555 0100", "https://help.example.org"} {
		if !strings.Contains(e.Text, want) {
			t.Errorf("the text lacks %q: %s", want, e.Text)
		}
	}
	if e.Header == "" || !strings.HasPrefix(e.ID, strconv.Itoa(accountID)+"-parked-") {
		t.Errorf("told as %+v", e)
	}
	if got := w.asks(agentID, nil); len(got.Errors) != 0 {
		t.Errorf("who is no administrator reads %+v", got.Errors)
	}
	// Until it is told it comes again; then not, more messages or not.
	if again := w.asks(adminID, nil); len(again.Errors) != 1 || again.Errors[0].ID != e.ID {
		t.Errorf("asked again: %+v", again.Errors)
	}
	told := map[string]any{"told": []string{e.ID}}
	w.asks(agentID, told) // somebody else's word is for nobody but them
	if got := w.asks(adminID, told); len(got.Errors) != 0 {
		t.Errorf("told, and told again: %+v", got.Errors)
	}
	second := v.refuse(uuidN(2), "two")
	w.restart()
	if got := w.asks(adminID, nil); len(got.Errors) != 0 {
		t.Errorf("the same incident after a restart: %+v", got.Errors)
	}
	// It ends, and another one begins.
	for _, m := range []message{first, second} {
		if a := w.decide(m.ID, "drop"); a.status != http.StatusOK {
			t.Fatal(a.status)
		}
	}
	v.refuse(uuidN(3), "three")
	if got := w.asks(adminID, told); len(got.Errors) != 1 || got.Errors[0].ID == e.ID {
		t.Errorf("a new incident is told as %+v", got.Errors)
	}
}

// TestBrokenConnectionIsTold with each reason, in the reader's language.
func TestBrokenConnectionIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true, config: withSupport, still: true})
	w.connected()
	a, _ := w.account()
	ids := map[string]bool{}
	for _, reason := range []string{account.ReasonAuthorisation, account.ReasonChannel, account.ReasonPrivate, account.ReasonServer, account.ReasonUnpaid} {
		if err := w.app.store.Accounts().SetState(t.Context(), a.ID, account.Broken, reason, time.Now()); err != nil {
			t.Fatal(err)
		}
		texts := map[string]bool{}
		var e incident
		for _, language := range []string{"ru", "en", "es", "pt"} {
			got := w.asks(adminID, map[string]any{"language": language})
			if len(got.Errors) != 1 {
				t.Fatalf("%s: %+v", reason, got.Errors)
			}
			e = got.Errors[0]
			phone := "+1 555 0100"
			if language == "ru" {
				phone = "+7 495 123-45-67"
			}
			if !strings.HasPrefix(e.Header, "Leadline") || len(e.Text) < 60 || !strings.Contains(e.Text, phone) || strings.Contains(e.Text, "incident.") {
				t.Errorf("%s in %s: %+v", reason, language, e)
			}
			texts[e.Text] = true
		}
		if len(texts) != 4 {
			t.Errorf("%s: %d texts in four languages", reason, len(texts))
		}
		if want := reason == account.ReasonAuthorisation; (e.Link == fmt.Sprintf("%s/oauth/amocrm/start?account=%d", appURL, accountID)) != want || !want && e.Link != "" {
			t.Errorf("%s leads to %q", reason, e.Link)
		}
		if ids[e.ID] {
			t.Errorf("%s has the id of another incident: %s", reason, e.ID)
		}
		ids[e.ID] = true
		if got := w.asks(agentID, nil); len(got.Errors) != 0 {
			t.Errorf("who is no administrator reads %+v", got.Errors)
		}
		if got := w.asks(adminID, map[string]any{"told": []string{e.ID}}); len(got.Errors) != 0 {
			t.Errorf("%s: told, and told again", reason)
		}
	}
	// What is over is not told; the same reason another time is.
	w.app.Accounts.Paid(t.Context(), account.Account{ID: a.ID, State: account.Broken, Reason: account.ReasonUnpaid})
	if got := w.asks(adminID, nil); len(got.Errors) != 0 {
		t.Errorf("a connected account: %+v", got.Errors)
	}
	if err := w.app.store.Accounts().SetState(t.Context(), a.ID, account.Broken, account.ReasonUnpaid, time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if got := w.asks(adminID, nil); len(got.Errors) != 1 || ids[got.Errors[0].ID] {
		t.Errorf("unpaid once more: %+v", got.Errors)
	}
}

// TestAdministratorsOfTokensThatDoNotSay (W §8.2): the CRM is asked beside the
// question, once.
func TestAdministratorsOfTokensThatDoNotSay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true, still: true})
	v := w.visit(w.connected())
	v.refuse(uuidN(1), "one")
	w.box.SetVariants(func(x *sandbox.Variants) { x.NoAdminClaim = true })
	before := w.asked("GET", "/users/")
	if got := w.asks(adminID, nil); len(got.Errors) != 0 {
		t.Errorf("before anybody asked the CRM: %+v", got.Errors)
	}
	w.until("the CRM's word", func() bool { return len(w.asks(adminID, nil).Errors) == 1 })
	for range 3 {
		if got := w.asks(agentID, nil); len(got.Errors) != 0 {
			t.Errorf("who is no administrator reads %+v", got.Errors)
		}
	}
	w.eventually("the question about the other user", func() bool { return w.asked("GET", "/users/") == before+2 })
	if got := w.asks(agentID, nil); len(got.Errors) != 0 {
		t.Errorf("who is no administrator reads %+v", got.Errors)
	}
	if n := w.asked("GET", "/users/") - before; n != 2 {
		t.Errorf("the CRM was asked %d times about two users", n)
	}
}

// counted counts what is written.
type counted struct {
	desk.Store
	writes atomic.Int64
}

func (c *counted) SavePresence(ctx context.Context, a chatid.AccountID, p desk.Presence) error {
	c.writes.Add(1)
	return c.Store.SavePresence(ctx, a, p)
}

func (c *counted) Move(ctx context.Context, m desk.Move) (bool, error) {
	c.writes.Add(1)
	return c.Store.Move(ctx, m)
}

func (c *counted) SaveTold(ctx context.Context, a chatid.AccountID, u chatid.CRMUserID, ids []string, at time.Time) error {
	c.writes.Add(1)
	return c.Store.SaveTold(ctx, a, u, ids, at)
}

// TestNothingIsWrittenWithoutNews: ten users of an account ask once a minute, and
// their presence is written every other minute; a call that goes on, once a minute.
func TestNothingIsWrittenWithoutNews(t *testing.T) {
	t.Parallel()
	w, v, _ := following(t, setup{})
	if a := v.callMe(map[string]any{"client_id": uuidN(7), "phone": "+1 555 0100"}); a.status != http.StatusOK {
		t.Fatal(a.status)
	}
	a, _ := w.account()
	store := &counted{Store: w.app.store.Desk()}
	now := time.Now()
	changes := 0
	svc := desk.NewService(desk.Deps{
		Store: store, Parked: w.app.store.Conversations().CountParked, Reach: w.app.chats.Reach, Stands: conversation.CallBackFor,
		Changed: func(chatid.AccountID) { changes++ }, Period: time.Minute, Now: func() time.Time { return now }, Logger: slog.New(slog.DiscardHandler),
	})
	yes := true
	everybody := map[chatid.CRMUserID]bool{}
	for u := range chatid.CRMUserID(10) {
		everybody[u+1] = true
	}
	ask := func(u chatid.CRMUserID, r desk.Report) desk.Answer {
		t.Helper()
		answer, err := svc.Ask(t.Context(), desk.Asker{Account: a, User: u, Admin: &yes}, r)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	call := ask(1, desk.Report{Operators: everybody}).Calls[0]
	ask(1, desk.Report{Calls: []desk.Act{{ID: call.ID, Step: desk.Taken}}})
	if n := store.writes.Load(); n != 2 || changes != 1 {
		t.Fatalf("the first report and the taking: %d writes, %d changes of availability", n, changes)
	}
	store.writes.Store(0)
	for range 10 {
		for u := range chatid.CRMUserID(10) {
			r := desk.Report{Operators: everybody, Told: []string{"x"}, Calls: []desk.Act{{ID: call.ID, Step: desk.Shown}}}
			if u+1 == 1 {
				r.Calls = []desk.Act{{ID: call.ID, Step: desk.Taken}}
			}
			answer := ask(u+1, r)
			if got := len(answer.Calls); (got == 1) != (u+1 == 1) {
				t.Fatalf("user %d hears of %d call-backs", u+1, got)
			}
			now = now.Add(6 * time.Second)
		}
	}
	// Ten minutes, a hundred questions: at most one sign of life and half a presence each.
	if n := store.writes.Load(); n > 16 || n < 10 || changes != 1 {
		t.Errorf("%d writes, %d changes of availability for 100 questions without news", n, changes)
	}
	// Somebody goes: that is news.
	store.writes.Store(0)
	delete(everybody, 10)
	ask(2, desk.Report{Operators: everybody})
	if n := store.writes.Load(); n != 1 || changes != 1 {
		t.Errorf("one of ten went: %d writes, %d changes of availability", n, changes)
	}
	ask(2, desk.Report{Operators: map[chatid.CRMUserID]bool{}})
	if changes != 2 {
		t.Errorf("all went: %d changes of availability", changes)
	}
}

// seenBy is what a visitor is told at the beginning of a session.
func (v *visitor) seenBy(hash string) (a struct {
	Availability struct{ State, Back string }
	CallBack     bool `json:"callback"`
}) {
	v.w.t.Helper()
	v.w.send("POST", v.base+"/v1/session", v.from(nil), map[string]string{"button_id": v.button, "ticket": v.ticket(hash), "token": v.token}).into(v.w.t, &a)
	return a
}

// TestVisitorsReadWhoIsThere: presence, its end, hours, and what streams are told.
func TestVisitorsReadWhoIsThere(t *testing.T) {
	t.Parallel()
	var c clock
	w := newWorld(t, setup{login: true, now: c.now, still: true})
	button, hash := w.connected()
	v := w.visit(button, hash)
	state := func(want string) {
		t.Helper()
		if got := v.seenBy(hash); got.Availability.State != want || got.Availability.Back != "" || !got.CallBack {
			t.Errorf("a session begins with %+v, want %s", got, want)
		}
	}
	state("unknown")
	stream := v.open(v.token, 0)
	// told reads the next state, after those of between that may be told before it.
	told := func(want string, between ...string) {
		t.Helper()
		for {
			list := stream.upTo("availability")
			got := list[len(list)-1].State
			if got == want {
				return
			}
			if !slices.Contains(between, got) {
				t.Fatalf("the stream tells %s, want %s", got, want)
			}
		}
	}
	told("unknown")

	w.asks(agentID, online(agentID))
	told("online")
	state("online")
	c.advance(w.box, 2*time.Minute)
	w.asks(agentID, online()) // the next report: nobody is there
	told("away")
	state("away")
	w.asks(agentID, map[string]any{}) // says nothing
	state("away")
	w.asks(agentID, online(adminID))
	told("online")
	c.advance(w.box, 3*time.Minute-10*time.Second)
	state("online")
	c.advance(w.box, 20*time.Second)
	state("unknown") // three periods without a report

	// A page that nobody looks at asks every five minutes, and is believed for longer.
	w.asks(agentID, map[string]any{"hidden": true, "operators": map[string]bool{strconv.Itoa(agentID): true}})
	c.advance(w.box, 7*time.Minute-10*time.Second)
	state("online")
	c.advance(w.box, 20*time.Second)
	state("unknown")

	// Hours: closed now, whoever is online.
	now := c.now().UTC()
	tomorrow := now.AddDate(0, 0, 1)
	day := strings.ToLower(tomorrow.Weekday().String()[:3])
	chat := w.firstChat()
	manage := func(do func(*Chats) error) {
		t.Helper()
		if err := w.app.manageChats(t.Context(), "", accountID, do); err != nil {
			t.Fatal(err)
		}
	}
	manage(func(m *Chats) error { return m.SetHours(t.Context(), string(chat), "UTC", day+" 09:30-18:00") })
	manage(func(m *Chats) error { return m.SetCallBacks(t.Context(), string(chat), false) })
	c.advance(w.box, 5*time.Second) // answers are remembered for less
	w.asks(agentID, online(agentID))
	back := time.Date(tomorrow.Year(), tomorrow.Month(), tomorrow.Day(), 9, 30, 0, 0, time.UTC).Format(time.RFC3339)
	if got := v.seenBy(hash); got.Availability.State != "away" || got.Availability.Back != back || got.CallBack {
		t.Errorf("outside the hours: %+v, want away until %s, and no call-backs", got, back)
	}
	told("away", "unknown", "online") // as they were since the last look
	manage(func(m *Chats) error {
		week, calls, err := m.Hours(t.Context(), string(chat))
		if week != day+" 09:30-18:00 (UTC)" || calls {
			t.Errorf("shown as %q, call-backs %v", week, calls)
		}
		return err
	})
	manage(func(m *Chats) error { return m.SetHours(t.Context(), string(chat), "UTC", "daily 00:00-24:00") })
	c.advance(w.box, 5*time.Minute)
	if got := v.seenBy(hash); got.Availability.State != "away" || got.Availability.Back != "" {
		t.Errorf("within the hours, nobody is there: %+v", got)
	}
	c.advance(w.box, 8*24*time.Hour)
	if got := v.seenBy(hash); got.Availability.State != "online" {
		t.Errorf("within the hours, nobody reports any more: %+v", got)
	}
	for _, bad := range []string{"mon 09:00", "sometimes"} {
		if err := w.app.manageChats(t.Context(), "", accountID, func(m *Chats) error { return m.SetHours(t.Context(), string(chat), "UTC", bad) }); err == nil {
			t.Errorf("hours %q were taken", bad)
		}
	}
	manage(func(m *Chats) error { return m.SetHours(t.Context(), string(chat), "", "") })
	manage(func(m *Chats) error { return m.SetCallBacks(t.Context(), string(chat), true) })
	c.advance(w.box, 5*time.Second)
	state("unknown")
}

// firstChat is the account's first chat.
func (w *world) firstChat() chatid.ChatID {
	a, _ := w.account()
	list, err := w.app.chats.Chats(w.t.Context(), a.ID)
	if err != nil || len(list) == 0 {
		w.t.Fatalf("chats %v, %v", list, err)
	}
	return list[0].ID
}
