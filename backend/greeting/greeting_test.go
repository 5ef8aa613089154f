package greeting_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"leadline/backend/fault"
	"leadline/backend/greeting"
)

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, raw, code, where string }{
		{"more than 64 KB", `[{"question":[]},"` + strings.Repeat("x", 64<<10) + `"]`, "bot_too_large", ""},
		{"nothing", ``, "bot_not_json", "1:1"},
		{"no JSON", "[\n  {\"question\": [}\n]", "bot_not_json", "2:17"},
		{"two values", `[{"question":[]}] []`, "bot_not_json", ""},
		{"a number", `5`, "bot_malformed", ""},
		{"null", `null`, "bot_malformed", ""},
		{"no steps", `[]`, "bot_malformed", ""},
		{"no numbered steps", `{"a":{}}`, "bot_malformed", ""},
		{"a step that is none", `[{"question":[]},5]`, "bot_step_malformed", "1"},
		{"a part that is no list", `{"3":{"answer":{}}}`, "bot_step_malformed", "3/answer"},
		{"a handler without a name", `[{"question":[{"params":{}}]}]`, "bot_step_malformed", "0/question"},
		{"too deep", strings.Repeat("[", 50) + strings.Repeat("]", 50), "bot_malformed", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := greeting.Parse([]byte(tt.raw))
			e, ok := errors.AsType[*fault.Error](err)
			if !ok || e.Kind != fault.Invalid || e.Code != tt.code {
				t.Fatalf("Parse = %v, want %s", err, tt.code)
			}
			where := ""
			if path, ok := e.Args["Path"].(string); ok {
				where = path
			}
			if tt.where != "" && strings.Contains(tt.where, ":") {
				where = fmt.Sprintf("%v:%v", e.Args["Line"], e.Args["Column"])
			}
			if tt.where != "" && where != tt.where {
				t.Errorf("where = %q, want %q", where, tt.where)
			}
		})
	}
}

func TestWhatIsNotKnownIsKept(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		example,
		`[{"question":[{"handler":"dance","params":{"a":[1,2.50,9007199254740993]},"x":"<&>"}],"require":[],"zzz":{"y":null}},{"finish":[]}]`,
		`{"0":{"question":[{"handler":"stop"}]},"10":{"answer":[]},"9":{"finish":[]},"error":[{"handler":"show","params":{"type":"text","value":"oh"}}],"v":1}`,
	} {
		b := parse(t, raw)
		out, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(exact(t, []byte(raw)), exact(t, out)) {
			t.Errorf("%s\nbecame\n%s", raw, out)
		}
	}
}

