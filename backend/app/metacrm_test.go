package app

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"leadline/backend/sandbox"
)

// field adds a field to the account.
func (w *world) field(card, name, kind string, options ...string) sandbox.CustomField {
	w.t.Helper()
	f := sandbox.CustomField{Card: card, Name: name, Type: kind}
	for _, o := range options {
		f.Enums = append(f.Enums, sandbox.FieldEnum{Value: o})
	}
	f, err := w.box.AddField(accountID, f)
	if err != nil {
		w.t.Fatal(err)
	}
	return f
}

// onLead gives what the only lead holds in its fields, by their names, and its notes.
func (w *world) onLead() (l sandbox.Lead, fields map[string]string, notes []string) {
	w.t.Helper()
	leads := w.box.Leads(accountID)
	if len(leads) == 0 {
		return l, nil, nil
	}
	l = leads[len(leads)-1]
	for _, n := range w.box.CardNotes(accountID, sandbox.CardLeads, l.ID) {
		notes = append(notes, n.Text)
	}
	return l, w.held(sandbox.CardLeads, l.Fields), notes
}

func (w *world) onContact() (c sandbox.Contact, fields map[string]string, notes []string) {
	w.t.Helper()
	list := w.box.Contacts(accountID)
	if len(list) == 0 {
		return c, nil, nil
	}
	c = list[len(list)-1]
	for _, n := range w.box.CardNotes(accountID, sandbox.CardContacts, c.ID) {
		notes = append(notes, n.Text)
	}
	return c, w.held(sandbox.CardContacts, c.Fields), notes
}

func (w *world) held(card string, list []sandbox.CardField) map[string]string {
	out := map[string]string{}
	for _, f := range w.box.Fields(accountID, card) {
		for _, h := range list {
			if h.Field != f.ID {
				continue
			}
			var values []string
			for _, v := range h.Values {
				values = append(values, fmt.Sprint(v.Value))
			}
			out[f.Name] = strings.Join(values, " | ")
		}
	}
	return out
}

// idle waits until no card work is left that is due.
func (w *world) idle() {
	w.t.Helper()
	w.until("the card work", func() bool {
		_, due, err := w.app.store.Cards().NextDue(w.t.Context())
		return err == nil && !due
	})
}

func wantFields(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for name, v := range want {
		if got[name] != v {
			t.Errorf("%s: %s = %q, want %q", what, name, got[name], v)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: %s = %q, want nothing", what, name, got[name])
		}
	}
}

