package store

import (
	"testing"
	"time"

	"leadline/backend/account"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/outbox"
)

func (w *world) noteGap(t testing.TB, a chatid.AccountID, since, until time.Time) {
	t.Helper()
	must(t, w.Gaps().NoteGap(testContext, a, since, until))
}

func (w *world) gaps(t testing.TB) []conversation.Gap {
	t.Helper()
	list, err := w.Gaps().Gaps(testContext)
	must(t, err)
	return list
}

func TestGapsGrowUntilTheyAreClosed(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Gaps()
		other := w.newAccount(t, 2)
		must(t, w.Accounts().SetState(testContext, w.account, account.Connected, "", w.now))
		must(t, w.Accounts().SetState(testContext, other, account.Connected, "", w.now))
		equal(t, "none", len(w.gaps(t)), 0)
		m := func(n int) time.Time { return start.Add(time.Duration(n) * time.Minute) }
		w.noteGap(t, w.account, m(10), m(20))
		equal(t, "one", w.gaps(t), []conversation.Gap{{Account: w.account, Since: m(10), At: m(20)}})
		w.noteGap(t, w.account, m(12), m(15)) // inside
		equal(t, "one inside it", w.gaps(t), []conversation.Gap{{Account: w.account, Since: m(10), At: m(20)}})
		w.noteGap(t, w.account, m(5), m(30)) // around
		grown := conversation.Gap{Account: w.account, Since: m(5), At: m(30)}
		equal(t, "one around it", w.gaps(t), []conversation.Gap{grown})
		w.noteGap(t, "", m(25), m(40)) // of all
		all := []conversation.Gap{{Account: w.account, Since: m(5), At: m(40)}, {Account: other, Since: m(25), At: m(40)}}
		equal(t, "all accounts'", w.gaps(t), all)
		must(t, s.CloseGap(testContext, grown)) // as it was read before it grew
		equal(t, "closed too early", w.gaps(t), all)
		must(t, s.CloseGap(testContext, all[0]))
		equal(t, "closed", w.gaps(t), all[1:])
		w.noteGap(t, w.account, m(50), m(60))
		equal(t, "a new one begins anew", w.gaps(t)[1], conversation.Gap{Account: w.account, Since: m(50), At: m(60)})
	})
}

// A gap waits while its account cannot be asked.
func TestGapsByState(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		for i, c := range []struct {
			state        account.State
			reason       string
			noted, asked bool // by the gap of all; now
		}{
			{account.Connected, "", true, true},
			{account.Broken, account.ReasonAuthorisation, true, true}, // amojo needs no OAuth
			{account.Broken, account.ReasonChannel, true, false},
			{account.Disconnected, "", false, false},
			{account.Installed, "", false, false},
		} {
			a := w.newAccount(t, int64(100+i))
			must(t, w.Accounts().SetState(testContext, a, c.state, c.reason, w.now))
			w.noteGap(t, "", start, start.Add(time.Hour))
			has := func() bool {
				for _, g := range w.gaps(t) {
					if g.Account == a {
						return true
					}
				}
				return false
			}
			equal(t, "asked while "+string(c.state), has(), c.asked)
			must(t, w.Accounts().SetState(testContext, a, account.Connected, "", w.now))
			equal(t, "noted while "+string(c.state), has(), c.noted)
		}
	})
}

func TestSignsOfLife(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Gaps()
		at, err := s.Alive(testContext)
		if err != nil || !at.IsZero() {
			t.Errorf("never: %v, %v", at, err)
		}
		for _, want := range []time.Time{start, start.Add(time.Minute)} {
			must(t, s.SetAlive(testContext, want))
			at, err = s.Alive(testContext)
			must(t, err)
			equal(t, "alive", at, want)
		}
	})
}

// A conversation has a gap until its history was read after the gap's end.
func TestWhichConversationsAreUnhealed(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		must(t, w.Accounts().SetState(testContext, w.account, account.Connected, "", w.now))
		c := w.known(t, "v1")
		hook := w.outbound(c, "Hi")
		hook.Chat = "chat-1"
		w.receive(t, hook)
		w.now = w.now.Add(time.Hour)
		equal(t, "before any", w.thread(t, c).Gap, false)
		w.noteGap(t, w.account, w.now.Add(-time.Minute), w.now)
		g := w.gaps(t)[0]
		w.now = w.now.Add(time.Minute)
		young := w.known(t, "v2") // began after it
		hook = w.outbound(young, "Hi")
		hook.Chat = "chat-2"
		w.receive(t, hook)
		equal(t, "gap of the old one", w.thread(t, c).Gap, true)
		equal(t, "gap of one that began later", w.thread(t, young).Gap, false)
		unhealed := func() (ids []chatid.ConversationID) {
			t.Helper()
			list, err := w.Gaps().Unhealed(testContext, g, start, "", 10)
			must(t, err)
			for _, c := range list {
				ids = append(ids, c.ID)
			}
			return ids
		}
		if got := unhealed(); len(got) == 0 || got[0] != c {
			t.Errorf("unhealed = %v, want %s among them", got, c)
		}
		heal := func(asked time.Time) {
			t.Helper()
			s := w.write(t, w.inbound("v1", "x"))
			w.settle(t, *s.Claim, *s.Job, outbox.Outcome{Verdict: outbox.Done, Effects: []outbox.Effect{conversation.Healed{Conversation: c, At: asked}}})
		}
		heal(g.At.Add(-time.Second))
		equal(t, "read before the gap's end", w.thread(t, c).Gap, true)
		heal(g.At)
		th := w.thread(t, c)
		if th.Gap || !th.HealedAt.Equal(g.At) {
			t.Errorf("read at its end: %+v", th)
		}
		for _, id := range unhealed() {
			if id == c {
				t.Error("a healed conversation is asked for again")
			}
		}
		heal(g.At.Add(-time.Hour))
		equal(t, "an older answer", w.thread(t, c).HealedAt, g.At)
		must(t, w.Gaps().CloseGap(testContext, g))
		equal(t, "closed, it was read", w.thread(t, c).Gap, false)
		w.noteGap(t, w.account, w.now, w.now.Add(time.Minute))
		equal(t, "a new gap", w.thread(t, c).Gap, true)
	})
}

// A question that waits already covers a later gap, not one that began before it.
func TestHealingAsksFarEnoughBack(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		c := w.known(t, "v1")
		ask := func(since int64) conversation.Saved {
			t.Helper()
			s, err := w.Conversations().AddTask(testContext, conversation.Task{
				Account: w.account, Conversation: c, Kind: conversation.JobHeal, Payload: conversation.HealJob{Since: since}, Holder: w.holder(),
			})
			must(t, err)
			return s
		}
		first := ask(100)
		for since, duplicate := range map[int64]bool{100: true, 101: true} {
			equal(t, "covered", ask(since).Duplicate, duplicate)
		}
		equal(t, "from earlier on", ask(50).Duplicate, false)
		equal(t, "covered by the second", ask(60).Duplicate, true)
		var since []int64
		for _, j := range w.jobs(t, *first.Claim) {
			since = append(since, payload[conversation.HealJob](t, &j, conversation.JobHeal).Since)
		}
		equal(t, "jobs", since, []int64{100, 50})
	})
}
