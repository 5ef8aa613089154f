package store

import (
	"encoding/json"
	"testing"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/outbox"
)

// payload reads a job's payload.
func payload[T any](t testing.TB, j *outbox.Job, kind outbox.Kind) (p T) {
	t.Helper()
	if j == nil || j.Kind != kind {
		t.Fatalf("job = %+v, want one of kind %q", j, kind)
	}
	must(t, json.Unmarshal(j.Payload, &p))
	return p
}

// delivered makes a message of the visitor that the chats service has by ref.
func (w *world) delivered(t testing.TB, v chatid.VisitorID, text string, ref chatid.MessageRef) conversation.Message {
	t.Helper()
	s := w.write(t, w.inbound(v, text))
	w.settle(t, *s.Claim, *s.Job, sentOutcome(s.Message, ref))
	return s.Message
}

func sentOutcome(m conversation.Message, ref chatid.MessageRef) outbox.Outcome {
	return outbox.Outcome{Verdict: outbox.Done, Effects: []outbox.Effect{
		conversation.MessageSent{Conversation: m.Conversation, Message: m.ID, Ref: ref},
	}}
}

func failedOutcome(m conversation.Message) outbox.Outcome {
	return outbox.Outcome{Verdict: outbox.Never, Effects: []outbox.Effect{
		conversation.MessageFailed{Conversation: m.Conversation, Message: m.ID, Code: "refused_by_crm"},
	}}
}

func (w *world) change(c chatid.ConversationID, id chatid.MessageID) conversation.Change {
	return conversation.Change{Account: w.account, Conversation: c, Message: id, Visitor: "v1", Holder: w.holder()}
}

func (w *world) stored(t testing.TB, id chatid.MessageID) conversation.Message {
	t.Helper()
	list, err := w.messages(testContext, `WHERE id = ?`, string(id))
	must(t, err)
	if len(list) != 1 {
		t.Fatalf("%d messages have the id %s", len(list), id)
	}
	return list[0]
}

func (w *world) thread(t testing.TB, c chatid.ConversationID) conversation.Conversation {
	t.Helper()
	th, err := w.Conversations().Conversation(testContext, w.account, c)
	must(t, err)
	return th
}

// TestEditRules: whose message, of which kind and how old it may be.
func TestEditRules(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Conversations()
		own := w.delivered(t, "v1", "Hello", "r1")
		c := own.Conversation
		failed := w.write(t, w.inbound("v1", "parked"))
		w.settle(t, *failed.Claim, *failed.Job, failedOutcome(failed.Message))
		operators := w.receive(t, w.outbound(c, "Hi")).Message
		point := w.inbound("v1", "")
		point.Message.Kind, point.Message.Location = conversation.KindLocation, &conversation.Location{Lat: 1, Lon: 2}
		location := w.write(t, point)
		w.drain(t, *location.Claim)
		rowed := w.outbound(c, "choose")
		rowed.Message.Markup = &conversation.Markup{List: &conversation.List{Button: "b", Sections: []conversation.Section{
			{Rows: []conversation.Row{{Callback: "cb", Title: "One"}}}}}}
		list := w.receive(t, rowed).Message
		in := w.inbound("v1", "One")
		in.Press, in.Message.Callback = &conversation.Press{Message: list.ID, Text: "One", Callback: "cb"}, "cb"
		chosen := w.write(t, in)
		w.drain(t, *chosen.Claim)
		before := w.thread(t, c).Seq

		for name, e := range map[string]struct {
			change conversation.Change
			kind   fault.Kind
			code   string
		}{
			"nobody's message":           {w.change(c, "none"), fault.NotFound, "no_such_message"},
			"an operator's":              {w.change(c, operators.ID), fault.Invalid, "not_editable"},
			"one that failed":            {w.change(c, failed.Message.ID), fault.Invalid, "not_editable"},
			"a location":                 {w.change(c, location.Message.ID), fault.Invalid, "not_editable"},
			"a row that was chosen":      {w.change(c, chosen.Message.ID), fault.Invalid, "not_editable"},
			"of another conversation":    {w.change(w.known(t, "v2"), own.ID), fault.NotFound, "no_such_message"},
			"a conversation of no one's": {w.change("none", own.ID), fault.NotFound, "not_found"},
		} {
			_, err := s.SaveEdit(testContext, e.change, "x", start)
			if !fault.Is(err, e.kind) || fault.CodeOf(err) != e.code {
				t.Errorf("%s: %v, want %v %q", name, err, e.kind, e.code)
			}
		}
		_, err := s.SaveEdit(testContext, w.change(c, own.ID), "x", start.Add(time.Millisecond))
		wantKind(t, err, fault.Invalid, "not_editable") // one millisecond too old
		equal(t, "counter after refusals", w.thread(t, c).Seq, before)

		w.now = start.Add(time.Hour)
		got, err := s.SaveEdit(testContext, w.change(c, own.ID), "Hello!", start)
		must(t, err)
		if got.Duplicate || got.Visitor != "v1" || got.Message.Rev != before+1 || got.Message.Text != "Hello!" || !got.Message.EditedAt.Equal(w.now) {
			t.Errorf("edited = %+v", got)
		}
		// C §3.4.6: our msgid names it, in its own conversation.
		equal(t, "job", payload[conversation.EditJob](t, got.Job, conversation.JobEdit),
			conversation.EditJob{Message: own.ID, Kind: "text", Text: "Hello!", At: w.now.UnixMilli()})
		equal(t, "stored", w.stored(t, own.ID), got.Message)
		if own = w.stored(t, own.ID); own.Seq != 1 || own.At != start.UnixMilli() || own.Status != conversation.Delivered || own.Ref != "r1" {
			t.Errorf("an edit moved the message: %+v", own)
		}
		// The same text again is no edit.
		again, err := s.SaveEdit(testContext, w.change(c, own.ID), "Hello!", start)
		if err != nil || !again.Duplicate || again.Job != nil || w.thread(t, c).Seq != before+1 {
			t.Errorf("repeat = %+v, %v", again, err)
		}
	})
}

