package sandbox

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	ruleCompanies = "API v4 companies"
	ruleCardLinks = "API v4 linking entities"
)

// Company is a card of a company. A lead and a contact have one at most.
type Company struct {
	ID        int64     `json:"id"`
	Account   int64     `json:"account_id"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
}

// Catalog is a list of an account, of products for one.
type Catalog struct {
	ID       int64            `json:"id"`
	Name     string           `json:"name"`
	Elements []CatalogElement `json:"elements"`
}

// CatalogElement is one entry of a list.
type CatalogElement struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// CardLink joins a lead or a contact to another card.
type CardLink struct {
	Account  int64   `json:"account_id"`
	Card     string  `json:"entity_type"`
	Entity   int64   `json:"entity_id"`
	To       string  `json:"to_entity_type"`
	ToID     int64   `json:"to_entity_id"`
	Catalog  int64   `json:"catalog_id,omitempty"`
	Quantity float64 `json:"quantity,omitempty"`
}

// Companies lists an account's companies, oldest first.
func (s *Server) Companies(account int64) []Company {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Company{}
	for _, c := range s.st.Companies {
		if c.Account == account {
			out = append(out, *c)
		}
	}
	return out
}

// CardLinks lists what a lead or a contact is linked to, oldest first.
func (s *Server) CardLinks(account int64, card string, entity int64) []CardLink {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []CardLink{}
	for _, l := range s.st.CardLinks {
		if l.Account == account && l.Card == card && l.Entity == entity {
			out = append(out, l)
		}
	}
	return out
}

// companiesOf is _embedded.companies of a card. s.mu is not held.
func (a *apiCall) companiesOf(card string, entity int64) []any {
	out := []any{}
	for _, l := range a.s.CardLinks(a.acc.ID, card, entity) {
		if l.To == "companies" {
			out = append(out, a.ref("companies", l.ToID))
		}
	}
	return out
}

func (a *apiCall) companyModel(c Company) map[string]any {
	return map[string]any{
		"id": c.ID, "name": c.Name, "created_at": c.CreatedAt.Unix(), "updated_at": c.CreatedAt.Unix(), "is_deleted": false, "account_id": c.Account,
		"custom_fields_values": nil, "_links": a.self(fmt.Sprintf("/api/v4/companies/%d", c.ID)), "_embedded": map[string]any{"tags": []any{}},
	}
}

// listCompanies is GET /api/v4/companies, with query= a part of a name.
func (a *apiCall) listCompanies() {
	query := strings.ToLower(a.r.URL.Query().Get("query"))
	var out []map[string]any
	for _, c := range a.s.Companies(a.acc.ID) {
		if strings.Contains(strings.ToLower(c.Name), query) {
			out = append(out, a.companyModel(c))
		}
	}
	a.list(ruleCompanies, "companies", maxEntities, out)
}

// oneCompany is GET /api/v4/companies/{id}; 204 for an unknown one.
func (a *apiCall) oneCompany() {
	for _, c := range a.s.Companies(a.acc.ID) {
		if c.ID == a.pathID() {
			a.json(http.StatusOK, halJSON, a.companyModel(c))
			return
		}
	}
	a.w.WriteHeader(http.StatusNoContent)
}

type companyIn struct {
	Name      string `json:"name" need:"true"`
	RequestID string `json:"request_id"`
}

// addCompanies is POST /api/v4/companies.
func (a *apiCall) addCompanies() {
	in, ok := decodeBatch[companyIn](a, ruleCompanies, maxEntities)
	if !ok {
		return
	}
	for i, n := range in {
		if strings.TrimSpace(n.Name) == "" {
			a.invalid(ruleCompanies, i, "NotBlank", "name", "a company needs a name")
			return
		}
	}
	s := a.s
	var out []map[string]any
	s.mu.Lock()
	for i, n := range in {
		c := &Company{ID: s.nextID(), Account: a.acc.ID, Name: n.Name, CreatedAt: s.now()}
		s.st.Companies = append(s.st.Companies, c)
		out = append(out, map[string]any{"id": c.ID, "request_id": cmp.Or(n.RequestID, strconv.Itoa(i))})
	}
	s.touch()
	s.mu.Unlock()
	for _, m := range out {
		m["_links"] = a.self(fmt.Sprintf("/api/v4/companies/%d", m["id"]))
	}
	a.json(http.StatusOK, halJSON, map[string]any{"_links": a.self("/api/v4/companies"), "_embedded": map[string]any{"companies": out}})
}

type cardLinkIn struct {
	ID       int64  `json:"to_entity_id" need:"true"`
	To       string `json:"to_entity_type" need:"true"`
	Metadata struct {
		Catalog  int64   `json:"catalog_id"`
		Quantity float64 `json:"quantity"`
		Main     bool    `json:"is_main"`
	} `json:"metadata"`
}

// linkCard is POST /api/v4/{card}/{id}/link: all of it, or nothing.
func (a *apiCall) linkCard(card string) {
	in, ok := decodeBatch[cardLinkIn](a, ruleCardLinks, 50)
	if !ok {
		return
	}
	a.linkAnswer(card, in)()
}

func (a *apiCall) linkAnswer(card string, in []cardLinkIn) (answer func()) {
	s, id := a.s, a.pathID()
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, _, refuse := a.changeable(card, id); refuse != nil {
		return refuse
	}
	for _, n := range in {
		if path, why := a.linkable(card, id, n); why != "" {
			return func() { a.refused("NotSupportedChoice", path, why) }
		}
	}
	var out []any
	for _, n := range in {
		l := CardLink{Account: a.acc.ID, Card: card, Entity: id, To: n.To, ToID: n.ID, Catalog: n.Metadata.Catalog, Quantity: n.Metadata.Quantity}
		meta := map[string]any{"main_contact": false}
		if n.To == "catalog_elements" {
			l.Quantity = cmp.Or(l.Quantity, 1)
			meta = map[string]any{"catalog_id": l.Catalog, "quantity": l.Quantity}
		}
		same := slices.IndexFunc(s.st.CardLinks, func(x CardLink) bool {
			return x.Account == l.Account && x.Card == l.Card && x.Entity == l.Entity && x.To == l.To && x.ToID == l.ToID
		})
		if same >= 0 {
			s.st.CardLinks[same] = l
		} else {
			s.st.CardLinks = append(s.st.CardLinks, l)
		}
		out = append(out, map[string]any{"entity_id": id, "entity_type": card, "to_entity_id": n.ID, "to_entity_type": n.To, "metadata": meta})
	}
	s.touch()
	return func() {
		a.json(http.StatusOK, halJSON, map[string]any{
			"_total_items": len(out), "_links": a.self(fmt.Sprintf("/api/v4/%s/%d/link", card, id)), "_embedded": map[string]any{"links": out},
		})
	}
}

// linkable tells what is wrong with a link. A second company is refused, which is
// stricter than what is documented. s.mu is held.
func (a *apiCall) linkable(card string, id int64, n cardLinkIn) (path, why string) {
	mine := func(c *Company) bool { return c.Account == a.acc.ID && c.ID == n.ID }
	other := func(l CardLink) bool {
		return l.Account == a.acc.ID && l.Card == card && l.Entity == id && l.To == "companies" && l.ToID != n.ID
	}
	switch n.To {
	case "companies":
		if !slices.ContainsFunc(a.s.st.Companies, mine) {
			return "to_entity_id", "no such company"
		}
		if slices.ContainsFunc(a.s.st.CardLinks, other) {
			return "to_entity_id", "the card has another company"
		}
		return "", ""
	case "catalog_elements":
		for _, c := range a.acc.Catalogs {
			if c.ID == n.Metadata.Catalog && slices.ContainsFunc(c.Elements, func(e CatalogElement) bool { return e.ID == n.ID }) {
				return "", ""
			}
		}
		return "metadata.catalog_id", "no such element in that list"
	case CardLeads, CardContacts:
		if n.To == card {
			return "to_entity_type", "cards of one kind are not linked"
		}
		if _, _, refuse := a.changeable(n.To, n.ID); refuse != nil {
			return "to_entity_id", "no such card"
		}
		return "", ""
	}
	return "to_entity_type", "to_entity_type is leads, contacts, companies or catalog_elements"
}
