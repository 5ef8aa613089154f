package app

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"testing"

	"leadline/backend/fault"
	"leadline/backend/onlinechat"
	"leadline/backend/sandbox"
)

// idField makes a field that may hold a site's ids.
func (w *world) idField(card, kind string) sandbox.CustomField {
	w.t.Helper()
	f, err := w.box.AddField(accountID, sandbox.CustomField{Card: card, Name: "Site id", Type: kind})
	if err != nil {
		w.t.Fatal(err)
	}
	return f
}

// TestExternalIDField (VIS-3): a chat's field of the CRM is one of type text or
// number, of leads, contacts or customers, that is there.
func TestExternalIDField(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	w.connected()
	lead, contact, customer := w.idField(sandbox.CardLeads, "text"), w.idField(sandbox.CardContacts, "numeric"), w.idField(sandbox.CardCustomers, "text")
	date := w.idField(sandbox.CardLeads, "date")
	a, _ := w.account()
	chats, err := w.app.chats.Chats(t.Context(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	list, err := w.app.chats.ExternalIDFields(t.Context(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := []onlinechat.CardField{
		{Kind: onlinechat.LeadCard, ID: lead.ID, Name: "Site id", Type: "text"},
		{Kind: onlinechat.ContactCard, ID: w.box.Fields(accountID, sandbox.CardContacts)[0].ID, Name: "Position", Type: "text"},
		{Kind: onlinechat.ContactCard, ID: contact.ID, Name: "Site id", Type: "numeric"},
		{Kind: onlinechat.CustomerCard, ID: customer.ID, Name: "Site id", Type: "text"},
	}
	if !slices.Equal(list, want) {
		t.Errorf("fields %+v, want %+v", list, want)
	}
	for _, tt := range []struct {
		name  string
		kind  onlinechat.CardKind
		field int64
		taken bool
	}{
		{"a lead's", onlinechat.LeadCard, lead.ID, true},
		{"a contact's", onlinechat.ContactCard, contact.ID, true},
		{"a customer's", onlinechat.CustomerCard, customer.ID, true},
		{"of another type", onlinechat.LeadCard, date.ID, false},
		{"of another card", onlinechat.ContactCard, lead.ID, false},
		{"of nobody", onlinechat.LeadCard, 1, false},
		{"of no kind", "company", lead.ID, false},
		{"none", "", 0, true},
	} {
		before, _ := w.app.chats.Chat(t.Context(), chats[0].ID)
		err := w.app.chats.SetExternalIDField(t.Context(), a.ID, chats[0].ID, tt.kind, tt.field)
		got, _ := w.app.chats.Chat(t.Context(), chats[0].ID)
		switch {
		case tt.taken && (err != nil || got.ExternalID.Kind != tt.kind || got.ExternalID.ID != tt.field):
			t.Errorf("%s: %+v, %v", tt.name, got.ExternalID, err)
		case !tt.taken && (!fault.Is(err, fault.Invalid) || got.ExternalID != before.ExternalID):
			t.Errorf("%s: %+v, %v; want it refused", tt.name, got.ExternalID, err)
		}
	}
	if err := w.app.chats.SetExternalIDField(t.Context(), "another", chats[0].ID, "", 0); !fault.Is(err, fault.NotFound) {
		t.Errorf("by another account: %v", err)
	}
}

// TestExternalIDOpensHistory (VIS-3, SEC-2, ADR 11): an id that stands in the chosen
// field of the visitor's lead, contact or customer opens their history on another
// device, for whom the chat's mode lets count: never by a claim that can be guessed,
// and in the mode optional by no claim at all.
func TestExternalIDOpensHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	s := w.site()
	w.eventually("the webhook", func() bool { return len(w.box.Webhooks(accountID)) == 1 })
	a, _ := w.account()
	fields := map[onlinechat.CardKind]sandbox.CustomField{
		onlinechat.LeadCard: w.idField(sandbox.CardLeads, "text"), onlinechat.ContactCard: w.idField(sandbox.CardContacts, "text"), onlinechat.CustomerCard: w.idField(sandbox.CardCustomers, "text"),
	}
	for n, tt := range []struct {
		mode  onlinechat.IdentityMode
		word  string
		field onlinechat.CardKind
		known bool // the id stands in the card
		opens bool
	}{
		{onlinechat.Signed, "token", onlinechat.ContactCard, true, true},
		{onlinechat.Signed, "token", onlinechat.LeadCard, true, true},
		{onlinechat.Signed, "token", onlinechat.CustomerCard, true, true},
		{onlinechat.Signed, "token", onlinechat.ContactCard, false, false},
		{onlinechat.Signed, "hash", onlinechat.ContactCard, true, false},
		{onlinechat.Optional, "token", onlinechat.LeadCard, true, true},
		{onlinechat.Optional, "hash", onlinechat.LeadCard, true, false},
		{onlinechat.Optional, "short", onlinechat.LeadCard, true, false},
		{onlinechat.Vendor, "hash", onlinechat.ContactCard, true, true},
		{onlinechat.Vendor, "hash", onlinechat.ContactCard, false, false},
		{onlinechat.Vendor, "short", onlinechat.ContactCard, true, false},
		{onlinechat.Vendor, "token", onlinechat.CustomerCard, true, true},
	} {
		name := fmt.Sprintf("%s, %s, in a %s, known %t", tt.mode, tt.word, tt.field, tt.known)
		if err := w.buttonSettings().SetIdentityMode(t.Context(), s.chat, tt.mode); err != nil {
			t.Fatal(err)
		}
		if err := w.app.chats.SetExternalIDField(t.Context(), a.ID, s.chat, tt.field, fields[tt.field].ID); err != nil {
			t.Fatal(err)
		}
		id := fmt.Sprintf("person-%d", n)
		if tt.word == "hash" {
			sum := sha256.Sum256([]byte(id))
			id = hex.EncodeToString(sum[:])
		}
		chat := w.anonymous(s, n)
		if tt.known {
			w.knows(tt.field, fields[tt.field].ID, chat, id)
		}
		page := map[string]string{"user_id": id}
		if tt.word == "token" {
			page = map[string]string{"user_token": s.token(id, nil)}
		}
		want := ""
		if tt.opens {
			want = fmt.Sprint("at home ", n)
		}
		if v := s.comes(page); v.texts() != want {
			t.Errorf("%s: shows %q, want %q", name, v.texts(), want)
		}
	}

	// Written into the card later: the next visit shows the history.
	if err := w.app.chats.SetExternalIDField(t.Context(), a.ID, s.chat, onlinechat.ContactCard, fields[onlinechat.ContactCard].ID); err != nil {
		t.Fatal(err)
	}
	chat := w.anonymous(s, 90)
	page := map[string]string{"user_token": s.token("late", nil)}
	if v := s.comes(page); v.texts() != "" {
		t.Errorf("before the id is there: %q", v.texts())
	}
	w.knows(onlinechat.ContactCard, fields[onlinechat.ContactCard].ID, chat, "late")
	w.until("the history", func() bool { return s.comes(page).texts() == "at home 90" })
}

// anonymous writes from a device of its own and waits until the CRM has accepted
// the lead and we know the contact.
func (w *world) anonymous(s site, n int) sandbox.Chat {
	w.t.Helper()
	v := s.comes(nil)
	v.write(uuidN(100+n), fmt.Sprint("at home ", n))
	var chat sandbox.Chat
	w.until("the chat", func() bool {
		for _, c := range w.box.Chats(accountID) {
			if list := w.box.ChatMessages(c.ID); len(list) == 1 && list[0].Text == fmt.Sprint("at home ", n) {
				chat = c
			}
		}
		return chat.ID != ""
	})
	if err := w.box.AcceptLead(accountID, chat.UnsortedUID, 0, 0); err != nil {
		w.t.Fatal(err)
	}
	w.until("the cards", func() bool {
		c, err := w.conversation(chat)
		if err != nil {
			return false
		}
		cards, err := w.app.store.Conversations().Cards(w.t.Context(), c.Account, c.ID)
		return err == nil && int64(cards.Contact) == chat.ContactID && cards.Lead == chat.LeadID
	})
	return chat
}

// knows writes an id into the card, as the site's server does by the CRM's API.
func (w *world) knows(kind onlinechat.CardKind, field int64, chat sandbox.Chat, id string) {
	w.t.Helper()
	var err error
	switch value := (sandbox.CardValue{Value: id}); kind {
	case onlinechat.CustomerCard:
		w.box.AddCustomer(sandbox.Customer{Account: accountID, ContactID: chat.ContactID, Fields: []sandbox.CardField{{Field: field, Values: []sandbox.CardValue{value}}}})
	case onlinechat.ContactCard:
		err = w.box.FillField(accountID, sandbox.CardContacts, chat.ContactID, field, value)
	default:
		err = w.box.FillField(accountID, sandbox.CardLeads, chat.LeadID, field, value)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// comes begins a session on a new device, on a page that says who it is.
func (s site) comes(page map[string]string) *visitor {
	s.w.t.Helper()
	v := &visitor{w: s.w, base: chatURL, button: s.button}
	body := map[string]string{"button_id": s.button, "ticket": v.ticket(s.hash)}
	maps.Copy(body, page)
	a := s.w.send("POST", chatURL+"/v1/session", nil, body)
	a.wants(s.w.t, "session", 200, "")
	var got struct{ Token string }
	a.into(s.w.t, &got)
	v.token = got.Token
	return v
}