// An edit of a message that still waits goes out behind it.
func TestEditWaitsBehindItsMessage(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		m := w.write(t, w.inbound("v1", "one"))
		got, err := w.Conversations().SaveEdit(testContext, w.change(m.Message.Conversation, m.Message.ID), "two", start)
		must(t, err)
		if got.Claim != nil {
			t.Error("claimed a lane that is taken")
		}
		jobs := w.jobs(t, *m.Claim)
		if len(jobs) != 2 || jobs[0].Kind != conversation.JobMessage || jobs[1].Kind != conversation.JobEdit {
			t.Fatalf("jobs = %+v", jobs)
		}
		equal(t, "text that goes out first", payload[conversation.MessageJob](t, &jobs[0], conversation.JobMessage).Text, "one")
	})
}

func TestVisitorsReactions(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Conversations()
		own := w.delivered(t, "v1", "Hello", "r1")
		c := own.Conversation
		theirs := w.receive(t, w.outbound(c, "Hi")).Message
		react := func(id chatid.MessageID, emoji string) conversation.Saved {
			t.Helper()
			got, err := s.SaveReaction(testContext, w.change(c, id), emoji)
			must(t, err)
			if got.Claim != nil {
				w.drain(t, *got.Claim)
			}
			return got
		}
		// C §3.7: ours by msgid, the CRM's by its own id.
		equal(t, "to an operator's", payload[conversation.ReactJob](t, react(theirs.ID, "👍").Job, conversation.JobReact),
			conversation.ReactJob{Ref: theirs.Ref, Visitor: "v1", Emoji: "👍"})
		equal(t, "to one's own", payload[conversation.ReactJob](t, react(own.ID, "🙂").Job, conversation.JobReact),
			conversation.ReactJob{Message: own.ID, Visitor: "v1", Emoji: "🙂"})
		equal(t, "another one", payload[conversation.ReactJob](t, react(theirs.ID, "🔥").Job, conversation.JobReact).Emoji, "🔥")
		equal(t, "it replaces the first", w.stored(t, theirs.ID).Reactions, []conversation.Reaction{{Emoji: "🔥"}})
		if got := react(theirs.ID, "🔥"); !got.Duplicate || got.Job != nil {
			t.Errorf("repeat = %+v", got)
		}
		equal(t, "taken back", payload[conversation.ReactJob](t, react(theirs.ID, "").Job, conversation.JobReact),
			conversation.ReactJob{Ref: theirs.Ref, Visitor: "v1"})
		equal(t, "none left", len(w.stored(t, theirs.ID).Reactions), 0)
		if got := react(theirs.ID, ""); !got.Duplicate {
			t.Errorf("taking back nothing = %+v", got)
		}
		// C §4.7: the service has no name for a v1 hook's message; it is shown here alone.
		v1 := w.outbound(c, "old")
		v1.Message.Ref = "v1:abc"
		old := w.receive(t, v1).Message
		if got := react(old.ID, "👍"); got.Job != nil || got.Duplicate || len(w.stored(t, old.ID).Reactions) != 1 {
			t.Errorf("to a v1 hook's = %+v", got)
		}
		failed := w.write(t, w.inbound("v1", "parked"))
		w.settle(t, *failed.Claim, *failed.Job, failedOutcome(failed.Message))
		ended, err := s.SaveEnd(testContext, conversation.End{Account: w.account, Conversation: c, ID: "e1", Holder: w.holder()})
		must(t, err)
		for name, id := range map[string]chatid.MessageID{"one that failed": failed.Message.ID, "the end": ended.Message.ID, "none": "none"} {
			if _, err := s.SaveReaction(testContext, w.change(c, id), "👍"); !fault.Is(err, fault.NotFound) || fault.CodeOf(err) != "no_such_message" {
				t.Errorf("to %s: %v", name, err)
			}
		}
	})
}

