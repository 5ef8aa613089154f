package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Cards with fields of an account's own, as their paths in API v4 are called.
const (
	CardLeads     = "leads"
	CardContacts  = "contacts"
	CardCustomers = "customers"
)

// ErrNoField says that an account has no such card or field.
var ErrNoField = errors.New("no such card or field in this account")

// CustomField is a field that cards of one kind have.
type CustomField struct {
	ID   int64  `json:"id"`
	Card string `json:"card"`
	Name string `json:"name"`
	Code string `json:"code,omitempty"`
	// Type is text, numeric, checkbox, select, multiselect, radiobutton, multitext,
	// date, date_time, birthday, url, textarea, streetaddress, smart_address, price,
	// monetary or tracking_data.
	Type  string      `json:"type"`
	Enums []FieldEnum `json:"enums,omitempty"`
	// TrackingCallback is a script that a field of the type tracking_data may have (O, TRK-2).
	TrackingCallback string `json:"tracking_callback,omitempty"`
}

// FieldEnum is an option of a list, or a kind of a multitext's values.
type FieldEnum struct {
	ID    int64  `json:"id"`
	Value string `json:"value"`
	Code  string `json:"code,omitempty"`
}

// CardField is what a card holds in one field.
type CardField struct {
	Field  int64       `json:"field_id"`
	Values []CardValue `json:"values"`
}

// CardValue is one value: a string, an integer or a boolean.
type CardValue struct {
	Value    any    `json:"value"`
	EnumID   int64  `json:"enum_id,omitempty"`
	EnumCode string `json:"enum_code,omitempty"`
}

// CardNote is a common note in the feed of a card.
type CardNote struct {
	ID        int64     `json:"id"`
	Account   int64     `json:"account_id"`
	Card      string    `json:"card"`
	Entity    int64     `json:"entity_id"`
	Text      string    `json:"text"`
	User      int64     `json:"created_by"`
	CreatedAt time.Time `json:"created_at"`
}

// trackingCodes are those of the statistics fields that every account has (O, TRK-1).
var trackingCodes = strings.Fields(`utm_source utm_medium utm_campaign utm_term utm_content utm_referrer roistat referrer openstat_service
	openstat_campaign openstat_ad openstat_source from gclientid _ym_uid _ym_counter gclid yclid fbclid`)

// kindsOf are the options of a field of the type multitext.
func kindsOf(codes ...string) (out []FieldEnum) {
	for _, c := range codes {
		out = append(out, FieldEnum{Value: c, Code: c})
	}
	return out
}

// fillFields gives an account the fields that the CRM itself makes, and ids to all.
// They are counted apart from other ids.
func (a *Account) fillFields() {
	if !slices.ContainsFunc(a.Fields, func(f CustomField) bool { return f.Code == "PHONE" }) {
		a.Fields = append(a.Fields,
			CustomField{Card: CardContacts, Name: "Position", Code: "POSITION", Type: "text"},
			CustomField{Card: CardContacts, Name: "Phone", Code: "PHONE", Type: "multitext", Enums: kindsOf("WORK", "WORKDD", "MOB", "FAX", "HOME", "OTHER")},
			CustomField{Card: CardContacts, Name: "Email", Code: "EMAIL", Type: "multitext", Enums: kindsOf("WORK", "PRIV", "OTHER")})
		for _, c := range trackingCodes {
			a.Fields = append(a.Fields, CustomField{Card: CardLeads, Name: c, Code: strings.ToUpper(c), Type: "tracking_data"})
		}
	}
	last := int64(500000)
	for _, f := range a.Fields {
		last = max(last, f.ID)
		for _, e := range f.Enums {
			last = max(last, e.ID)
		}
	}
	next := func(id *int64) {
		if *id == 0 {
			last++
			*id = last
		}
	}
	for i := range a.Fields {
		next(&a.Fields[i].ID)
		for j := range a.Fields[i].Enums {
			next(&a.Fields[i].Enums[j].ID)
		}
	}
}

// AddField adds a field to an account and returns it with its ids.
func (s *Server) AddField(account int64, f CustomField) (CustomField, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(account)
	if a == nil {
		return f, ErrNotFound
	}
	f.Enums = slices.Clone(f.Enums)
	a.Fields = append(slices.Clone(a.Fields), f)
	a.fillFields()
	s.touch()
	return a.Fields[len(a.Fields)-1], nil
}

