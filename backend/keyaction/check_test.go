package keyaction

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// whole has every kind of condition and reaction, in the vendor's words (O §5.1).
const whole = `{"name":"Hot visitor","constraint":2,
	"conditions":[
		[{"type":"time_on_site","value":30},{"type":"page_hits","value":"3"},{"type":"scrolled_value","value":50,"unit":"%"}],
		[{"type":"url_visited","value":"/pricing","mask":3},{"type":"exit_intent"},{"type":"scrolled_value","value":99999,"unit":"px"}],
		[{"type":"custom_hook","value":"MY_CUSTOM_HOOK"}]],
	"reactions":[
		{"action":"amobutton_greeting"},
		{"action":"amobutton_animate","settings":{"animation":2}},
		{"action":"amobutton_form","settings":{"form":["name","phone"],"form_title":"Leave your number"}},
		{"action":"send_hook","settings":{"url":"https://shop.example.test/hook"}},
		{"action":"create_task","settings":{"text":"Call","task_type_id":1,"due_minutes":60,"responsible_id":9000001}},
		{"action":"close_tasks","settings":{"text":"Came back"}},
		{"action":"change_tags","settings":{"action":"link","tags":[{"name":"hot"}]}},
		{"action":"change_tags","settings":{"action":"unlink","tags":[{"name":"cold"}]}},
		{"action":"change_field_value","settings":{"fields":[{"field_id":77,"option":"yes"}]}},
		{"action":"change_responsible","settings":{"responsible_id":9000001}}]}`

func TestReadTakesTheVendorsShape(t *testing.T) {
	t.Parallel()
	a, problems := Read([]byte(whole))
	if len(problems) > 0 {
		t.Fatalf("problems %v", problems)
	}
	if got := a.Conditions[0][0]; got != (Condition{Type: TimeOnSite, Value: "30"}) { // a number is its digits
		t.Errorf("the first condition is %+v", got)
	}
	if n, crm := len(a.Of(Reaction.InBrowser)), len(a.Of(Reaction.InCRM)); n != 3 || crm != 6 || a.hookURL() != "https://shop.example.test/hook" {
		t.Errorf("%d reactions in the browser, %d in the CRM, hook to %q", n, crm, a.hookURL())
	}
	raw, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	if again, problems := Read(raw); len(problems) > 0 || again.Name != a.Name || len(again.Reactions) != len(a.Reactions) {
		t.Errorf("what was written reads as %+v, %v", again, problems)
	}
}

func TestCheckTellsWhereAProblemIs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		old, new string // a change of whole
		want     string // path and code of the only problem
	}{
		{"no name", `"Hot visitor"`, `" "`, "name: empty"},
		{"a long name", `"Hot visitor"`, `"` + strings.Repeat("я", 101) + `"`, "name: too_long"},
		{"a limit of frequency that is none", `"constraint":2`, `"constraint":5`, "constraint: choice"},
		{"a sixth digit", `"value":30}`, `"value":100000}`, "conditions.0.0.value: number"},
		{"no time", `"value":30}`, `"value":0}`, "conditions.0.0.value: number"},
		{"a number in words", `"value":"3"`, `"value":"three"`, "conditions.0.1.value: number"},
		{"more than all of a page", `"value":50`, `"value":101`, "conditions.0.2.value: number"},
		{"an unknown unit", `"unit":"%"`, `"unit":"em"`, "conditions.0.2.unit: choice"},
		{"an unknown mask", `"mask":3`, `"mask":7`, "conditions.1.0.mask: choice"},
		{"no address", `"/pricing"`, `""`, "conditions.1.0.value: empty"},
		{"a value for what has none", `{"type":"exit_intent"}`, `{"type":"exit_intent","value":"1"}`, "conditions.1.1.value: not_empty"},
		{"an unknown condition", `"exit_intent"`, `"weather"`, "conditions.1.1.type: choice"},
		{"a mask where none belongs", `"value":30}`, `"value":30,"mask":1}`, "conditions.0.0.mask: choice"},
		{"a hook that is not alone", `{"type":"custom_hook","value":"MY_CUSTOM_HOOK"}`, `{"type":"custom_hook","value":"A"},{"type":"custom_hook","value":"B"}`, "conditions.2: hook_alone"},
		{"a hook in an ordinary group", `{"type":"exit_intent"}`, `{"type":"custom_hook","value":"A"}`, "conditions.1.1: hook_last"},
		{"a third ordinary group", `[{"type":"custom_hook","value":"MY_CUSTOM_HOOK"}]`, `[{"type":"exit_intent"}]`, "conditions: too_many"},
		{"an empty group", `[{"type":"time_on_site","value":30},{"type":"page_hits","value":"3"},{"type":"scrolled_value","value":50,"unit":"%"}]`, `[]`, "conditions.0: no_conditions"},
		{"an animation that is none", `"animation":2`, `"animation":4`, "reactions.1.settings.animation: choice"},
		{"a form that asks for a passport", `["name","phone"]`, `["name","passport"]`, "reactions.2.settings.form: form"},
		{"a hook over http", `https://shop`, `http://shop`, "reactions.3.settings.url: url"},
		{"a hook with credentials", `https://shop`, `https://a:b@shop`, "reactions.3.settings.url: url"},
		{"a task of no text", `"text":"Call"`, `"text":""`, "reactions.4.settings.text: empty"},
		{"tags that are changed in no way", `"action":"link"`, `"action":"paint"`, "reactions.6.settings.action: choice"},
		{"no tags", `[{"name":"hot"}]`, `[]`, "reactions.6.settings.tags: tags"},
		{"the same twice", `"action":"unlink"`, `"action":"link"`, "reactions.7: twice"},
		{"a field without a number", `"field_id":77`, `"field_id":0`, "reactions.8.settings.fields: fields"},
		{"nobody responsible", `{"action":"change_responsible","settings":{"responsible_id":9000001}}`, `{"action":"change_responsible"}`, "reactions.9.settings.responsible_id: number"},
		{"an unknown reaction", `"amobutton_greeting"`, `"create_and_fill_form"`, "reactions.0.action: choice"},
		{"a key that we do not know", `"constraint":2`, `"constraint":2,"hours":1`, ": not_json"},
		{"a text that no terminal shows", `"Hot visitor"`, `"Hot \u0007"`, "name: bad_text"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if strings.Count(whole, tt.old) != 1 {
				t.Fatalf("the change %q fits %d places", tt.old, strings.Count(whole, tt.old))
			}
			_, problems := Read([]byte(strings.Replace(whole, tt.old, tt.new, 1)))
			var got []string
			for _, p := range problems {
				got = append(got, p.Error())
			}
			if !slices.Equal(got, []string{tt.want}) {
				t.Errorf("problems %q, want %q", got, tt.want)
			}
		})
	}
}

func TestReadRefusesWhatIsTooLarge(t *testing.T) {
	t.Parallel()
	_, problems := Read([]byte(`{"name":"` + strings.Repeat("x", MaxBytes) + `"}`))
	if len(problems) != 1 || problems[0].Code != "too_large" {
		t.Errorf("problems %v", problems)
	}
}
