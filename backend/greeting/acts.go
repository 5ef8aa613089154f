package greeting

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Act is one action in the CRM, with its markers filled in. It is kept as JSON.
type Act struct {
	// Name is one of the Act constants.
	Name string `json:"name"`
	// Contact: it is about the contact's card, else about the lead's.
	Contact bool `json:"contact,omitempty"`
	// Value is the tag, the note's text, the field's value.
	Value string `json:"value,omitempty"`
	// Number is the status, the user, the budget or the CRM's bot.
	Number int64 `json:"number,omitempty"`
	// Pipeline of the status, 0 for the lead's own.
	Pipeline int64 `json:"pipeline,omitempty"`
	// Field is the number of the field to set, Enum that of a list's option; 0 for none.
	Field int64 `json:"field,omitempty"`
	Enum  int64 `json:"enum,omitempty"`
	// Code names the field of ActContactInfo.
	Code string `json:"code,omitempty"`
	// Add: the value joins those that the field has.
	Add bool `json:"add,omitempty"`
}

// Bounds of an action's texts, in runes.
const (
	maxTag   = 100
	maxValue = 2000
)

// act notes one action, or logs why not.
func (r *run) act(a Action) {
	one, code := r.read(a)
	if code != "" {
		r.log(code, a.Name)
		return
	}
	r.want(one)
}

// want notes an action that is ready, while there is room.
func (r *run) want(one Act) {
	if len(r.turn.Acts) == MaxActs || r.wanted+len(one.Value) > MaxActBytes {
		r.log("too_many_acts", one.Name)
		return
	}
	r.wanted += len(one.Value)
	r.turn.Acts = append(r.turn.Acts, one)
	if s := &r.turn.State; !one.Contact && (one.Name == ActSetTag || one.Name == ActUnsetTag) {
		without := func(list []string) []string {
			return slices.DeleteFunc(list, func(t string) bool { return t == one.Value })
		}
		s.TagsOn, s.TagsOff = without(s.TagsOn), without(s.TagsOff)
		if one.Name == ActSetTag {
			s.TagsOn = append(s.TagsOn, one.Value)
		} else {
			s.TagsOff = append(s.TagsOff, one.Value)
		}
		const most = 50
		s.TagsOn, s.TagsOff = s.TagsOn[:min(len(s.TagsOn), most)], s.TagsOff[:min(len(s.TagsOff), most)]
	}
}

// read takes an action's parameters; code tells what is wrong with them.
func (r *run) read(a Action) (one Act, code string) {
	text := func(names ...string) string {
		for _, n := range names {
			if s := strings.TrimSpace(r.markers(Term(a.Params[n]).Words())); s != "" {
				return s
			}
		}
		return ""
	}
	whole := func(names ...string) int64 {
		n, err := strconv.ParseInt(text(names...), 10, 64)
		if err != nil {
			return 0
		}
		return n
	}
	one.Name = a.Name
	switch kind := text("type", "element_type"); kind {
	case "", "2", "lead", "leads":
	case "1", "contact", "contacts":
		one.Contact = true
	default:
		return one, "bad_entity"
	}
	switch a.Name {
	case ActSetTag, ActUnsetTag:
		one.Value = cut(text("value"), maxTag)
	case ActAddNote:
		one.Value = cut(text("text", "value"), MaxTextRunes)
		if inner := a.Params["params"]; one.Value == "" && len(inner) > 0 {
			var p map[string]json.RawMessage
			if json.Unmarshal(inner, &p) == nil {
				one.Value = cut(strings.TrimSpace(r.markers(Term(p["text"]).Words())), MaxTextRunes)
			}
		}
	case ActSetFields:
		one.Field, one.Enum = whole("custom_fields_id", "custom_field_id", "field_id"), whole("enum", "enum_id")
		one.Value, one.Add = cut(text("value"), maxValue), text("option") == "add"
		if one.Field <= 0 || text("calculated") == "true" || text("calculated") == "1" {
			return one, "bad_action"
		}
		if one.Value == "" && one.Enum == 0 {
			return one, "empty_action"
		}
		return one, ""
	case ActSetBudget, ActChangeStatus, ActChangeResponsible:
		n, err := strconv.ParseInt(text("value", "user_id", "status_id"), 10, 64)
		if err != nil || n < 0 || n == 0 && a.Name != ActSetBudget {
			return one, "bad_action"
		}
		one.Number, one.Pipeline = n, whole("pipeline_id")
		return one, ""
	default:
		return one, "not_run"
	}
	if one.Value == "" {
		return one, "empty_action"
	}
	return one, ""
}
