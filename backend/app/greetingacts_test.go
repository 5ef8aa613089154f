package app

import (
	"slices"
	"strings"
	"testing"

	"leadline/backend/greeting"
	"leadline/backend/sandbox"
)

// TestGreetingBotActs: actions of O §4.3. What the bot wants done waits for the lead,
// and is done once, in its order; one that the CRM refuses keeps the others from nothing.
func TestGreetingBotActs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true, sandbox: func(c *sandbox.Config) {
		c.Accounts[0].Fields = append(c.Accounts[0].Fields,
			sandbox.CustomField{ID: 77, Card: sandbox.CardLeads, Name: "Interest", Type: "select", Enums: []sandbox.FieldEnum{{ID: 771, Value: "low"}, {ID: 772, Value: "high"}}},
			sandbox.CustomField{ID: 78, Card: sandbox.CardLeads, Name: "Said", Type: "text"},
		)
	}})
	button, hash := w.connected()
	w.eventually("the webhook", func() bool { return len(w.box.Webhooks(accountID)) == 1 })
	act := func(name, params string) string {
		return `{"handler":"action","params":{"name":"` + name + `","params":` + params + `}}`
	}
	said := act("set_custom_fields", `{"type":2,"custom_fields_id":78,"value":"{{message_text}}","option":"add"}`)
	w.greets(`[{"question":[{"handler":"show","params":{"type":"text","value":"What do you need?"}},`+act("set_tag", `{"type":2,"value":"greeted"}`)+`],
		"answer":[`+strings.Join([]string{
		act("set_tag", `{"type":2,"value":"plan {{bot_params.plan}}"}`), act("unset_tag", `{"type":2,"value":"greeted"}`),
		act("change_responsible_user", `{"value":424242}`), // nobody
		act("set_budget", `{"value":"{{bot_params.sum}}"}`), act("set_custom_fields", `{"type":2,"custom_fields_id":77,"value":"high"}`),
		act("add_note", `{"element_type":2,"note_type":4,"text":"Needs {{message_text}}"}`), said,
	}, ",")+`,{"handler":"show","params":{"type":"text","value":"Noted."}},{"handler":"wait_answer","params":{"type":"question","step":1}}]},
		{"question":[`+said+`]}]`, func(s *greeting.Settings) { s.LeavesIncoming = true })
	v := w.visit(button, hash)
	v.tells(`{"bot_params":{"plan":"pro","sum":900}}`)
	g := v.greeting(map[string]any{})
	w.send("POST", v.base+"/v1/messages", v.auth(), map[string]any{"client_id": uuidN(1), "text": "=lamp(1)", "greeting": g.Token}).wants(t, "writing", 200, "")
	v.write(uuidN(2), "and a shade")
	w.eventually("the incoming lead", func() bool { return len(w.box.IncomingLeads(accountID)) == 1 })
	in := w.box.IncomingLeads(accountID)[0]
	if err := w.box.AcceptLead(accountID, in.UID, 0, 0); err != nil {
		t.Fatal(err)
	}
	lead := func() (lead sandbox.Lead) {
		for _, l := range w.box.Leads(accountID) {
			if l.ID == in.LeadID {
				lead = l
			}
		}
		return lead
	}
	field := func(id int64) any {
		for _, f := range lead().Fields {
			if f.Field == id && id == 77 {
				return f.Values[0].EnumID
			} else if f.Field == id {
				return f.Values[0].Value
			}
		}
		return nil
	}
	w.eventually("the last action", func() bool { return field(78) == "'=lamp(1)\nand a shade" })
	if l := lead(); !slices.Equal(l.Tags, []string{"plan pro"}) || l.Price != 900 || field(77) != int64(772) {
		t.Errorf("the lead is %+v", l)
	}
	if notes := w.box.CardNotes(accountID, sandbox.CardLeads, in.LeadID); len(notes) != 1 || notes[0].Text != "Needs =lamp(1)" {
		t.Errorf("the notes are %+v", notes)
	}
	if got := inOrder(v.history()); !slices.Equal(got, []string{"What do you need?", "=lamp(1)", "Noted.", "and a shade"}) {
		t.Errorf("the visitor has %q", got)
	}
}
