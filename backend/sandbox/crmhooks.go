package sandbox

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Rules of the CRM's own webhooks (C §7.6).
const (
	maxWebhooks    = 100 // of an account
	webhookTimeout = 2 * time.Second
	maxBadAnswers  = 100 // within badWindow; the next bad one switches a webhook off
	badWindow      = 2 * time.Hour
)

// Webhook is a subscription to the CRM's own webhooks.
type Webhook struct {
	ID          int64       `json:"id"`
	Account     int64       `json:"account_id"`
	ClientUUID  string      `json:"client_uuid"`
	Destination string      `json:"destination"`
	Settings    []string    `json:"settings"`
	Disabled    bool        `json:"disabled"` // switched off by the CRM after bad answers
	CreatedBy   int64       `json:"created_by"`
	CreatedAt   time.Time   `json:"created_at"`
	UpdatedAt   time.Time   `json:"updated_at"`
	Bad         []time.Time `json:"bad_answers,omitempty"` // within the last two hours
}

// Webhooks lists the subscriptions of an account.
func (s *Server) Webhooks(account int64) []Webhook {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Webhook{}
	for _, w := range s.st.Webhooks {
		if w.Account == account {
			c := *w
			c.Settings, c.Bad = slices.Clone(w.Settings), slices.Clone(w.Bad)
			out = append(out, c)
		}
	}
	return out
}

// crmEvent sends one event to who has subscribed to it. s.mu is held.
func (s *Server) crmEvent(account int64, setting, key string, fields map[string]any) {
	acc, body := s.account(account), ""
	for _, w := range s.st.Webhooks {
		if w.Account != account || w.Disabled || !slices.Contains(w.Settings, setting) {
			continue
		}
		if body == "" {
			zone := s.zone(acc.Product)
			body = phpForm(map[string]any{
				key: fields, "account": map[string]any{
					"id": acc.ID, "subdomain": acc.Subdomain, "_links": map[string]any{"self": zone.Scheme + "://" + acc.Subdomain + "." + zone.Name},
				},
			})
		}
		s.sendCRM(w, setting, body, 0, s.now())
	}
}

// sendCRM records one attempt and makes it when it is due by the sandbox's
// clock. Nothing promises an order among webhooks. s.mu is held.
func (s *Server) sendCRM(w *Webhook, setting, body string, attempt int, due time.Time) {
	url, _, _ := strings.Cut(w.Destination, "?")
	rec := s.record(HookRecord{
		At: due, Kind: "crm", Event: setting, Attempt: attempt, Account: w.Account, URL: url, Body: body, Outcome: "waiting",
	})
	if attempt == 0 && take(&s.faults.CRMHookDrop) {
		rec.Outcome = "dropped"
		return
	}
	id := w.ID
	s.background(0, func() {
		if s.waitUntil(due) {
			s.deliverCRM(id, rec, attempt)
		}
	})
}

func (s *Server) deliverCRM(id int64, rec *HookRecord, attempt int) {
	s.mu.Lock()
	w := find(s.st.Webhooks, func(w *Webhook) bool { return w.ID == id })
	if w == nil || w.Disabled {
		rec.Outcome, rec.Error = "skipped", "the webhook was removed or switched off"
		s.touch()
		s.mu.Unlock()
		return
	}
	target, body, setting := w.Destination, rec.Body, rec.Event
	s.mu.Unlock()
	status, took, err := s.send(http.MethodPost, target, []byte(body), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, webhookTimeout)
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.touch()
	s.finish(rec, status, took, err)
	if err == nil && status < 300 {
		rec.Outcome = "delivered"
		return
	}
	if s.ctx.Err() != nil {
		return
	}
	w.Bad = append(within(w.Bad, s.now(), badWindow), s.now())
	if len(w.Bad) > maxBadAnswers {
		w.Disabled, w.UpdatedAt = true, s.now()
	}
	if pause, again := repeatAfter(attempt, status); again && !w.Disabled {
		s.sendCRM(w, setting, body, attempt+1, s.now().Add(pause))
	}
}

// repeatAfter says when an attempt that was answered badly is repeated (C §7.6):
// after 5 and 15 minutes whatever the answer, then after 15 minutes and an hour
// for 499 and 5xx. No answer (status 0) counts as 499.
func repeatAfter(attempt, status int) (time.Duration, bool) {
	pauses := []time.Duration{5 * time.Minute, 15 * time.Minute, 15 * time.Minute, time.Hour}
	if attempt >= len(pauses) || attempt >= 2 && status != 0 && status != 499 && status < 500 {
		return 0, false
	}
	return pauses[attempt], true
}

// waitUntil waits until the sandbox's clock shows due; false when the server closes.
func (s *Server) waitUntil(due time.Time) bool {
	for {
		s.mu.Lock()
		left, moved := due.Sub(s.now()), s.moved
		s.mu.Unlock()
		if left <= 0 {
			return s.ctx.Err() == nil
		}
		t := time.NewTimer(left)
		select {
		case <-t.C:
		case <-moved:
		case <-s.ctx.Done():
		}
		t.Stop()
		if s.ctx.Err() != nil {
			return false
		}
	}
}

// wakeClock tells who waits that the clock was moved. s.mu is held.
func (s *Server) wakeClock() {
	close(s.moved)
	s.moved = make(chan struct{})
}
