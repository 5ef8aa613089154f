package greeting_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"leadline/backend/greeting"
)

// example is the bot of the specification (O §4.3).
const example = `{
  "0": { "question": [
    { "handler": "conditions", "params": { "logic": "and",
      "conditions": [ { "term1": "{{bot_params.locale}}", "term2": "pt", "operation": "=" } ],
      "result": [ { "handler": "goto", "params": { "type": "question", "step": 1 } } ] } },
    { "handler": "goto", "params": { "type": "question", "step": 2 } } ] },
  "1": { "question": [
    { "handler": "show", "params": { "type": "buttons", "value": "Olá, {{bot_params.username}}! Em que podemos ajudar?",
      "buttons": ["Preços", "Suporte"] } },
    { "handler": "wait_answer", "params": { "type": "answer", "step": 1 } } ],
    "answer": [
    { "handler": "buttons", "params": [
      { "value": "Preços", "params": [ { "handler": "goto", "params": { "type": "question", "step": 3 } } ] },
      { "regex": "/suporte/iu", "params": [ { "handler": "goto", "params": { "type": "question", "step": 4 } } ] } ] } ] },
  "2": { "question": [ { "handler": "show", "params": { "type": "text", "value": "Hello! Ask us anything." } } ] },
  "3": { "question": [ { "handler": "show", "params": { "type": "buttons_url", "value": "Our plans:",
      "buttons": [ { "text": "Open", "url": "https://shop.example/plans" } ] } } ] },
  "4": { "question": [ { "handler": "show", "params": { "type": "text", "value": "An engineer joins in a moment." } } ] }
}`

func parse(t *testing.T, raw string) greeting.Bot {
	t.Helper()
	b, err := greeting.Parse([]byte(raw))
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return b
}

