package greeting

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Names of the handlers that run here.
const (
	HandlerShow        = "show"                  // Show
	HandlerButtons     = "buttons"               // []Reply
	HandlerGoto        = "goto"                  // Place
	HandlerWaitAnswer  = "wait_answer"           // Place
	HandlerCondition   = "condition"             // Conditions
	HandlerConditions  = "conditions"            // Conditions
	HandlerValidations = "validations"           // Validations
	HandlerAction      = "action"                // Action
	HandlerStop        = "stop"                  // Stop
	HandlerExternal    = "send_external_message" // External
	HandlerPreset      = "preset"                // Preset
	HandlerMeta        = "meta"                  // StartParams
	HandlerExits       = "exits"                 // Exit
	HandlerRequest     = "widget_request"        // Request
)

// Types of Show.
const (
	ShowText    = "text"
	ShowButtons = "buttons"     // buttons that answer
	ShowLinks   = "buttons_url" // buttons that open something
)

// Show says something to the visitor.
type Show struct {
	Type    string   `json:"type"`
	Value   string   `json:"value"`
	Buttons []Button `json:"buttons,omitempty"`
	// AcceptUnsorted is false where saying it leaves an incoming lead as it is.
	AcceptUnsorted Term `json:"accept_unsorted,omitempty"`
}

// Button is a reply to press, or, with a URL, a link. A reply is written as a bare
// text, a link as an object, or as a bare address that is its own text.
type Button struct {
	Text string `json:"text"`
	URL  string `json:"url,omitempty"`
}

// UnmarshalJSON reads either form; Show.UnmarshalJSON tells bare addresses apart.
func (b *Button) UnmarshalJSON(raw []byte) error {
	*b = Button{}
	if isString(raw) {
		return json.Unmarshal(raw, &b.Text)
	}
	type plain Button
	return json.Unmarshal(raw, (*plain)(b))
}

// MarshalJSON writes a reply as a bare text.
func (b Button) MarshalJSON() ([]byte, error) {
	if b.URL == "" {
		return marshal(b.Text)
	}
	type plain Button
	return marshal(plain(b))
}

// UnmarshalJSON reads Show.
func (s *Show) UnmarshalJSON(raw []byte) error {
	type plain Show
	*s = Show{}
	if err := json.Unmarshal(raw, (*plain)(s)); err != nil {
		return err
	}
	if s.Type == ShowLinks {
		for i := range s.Buttons {
			if b := &s.Buttons[i]; b.URL == "" {
				b.URL = b.Text
			}
		}
	}
	return nil
}

// Reply is what the handler buttons does with one reply: Value is its exact text, or
// Regex finds it, a pattern such as "/price|cost/iu".
type Reply struct {
	Value string    `json:"value,omitempty"`
	Regex string    `json:"regex,omitempty"`
	Do    []Handler `json:"params"`
}

// Conditions is a branch: Result runs where they hold (all of them, or, with Logic
// "or", one), and what stands behind the handler does not.
//
// It is read from every form of a condition: one {term1, term2, operation, result};
// {logic, conditions, result}; an array of conditions, all joined by AND (BOT-4),
// with result and otherwise beside the array. An array without a result is a gate:
// where it holds the bot goes on behind it.
type Conditions struct {
	Logic      string      `json:"logic"`
	Conditions []Condition `json:"conditions"`
	Result     []Handler   `json:"result,omitempty"`
	// Otherwise runs where they do not hold; nil: what stands behind does. Our own
	// extension for what the vendor's editor calls so.
	Otherwise []Handler `json:"otherwise,omitempty"`
	// Gate: there is no result; where they hold the bot goes on.
	Gate bool `json:"-"`
}

// Condition compares two terms; see the Op constants.
type Condition struct {
	Term1 Term `json:"term1"`
	// Term2 is a text, or an object {"from", "to"} for in_range.
	Term2     Term   `json:"term2,omitempty"`
	Operation string `json:"operation"`
	// ValueType is kept, "value" or "custom_value".
	ValueType string `json:"value_type,omitempty"`
}

// Term is a text with markers, a number, a boolean, or a range, as JSON.
type Term json.RawMessage

// Text makes a term of a text.
func Text(s string) Term {
	raw, err := marshal(s)
	if err != nil {
		return nil // no text fails
	}
	return Term(raw)
}