// Fields lists an account's fields of one kind of card.
func (s *Server) Fields(account int64, card string) (out []CustomField) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.account(account); a != nil {
		out = a.fieldsOf(card)
	}
	return out
}

func (a *Account) fieldsOf(card string) (out []CustomField) {
	for _, f := range a.Fields {
		if f.Card == card {
			out = append(out, f)
		}
	}
	return out
}

// field finds by id, or by code in any case; ok is false for none.
func (a *Account) field(card string, id int64, code string) (CustomField, bool) {
	i := slices.IndexFunc(a.Fields, func(f CustomField) bool {
		return f.Card == card && (id != 0 && f.ID == id || id == 0 && code != "" && strings.EqualFold(f.Code, code))
	})
	if i < 0 {
		return CustomField{}, false
	}
	return a.Fields[i], true
}

// FillField sets a field of a lead or a contact, as an operator does; no value
// empties it.
func (s *Server) FillField(account int64, card string, entity, field int64, values ...CardValue) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(account)
	if a == nil {
		return ErrNotFound
	}
	f, ok := a.field(card, field, "")
	if !ok || !s.setField(account, card, entity, f, values) {
		return ErrNoField
	}
	if card == CardContacts {
		s.contactEvent(s.st.Contacts[entity], "update")
	} else {
		s.leadEvent(s.st.Leads[entity], "update", 0)
	}
	s.touch()
	return nil
}

// setField needs s.mu. Phone and e-mail of a contact stand in the contact itself.
func (s *Server) setField(account int64, card string, entity int64, f CustomField, values []CardValue) bool {
	var fields *[]CardField
	switch l, c := s.st.Leads[entity], s.st.Contacts[entity]; {
	case card == CardLeads && l != nil && l.Account == account:
		fields, l.UpdatedAt = &l.Fields, s.now()
	case card == CardContacts && c != nil && c.Account == account:
		fields, c.UpdatedAt = &c.Fields, s.now()
		var first string
		if len(values) > 0 {
			first, _ = values[0].Value.(string)
		}
		switch f.Code {
		case "PHONE":
			c.Phone = first
		case "EMAIL":
			c.Email = first
		}
	default:
		return false
	}
	kept := slices.DeleteFunc(slices.Clone(*fields), func(x CardField) bool { return x.Field == f.ID })
	if len(values) > 0 {
		kept = append(kept, CardField{f.ID, values})
	}
	slices.SortFunc(kept, func(a, b CardField) int { return cmp.Compare(a.Field, b.Field) })
	*fields = kept
	return true
}

// CardNotes lists the notes of one lead or contact, oldest first.
func (s *Server) CardNotes(account int64, card string, entity int64) []CardNote {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []CardNote{}
	for _, n := range s.st.CardNotes {
		if n.Account == account && n.Card == card && n.Entity == entity {
			out = append(out, *n)
		}
	}
	return out
}

// RemoveLead deletes a lead, as an operator does. Its chats stay with the contact.
func (s *Server) RemoveLead(account, lead int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.st.Leads[lead]
	if l == nil || l.Account != account || l.Unsorted {
		return ErrNoLead
	}
	delete(s.st.Leads, lead)
	s.leadEvent(l, "delete", 0)
	s.touch()
	return nil
}

// Customer is a regular buyer (C §7.2 names them; they have fields, too).
type Customer struct {
	ID        int64       `json:"id"`
	Account   int64       `json:"account_id"`
	Name      string      `json:"name"`
	ContactID int64       `json:"contact_id"`
	Fields    []CardField `json:"fields,omitempty"`
}

// AddCustomer makes a customer, as an operator does.
func (s *Server) AddCustomer(c Customer) Customer {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.ID = s.nextID()
	s.st.Customers = append(s.st.Customers, &c)
	s.touch()
	return c
}

// fieldsHold tells whether a search finds a word in fields; word is in lower case.
func fieldsHold(fields []CardField, word string) bool {
	for _, f := range fields {
		for _, v := range f.Values {
			if strings.Contains(strings.ToLower(fmt.Sprint(v.Value)), word) {
				return true
			}
		}
	}
	return false
}
