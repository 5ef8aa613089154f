package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/keyaction"
	"leadline/backend/onlinechat"
	"leadline/backend/outbox"
)

// keyWorld is a service of key actions on a real store, with a button.
type keyWorld struct {
	*world
	*keyaction.Service
	button chatid.ButtonID
	handed []keyaction.Job // in order
	refuse error           // what handing over gives
	n      int
}

func (k *keyWorld) WhenVisitorHasLead(_ context.Context, _ chatid.AccountID, _ chatid.VisitorID, _ outbox.Kind, data any) error {
	if k.refuse == nil {
		k.handed = append(k.handed, data.(keyaction.Job))
	}
	return k.refuse
}

// zone of the account: three hours ahead of UTC all year.
var zone = time.FixedZone("", 3*3600)

func newKeyWorld(t *testing.T, w *world) *keyWorld {
	t.Helper()
	k := &keyWorld{world: w}
	_, b, err := w.OnlineChats().EnsureFirst(testContext, onlinechat.Chat{ID: chatid.ChatID(w.id()), Account: w.account, Name: "Chat", CreatedAt: w.now},
		onlinechat.Button{ID: chatid.ButtonID(w.id()), Account: w.account, Hash: "h", CreatedAt: w.now})
	must(t, err)
	k.button = b.ID
	k.Service = keyaction.NewService(keyaction.Deps{
		Store: w.KeyActions(), Cards: k, Zone: func(context.Context, chatid.AccountID) *time.Location { return zone },
		NewID: w.id, Now: func() time.Time { return w.now }, Logger: slog.New(slog.DiscardHandler),
	})
	return k
}

// watches is an action with a CRM reaction.
func watches(name string, c keyaction.Constraint) keyaction.Action {
	return keyaction.Action{
		Name: name, Constraint: c, Conditions: [][]keyaction.Condition{{{Type: keyaction.PageHits, Value: "3"}}, {{Type: keyaction.CustomHook, Value: "X"}}},
		Reactions: []keyaction.Reaction{{Action: keyaction.ChangeTags, Settings: keyaction.Settings{Link: "link", Tags: []keyaction.Tag{{Name: "hot"}}}}},
	}
}

func (k *keyWorld) keep(t *testing.T, act keyaction.Action) string {
	t.Helper()
	id, err := k.Save(testContext, k.account, k.button, act)
	must(t, err)
	return id
}

const browser = "a-browser-that-nobody-can-guess"

func (k *keyWorld) report(t *testing.T, action, key string) bool {
	t.Helper()
	k.n++
	ok, err := k.Report(testContext, keyaction.Report{Account: k.account, Button: k.button, Key: key, ClientID: fmt.Sprint("r", k.n), Action: action})
	must(t, err)
	return ok
}

func (k *keyWorld) lines(t *testing.T) []keyaction.Fired {
	t.Helper()
	list, _, err := k.Log(testContext, k.account, k.button, "", 1000)
	must(t, err)
	return list
}

// writes makes a visitor who has a conversation with a lead.
func (k *keyWorld) writes(t *testing.T, v chatid.VisitorID, lead int64) {
	t.Helper()
	saved := k.write(t, k.inbound(v, "Hello"))
	must(t, k.Conversations().SaveTalk(testContext, k.account, saved.Message.Conversation, conversation.Talk{Lead: lead}))
}

func (k *keyWorld) bind(t *testing.T, key string, v chatid.VisitorID) {
	t.Helper()
	must(t, k.Bind(testContext, conversation.Who{Account: k.account, Visitor: v}, key))
}

func TestKeyActionsOfAButton(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		k := newKeyWorld(t, w)
		names := func() (list []string) {
			actions, err := k.Actions(testContext, k.account, k.button)
			must(t, err)
			for _, a := range actions {
				list = append(list, a.Name)
			}
			return list
		}
		a, b, c := k.keep(t, watches("a", 1)), k.keep(t, watches("b", 1)), k.keep(t, watches("c", 1))
		must(t, k.Move(testContext, k.account, k.button, c, true))
		must(t, k.Move(testContext, k.account, k.button, a, true)) // it is the first already
		equal(t, "order", names(), []string{"a", "c", "b"})
		changed := watches("b2", 3)
		changed.ID = b
		k.keep(t, changed)
		must(t, k.Remove(testContext, k.account, k.button, a))
		equal(t, "after changes", names(), []string{"c", "b2"})
		got, err := k.Action(testContext, k.account, k.button, b)
		must(t, err)
		equal(t, "as stored", got, changed)

		other := w.newAccount(t, 2)
		for _, err := range []error{
			k.Remove(testContext, other, k.button, b), k.Move(testContext, other, k.button, b, true), k.Remove(testContext, k.account, k.button, a),
		} {
			wantKind(t, err, fault.NotFound, "not_found")
		}
		for i := 2; i < keyaction.MaxActions; i++ {
			k.keep(t, watches(fmt.Sprint(i), 1))
		}
		_, err = k.Save(testContext, k.account, k.button, watches("one more", 1))
		wantKind(t, err, fault.Conflict, "too_many_actions")
		_, err = k.Save(testContext, k.account, k.button, keyaction.Action{Name: "of nothing"})
		wantKind(t, err, fault.Invalid, "invalid_request")
	})
}