// exact reads JSON with its numbers as they are written.
func exact(t *testing.T, raw []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestMadeHandlersAreReadBack(t *testing.T) {
	t.Parallel()
	then := []greeting.Handler{greeting.Make(greeting.HandlerGoto, greeting.Place{Part: greeting.Question, Step: 1})}
	for name, params := range map[string]any{
		greeting.HandlerShow:       greeting.Show{Type: greeting.ShowLinks, Value: "v", Buttons: []greeting.Button{{Text: "t", URL: "https://x.example"}}},
		greeting.HandlerButtons:    []greeting.Reply{{Value: "a", Do: then}, {Regex: "/b/i", Do: then}},
		greeting.HandlerGoto:       greeting.Place{Part: greeting.Answer, Step: 3},
		greeting.HandlerWaitAnswer: greeting.Place{Part: greeting.Question, Step: 0},
		greeting.HandlerConditions: greeting.Conditions{Logic: "or", Conditions: []greeting.Condition{
			{Term1: greeting.Text("{{bot_params.a}}"), Term2: greeting.Term(`{"from":1}`), Operation: greeting.OpInRange}}, Result: then, Otherwise: then},
		greeting.HandlerStop: greeting.Stop{Action: greeting.StopTalk},
	} {
		h := greeting.Make(name, params)
		got, err := h.Decode()
		if err != nil || !reflect.DeepEqual(got, params) {
			t.Errorf("%s = %+v (%v), want %+v", name, got, err, params)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	const ok = `{"question":[{"handler":"show","params":{"type":"text","value":"v"}}]}`
	show := func(params string) string { return `[{"question":[{"handler":"show","params":` + params + `}]}]` }
	for _, tt := range []struct {
		name, bot, want string // "path code" or "path code warning"
	}{
		{"fine", `[` + ok + `]`, ""},
		{"no text", show(`{"type":"text","value":" "}`), "0/question/0/params/value empty_text"},
		{"unknown type", show(`{"type":"picture","value":"v"}`), "0/question/0/params/type bad_show"},
		{"26 buttons", show(`{"type":"buttons","value":"v","buttons":[` + strings.TrimSuffix(numbers(26), ",") + `]}`), "0/question/0/params/buttons too_many_buttons"},
		{"no buttons", show(`{"type":"buttons","value":"v"}`), "0/question/0/params/buttons no_buttons"},
		{"SEC-9 link", show(`{"type":"buttons_url","value":"v","buttons":[{"text":"a","url":"javascript:x"}]}`), "0/question/0/params/buttons/0 bad_link"},
		{"no parameters", `[{"question":[{"handler":"show"}]}]`, "0/question/0 bad_params"},
		{"goto nowhere", `[{"question":[{"handler":"goto","params":{"type":"question","step":4}}]}]`, "0/question/0/params/step no_such_step"},
		{"goto a part that is none", `[{"question":[{"handler":"goto","params":{"type":"reply","step":0}}]}]`, "0/question/0/params/type bad_part"},
		{"look-around", `[{"question":[],"answer":[{"handler":"buttons","params":[{"regex":"/(?=x)/","params":[]}]}]}]`, "0/answer/0/params/0/regex bad_pattern"},
		{"a pattern that repeats too much", `[{"question":[],"answer":[{"handler":"buttons","params":[{"regex":"/((a{900}){2})/","params":[]}]}]}]`, "0/answer/0/params/0/regex bad_pattern"},
		{"in a result", `[{"question":[{"handler":"condition","params":{"term1":"1","term2":"1","operation":"=","result":[{"handler":"goto","params":{"type":"question","step":4}}]}}]}]`,
			"0/question/0/params/result/0/params/step no_such_step"},
		{"BOT-6 unknown operation", `[{"question":[{"handler":"condition","params":{"term1":"1","term2":"1","operation":"like","result":[]}}]}]`, "0/question/0/params unknown_operation warning"},
		{"a range that is none", `[{"question":[{"handler":"condition","params":{"term1":"1","term2":"1-5","operation":"in_range","result":[]}}]}]`, "0/question/0/params bad_range"},
		{"one that nobody knows", `[{"question":[{"handler":"dance","params":{}}]}]`, "0/question/0 unknown_handler warning"},
		{"an action that does not run", `[{"question":[{"handler":"action","params":{"name":"subscribe","params":{"type":"group","value":111}}}]}]`, "0/question/0 no_api warning"},
		{"an action of nobody's", `[{"question":[{"handler":"action","params":{"name":"dance","params":{}}}]}]`, "0/question/0 not_run warning"},
		{"an action without a field", `[{"question":[{"handler":"action","params":{"name":"set_custom_fields","params":{"type":1,"value":"x"}}}]}]`, "0/question/0 bad_action"},
		{"an unreachable step", `[` + ok + `,` + ok + `]`, "1 unreachable warning"},
		{"behind a goto", `[{"question":[{"handler":"stop","params":{"action":"talk-close"}},{"handler":"show","params":{"type":"text","value":"v"}}]}]`, "0/question/1 never_runs warning"},
		{"an endless loop", `[{"question":[{"handler":"goto","params":{"type":"question","step":1}}]},{"question":[{"handler":"goto","params":{"type":"question","step":0}}]}]`, "0/question endless"},
		{"a loop with a reply in it is fine", `[{"question":[{"handler":"wait_answer","params":{"type":"answer","step":0}}],"answer":[{"handler":"goto","params":{"type":"question","step":0}}]}]`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			problems := parse(t, tt.bot).Check()
			for _, p := range problems {
				s := p.Path + " " + p.Code
				if p.Warning {
					s += " warning"
				}
				got = append(got, s)
			}
			if s := strings.Join(got, "; "); s != tt.want {
				t.Errorf("Check() = %q, want %q", s, tt.want)
			}
			if sound := tt.want == "" || strings.HasSuffix(tt.want, "warning"); greeting.Sound(problems) != sound {
				t.Errorf("Sound = %v, want %v", !sound, sound)
			}
		})
	}
}

func numbers(n int) string {
	var s strings.Builder
	for i := range n {
		fmt.Fprintf(&s, `"%d",`, i)
	}
	return s.String()
}

// FuzzBot reads anything as a bot, and runs what it accepts: no input may panic or run
// long, what is written reads back, and what is said stays within its bounds.
func FuzzBot(f *testing.F) {
	f.Add([]byte(example), "Preços", []byte(`{"locale":"pt"}`))
	f.Add([]byte(`[{"question":[{"handler":"show","params":{"type":"buttons","value":"{{regexp./(a|b)+/}}","buttons":["{{rand}}",1]}}],"answer":[{"handler":"goto","params":{"type":"question","step":0}}]}]`), "ab", []byte(`{}`))
	f.Add([]byte(`[{"question":[{"handler":"conditions","params":[{"term1":"{{bot_params.a.0}}","term2":{"from":1},"operation":"in_range"}],"otherwise":[{"handler":"stop","params":{"action":"talk-close"}}]}]}]`), "1", []byte(`{"a":[1]}`))
	f.Add([]byte(`{"0":{"question":[],"answer":[{"handler":"validations","params":{"logic":"or","conditions":[{"type":"email","operation":"contains"}],"result":[]}},{"handler":"action","params":{"name":"set_tag","params":{"type":2,"value":"x"}}}]}}`), "a@b.cd", []byte(`{"a":null}`))
	f.Add([]byte(`{"0":{"question":[{"handler":"meta","params":{"delimiter":"-","values":["lead.tags","lead.custom_fields.5"]}},{"handler":"send_external_message","params":{"message":{"text":"{{message_text}}","buttons":[{"type":"url","text":"a","url":"https://x.example"}]},"recipient":{"type":"filtered_contacts","filter":{"conditions":[{"term1":"{{x}}","term2":"","operation":"="}]}},"channels":[{"id":1}],"on_error":{"handler":"goto","params":{"type":"answer","step":0}}}}],"answer":[{"handler":"preset","params":{"name":"contacts.validate_base_info","params":{"empty_all":"?"}}}]},"error":[{"handler":"stop","params":{"action":"salesbot-start","bot":1}},{"handler":"exits","params":{"value":"x"}}]}`), "a@b.cd", []byte(`{"start":"a-b"}`))
	f.Add([]byte(`[{"question":[{"handler":"buttons","params":[{"regex":"/./","params":[{"handler":"widget_request","params":{"url":"https://x.example","data":{"a":["{{message_text}}"]}}},{"handler":"show","params":{"type":"text","value":"{{json.a.0}}"}}]}]}]}]`), "x", []byte(`{"a":["b"]}`))
	f.Fuzz(func(t *testing.T, raw []byte, input string, params []byte) {
		b, err := greeting.Parse(raw)
		if err != nil {
			return
		}
		b.Check()
		out, err := json.Marshal(b)
		if err != nil {
			t.Fatalf("write: %v", err)
		}
		if len(out) <= greeting.MaxBytes {
			if _, err = greeting.Parse(out); err != nil {
				t.Fatalf("%s does not read back: %v", out, err)
			}
		}
		facts := greeting.Facts{Now: time.Unix(1_800_000_000, 0), Random: func(int) int { return 0 }, Values: map[string]string{"contact.name": "Anna"}}
		_ = json.Unmarshal(params, &facts.Params)
		began := time.Now()
		turn := greeting.Turn{}
		for range 3 {
			if turn = b.Run(turn.State, input, facts); turn.Ask != nil {
				turn = b.Resume(turn.State, greeting.AskAnswer{Data: facts.Params}, input, facts)
			}
			if turn.State.Over == (turn.State.Waiting != nil) {
				t.Fatalf("state %+v", turn.State)
			}
			bytes := 0
			for _, s := range turn.Says {
				bytes += len(s.Text)
				if s.Text == "" || len(s.Buttons) > greeting.MaxButtons {
					t.Fatalf("says %+v", s)
				}
			}
			if len(turn.Says) > greeting.MaxSays || bytes > greeting.MaxSaidBytes || len(turn.Acts) > greeting.MaxActs {
				t.Fatalf("%d messages of %d bytes, %d actions", len(turn.Says), bytes, len(turn.Acts))
			}
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Fatalf("three turns took %v", took)
		}
	})
}
