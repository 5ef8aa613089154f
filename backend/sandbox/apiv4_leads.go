package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

const ruleLeads = "C §7.8 leads"

func (a *apiCall) leadModel(l Lead) map[string]any {
	embedded := map[string]any{"tags": tagModel(l.Tags), "companies": a.companiesOf(CardLeads, l.ID)}
	if a.with("contacts") && l.ContactID != 0 {
		main := a.ref("contacts", l.ContactID)
		main["is_main"] = true
		embedded["contacts"] = []any{main}
	}
	out := map[string]any{
		"id": l.ID, "name": l.Name, "price": l.Price, "responsible_user_id": l.UserID, "status_id": l.StatusID, "pipeline_id": l.PipelineID,
		"created_at": l.CreatedAt.Unix(), "updated_at": l.UpdatedAt.Unix(), "closed_at": nil, "is_deleted": false, "account_id": l.Account,
		"custom_fields_values": a.fieldsModel(CardLeads, l.Fields),
		"_links":               a.self(fmt.Sprintf("/api/v4/leads/%d", l.ID)), "_embedded": embedded,
	}
	if l.closed() {
		out["closed_at"] = l.UpdatedAt.Unix()
	}
	return out
}

// listLeads is GET /api/v4/leads without incoming ones.
func (a *apiCall) listLeads() {
	ids, ok1 := a.numbers(ruleLeads, "filter[id]")
	if !ok1 {
		return
	}
	pipelines, ok2 := a.numbers(ruleLeads, "filter[pipeline_id]")
	if !ok2 {
		return
	}
	query := strings.ToLower(a.r.URL.Query().Get("query"))
	var out []map[string]any
	for _, l := range a.s.Leads(a.acc.ID) {
		if !l.Unsorted && (len(ids) == 0 || slices.Contains(ids, l.ID)) && (len(pipelines) == 0 || slices.Contains(pipelines, l.PipelineID)) &&
			(strings.Contains(strings.ToLower(l.Name), query) || fieldsHold(l.Fields, query)) {
			out = append(out, a.leadModel(l))
		}
	}
	a.list(ruleLeads, "leads", maxEntities, out)
}

func tagModel(tags []string) []any {
	out := []any{}
	for i, t := range tags {
		out = append(out, map[string]any{"id": i + 1, "name": t, "color": nil})
	}
	return out
}

// hides tells whether cards of incoming leads are not to be read.
func (s *Server) hides() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.st.Variants.UnsortedCards == "hidden"
}

// oneLead is GET /api/v4/leads/{id}; 204 for an unknown one.
func (a *apiCall) oneLead() {
	a.s.mu.Lock()
	l := a.s.st.Leads[a.pathID()]
	var out Lead
	if l != nil {
		out = *l
	}
	a.s.mu.Unlock()
	if l == nil || out.Account != a.acc.ID || out.Unsorted && a.s.hides() {
		a.w.WriteHeader(http.StatusNoContent)
		return
	}
	a.json(http.StatusOK, halJSON, a.leadModel(out))
}
