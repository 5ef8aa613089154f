package store

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/outbox"
)

// cardWork asks for work on the cards of a conversation or a visitor.
func (w *world) cardWork(c chatid.ConversationID, v chatid.VisitorID, kind outbox.Kind) error {
	return w.Conversations().SaveCardWork(testContext, conversation.CardWork{
		Account: w.account, Conversation: c, Visitor: v, Kind: kind, Job: conversation.CardJob{At: w.now.UnixMilli()},
	})
}

// dueCards claims what is due of card work.
func (w *world) dueCards(t *testing.T) []outbox.Claim {
	t.Helper()
	claims, err := w.Cards().ClaimDue(testContext, w.now, time.Minute, 10, nil)
	must(t, err)
	return claims
}

func (w *world) cardKinds(t *testing.T, c outbox.Claim) (kinds []outbox.Kind) {
	t.Helper()
	jobs, err := w.Cards().Jobs(testContext, c, 100)
	must(t, err)
	for _, j := range jobs {
		kinds = append(kinds, j.Kind)
	}
	return kinds
}

func (w *world) lead(t *testing.T, c chatid.ConversationID, lead int64) {
	t.Helper()
	must(t, w.Conversations().SaveTalk(testContext, w.account, c, conversation.Talk{ID: 117, Contact: 501, Lead: lead}))
}

func TestCardWorkWaitsForTheLead(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		must(t, w.cardWork("", "v1", "before")) // who never wrote
		must(t, w.cardWork("", "v2", "another's"))
		c := w.known(t, "v1")
		must(t, w.cardWork(c, "", "one"))
		must(t, w.cardWork("", "v1", "two"))
		if due := w.dueCards(t); len(due) != 0 {
			t.Fatalf("due before there is a lead: %+v", due)
		}
		w.lead(t, c, 7001)
		due := w.dueCards(t)
		if len(due) != 1 || due[0].Lane != c || due[0].Account != w.account {
			t.Fatalf("due with a lead: %+v", due)
		}
		if got := w.cardKinds(t, due[0]); !slices.Equal(got, []outbox.Kind{"before", "one", "two"}) {
			t.Errorf("work %q, want it in the order of asking", got)
		}
		cards, err := w.Conversations().Cards(testContext, w.account, c)
		must(t, err)
		if cards.Lead != 7001 || cards.Contact != 501 || cards.Conversation.ID != c {
			t.Errorf("cards %+v", cards)
		}
		// While it is in hand nobody else gets it; what comes now follows.
		must(t, w.cardWork(c, "", "three"))
		if again := w.dueCards(t); len(again) != 0 {
			t.Errorf("claimed twice: %+v", again)
		}
		jobs, err := w.Cards().Jobs(testContext, due[0], 100)
		must(t, err)
		for i, j := range jobs {
			more, err := w.Cards().Settle(testContext, due[0], j, outbox.Outcome{Verdict: outbox.Done, Effects: []outbox.Effect{
				conversation.CardsMarked{Conversation: c, Marks: []string{fmt.Sprint("m", i), "m0"}}}})
			must(t, err)
			equal(t, "more", more, i < len(jobs)-1)
		}
		cards, _ = w.Conversations().Cards(testContext, w.account, c)
		equal(t, "marks", cards.Marks, []string{"m0", "m1", "m2", "m3"})
		if _, ok, _ := w.Cards().NextDue(testContext); ok {
			t.Error("an empty lane is due")
		}
		// From now on it is due at once.
		must(t, w.cardWork("", "v1", "later"))
		if due = w.dueCards(t); len(due) != 1 {
			t.Errorf("due at once: %+v", due)
		}
	})
}

func TestCardWorkThatFails(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		c := w.known(t, "v1")
		w.lead(t, c, 7001)
		must(t, w.cardWork(c, "", "one"))
		due := w.dueCards(t)[0]
		jobs, err := w.Cards().Jobs(testContext, due, 1)
		must(t, err)
		at := w.now.Add(time.Hour)
		_, err = w.Cards().Settle(testContext, due, jobs[0], outbox.Outcome{Verdict: outbox.Later, At: at, Counted: true, Uncertain: true, Effects: []outbox.Effect{
			conversation.CardsMarked{Conversation: c, Marks: []string{"part"}}}})
		must(t, err)
		if next, ok, _ := w.Cards().NextDue(testContext); !ok || !next.Equal(at) {
			t.Errorf("next due %v %v, want %v", next, ok, at)
		}
		// The lead was accepted: no need to wait any longer.
		must(t, w.Conversations().WakeCards(testContext, w.account, 7001))
		due = w.dueCards(t)[0]
		jobs, err = w.Cards().Jobs(testContext, due, 1)
		must(t, err)
		if jobs[0].Attempts != 1 || !jobs[0].Uncertain {
			t.Errorf("job %+v", jobs[0])
		}
		// 429: all lanes of the account rest, and its messages do not.
		other := w.known(t, "v2")
		w.lead(t, other, 7002)
		must(t, w.cardWork(other, "", "two"))
		_, err = w.Cards().Settle(testContext, due, jobs[0], outbox.Outcome{Verdict: outbox.Later, At: at, PauseAccount: true})
		must(t, err)
		if got := w.dueCards(t); len(got) != 0 {
			t.Errorf("claimed from an account that rests: %+v", got)
		}
		if w.write(t, w.inbound("v3", "a message")).Claim == nil {
			t.Error("messages rest with the cards")
		}
		w.now = at
		if got := w.dueCards(t); len(got) != 2 {
			t.Errorf("after the rest: %+v", got)
		}
		// The holder died: the next one is told.
		w.now = at.Add(2 * time.Minute)
		got := w.dueCards(t)
		if len(got) != 2 || !got[0].Recovered {
			t.Errorf("after the leases: %+v", got)
		}
		if _, err := w.Cards().Settle(testContext, due, jobs[0], doneOutcome); err == nil {
			t.Error("a lost claim settled")
		}
	})
}

