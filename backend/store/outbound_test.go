package store

import (
	"encoding/json"
	"fmt"
	"testing"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/outbox"
)

// known makes a visitor's thread whose lane is idle.
func (w *world) known(t testing.TB, v chatid.VisitorID) chatid.ConversationID {
	t.Helper()
	s := w.write(t, w.inbound(v, "Hello"))
	w.drain(t, *s.Claim)
	return s.Message.Conversation
}

func statusOf(t testing.TB, j *outbox.Job) conversation.StatusJob {
	t.Helper()
	if j == nil || j.Kind != conversation.JobStatus {
		t.Fatalf("job = %+v, want a status", j)
	}
	var s conversation.StatusJob
	if err := json.Unmarshal(j.Payload, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOutboundIsStoredInTheVisitorsThread(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		c := w.known(t, "v1")
		in := w.outbound(c, "Hi")
		in.Chat, in.User, in.Message.At = "c1", "u1", 42
		got := w.receive(t, in)
		want := in.Message
		want.Conversation, want.Seq, want.Rev = c, 2, 2
		equal(t, "saved", got, conversation.Saved{Message: want, Visitor: "v1", Whole: true})
		other := w.outbound("", "by their id")
		other.Chat = "c1"
		equal(t, "thread found by chat", w.receive(t, other).Message.Conversation, c)
		th, _ := w.Conversations().Conversation(testContext, w.account, c)
		if th.ChatRef != "c1" || th.UserRef != "u1" || th.Seq != 3 {
			t.Errorf("conversation = %+v", th)
		}
		n, err := w.Conversations().Unread(testContext, c)
		if n != 2 || err != nil {
			t.Errorf("Unread = %d, %v; want 2", n, err)
		}
	})
}

func TestRepeatedHookChangesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		c := w.known(t, "v1")
		in := w.outbound(c, "Hi")
		first := w.receive(t, in)
		in.Message.ID, in.Message.Text = chatid.MessageID(w.id()), "other"
		got := w.receive(t, in)
		first.Duplicate, first.Whole = true, false
		equal(t, "repeat", got, first)
		th, _ := w.Conversations().Conversation(testContext, w.account, c)
		equal(t, "seq", th.Seq, 2)
		// Another account may have the same ref.
		w.account = w.newAccount(t, 2)
		in.Message.Account, in.Message.ID, in.NewConversation = w.account, chatid.MessageID(w.id()), chatid.ConversationID(w.id())
		if w.receive(t, in).Duplicate {
			t.Error("a ref of another account counts as a repeat")
		}
	})
}

// C §8.4: whom an operator writes to first must be found out.
func TestHookForNobodyMakesAThreadWithoutAVisitorAndAsksForIt(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		in := w.outbound("unknown", "Hi")
		in.Chat = "c9"
		got := w.receive(t, in)
		if got.Visitor != "" || got.Claim == nil || got.Message.Status != conversation.Stored {
			t.Errorf("saved = %+v", got)
		}
		if got.Job == nil || got.Job.Kind != conversation.JobWroteFirst || string(got.Job.Payload) != fmt.Sprintf(`{"message":%q,"ref":%q,"chat":"c9","user":"","phone":"+79990001122"}`, got.Message.ID, in.Message.Ref) {
			t.Errorf("job = %+v", got.Job)
		}
		again := w.outbound("unknown", "Hi again")
		again.Chat = "c9"
		equal(t, "thread of the second", w.receive(t, again).Message.Conversation, got.Message.Conversation)
		// The thread of another account is nobody's here.
		c := w.known(t, "v1")
		w.account = w.newAccount(t, 2)
		if s := w.receive(t, w.outbound(c, "Hi")); s.Message.Conversation == c || s.Visitor != "" {
			t.Errorf("an account wrote into another's thread: %+v", s)
		}
	})
}

func TestRefusedKindIsStoredAsFailedAndReported(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		c := w.known(t, "v1")
		in := w.outbound(c, "")
		in.Message.Kind = "picture"
		in.KindRefused = &conversation.StatusJob{Status: conversation.Failed, Code: 905, Text: "delivery.unsupported_kind"}
		got := w.receive(t, in)
		if got.Message.Status != conversation.Failed || got.Message.ErrorCode != "delivery.unsupported_kind" || got.Visitor != "v1" {
			t.Errorf("saved = %+v", got)
		}
		equal(t, "status", statusOf(t, got.Job), conversation.StatusJob{Ref: in.Message.Ref, Status: conversation.Failed, Code: 905, Text: "delivery.unsupported_kind"})
		if n, _ := w.Conversations().Unread(testContext, c); n != 0 {
			t.Errorf("Unread = %d, want 0: nobody can see it", n)
		}
	})
}

