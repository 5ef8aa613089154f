package bridge

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadline/backend/amocrm"
	"leadline/backend/conversation"
)

// What sites write in fields, by the types of API v4; SEC-8.
func TestValuesFor(t *testing.T) {
	t.Parallel()
	options := []amocrm.FieldEnum{{ID: 31, Value: "Red"}, {ID: 32, Value: "Blue", Code: "B"}}
	kinds := []amocrm.FieldEnum{{ID: 41, Value: "WORK", Code: "WORK"}, {ID: 42, Value: "MOB", Code: "MOB"}}
	say := func(values ...string) (out []conversation.MetaValue) {
		for _, v := range values {
			out = append(out, conversation.MetaValue{Value: v})
		}
		return out
	}
	enum := func(raw string) []conversation.MetaValue {
		return []conversation.MetaValue{{Value: "+79990001122", Enum: json.RawMessage(raw)}}
	}
	one := func(v any) []amocrm.FieldValue { return []amocrm.FieldValue{{Value: v}} }
	for _, tt := range []struct {
		name string
		kind string
		told []conversation.MetaValue
		want []amocrm.FieldValue // nil: left out
	}{
		{"text", amocrm.FieldText, say(" a\nb "), one("a b")},
		{"a formula", amocrm.FieldText, say("=1+cmd"), one("'=1+cmd")},
		{"a phone is no formula", amocrm.FieldText, say("+7 (999) 000-11-22"), one("+7 (999) 000-11-22")},
		{"markup", amocrm.FieldText, say("<img onerror=x>"), one("‹img onerror=x›")},
		{"a long text", amocrm.FieldText, say(strings.Repeat("я", 300)), one(strings.Repeat("я", 256))},
		{"nothing", amocrm.FieldText, say("  "), nil},
		{"the first of two", amocrm.FieldText, say("a", "b"), one("a")},
		{"lines", amocrm.FieldTextarea, say("a\nb"), one("a\nb")},
		{"a number", amocrm.FieldNumeric, say("1 234,5"), one(1234.5)},
		{"no number", amocrm.FieldNumeric, say("NaN"), nil},
		{"a price", amocrm.FieldPrice, say("-5"), one(-5.0)},
		{"yes", amocrm.FieldCheckbox, say("Yes"), one(true)},
		{"no", amocrm.FieldCheckbox, say("0"), one(false)},
		{"perhaps", amocrm.FieldCheckbox, say("perhaps"), nil},
		{"an option by its text", amocrm.FieldSelect, say("red"), []amocrm.FieldValue{{EnumID: 31}}},
		{"an option by its number", amocrm.FieldSelect, enum(`32`), []amocrm.FieldValue{{EnumID: 32}}},
		{"an option by its code", amocrm.FieldRadio, enum(`"b"`), []amocrm.FieldValue{{EnumID: 32}}},
		{"no option", amocrm.FieldSelect, say("Green"), nil},
		{"several", amocrm.FieldMultiselect, say("Red", "Green", "Blue"), []amocrm.FieldValue{{EnumID: 31}, {EnumID: 32}}},
		{"a phone", amocrm.FieldMultitext, enum(`"MOB"`), []amocrm.FieldValue{{Value: "+79990001122", EnumID: 42}}},
		{"a phone of no kind", amocrm.FieldMultitext, enum(`"X"`), []amocrm.FieldValue{{Value: "+79990001122", EnumID: 41}}},
		{"a date", amocrm.FieldDate, say("2026-03-01"), one(int64(1772323200))},
		{"a date as people write it", amocrm.FieldBirthday, say("01.03.2026"), one(int64(1772323200))},
		{"a time of JavaScript", amocrm.FieldDateTime, say("1772323200000"), one(int64(1772323200))},
		{"no date", amocrm.FieldDate, say("soon"), nil},
		{"an address of the web", amocrm.FieldURL, say("https://a.example/x"), one("https://a.example/x")},
		{"a script", amocrm.FieldURL, say("javascript:alert(1)"), nil},
		{"parts of an address", amocrm.FieldAddress, []conversation.MetaValue{{Value: "Omsk", Subtype: "city"}, {Value: "1", Subtype: "5"}, {Value: "x", Subtype: "planet"}},
			[]amocrm.FieldValue{{Value: "Omsk", EnumCode: "city"}, {Value: "1", EnumCode: "zip"}}},
		{"what the CRM alone fills", "file", say("x"), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := amocrm.Field{Type: tt.kind, Enums: options}
			if tt.kind == amocrm.FieldMultitext {
				f.Enums = kinds
			}
			got, ok := valuesFor(f, tt.told)
			if d := cmp.Diff(tt.want, got); d != "" || ok != (tt.want != nil) {
				t.Errorf("ok %v (-want +got):\n%s", ok, d)
			}
		})
	}
}
