package sandbox

import (
	"net/http"
	"slices"
	"strconv"
	"unicode/utf8"
)

const maxRejectReason = 65535 // characters (C §5.1)

func reviewModels(list []Review) []any {
	out := []any{}
	for _, r := range list {
		out = append(out, reviewModel(r))
	}
	return out
}

func reviewModel(r Review) map[string]any {
	return map[string]any{"id": r.ID, "source_id": r.SourceID, "status": r.Status, "reject_reason": r.RejectReason}
}

// askReview sends a WhatsApp template to review in each WhatsApp source of the integration.
func (a *apiCall) askReview() {
	if !decodeOne(a, ruleTemplates, true, &struct{}{}) {
		return
	}
	s := a.s
	s.mu.Lock()
	t := a.myTemplate(a.pathID())
	if t == nil || t.Type != "waba" {
		s.mu.Unlock()
		a.problem(http.StatusBadRequest, Refused, ruleTemplates, "no such waba template of this integration")
		return
	}
	t.Reviews = nil
	for _, x := range a.mine() {
		if slices.ContainsFunc(x.Services, isWhatsApp) {
			t.Reviews = append(t.Reviews, Review{ID: s.nextID(), SourceID: x.ID, Status: "review"})
		}
	}
	out := slices.Clone(t.Reviews)
	s.reviewEvent(t)
	s.touch()
	s.mu.Unlock()
	a.json(http.StatusOK, halJSON, map[string]any{"_total_items": len(out), "_embedded": map[string]any{"reviews": reviewModels(out)}})
}

func isWhatsApp(service any) bool {
	m, _ := service.(map[string]any)
	return m["type"] == "whatsapp"
}

// giveReview sets the outcome of a review; the integration itself learns it from WhatsApp.
func (a *apiCall) giveReview() {
	var in struct {
		Status string `json:"status" need:"true"`
		Reason string `json:"reject_reason"`
	}
	if !decodeOne(a, ruleTemplates, false, &in) {
		return
	}
	if !slices.Contains([]string{"approved", "paused", "rejected"}, in.Status) {
		a.invalid(ruleTemplates, 0, "NotSupportedChoice", "status", "status must be approved, paused or rejected")
		return
	}
	if utf8.RuneCountInString(in.Reason) > maxRejectReason {
		a.invalid(ruleTemplates, 0, "TooLong", "reject_reason", "reject_reason takes at most 65535 characters")
		return
	}
	review, _ := strconv.ParseInt(a.r.PathValue("review"), 10, 64)
	s := a.s
	s.mu.Lock()
	t := a.myTemplate(a.pathID())
	at := -1
	if t != nil {
		at = slices.IndexFunc(t.Reviews, func(r Review) bool { return r.ID == review })
	}
	if at < 0 {
		s.mu.Unlock()
		a.problem(http.StatusBadRequest, Refused, ruleTemplates, "no such review")
		return
	}
	t.Reviews = slices.Clone(t.Reviews)
	t.Reviews[at].Status, t.Reviews[at].RejectReason = in.Status, in.Reason
	out := t.Reviews[at]
	s.reviewEvent(t)
	s.touch()
	s.mu.Unlock()
	a.json(http.StatusOK, halJSON, reviewModel(out))
}
