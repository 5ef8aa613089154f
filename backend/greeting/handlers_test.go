package greeting_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"leadline/backend/greeting"
)

// logged are the codes of what a turn met.
func logged(turn greeting.Turn) string {
	codes := []string{}
	for _, p := range turn.Log {
		codes = append(codes, p.Code)
	}
	return strings.Join(codes, ",")
}

// said is a turn's messages with their buttons: "text [reply] [link](url)".
func said(turn greeting.Turn) string {
	list := []string{}
	for _, s := range turn.Says {
		one := s.Text
		for _, b := range s.Buttons {
			one += " [" + b.Text + "]"
			if b.URL != "" {
				one += "(" + b.URL + ")"
			}
		}
		list = append(list, one)
	}
	return strings.Join(list, "|")
}

// TestExternalMessage: send_external_message of O §4.3. The chat is one of the CRM's
// channels, number 7 here, and its visitor the contact whom it reaches.
func TestExternalMessage(t *testing.T) {
	t.Parallel()
	const text = `"message":{"type":"external","text":"For {{contact.name}}"}`
	filter := func(term1, operation string) string {
		return text + `,"recipient":{"type":"filtered_contacts","filter":{"logic":"and","result":1,"conditions":[{"term1":"` + term1 + `","term2":"a","operation":"` + operation + `","value_type":"value"}]},"way_of_communication":"over_all"}`
	}
	const instead = `,"on_error":{"handler":"show","params":{"type":"text","value":"instead"}}`
	for _, tt := range []struct{ name, params, want, log string }{
		{"channels absent", text, "For Anna|behind", ""},
		{"the vendor's example", text + `,"recipient":{"type":"main_contact","way_of_communication":"over_all"},"channels":[],"metadata":{"facebook_tag":"CONFIRMED_EVENT_UPDATE"},"on_error":null`, "For Anna|behind", ""},
		{"our own channel among others", text + `,"channels":[{"id":5},{"id":7}]`, "For Anna|behind", ""},
		{"our own as a text", text + `,"channels":[{"id":"7"}]`, "For Anna|behind", ""},
		{"others alone", text + `,"channels":[{"id":5}]`, "behind", "not_delivered"},
		{"others alone, on_error one handler", text + `,"channels":[{"id":5}]` + instead, "instead|behind", "not_delivered"},
		{"others alone, on_error a list", text + `,"channels":[{"id":5}],"on_error":[{"handler":"goto","params":{"type":"question","step":1}}]`, "elsewhere", "not_delivered"},
		{"on_error stays out where all went well", text + instead, "For Anna|behind", ""},
		{"all contacts are the visitor", text + `,"recipient":{"type":"all_contacts","way_of_communication":"last_active"}`, "For Anna|behind", ""},
		{"somebody else", text + `,"recipient":{"type":"company"}` + instead, "instead|behind", "not_delivered"},
		{"a filter that holds", filter("{{bot_params.plan}}", "="), "For Anna|behind", ""},
		{"a filter that does not hold leaves nobody", filter("{{bot_params.plan}}", "!=") + instead, "behind", ""},
		{"a filter on a card's field cannot be known", filter("{{contact.cf.188.is_checked}}", "!=") + instead, "instead|behind", "not_delivered"},
		{"reply and link buttons", `"message":{"type":"external","text":"Choose","buttons":[{"type":"inline","text":"One"},{"type":"url","text":"Shop","url":"https://shop.example/{{bot_params.plan}}"}]}`,
			"Choose [One] [Shop](https://shop.example/a)|behind", ""},
		{"SEC-9 link", `"message":{"type":"external","text":"Choose","buttons":[{"type":"url","text":"x","url":"javascript:x"}]}`, "Choose|behind", "bad_link"},
		{"nothing left of the text", `"message":{"type":"external","text":"{{bot_params.no}}"}` + instead, "instead|behind", "empty_text"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := facts(t, `{"plan":"a"}`)
			f.Channel = 7
			turn := parse(t, `[{"question":[{"handler":"send_external_message","params":{`+tt.params+`}},{"handler":"show","params":{"type":"text","value":"behind"}}]},
				{"question":[{"handler":"show","params":{"type":"text","value":"elsewhere"}}]}]`).Run(greeting.State{}, "", f)
			if got := said(turn); got != tt.want || logged(turn) != tt.log {
				t.Errorf("says %q and met %q, want %q and %q", got, logged(turn), tt.want, tt.log)
			}
		})
	}
	// A chat whose source nobody knows is none of the named channels.
	turn := parse(t, `[{"question":[{"handler":"send_external_message","params":{`+text+`,"channels":[{"id":0}]}}]}]`).Run(greeting.State{}, "", facts(t, ""))
	if said(turn) != "" {
		t.Errorf("says %q", said(turn))
	}
}

