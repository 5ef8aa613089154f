package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

const ruleWebhooks = "C §7.6 webhooks"

// webhookSettings are the events that one may subscribe to; those of entities
// that the sandbox has not never come.
func webhookSettings(product string) []string {
	out := []string{"add_talk", "update_talk", "add_chat_template_review", "add_unsorted", "update_unsorted", "delete_unsorted"}
	for _, entity := range []string{"lead", "contact", "company", "customer", "task"} {
		for _, action := range []string{"add", "update", "delete", "restore", "responsible", "note"} {
			out = append(out, action+"_"+entity)
		}
	}
	out = append(out, "status_lead")
	if product == ProductKommo {
		out = append(out, "add_message", "add_outgoing_message")
	}
	return out
}

func (a *apiCall) webhookModel(w Webhook) map[string]any {
	return map[string]any{
		"id": w.ID, "destination": w.Destination, "settings": w.Settings, "disabled": w.Disabled, "created_by": w.CreatedBy,
		"created_at": w.CreatedAt.Unix(), "updated_at": w.UpdatedAt.Unix(), "account_id": w.Account, "sort": 1,
		"_links": a.self("/api/v4/webhooks"),
	}
}

func (a *apiCall) listWebhooks() {
	wanted := a.query("filter[destination]")
	var out []map[string]any
	for _, w := range a.s.Webhooks(a.acc.ID) {
		if len(wanted) == 0 || slices.Contains(wanted, w.Destination) {
			out = append(out, a.webhookModel(w))
		}
	}
	a.list(ruleWebhooks, "webhooks", maxEntities, out)
}

// addWebhook subscribes; the same destination again replaces its settings and
// switches it on.
func (a *apiCall) addWebhook() {
	var in struct {
		Destination string   `json:"destination" need:"true"`
		Settings    []string `json:"settings" need:"true"`
		Sort        int64    `json:"sort"`
	}
	if !decodeOne(a, ruleWebhooks, false, &in) {
		return
	}
	to, err := url.Parse(in.Destination)
	if err != nil || to.Scheme != "https" && to.Scheme != "http" || to.Host == "" {
		a.invalid(ruleWebhooks, 0, "InvalidValue", "destination", "destination must be an absolute http or https URL")
		return
	}
	if len(in.Settings) == 0 {
		a.invalid(ruleWebhooks, 0, "TooFewElements", "settings", "settings must name an event")
		return
	}
	known := webhookSettings(a.acc.Product)
	for i, name := range in.Settings {
		if !slices.Contains(known, name) {
			a.invalid(ruleWebhooks, 0, "NotSupportedChoice", fmt.Sprintf("settings.%d", i), "no such event")
			return
		}
	}
	s := a.s
	s.mu.Lock()
	count := 0
	var w *Webhook
	for _, x := range s.st.Webhooks {
		if x.Account == a.acc.ID {
			count++
			if x.Destination == in.Destination {
				w = x
			}
		}
	}
	if w == nil && count >= maxWebhooks {
		s.mu.Unlock()
		a.invalid(ruleWebhooks, 0, "TooMany", "destination", "an account has at most 100 webhooks")
		return
	}
	if w == nil {
		w = &Webhook{
			ID: s.nextID(), Account: a.acc.ID, ClientUUID: a.token.ClientUUID, Destination: in.Destination, CreatedBy: a.token.User, CreatedAt: s.now(),
		}
		s.st.Webhooks = append(s.st.Webhooks, w)
	}
	w.Settings, w.Disabled, w.Bad, w.UpdatedAt = in.Settings, false, nil, s.now()
	out := *w
	s.touch()
	s.mu.Unlock()
	a.json(http.StatusCreated, halJSON, a.webhookModel(out))
}

func (a *apiCall) deleteWebhook() {
	var in struct {
		Destination string `json:"destination" need:"true"`
	}
	if !decodeOne(a, ruleWebhooks, false, &in) {
		return
	}
	s := a.s
	s.mu.Lock()
	was := len(s.st.Webhooks)
	s.st.Webhooks = slices.DeleteFunc(s.st.Webhooks, func(w *Webhook) bool {
		return w.Account == a.acc.ID && w.Destination == in.Destination
	})
	gone := len(s.st.Webhooks) < was
	s.touch()
	s.mu.Unlock()
	if !gone {
		a.problem(http.StatusNotFound, Refused, ruleWebhooks, "no webhook has this destination")
		return
	}
	a.w.WriteHeader(http.StatusNoContent)
}
