package store

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"leadline/backend/account"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/desk"
	"leadline/backend/fault"
	"leadline/backend/onlinechat"
)

// callMe is a visitor's wish to be called back.
func (w *world) callMe(v chatid.VisitorID) conversation.NewInbound {
	in := w.inbound(v, "Please call me back: +15550100")
	in.Visitor.Phone, in.Visitor.Name = "+15550100", "Anna"
	in.CallBack = &conversation.CallBack{
		ID: chatid.CallBackID(w.id()), Phone: "+15550100", Text: "after six", Since: w.now.Add(-conversation.CallBackFor),
	}
	return in
}

func (w *world) openCalls(t *testing.T, a chatid.AccountID) []desk.CallBack {
	t.Helper()
	list, err := w.Desk().Open(testContext, a, w.now.Add(-conversation.CallBackFor), 100)
	must(t, err)
	return list
}

// move makes a step as the service does.
func (w *world) move(t *testing.T, id chatid.CallBackID, u chatid.CRMUserID, step desk.Step) bool {
	t.Helper()
	ok, err := w.Desk().Move(testContext, desk.Move{Account: w.account, ID: id, By: u, Step: step, Now: w.now, Silent: w.now.Add(-10 * time.Minute)})
	must(t, err)
	return ok
}

func TestCallBackIsStoredWithItsMessage(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		in := w.callMe("v1")
		saved := w.write(t, in)
		if saved.Job == nil || saved.Message.Text != in.Message.Text {
			t.Fatalf("saved %+v, want a message with its job", saved)
		}
		want := []desk.CallBack{{ID: in.CallBack.ID, Phone: "+15550100", Name: "Anna", Text: "after six", At: w.now}}
		equal(t, "open", w.openCalls(t, w.account), want)
		equal(t, "of another account", len(w.openCalls(t, w.newAccount(t, 2))), 0)

		// The same again changes nothing, another one is refused, and leaves nothing.
		again := in
		again.Message.ID, again.CallBack = chatid.MessageID(w.id()), &conversation.CallBack{ID: chatid.CallBackID(w.id()), Phone: "+1", Since: in.CallBack.Since}
		if s := w.write(t, again); !s.Duplicate || s.Message.ID != saved.Message.ID {
			t.Errorf("a repeat gave %+v", s)
		}
		_, err := w.Conversations().SaveInbound(testContext, w.callMe("v1"))
		wantKind(t, err, fault.Conflict, "callback_waiting")
		equal(t, "messages", len(w.all(t, saved.Message.Conversation)), 1)
		equal(t, "open", w.openCalls(t, w.account), want)
		// Other messages are no matter, other visitors neither.
		w.write(t, w.inbound("v1", "are you there?"))
		w.write(t, w.callMe("v2"))
		equal(t, "open", len(w.openCalls(t, w.account)), 2)

		// A day later it is over, and a new one may come.
		w.now = w.now.Add(conversation.CallBackFor)
		equal(t, "open a day later", len(w.openCalls(t, w.account)), 0)
		w.write(t, w.callMe("v1"))
		equal(t, "open", len(w.openCalls(t, w.account)), 1)
		must(t, w.Desk().Purge(testContext, w.now))
		equal(t, "rows after what is over was forgotten", w.count(t, `SELECT count(*) FROM callbacks`), 1)
		equal(t, "messages", len(w.all(t, saved.Message.Conversation)), 3)
	})
}