// TestErrorList: the object's key error of O §4.3. In a chat on a site what is stored is
// delivered; a message that comes to nothing is the one that cannot be.
func TestErrorList(t *testing.T) {
	t.Parallel()
	show := func(text string) string {
		return `{"handler":"show","params":{"type":"text","value":"` + text + `"}}`
	}
	const lost = `{"handler":"send_external_message","params":{"message":{"type":"external","text":"x"},"channels":[{"id":5}]}}`
	act := `{"handler":"action","params":{"name":"change_status","params":{"value":142}}}`
	for _, tt := range []struct {
		name, question, failure, want string
		acts                          int
		over                          bool
	}{
		{"in place of what stands behind", show("a") + "," + show("{{bot_params.no}}") + "," + show("behind"), act + "," + show("sorry"), "a|sorry", 1, true},
		{"for a message of another channel", lost + "," + show("behind"), act, "", 1, true},
		{"it may go on elsewhere", lost, `{"handler":"goto","params":{"type":"question","step":1}}`, "one", 0, true},
		{"it may wait", lost, show("Where?") + `,{"handler":"wait_answer","params":{"type":"question","step":1}}`, "Where?", 0, false},
		{"once a turn", lost, lost + "," + act + "," + show("{{bot_params.no}}") + "," + act, "", 2, true},
		{"not where all went well", show("a"), act, "a", 0, true},
		{"in a branch", `{"handler":"condition","params":{"term1":"1","term2":"1","operation":"=","result":[` + lost + `,` + show("inner") + `]}}`, show("sorry"), "sorry", 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			turn := parse(t, `{"0":{"question":[`+tt.question+`]},"1":{"question":[`+show("one")+`]},"error":[`+tt.failure+`]}`).Run(greeting.State{}, "", facts(t, ""))
			if said(turn) != tt.want || len(asked(turn)) != tt.acts || turn.State.Over != tt.over {
				t.Errorf("says %q, %d actions, over %v; want %q, %d, %v", said(turn), len(asked(turn)), turn.State.Over, tt.want, tt.acts, tt.over)
			}
		})
	}
	for _, raw := range []string{`null`, `[]`, `{}`, `5`, `[{"params":{}}]`} { // what is no list runs nothing
		turn := parse(t, `{"0":{"question":[`+lost+`,`+show("behind")+`]},"error":`+raw+`}`).Run(greeting.State{}, "", facts(t, ""))
		if said(turn) != "behind" {
			t.Errorf("error %s: says %q", raw, said(turn))
		}
	}
}

