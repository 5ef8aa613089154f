package app

import (
	"slices"
	"strings"
	"testing"

	"leadline/backend/sandbox"
)

const threads = `{"visitor":{"id":"anna-17","name":"Anna","phone":"8 999 111-22-33"},"messages":[` +
	`{"id":"2","at":"2026-01-05T10:01:30Z","from":"company","operator":"3c8e5a70-1d42-4f9b-b6e3-90a7d2c4f815","name":"Oleg","text":"Yes, two left."},` +
	`{"id":"1","at":"2026-01-05T10:00:00Z","from":"visitor","text":"Is it still available?"},` +
	`{"id":"3","at":"2026-01-05T10:02:00Z","from":"company","text":"We are open until six."},` +
	`{"id":"4","at":"2026-01-05T10:03:00Z","from":"visitor","text":"I come at five"}]}

{"visitor":{"id":"boris-2"},"messages":[{"id":"1","at":"2026-01-06T10:00:00Z","from":"visitor","text":"Hello from Boris"}]}
`

// TestImportedHistory: C §3.4.8, §3.4.3. Oldest first, one lead and notification a
// thread, an operator's words in that operator's name, others in the bot's; what
// comes back as a hook is not a second message (C §9, trap 26).
func TestImportedHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	w.box.SetVariants(func(v *sandbox.Variants) { v.HooksForImports = true })
	s := w.site()
	bring := func(lines string) (Imported, error) {
		return ImportHistory(t.Context(), w.cfg, w.app.log, accountID, "", false, strings.NewReader(lines))
	}
	for range 2 { // a repeat changes nothing
		done, err := bring(threads)
		if err != nil || done != (Imported{Threads: 2, Messages: 5}) {
			t.Fatalf("imported %+v, %v", done, err)
		}
	}
	w.eventually("both threads in the CRM", func() bool { return len(w.box.Messages(accountID)) == 5 })
	var of sandbox.Chat
	for _, c := range w.box.Chats(accountID) {
		if c.ClientName == "Anna" {
			of = c
		}
	}
	list := w.box.ChatMessages(of.ID)
	want := []struct {
		text, direction, sender string
		silent                  bool
		msec                    int64
	}{
		{"Is it still available?", sandbox.Inbound, "", true, 1767607200000},
		{"Yes, two left.", sandbox.Outbound, "3c8e5a70-1d42-4f9b-b6e3-90a7d2c4f815", true, 1767607290000},
		{"We are open until six.", sandbox.Outbound, "9b2f4d6e-0a1c-4e3f-8d5b-7c6a9e8f0d1b", true, 1767607320000},
		{"I come at five", sandbox.Inbound, "", false, 1767607380000},
	}
	if len(list) != len(want) {
		t.Fatalf("the chat has %d messages: %+v", len(list), list)
	}
	for i, m := range list {
		c := want[i]
		if m.Text != c.text || m.Direction != c.direction || m.Silent != c.silent || m.Msec != c.msec || c.sender != "" && m.SenderID != c.sender ||
			i > 0 && m.Seq < list[i-1].Seq {
			t.Errorf("message %d = %+v, want %+v", i, m, c)
		}
	}
	if leads := w.box.Leads(accountID); len(leads) != 2 {
		t.Errorf("%d leads, want one a thread", len(leads))
	}
	// Who signs in finds the history, and it goes on.
	anna, a := s.open("", s.token("anna-17", nil))
	if a.status != 200 {
		t.Fatalf("session: %d %s", a.status, a.body)
	}
	anna.write(uuidN(1), "I am here")
	w.eventually("the new message in the same chat", func() bool { return len(w.box.ChatMessages(of.ID)) == 5 })
	wantTexts := []string{"Is it still available?", "Yes, two left.", "We are open until six.", "I come at five", "I am here"}
	w.until("the whole history", func() bool { return slices.Equal(strings.Split(anna.texts(), "|"), wantTexts) })
	w.noBreaches()

	for name, lines := range map[string]string{
		"no JSON": "x", "nobody": `{"messages":[]}`, "no messages": `{"visitor":{"id":"x"},"messages":[]}`,
		"a message without id":   `{"visitor":{"id":"x"},"messages":[{"at":"2026-01-06T10:00:00Z","from":"visitor","text":"a"}]}`,
		"a message without time": `{"visitor":{"id":"x"},"messages":[{"id":"1","from":"visitor","text":"a"}]}`,
		"a message without text": `{"visitor":{"id":"x"},"messages":[{"id":"1","at":"2026-01-06T10:00:00Z","from":"visitor"}]}`,
		"from a stranger":        `{"visitor":{"id":"x"},"messages":[{"id":"1","at":"2026-01-06T10:00:00Z","from":"moon","text":"a"}]}`,
	} {
		if done, err := bring(lines); err == nil || done.Threads != 0 {
			t.Errorf("%s: %+v, %v", name, done, err)
		}
	}
	if _, err := ImportHistory(t.Context(), w.cfg, w.app.log, accountID, "no such chat", false, strings.NewReader(threads)); err == nil {
		t.Error("a chat that is not there took history")
	}
}