// TestMetaInTheCRM: META-1 (only what is empty), META-4 (after the chat began),
// META-6 (no doubles), META-7 (updates), SEC-8 (hostile words), the types of fields,
// TRK-4 and TRK-5 (statistics fields and one note).
func TestMetaInTheCRM(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	button, hash := w.connected()
	w.eventually("the webhook", func() bool { return len(w.box.Webhooks(accountID)) == 1 })
	text, number, flag := w.field("leads", "text", "text"), w.field("leads", "number", "numeric"), w.field("leads", "flag", "checkbox")
	one, many := w.field("leads", "one", "select", "A", "B"), w.field("leads", "many", "multiselect", "A", "B", "C")
	day, link, place := w.field("leads", "day", "date"), w.field("leads", "link", "url"), w.field("contacts", "place", "smart_address")
	v := w.visit(button, hash)
	record := func(lead, notes string) string {
		return fmt.Sprintf(`{"note": [%s], "contact": {"name": "Anna", "custom_fields": [{"code": "phone", "values": [{"value": "+7 999 000-11-22", "enum": "MOB"}]},
			{"id": %d, "values": [{"value": "Omsk", "subtype": "city"}, {"value": "12", "subtype": "zip"}, {"value": "Mars", "subtype": "planet"}]}]},
			"lead": {"name": "Order 5", "sale": 150, "custom_fields": [%s]}}`, notes, place.ID, lead)
	}
	set := func(id int64, values string) string { return fmt.Sprintf(`{"id": %d, "values": [%s]}`, id, values) }
	told := []string{
		set(text.ID, `{"value": "=cmd|' /C calc'!A0 <b>x</b>"}`), set(number.ID, `{"value": "1 234,5"}`), set(flag.ID, `{"value": "yes"}`),
		set(one.ID, `{"value": "b"}`), set(many.ID, fmt.Sprintf(`{"value": "", "enum": %d}, {"value": "C"}, {"value": "Z"}`, many.Enums[0].ID)),
		set(day.ID, `{"value": "01.03.2026"}`), set(link.ID, `{"value": "javascript:alert(1)"}`), set(1, `{"value": "no such field"}`),
	}
	notes := `{"text": "from the ad", "element_type": 2, "note_type": "common"}, {"text": "VIP", "element_type": 1, "note_type": "common"}`
	tracking := `{"first": {"query": {"utm_source": "ad", "bogus": "x"}, "referrer": "https://search.example/path?q=secret"}, "last": {"query": {"UTM_SOURCE": "mail", "gclid": "g1"}},
		"landing": "https://shop.example.test/?utm_source=ad", "page": "https://shop.example.test/cart", "title": "Cart <1>", "counters": {"gclientid": "12.34", "_ym_uid": "99"}, "visitor_uid": "0f-pixel"}`
	tell := func(meta string) {
		t.Helper()
		w.send("POST", v.base+"/v1/meta", v.auth(), fmt.Sprintf(`{"meta": %s, "tracking": %s}`, meta, tracking)).wants(t, "told", 204, "")
	}
	tell(record(strings.Join(told, ","), notes))
	if n := len(w.box.Leads(accountID)) + len(w.box.Contacts(accountID)); n != 0 {
		t.Fatalf("telling made %d cards (META-4)", n)
	}
	v.write(uuidN(1), "hello")
	w.until("the notes", func() bool { _, _, n := w.onLead(); return len(n) == 2 })
	w.idle()
	l, fields, got := w.onLead()
	if l.Name != "Order 5" || l.Price != 150 {
		t.Errorf("lead %q, %d", l.Name, l.Price)
	}
	want := map[string]string{
		"text": "'=cmd|' /C calc'!A0 ‹b›x‹/b›", "number": "1234.5", "flag": "true", "one": "B", "many": "A | C", "day": "1772323200",
		"utm_source": "mail", "gclid": "g1", "gclientid": "12.34", "_ym_uid": "99", "referrer": "https://search.example/path",
	}
	wantFields(t, "lead", fields, want)
	place1 := "From the site: Page: Cart ‹1› https://shop.example.test/cart\nFirst page: https://shop.example.test/?utm_source=ad\nCame from: https://search.example/path\nVisitor of the CRM's pixel: 0f-pixel"
	if !slices.Contains(got, "From the site: from the ad") || !slices.Contains(got, place1) {
		t.Errorf("notes of the lead %q", got)
	}
	c, fields, got := w.onContact()
	if c.Name != "Anna" || c.Phone != "+7 999 000-11-22" || len(got) != 1 || got[0] != "From the site: VIP" {
		t.Errorf("contact %q %q, notes %q", c.Name, c.Phone, got)
	}
	wantFields(t, "contact", fields, map[string]string{"place": "Omsk | 12", "Phone": "+7 999 000-11-22"})

	// META-7, META-1: an update fills what is empty and leaves the rest; an operator's
	// own words stay.
	if err := w.box.FillField(accountID, sandbox.CardLeads, l.ID, link.ID, sandbox.CardValue{Value: "https://operator.example"}); err != nil {
		t.Fatal(err)
	}
	changes := w.asked("PATCH", "/leads")
	tell(record(strings.Join(append(told[1:], set(text.ID, `{"value": "another"}`), set(link.ID, `{"value": "https://site.example"}`)), ","), notes+`, {"text": "again", "element_type": 2}`))
	w.until("the new note", func() bool { _, _, n := w.onLead(); return len(n) == 3 })
	w.idle()
	want["link"] = "https://operator.example"
	_, fields, _ = w.onLead()
	wantFields(t, "lead after an update", fields, want)
	if n := w.asked("PATCH", "/leads"); n != changes {
		t.Errorf("%d changes for what is filled already", n-changes)
	}
	// META-6: the same once more is no work at all.
	reads := w.asked("GET", "/leads/")
	tell(record(strings.Join(append(told[1:], set(text.ID, `{"value": "another"}`), set(link.ID, `{"value": "https://site.example"}`)), ","), notes+`, {"text": "again", "element_type": 2}`))
	w.idle()
	if n := w.asked("GET", "/leads/"); n != reads {
		t.Errorf("%d reads for nothing new", n-reads)
	}
	if log := w.logs.String(); !strings.Contains(log, "the account has no such field") || strings.Contains(log, "calc'!A0") || strings.Contains(log, "javascript:alert") {
		t.Error("the log names no field that was left out, or holds what the site said")
	}
	for _, e := range w.box.Traffic() {
		if strings.Contains(fmt.Sprint(e), "127.0.0.1") && strings.Contains(e.Path, "/notes") {
			t.Error("an address of a computer went to the CRM (TRK-5)")
		}
	}
}

