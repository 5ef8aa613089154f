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
	// Value is the tag, the note's text, the field's value, the company's name, or what
	// becomes of an incoming lead.
	Value string `json:"value,omitempty"`
	// Number is the status, the user, the budget, the CRM's bot, or the card to link to.
	Number int64 `json:"number,omitempty"`
	// Shown: nobody asked for it but what the bot says (O §4.3).
	Shown bool `json:"shown,omitempty"`
	// Pipeline of the status, 0 for the lead's own.
	Pipeline int64 `json:"pipeline,omitempty"`
	// Field is the number of the field to set, Enum that of a list's option; 0 for none.
	Field int64 `json:"field,omitempty"`
	Enum  int64 `json:"enum,omitempty"`
	// Code names the field of ActContactInfo.
	Code string `json:"code,omitempty"`
	// EnumCode names the kind of a multitext's value in place of Enum, as "WORK".
	EnumCode string `json:"enum_code,omitempty"`
	// Add: the value joins those that the field has.
	Add bool `json:"add,omitempty"`
	// Person is the contact in the lead that a chat is linked to; 0 for none said.
	Person int64 `json:"person,omitempty"`
	// Link is of ActLink, NewLead and NewContact of ActAddLeadContact.
	Link       *Link    `json:"to,omitempty"`
	NewLead    *NewCard `json:"new_lead,omitempty"`
	NewContact *NewCard `json:"new_contact,omitempty"`
}

// Bounds of an action's texts, in runes.
const (
	maxTag   = 100
	maxValue = 2000
)

// act notes one action, or logs why not.
func (r *run) act(a Action) {
	one, code := r.read(a)
	if code == withheld {
		return
	}
	if code != "" {
		r.log(code, a.Name)
		return
	}
	r.want(one)
}

// want notes an action that is ready, while there is room.
func (r *run) want(one Act) {
	size := one.size()
	if len(r.turn.Acts) == MaxActs || r.wanted+size > MaxActBytes {
		r.log("too_many_acts", one.Name)
		return
	}
	r.wanted += size
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
	text := func(names ...string) string { return r.text(a.Params, names...) }
	whole := func(names ...string) int64 { return r.whole(a.Params, names...) }
	one.Name = a.Name
	switch a.Name {
	case ActUnsorted, ActLinkUnsorted, ActLink, ActAddCompany, ActAddLeadContact:
		return r.readCards(a)
	case ActSubscribe, ActUnsubscribe:
		return one, "no_api"
	}
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
		if one.Enum == 0 {
			one.EnumCode = cut(text("enum"), maxTag)
		}
		if one.Field <= 0 || text("calculated") == "true" || text("calculated") == "1" {
			return one, "bad_action"
		}
		if one.Value == "" && one.Enum == 0 { // a kind alone is nothing
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
