package sandbox

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
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
	embedded := map[string]any{"tags": tagModel(c.Tags), "companies": a.companiesOf(CardContacts, c.ID)}
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
