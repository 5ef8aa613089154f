package greeting

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Link joins the visitor's lead, or contact where the Act says so, to the card
// Act.Number.
type Link struct {
	// From is the number of the card in place of the visitor's own; 0 for that.
	From int64 `json:"from,omitempty"`
	// To is what kind of card it is, one of the To constants.
	To string `json:"to"`
	// Catalog is the list that an element stands in, Quantity how many of it; 0 for
	// none said.
	Catalog  int64   `json:"catalog,omitempty"`
	Quantity float64 `json:"quantity,omitempty"`
}

// Kinds of cards that can be linked to.
const (
	ToLead    = "leads"
	ToContact = "contacts"
	ToCompany = "companies"
	ToElement = "catalog_elements"
)

// toKinds are they as bots write them.
var toKinds = map[string]string{
	"1": ToContact, "contact": ToContact, "contacts": ToContact, "2": ToLead, "lead": ToLead, "leads": ToLead,
	"3": ToCompany, "company": ToCompany, "companies": ToCompany, "11": ToElement, "catalog_element": ToElement, "catalog_elements": ToElement,
}

// NewCard is a lead or a contact to be made.
type NewCard struct {
	Name        string     `json:"name,omitempty"`
	Status      int64      `json:"status,omitempty"` // of leads alone, as Price
	Price       int64      `json:"price,omitempty"`
	Responsible int64      `json:"responsible,omitempty"`
	Tags        []string   `json:"tags,omitempty"`
	Fields      []NewField `json:"fields,omitempty"`
}

// NewField is what a new card holds in a field: a value, and for lists and
// multitexts the code or the number of the option in Enum.
type NewField struct {
	Field int64  `json:"field"`
	Value string `json:"value,omitempty"`
	Enum  string `json:"enum,omitempty"`
}

// Bounds of a new card.
const (
	maxName   = 250
	maxFields = 40
	maxTags   = 20
)

// withheld is read's answer for an action that its own preset keeps back.
const withheld = "withheld"

// onlyReachable is the preset that makes cards only of those who left an e-mail
// address or a phone.
const onlyReachable = "contacts.require_email_or_phone"

// text fills the markers of the first parameter that says something.
func (r *run) text(params map[string]json.RawMessage, names ...string) string {
	for _, n := range names {
		if s := strings.TrimSpace(r.markers(Term(params[n]).Words())); s != "" {
			return s
		}
	}
	return ""
}