// facts are what a page with these bot_params tells.
func facts(t *testing.T, params string) greeting.Facts {
	t.Helper()
	f := greeting.Facts{
		Now: time.Date(2026, 3, 9, 12, 0, 0, 0, time.UTC), Random: func(n int) int { return n - 1 },
		Values: map[string]string{"contact.name": "Anna", "visitor_uid": "uid-1", "session_id": "s-1", "origin": "onlinechat"},
		Tags:   []string{"vip"},
	}
	if params != "" {
		if err := json.Unmarshal([]byte(params), &f.Params); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func texts(turn greeting.Turn) []string {
	list := []string{}
	for _, s := range turn.Says {
		list = append(list, s.Text)
	}
	return list
}

// says runs one text as a whole bot.
func says(t *testing.T, text string, f greeting.Facts, input string) string {
	t.Helper()
	raw, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	b := parse(t, `[{"question":[{"handler":"wait_answer","params":{"type":"answer","step":0}}],
		"answer":[{"handler":"show","params":{"type":"text","value":`+string(raw)+`}}]}]`)
	turn := b.Run(b.Run(greeting.State{}, "", f).State, input, f)
	return strings.Join(texts(turn), "|")
}

func TestTheExampleOfTheSpecification(t *testing.T) {
	t.Parallel()
	b := parse(t, example)
	if p := b.Check(); len(p) != 0 {
		t.Errorf("Check() = %v, want nothing", p)
	}
	pt := facts(t, `{"locale":"pt","username":"Ana"}`)
	first := b.Run(greeting.State{}, "", pt)
	if want := []string{"Olá, Ana! Em que podemos ajudar?"}; !slices.Equal(texts(first), want) {
		t.Fatalf("greeting = %q, want %q", texts(first), want)
	}
	if got := first.Says[0].Buttons; len(got) != 2 || got[0].Text != "Preços" || got[1].Text != "Suporte" {
		t.Errorf("buttons = %+v", got)
	}
	for _, tt := range []struct{ reply, want string }{
		{"Preços", "Our plans:"},
		{"preços", ""}, // exact text
		{"O SUPORTE, por favor", "An engineer joins in a moment."},
		{"algo", ""},
	} {
		turn := b.Run(first.State, tt.reply, pt)
		if got := strings.Join(texts(turn), "|"); got != tt.want || !turn.State.Over {
			t.Errorf("%q leads to %q, over %v; want %q", tt.reply, got, turn.State.Over, tt.want)
		}
		if again := b.Run(turn.State, tt.reply, pt); len(again.Says) != 0 {
			t.Errorf("a bot that is over says %q", texts(again))
		}
	}
	if link := b.Run(first.State, "Preços", pt).Says[0].Buttons; len(link) != 1 || link[0].URL != "https://shop.example/plans" {
		t.Errorf("links = %+v", link)
	}
	if got := texts(b.Run(greeting.State{}, "", facts(t, `{"locale":"en"}`))); !slices.Equal(got, []string{"Hello! Ask us anything."}) {
		t.Errorf("otherwise = %q", got)
	}
}

func TestMarkers(t *testing.T) {
	t.Parallel()
	const params = `{"name":"<b>Al</b>","cart":{"total":12.50,"big":9007199254740993,"items":[{"id":7},{"id":8}],"gift":true,"none":null},
		"evil":"{{contact.name}} \\{{ {{bot_params.name}}","list":[1, 2]}`
	for _, tt := range []struct{ name, text, input, want string }{
		{"BOT-1 a parameter", "Hi {{bot_params.name}}!", "x", "Hi <b>Al</b>!"},
		{"BOT-2 nested", "{{bot_params.cart.total}}", "x", "12.50"},
		{"BOT-2 a number stays exact", "{{bot_params.cart.big}}", "x", "9007199254740993"},
		{"BOT-2 place in an array", "{{bot_params.cart.items.1.id}}", "x", "8"},
		{"BOT-2 beyond an array", "[{{bot_params.cart.items.2.id}}]", "x", "[]"},
		{"BOT-2 missing", "[{{bot_params.no.such}}]", "x", "[]"},
		{"BOT-2 null", "[{{bot_params.cart.none}}]", "x", "[]"},
		{"BOT-2 boolean", "{{bot_params.cart.gift}}", "x", "true"},
		{"BOT-2 object as compact JSON", "{{bot_params.list}}{{bot_params.cart.items}}", "x", `[1,2][{"id":7},{"id":8}]`},
		{"BOT-2 never parsed again", "{{bot_params.evil}}", "x", `{{contact.name}} \{{ {{bot_params.name}}`},
		{"BOT-2 a reply is never parsed", "You said {{message_text}}", "{{contact.name}}", "You said {{contact.name}}"},
		{"BOT-3 blanks", "{{  contact.name\t}}", "x", "Anna"},
		{"BOT-3 unknown", "[{{who.knows}}]", "x", "[]"},
		{"BOT-3 literal", `\{{contact.name}} {{contact.name}}`, "x", "{{contact.name}} Anna"},
		{"unclosed", "a {{contact.name", "x", "a {{contact.name"},
		{"name", "{{name}}", "x", "Anna"},
		{"e-mail in a reply", "{{message_text.email}}", "it is anna@example.org, thanks", "anna@example.org"},
		{"phone in a reply", "{{message_text.phone}}", "call +7 (999) 000-11-22 please", "+7 (999) 000-11-22"},
		{"first group of a pattern", `{{regexp./order (\d{2,4})/i}}`, "ORDER 123", "123"},
		{"visitor and session", "{{visitor_uid}} {{session_id}}", "x", "uid-1 s-1"},
		{"date", "{{current_date}}", "x", "09.03.2026"},
		{"short_rand_num is 1111 to 9999", "{{short_rand_num}}", "x", "9999"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := says(t, tt.text, facts(t, params), tt.input); got != tt.want {
				t.Errorf("%q = %q, want %q", tt.text, got, tt.want)
			}
		})
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	const params = `{"plan":" business ","age":"17, 25","n":5,"price":"10.0","csv":"a, b,c","empty":""}`
	for _, tt := range []struct {
		name, term1, term2, op string
		want                   bool
	}{
		{"BOT-7 trimmed", "{{bot_params.plan}}", `"business"`, "=", true},
		{"BOT-7 case-sensitive", "{{bot_params.plan}}", `"Business"`, "=", false},
		{"BOT-7 numbers", "{{bot_params.price}}", `"10"`, "=", true},
		{"BOT-7 a number as JSON", "{{bot_params.n}}", `5.00`, "=", true},
		{"BOT-7 no number is a text", "1e1", `"10"`, "=", false},
		{"BOT-6 not equal", "{{bot_params.plan}}", `"free"`, "!=", true},
		{"BOT-6 in: one of term2 is among term1", "{{bot_params.csv}}", `"x,b"`, "in", true},
		{"BOT-6 in: none", "{{bot_params.csv}}", `"x,y"`, "in", false},
		{"BOT-6 in: nothing is in nothing", "{{bot_params.empty}}", `""`, "in", false},
		{"BOT-6 not_in", "{{bot_params.csv}}", `"x,y"`, "not_in", true},
		{"BOT-6 in_range: one of the integers", "{{bot_params.age}}", `{"from":18,"to":30}`, "in_range", true},
		{"BOT-6 in_range: none", "{{bot_params.age}}", `{"from":18,"to":24}`, "in_range", false},
		{"BOT-6 in_range: no end", "{{bot_params.age}}", `{"from":25}`, "in_range", true},
		{"BOT-6 in_range: no beginning", "{{bot_params.age}}", `{"to":"16"}`, "in_range", false},
		{"BOT-6 in_range: no object", "{{bot_params.age}}", `"18"`, "in_range", false},
		{"BOT-7 unknown operation", "1", `"1"`, "~", false},
		{"BOT-7 lead.tags has", "lead.tags", `"vip"`, "=", true},
		{"BOT-7 lead.tags has not", "lead.tags", `"cold"`, "!=", true},
		{"BOT-7 chat.origin", "chat.origin", `"onlinechat"`, "=", true},
		{"extension >", "{{bot_params.n}}", `"4.9"`, ">", true},
		{"extension < of no numbers", "a", `"b"`, "<", false},
		{"extension >=", "5", `"5"`, ">=", true},
		{"extension <=", "5", `"4"`, "<=", false},
		{"extension contains", "{{bot_params.plan}}", `"sine"`, "contains", true},
		{"extension not_contains", "{{bot_params.plan}}", `"sine"`, "not_contains", false},
		{"extension empty", "{{bot_params.missing}}", `""`, "empty", true},
		{"extension not_empty", "{{bot_params.missing}}", `""`, "not_empty", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			one := `"term1":"` + tt.term1 + `","term2":` + tt.term2 + `,"operation":"` + tt.op + `"`
			yes := `[{"handler":"show","params":{"type":"text","value":"yes"}}]`
			no := `[{"handler":"show","params":{"type":"text","value":"no"}}]`
			want := map[bool]string{true: "yes", false: "no"}[tt.want]
			for form, handler := range map[string]string{
				"condition":                 `{"handler":"condition","params":{` + one + `,"result":` + yes + `}}`,
				"BOT-8 object":              `{"handler":"conditions","params":{"logic":"and","conditions":[{` + one + `,"value_type":"value"}],"result":` + yes + `}}`,
				"BOT-4 array, result aside": `{"handler":"conditions","params":[{` + one + `}],"result":` + yes + `}`,
			} {
				// What stands behind runs otherwise (BOT-8).
				b := parse(t, `[{"question":[`+handler+`,`+strings.Trim(no, "[]")+`]}]`)
				if got := strings.Join(texts(b.Run(greeting.State{}, "", facts(t, params))), "|"); got != want {
					t.Errorf("%s: says %q, want %q", form, got, want)
				}
			}
			b := parse(t, `[{"question":[{"handler":"condition","params":[{`+one+`}],"result":`+yes+`,"otherwise":`+no+`}]}]`)
			if got := strings.Join(texts(b.Run(greeting.State{}, "", facts(t, params))), "|"); got != want {
				t.Errorf("BOT-4 with an otherwise branch: says %q, want %q", got, want)
			}
		})
	}
}

func TestLogic(t *testing.T) {
	t.Parallel()
	const yes, no, broken = `{"term1":"1","term2":"1","operation":"="}`, `{"term1":"1","term2":"2","operation":"="}`, `{"term1":"1","term2":"1","operation":"like"}`
	for _, tt := range []struct{ name, params, want string }{
		{"BOT-4 all of an array", `[` + yes + `,` + yes + `]`, "in"},
		{"BOT-4 one of an array does not hold", `[` + yes + `,` + no + `]`, "out"},
		{"BOT-8 or", `{"logic":"or","conditions":[` + no + `,` + yes + `]}`, "in"},
		{"BOT-8 or of none", `{"logic":"or","conditions":[` + no + `]}`, "out"},
		{"BOT-7 an unknown operation beside one that holds", `{"logic":"or","conditions":[` + yes + `,` + broken + `]}`, "out"},
		{"no conditions hold nothing", `[]`, "out"},
		{"BOT-7 malformed", `"x"`, "out"},
		{"BOT-7 malformed conditions", `{"logic":"and","conditions":5}`, "out"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			params, result := tt.params, `[{"handler":"show","params":{"type":"text","value":"in"}}]`
			if strings.HasPrefix(params, "{") {
				params = strings.TrimSuffix(params, "}") + `,"result":` + result + `}`
			}
			b := parse(t, `[{"question":[{"handler":"conditions","params":`+params+`,"result":`+result+`},
				{"handler":"show","params":{"type":"text","value":"out"}}]}]`)
			turn := b.Run(greeting.State{}, "", facts(t, ""))
			if got := strings.Join(texts(turn), "|"); got != tt.want {
				t.Errorf("says %q, want %q", got, tt.want)
			}
			if broken := strings.HasPrefix(tt.name, "BOT-7"); broken != (len(turn.Log) > 0) {
				t.Errorf("log = %v", turn.Log)
			}
		})
	}
}