// TestPresets: contacts.validate_base_info and contacts.get_base_info of O §4.3.
func TestPresets(t *testing.T) {
	t.Parallel()
	const texts = `"empty_all":"Both?","empty_email":"E-mail?","empty_phone":"Phone?","invalid_phone":"Wrong phone","success":"Thank you"`
	validate := func(texts string) string {
		return `{"handler":"preset","params":{"name":"contacts.validate_base_info","params":{` + texts + `}}}`
	}
	mail := greeting.Act{Name: "contact_info", Contact: true, Code: "EMAIL", Value: "anna@example.org"}
	number := greeting.Act{Name: "contact_info", Contact: true, Code: "PHONE", Value: "+79990001122"}
	for _, tt := range []struct {
		name, handler string
		replies       []string
		known         greeting.Facts
		want          string // of each turn
		acts          []greeting.Act
	}{
		{"both at once", validate(texts), []string{"anna@example.org, 8 (999) 000-11-22"}, greeting.Facts{}, "Thank you|behind", []greeting.Act{mail, number}},
		{"one after the other", validate(texts), []string{"no", "+7 999 000 11 22", "it is anna@example.org"}, greeting.Facts{}, "Both?/E-mail?/Thank you|behind", []greeting.Act{number, mail}},
		{"the phone is missing", validate(texts), []string{"anna@example.org", "later", "+79990001122"}, greeting.Facts{}, "Phone?/Phone?/Thank you|behind", []greeting.Act{mail, number}},
		{"a phone with a mistake", validate(texts), []string{"anna@example.org 555-1", "123 456 7890 123 456 7890"}, greeting.Facts{}, "Wrong phone/Wrong phone", []greeting.Act{mail}},
		{"digits of an address are no phone", validate(texts), []string{"anna19990001122@example.org"}, greeting.Facts{}, "Phone?",
			[]greeting.Act{{Name: "contact_info", Contact: true, Code: "EMAIL", Value: "anna19990001122@example.org"}}},
		{"what is known is not asked", validate(texts), []string{"+79990001122"}, greeting.Facts{Email: "anna@example.org"}, "Thank you|behind", []greeting.Act{number}},
		{"all is known", validate(texts), []string{"hi"}, greeting.Facts{Email: "anna@example.org", Phone: "+79990001122"}, "Thank you|behind", nil},
		{"no words for an e-mail", validate(`"empty_phone":"Phone?"`), []string{"hi", "+79990001122"}, greeting.Facts{}, "Phone?/behind", []greeting.Act{number}},
		{"no words at all", validate(``), []string{"hi"}, greeting.Facts{}, "behind", nil},
		{"texts have markers", validate(`"empty_all":"And you, {{contact.name}}?"`), []string{"hi"}, greeting.Facts{}, "And you, Anna?", nil},
		{"get_base_info asks nothing", `{"handler":"preset","params":{"name":"contacts.get_base_info"}}`, []string{"anna@example.org"}, greeting.Facts{}, "behind", []greeting.Act{mail}},
		{"get_base_info of PHP", `{"handler":"preset","params":{"name":"contacts.get_base_info","params":[]}}`, []string{"call +79990001122"}, greeting.Facts{}, "behind", []greeting.Act{number}},
		{"one that is not known", `{"handler":"preset","params":{"name":"products.list"}}`, []string{"anna@example.org"}, greeting.Facts{}, "behind", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := parse(t, `[{"question":[{"handler":"show","params":{"type":"text","value":"?"}}],"answer":[`+tt.handler+`,{"handler":"show","params":{"type":"text","value":"behind"}}]}]`)
			f := facts(t, "")
			f.Email, f.Phone = tt.known.Email, tt.known.Phone
			turn := b.Run(greeting.State{}, "", f)
			var got []string
			var acts []greeting.Act
			for _, reply := range tt.replies {
				// The state is kept as JSON between turns.
				raw, err := json.Marshal(turn.State)
				if err != nil {
					t.Fatal(err)
				}
				var state greeting.State
				if err = json.Unmarshal(raw, &state); err != nil {
					t.Fatal(err)
				}
				turn = b.Run(state, reply, f)
				got, acts = append(got, said(turn)), append(acts, turn.Acts...)
			}
			if s := strings.Join(got, "/"); s != tt.want || !slices.Equal(acts, tt.acts) {
				t.Errorf("says %q and does %+v, want %q and %+v", s, acts, tt.want, tt.acts)
			}
			if asks := !strings.HasSuffix(tt.want, "behind"); turn.State.Over == asks {
				t.Errorf("over %v", turn.State.Over)
			}
		})
	}
}

