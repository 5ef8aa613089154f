package store

import (
	"errors"
	"testing"
	"time"

	"leadline/backend/account"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/outbox"
)

var doneOutcome = outbox.Outcome{Verdict: outbox.Done}

func pauseOutcome(until time.Time) outbox.Outcome {
	return outbox.Outcome{Verdict: outbox.Later, At: until, PauseAccount: true}
}

func TestSettleDoneAppliesEffectsAndEmptiesTheLane(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		one := w.write(t, w.inbound("v1", "one"))
		two := w.write(t, w.inbound("v1", "two"))
		sent := func(m conversation.Message, ref chatid.MessageRef) outbox.Outcome {
			return outbox.Outcome{Verdict: outbox.Done, Effects: []outbox.Effect{
				conversation.MessageSent{Conversation: m.Conversation, Message: m.ID, Ref: ref, Chat: "chat-" + chatid.ChatRef(ref), User: "user"}}}
		}
		if !w.settle(t, *one.Claim, *one.Job, sent(one.Message, "r1")) {
			t.Error("more = false while a job waits")
		}
		jobs := w.jobs(t, *one.Claim)
		if len(jobs) != 1 || w.settle(t, *one.Claim, jobs[0], sent(two.Message, "r2")) {
			t.Errorf("jobs = %+v, or more = true on an empty lane", jobs)
		}
		if _, ok, _ := w.Outbox().NextDue(testContext); ok {
			t.Error("an idle lane is due")
		}
		got := w.all(t, one.Message.Conversation)
		if len(got) != 2 || got[0].Ref != "r1" || got[0].Status != conversation.Delivered || got[0].Rev != 1 || got[0].Seq != 1 || got[1].Rev != 2 {
			t.Errorf("messages = %+v", got)
		}
		c, _ := w.Conversations().Conversation(testContext, w.account, one.Message.Conversation)
		if c.ChatRef != "chat-r1" || c.UserRef != "user" || c.Seq != 2 {
			t.Errorf("conversation = %+v, want the first names and seq 2, for a visitor sees no difference", c)
		}
		if w.write(t, w.inbound("v1", "three")).Claim == nil {
			t.Error("an idle lane was not claimed")
		}
	})
}

func TestSettleNeverMarksTheMessageFailedAndGoesOn(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		one := w.write(t, w.inbound("v1", "one"))
		w.write(t, w.inbound("v1", "two"))
		if !w.settle(t, *one.Claim, *one.Job, outbox.Outcome{Verdict: outbox.Never, Effects: []outbox.Effect{
			conversation.MessageFailed{Conversation: one.Message.Conversation, Message: one.Message.ID, Code: "rejected"}}}) {
			t.Error("the lane stopped")
		}
		got := w.all(t, one.Message.Conversation)
		last := got[len(got)-1]
		if last.ID != one.Message.ID || last.Status != conversation.Failed || last.ErrorCode != "rejected" || last.Rev != 3 {
			t.Errorf("message = %+v", last)
		}
	})
}

func TestStatusNeverGoesBack(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		one := w.write(t, w.inbound("v1", "one"))
		w.write(t, w.inbound("v1", "two"))
		m := one.Message
		failed := conversation.MessageFailed{Conversation: m.Conversation, Message: m.ID, Code: "rejected"}
		sent := conversation.MessageSent{Conversation: m.Conversation, Message: m.ID, Ref: "r1"}
		w.settle(t, *one.Claim, *one.Job, outbox.Outcome{Verdict: outbox.Done, Effects: []outbox.Effect{sent, failed, failed, sent}})
		got := w.all(t, m.Conversation)
		last := got[len(got)-1]
		if last.Status != conversation.Failed || last.Ref != "r1" || last.Rev != 3 {
			t.Errorf("message = %+v, want failed for good, and the one change that is seen", last)
		}
	})
}

func TestSettleLaterGivesTheLaneBack(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		saved := w.write(t, w.inbound("v1", "one"))
		at := w.now.Add(10 * time.Second)
		chatKnown := conversation.ChatKnown{Conversation: saved.Message.Conversation, Chat: "c1"}
		w.settle(t, *saved.Claim, *saved.Job, outbox.Outcome{Verdict: outbox.Later, At: at, Counted: true, Uncertain: true, Effects: []outbox.Effect{chatKnown}})
		equal(t, "due too early", len(w.claimDue(t, 10)), 0)
		w.now = at
		claims := w.claimDue(t, 10)
		if len(claims) != 1 || claims[0].Recovered || claims[0].Token == saved.Claim.Token {
			t.Fatalf("claims = %+v", claims)
		}
		j := w.jobs(t, claims[0])[0]
		if j.Attempts != 1 || !j.Uncertain {
			t.Errorf("job = %+v, want one attempt, uncertain", j)
		}
		w.settle(t, claims[0], j, outbox.Outcome{Verdict: outbox.Later, At: at})
		j = w.jobs(t, w.claimDue(t, 10)[0])[0]
		if j.Attempts != 1 || j.Uncertain {
			t.Errorf("job = %+v, want an uncounted try", j)
		}
		c, _ := w.Conversations().Conversation(testContext, w.account, saved.Message.Conversation)
		equal(t, "chat ref", c.ChatRef, "c1")
	})
}

func TestFencedOffHolderChangesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		saved := w.write(t, w.inbound("v1", "one"))
		w.now = w.now.Add(lease)
		claims := w.claimDue(t, 10)
		if len(claims) != 1 || !claims[0].Recovered {
			t.Fatalf("claims = %+v, want one recovered", claims)
		}
		old := *saved.Claim
		_, err := w.Outbox().Settle(testContext, old, *saved.Job, outbox.Outcome{Verdict: outbox.Done, Effects: []outbox.Effect{
			conversation.MessageSent{Conversation: old.Lane, Message: saved.Message.ID, Ref: "r1"}}})
		for what, err := range map[string]error{
			"settle": err, "renew": w.Outbox().Renew(testContext, old, w.now.Add(time.Hour)), "release": w.Outbox().Release(testContext, old),
		} {
			if !errors.Is(err, outbox.ErrLost) {
				t.Errorf("%s by a former holder = %v, want ErrLost", what, err)
			}
		}
		equal(t, "jobs of the former holder", len(w.jobs(t, old)), 0)
		equal(t, "jobs of the holder", len(w.jobs(t, claims[0])), 1)
		equal(t, "messages", w.all(t, old.Lane), []conversation.Message{saved.Message})
	})
}

func TestReleasedLaneIsDueAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		saved := w.write(t, w.inbound("v1", "one"))
		if err := w.Outbox().Release(testContext, *saved.Claim); err != nil {
			t.Fatal(err)
		}
		claims := w.claimDue(t, 10)
		if len(claims) != 1 || claims[0].Recovered {
			t.Errorf("claims = %+v, want one in good order", claims)
		}
	})
}

func TestRenewMovesTheLease(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		saved := w.write(t, w.inbound("v1", "one"))
		if err := w.Outbox().Renew(testContext, *saved.Claim, w.now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		w.now = w.now.Add(lease)
		equal(t, "claims during the new lease", len(w.claimDue(t, 10)), 0)
		next, ok, _ := w.Outbox().NextDue(testContext)
		if !ok || !next.Equal(start.Add(time.Hour)) {
			t.Errorf("NextDue = %v, %v", next, ok)
		}
	})
}

func TestClaimDueTakesAccountsInTurn(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		busy := w.account
		release := func(v chatid.VisitorID) {
			if err := w.Outbox().Release(testContext, *w.write(t, w.inbound(v, "x")).Claim); err != nil {
				t.Fatal(err)
			}
		}
		for range 5 {
			release(chatid.VisitorID(w.id()))
		}
		w.account = w.newAccount(t, 2)
		release(chatid.VisitorID(w.id()))
		claims := w.claimDue(t, 2)
		if len(claims) != 2 || claims[0].Account == claims[1].Account {
			t.Errorf("claims = %+v, want one of each account", claims)
		}
		equal(t, "lanes of skipped accounts", len(w.claimDue(t, 10, busy)), 0)
		equal(t, "lanes left", len(w.claimDue(t, 10)), 4)
		equal(t, "lanes left", len(w.claimDue(t, 10)), 0)
	})
}

func TestGreatestPauseWinsAndRepairLiftsIt(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		a, b := w.write(t, w.inbound("v1", "one")), w.write(t, w.inbound("v2", "two"))
		w.settle(t, *a.Claim, *a.Job, pauseOutcome(w.now.Add(time.Hour)))
		w.settle(t, *b.Claim, *b.Job, pauseOutcome(w.now.Add(time.Minute)))
		got, err := w.Accounts().Account(testContext, w.account)
		if err != nil || !got.PausedUntil.Equal(w.now.Add(time.Hour)) {
			t.Errorf("paused until %v, %v", got.PausedUntil, err)
		}
		for _, s := range []struct {
			state  account.State
			reason string
		}{{account.Broken, account.ReasonChannel}, {account.Connected, ""}} {
			equal(t, "lanes of a paused account", len(w.claimDue(t, 10)), 0)
			if err := w.Accounts().SetState(testContext, w.account, s.state, s.reason, w.now); err != nil {
				t.Fatal(err)
			}
		}
		equal(t, "lanes after the repair", len(w.claimDue(t, 10)), 2)
	})
}

// A SQLite file has one process at a time, so whoever starts knows that all
// holders are dead; on PostgreSQL others may live.
func TestAdoptFreesTheLanesOfTheDead(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		one := w.write(t, w.inbound("v1", "one"))
		if got := w.claimDue(t, 10); len(got) != 0 {
			t.Fatalf("a lane in work was claimed: %+v", got)
		}
		if err := w.Outbox().Adopt(testContext); err != nil {
			t.Fatal(err)
		}
		got := w.claimDue(t, 10)
		if w.postgres {
			if len(got) != 0 {
				t.Errorf("claimed %+v from a process that may live", got)
			}
			return
		}
		if len(got) != 1 || got[0].Lane != one.Message.Conversation || !got[0].Recovered {
			t.Errorf("claimed %+v, want the lane, marked as recovered", got)
		}
		if _, err := w.Outbox().Settle(testContext, *one.Claim, *one.Job, doneOutcome); !errors.Is(err, outbox.ErrLost) {
			t.Errorf("the dead holder settled: %v", err)
		}
	})
}