func TestValidations(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, condition, input, want string }{
		{"simple equal", `{"type":"simple","operation":"equal","condition_value":"yes"}`, " yes ", "ok:yes"},
		{"simple not_equal", `{"type":"simple","operation":"not_equal","condition_value":"yes"}`, "yes", "bad"},
		{"length equals", `{"type":"simple","operation":"length","condition_value":4}`, "жизн", "ok:жизн"},
		{"email", `{"client_value":"{{message_text}}","type":"email","operation":"contains","condition_value":""}`, "a@b.example now", "ok:a@b.example"},
		{"no email", `{"type":"email","operation":"not_contains","condition_value":""}`, "none", "ok:"},
		{"phone", `{"type":"phone","operation":"contains","condition_value":""}`, "8 999 000 11 22", "ok:8 999 000 11 22"},
		{"no phone", `{"type":"phone","operation":"contains","condition_value":""}`, "1 2", "bad"},
		{"regex", `{"type":"regex","operation":"contains","condition_value":"/[a-z]{3}-\\d/i"}`, "see ABC-7.", "ok:ABC-7"},
		{"range", `{"type":"range_numbers","operation":"contains","condition_value":{"from":1,"to":5}}`, "maybe 9 or 4", "ok:4"},
		{"out of range", `{"type":"range_numbers","operation":"not_contains","condition_value":{"from":1,"to":5}}`, "9", "ok:"},
		{"unknown", `{"type":"inn","operation":"contains","condition_value":""}`, "9", "bad"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := parse(t, `[{"question":[{"handler":"show","params":{"type":"text","value":"?"}}],"answer":[
				{"handler":"validations","params":{"logic":"and","conditions":[`+tt.condition+`],
					"result":[{"handler":"show","params":{"type":"text","value":"ok:{{last_validation_result}}"}}]}},
				{"handler":"show","params":{"type":"text","value":"bad"}}]}]`)
			first := b.Run(greeting.State{}, "", facts(t, ""))
			if got := strings.Join(texts(b.Run(first.State, tt.input, facts(t, ""))), "|"); got != tt.want {
				t.Errorf("says %q, want %q", got, tt.want)
			}
		})
	}
}

