package sandbox

import (
	"fmt"
	"slices"
	"testing"
)

// TestNewAndLinkedCards: API v4, adding leads, contacts and companies, and linking them.
func TestNewAndLinkedCards(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	access := b.accessOf(testAccount, 0, testClient)
	b.box.mu.Lock()
	b.box.account(testAccount).Catalogs = []Catalog{{ID: 15, Name: "Products", Elements: []CatalogElement{{ID: 151, Name: "Lamp"}}}}
	b.box.mu.Unlock()
	made := func(path, body, kind string) int64 {
		t.Helper()
		list := b.api("POST", path, access, body, 200).field(t, "_embedded", kind).([]any)
		return int64(list[len(list)-1].(map[string]any)["id"].(float64))
	}
	contact := made("/api/v4/contacts", `[{"name":"Anna","_embedded":{"tags":[{"name":"vip"}]},"custom_fields_values":[{"field_code":"EMAIL","values":[{"value":"a@example.org","enum_code":"WORK"}]}]}]`, "contacts")
	lead := made("/api/v4/leads", fmt.Sprintf(`[{"name":"Order","price":5,"status_id":142,"_embedded":{"tags":[{"name":"new"}],"contacts":[{"id":%d,"is_main":true}]}}]`, contact), "leads")
	company := made("/api/v4/companies", `[{"name":"Lamps Ltd"}]`, "companies")
	other := made("/api/v4/companies", `[{"name":"Others"}]`, "companies")
	l := b.box.Leads(testAccount)[0]
	if l.ID != lead || l.Price != 5 || l.StatusID != 142 || l.ContactID != contact || fmt.Sprint(l.Tags) != "[new]" {
		t.Errorf("lead %+v", l)
	}
	if c := b.box.Contacts(testAccount)[0]; c.ID != contact || c.Email != "a@example.org" || fmt.Sprint(c.Tags) != "[vip]" {
		t.Errorf("contact %+v", c)
	}
	at := func(id int64) string { return fmt.Sprintf("/api/v4/leads/%d", id) }
	b.api("POST", at(lead)+"/link", access, fmt.Sprintf(`[{"to_entity_id":%d,"to_entity_type":"companies"}]`, company), 200)
	for range 2 {
		b.api("POST", at(lead)+"/link", access, `[{"to_entity_id":151,"to_entity_type":"catalog_elements","metadata":{"catalog_id":15,"quantity":3}}]`, 200)
	}
	if got := b.box.CardLinks(testAccount, CardLeads, lead); len(got) != 2 || got[1].Quantity != 3 || got[0].ToID != company {
		t.Errorf("links %+v", got)
	}
	if got := ids(t, b.api("GET", at(lead), access, "", 200), "companies"); got != fmt.Sprintf("[%d]", company) {
		t.Errorf("the lead's companies are %s", got)
	}
	if got := b.api("GET", fmt.Sprintf("/api/v4/companies/%d", company), access, "", 200).field(t, "name"); got != "Lamps Ltd" {
		t.Errorf("the company is called %v", got)
	}
	if got := ids(t, b.api("GET", "/api/v4/companies?query=lamps", access, "", 200), "companies"); got != fmt.Sprintf("[%d]", company) {
		t.Errorf("found %s", got)
	}
	b.api("GET", "/api/v4/companies/1", access, "", 204)
	b.api("GET", "/api/v4/companies?query=nobody", access, "", 204)
	link := fmt.Sprintf("leads/%d/link", lead)
	b.each(access, []answered{
		{"a company without a name", "POST", "companies", `[{"name":" "}]`, 400, ruleCompanies},
		{"a second company", "POST", link, fmt.Sprintf(`[{"to_entity_id":%d,"to_entity_type":"companies"}]`, other), 400, ""},
		{"a company of nobody", "POST", link, `[{"to_entity_id":1,"to_entity_type":"companies"}]`, 400, ""},
		{"an element of another list", "POST", link, `[{"to_entity_id":151,"to_entity_type":"catalog_elements","metadata":{"catalog_id":16}}]`, 400, ""},
		{"a kind that is none", "POST", link, `[{"to_entity_id":1,"to_entity_type":"tasks"}]`, 400, ""},
		{"a lead with a lead", "POST", link, fmt.Sprintf(`[{"to_entity_id":%d,"to_entity_type":"leads"}]`, lead), 400, ""},
		{"a lead of nobody", "POST", "leads/1/link", `[{"to_entity_id":1,"to_entity_type":"companies"}]`, 404, ""},
		{"no array", "POST", link, `{"to_entity_id":1}`, 400, ruleCardLinks},
		{"a stage of nowhere", "POST", "leads", `[{"name":"x","status_id":1}]`, 400, ruleLeads},
		{"a contact of nobody", "POST", "leads", `[{"name":"x","_embedded":{"contacts":[{"id":1}]}}]`, 400, ruleLeads},
		{"a field that is not there", "POST", "leads", `[{"name":"x","custom_fields_values":[{"field_id":1,"values":[{"value":"x"}]}]}]`, 400, ruleLeads},
		{"a contact with a price", "POST", "contacts", `[{"name":"x","price":1}]`, 400, ruleContacts},
	})
	if n := len(b.box.Leads(testAccount)); n != 1 {
		t.Errorf("%d leads: a refusal made one", n)
	}
	if tags := b.box.Leads(testAccount)[0].Tags; !slices.Equal(tags, []string{"new"}) {
		t.Errorf("tags %q", tags)
	}
}
