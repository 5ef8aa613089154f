package sandbox

import (
	"fmt"
	"testing"
)

// TestCards: fields, changes and notes of leads and contacts in API v4.
func TestCards(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	access := b.accessOf(testAccount, 0, testClient)
	b.say("m-1", "c-1", "Hello")
	chat := b.box.Chats(testAccount)[0]
	if err := b.box.AcceptLead(testAccount, chat.UnsortedUID, 0, 0); err != nil {
		t.Fatal(err)
	}
	of := map[string]CustomField{}
	for _, f := range []CustomField{
		{Name: "text", Type: "text"}, {Name: "number", Type: "numeric"}, {Name: "flag", Type: "checkbox"}, {Name: "day", Type: "date"},
		{Name: "one", Type: "select", Enums: []FieldEnum{{Value: "A"}, {Value: "B"}}}, {Name: "many", Type: "multiselect", Enums: []FieldEnum{{Value: "A"}, {Value: "B"}}},
		{Name: "place", Type: "smart_address"},
	} {
		f.Card = CardLeads
		made, err := b.box.AddField(testAccount, f)
		if err != nil {
			t.Fatal(err)
		}
		of[f.Name] = made
	}
	list := b.api("GET", "/api/v4/leads/custom_fields?limit=250", access, "", 200).field(t, "_embedded", "custom_fields").([]any)
	if len(list) != len(trackingCodes)+len(of) {
		t.Errorf("%d fields of leads", len(list))
	}
	b.api("GET", "/api/v4/customers/custom_fields", access, "", 204)
	lead, contact := fmt.Sprintf("/api/v4/leads/%d", chat.LeadID), fmt.Sprintf("/api/v4/contacts/%d", chat.ContactID)
	set := func(name, values string) string {
		return fmt.Sprintf(`{"custom_fields_values":[{"field_id":%d,"values":%s}]}`, of[name].ID, values)
	}
	b.api("PATCH", lead, access, `{"name":"Named","price":150,"tags_to_add":[{"name":"a"},{"name":"b"}]}`, 200)
	b.api("PATCH", lead, access, `{"tags_to_delete":[{"name":"a"}],"custom_fields_values":[{"field_code":"UTM_SOURCE","values":[{"value":"ad"}]}]}`, 200)
	for name, values := range map[string]string{
		"text": `[{"value":"x"}]`, "number": `[{"value":1.5}]`, "flag": `[{"value":true}]`, "day": `[{"value":"2026-03-01T00:00:00+03:00"}]`,
		"one": `[{"value":"B"}]`, "many": fmt.Sprintf(`[{"enum_id":%d},{"value":"B"}]`, of["many"].Enums[0].ID), "place": `[{"value":"Omsk","enum_code":"city"},{"value":"1","enum_code":"zip"}]`,
	} {
		b.api("PATCH", lead, access, set(name, values), 200)
	}
	l := b.box.Leads(testAccount)[0]
	if l.Name != "Named" || l.Price != 150 || fmt.Sprint(l.Tags) != "[b]" || len(l.Fields) != 8 {
		t.Errorf("lead %+v", l)
	}
	b.api("PATCH", contact, access, `{"custom_fields_values":[{"field_code":"PHONE","values":[{"value":"+79990001122","enum_code":"MOB"}]}]}`, 200)
	if c := b.box.Contacts(testAccount)[0]; c.Phone != "+79990001122" {
		t.Errorf("contact %+v", c)
	}
	b.api("GET", lead+"/notes", access, "", 204)
	b.api("POST", lead+"/notes", access, `[{"note_type":"common","params":{"text":"one"}}]`, 200)
	b.api("POST", contact+"/notes", access, `[{"note_type":"common","params":{"text":"two"}}]`, 200)
	if n := b.box.CardNotes(testAccount, CardLeads, chat.LeadID); len(n) != 1 || n[0].Text != "one" {
		t.Errorf("notes %+v", n)
	}
	// What the account does not take breaks no rule: it may have taken it a moment ago.
	for name, body := range map[string]string{
		"a wrong number": set("number", `[{"value":"x"}]`), "a wrong flag": set("flag", `[{"value":"1"}]`), "an option of another": set("one", `[{"value":"C"}]`),
		"two values where one is": set("text", `[{"value":"a"},{"value":"b"}]`), "a part that no address has": set("place", `[{"value":"x","enum_code":"planet"}]`),
		"a field of nobody": `{"custom_fields_values":[{"field_id":1,"values":[{"value":"x"}]}]}`,
	} {
		t.Log(name)
		b.api("PATCH", lead, access, body, 400)
	}
	b.api("PATCH", "/api/v4/leads/1", access, `{"name":"x"}`, 404)
	path := fmt.Sprintf("leads/%d", chat.LeadID)
	b.each(access, []answered{
		{"a key that is not there", "PATCH", path, `{"sale":1}`, 400, ruleCards},
		{"a note without text", "POST", path + "/notes", `[{"note_type":"common","params":{"text":""}}]`, 400, ruleCards},
	})
}

// TestCardsOfIncomingLeads plays what C §7.5 leaves open.
func TestCardsOfIncomingLeads(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		variant     string
		read, write int
	}{{"", 200, 200}, {"refused", 200, 400}, {"hidden", 204, 404}} {
		b := newBench(t)
		b.connect()
		access := b.accessOf(testAccount, 0, testClient)
		b.say("m-1", "c-1", "Hello")
		chat := b.box.Chats(testAccount)[0]
		b.box.SetVariants(func(v *Variants) { v.UnsortedCards = c.variant })
		lead := fmt.Sprintf("/api/v4/leads/%d", chat.LeadID)
		b.api("GET", lead, access, "", c.read)
		b.api("PATCH", lead, access, `{"name":"x"}`, c.write)
		b.api("POST", lead+"/notes", access, `[{"note_type":"common","params":{"text":"x"}}]`, c.write)
		if err := b.box.AcceptLead(testAccount, chat.UnsortedUID, 0, 0); err != nil {
			t.Fatal(err)
		}
		b.api("PATCH", lead, access, `{"name":"x"}`, 200)
	}
}