// TestMetaWaitsForTheLead: whatever the CRM does with incoming leads that nobody
// accepted (C §7.5), the site's word is there once somebody has; and a lead that is
// gone takes none.
func TestMetaWaitsForTheLead(t *testing.T) {
	t.Parallel()
	for _, variant := range []string{"refused", "hidden"} {
		t.Run(variant, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{login: true})
			w.box.SetVariants(func(v *sandbox.Variants) { v.UnsortedCards = variant })
			button, hash := w.connected()
			w.eventually("the webhook", func() bool { return len(w.box.Webhooks(accountID)) == 1 })
			text := w.field("leads", "text", "text")
			v := w.visit(button, hash)
			v.tells(fmt.Sprintf(`{"note": [{"text": "n", "element_type": 2}], "lead": {"custom_fields": [{"id": %d, "values": [{"value": "x"}]}]}}`, text.ID))
			v.write(uuidN(1), "hello")
			w.until("a try", func() bool { return w.asked("GET", "/leads/unsorted") > 0 })
			if _, fields, notes := w.onLead(); len(fields)+len(notes) != 0 {
				t.Errorf("the lead holds %v %v before it was accepted", fields, notes)
			}
			chat := w.box.Chats(accountID)[0]
			if err := w.box.AcceptLead(accountID, chat.UnsortedUID, 0, 0); err != nil {
				t.Fatal(err)
			}
			w.until("the note", func() bool { _, _, n := w.onLead(); return len(n) == 1 })
			_, fields, _ := w.onLead()
			wantFields(t, "lead", fields, map[string]string{"text": "x"})
			w.idle()
			if err := w.box.RemoveLead(accountID, chat.LeadID); err != nil {
				t.Fatal(err)
			}
			v.tells(`{"note": [{"text": "late", "element_type": 2}]}`)
			w.idle()
			w.until("the log", func() bool { return strings.Contains(w.logs.String(), "the lead is gone") })
			if n := w.inbox(sandbox.Inbound); len(n) != 1 {
				t.Errorf("%d messages", len(n))
			}
		})
	}
}

// TestMetaSurvivesTrouble: 429, 500, answers that are lost after the CRM did what was
// asked, and a restart in the middle leave each field and note there once (META-6).
func TestMetaSurvivesTrouble(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault func(*sandbox.Faults)
	}{
		{"too many requests", func(f *sandbox.Faults) { f.APIStatus, f.APICount, f.APIPath = 429, 1, "/leads/" }},
		{"trouble of the CRM", func(f *sandbox.Faults) { f.APIStatus, f.APICount, f.APIPath = 500, 2, "/leads/" }},
		{"lost answers", func(f *sandbox.Faults) { f.APICutAfter, f.APIPath = 2, "/leads/" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{login: true})
			button, hash := w.connected()
			w.eventually("the webhook", func() bool { return len(w.box.Webhooks(accountID)) == 1 })
			text := w.field("leads", "text", "text")
			v := w.visit(button, hash)
			v.tells(fmt.Sprintf(`{"note": [{"text": "one", "element_type": 2}, {"text": "two", "element_type": 2}], "lead": {"custom_fields": [{"id": %d, "values": [{"value": "x"}]}]}}`, text.ID))
			w.box.SetFaults(tt.fault)
			v.write(uuidN(1), "hello")
			w.until("the first failure", func() bool {
				f := w.box.Faults()
				return f.APICount <= 0 && f.APICutAfter <= 0
			})
			w.restart()
			w.until("the notes", func() bool { _, _, n := w.onLead(); return len(n) >= 2 })
			w.idle()
			_, fields, notes := w.onLead()
			wantFields(t, "lead", fields, map[string]string{"text": "x"})
			if !slices.Equal(notes, []string{"From the site: one", "From the site: two"}) {
				t.Errorf("notes %q", notes)
			}
		})
	}
}
