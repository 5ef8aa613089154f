package sandbox

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const ruleContacts = "C §7.8 contacts"

// contactField is a field of a contact's card beside the name.
type contactField struct{ name, code, enum, value string }

func contactFields(c *Contact) (out []contactField) {
	for _, f := range []contactField{{"Phone", "PHONE", "WORK", c.Phone}, {"Email", "EMAIL", "WORK", c.Email}} {
		if f.value != "" {
			out = append(out, f)
		}
	}
	return out
}

// heldBy is what stands in a contact's fields, phone and e-mail among them.
func (a *Account) heldBy(c Contact) []CardField {
	out := slices.Clone(c.Fields)
	for _, f := range contactFields(&c) {
		field, ok := a.field(CardContacts, 0, f.code)
		if ok && !slices.ContainsFunc(out, func(x CardField) bool { return x.Field == field.ID }) {
			out = append(out, CardField{field.ID, []CardValue{{Value: f.value, EnumID: field.Enums[0].ID, EnumCode: f.enum}}})
		}
	}
	return out
}

func (a *apiCall) contactModel(c Contact, leads []int64) map[string]any {
	custom := a.fieldsModel(CardContacts, a.acc.heldBy(c))
	embedded := map[string]any{"tags": tagModel(c.Tags), "companies": []any{}}
	if a.with("leads") {
		list := []any{}
		for _, id := range leads {
			list = append(list, a.ref("leads", id))
		}
		embedded["leads"] = list
	}
	return map[string]any{
		"id": c.ID, "name": c.Name, "responsible_user_id": cmp.Or(c.UserID, a.acc.admin().ID), "created_at": c.CreatedAt.Unix(), "updated_at": c.UpdatedAt.Unix(),
		"is_deleted": false, "is_unsorted": c.Unsorted, "custom_fields_values": custom, "account_id": c.Account,
		"_links": a.self(fmt.Sprintf("/api/v4/contacts/%d", c.ID)), "_embedded": embedded,
	}
}

// contactLeads lists the ids of a contact's leads. s.mu is held.
func (s *Server) contactLeads(contact int64) (out []int64) {
	for _, l := range s.leadsOfContact(contact) {
		out = append(out, l.ID)
	}
	return out
}

// listContacts is GET /api/v4/contacts, with query= a name, number or address.
// Contacts of incoming leads are not listed (C §7.5).
func (a *apiCall) listContacts() {
	ids, ok := a.numbers(ruleContacts, "filter[id]")
	if !ok {
		return
	}
	query := a.r.URL.Query().Get("query")
	var out []map[string]any
	a.s.mu.Lock()
	var found []Contact
	var leads [][]int64
	for _, c := range a.s.contactsOf(a.acc.ID) {
		if !c.Unsorted && c.matches(query, a.acc.Country) && (len(ids) == 0 || slices.Contains(ids, c.ID)) {
			found, leads = append(found, *c), append(leads, a.s.contactLeads(c.ID))
		}
	}
	a.s.mu.Unlock()
	for i, c := range found {
		out = append(out, a.contactModel(c, leads[i]))
	}
	a.list(ruleContacts, "contacts", maxEntities, out)
}

// matches tells whether a search finds the contact: by part of the name or
// address, or by the digits of a number.
func (c *Contact) matches(query, country string) bool {
	q := strings.ToLower(strings.TrimSpace(query))
	if q == "" || strings.Contains(strings.ToLower(c.Name), q) || strings.Contains(strings.ToLower(c.Email), q) || fieldsHold(c.Fields, q) {
		return true
	}
	digits := onlyDigits(q)
	return len(digits) >= 3 && strings.Trim(q, "+-() 0123456789") == "" &&
		(strings.Contains(onlyDigits(c.Phone), digits) || c.Phone != "" && normalPhone(c.Phone, country) == normalPhone(q, country))
}

// oneContact is GET /api/v4/contacts/{id}; 204 for an unknown one, as lists.
func (a *apiCall) oneContact() {
	a.s.mu.Lock()
	c := a.s.st.Contacts[a.pathID()]
	var out Contact
	var leads []int64
	if c != nil {
		out, leads = *c, a.s.contactLeads(c.ID)
	}
	a.s.mu.Unlock()
	if c == nil || out.Account != a.acc.ID || out.Unsorted && a.s.hides() {
		a.w.WriteHeader(http.StatusNoContent)
		return
	}
	a.json(http.StatusOK, halJSON, a.contactModel(out, leads))
}

type contactIn struct {
	Name      string    `json:"name"`
	FirstName string    `json:"first_name"`
	LastName  string    `json:"last_name"`
	UserID    int64     `json:"responsible_user_id"`
	Custom    []fieldIn `json:"custom_fields_values"`
	RequestID string    `json:"request_id"`
}

type fieldIn struct {
	Code   string `json:"field_code" need:"true"`
	Values []struct {
		Value    string `json:"value" need:"true"`
		EnumCode string `json:"enum_code"`
	} `json:"values" need:"true"`
}

func (a *apiCall) addContacts() {
	in, ok := decodeBatch[contactIn](a, ruleContacts, maxEntities)
	if !ok {
		return
	}
	for i, n := range in {
		if n.UserID != 0 && a.acc.user(n.UserID) == nil {
			a.invalid(ruleContacts, i, "NotSupportedChoice", "responsible_user_id", "no such user")
			return
		}
		for j, f := range n.Custom {
			path := fmt.Sprintf("custom_fields_values.%d", j)
			if f.Code != "PHONE" && f.Code != "EMAIL" {
				a.invalid(ruleContacts, i, "NotSupportedChoice", path+".field_code", "no such field in this account")
				return
			}
			if len(f.Values) == 0 {
				a.invalid(ruleContacts, i, "TooFewElements", path+".values", "a field needs a value")
				return
			}
		}
	}
	s := a.s
	var out []map[string]any
	s.mu.Lock()
	for i, n := range in {
		c := Contact{Account: a.acc.ID, Name: cmp.Or(n.Name, strings.TrimSpace(n.FirstName+" "+n.LastName))}
		for _, f := range n.Custom {
			switch f.Code {
			case "PHONE":
				c.Phone = f.Values[0].Value
			case "EMAIL":
				c.Email = f.Values[0].Value
			}
		}
		out = append(out, map[string]any{"id": s.addContact(c).ID, "request_id": cmp.Or(n.RequestID, strconv.Itoa(i))})
	}
	s.mu.Unlock()
	for _, m := range out {
		m["_links"] = a.self(fmt.Sprintf("/api/v4/contacts/%d", m["id"]))
	}
	a.json(http.StatusOK, halJSON, map[string]any{"_links": a.self("/api/v4/contacts"), "_embedded": map[string]any{"contacts": out}})
}