// UnmarshalJSON keeps the term as it is.
func (t *Term) UnmarshalJSON(raw []byte) error {
	*t = bytes.Clone(raw)
	return nil
}

// MarshalJSON writes the term as it was.
func (t Term) MarshalJSON() ([]byte, error) {
	if len(t) == 0 {
		return []byte(`""`), nil
	}
	return t, nil
}

// Words is the text of a term with its markers; "" for a range.
func (t Term) Words() string {
	if isString(t) {
		var s string
		if json.Unmarshal(t, &s) == nil {
			return s
		}
	}
	if len(t) == 0 || t[0] == '{' || t[0] == '[' || string(t) == "null" {
		return ""
	}
	return string(t)
}

// Range is the term2 of in_range, whose ends may be numbers or texts with markers.
type Range struct {
	From *Term `json:"from,omitempty"`
	To   *Term `json:"to,omitempty"`
}

// Operations of a condition. The first five are the vendor's (BOT-6), the others our
// extensions.
const (
	OpEqual       = "="
	OpNotEqual    = "!="
	OpIn          = "in"
	OpNotIn       = "not_in"
	OpInRange     = "in_range"
	OpMore        = ">"
	OpLess        = "<"
	OpMoreOrEqual = ">="
	OpLessOrEqual = "<="
	OpContains    = "contains"
	OpNotContains = "not_contains"
	OpEmpty       = "empty"
	OpNotEmpty    = "not_empty"
)

// Operations are all of them, in the order in which an editor offers them.
var Operations = []string{
	OpEqual, OpNotEqual, OpIn, OpNotIn, OpInRange, OpMore, OpLess, OpMoreOrEqual, OpLessOrEqual, OpContains, OpNotContains, OpEmpty, OpNotEmpty,
}

// Validations is a branch on what a reply looks like; what was recognised is then
// {{last_validation_result}}.
type Validations struct {
	Logic      string       `json:"logic"`
	Conditions []Validation `json:"conditions"`
	Result     []Handler    `json:"result,omitempty"`
	Otherwise  []Handler    `json:"otherwise,omitempty"` // our extension, as in Conditions
}

// Validation looks at ClientValue, {{message_text}} when empty. Type is simple (equal,
// not_equal, length), email, phone, regex (contains, not_contains) or range_numbers.
type Validation struct {
	ClientValue string `json:"client_value"`
	Type        string `json:"type"`
	Value       Term   `json:"condition_value,omitempty"`
	Operation   string `json:"operation"`
}

// Types of a Validation.
const (
	ValidateSimple = "simple"
	ValidateEmail  = "email"
	ValidatePhone  = "phone"
	ValidateRegex  = "regex"
	ValidateRange  = "range_numbers"
)

// Action changes the visitor's card in the CRM.
type Action struct {
	Name   string                     `json:"name"`
	Params map[string]json.RawMessage `json:"params"`
}

// Names of the actions that run here.
const (
	ActChangeStatus      = "change_status"
	ActSetTag            = "set_tag"
	ActUnsetTag          = "unset_tag"
	ActSetFields         = "set_custom_fields"
	ActSetBudget         = "set_budget"
	ActAddNote           = "add_note"
	ActChangeResponsible = "change_responsible_user"
	ActUnsorted          = "unsorted"         // accepts or declines the incoming lead
	ActLinkUnsorted      = "link_to_unsorted" // adds its chat to another lead
	ActLink              = "link"
	ActAddCompany        = "add_linked_company"
	ActAddLeadContact    = "add_lead_contact"
)

// Names of actions that are told apart because API v4 has nothing to do them with.
const (
	ActSubscribe   = "subscribe"
	ActUnsubscribe = "unsubscribe"
)

// Names of the acts that other handlers come to.
const (
	// ActContactInfo adds Act.Value to the contact's field of Act.Code: CodeEmail or
	// CodePhone.
	ActContactInfo = "contact_info"
	// ActStartBot starts the CRM's own bot of the number Act.Number on the lead.
	ActStartBot = "start_bot"
)

// Codes of a contact's fields.
const (
	CodeEmail = "EMAIL"
	CodePhone = "PHONE"
)

// Stop ends the bot. Several may stand in a row, and all of them are done.
type Stop struct {
	Action string `json:"action"`
	// Bot is the number of the CRM's own bot that StopStart starts.
	Bot int64 `json:"bot,omitempty"`
}

