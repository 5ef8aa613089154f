package greeting_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"leadline/backend/greeting"
)

// answer reads what a server resumes a bot with.
func answer(t *testing.T, raw string) (a greeting.AskAnswer) {
	t.Helper()
	if err := json.Unmarshal([]byte(raw), &a); err != nil {
		t.Fatal(err)
	}
	return a
}

const asks = `{"handler":"widget_request","params":{"url":"https://example.com/endpoint","data":{"contact":"{{contact.name}}","from":["widget",1.50,"{{bot_params.evil}}"]}}}`

// TestWidgetRequest: widget_request of O §4.3. The bot waits for the server, and goes on
// behind the request with what that answered.
func TestWidgetRequest(t *testing.T) {
	t.Parallel()
	show := func(text string) string { return `{"handler":"show","params":{"type":"text","value":"` + text + `"}}` }
	// The vendor's example: behind the request a bot looks at {{json.status}}.
	looks := `{"handler":"conditions","params":{"logic":"and","conditions":[{"term1":"{{json.status}}","term2":"success","operation":"="}],"result":[` + show("won {{json.order.0.id}} for {{message_text}}") + `]}},` + show("lost")
	for _, tt := range []struct{ name, bot, answer, want, log string }{
		{"it answers", `[{"question":[` + show("a") + `,` + asks + `,` + looks + `]}]`, `{"data":{"status":"success","order":[{"id":7}]}}`, "won 7 for hi", ""},
		{"it answers something else", `[{"question":[` + asks + `,` + looks + `]}]`, `{"data":{"status":"failed"}}`, "lost", ""},
		{"it does not answer", `[{"question":[` + asks + `,` + looks + `]}]`, `{}`, "lost", ""},
		{"it says something first", `[{"question":[` + asks + `,` + looks + `]}]`, `{"data":{"status":"success"},"execute_handlers":[` + show("{{json.status}}") + `,{"handler":"show","params":{"type":"buttons","value":"b","buttons":["x"]}}]}`, "success|b [x]|won  for hi", ""},
		{"it leads elsewhere", `[{"question":[` + asks + `,` + show("behind") + `]},{"question":[` + show("elsewhere") + `]}]`, `{"execute_handlers":[{"handler":"goto","params":{"type":"question","step":1}}]}`, "elsewhere", ""},
		{"it leads nowhere", `[{"question":[` + asks + `,` + show("behind") + `]}]`, `{"execute_handlers":[{"handler":"goto","params":{"type":"question","step":9}}]}`, "", "no_such_step"},
		{"in a branch", `[{"question":[{"handler":"condition","params":{"term1":"1","term2":"1","operation":"=","result":[` + asks + `,` + show("inner") + `]}},` + show("beside") + `],"finish":[` + show("finish") + `]}]`, `{}`, "inner|finish", ""},
		{"more than may be done", `[{"question":[` + asks + `,` + show("behind") + `]}]`, `{"data":{"status":"success"},"execute_handlers":[{"handler":"action","params":{"name":"set_tag","params":{"value":"x"}}}]}`, "behind", "bad_answer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b, f := parse(t, tt.bot), facts(t, `{"evil":"{{contact.name}}"}`)
			turn := b.Run(greeting.State{}, "", f)
			if turn.Ask == nil || turn.Ask.URL != "https://example.com/endpoint" || string(turn.Ask.Data) != `{"contact":"Anna","from":["widget",1.50,"{{contact.name}}"]}` {
				t.Fatalf("asks %+v", turn.Ask)
			}
			before := said(turn)
			turn = b.Run(turn.State, "hi", f) // the visitor does not wait, the bot does
			if said(turn) != "" || turn.Ask != nil || turn.State.Over {
				t.Fatalf("to a visitor: %+v after %q", turn, before)
			}
			raw, err := json.Marshal(turn.State)
			if err != nil {
				t.Fatal(err)
			}
			var state greeting.State
			if err = json.Unmarshal(raw, &state); err != nil {
				t.Fatal(err)
			}
			turn = b.Resume(state, answer(t, tt.answer), "hi", f)
			if said(turn) != tt.want || logged(turn) != tt.log || !turn.State.Over {
				t.Errorf("says %q, met %q, over %v; want %q, %q", said(turn), logged(turn), turn.State.Over, tt.want, tt.log)
			}
			if again := b.Resume(turn.State, answer(t, tt.answer), "hi", f); said(again) != "" || !again.State.Over {
				t.Errorf("a second answer: %+v", again)
			}
		})
	}
}