func TestFlow(t *testing.T) {
	t.Parallel()
	const show = `{"handler":"show","params":{"type":"text","value":"%"}}`
	say := func(s string) string { return strings.Replace(show, "%", s, 1) }
	for _, tt := range []struct {
		name, bot string
		inputs    []string
		want      string // of each turn
		close     bool
	}{
		{"a question with an answer waits by itself", `[{"question":[` + say("q") + `],"answer":[` + say("a") + `]}]`, []string{"", "x", "y"}, "q/a/", false},
		{"finish runs at the end", `[{"question":[` + say("q") + `],"finish":[` + say("f") + `]},{"question":[` + say("next") + `]}]`, []string{""}, "q|f", false},
		{"wait_answer may lead elsewhere", `[{"question":[` + say("q") + `,{"handler":"wait_answer","params":{"type":"question","step":1}},` + say("never") + `]},
			{"question":[` + say("one") + `]}]`, []string{"", "x"}, "q/one", false},
		{"goto a finish", `[{"question":[{"handler":"goto","params":{"type":"finish","step":1}}]},{"question":[` + say("q") + `],"finish":[` + say("f") + `]}]`, []string{""}, "f", false},
		{"goto nowhere ends", `[{"question":[` + say("q") + `,{"handler":"goto","params":{"type":"question","step":9}}]}]`, []string{"", "x"}, "q/", false},
		{"stop closes", `[{"question":[` + say("q") + `,{"handler":"stop","params":{"action":"talk-close"}},` + say("never") + `]}]`, []string{""}, "q", true},
		{"unknown handlers are passed over", `[{"question":[{"handler":"find","params":{}},{"handler":"dance"},` + say("q") + `]}]`, []string{""}, "q", false},
		{"an endless loop ends", `[{"question":[{"handler":"goto","params":{"type":"question","step":0}}]}]`, []string{"", ""}, "/", false},
		{"an object's steps are found by key", `{"7":{"question":[{"handler":"goto","params":{"type":"question","step":12}}]},"12":{"question":[` + say("q") + `]}}`, []string{""}, "q", false},
		{"nothing is left of a text of markers", `[{"question":[` + say("{{bot_params.no}}") + `]}]`, []string{""}, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := parse(t, tt.bot)
			var turn greeting.Turn
			var got []string
			for _, input := range tt.inputs {
				turn = b.Run(turn.State, input, facts(t, ""))
				got = append(got, strings.Join(texts(turn), "|"))
			}
			if s := strings.Join(got, "/"); s != tt.want || turn.Close != tt.close {
				t.Errorf("says %q, close %v; want %q, %v", s, turn.Close, tt.want, tt.close)
			}
		})
	}
}

