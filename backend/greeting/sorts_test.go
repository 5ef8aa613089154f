package greeting_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"leadline/backend/greeting"
)

// O §4.3, show: what the bot says asks once for the incoming lead to be accepted, unless
// the handler says otherwise; an action asks whenever it runs.
func TestWhatIsSaidAccepts(t *testing.T) {
	t.Parallel()
	show := func(more string) string {
		return `{"handler":"show","params":{"type":"text","value":"Hi"` + more + `}}`
	}
	for _, tt := range []struct {
		name, question, answer string
		want                   []string // of both turns, in their order
	}{
		{"a text", show(""), show(""), []string{"shown accept"}},
		{"buttons", `{"handler":"show","params":{"type":"buttons","value":"Hi","buttons":["A"]}}`, show(""), []string{"shown accept"}},
		{"told to leave it", show(`,"accept_unsorted":false`), show(`,"accept_unsorted":"false"`), nil},
		{"told to leave it in numbers", show(`,"accept_unsorted":0`), show(`,"accept_unsorted":"0"`), nil},
		{"told to accept it", show(`,"accept_unsorted":true`), show(`,"accept_unsorted":null`), []string{"shown accept"}},
		{"the reply only", show(`,"accept_unsorted":false`), show(""), []string{"", "shown accept"}},
		{"nothing to say", `{"handler":"show","params":{"type":"text","value":"{{nothing}}"}}`, show(`,"accept_unsorted":false`), nil},
		{"an action", action("unsorted", `{"value":"accept"}`), action("unsorted", `{"value":"decline"}`), []string{"accept", "decline"}},
		{"an action that says something else", action("unsorted", `{"value":"burn"}`), show(`,"accept_unsorted":false`), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bot := parse(t, `[{"question":[`+tt.question+`],"answer":[`+tt.answer+`]}]`)
			first := bot.Run(greeting.State{}, "", facts(t, ""))
			second := bot.Run(first.State, "hello", facts(t, ""))
			var got []string
			for _, turn := range []greeting.Turn{first, second} {
				var list []string
				for _, a := range turn.Acts {
					list = append(list, strings.TrimSpace(map[bool]string{true: "shown "}[a.Shown]+a.Value))
				}
				got = append(got, strings.Join(list, ", "))
			}
			for len(got) > 0 && got[len(got)-1] == "" {
				got = got[:len(got)-1]
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("asked for %q, want %q", got, tt.want)
			}
		})
	}
}

func action(name, params string) string {
	return `{"handler":"action","params":{"name":"` + name + `","params":` + params + `}}`
}

// O §4.3: what links and makes cards, with their parts.
func TestCardActions(t *testing.T) {
	t.Parallel()
	const both = `"lead":{"name":"Lead of {{contact.name}}","status_id":142,"responsible_user_id":123,"price":2000,"tags":"a, b","custom_fields":[{"id":77,"values":[{"value":"{{bot_params.city}}"}]},{"id":78,"values":[{"value":"{{bot_params.none}}"}]}]},
		"contact":{"name":"{{contact.name}}","tags":["c"],"custom_fields":[{"id":"88","values":[{"value":"{{message_text.email}}","enum":"WORK"}]}]}`
	made := func(mail string) *greeting.Act {
		a := greeting.Act{
			Name:       "add_lead_contact",
			NewLead:    &greeting.NewCard{Name: "Lead of Anna", Status: 142, Price: 2000, Responsible: 123, Tags: []string{"a", "b"}, Fields: []greeting.NewField{{Field: 77, Value: "Rome"}}},
			NewContact: &greeting.NewCard{Name: "Anna", Tags: []string{"c"}},
		}
		if mail != "" {
			a.NewContact.Fields = []greeting.NewField{{Field: 88, Value: mail, Enum: "WORK"}}
		}
		return &a
	}
	for _, tt := range []struct {
		name, handler, said string
		want                *greeting.Act
	}{
		{"element of a list", action("link", `{"from":2,"to":11,"to_id":"5","to_catalog_id":123,"quantity":"2"}`), "x",
			&greeting.Act{Name: "link", Number: 5, Link: &greeting.Link{To: greeting.ToElement, Catalog: 123, Quantity: 2}}},
		{"contact to a company", action("link", `{"from":1,"from_id":9,"to":3,"to_id":5}`), "x",
			&greeting.Act{Name: "link", Contact: true, Number: 5, Link: &greeting.Link{From: 9, To: greeting.ToCompany}}},
		{"lead and contact", action("add_lead_contact", `{`+both+`}`), "hello", made("")},
		{"with an e-mail that is required", action("add_lead_contact", `{"preset":"contacts.require_email_or_phone",`+both+`}`), "write to anna@example.org", made("anna@example.org")},
		{"with a phone in place of it", action("add_lead_contact", `{"preset":"contacts.require_email_or_phone",`+both+`}`), "+7 999 000-11-22", made("")},
		{"without both", action("add_lead_contact", `{"preset":"contacts.require_email_or_phone",`+both+`}`), "hello", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			turn := parse(t, `[{"answer":[`+tt.handler+`]}]`).Run(greeting.State{Waiting: &greeting.Place{Part: greeting.Answer}}, tt.said, facts(t, `{"city":"Rome"}`))
			if len(turn.Log) > 0 {
				t.Errorf("log %v", turn.Log)
			}
			switch {
			case tt.want == nil && len(turn.Acts) > 0:
				t.Errorf("acts %+v, want none", turn.Acts)
			case tt.want != nil && (len(turn.Acts) != 1 || !reflect.DeepEqual(turn.Acts[0], *tt.want)):
				got, _ := json.Marshal(turn.Acts)
				want, _ := json.Marshal(tt.want)
				t.Errorf("acts %s, want %s", got, want)
			}
		})
	}
}

// asked are the acts of a turn that its bot asks for in so many words.
func asked(turn greeting.Turn) []greeting.Act {
	return slices.DeleteFunc(slices.Clone(turn.Acts), func(a greeting.Act) bool { return a.Shown })
}