// C §4.5: a reaction names its message by our id, by theirs, or by both; one that
// was written in the CRM has only theirs.
func TestOperatorsReactions(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Conversations()
		own := w.delivered(t, "v1", "Hello", "r1")
		theirs := w.receive(t, w.outbound(own.Conversation, "Hi")).Message
		react := func(r conversation.OperatorReaction) conversation.Saved {
			t.Helper()
			r.Account = w.account
			got, err := s.SaveOperatorReaction(testContext, r)
			must(t, err)
			if got.Job != nil || got.Claim != nil {
				t.Errorf("an operator's own reaction is told back: %+v", got)
			}
			return got
		}
		react(conversation.OperatorReaction{Message: own.ID, By: "u2", Emoji: "🔥"})
		react(conversation.OperatorReaction{Ref: "r1", By: "u1", Emoji: "👍"})
		got := react(conversation.OperatorReaction{Message: own.ID, Ref: "r1", By: "u1", Emoji: "🙂"})
		if got.Visitor != "v1" || got.Message.Rev != w.thread(t, own.Conversation).Seq {
			t.Errorf("saved = %+v", got)
		}
		equal(t, "one each", w.stored(t, own.ID).Reactions, []conversation.Reaction{{Emoji: "🙂", By: "u1"}, {Emoji: "🔥", By: "u2"}})
		react(conversation.OperatorReaction{Ref: theirs.Ref, By: "u1", Emoji: "👍"})
		equal(t, "to an operator's", w.stored(t, theirs.ID).Reactions, []conversation.Reaction{{Emoji: "👍", By: "u1"}})
		before := w.thread(t, own.Conversation).Seq
		for name, r := range map[string]conversation.OperatorReaction{
			"a repeat":            {Ref: "r1", By: "u2", Emoji: "🔥"},
			"taking back nothing": {Ref: "r1", By: "u3"},
			"nobody's":            {Ref: "r1", Emoji: "👍"},
		} {
			if got := react(r); !got.Duplicate {
				t.Errorf("%s = %+v", name, got)
			}
		}
		equal(t, "counter after nothing new", w.thread(t, own.Conversation).Seq, before)
		react(conversation.OperatorReaction{Ref: "r1", By: "u2"})
		equal(t, "taken back", w.stored(t, own.ID).Reactions, []conversation.Reaction{{Emoji: "🙂", By: "u1"}})
		// The visitor's own stands beside theirs.
		_, err := s.SaveReaction(testContext, w.change(own.Conversation, own.ID), "❤️")
		must(t, err)
		equal(t, "all", w.stored(t, own.ID).Reactions, []conversation.Reaction{{Emoji: "❤️"}, {Emoji: "🙂", By: "u1"}})
		for name, r := range map[string]conversation.OperatorReaction{"nothing named": {By: "u1", Emoji: "👍"}, "unknown": {Ref: "r9", By: "u1", Emoji: "👍"}} {
			r.Account = w.account
			if _, err := s.SaveOperatorReaction(testContext, r); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, err = s.SaveOperatorReaction(testContext, conversation.OperatorReaction{Account: w.newAccount(t, 2), Message: own.ID, Ref: "r1", By: "u1", Emoji: "👍"})
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("an account reacted in another: %v", err)
		}
	})
}