// KEY-4: a day is one of the account's time zone; a repeat of a report is no second time.
func TestKeyActionOnceADay(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		k := newKeyWorld(t, w)
		id := k.keep(t, watches("daily", keyaction.OncePerDay))
		w.now = time.Date(2026, 3, 1, 20, 59, 0, 0, time.UTC) // 23:59 there
		equal(t, "first", k.report(t, id, browser), true)
		k.n-- // the same report once more
		equal(t, "the same report", k.report(t, id, browser), true)
		equal(t, "another report", k.report(t, id, browser), false)
		equal(t, "another browser", k.report(t, id, browser+"-2"), true)
		w.now = w.now.Add(2 * time.Minute) // the next day there, the same one in UTC
		equal(t, "the next day", k.report(t, id, browser), true)
		list := k.lines(t)
		equal(t, "lines", len(list), 3)
		equal(t, "its day", list[0].Day, "2026-03-02")

		// Two browsers of one visitor are one.
		k.bind(t, browser, "v1")
		k.bind(t, browser+"-2", "v1")
		equal(t, "on the visitor's other device", k.report(t, id, browser+"-2"), false)
	})
}

// KEY-4: once per lead, and once per visitor while there is none. What happened before
// the lead was known is that lead's.
func TestKeyActionOncePerLead(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		k := newKeyWorld(t, w)
		id := k.keep(t, watches("per lead", keyaction.OncePerLead))
		equal(t, "without a lead", k.report(t, id, browser), true)
		equal(t, "without a lead again", k.report(t, id, browser), false)
		k.bind(t, browser, "v1")
		k.writes(t, "v1", 7001)
		equal(t, "while it waits for the lead", k.report(t, id, browser), false)
		must(t, k.Ended(testContext, k.account, k.handed[0].Fired, 7001, ""))
		equal(t, "with the lead", k.report(t, id, browser), false)
		k.writes(t, "v1", 7002)
		equal(t, "with the next lead", k.report(t, id, browser), true)
		equal(t, "with the next lead again", k.report(t, id, browser), false)
		equal(t, "whose it was", []int64{k.lines(t)[0].Lead, k.lines(t)[1].Lead}, []int64{7002, 7001})
		// Once per lead, whoever of its visitors it was.
		k.bind(t, browser, "v1")
		equal(t, "another visitor", k.report(t, id, browser+"-2"), true)
	})
}

// KEY-5: what happens before anybody knows the visitor is remembered, at most 50 times,
// and handed over in order.
func TestKeyActionsAreRemembered(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		k := newKeyWorld(t, w)
		var ids []string
		for i := range 3 {
			ids = append(ids, k.keep(t, watches(fmt.Sprint("a", i), keyaction.EveryVisit)))
		}
		for i := range keyaction.MaxRemembered + 1 {
			w.now = w.now.Add(25 * time.Hour) // a day's own limit is another matter
			k.report(t, ids[i%3], browser)
		}
		equal(t, "handed over before anybody knows whose", len(k.handed), 0)
		k.bind(t, "nobody-has-such-a-browser", "v9")
		equal(t, "browsers", w.count(t, `SELECT count(*) FROM key_action_browsers`), 1)
		k.bind(t, browser, "v1")
		equal(t, "handed over", len(k.handed), keyaction.MaxRemembered)
		for i, j := range k.handed {
			if want := fmt.Sprint("a", i%3); j.Name != want {
				t.Fatalf("number %d is %q, want %q", i, j.Name, want)
			}
		}
		list := k.lines(t)
		equal(t, "the last one", list[0].CRMState, keyaction.Dropped)
		equal(t, "the one before", list[1].CRMState, keyaction.Waiting)
		k.bind(t, browser, "v1")
		equal(t, "handed over once", len(k.handed), keyaction.MaxRemembered)

		// Another person on the same browser: what was remembered stays whose it was.
		k.report(t, ids[0], browser+"-2")
		k.bind(t, browser+"-2", "v2")
		k.bind(t, browser+"-2", "v3")
		k.report(t, ids[1], browser+"-2")
		list = k.lines(t)
		equal(t, "whose they are", []chatid.VisitorID{list[0].Visitor, list[1].Visitor}, []chatid.VisitorID{"v3", "v2"})
	})
}