// TestPresetGoesOnWhereItAsked: what stands before it is not done again with each reply,
// wherever it stands.
func TestPresetGoesOnWhereItAsked(t *testing.T) {
	t.Parallel()
	show := func(text string) string { return `{"handler":"show","params":{"type":"text","value":"` + text + `"}}` }
	preset := `{"handler":"preset","params":{"name":"contacts.validate_base_info","params":{"empty_all":"Both?","empty_phone":"Phone?","success":"Thanks"}}}`
	const lost = `"message":{"type":"external","text":"x"},"channels":[{"id":5}]`
	inner := show("a") + "," + preset + "," + show("b")
	for _, tt := range []struct {
		name, bot string
		first     string // what the visitor says first
		want      string // of each turn: the greeting, after first, after an e-mail, after a phone
	}{
		{"in a question", `[{"question":[` + inner + `]}]`, "hi", "a|Both?/Both?/Phone?/Thanks|b"},
		{"by a reply", `[{"question":[],"answer":[{"handler":"buttons","params":[{"value":"no","params":[]},{"value":"hi","params":[` + inner + `]}]},` + show("behind") + `]}]`, "hi", "/a|Both?/Phone?/Thanks|b"},
		{"in a branch of a branch", `[{"question":[],"answer":[{"handler":"condition","params":{"term1":"1","term2":"1","operation":"=","result":[{"handler":"conditions","params":[{"term1":"{{message_text}}","term2":"hi","operation":"="}],"result":[` + inner + `]},` + show("beside") + `]}},` + show("behind") + `]}]`, "hi", "/a|Both?/Phone?/Thanks|b"},
		{"otherwise", `[{"question":[],"answer":[{"handler":"validations","params":{"logic":"and","conditions":[{"type":"email","operation":"contains"}],"result":[],"otherwise":[` + inner + `]}}]}]`, "hi", "/a|Both?/Phone?/Thanks|b"},
		{"on_error goes on behind", `[{"question":[],"answer":[{"handler":"send_external_message","params":{` + lost + `,"on_error":[` + inner + `]}},` + show("behind") + `]}]`, "hi", "/a|Both?/Phone?/Thanks|b|behind"},
		{"in the error list", `{"0":{"question":[],"answer":[{"handler":"send_external_message","params":{` + lost + `}},` + show("behind") + `],"finish":[` + show("finish") + `]},"error":[` + inner + `]}`, "hi", "/a|Both?/Phone?/Thanks|b"},
		{"the step's finish follows", `[{"question":[],"answer":[` + preset + `],"finish":[` + show("finish") + `]}]`, "hi", "/Both?/Phone?/Thanks|finish"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := parse(t, tt.bot)
			var turn greeting.Turn
			var got []string
			for i, reply := range []string{"", tt.first, "anna@example.org", "+79990001122"} {
				turn = b.Run(turn.State, reply, facts(t, ""))
				if got = append(got, said(turn)); turn.State.Over != (i == 3) {
					t.Fatalf("turn %d: over %v", i, turn.State.Over)
				}
			}
			if s := strings.Join(got, "/"); s != tt.want {
				t.Errorf("says %q, want %q", s, tt.want)
			}
		})
	}
	// A bot that was changed meanwhile begins the list anew, whatever the path says.
	changed := parse(t, `[{"question":[],"answer":[`+show("anew")+`]}]`)
	for _, within := range []string{"0/answer/7", "0/answer/0/params/result/0", "0/answer/-1", "0/answer/x", "0/answer/0/params/0/params/0", "error/0", "1/answer/0", "/", "0/answer/"} {
		turn := changed.Run(greeting.State{Waiting: &greeting.Place{Part: greeting.Answer}, Within: within}, "x", facts(t, ""))
		if said(turn) != "anew" {
			t.Errorf("within %q: says %q", within, said(turn))
		}
	}
}

