package store

import (
	"testing"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/outbox"
)

// parkOutcome ends a message's job as design.md §2 says of a refusal.
func (w *world) parkOutcome(m conversation.Message, code string) outbox.Outcome {
	return outbox.Outcome{Verdict: outbox.Never, Effects: []outbox.Effect{
		conversation.MessageFailed{Conversation: m.Conversation, Message: m.ID, Code: code, At: w.now}}}
}

// parked writes a message and lets its delivery fail for good.
func (w *world) park(t *testing.T, v chatid.VisitorID, text, code string) conversation.Message {
	t.Helper()
	w.now = w.now.Add(time.Second)
	s := w.write(t, w.inbound(v, text))
	if s.Claim == nil {
		t.Fatal("the lane is not free")
	}
	w.settle(t, *s.Claim, *s.Job, w.parkOutcome(s.Message, code))
	return s.Message
}

func (w *world) parkedIDs(t *testing.T, p conversation.ParkedPlace, limit int) (ids []chatid.MessageID) {
	t.Helper()
	list, err := w.Conversations().Parked(testContext, w.account, p, limit)
	must(t, err)
	for _, m := range list {
		ids = append(ids, m.Message)
	}
	return ids
}

func TestParkedMessagesAreListedInPages(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		var all []chatid.MessageID // newest first
		for _, v := range []chatid.VisitorID{"v1", "v2", "v3", "v4", "v5"} {
			all = append([]chatid.MessageID{w.park(t, v, "x", "refused_by_crm").ID}, all...)
		}
		list, err := w.Conversations().Parked(testContext, w.account, conversation.ParkedPlace{}, 2)
		must(t, err)
		if len(list) != 2 || list[0].Message != all[0] || list[0].Reason != "refused_by_crm" || list[0].Kind != "text" || list[0].At == 0 || list[0].Conversation == "" {
			t.Fatalf("first page %+v", list)
		}
		equal(t, "second page", w.parkedIDs(t, conversation.ParkedPlace{At: list[1].At, Message: list[1].Message}, 100), all[2:])
		n, err := w.Conversations().CountParked(testContext, w.account)
		must(t, err)
		equal(t, "count", n, 5)
		other := w.newAccount(t, 2)
		n, err = w.Conversations().CountParked(testContext, other)
		must(t, err)
		equal(t, "another account's count", n, 0)
	})
}

func TestResendPutsTheSameJobAtTheEndOfTheLane(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		one := w.write(t, w.inbound("v1", "one"))
		two := w.write(t, w.inbound("v1", "two"))
		one.Job.Uncertain = true
		w.settle(t, *one.Claim, *one.Job, w.parkOutcome(one.Message, "unknown_outcome"))
		saved, err := w.Conversations().ResendParked(testContext, w.account, one.Message.ID, w.holder())
		must(t, err)
		if saved.Claim != nil || saved.Message.Status != conversation.Stored || saved.Message.ErrorCode != "" || saved.Visitor != "v1" {
			t.Errorf("saved %+v, want a stored message in a lane that has an owner", saved)
		}
		jobs := w.jobs(t, *one.Claim)
		if len(jobs) != 2 || jobs[0].Seq != two.Message.Seq || string(jobs[1].Payload) == "" || !jobs[1].Uncertain || jobs[1].Kind != conversation.JobMessage || jobs[1].Attempts != 0 {
			t.Fatalf("jobs %+v, want two's and then one's, still in doubt", jobs)
		}
		equal(t, "payload", string(jobs[1].Payload), string(one.Job.Payload))
		got := w.all(t, one.Message.Conversation)
		last := got[len(got)-1]
		if last.ID != one.Message.ID || last.Status != conversation.Stored || last.Seq != one.Message.Seq || last.At != one.Message.At || last.Rev != saved.Message.Rev {
			t.Errorf("message %+v, want the old place under a new rev", last)
		}
		_, err = w.Conversations().ResendParked(testContext, w.account, one.Message.ID, w.holder())
		wantKind(t, err, fault.NotFound, "not_found")

		// Parked again, and sent again into an idle lane.
		w.settle(t, *one.Claim, jobs[0], doneOutcome)
		w.settle(t, *one.Claim, jobs[1], w.parkOutcome(one.Message, "unknown_outcome"))
		saved, err = w.Conversations().ResendParked(testContext, w.account, one.Message.ID, w.holder())
		must(t, err)
		if saved.Claim == nil || saved.Job == nil || !saved.Job.Uncertain || string(saved.Job.Payload) != string(one.Job.Payload) {
			t.Fatalf("saved %+v, want the lane", saved)
		}
		w.settle(t, *saved.Claim, *saved.Job, outbox.Outcome{Verdict: outbox.Done, Effects: []outbox.Effect{
			conversation.MessageSent{Conversation: one.Message.Conversation, Message: one.Message.ID, Ref: "r1"}}})
		got = w.all(t, one.Message.Conversation)
		if last := got[len(got)-1]; last.Status != conversation.Delivered || last.Ref != "r1" {
			t.Errorf("message %+v, want delivered", last)
		}
		equal(t, "parked", len(w.parkedIDs(t, conversation.ParkedPlace{}, 100)), 0)
	})
}

func TestParkedMessagesOfOthersCannotBeTouched(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		m := w.park(t, "v1", "mine", "refused_by_crm")
		other := w.newAccount(t, 2)
		_, err := w.Conversations().ResendParked(testContext, other, m.ID, w.holder())
		wantKind(t, err, fault.NotFound, "not_found")
		wantKind(t, w.Conversations().DropParked(testContext, other, m.ID), fault.NotFound, "not_found")
		equal(t, "parked", w.parkedIDs(t, conversation.ParkedPlace{}, 100), []chatid.MessageID{m.ID})
	})
}

func TestDroppedMessageStaysFailed(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		m := w.park(t, "v1", "one", "refused_by_crm")
		must(t, w.Conversations().DropParked(testContext, w.account, m.ID))
		wantKind(t, w.Conversations().DropParked(testContext, w.account, m.ID), fault.NotFound, "not_found")
		got := w.all(t, m.Conversation)
		if len(got) != 1 || got[0].Status != conversation.Failed || got[0].ErrorCode != "refused_by_crm" {
			t.Errorf("message %+v", got)
		}
		equal(t, "parked", len(w.parkedIDs(t, conversation.ParkedPlace{}, 100)), 0)
	})
}

// Ten resend one message at once: it is sent once.
func TestResendInParallel(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		m := w.park(t, "v1", "one", "refused_by_crm")
		done := make(chan error)
		for range 10 {
			h := w.holder()
			go func() {
				_, err := w.Conversations().ResendParked(testContext, w.account, m.ID, h)
				done <- err
			}()
		}
		sent := 0
		for range 10 {
			if err := <-done; err == nil {
				sent++
			} else if !fault.Is(err, fault.NotFound) {
				t.Error(err)
			}
		}
		equal(t, "sent", sent, 1)
	})
}

func TestOnlyWhatFailedForGoodIsParked(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.write(t, w.inbound("v1", "one"))
		w.settle(t, *s.Claim, *s.Job, outbox.Outcome{Verdict: outbox.Later, At: w.now, Counted: true})
		c := w.claimDue(t, 10)
		w.settle(t, c[0], w.jobs(t, c[0])[0], outbox.Outcome{Verdict: outbox.Never}) // a report that was dropped
		equal(t, "parked", len(w.parkedIDs(t, conversation.ParkedPlace{}, 100)), 0)
	})
}