// Two forms that are sent at the same moment are one call.
func TestCallBacksOfOneVisitorAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.write(t, w.inbound("v1", "hello"))
		var stored, refused atomic.Int64
		var all sync.WaitGroup
		for range 8 {
			in := w.callMe("v1")
			all.Go(func() {
				switch _, err := w.Conversations().SaveInbound(testContext, in); {
				case err == nil:
					stored.Add(1)
				case fault.CodeOf(err) == "callback_waiting":
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if stored.Load() != 1 || refused.Load() != 7 {
			t.Errorf("%d stored, %d refused", stored.Load(), refused.Load())
		}
		equal(t, "open", len(w.openCalls(t, w.account)), 1)
	})
}

func TestStepsOfACallBack(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		in := w.callMe("v1")
		w.write(t, in)
		id := in.CallBack.ID
		holder := func() chatid.CRMUserID { return w.openCalls(t, w.account)[0].TakenBy }

		// Many take it, one has it.
		var won atomic.Int64
		var all sync.WaitGroup
		for u := range chatid.CRMUserID(8) {
			all.Go(func() {
				if w.move(t, id, u+1, desk.Taken) {
					won.Store(int64(u + 1))
				}
			})
		}
		all.Wait()
		one := holder()
		if one == 0 || int64(one) != won.Load() {
			t.Fatalf("%d has it, %d was told so", one, won.Load())
		}
		const other = 99
		if w.move(t, id, other, desk.Taken) || w.move(t, id, other, desk.Done) || w.move(t, id, other, desk.Released) || holder() != one {
			t.Error("somebody else moved it")
		}
		if ok, err := w.Desk().Move(testContext, desk.Move{Account: w.newAccount(t, 2), ID: id, By: one, Step: desk.Done, Now: w.now}); ok || err != nil {
			t.Errorf("another account moved it: %v %v", ok, err)
		}
		// A sign of life keeps it; ten minutes without one free it.
		w.now = w.now.Add(9 * time.Minute)
		if !w.move(t, id, one, desk.Taken) {
			t.Error("its holder could not say so again")
		}
		w.now = w.now.Add(9 * time.Minute)
		if w.move(t, id, other, desk.Taken) {
			t.Error("taken from somebody who is alive")
		}
		w.now = w.now.Add(time.Minute)
		if !w.move(t, id, other, desk.Taken) || holder() != other {
			t.Error("not free ten minutes after the last sign of life")
		}
		if w.move(t, id, one, desk.Released) {
			t.Error("the former holder gave it back")
		}
		if !w.move(t, id, other, desk.Released) || w.move(t, id, other, desk.Released) {
			t.Error("its holder gave it back not once")
		}
		if got := w.openCalls(t, w.account)[0]; got.TakenBy != 0 || got.ReleasedBy != other || !got.AliveAt.IsZero() {
			t.Errorf("given back: %+v", got)
		}
		if !w.move(t, id, one, desk.Done) || w.move(t, id, one, desk.Done) || w.move(t, id, one, desk.Taken) {
			t.Error("it was done not once, or goes on")
		}
		equal(t, "open", len(w.openCalls(t, w.account)), 0)
		w.write(t, w.callMe("v1")) // the next one
	})
}

func TestWhoseACallBackIs(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		// Oleg wrote to the visitor last.
		_, err := w.Accounts().SaveOperators(testContext, w.account, []account.Operator{{Ref: "oleg", User: 11, Name: "Oleg"}, {Ref: "vera", User: 12, Name: "Vera"}})
		must(t, err)
		c := w.write(t, w.inbound("v1", "hello")).Message.Conversation
		for _, ref := range []chatid.UserRef{"vera", "oleg", ""} {
			w.now = w.now.Add(time.Second)
			out := w.outbound(c, "hi")
			out.Message.AuthorRef = ref
			w.receive(t, out)
		}
		waiting := func(a chatid.AccountID) bool {
			ok, err := w.Desk().Waiting(testContext, a, c, w.now.Add(-conversation.CallBackFor))
			must(t, err)
			return ok
		}
		if waiting(w.account) {
			t.Error("somebody waits who did not ask")
		}
		w.write(t, w.callMe("v1"))
		if got := w.openCalls(t, w.account)[0]; got.Responsible != 11 || got.Lead != 0 || got.Contact != 0 {
			t.Errorf("it is %+v, want it Oleg's", got)
		}
		if !waiting(w.account) || waiting(w.newAccount(t, 2)) {
			t.Error("it does not wait in its account alone")
		}
		// The CRM knows better.
		must(t, w.Desk().SetResponsible(testContext, w.account, c, 12))
		must(t, w.Conversations().SaveTalk(testContext, w.account, c, conversation.Talk{ID: 5, Lead: 7001, Contact: 501}))
		if got := w.openCalls(t, w.account)[0]; got.Responsible != 12 || got.Lead != 7001 || got.Contact != 501 {
			t.Errorf("it is %+v, want Vera's, of lead 7001 and contact 501", got)
		}
	})
}

func TestPresenceIsTheLatestReport(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		read := func() desk.Presence {
			p, err := w.Desk().Presence(testContext, w.account)
			must(t, err)
			return p
		}
		equal(t, "nobody reported", read(), desk.Presence{})
		first := desk.Presence{Online: []chatid.CRMUserID{3, 9}, ReportedAt: w.now, GoodUntil: w.now.Add(time.Minute)}
		must(t, w.Desk().SavePresence(testContext, w.account, first))
		equal(t, "presence", read(), first)
		next := desk.Presence{Online: []chatid.CRMUserID{}, ReportedAt: w.now.Add(time.Second), GoodUntil: w.now.Add(time.Hour)}
		must(t, w.Desk().SavePresence(testContext, w.account, next))
		must(t, w.Desk().SavePresence(testContext, w.account, first)) // it was late
		equal(t, "presence", read(), next)
	})
}

func TestIncidentsBeginOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		since := func(kind string) time.Time {
			m, err := w.Desk().Since(testContext, w.account)
			must(t, err)
			return m[kind]
		}
		later := func() time.Time { w.now = w.now.Add(time.Minute); return w.now }
		if !since(desk.KindConnection).IsZero() || !since(desk.KindParked).IsZero() {
			t.Error("something is wrong with a new account")
		}
		set := func(s account.State, reason string) {
			must(t, w.Accounts().SetState(testContext, w.account, s, reason, w.now))
		}
		began := later()
		set(account.Broken, account.ReasonChannel)
		later()
		set(account.Broken, account.ReasonChannel)
		equal(t, "begin of the broken connection", since(desk.KindConnection), began)
		began = later()
		set(account.Broken, account.ReasonPrivate)
		equal(t, "begin of another reason", since(desk.KindConnection), began)
		set(account.Connected, "")
		equal(t, "begin when it is over", since(desk.KindConnection), began)
		began = later()
		set(account.Broken, account.ReasonPrivate)
		equal(t, "begin of the next time", since(desk.KindConnection), began)

		// Parked messages: from the first one of an empty list.
		park := func(v chatid.VisitorID) conversation.Message { return w.park(t, v, "x", "refused_by_crm") }
		one := park("v1")
		began = w.now
		equal(t, "begin of parked messages", since(desk.KindParked), began)
		park("v2")
		equal(t, "begin with one more", since(desk.KindParked), began)
		must(t, w.Conversations().DropParked(testContext, w.account, one.ID))
		park("v3")
		equal(t, "begin with others of them", since(desk.KindParked), began)
		for _, p := range w.parkedIDs(t, conversation.ParkedPlace{}, 10) {
			must(t, w.Conversations().DropParked(testContext, w.account, p))
		}
		park("v4")
		equal(t, "begin after the list was empty", since(desk.KindParked), w.now)
	})
}

func TestIncidentsToldAreKept(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		told := func(u chatid.CRMUserID) []string {
			ids, err := w.Desk().Told(testContext, w.account, u)
			must(t, err)
			return ids
		}
		save := func(u chatid.CRMUserID, ids ...string) {
			must(t, w.Desk().SaveTold(testContext, w.account, u, ids, w.now))
		}
		save(1, "a", "b")
		save(1, "b")
		equal(t, "told", told(1), []string{"a", "b"})
		equal(t, "another user was told", len(told(2)), 0)
		w.now = w.now.Add(366 * 24 * time.Hour)
		save(1, "c")
		equal(t, "told a year later", told(1), []string{"c"})
	})
}

func TestReachOfAChat(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		c := onlinechat.Chat{ID: chatid.ChatID(w.id()), Account: w.account, Name: "x", SourceExternalID: "ll-1", CreatedAt: w.now}
		_, err := w.OnlineChats().AddChat(testContext, c, onlinechat.Button{ID: chatid.ButtonID(w.id()), Account: w.account, Hash: "h", Chat: c.ID, CreatedAt: w.now})
		must(t, err)
		read := func() onlinechat.Reach {
			r, err := w.OnlineChats().Reach(testContext, c.ID)
			must(t, err)
			return r
		}
		equal(t, "at first", read(), onlinechat.Reach{})
		h, err := onlinechat.ParseHours("Europe/Moscow", "mon-fri 09:00-18:00")
		must(t, err)
		h.Holidays = []onlinechat.Holiday{{From: "2026-12-31", To: "2027-01-08"}}
		want := onlinechat.Reach{Hours: h, NoCallBacks: true, OnlineText: "Ask us", AwayText: "Back at {time}", Ask: onlinechat.AskEither}
		must(t, w.OnlineChats().SetReach(testContext, w.account, c.ID, want))
		equal(t, "set", read(), want)
		wantKind(t, w.OnlineChats().SetReach(testContext, w.newAccount(t, 2), c.ID, onlinechat.Reach{}), fault.NotFound, "not_found")
		equal(t, "after another account's try", read(), want)
		must(t, w.OnlineChats().SetReach(testContext, w.account, c.ID, onlinechat.Reach{}))
		equal(t, "taken back", read(), onlinechat.Reach{})
		_, err = w.OnlineChats().Reach(testContext, "nobody's")
		wantKind(t, err, fault.NotFound, "not_found")
	})
}