// design.md §4: a conversation is open or ended; either side's next message opens it.
func TestEndAndReopen(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Conversations()
		c := w.known(t, "v1")
		must(t, s.SaveTalk(testContext, w.account, c, conversation.Talk{ID: 77}))
		w.now = w.now.Add(-time.Hour) // the clock was set back: the end still stands last
		end := conversation.End{Account: w.account, Conversation: c, ID: "e1", ByVisitor: true, Holder: w.holder()}
		got, err := s.SaveEnd(testContext, end)
		must(t, err)
		m := got.Message
		if m.Kind != conversation.KindEnded || m.Seq != 2 || m.At != start.UnixMilli()+1 || got.Visitor != "v1" {
			t.Errorf("ended = %+v", got)
		}
		equal(t, "job", payload[conversation.CloseJob](t, got.Job, conversation.JobClose), conversation.CloseJob{Talk: 77})
		equal(t, "stored", w.stored(t, "e1"), m)
		if th := w.thread(t, c); !th.EndedAt.Equal(w.now) || th.Talk != 77 {
			t.Errorf("conversation = %+v", th)
		}
		if n, err := s.Unread(testContext, c); n != 0 || err != nil {
			t.Errorf("Unread = %d, %v: the end is nobody's message", n, err)
		}
		w.drain(t, *got.Claim)
		end.ID = "e2"
		if again, err := s.SaveEnd(testContext, end); err != nil || !again.Duplicate || again.Job != nil || len(w.all(t, c)) != 2 {
			t.Errorf("repeat = %+v, %v", again, err)
		}
		w.now = start.Add(time.Hour)
		w.drain(t, *w.write(t, w.inbound("v1", "once more")).Claim)
		if th := w.thread(t, c); !th.EndedAt.IsZero() {
			t.Errorf("ended still after the visitor wrote: %+v", th)
		}
		// The CRM closed the talk: nothing is to be told there.
		end = conversation.End{Account: w.account, Conversation: c, ID: "e3", Holder: w.holder()}
		if got, err = s.SaveEnd(testContext, end); err != nil || got.Duplicate || got.Job != nil || got.Claim != nil {
			t.Errorf("ended by the CRM = %+v, %v", got, err)
		}
		w.receive(t, w.outbound(c, "Hi"))
		if th := w.thread(t, c); !th.EndedAt.IsZero() {
			t.Errorf("ended still after an operator wrote: %+v", th)
		}
	})
}

// design.md §2: the CRM's read state becomes "read" for the visitor.
func TestReadByOperators(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Conversations()
		a := w.delivered(t, "v1", "a", "r1")
		c := a.Conversation
		w.now = w.now.Add(time.Second)
		b := w.delivered(t, "v1", "b", "r2")
		theirs := w.receive(t, w.outbound(c, "Hi")).Message
		w.now = w.now.Add(time.Second)
		waiting := w.write(t, w.inbound("v1", "not there yet")).Message
		read := func(until int64) conversation.Reported {
			t.Helper()
			r, err := s.SaveRead(testContext, w.account, c, until)
			must(t, err)
			return r
		}
		if r := read(a.At - 1); r.Changed != 0 {
			t.Errorf("read before the first: %+v", r)
		}
		if r := read(a.At); r.Changed != 1 || r.Rev != w.thread(t, c).Seq {
			t.Errorf("read = %+v", r)
		}
		if r := read(waiting.At + 1000); r.Changed != 1 {
			t.Errorf("read all = %+v, want b alone: the last has not arrived there", r)
		}
		if r := read(waiting.At + 1000); r.Changed != 0 {
			t.Errorf("repeat = %+v", r)
		}
		for id, want := range map[chatid.MessageID]conversation.Status{
			a.ID: conversation.Read, b.ID: conversation.Read, waiting.ID: conversation.Stored, theirs.ID: conversation.Stored,
		} {
			if got := w.stored(t, id).Status; got != want {
				t.Errorf("status of %s = %v, want %v", id, got, want)
			}
		}
	})
}
