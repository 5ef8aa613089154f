package amocrm

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
)

// Events that one subscribes to (C §7.6).
const (
	EventTalkAdded       = "add_talk"
	EventTalkUpdated     = "update_talk"
	EventUnsortedAdded   = "add_unsorted"
	EventUnsortedUpdated = "update_unsorted"
	EventUnsortedDeleted = "delete_unsorted"
	EventLeadUpdated     = "update_lead"
	EventLeadDeleted     = "delete_lead"
	EventContactUpdated  = "update_contact"
	EventContactDeleted  = "delete_contact"
	EventTemplateReview  = "add_chat_template_review"
)

// Webhook is an address that the CRM tells of events. It is not signed, so the
// address is a secret: keep it out of logs.
type Webhook struct {
	ID          int64
	Destination string
	Settings    []string // events
	Disabled    bool     // by the CRM, after too many bad answers, or by somebody
}

// String keeps the address out of logs.
func (w Webhook) String() string { return "webhook for " + strings.Join(w.Settings, ", ") }

// GoString keeps the address out of %#v too.
func (w Webhook) GoString() string { return w.String() }

type wireWebhook struct {
	ID          int64    `json:"id"`
	Destination string   `json:"destination"`
	Settings    []string `json:"settings"`
	Disabled    bool     `json:"disabled"`
}

func (w wireWebhook) webhook() Webhook { return Webhook(w) }

const webhooksPath = "/api/v4/webhooks"

// Subscribe asks the CRM to tell destination of events; the token must be an
// administrator's. An account has room for 100 addresses. Whether a repeat adds
// to the settings of the same address or replaces them is not documented.
func (c *Client) Subscribe(ctx context.Context, at Address, access, destination string, settings ...string) error {
	body := struct {
		Destination string   `json:"destination"`
		Settings    []string `json:"settings"`
	}{destination, settings}
	_, err := c.api(ctx, at, access, request{op: "subscribe webhook", method: http.MethodPost, path: webhooksPath, body: body})
	return hide(err, destination)
}

// Webhooks lists the account's addresses; those of other integrations may be
// among them. With a destination only that one; "" for all.
func (c *Client) Webhooks(ctx context.Context, at Address, access, destination string) ([]Webhook, error) {
	r := get("list webhooks", webhooksPath, "")
	if destination != "" {
		r.query.Set("filter[destination]", destination)
	}
	items, _, err := list[wireWebhook](ctx, c, at, access, "webhooks", r)
	hooks, err := convert(items, err, wireWebhook.webhook)
	if destination != "" {
		// A CRM that knows no such filter answers with all.
		hooks = slices.DeleteFunc(hooks, func(w Webhook) bool { return w.Destination != destination })
	}
	return hooks, hide(err, destination)
}

// Unsubscribe ends what Subscribe began. An address that is not there is no error.
func (c *Client) Unsubscribe(ctx context.Context, at Address, access, destination string) error {
	body := struct {
		Destination string `json:"destination"`
	}{destination}
	_, err := c.api(ctx, at, access, request{op: "unsubscribe webhook", method: http.MethodDelete, path: webhooksPath, body: body})
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return hide(err, destination)
}

// hide drops the CRM's own words where they may quote the secret address, whole
// or cut.
func hide(err error, destination string) error {
	e, ok := errors.AsType[*APIError](err)
	if !ok {
		return err
	}
	const enough = 8 // bytes of the capability at the address's end
	end := destination[strings.LastIndexByte(destination, '/')+1:]
	drop := func(s *string) {
		if strings.Contains(*s, "/") || end != "" && strings.Contains(*s, end[:min(len(end), enough)]) {
			*s = "(may name the address)"
		}
	}
	drop(&e.Detail)
	for n := range e.Items {
		drop(&e.Items[n].Detail)
		drop(&e.Items[n].Path)
	}
	return err
}