func TestASayingLoopIsBounded(t *testing.T) {
	t.Parallel()
	b := parse(t, `[{"question":[{"handler":"show","params":{"type":"text","value":"again"}},{"handler":"goto","params":{"type":"question","step":0}}]}]`)
	turn := b.Run(greeting.State{}, "", facts(t, ""))
	if len(turn.Says) != greeting.MaxSays || !turn.State.Over || len(turn.Log) == 0 {
		t.Errorf("%d messages, over %v, log %v", len(turn.Says), turn.State.Over, turn.Log)
	}
}

func TestHostileLinksAreLeftOut(t *testing.T) {
	t.Parallel()
	b := parse(t, `[{"question":[{"handler":"show","params":{"type":"buttons_url","value":"v","buttons":[
		{"text":"a","url":"{{bot_params.u}}"},{"text":"b","url":"tel:+79990001122"},"https://shop.example/"]}}]}]`)
	for in, want := range map[string]int{
		`"javascript:alert(1)"`: 2, `"data:text/html,x"`: 2, `"//host"`: 2, `"https://x.example/?q=1"`: 3, `"mailto:a@b.example"`: 3, `""`: 2, `"https://u:p@x.example"`: 2,
	} {
		if got := b.Run(greeting.State{}, "", facts(t, `{"u":`+in+`}`)).Says[0].Buttons; len(got) != want {
			t.Errorf("%s: %+v, want %d", in, got, want)
		}
	}
}