// Actions of Stop.
const (
	// StopTalk closes the conversation.
	StopTalk = "talk-close"
	// StopStart lets one of the CRM's own bots take over, once the lead is known.
	StopStart = "salesbot-start"
)

// Exit leaves a bot that is a step of another through one of its exits. A bot of a chat
// is nobody's step: it ends.
type Exit struct {
	Value Term `json:"value"`
}

// vendors are handlers of the vendor's language that an online chat of ours does not
// run: they are kept, and the problem says why.
var vendors = map[string]string{
	"find": "no_lookup", "filter": "no_lookup", // they ask the CRM amid a turn, which waits for nobody
	"send_internal": "no_internal", // the CRM's API has no messages to its users
}

// Make builds a handler. params is of the type that goes with the name, anything else
// that is JSON, or nil.
func Make(name string, params any) Handler {
	if params == nil {
		return Handler{Name: name}
	}
	raw, err := marshal(params)
	if err != nil {
		return Handler{Name: name} // no type of this package fails
	}
	return Handler{Name: name, Params: raw}
}

// Decode reads a handler's parameters, of the type that goes with its name. An error
// tells that they are not what the handler takes; ErrUnknown, that this package does
// not run it.
func (h Handler) Decode() (any, error) {
	switch h.Name {
	case HandlerShow:
		return decode[Show](h)
	case HandlerButtons:
		return decode[[]Reply](h)
	case HandlerGoto, HandlerWaitAnswer:
		return decode[Place](h)
	case HandlerCondition, HandlerConditions:
		return h.conditions()
	case HandlerValidations:
		return decode[Validations](h)
	case HandlerAction:
		return h.action()
	case HandlerStop:
		return decode[Stop](h)
	case HandlerExternal:
		return decode[External](h)
	case HandlerPreset:
		return decode[Preset](h)
	case HandlerMeta:
		return decode[StartParams](h)
	case HandlerExits:
		return decode[Exit](h)
	case HandlerRequest:
		return decode[Request](h)
	}
	return nil, ErrUnknown
}

// ErrUnknown is Decode's answer for a handler that does not run here.
var ErrUnknown = errors.New("handler does not run here")

func decode[T any](h Handler) (T, error) {
	var v T
	if len(h.Params) == 0 || string(h.Params) == "null" {
		return v, errors.New("no parameters")
	}
	if err := json.Unmarshal(h.Params, &v); err != nil {
		return v, fmt.Errorf("read parameters: %w", err)
	}
	return v, nil
}

// conditions reads a branch in any of its forms.
func (h Handler) conditions() (Conditions, error) {
	if isArray(h.Params) {
		list, err := decode[[]Condition](h)
		c := Conditions{Conditions: list}
		result, has := h.Extra["result"]
		c.Gate = !has
		for key, into := range map[string]*[]Handler{"result": &c.Result, "otherwise": &c.Otherwise} {
			if raw, ok := h.Extra[key]; ok && err == nil {
				err = json.Unmarshal(raw, into)
			}
		}
		if has && string(result) == "null" {
			c.Gate = true
		}
		return c, err
	}
	c, err := decode[Conditions](h)
	if err != nil || c.Conditions != nil {
		return c, err
	}
	one, err := decode[Condition](h)
	if err == nil && one.Operation == "" {
		err = errors.New("no operation")
	}
	c.Conditions = []Condition{one}
	return c, err
}

// action reads an action; where PHP wrote an empty object as an array it has no
// parameters.
func (h Handler) action() (Action, error) {
	raw, err := decode[struct {
		Name   string          `json:"name"`
		Params json.RawMessage `json:"params"`
	}](h)
	a := Action{Name: raw.Name}
	if err == nil && len(raw.Params) > 0 {
		err = unmarshalObject(raw.Params, &a.Params)
	}
	return a, err
}

// unmarshalObject reads an object; where PHP wrote an empty one as an array v stays as
// it is.
func unmarshalObject(raw []byte, v any) error {
	if string(bytes.Join(bytes.Fields(raw), nil)) == "[]" {
		return nil
	}
	return json.Unmarshal(raw, v)
}

func isString(raw []byte) bool {
	return len(bytes.TrimSpace(raw)) > 0 && bytes.TrimSpace(raw)[0] == '"'
}

func isArray(raw []byte) bool { return len(bytes.TrimSpace(raw)) > 0 && bytes.TrimSpace(raw)[0] == '[' }
