package amocrm

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"leadline/backend/chatid"
)

// Talk is the CRM's piece of work on one chat (C §7.2). A chat has many, one
// after the other.
type Talk struct {
	ID      chatid.TalkID
	Chat    chatid.ChatRef
	Contact chatid.ContactID
	// EntityType is "lead", "customer" or "" for none; EntityID its id.
	EntityType string
	EntityID   int64
	// InWork tells an open talk, Read that the operators have seen it all.
	InWork, Read bool
	// Status is given by lists of Kommo only: in_work, closed, nps_scheduled,
	// nps_in_progress or with_error.
	Status               string
	Origin               string // the channel's code
	Rate                 int    // the visitor's mark from the quality bot; 0 for none
	CreatedAt, UpdatedAt time.Time
	MissedAt             time.Time // zero when it was not missed
}

type wireTalk struct {
	ID         chatid.TalkID    `json:"talk_id"`
	Chat       chatid.ChatRef   `json:"chat_id"`
	Contact    chatid.ContactID `json:"contact_id"`
	EntityID   int64            `json:"entity_id"`
	EntityType string           `json:"entity_type"`
	IsInWork   *bool            `json:"is_in_work"`
	IsRead     bool             `json:"is_read"`
	Status     string           `json:"status"`
	Origin     string           `json:"origin"`
	Rate       int              `json:"rate"`
	CreatedAt  int64            `json:"created_at"`
	UpdatedAt  int64            `json:"updated_at"`
	MissedAt   int64            `json:"missed_at"`
}

func (w wireTalk) talk() Talk {
	t := Talk{
		ID: w.ID, Chat: w.Chat, Contact: w.Contact, EntityType: w.EntityType, EntityID: w.EntityID,
		Read: w.IsRead, Status: w.Status, Origin: w.Origin, Rate: w.Rate,
		CreatedAt: unix(w.CreatedAt), UpdatedAt: unix(w.UpdatedAt), MissedAt: unix(w.MissedAt),
	}
	if w.IsInWork != nil {
		t.InWork = *w.IsInWork
	} else {
		t.InWork = w.Status != "" && w.Status != "closed"
	}
	return t
}

const talksPath = "/api/v4/talks"

// Talk reads one talk; ErrNotFound if it is not there.
func (c *Client) Talk(ctx context.Context, at Address, access string, id chatid.TalkID) (Talk, error) {
	const op = "read talk"
	w, err := one[wireTalk](ctx, c, at, access, get(op, below(talksPath, id), ""))
	if err == nil && w.ID != id {
		err = errEmpty(op, "talk of that id")
	}
	if err != nil {
		return Talk{}, err
	}
	return w.talk(), nil
}

// CloseTalk closes a talk; the CRM does it some time after the answer. Without
// force its quality bot, where it is on, first asks the visitor for a mark. A
// talk that is closed or closing already is no error.
func (c *Client) CloseTalk(ctx context.Context, at Address, access string, id chatid.TalkID, force bool) error {
	r := request{op: "close talk", method: http.MethodPost, path: below(talksPath, id) + "/close"}
	r.body = struct {
		ForceClose bool `json:"force_close,omitempty"`
	}{force}
	_, err := c.api(ctx, at, access, r)
	if e, ok := errors.AsType[*APIError](err); ok && e.Status == http.StatusUnprocessableEntity {
		return nil
	}
	return err
}

// TalkFilter chooses talks; its zero value takes all.
type TalkFilter struct {
	Contacts   []chatid.ContactID
	OnlyInWork bool
	Page       int // from 1
}

// Talks lists talks, MaxPage at a time. Only Kommo has this list, for
// integrations that were granted it (C §7.2); amoCRM answers an *APIError.
func (c *Client) Talks(ctx context.Context, at Address, access string, f TalkFilter) (talks []Talk, more bool, err error) {
	r := get("list talks", talksPath, "").page(f.Page, MaxPage)
	for _, id := range f.Contacts {
		r.query.Add("filter[contact_id][]", strconv.FormatInt(int64(id), 10))
	}
	if f.OnlyInWork {
		r.query.Set("filter[only_in_work]", "1")
	}
	items, more, err := list[wireTalk](ctx, c, at, access, "talks", r)
	talks, err = convert(items, err, wireTalk.talk)
	return talks, more, err
}