func TestActions(t *testing.T) {
	t.Parallel()
	act := func(name, params string) string {
		return `{"handler":"action","params":{"name":"` + name + `","params":` + params + `}}`
	}
	for _, tt := range []struct {
		name, handler string
		want          greeting.Act
	}{
		{"tag", act("set_tag", `{"type":2,"value":"from {{contact.name}}"}`), greeting.Act{Name: "set_tag", Value: "from Anna"}},
		{"tag of the contact", act("unset_tag", `{"type":"1","value":"x"}`), greeting.Act{Name: "unset_tag", Value: "x", Contact: true}},
		{"field", act("set_custom_fields", `{"type":1,"custom_fields_id":55,"value":"{{bot_params.city}}","option":"add"}`),
			greeting.Act{Name: "set_custom_fields", Contact: true, Field: 55, Value: "Rome", Add: true}},
		{"note", act("add_note", `{"element_type":2,"note_type":4,"text":"said so"}`), greeting.Act{Name: "add_note", Value: "said so"}},
		{"status", act("change_status", `{"value":142}`), greeting.Act{Name: "change_status", Number: 142}},
		{"budget", act("set_budget", `{"value":"{{bot_params.sum}}"}`), greeting.Act{Name: "set_budget", Number: 900}},
		{"responsible", act("change_responsible_user", `{"value":77}`), greeting.Act{Name: "change_responsible_user", Number: 77}},
		{"no number", act("set_budget", `{"value":"much"}`), greeting.Act{}},
		{"field with a named kind", act("set_custom_fields", `{"type":1,"custom_fields_id":55,"value":"a@b.co","enum":"WORK"}`),
			greeting.Act{Name: "set_custom_fields", Contact: true, Field: 55, Value: "a@b.co", EnumCode: "WORK"}},
		{"incoming lead", act("unsorted", `{"value":"decline"}`), greeting.Act{Name: "unsorted", Value: "decline"}},
		{"chat of the incoming lead", act("link_to_unsorted", `{"entity_type":2,"entity_id":"12345","contact_id":77}`), greeting.Act{Name: "link_to_unsorted", Number: 12345, Person: 77}},
		{"to a customer", act("link_to_unsorted", `{"entity_type":12,"entity_id":1}`), greeting.Act{}},
		{"to nobody", act("link_to_unsorted", `{"entity_type":2,"entity_id":"{{bot_params.none}}"}`), greeting.Act{}},
		{"company", act("add_linked_company", `{"name":"{{bot_params.city}} Ltd"}`), greeting.Act{Name: "add_linked_company", Value: "Rome Ltd"}},
		{"company without a name", act("add_linked_company", `{"name":"{{bot_params.none}}"}`), greeting.Act{}},
		{"link to nothing", act("link", `{"from":2,"to":11,"to_id":"{{founded_id}}","to_catalog_id":123}`), greeting.Act{}},
		{"link to a task", act("link", `{"from":2,"to":4,"to_id":5}`), greeting.Act{}},
		{"element without a list", act("link", `{"from":2,"to":11,"to_id":5}`), greeting.Act{}},
		{"lead and contact by an unknown preset", act("add_lead_contact", `{"preset":"contacts.whatever"}`), greeting.Act{}},
		{"of a customer", act("set_tag", `{"type":12,"value":"x"}`), greeting.Act{}},
		{"one that does not run here", act("subscribe", `{"value":1}`), greeting.Act{}},
		{"without parameters", act("set_tag", `[]`), greeting.Act{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			turn := parse(t, `[{"question":[`+tt.handler+`]}]`).Run(greeting.State{}, "", facts(t, `{"city":"Rome","sum":900}`))
			var got greeting.Act
			if len(turn.Acts) > 0 {
				got = turn.Acts[0]
			}
			if got != tt.want {
				t.Errorf("acts = %+v, want %+v", turn.Acts, tt.want)
			}
			if (tt.want == greeting.Act{}) != (len(turn.Log) > 0) {
				t.Errorf("log = %v", turn.Log)
			}
		})
	}
	// What the bot itself did to the tags counts from then on.
	turn := parse(t, `[{"question":[`+act("unset_tag", `{"type":2,"value":"vip"}`)+`,
		{"handler":"condition","params":{"term1":"lead.tags","term2":"vip","operation":"=","result":[{"handler":"show","params":{"type":"text","value":"still"}}]}}]}]`).
		Run(greeting.State{}, "", facts(t, ""))
	if len(turn.Says) != 0 {
		t.Errorf("says %q after the tag was taken away", texts(turn))
	}
}