// TestStartParameter: meta of O §4.3, of which a site tells by bot_params (BOT-1).
func TestStartParameter(t *testing.T) {
	t.Parallel()
	tag := func(s string) greeting.Act { return greeting.Act{Name: "set_tag", Value: s} }
	field := func(id int64, s string) greeting.Act {
		return greeting.Act{Name: "set_custom_fields", Field: id, Value: s}
	}
	const values = `"lead.tags","lead.custom_fields.123","lead.custom_fields.124","lead.tags"` // the vendor's example
	for _, tt := range []struct {
		name, start, delimiter, values string
		want                           []greeting.Act
	}{
		{"the vendor's example", `"spring-42-red-vip"`, "-", values, []greeting.Act{tag("spring"), field(123, "42"), field(124, "red"), tag("vip")}},
		{"fewer parts", `"spring-42"`, "-", values, []greeting.Act{tag("spring"), field(123, "42")}},
		{"more parts", `"a-b-c"`, "-", `"lead.tags"`, []greeting.Act{tag("a")}},
		{"empty parts", `"-- red -"`, "-", values, []greeting.Act{field(124, "red")}},
		{"a longer delimiter", `"a__b_c"`, "__", values, []greeting.Act{tag("a"), field(123, "b_c")}},
		{"no delimiter", `"a-b"`, "", values, []greeting.Act{tag("a-b")}},
		{"a number", `42`, "-", `"lead.custom_fields.5"`, []greeting.Act{field(5, "42")}},
		{"none", `null`, "-", values, nil},
		{"nowhere to put it", `"a-b-c-d"`, "-", `"company.tags","lead.custom_fields.x","lead.custom_fields.-1","lead.tags"`, []greeting.Act{tag("d")}},
		{"markers in it stay what they are", `"{{contact.name}}"`, "-", `"lead.tags"`, []greeting.Act{tag("{{contact.name}}")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			turn := parse(t, `[{"question":[{"handler":"meta","params":{"delimiter":"`+tt.delimiter+`","values":[`+tt.values+`]}},
				{"handler":"condition","params":{"term1":"lead.tags","term2":"spring","operation":"=","result":[{"handler":"show","params":{"type":"text","value":"tagged"}}]}}]}]`).
				Run(greeting.State{}, "", facts(t, `{"start":`+tt.start+`}`))
			if !slices.Equal(asked(turn), tt.want) {
				t.Errorf("acts = %+v, want %+v", asked(turn), tt.want)
			}
			if got, want := said(turn) == "tagged", slices.Contains(tt.want, tag("spring")); got != want {
				t.Errorf("the bot sees the tag: %v, want %v", got, want)
			}
		})
	}
}

// TestStops: stop and exits of O §4.3; the vendor's example has two stops in a row.
func TestStops(t *testing.T) {
	t.Parallel()
	const talk, start, never = `{"handler":"stop","params":{"action":"talk-close"}}`, `{"handler":"stop","params":{"action":"salesbot-start","bot":1234}}`, `{"handler":"show","params":{"type":"text","value":"never"}}`
	bot := greeting.Act{Name: "start_bot", Number: 1234}
	for _, tt := range []struct {
		name, list string
		close      bool
		acts       []greeting.Act
	}{
		{"another bot takes over", start + "," + never, false, []greeting.Act{bot}},
		{"closed, and another bot", talk + "," + start + "," + never, true, []greeting.Act{bot}},
		{"without a number", `{"handler":"stop","params":{"action":"salesbot-start"}},` + never, false, nil},
		{"without parameters behind one", talk + `,{"handler":"stop"},` + never, true, nil},
		{"an exit", `{"handler":"exits","params":{"value":"success"}},` + never, false, nil},
		{"an exit in a branch, as in the vendor's example", `{"handler":"conditions","params":{"logic":"and","conditions":[{"term1":"{{json.status}}","term2":"","operation":"="}],"result":[{"handler":"exits","params":{"value":"success"}}]}},` + never, false, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			turn := parse(t, `[{"question":[],"finish":[`+tt.list+`]}]`).Run(greeting.State{}, "", facts(t, ""))
			if said(turn) != "" || turn.Close != tt.close || !slices.Equal(turn.Acts, tt.acts) || !turn.State.Over {
				t.Errorf("turn = %+v", turn)
			}
		})
	}
}

