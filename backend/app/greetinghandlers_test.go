package app

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"leadline/backend/greeting"
	"leadline/backend/sandbox"
)

// TestGreetingBotHandlers: meta, send_external_message, preset, stop and the error list of O §4.3,
// from the page's start parameter to the contact's card and the CRM's own bot that takes over.
func TestGreetingBotHandlers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true, config: manySourcesConfig, sandbox: func(c *sandbox.Config) {
		manySources(c)
		c.Accounts[0].Salesbots = []int64{565}
		c.Accounts[0].Fields = append(c.Accounts[0].Fields, sandbox.CustomField{ID: 78, Card: sandbox.CardLeads, Name: "Campaign", Type: "text"})
	}})
	button, hash := w.connected()
	w.eventually("the webhook", func() bool { return len(w.box.Webhooks(accountID)) == 1 })
	chat, err := w.app.chats.Chat(t.Context(), w.firstChat())
	if err != nil || chat.SourceID == 0 {
		t.Fatalf("the chat's source is %d: %v", chat.SourceID, err)
	}
	external := func(text, rest string) string {
		return `{"handler":"send_external_message","params":{"message":{"type":"external","text":"` + text + `","buttons":[{"type":"inline","text":"Write to me"}]}` + rest + `}}`
	}
	w.greets(`{"0":{"question":[
		{"handler":"meta","params":{"delimiter":"-","values":["lead.tags","lead.custom_fields.78"]}},`+
		external("Not for here", `,"channels":[{"id":1}],"on_error":{"handler":"show","params":{"type":"text","value":"Hello!"}}`)+`,`+
		external("Shall we write to you?", fmt.Sprintf(`,"recipient":{"type":"main_contact","way_of_communication":"over_all"},"channels":[{"id":1},{"id":%d}]`, chat.SourceID))+`],
		"answer":[{"handler":"preset","params":{"name":"contacts.validate_base_info","params":{"empty_all":"Phone and e-mail, please.","empty_phone":"And the phone?","success":"Thank you."}}},
			{"handler":"stop","params":{"action":"salesbot-start","bot":565}},{"handler":"stop","params":{"action":"salesbot-start","bot":999}}]}}`, nil)
	v := w.visit(button, hash)
	meta := map[string]any{"bot_params": map[string]any{"start": "spring-mail 42"}}
	v.tells(`{"bot_params":{"start":"spring-mail 42"}}`)
	g := v.greeting(map[string]any{"meta": meta})
	w.send("POST", v.base+"/v1/messages", v.auth(), map[string]any{
		"client_id": uuidN(1), "greeting": g.Token, "press": map[string]string{"message": g.Messages[1].ID, "text": "Write to me"},
	}).wants(t, "pressing", 200, "")
	v.write(uuidN(2), "ana@example.org")
	v.write(uuidN(3), "8 999 000-11-22")
	v.write(uuidN(4), "bye")
	want := []string{"Hello!", "Shall we write to you?", "Write to me", "Phone and e-mail, please.", "ana@example.org", "And the phone?", "8 999 000-11-22", "Thank you.", "bye"}
	if got := inOrder(v.history()); !slices.Equal(got, want) {
		t.Errorf("the visitor has %q, want %q", got, want)
	}
	w.eventually("the incoming lead", func() bool { return len(w.box.IncomingLeads(accountID)) == 1 })
	in := w.box.IncomingLeads(accountID)[0]
	if len(w.box.SalesbotRuns(accountID)) != 0 {
		t.Error("a bot was started on a lead that nobody accepted")
	}
	if err := w.box.AcceptLead(accountID, in.UID, 0, 0); err != nil {
		t.Fatal(err)
	}
	w.eventually("the CRM's bot", func() bool { return len(w.box.SalesbotRuns(accountID)) == 1 })
	if got, want := w.box.SalesbotRuns(accountID)[0], (sandbox.SalesbotRun{Account: accountID, Bot: 565, Lead: in.LeadID}); got != want {
		t.Errorf("started %+v, want %+v", got, want)
	}
	lead := w.box.Leads(accountID)[0]
	if !slices.Equal(lead.Tags, []string{"spring"}) || !strings.Contains(fmt.Sprint(lead.Fields), "mail 42") {
		t.Errorf("the lead is %+v", lead)
	}
	contact := w.box.Contacts(accountID)[0]
	if contact.Phone != "+79990001122" || contact.Email != "ana@example.org" {
		t.Errorf("the contact is %+v", contact)
	}
	for _, f := range contact.Fields {
		if len(f.Values) != 1 {
			t.Errorf("field %d has %+v", f.Field, f.Values)
		}
	}
	w.noBreaches()
	// A chat that asks somebody whom the site knows already: nothing is asked.
	w.greets(`[{"question":[{"handler":"show","params":{"type":"text","value":"Hi"}}],"answer":[{"handler":"preset","params":{"name":"contacts.validate_base_info","params":{"empty_all":"Who?","success":"Known."}}}]}]`,
		func(s *greeting.Settings) { s.Untold = true })
	known := w.visit(button, hash)
	k := known.greeting(map[string]any{})
	w.send("POST", known.base+"/v1/messages", known.auth(), map[string]any{
		"client_id": uuidN(5), "text": "hello", "greeting": k.Token, "contact": map[string]string{"phone": "+79990001133", "email": "oleg@example.org"},
	}).wants(t, "writing", 200, "")
	if got := inOrder(known.history()); !slices.Equal(got, []string{"Hi", "hello", "Known."}) {
		t.Errorf("somebody known has %q", got)
	}
}
