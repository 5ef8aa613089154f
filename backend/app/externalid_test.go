package app

import (
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
