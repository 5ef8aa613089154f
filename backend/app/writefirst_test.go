package app

import (
	"slices"
	"strings"
	"testing"

	"leadline/backend/sandbox"
)

// cardOf is the contact that a chat belongs to.
func (w *world) cardOf(chat sandbox.Chat) int64 {
	w.t.Helper()
	if chat.ContactID == 0 {
		w.t.Fatal("the chat has no contact")
	}
	return chat.ContactID
}

// TestWriteFirst: C §8.4, design.md §9. The operator begins a chat with the
// contact of a visitor whom we know.
func TestWriteFirst(t *testing.T) {
	t.Parallel()
	writeFirst(t, setup{})
}

func writeFirst(t *testing.T, s setup) {
	t.Helper()
	w, v, first := opened(t, s)
	stream := v.listen()
	leads, contacts := len(w.box.Leads(accountID)), len(w.box.Contacts(accountID))
	said, err := w.box.BeginChat(scope, sandbox.FirstMessage{
		ContactID: w.cardOf(first), Phone: "+79990001122", Content: sandbox.Content{Type: "text", Text: "We found one in red."},
	})
	if err != nil {
		t.Fatal(err)
	}
	if said.ChatID == first.ID {
		t.Fatal("the sandbox wrote into the old chat: nothing is tested")
	}
	w.until("the operator's words in the chat on the site", func() bool { _, ok := stream.find("We found one in red."); return ok })
	if h := v.history(); len(h) != 2 || h[0].Text != "hello" || h[1].Text != "We found one in red." {
		t.Errorf("the visitor's history is %+v: one thread goes on", h)
	}
	got, _ := stream.find("We found one in red.")
	v.receipt(got.Seq, got.Seq)
	w.eventually("status 2", func() bool { m, _ := w.box.Message(said.ID); return m.Status == 2 })

	// More from the operator before the visitor answered: still no ids of ours.
	if _, err := w.box.OperatorSay(accountID, said.ChatID, "Shall I keep it?"); err != nil {
		t.Fatal(err)
	}
	w.until("the second message", func() bool { _, ok := stream.find("Shall I keep it?"); return ok })

	// The answers go where the operator wrote, with both pairs of ids (step 3).
	v.write(uuidN(2), "Yes, please")
	v.write(uuidN(3), "I come at six")
	w.eventually("the answers in the operator's chat", func() bool {
		return slices.Equal(textsOf(w.box.ChatMessages(said.ChatID), sandbox.Inbound), []string{"Yes, please", "I come at six"})
	})
	if n := len(w.box.Chats(accountID)); n != 2 {
		t.Errorf("%d chats in the CRM, want the two that its people know", n)
	}
	if l, c := len(w.box.Leads(accountID)), len(w.box.Contacts(accountID)); l != leads || c != contacts {
		t.Errorf("%d leads and %d contacts, before %d and %d: the answer made others", l, c, leads, contacts)
	}
	// An operator who goes back to the old chat is answered there.
	if _, err := w.box.OperatorSay(accountID, first.ID, "Here again."); err != nil {
		t.Fatal(err)
	}
	w.until("the words of the old chat", func() bool { _, ok := stream.find("Here again."); return ok })
	v.write(uuidN(4), "And here")
	w.eventually("the answer in the old chat", func() bool {
		return slices.Contains(textsOf(w.box.ChatMessages(first.ID), sandbox.Inbound), "And here")
	})
	w.noBreaches()
}

// TestWriteFirstToNobody: whom we do not know is not reached, and the operator
// reads so (C §8.4 step 2, §3.5). A phone that a visitor typed is no proof.
func TestWriteFirstToNobody(t *testing.T) {
	t.Parallel()
	w, v, _ := opened(t, setup{})
	a := w.send("POST", chatURL+"/v1/messages", v.auth(), map[string]any{
		"client_id": uuidN(2), "text": "call me", "contact": map[string]string{"phone": "+79995550000"},
	})
	if a.status != 200 {
		t.Fatalf("write: %d %s", a.status, a.body)
	}
	// The card of somebody else with the number that the visitor typed.
	said, err := w.box.WriteFirst(scope, "+79995550000", "", "Your order is ready")
	if err != nil {
		t.Fatal(err)
	}
	w.eventually("status -1", func() bool { m, _ := w.box.Message(said.ID); return m.Status == -1 })
	m, _ := w.box.Message(said.ID)
	if m.ErrorCode != 904 || !strings.Contains(m.Error, "known by this contact") {
		t.Errorf("the operator reads %d %q, want 904 and a sentence", m.ErrorCode, m.Error)
	}
	if got := v.outbound(); len(got) != 0 {
		t.Errorf("the visitor got %q of somebody else", got)
	}
	w.noBreaches()
}

// TestWriteFirstWaitsForTheCRM: while API v4 is out of order nobody knows whose
// chat it is; then the message comes.
func TestWriteFirstWaitsForTheCRM(t *testing.T) {
	t.Parallel()
	w, v, first := opened(t, setup{})
	stream := v.listen()
	w.box.SetFaults(func(f *sandbox.Faults) { f.APIStatus, f.APICount, f.APIPath = 503, 2, "/contacts/chats" })
	said, err := w.box.BeginChat(scope, sandbox.FirstMessage{
		ContactID: w.cardOf(first), Phone: "+79990001122", Content: sandbox.Content{Type: "text", Text: "Good news"},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.until("the message after the outage", func() bool { _, ok := stream.find("Good news"); return ok })
	if m, _ := w.box.Message(said.ID); m.Status == -1 {
		t.Error("the operator was told of a failure that was none")
	}
}

// TestHooksWithoutOurIDs: C §4.3, client_id may be missing in any hook.
func TestHooksWithoutOurIDs(t *testing.T) {
	t.Parallel()
	w, v, chat := opened(t, setup{})
	w.box.SetVariants(func(v *sandbox.Variants) { v.HookOmit = []string{"client_id", "name", "phone", "email", "source"} })
	if _, err := w.box.OperatorSay(accountID, chat.ID, "Two left"); err != nil {
		t.Fatal(err)
	}
	w.until("the message", func() bool { return slices.Equal(v.outbound(), []string{"Two left"}) })
	w.noBreaches()
}
