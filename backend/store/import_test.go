package store

import (
	"testing"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
)

// imported is one message of a history that is brought in.
func (w *world) imported(v chatid.VisitorID, text string, d conversation.Direction, at time.Time) conversation.NewImport {
	return conversation.NewImport{
		Message: conversation.Message{
			ID: chatid.MessageID(w.id()), Account: w.account, ClientID: chatid.ClientID(w.id()), At: at.UnixMilli(),
			Direction: d, Kind: "text", Text: text,
		},
		Visitor: conversation.Visitor{ID: v, Account: w.account, Chat: chat, Name: "Ann"}, Conversation: chatid.ConversationID(w.id()),
		Source: "main", Silent: true, Holder: w.holder(),
	}
}

func (w *world) take(t testing.TB, in conversation.NewImport) conversation.Saved {
	t.Helper()
	s, err := w.Conversations().SaveImport(testContext, in)
	must(t, err)
	return s
}

// C §3.4.8: old times, silent, and who of the company said it.
func TestImportKeepsItsTimesAndAuthors(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		asked := w.imported("v1", "Is it there?", conversation.Inbound, start.Add(-48*time.Hour))
		first := w.take(t, asked)
		equal(t, "visitor's", payload[conversation.MessageJob](t, first.Job, conversation.JobMessage), conversation.MessageJob{
			Message: asked.Message.ID, At: start.Add(-48 * time.Hour).UnixMilli(), Text: "Is it there?", Visitor: "v1", Name: "Ann", Source: "main", Silent: true,
		})
		w.settle(t, *first.Claim, *first.Job, sentOutcome(first.Message, "r1"))
		said := w.imported("v1", "Yes.", conversation.Outbound, start.Add(-47*time.Hour))
		said.Author, said.Silent = &conversation.JobAuthor{Ref: "u1", Name: "Oleg"}, false
		said.Message.AuthorName, said.Message.AuthorRef = "Oleg", "u1"
		second := w.take(t, said)
		equal(t, "company's", payload[conversation.MessageJob](t, second.Job, conversation.JobMessage), conversation.MessageJob{
			Message: said.Message.ID, At: start.Add(-47 * time.Hour).UnixMilli(), Text: "Yes.", Visitor: "v1", Name: "Ann", Source: "main",
			Author: &conversation.JobAuthor{Ref: "u1", Name: "Oleg"},
		})
		if second.Message.Conversation != first.Message.Conversation || second.Message.Seq <= first.Message.Seq || second.Visitor != "v1" {
			t.Errorf("second = %+v", second)
		}
		w.drain(t, *second.Claim)
		// What is written now stands behind all of it.
		w.now = start.Add(-47 * time.Hour)
		if now := w.write(t, w.inbound("v1", "now")).Message; now.At != said.Message.At+1 {
			t.Errorf("At = %d, want right behind %d", now.At, said.Message.At)
		}
	})
}

func TestRepeatedImportChangesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		in := w.imported("v1", "Hello", conversation.Inbound, start.Add(-time.Hour))
		first := w.take(t, in)
		in.Message.ID, in.Conversation = chatid.MessageID(w.id()), chatid.ConversationID(w.id())
		if got := w.take(t, in); !got.Duplicate || got.Job != nil || got.Claim != nil {
			t.Errorf("repeat = %+v", got)
		}
		equal(t, "counter", w.thread(t, first.Message.Conversation).Seq, 1)
		equal(t, "jobs", len(w.jobs(t, *first.Claim)), 1)
	})
}

// C §10: a delivery status is for what was written in the CRM. What we brought
// there ourselves has none, though it is outbound and has an id of theirs.
func TestImportedMessagesAreNotReported(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		said := w.imported("v1", "Welcome", conversation.Outbound, start)
		said.Author = &conversation.JobAuthor{}
		first := w.take(t, said)
		w.settle(t, *first.Claim, *first.Job, sentOutcome(first.Message, "r1"))
		c := first.Message.Conversation
		answer := w.outbound(c, "Hi")
		m := w.receive(t, answer).Message
		r := w.report(t, c, m.Seq, m.Seq)
		equal(t, "job", statusOf(t, r.Job), conversation.StatusJob{Ref: answer.Message.Ref, Status: conversation.Read})
		equal(t, "jobs", len(w.jobs(t, *r.Claim)), 1)
		equal(t, "shown as read", w.stored(t, said.Message.ID).Status, conversation.Read)
	})
}

// C §3.7: our msgid names an imported message, also before it was delivered.
func TestReactionToAnImportedMessage(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		said := w.imported("v1", "Welcome", conversation.Outbound, start)
		said.Author = &conversation.JobAuthor{}
		first := w.take(t, said)
		_, err := w.Conversations().SaveReaction(testContext, w.change(first.Message.Conversation, said.Message.ID), "👍")
		must(t, err)
		jobs := w.jobs(t, *first.Claim)
		equal(t, "jobs", len(jobs), 2)
		equal(t, "reaction", payload[conversation.ReactJob](t, &jobs[1], conversation.JobReact),
			conversation.ReactJob{Message: said.Message.ID, Visitor: "v1", Emoji: "👍"})
	})
}