// C §4: a v1 hook has no message id, so nothing can be reported about it.
func TestV1HooksGetNoStatus(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		in := w.outbound("unknown", "Hi")
		in.Message.Ref, in.WroteFirst = "v1:abc", conversation.WroteFirstJob{}
		if got := w.receive(t, in); got.Job != nil || got.Claim != nil || got.Message.Status != conversation.Failed || got.Message.ErrorCode != "delivery.unknown_conversation" {
			t.Errorf("saved = %+v", got)
		}
		c := w.known(t, "v1")
		in = w.outbound(c, "Hi")
		in.Message.Ref = "v1:def"
		m := w.receive(t, in).Message
		r := w.report(t, c, m.Seq, m.Seq)
		if r.Changed != 1 || r.Job != nil || r.Claim != nil {
			t.Errorf("reported = %+v", r)
		}
	})
}

func (w *world) report(t testing.TB, c chatid.ConversationID, delivered, seen int64) conversation.Reported {
	t.Helper()
	r, err := w.Conversations().SaveReceipt(testContext, conversation.Receipt{
		Conversation: c, Delivered: delivered, Seen: seen, Holder: w.holder()})
	if err != nil {
		t.Fatalf("SaveReceipt: %v", err)
	}
	return r
}

func TestReceiptReportsEachMessageOnceInOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		c := w.known(t, "v1")
		a, b, d := w.outbound(c, "a"), w.outbound(c, "b"), w.outbound(c, "d")
		w.receive(t, a)
		w.receive(t, b)
		w.receive(t, d) // seq 2, 3, 4
		r := w.report(t, c, 2, 0)
		if r.Changed != 1 || r.Claim == nil {
			t.Fatalf("reported = %+v", r)
		}
		equal(t, "first", statusOf(t, r.Job), conversation.StatusJob{Ref: a.Message.Ref, Status: conversation.Delivered})
		claim := *r.Claim
		// Seen is more than delivered: b goes straight to read, d is delivered.
		if r = w.report(t, c, 4, 3); r.Changed != 3 || r.Claim != nil || r.Rev != 8 {
			t.Errorf("reported = %+v, want 3 changes, rev 8, the lane left to its owner", r)
		}
		var got []conversation.StatusJob
		for _, j := range w.jobs(t, claim) {
			got = append(got, statusOf(t, &j))
		}
		equal(t, "jobs", got, []conversation.StatusJob{
			{Ref: a.Message.Ref, Status: conversation.Delivered},
			{Ref: a.Message.Ref, Status: conversation.Read},
			{Ref: b.Message.Ref, Status: conversation.Read},
			{Ref: d.Message.Ref, Status: conversation.Delivered},
		})
		for _, again := range [][2]int64{{4, 3}, {2, 1}, {0, 0}} {
			if r = w.report(t, c, again[0], again[1]); r.Changed != 0 || r.Rev != 8 {
				t.Errorf("repeat %v = %+v", again, r)
			}
		}
		th, _ := w.Conversations().Conversation(testContext, w.account, c)
		if th.DeliveredSeq != 4 || th.SeenSeq != 3 || th.Seq != 8 {
			t.Errorf("conversation = %+v", th)
		}
		if n, _ := w.Conversations().Unread(testContext, c); n != 1 {
			t.Errorf("Unread = %d, want 1", n)
		}
	})
}

func TestHistoryIsOrderedByTimeThenSeq(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		c := w.known(t, "v1") // at start
		base := w.now.UnixMilli()
		for text, at := range map[string]int64{"late": base - 5} {
			in := w.outbound(c, text)
			in.Message.At = at
			w.receive(t, in)
		}
		for _, text := range []string{"same 1", "same 2"} {
			in := w.outbound(c, text)
			in.Message.At = base + 7
			w.receive(t, in)
		}
		texts := func(p conversation.Place, limit int) (list []string) {
			t.Helper()
			msgs, err := w.Conversations().Before(testContext, c, p, limit)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range msgs {
				list = append(list, m.Text)
			}
			return list
		}
		equal(t, "all", texts(conversation.Place{}, 10), []string{"late", "Hello", "same 1", "same 2"})
		equal(t, "newest two", texts(conversation.Place{}, 2), []string{"same 1", "same 2"})
		equal(t, "before the second of one moment", texts(conversation.Place{At: base + 7, Seq: 4}, 2), []string{"Hello", "same 1"})
		since, err := w.since(c, 2, 1)
		if err != nil || len(since) != 1 || since[0].Rev != 3 {
			t.Errorf("Since = %+v, %v", since, err)
		}
	})
}

// TestSinceIsOfOneVisitorInOneChat: a stream reads nothing of anybody else.
func TestSinceIsOfOneVisitorInOneChat(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.known(t, "v1")
		w.known(t, "v2")
		for _, c := range []struct {
			name    string
			account chatid.AccountID
			chat    chatid.ChatID
			visitor chatid.VisitorID
			want    int
		}{
			{"their own", w.account, chat, "v1", 1},
			{"another chat", w.account, "other", "v1", 0},
			{"another account", "other", chat, "v1", 0},
			{"a visitor who never wrote", w.account, chat, "v3", 0},
			{"threads without a visitor", w.account, "", "", 0},
		} {
			list, err := w.Conversations().Since(testContext, conversation.Who{Account: c.account, Chat: c.chat, Visitor: c.visitor}, 0, 10)
			must(t, err)
			equal(t, c.name, len(list), c.want)
		}
	})
}