func TestCardWorkIsBounded(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		c := w.known(t, "v1")
		for range conversation.MaxCardWork {
			must(t, w.cardWork(c, "", "one"))
			must(t, w.cardWork("", "nobody", "one"))
		}
		wantKind(t, w.cardWork(c, "", "one"), fault.Limited, "too_much_waiting")
		wantKind(t, w.cardWork("", "nobody", "one"), fault.Limited, "too_much_waiting")
		if err := w.cardWork("c-nobody", "", "one"); !fault.Is(err, fault.NotFound) {
			t.Errorf("work on no conversation: %v", err)
		}
		// One of a kind is enough where the last reads everything.
		d := w.known(t, "v2")
		for range 3 {
			must(t, w.Conversations().SaveCardWork(testContext, conversation.CardWork{Account: w.account, Conversation: d, Kind: "latest", Most: 2}))
		}
		equal(t, "of a kind", w.count(t, `SELECT count(*) FROM card_jobs WHERE kind = 'latest'`), 2)
		// What waited for a week goes; what has a lead does not.
		w.lead(t, d, 7001)
		var dropped []conversation.CardWork
		for range 2 {
			list, err := w.Conversations().DropCardWork(testContext, w.now.Add(time.Second), 2*conversation.MaxCardWork-1)
			must(t, err)
			dropped = append(dropped, list...)
		}
		equal(t, "dropped", len(dropped), 2*conversation.MaxCardWork)
		one := dropped[0]
		equal(t, "whose, and what", []any{one.Account, string(one.Kind), one.Job.At}, []any{w.account, "one", w.now.UnixMilli()})
	})
}

// TestSortingGoesFirst: what ends the waiting of an incoming lead goes before the work
// that waits, also where it comes while that is in hand; and after a crash nobody knows
// which of them was under way.
func TestSortingGoesFirst(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		c := w.known(t, "v1")
		w.lead(t, c, 7001)
		must(t, w.cardWork(c, "", "note"))
		claim := w.dueCards(t)[0]
		jobs, err := w.Cards().Jobs(testContext, claim, 10)
		must(t, err)
		must(t, w.cardWork(c, "", conversation.SortWork))
		wait := outbox.Outcome{Verdict: outbox.Later, At: w.now.Add(10 * time.Minute)}
		_, err = w.Cards().Settle(testContext, claim, jobs[0], wait)
		must(t, err)
		due := w.dueCards(t)
		if len(due) != 1 {
			t.Fatalf("due when it came while the other was in hand: %+v", due)
		}
		equal(t, "order", fmt.Sprint(w.cardKinds(t, due[0])), "[sort note]")

		w.now = w.now.Add(2 * time.Minute) // whoever had it in hand is dead
		due = w.dueCards(t)
		equal(t, "recovered", due[0].Recovered, true)
		jobs, err = w.Cards().Jobs(testContext, due[0], 10)
		must(t, err)
		for _, j := range jobs {
			equal(t, string(j.Kind)+" is uncertain", j.Uncertain, true)
		}
		// It waits itself, and nothing hurries it.
		_, err = w.Cards().Settle(testContext, due[0], jobs[0], wait)
		must(t, err)
		equal(t, "due while it waits", len(w.dueCards(t)), 0)
		w.now = w.now.Add(11 * time.Minute)
		due = w.dueCards(t)
		jobs, err = w.Cards().Jobs(testContext, due[0], 10)
		must(t, err)
		more, err := w.Cards().Settle(testContext, due[0], jobs[0], outbox.Outcome{Verdict: outbox.Done})
		must(t, err)
		equal(t, "more", more, true)
		equal(t, "left", fmt.Sprint(w.cardKinds(t, due[0])), "[note]")
		// Without it what waits waits.
		_, err = w.Cards().Settle(testContext, due[0], jobs[1], outbox.Outcome{Verdict: outbox.Later, At: w.now.Add(10 * time.Minute)})
		must(t, err)
		equal(t, "due behind it", len(w.dueCards(t)), 0)
	})
}
