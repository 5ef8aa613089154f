package sandbox

import (
	"errors"
	"net/http"
	"slices"
)

const ruleUnsorted = "C §7.5 unsorted"

func (a *apiCall) unsortedModel(in IncomingLead) map[string]any {
	return map[string]any{
		"uid": in.UID, "source_uid": nil, "source_name": in.SourceName, "category": "chats", "pipeline_id": in.PipelineID,
		"created_at": in.CreatedAt.Unix(), "account_id": in.Account,
		"metadata": map[string]any{
			"from": in.From, "to": in.To, "received_at": in.CreatedAt.Unix(), "service": in.Service,
			"client":            map[string]any{"name": in.From, "avatar": nil},
			"origin":            map[string]any{"chat_id": in.ChatID, "ref": nil, "visitor_uid": nil},
			"last_message_text": in.Text, "source_name": in.SourceName,
		},
		"_links": a.self("/api/v4/leads/unsorted/" + in.UID),
		"_embedded": map[string]any{
			"contacts": []any{a.ref("contacts", in.ContactID)}, "leads": []any{a.ref("leads", in.LeadID)}, "companies": []any{},
		},
	}
}

// categories of incoming leads; only chats come about here.
var categories = []string{"sip", "mail", "chats", "forms"}

func (a *apiCall) listUnsorted() {
	q := a.r.URL.Query()
	wanted := a.query("filter[category]")
	for _, c := range wanted {
		if !slices.Contains(categories, c) {
			a.problem(http.StatusBadRequest, Broke, ruleUnsorted, "filter[category] must be sip, mail, chats or forms")
			return
		}
	}
	pipelines, ok := a.numbers(ruleUnsorted, "filter[pipeline_id]")
	if !ok {
		return
	}
	order := q.Get("order[created_at]")
	if order != "" && order != "asc" && order != "desc" {
		a.problem(http.StatusBadRequest, Broke, ruleUnsorted, "order[created_at] must be asc or desc")
		return
	}
	uids := a.query("filter[uid]")
	list := a.s.IncomingLeads(a.acc.ID)
	if order != "asc" {
		slices.Reverse(list)
	}
	var out []map[string]any
	for _, in := range list {
		if (len(wanted) == 0 || slices.Contains(wanted, "chats")) && (len(uids) == 0 || slices.Contains(uids, in.UID)) &&
			(len(pipelines) == 0 || slices.Contains(pipelines, in.PipelineID)) {
			out = append(out, a.unsortedModel(in))
		}
	}
	a.list(ruleUnsorted, "unsorted", maxEntities, out)
}

// find copies the incoming lead of the path; on failure it has answered 404.
func (a *apiCall) findUnsorted() (IncomingLead, bool) {
	a.s.mu.Lock()
	in := a.s.incoming(a.acc.ID, a.r.PathValue("uid"))
	var out IncomingLead
	if in != nil {
		out = *in
	}
	a.s.mu.Unlock()
	if in == nil {
		a.problem(http.StatusNotFound, Refused, ruleUnsorted, "no such incoming lead, or it was sorted")
		return out, false
	}
	return out, true
}

func (a *apiCall) oneUnsorted() {
	if in, ok := a.findUnsorted(); ok {
		a.json(http.StatusOK, halJSON, a.unsortedModel(in))
	}
}

func (a *apiCall) acceptUnsorted() {
	var body struct {
		UserID   int64 `json:"user_id"`
		StatusID int64 `json:"status_id"`
	}
	in, ok := a.findUnsorted()
	if !ok || !decodeOne(a, ruleUnsorted, true, &body) {
		return
	}
	a.answerSorted(in, a.s.AcceptLead(a.acc.ID, in.UID, body.UserID, body.StatusID), in.LeadID, in.ContactID)
}

func (a *apiCall) declineUnsorted() {
	var body struct {
		UserID int64 `json:"user_id"`
	}
	in, ok := a.findUnsorted()
	if !ok || !decodeOne(a, ruleUnsorted, true, &body) {
		return
	}
	a.answerSorted(in, a.s.DeclineLead(a.acc.ID, in.UID, body.UserID), 0, 0)
}

func (a *apiCall) linkUnsorted() {
	var body struct {
		Link struct {
			EntityID   int64  `json:"entity_id" need:"true"`
			EntityType string `json:"entity_type" need:"true"`
			Metadata   struct {
				ContactID int64 `json:"contact_id"`
			} `json:"metadata"`
		} `json:"link" need:"true"`
		UserID int64 `json:"user_id"`
	}
	in, ok := a.findUnsorted()
	if !ok || !decodeOne(a, ruleUnsorted, false, &body) {
		return
	}
	if body.Link.EntityType != "leads" { // there are no customers here
		a.invalid(ruleUnsorted, 0, "NotSupportedChoice", "link.entity_type", "entity_type must be leads; customers are switched off in this account")
		return
	}
	err := a.s.LinkLead(a.acc.ID, in.UID, body.Link.EntityID, body.Link.Metadata.ContactID, body.UserID)
	a.answerSorted(in, err, body.Link.EntityID, body.Link.Metadata.ContactID)
}

// answerSorted tells what became of an incoming lead.
func (a *apiCall) answerSorted(in IncomingLead, err error, lead, contact int64) {
	switch {
	case errors.Is(err, ErrNoUser):
		a.invalid(ruleUnsorted, 0, "NotSupportedChoice", "user_id", err.Error())
		return
	case err != nil:
		a.invalid(ruleUnsorted, 0, "NotSupportedChoice", "", err.Error())
		return
	}
	leads, contacts := []any{}, []any{}
	if lead != 0 {
		leads = append(leads, a.ref("leads", lead))
	}
	if contact != 0 {
		contacts = append(contacts, a.ref("contacts", contact))
	}
	a.json(http.StatusOK, halJSON, map[string]any{
		"uid": in.UID, "pipeline_id": in.PipelineID, "category": "chats", "created_at": in.CreatedAt.Unix(),
		"_embedded": map[string]any{"leads": leads, "contacts": contacts, "companies": []any{}},
	})
}

func (a *apiCall) unsortedSummary() {
	waiting := int64(len(a.s.IncomingLeads(a.acc.ID)))
	a.s.mu.Lock()
	var n sorted
	if x := a.s.st.Sorted[a.acc.ID]; x != nil {
		n = *x
	}
	a.s.mu.Unlock()
	done := n.Accepted + n.Declined
	average := int64(0)
	if done > 0 {
		average = n.Seconds / done
	}
	per := map[string]any{}
	for _, c := range categories {
		per[c] = map[string]any{"total": 0}
	}
	per["chats"] = map[string]any{"total": waiting + done}
	a.json(http.StatusOK, halJSON, map[string]any{
		"total": waiting + done, "accepted": n.Accepted, "declined": n.Declined, "average_sort_time": average, "categories": per,
		"_links": a.self("/api/v4/leads/unsorted/summary"),
	})
}