// TestCheckOfHandlers: what the editor says of handlers that run in part, elsewhere or
// not at all.
func TestCheckOfHandlers(t *testing.T) {
	t.Parallel()
	question := func(handler, params string) string {
		return `[{"question":[{"handler":"` + handler + `","params":` + params + `}]}]`
	}
	const texts = `{"empty_all":"Both?"}`
	external := func(rest string) string {
		return question("send_external_message", `{"message":{"type":"external","text":"x"}`+rest+`}`)
	}
	for _, tt := range []struct {
		name, bot, want string // "path code what", "!" for an error
	}{
		{"find", question("find", `{"type":"contact_double","params":{}}`), "0/question/0 no_lookup find"},
		{"filter", question("filter", `{"type":2}`), "0/question/0 no_lookup filter"},
		{"send_internal", question("send_internal", `{"entity_type":2,"message":"x"}`), "0/question/0 no_internal send_internal"},
		{"widget_request", question("widget_request", `{"url":"https://x.example"}`), ""},
		{"a request over http", question("widget_request", `{"url":"http://x.example"}`), "0/question/0/params/url bad_url !"},
		{"a request to an address of the page", question("widget_request", `{"url":"https://{{bot_params.host}}/"}`), "0/question/0/params/url bad_url !"},
		{"a request of too much", question("widget_request", `{"url":"https://x.example","data":"`+strings.Repeat("x", 4<<10)+`"}`), "0/question/0/params/data too_large 4!"},
		{"exits", question("exits", `{"value":"fail"}`), "0/question/0 exit_ends fail"},
		{"an external message", external(`,"recipient":{"type":"main_contact"},"channels":[],"on_error":null`), ""},
		{"channels", external(`,"channels":[{"id":5},{"id":"7"}]`), "0/question/0/params/channels channels_named 5, 7"},
		{"another recipient", external(`,"recipient":{"type":"company"}`), "0/question/0/params/recipient/type unknown_recipient company"},
		{"a filter that can be known", external(`,"recipient":{"type":"filtered_contacts","filter":{"logic":"and","conditions":[{"term1":"{{contact.name}}","term2":"{{bot_params.x}}","operation":"="}]}}`), ""},
		{"a filter that cannot", external(`,"recipient":{"type":"filtered_contacts","filter":{"logic":"and","conditions":[{"term1":"{{contact.cf.1}}","term2":"a","operation":"="}]}}`),
			"0/question/0/params/recipient/filter filter_unknown "},
		{"an external message without text", question("send_external_message", `{"message":{"type":"external"}}`), "0/question/0/params/message/text empty_text !"},
		{"a button of no type", question("send_external_message", `{"message":{"text":"x","buttons":[{"type":"video","text":"y"}]}}`), "0/question/0/params/message/buttons/0 bad_button video!"},
		{"a button without a link", question("send_external_message", `{"message":{"text":"x","buttons":[{"type":"url","text":"y"}]}}`), "0/question/0/params/message/buttons/0 bad_link !"},
		{"on_error leads nowhere", external(`,"on_error":{"handler":"goto","params":{"type":"question","step":4}}`), "0/question/0/params/on_error/0/params/step no_such_step 4!"},
		{"a preset", `[{"question":[],"answer":[{"handler":"preset","params":{"name":"contacts.validate_base_info","params":` + texts + `}}]}]`, ""},
		{"a preset in a question", question("preset", `{"name":"contacts.validate_base_info","params":`+texts+`}`), ""},
		{"a preset without words", `[{"question":[],"answer":[{"handler":"preset","params":{"name":"contacts.validate_base_info"}}]}]`, "0/answer/0 preset_asks_nothing contacts.validate_base_info"},
		{"doubles", `[{"question":[],"answer":[{"handler":"preset","params":{"name":"contacts.validate_base_info","params":{"empty_all":"?","check_doubles":true}}}]}]`, "0/answer/0 no_doubles check_doubles"},
		{"another preset", question("preset", `{"name":"products.list"}`), "0/question/0 unknown_preset products.list"},
		{"meta", question("meta", `{"delimiter":"-","values":["lead.tags","lead.custom_fields.5"]}`), ""},
		{"meta to somewhere else", question("meta", `{"delimiter":"-","values":["lead.tags","lead.name"]}`), "0/question/0/params/values/1 bad_meta lead.name"},
		{"meta to nowhere", question("meta", `{"delimiter":"-"}`), "0/question/0/params/values bad_meta !"},
		{"another bot", question("stop", `{"action":"salesbot-start","bot":5}`), ""},
		{"no bot", question("stop", `{"action":"salesbot-start"}`), "0/question/0 bad_params stop!"},
		{"two stops", `[{"question":[{"handler":"stop","params":{"action":"talk-close"}},{"handler":"stop","params":{"action":"salesbot-start","bot":5}}]}]`, ""},
		{"the error list", `{"0":{"question":[]},"error":[{"handler":"show","params":{"type":"text","value":""}}]}`, "error/0/params/value empty_text !"},
		{"the error list is none", `{"0":{"question":[]},"error":{"a":1}}`, "error bad_params error!"},
		{"the error list leads somewhere", `{"0":{"question":[]},"1":{"question":[]},"error":[{"handler":"goto","params":{"type":"question","step":1}}]}`, ""},
		{"a pattern of a check", `[{"question":[],"answer":[{"handler":"validations","params":{"logic":"and","conditions":[{"client_value":"{{message_text}}","type":"regex","condition_value":"/[0-9]+/","operation":"contains"}],"result":[]}}]}]`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, p := range parse(t, tt.bot).Check() {
				s := p.Path + " " + p.Code + " " + p.What
				if !p.Warning {
					s += "!"
				}
				got = append(got, s)
			}
			if s := strings.Join(got, "; "); s != tt.want {
				t.Errorf("Check() = %q, want %q", s, tt.want)
			}
		})
	}
}