// What could not be handed over is, a while later; what there is no room for is dropped.
func TestKeyActionIsHandedOverLate(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		k := newKeyWorld(t, w)
		id := k.keep(t, watches("a", keyaction.EveryVisit))
		k.report(t, id, browser)
		k.refuse = errors.New("cut")
		if err := k.Bind(testContext, conversation.Who{Account: k.account, Visitor: "v1"}, browser); !errors.Is(err, k.refuse) {
			t.Fatalf("Bind gave %v", err)
		}
		late, err := w.KeyActions().Unhanded(testContext, w.now.Add(time.Minute), 10)
		must(t, err)
		equal(t, "late", len(late), 1)
		equal(t, "whose", late[0].Visitor, "v1")
		late, err = w.KeyActions().Unhanded(testContext, w.now, 10)
		must(t, err)
		equal(t, "not late yet", len(late), 0)

		k.refuse = fault.New(fault.Limited, "too_much_waiting")
		equal(t, "one too many", k.report(t, id, browser), true)
		equal(t, "its state", k.lines(t)[0].CRMState, keyaction.Dropped)
	})
}

// SEC-10: the CRM's side of what one visitor makes happen is bounded by day.
func TestKeyActionsOfADayAreCapped(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		k := newKeyWorld(t, w)
		act := watches("a", keyaction.EveryVisit)
		act.Reactions = append(act.Reactions, keyaction.Reaction{Action: keyaction.SendHook, Settings: keyaction.Settings{URL: "https://shop.example.test/"}})
		id := k.keep(t, act)
		k.report(t, id, browser)
		k.bind(t, browser, "v1")
		must(t, k.Ended(testContext, k.account, k.handed[0].Fired, 1, ""))
		for len(k.handed) < keyaction.MaxPerDay {
			k.report(t, id, browser)
			must(t, k.Ended(testContext, k.account, k.handed[len(k.handed)-1].Fired, 1, ""))
		}
		equal(t, "one more is noted", k.report(t, id, browser), true)
		equal(t, "and not done", len(k.handed), keyaction.MaxPerDay)
		last := k.lines(t)[0]
		equal(t, "states", []keyaction.State{last.CRMState, last.HookState}, []keyaction.State{keyaction.Dropped, keyaction.Dropped})
		w.now = w.now.Add(24 * time.Hour)
		k.report(t, id, browser)
		equal(t, "the next day", len(k.handed), keyaction.MaxPerDay+1)
	})
}

func TestHooksOfKeyActions(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		k := newKeyWorld(t, w)
		act := watches("a", keyaction.EveryVisit)
		act.Reactions = []keyaction.Reaction{{Action: keyaction.SendHook, Settings: keyaction.Settings{URL: "https://shop.example.test/hook"}}}
		k.report(t, k.keep(t, act), browser)
		s := w.KeyActions()
		claim := func() []keyaction.Fired {
			list, err := s.ClaimHooks(testContext, w.now, w.now.Add(time.Minute), 5, 5, nil)
			must(t, err)
			return list
		}
		list := claim()
		equal(t, "due", len(list), 1)
		equal(t, "its first try, to", []any{list[0].Tries, list[0].Hook, list[0].Name}, []any{1, "https://shop.example.test/hook", "a"})
		equal(t, "while it is claimed", len(claim()), 0)
		w.now = w.now.Add(time.Minute)
		equal(t, "when its holder is gone", claim()[0].Tries, 2)
		must(t, s.SetHook(testContext, w.account, list[0].ID, keyaction.Failed, "hook_failed", time.Time{}))
		w.now = w.now.Add(time.Hour)
		equal(t, "when it is over", len(claim()), 0)
		got := k.lines(t)[0]
		equal(t, "in the log", []any{got.HookState, got.Problem}, []any{keyaction.Failed, "hook_failed"})
	})
}

// stuck is a poster to whom one host never answers.
type stuck struct{ arrived chan string }

func (p stuck) PostJSON(ctx context.Context, address string, _ []byte) (bool, error) {
	if address == "https://slow.example.test/" {
		<-ctx.Done()
		return true, ctx.Err()
	}
	p.arrived <- address
	return false, nil
}