// TestProvenVisitorIsLinked: C §8.3. A signed token that names the contact makes
// the first message land there: no incoming lead, no second contact.
func TestProvenVisitorIsLinked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	s := w.site()
	card, err := w.box.AddContact(sandbox.Contact{Account: accountID, Name: "Anna Card", Phone: "+79991112233"})
	if err != nil {
		t.Fatal(err)
	}
	w.box.SetFaults(func(f *sandbox.Faults) { f.APIStatus, f.APICount, f.APIPath = 503, 1, "/contacts/chats" }) // linking waits for the CRM
	anna, a := s.open("", s.token("anna-17", map[string]any{"contact_id": card.ID, "name": "Anna"}))
	if a.status != 200 {
		t.Fatalf("session: %d %s", a.status, a.body)
	}
	anna.write(uuidN(1), "It is me")
	w.eventually("the message", func() bool { return len(w.inbox(sandbox.Inbound)) == 1 })
	chat := w.box.Chats(accountID)[0]
	if chat.ContactID != card.ID || len(w.box.IncomingLeads(accountID)) != 0 || len(w.box.Contacts(accountID)) != 1 {
		t.Errorf("chat of contact %d, %d incoming leads, %d contacts; want contact %d and none made",
			chat.ContactID, len(w.box.IncomingLeads(accountID)), len(w.box.Contacts(accountID)), card.ID)
	}
	// What a page claims goes into the profile only: it links to nobody.
	other, _ := s.open("", "")
	a = w.send("POST", chatURL+"/v1/messages", other.auth(), map[string]any{
		"client_id": uuidN(2), "text": "I say that I am Anna", "contact": map[string]any{"phone": "8 (999) 111-22-33", "contact_id": card.ID},
	})
	if a.status != 200 {
		t.Fatalf("write: %d %s", a.status, a.body)
	}
	w.eventually("the claim", func() bool { return len(w.inbox(sandbox.Inbound)) == 2 })
	claimed := w.box.Chats(accountID)[0]
	if claimed.ContactID == card.ID || len(w.box.IncomingLeads(accountID)) != 1 {
		t.Errorf("a claim landed at contact %d with %d incoming leads", claimed.ContactID, len(w.box.IncomingLeads(accountID)))
	}
	w.noBreaches()
}

// TestKnownPhoneAvoidsDuplicates: C §8.3. The phone goes out with the very first
// message, in the international form, so that duplicate control finds the card.
func TestKnownPhoneAvoidsDuplicates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	button, hash := w.connected()
	if !w.box.SetDuplicateControl(accountID, 0, true) {
		t.Fatal("no such account")
	}
	card, err := w.box.AddContact(sandbox.Contact{Account: accountID, Name: "Anna Card", Phone: "+79991112233"})
	if err != nil {
		t.Fatal(err)
	}
	v := w.visit(button, hash)
	a := w.send("POST", chatURL+"/v1/messages", v.auth(), map[string]any{
		"client_id": uuidN(1), "text": "hello", "contact": map[string]string{"phone": "8 (999) 111-22-33", "email": "anna@example.org"},
	})
	if a.status != 200 {
		t.Fatalf("write: %d %s", a.status, a.body)
	}
	w.eventually("the message", func() bool { return len(w.inbox(sandbox.Inbound)) == 1 })
	if c := w.box.Chats(accountID)[0]; c.ContactID != card.ID || len(w.box.Contacts(accountID)) != 1 {
		t.Errorf("chat of contact %d among %d, want %d alone", c.ContactID, len(w.box.Contacts(accountID)), card.ID)
	}
	w.noBreaches()
}

// TestWriteFirstByProvenPhone: C §8.4, design.md §9. A phone in a signed token
// finds the visitor; the same phone typed into the page does not.
func TestWriteFirstByProvenPhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	s := w.site()
	anna, _ := s.open("", s.token("anna-17", map[string]any{"phone": "+7 999 111-22-33", "name": "Anna"}))
	stream := anna.listen()
	anna.write(uuidN(1), "hello")
	w.eventually("the message", func() bool { return len(w.inbox(sandbox.Inbound)) == 1 })
	// Another card of the CRM has the number: nothing links it to the visitor.
	card, err := w.box.AddContact(sandbox.Contact{Account: accountID, Name: "Anna at work", Phone: "+79991112233"})
	if err != nil {
		t.Fatal(err)
	}
	said, err := w.box.BeginChat(scope, sandbox.FirstMessage{ContactID: card.ID, Content: sandbox.Content{Type: "text", Text: "Your parcel is here"}})
	if err != nil {
		t.Fatal(err)
	}
	w.until("the words", func() bool { _, ok := stream.find("Your parcel is here"); return ok })
	anna.write(uuidN(2), "Thank you")
	w.eventually("the answer there", func() bool {
		return slices.Equal(textsOf(w.box.ChatMessages(said.ChatID), sandbox.Inbound), []string{"Thank you"})
	})
	w.noBreaches()
}
