package store

import (
	"encoding/json"
	"testing"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
)

func TestFirstInboundOpensTheThreadAndClaimsItsLane(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		in := w.inbound("v1", "Hello")
		in.Visitor.Name, in.Visitor.Email = "Ann", "ann@example.com"
		got := w.write(t, in)
		want := in.Message
		want.Conversation, want.Seq, want.Rev, want.At = in.Conversation, 1, 1, w.now.UnixMilli()
		equal(t, "message", got.Message, want)
		equal(t, "visitor", got.Visitor, "v1")
		if got.Claim == nil || got.Job == nil || got.Claim.Token != in.Token || !got.Claim.Until.Equal(w.now.Add(lease)) {
			t.Fatalf("claim = %+v, job = %+v", got.Claim, got.Job)
		}
		var p conversation.MessageJob
		if err := json.Unmarshal(got.Job.Payload, &p); err != nil {
			t.Fatal(err)
		}
		equal(t, "payload", p, conversation.MessageJob{Message: want.ID, At: want.At, Text: "Hello", Visitor: "v1", Name: "Ann", Email: "ann@example.com", Source: "main"})
		equal(t, "stored jobs", w.jobs(t, *got.Claim)[0], *got.Job)
		c, err := w.Conversations().ConversationOf(testContext, w.account, chat, "v1")
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "conversation", c, conversation.Conversation{ID: in.Conversation, Account: w.account, Chat: chat, Visitor: "v1", Seq: 1, CreatedAt: w.now})
	})
}

func TestSecondInboundIsLeftToTheLanesOwner(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		first := w.write(t, w.inbound("v1", "one"))
		second := w.write(t, w.inbound("v1", "two"))
		if second.Claim != nil || second.Job != nil {
			t.Errorf("claimed a lane that is taken: %+v", second.Claim)
		}
		if second.Message.Conversation != first.Message.Conversation || second.Message.Seq != 2 {
			t.Errorf("second = %+v", second.Message)
		}
		if got := second.Message.At - first.Message.At; got != 1 {
			t.Errorf("in the same millisecond At rose by %d, want 1", got)
		}
		w.now = w.now.Add(-time.Hour) // the clock was set back
		third := w.write(t, w.inbound("v1", "three"))
		if third.Message.At <= second.Message.At {
			t.Errorf("At = %d after %d", third.Message.At, second.Message.At)
		}
		equal(t, "jobs", len(w.jobs(t, *first.Claim)), 3)
	})
}

func TestVisitorsEmptyFieldsAloneAreFilled(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		in := w.inbound("v1", "one")
		in.Visitor.Name = "Ann"
		w.drain(t, *w.write(t, in).Claim)
		in = w.inbound("v1", "two")
		in.Visitor.Name, in.Visitor.Phone = "Bob", "+100"
		w.drain(t, *w.write(t, in).Claim)
		got := w.write(t, w.inbound("v1", "three"))
		var p conversation.MessageJob
		if err := json.Unmarshal(got.Job.Payload, &p); err != nil {
			t.Fatal(err)
		}
		if p.Name != "Ann" || p.Phone != "+100" {
			t.Errorf("payload = %+v, want Ann, +100", p)
		}
	})
}

func TestRepeatedClientIDChangesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		in := w.inbound("v1", "one")
		first := w.write(t, in)
		again := in
		again.Message.ID, again.Message.Text, again.Conversation = chatid.MessageID(w.id()), "other", chatid.ConversationID(w.id())
		again.Visitor.Name = "Ann"
		got := w.write(t, again)
		if !got.Duplicate || got.Claim != nil || got.Job != nil {
			t.Errorf("repeat = %+v", got)
		}
		equal(t, "message", got.Message, first.Message)
		next := w.write(t, w.inbound("v1", "two"))
		equal(t, "next seq", next.Message.Seq, 2)
		equal(t, "jobs", len(w.jobs(t, *first.Claim)), 2)
		// Another visitor may use the same id.
		in.Visitor.ID, in.Message.ID = "v2", chatid.MessageID(w.id())
		in.Conversation = chatid.ConversationID(w.id())
		if w.write(t, in).Duplicate {
			t.Error("a client id of another conversation counts as a repeat")
		}
	})
}

func TestLaneHoldsAtMostMaxWaiting(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		in := w.inbound("v1", "one")
		in.MaxWaiting = 2
		claim := *w.write(t, in).Claim
		first := in
		in = w.inbound("v1", "two")
		in.MaxWaiting = 2
		w.write(t, in)
		in = w.inbound("v1", "three")
		in.MaxWaiting = 2
		_, err := w.Conversations().SaveInbound(testContext, in)
		wantKind(t, err, fault.Limited, "too_many_messages")
		if !w.write(t, first).Duplicate {
			t.Error("a repeat was refused because the lane is full")
		}
		w.settle(t, claim, w.jobs(t, claim)[0], doneOutcome)
		equal(t, "seq after the refusal", w.write(t, in).Message.Seq, 3)
	})
}

func TestInboundOfAPausedAccountWaits(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		saved := w.write(t, w.inbound("v1", "one"))
		until := w.now.Add(time.Minute)
		w.settle(t, *saved.Claim, *saved.Job, pauseOutcome(until))
		if got := w.write(t, w.inbound("v2", "two")); got.Claim != nil {
			t.Error("claimed a lane of a paused account")
		}
		if got := w.claimDue(t, 10); len(got) != 0 {
			t.Errorf("claimed %d lanes of a paused account", len(got))
		}
		next, ok, err := w.Outbox().NextDue(testContext)
		if err != nil || !ok || !next.Equal(until) {
			t.Errorf("NextDue = %v, %v, %v; want %v", next, ok, err, until)
		}
		w.now = until
		equal(t, "lanes after the pause", len(w.claimDue(t, 10)), 2)
	})
}

func TestVisitorOfAnotherAccountIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.write(t, w.inbound("v1", "one"))
		w.account = w.newAccount(t, 2)
		_, err := w.Conversations().SaveInbound(testContext, w.inbound("v1", "two"))
		wantKind(t, err, fault.Denied, "token_invalid")
	})
}