// TestResumedBotKnowsThePage: what the page told of its visitor is not asked for behind a request.
func TestResumedBotKnowsThePage(t *testing.T) {
	t.Parallel()
	b, f := parse(t, `[{"question":[`+asks+`,{"handler":"preset","params":{"name":"contacts.validate_base_info","params":{"empty_all":"Both?","success":"Known"}}}]}]`), facts(t, "")
	f.Email, f.Phone = "anna@example.org", "+79990001122"
	turn := b.Run(greeting.State{}, "", f)
	if turn = b.Resume(turn.State, greeting.AskAnswer{}, "hi", facts(t, "")); said(turn) != "Known" {
		t.Errorf("says %q", said(turn))
	}
}

// TestRequestsAreBounded: nobody at the keyboard, and still a bot could ask without end.
func TestRequestsAreBounded(t *testing.T) {
	t.Parallel()
	b, f := parse(t, `[{"question":[`+asks+`,{"handler":"goto","params":{"type":"question","step":0}}],"answer":[]}]`), facts(t, "")
	turn, n := b.Run(greeting.State{}, "", f), 0
	for ; turn.Ask != nil && n < 100; n++ {
		turn = b.Resume(turn.State, greeting.AskAnswer{}, "", f)
	}
	if n != greeting.MaxAsks || !turn.State.Over || !strings.Contains(logged(turn), "too_many_asks") {
		t.Errorf("%d requests, over %v, met %s", n, turn.State.Over, logged(turn))
	}
	for name, params := range map[string]string{
		"bad_url": `{"url":"http://x.example"}`, "too_large": `{"url":"https://x.example","data":"{{bot_params.x}}"}`,
	} {
		turn := parse(t, `[{"question":[{"handler":"widget_request","params":`+params+`},{"handler":"show","params":{"type":"text","value":"behind"}}]}]`).
			Run(greeting.State{}, "", facts(t, `{"x":"`+strings.Repeat("x", greeting.MaxAskBytes)+`"}`))
		if turn.Ask != nil || said(turn) != "behind" || logged(turn) != name {
			t.Errorf("%s: %+v", name, turn)
		}
	}
}

// TestAnswersAreChecked: what a server resumes a bot with comes from outside.
func TestAnswersAreChecked(t *testing.T) {
	t.Parallel()
	many := strings.TrimSuffix(strings.Repeat(`{"handler":"show","params":{"type":"text","value":"x"}},`, 11), ",")
	for _, tt := range []struct {
		name, raw string
		ok        bool
	}{
		{"nothing", `{}`, true},
		{"the vendor's example", `{"data":{"status":"success"},"execute_handlers":[{"handler":"show","params":{"type":"text","value":"Your text"}},{"handler":"goto","params":{"type":"question","step":5}}]}`, true},
		{"eleven handlers", `{"execute_handlers":[` + many + `]}`, false},
		{"another handler", `{"execute_handlers":[{"handler":"wait_answer","params":{"type":"question","step":0}}]}`, false},
		{"an unknown one", `{"execute_handlers":[{"handler":"dance"}]}`, false},
		{"one without parameters", `{"execute_handlers":[{"handler":"show"}]}`, false},
		{"26 buttons", `{"execute_handlers":[{"handler":"show","params":{"type":"buttons","value":"x","buttons":[` + strings.TrimSuffix(numbers(26), ",") + `]}}]}`, false},
		{"too much data", fmt.Sprintf(`{"data":{"x":"%s"}}`, strings.Repeat("x", greeting.MaxAnswerBytes)), false},
	} {
		if err := answer(t, tt.raw).Check(); (err == nil) != tt.ok {
			t.Errorf("%s: Check() = %v", tt.name, err)
		}
	}
}
