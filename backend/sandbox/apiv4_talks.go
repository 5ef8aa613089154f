package sandbox

import (
	"fmt"
	"net/http"
	"slices"
)

const ruleTalks = "C §7.2 talks"

func (a *apiCall) talkModel(t Talk) map[string]any {
	out := map[string]any{
		"talk_id": t.ID, "created_at": t.CreatedAt.Unix(), "updated_at": t.UpdatedAt.Unix(), "rate": t.Rate, "contact_id": t.ContactID,
		"chat_id": t.ChatID, "entity_id": nil, "entity_type": nil, "is_in_work": t.InWork, "is_read": t.Read, "origin": t.Origin,
		"missed_at": nil, "account_id": t.Account, "_links": a.self(fmt.Sprintf("/api/v4/talks/%d", t.ID)),
	}
	if a.acc.Product == ProductKommo {
		out["status"] = t.Status
	}
	leads := []any{}
	if t.LeadID != 0 {
		out["entity_id"], out["entity_type"] = t.LeadID, "lead"
		leads = append(leads, a.ref("leads", t.LeadID))
	}
	out["_embedded"] = map[string]any{"contacts": []any{a.ref("contacts", t.ContactID)}, "leads": leads, "customers": []any{}}
	return out
}

// ref is an entity inside another: its id and address.
func (a *apiCall) ref(kind string, id int64) map[string]any {
	return map[string]any{"id": id, "_links": a.self(fmt.Sprintf("/api/v4/%s/%d", kind, id))}
}

func (a *apiCall) oneTalk() {
	a.s.mu.Lock()
	t := a.s.st.Talks[a.pathID()]
	var out Talk
	if t != nil {
		out = *t
	}
	a.s.mu.Unlock()
	if t == nil || out.Account != a.acc.ID {
		a.problem(http.StatusNotFound, Refused, ruleTalks, "no such talk")
		return
	}
	a.json(http.StatusOK, halJSON, a.talkModel(out))
}

// closeTalk is POST /api/v4/talks/{id}/close: 202 without a body.
func (a *apiCall) closeTalk() {
	var in struct {
		Force bool `json:"force_close"`
	}
	if !decodeOne(a, ruleTalks, true, &in) {
		return
	}
	s := a.s
	s.mu.Lock()
	t := s.st.Talks[a.pathID()]
	known := t != nil && t.Account == a.acc.ID
	var err error
	if known {
		err = s.closeTalk(t, in.Force)
	}
	s.mu.Unlock()
	switch {
	case !known:
		a.problem(http.StatusNotFound, Refused, ruleTalks, "no such talk")
	case err != nil:
		a.problem(http.StatusUnprocessableEntity, Refused, ruleTalks, err.Error())
	default:
		a.w.WriteHeader(http.StatusAccepted)
	}
}

// listTalks is GET /api/v4/talks of Kommo's add-on, which has scopes of its own.
func (a *apiCall) listTalks() {
	if a.acc.Product != ProductKommo {
		a.problem(http.StatusNotFound, Broke, ruleTalks, "only Kommo lists talks")
		return
	}
	contacts, ok := a.numbers(ruleTalks, "filter[contact_id]")
	if !ok {
		return
	}
	q := a.r.URL.Query()
	states := a.query("filter[status]")
	inWork := q.Get("filter[only_in_work]")
	if !slices.Contains([]string{"", "0", "1", "true", "false"}, inWork) {
		a.problem(http.StatusBadRequest, Broke, ruleTalks, "filter[only_in_work] must be a boolean")
		return
	}
	a.s.mu.Lock()
	app := a.s.integration(a.token.ClientUUID)
	allowed := app != nil && app.ChatsAddOn
	var found []Talk
	for _, t := range a.s.talksOf(a.acc.ID) {
		if (len(contacts) == 0 || slices.Contains(contacts, t.ContactID)) && (len(states) == 0 || slices.Contains(states, t.Status)) &&
			(t.InWork || inWork != "1" && inWork != "true") {
			found = append(found, *t)
		}
	}
	a.s.mu.Unlock()
	if !allowed {
		a.problem(http.StatusForbidden, Refused, ruleTalks, "the integration has not the scopes of the Chats API add-on")
		return
	}
	var out []map[string]any
	for _, t := range found {
		out = append(out, a.talkModel(t))
	}
	a.list(ruleTalks, "talks", maxEntities, out)
}