// whole is text as a number; 0 for none.
func (r *run) whole(params map[string]json.RawMessage, names ...string) int64 {
	n, err := strconv.ParseInt(r.text(params, names...), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// readCards takes the parameters of actions that make, link or sort cards.
func (r *run) readCards(a Action) (one Act, code string) {
	one.Name = a.Name
	switch a.Name {
	case ActUnsorted:
		if one.Value = r.text(a.Params, "value"); one.Value != SortAccept && one.Value != SortDecline {
			return one, "bad_action"
		}
	case ActLinkUnsorted:
		switch r.text(a.Params, "entity_type") {
		case "", "2", "lead", "leads":
		default:
			return one, "bad_entity"
		}
		one.Number, one.Person = r.whole(a.Params, "entity_id"), r.whole(a.Params, "contact_id")
		if one.Number <= 0 || one.Person < 0 || one.Person == 0 && r.text(a.Params, "contact_id") != "" {
			return one, "bad_action"
		}
	case ActLink:
		return r.readLink(a.Params)
	case ActAddCompany:
		if one.Value = cut(r.text(a.Params, "name"), maxName); one.Value == "" {
			return one, "empty_action"
		}
	case ActAddLeadContact:
		return r.readNew(a.Params)
	}
	return one, ""
}

func (r *run) readLink(params map[string]json.RawMessage) (one Act, code string) {
	one.Name = ActLink
	to, known := toKinds[r.text(params, "to")]
	switch toKinds[r.text(params, "from")] {
	case ToContact:
		one.Contact = true
	case ToLead:
	default:
		return one, "bad_entity"
	}
	if !known {
		return one, "bad_entity"
	}
	one.Number = r.whole(params, "to_id")
	one.Link = &Link{From: r.whole(params, "from_id"), To: to}
	if to == ToElement {
		one.Link.Catalog = r.whole(params, "to_catalog_id")
		if q, err := strconv.ParseFloat(r.text(params, "quantity"), 64); err == nil && q > 0 && q < 1e9 {
			one.Link.Quantity = q
		}
	}
	if one.Number <= 0 || one.Link.From < 0 || to == ToElement && one.Link.Catalog <= 0 {
		return one, "bad_action"
	}
	return one, ""
}

// readNew takes a lead and a contact to be made together.
func (r *run) readNew(params map[string]json.RawMessage) (one Act, code string) {
	one.Name = ActAddLeadContact
	var sound [2]bool
	one.NewLead, sound[0] = r.newCard(params["lead"], true)
	one.NewContact, sound[1] = r.newCard(params["contact"], false)
	preset := r.text(params, "preset")
	switch {
	case !sound[0] || !sound[1] || preset != "" && preset != onlyReachable:
		return one, "bad_action"
	case preset == onlyReachable && !r.reachable(one.NewContact):
		return one, withheld
	}
	return one, ""
}

// reachable tells whether an e-mail address or a phone came from the visitor: in the
// reply, or by a marker in a field of the contact.
func (r *run) reachable(c *NewCard) bool {
	said := r.input
	for _, f := range c.Fields {
		said += "\n" + f.Value
	}
	return r.turn.State.Email+r.turn.State.Phone != "" || r.pay(len(said)) && (email(said) != "" || phone(said) != "")
}

// newCard reads one of the two; nothing said of it is one without a name.
func (r *run) newCard(raw json.RawMessage, lead bool) (c *NewCard, ok bool) {
	c = &NewCard{}
	if len(raw) == 0 || string(raw) == "null" || string(raw) == "[]" {
		return c, true
	}
	var params map[string]json.RawMessage
	if json.Unmarshal(raw, &params) != nil {
		return c, false
	}
	c.Name, c.Responsible = cut(r.text(params, "name"), maxName), r.whole(params, "responsible_user_id")
	if lead {
		c.Status, c.Price = r.whole(params, "status_id"), r.whole(params, "price")
	}
	var tags []Term
	if json.Unmarshal(params["tags"], &tags) != nil {
		for t := range strings.SplitSeq(r.text(params, "tags"), ",") {
			tags = append(tags, Text(t))
		}
	}
	for _, t := range tags[:min(len(tags), maxTags)] {
		if s := cut(strings.TrimSpace(r.markers(t.Words())), maxTag); s != "" {
			c.Tags = append(c.Tags, s)
		}
	}
	var fields []struct {
		ID     Term                         `json:"id"`
		Values []map[string]json.RawMessage `json:"values"`
	}
	if f := params["custom_fields"]; len(f) > 0 && json.Unmarshal(f, &fields) != nil {
		return c, false
	}
	for _, f := range fields {
		id, err := strconv.ParseInt(f.ID.Words(), 10, 64)
		if err != nil || id <= 0 {
			return c, false
		}
		for _, v := range f.Values {
			one := NewField{id, cut(r.text(v, "value"), maxValue), cut(r.text(v, "enum", "enum_id", "enum_code"), maxTag)}
			if len(c.Fields) == maxFields {
				return c, false
			}
			if one.Value != "" { // a marker that found nothing
				c.Fields = append(c.Fields, one)
			}
		}
	}
	return c, c.Status >= 0 && c.Price >= 0 && c.Responsible >= 0
}

// size is about as many bytes as an act takes, beside its numbers.
func (a Act) size() int {
	n := len(a.Value)
	for _, c := range []*NewCard{a.NewLead, a.NewContact} {
		if c == nil {
			continue
		}
		n += len(c.Name)
		for _, t := range c.Tags {
			n += len(t)
		}
		for _, f := range c.Fields {
			n += len(f.Value) + len(f.Enum) + 30
		}
	}
	return n
}