// TestHandlersAreKept: whatever runs or not, a bot is written as it was read.
func TestHandlersAreKept(t *testing.T) {
	t.Parallel()
	for name, params := range map[string]string{
		"send_external_message": `{"message":{"type":"external","text":"<b>","buttons":[{"type":"url","text":"a","url":"https://x.example/?a&b"}]},"recipient":{"type":"filtered_contacts","filter":{"result":1}},"channels":[{"id":23499795}],"metadata":{"facebook_tag":"X"},"on_error":{"handler":"goto","params":{"step":1,"type":"question"}}}`,
		"preset":                `{"name":"contacts.validate_base_info","params":{"empty_all":"?","use_quick_replies":true,"check_doubles":true}}`,
		"meta":                  `{"delimiter":"-","values":["lead.tags","lead.name"],"more":1.50}`,
		"find":                  `{"type":"catalog_elements","params":{"value":"Salesbot","catalog_id":"15123","actions":[{"handler":"show","params":{"type":"text","value":"{{founded_id}}"}}]}}`,
		"filter":                `{"type":2,"value":"{{lead.cf.111}}","custom_fields_id":222,"actions":[]}`,
		"send_internal":         `{"entity_id":"{{lead.id}}","entity_type":2,"message":"Hi there!","group_id":1,"user_id":2}`,
		"widget_request":        `{"url":"https://example.com/endpoint","data":{"contact":"{{contact.name}}","from":"widget"}}`,
		"exits":                 `{"value":"success"}`,
		"stop":                  `{"action":"salesbot-start","bot":1234,"more":[]}`,
	} {
		raw := fmt.Sprintf(`{"0":{"question":[{"handler":%q,"params":%s}]},"error":[{"handler":%[1]q,"params":%[2]s}]}`, name, params)
		out, err := json.Marshal(parse(t, raw))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(exact(t, []byte(raw)), exact(t, out)) {
			t.Errorf("%s\nbecame\n%s", raw, out)
		}
	}
}