// TestActsAreBounded: what a turn wants done goes with the greeting's token and into one
// job, which have room for so much.
func TestActsAreBounded(t *testing.T) {
	t.Parallel()
	note := strings.Repeat("я", 4000)
	var handlers []string
	for range 5 {
		handlers = append(handlers, `{"handler":"action","params":{"name":"add_note","params":{"text":"`+note+`"}}}`)
	}
	raw := `[{"question":[` + strings.Join(handlers, ",") + `,{"handler":"show","params":{"type":"text","value":"Hi"}}]}]`
	bot, err := greeting.Parse([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	turn := bot.Run(greeting.State{}, "", greeting.Facts{})
	size := 0
	turn.Acts = asked(turn)
	for _, a := range turn.Acts {
		size += len(a.Value)
	}
	if len(turn.Says) != 1 || len(turn.Acts) == 0 || size > greeting.MaxActBytes {
		t.Errorf("%d messages, %d actions of %d bytes, want one message and up to %d bytes", len(turn.Says), len(turn.Acts), size, greeting.MaxActBytes)
	}
	if len(turn.Log) != 5-len(turn.Acts) || len(turn.Log) == 0 || turn.Log[0].Code != "too_many_acts" {
		t.Errorf("the log is %v", turn.Log)
	}
}

// TestPatternsCost: a turn is taken while the conversation is locked, so that patterns,
// too, cost it something, whatever they are looked for in.
func TestPatternsCost(t *testing.T) {
	t.Parallel()
	bot := func(n int) greeting.Turn {
		var replies []string
		for i := range n {
			replies = append(replies, fmt.Sprintf(`{"regex":"/(a{15}){15}%d/","params":[]}`, i))
		}
		b, err := greeting.Parse([]byte(`[{"question":[{"handler":"buttons","params":[` + strings.Join(replies, ",") + `]},{"handler":"show","params":{"type":"text","value":"Hi"}}]}]`))
		if err != nil {
			t.Fatal(err)
		}
		return b.Run(greeting.State{}, "", greeting.Facts{})
	}
	if turn := bot(100); len(turn.Says) != 1 || len(turn.Log) != 0 {
		t.Errorf("a hundred patterns: %+v", turn)
	}
	if turn := bot(1000); len(turn.Says) != 0 || len(turn.Log) == 0 || turn.Log[0].Code != "too_long" {
		t.Errorf("a thousand patterns: %+v", turn)
	}
}