// Whoever lets their hooks hang delays nobody else's.
func TestHooksOfOneAccountDelayNoOther(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		k := newKeyWorld(t, w)
		p := stuck{make(chan string, 100)}
		k.Poster = p
		fire := func(a chatid.AccountID, hook string) {
			t.Helper()
			k.n++
			_, ok, _, err := w.KeyActions().SaveFired(testContext, keyaction.Fired{
				ID: w.id(), Account: a, Button: k.button, ClientID: fmt.Sprint(k.n), Action: "a", Key: fmt.Sprint(browser, k.n), At: w.now, Day: "2026-01-31",
				Hook: hook, HookState: keyaction.Waiting,
			}, keyaction.EveryVisit, 50, 50)
			must(t, err)
			equal(t, "stored", ok, true)
		}
		for range 30 {
			fire(k.account, "https://slow.example.test/")
		}
		other := w.newAccount(t, 2)
		w.now = w.now.Add(time.Second)
		for range 10 {
			fire(other, "https://quick.example.test/")
		}
		ctx, stop := context.WithCancel(t.Context())
		over := make(chan struct{})
		go func() { defer close(over); k.Run(ctx) }()
		for i := range 10 {
			select {
			case <-p.arrived:
			case <-time.After(12 * time.Second): // less than one hook may take
				t.Errorf("hook %d of another account waits for those that hang", i)
				stop()
			}
			if ctx.Err() != nil {
				break
			}
		}
		stop()
		<-over
	})
}

// A browser makes its key up, so there may be as many as somebody likes: one is
// remembered for what is known of it.
func TestBrowsersOfWhichNothingIsKnownAreForgotten(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		k := newKeyWorld(t, w)
		id := k.keep(t, watches("a", keyaction.EveryVisit))
		for i := range 10 {
			k.report(t, id, fmt.Sprint(browser, i))
		}
		k.bind(t, browser+"0", "v1")
		must(t, w.KeyActions().Prune(testContext, w.now.Add(-time.Hour), 3))
		equal(t, "browsers of the lines that are left, and the visitor's", w.count(t, `SELECT count(*) FROM key_action_browsers`), 4)
	})
}

// The log of one visitor who does the same again and again keeps room for others.
func TestOneVisitorDoesNotFillTheLog(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		k := newKeyWorld(t, w)
		id := k.keep(t, watches("a", keyaction.EveryVisit))
		for range 3 * keyaction.MaxPerDay {
			k.report(t, id, browser)
		}
		equal(t, "lines", len(k.lines(t)), 2*keyaction.MaxPerDay)
		w.now = w.now.Add(24 * time.Hour)
		equal(t, "the next day", k.report(t, id, browser), true)
	})
}

func TestOldKeyActionsAreForgotten(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		k := newKeyWorld(t, w)
		id := k.keep(t, watches("a", keyaction.EveryVisit))
		k.report(t, id, browser+"-old")
		w.now = w.now.Add(keyaction.KeepFor)
		for range 5 {
			k.report(t, id, browser)
		}
		last := k.lines(t)[0].ID
		must(t, w.KeyActions().Prune(testContext, w.now, 3))
		list := k.lines(t)
		equal(t, "left", []any{len(list), list[0].ID}, []any{3, last})
		equal(t, "browsers", w.count(t, `SELECT count(*) FROM key_action_browsers`), 1)
	})
}

func TestReportOfAKeyActionIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		k := newKeyWorld(t, w)
		id := k.keep(t, watches("a", 1))
		for _, tt := range []struct {
			change func(*keyaction.Report)
			kind   fault.Kind
			code   string
		}{
			{func(r *keyaction.Report) { r.Action = "another" }, fault.NotFound, "not_found"},
			{func(r *keyaction.Report) { r.Button = "another" }, fault.NotFound, "not_found"},
			{func(r *keyaction.Report) { r.Account = w.newAccount(t, 3) }, fault.NotFound, "not_found"},
			{func(r *keyaction.Report) { r.Group = 2 }, fault.Invalid, "invalid_request"},
			{func(r *keyaction.Report) { r.Group = -1 }, fault.Invalid, "invalid_request"},
		} {
			r := keyaction.Report{Account: k.account, Button: k.button, Key: browser, ClientID: "c", Action: id}
			tt.change(&r)
			_, err := k.Report(testContext, r)
			wantKind(t, err, tt.kind, tt.code)
		}
		equal(t, "lines", len(k.lines(t)), 0)
	})
}
