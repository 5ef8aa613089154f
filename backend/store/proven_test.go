package store

import (
	"testing"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/outbox"
)

// proven reads what is stored of a visitor.
func (w *world) proven(t testing.TB, v chatid.VisitorID) (p conversation.Proven) {
	t.Helper()
	must(t, w.reader(testContext).row(`SELECT external_id, proven_phone, contact_id FROM visitors WHERE id = ?`, string(v)).
		Scan(&p.ExternalID, &p.Phone, &p.Contact))
	return p
}

// writeProven stores a message of a visitor of whom a token says p, and settles it.
func (w *world) writeProven(t testing.TB, v chatid.VisitorID, c chatid.ChatID, p conversation.Proven) conversation.MessageJob {
	t.Helper()
	in := w.inbound(v, "Hello")
	in.Visitor.Chat, in.Visitor.Proven = c, p
	s := w.write(t, in)
	job := payload[conversation.MessageJob](t, s.Job, conversation.JobMessage)
	w.drain(t, *s.Claim)
	return job
}

// What a token proves is stored with the first message, or with any later one.
func TestProofIsStoredWheneverItComes(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		token := conversation.Proven{ExternalID: "p1", Phone: "+79990001122", Contact: 501}
		equal(t, "contact to link to", w.writeProven(t, "v1", chat, token).Contact, 501)
		equal(t, "from the first message", w.proven(t, "v1"), token)
		w.writeProven(t, "v1", chat, conversation.Proven{})
		equal(t, "a message without a token takes nothing away", w.proven(t, "v1"), token)

		w.writeProven(t, "v2", chat, conversation.Proven{})
		for _, step := range []struct {
			name       string
			says, want conversation.Proven
		}{
			{"an id", conversation.Proven{ExternalID: "p2"}, conversation.Proven{ExternalID: "p2"}},
			{"a phone of the same person", conversation.Proven{ExternalID: "p2", Phone: "+100"}, conversation.Proven{ExternalID: "p2", Phone: "+100"}},
			{"a contact", conversation.Proven{ExternalID: "p2", Contact: 502}, conversation.Proven{ExternalID: "p2", Phone: "+100", Contact: 502}},
			{"a new phone", conversation.Proven{ExternalID: "p2", Phone: "+200"}, conversation.Proven{ExternalID: "p2", Phone: "+200", Contact: 502}},
			{"another person on the same device", conversation.Proven{ExternalID: "p3", Phone: "+300", Contact: 503}, conversation.Proven{ExternalID: "p2", Phone: "+200", Contact: 502}},
			{"a phone of nobody", conversation.Proven{Phone: "+400"}, conversation.Proven{ExternalID: "p2", Phone: "+200", Contact: 502}},
		} {
			job := w.writeProven(t, "v2", chat, step.says)
			equal(t, step.name, w.proven(t, "v2"), step.want)
			equal(t, step.name+": contact to link to", job.Contact, step.want.Contact)
		}
	})
}

// The same holds once the fields that a page may fill in are known: then no field
// of the visitor is empty.
func TestProofOfAVisitorWhoIsKnownWell(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		write := func(p conversation.Proven) conversation.MessageJob {
			t.Helper()
			in := w.inbound("v1", "Hello")
			in.Visitor.Name, in.Visitor.Phone, in.Visitor.Email = "Ann", "+100", "ann@example.org"
			in.Visitor.Proven = p
			s := w.write(t, in)
			w.drain(t, *s.Claim)
			return payload[conversation.MessageJob](t, s.Job, conversation.JobMessage)
		}
		write(conversation.Proven{ExternalID: "p1"})
		write(conversation.Proven{ExternalID: "p1", Phone: "+100"})
		equal(t, "a phone that was typed before it was proven", w.proven(t, "v1"), conversation.Proven{ExternalID: "p1", Phone: "+100"})
		equal(t, "contact to link to", write(conversation.Proven{ExternalID: "p1", Contact: 501}).Contact, 501)
		equal(t, "a contact", w.proven(t, "v1"), conversation.Proven{ExternalID: "p1", Phone: "+100", Contact: 501})
	})
}

// The same person in another chat of the account has a contact already (C §8.3).
func TestContactOfTheSamePersonInAnotherChat(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.writeProven(t, "v1", chat, conversation.Proven{ExternalID: "p1", Phone: "+100", Contact: 501})
		job := w.writeProven(t, "v2", "another", conversation.Proven{ExternalID: "p1"})
		equal(t, "contact to link to", job.Contact, 501)
		equal(t, "stored", w.proven(t, "v2"), conversation.Proven{ExternalID: "p1", Contact: 501}) // a phone is not copied
		equal(t, "of another person", w.writeProven(t, "v3", "another", conversation.Proven{ExternalID: "p3"}).Contact, 0)
		equal(t, "of somebody unknown", w.writeProven(t, "v4", "another", conversation.Proven{}).Contact, 0)
		w.account = w.newAccount(t, 2)
		equal(t, "in another account", w.writeProven(t, "v5", "another", conversation.Proven{ExternalID: "p1"}).Contact, 0)
	})
}

// Once the service has the chat there is nothing to link before its first message.
func TestContactIsNamedUntilTheChatIsKnown(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		in := w.inbound("v1", "Hello")
		in.Visitor.Proven = conversation.Proven{ExternalID: "p1", Contact: 501}
		s := w.write(t, in)
		w.settle(t, *s.Claim, *s.Job, outbox.Outcome{Verdict: outbox.Done, Effects: []outbox.Effect{
			conversation.MessageSent{Conversation: s.Message.Conversation, Message: s.Message.ID, Ref: "r1", Chat: "chat-1", User: "user-1"},
		}})
		equal(t, "contact", w.writeProven(t, "v1", chat, in.Visitor.Proven).Contact, 0)
	})
}

// Two devices of one person begin at once: the second is told to begin anew, and
// then is the first.
func TestExternalIDIsGivenOnceInAChat(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.writeProven(t, "v1", chat, conversation.Proven{ExternalID: "p1"})
		in := w.inbound("v2", "Hello")
		in.Visitor.Proven = conversation.Proven{ExternalID: "p1"}
		_, err := w.Conversations().SaveInbound(testContext, in)
		wantKind(t, err, fault.Denied, "token_invalid")
		w.writeProven(t, "v3", chat, conversation.Proven{}) // wrote before
		w.writeProven(t, "v3", chat, conversation.Proven{ExternalID: "p1"})
		equal(t, "who wrote before stays who they were", w.proven(t, "v3"), conversation.Proven{})
		equal(t, "the one who has it", w.proven(t, "v1"), conversation.Proven{ExternalID: "p1"})
	})
}
