package amocrm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"leadline/backend/chatid"
)

// Unsorted is an incoming lead: a chat that nobody has accepted yet (C §7.5). Its
// contact is on no list until then. Only the chats service makes them.
type Unsorted struct {
	UID        string
	Category   string // "chats" for ours
	SourceName string
	Pipeline   chatid.PipelineID
	CreatedAt  time.Time
	// Chat is the chat that it stands for; "" for other categories.
	Chat       chatid.ChatRef
	ClientName string
	Contacts   []chatid.ContactID
	Leads      []LeadID
}

type wireUnsorted struct {
	UID        string            `json:"uid"`
	Category   string            `json:"category"`
	SourceName string            `json:"source_name"`
	Pipeline   chatid.PipelineID `json:"pipeline_id"`
	CreatedAt  int64             `json:"created_at"`
	Metadata   struct {
		Client struct {
			Name string `json:"name"`
		} `json:"client"`
		Origin struct {
			ChatID chatid.ChatRef `json:"chat_id"`
		} `json:"origin"`
	} `json:"metadata"`
	Embedded embedded `json:"_embedded"`
}

func (w wireUnsorted) unsorted() Unsorted {
	return Unsorted{
		UID: w.UID, Category: w.Category, SourceName: w.SourceName, Pipeline: w.Pipeline, CreatedAt: unix(w.CreatedAt),
		Chat: w.Metadata.Origin.ChatID, ClientName: w.Metadata.Client.Name,
		Contacts: ids[chatid.ContactID](w.Embedded, "contacts"), Leads: ids[LeadID](w.Embedded, "leads"),
	}
}

const unsortedPath = "/api/v4/leads/unsorted"

// UnsortedFilter chooses incoming leads of chats; its zero value takes all.
type UnsortedFilter struct {
	UID      string
	Pipeline chatid.PipelineID
	// Newest gives the newest first, else the oldest.
	Newest bool
	Page   int // from 1
}

// UnsortedChats lists the incoming leads that chats made, MaxPage at a time.
func (c *Client) UnsortedChats(ctx context.Context, at Address, access string, f UnsortedFilter) (leads []Unsorted, more bool, err error) {
	r := get("list incoming leads", unsortedPath, "").page(f.Page, MaxPage)
	r.query.Set("filter[category][]", "chats")
	r.query.Set("order[created_at]", map[bool]string{false: "asc", true: "desc"}[f.Newest])
	if f.UID != "" {
		r.query.Set("filter[uid]", f.UID)
	}
	if f.Pipeline != 0 {
		r.query.Set("filter[pipeline_id]", strconv.FormatInt(int64(f.Pipeline), 10))
	}
	items, more, err := list[wireUnsorted](ctx, c, at, access, "unsorted", r)
	leads, err = convert(items, err, wireUnsorted.unsorted)
	return leads, more, err
}

// UnsortedLead reads one incoming lead; ErrNotFound if it is not there.
func (c *Client) UnsortedLead(ctx context.Context, at Address, access, uid string) (Unsorted, error) {
	const op = "read incoming lead"
	path, err := unsortedOne(op, uid, "")
	if err != nil {
		return Unsorted{}, err
	}
	w, err := one[wireUnsorted](ctx, c, at, access, get(op, path, ""))
	if err == nil && w.UID != uid {
		err = errEmpty(op, "incoming lead of that uid")
	}
	if err != nil {
		return Unsorted{}, err
	}
	return w.unsorted(), nil
}

// Acceptance is in whose name and to which stage an incoming lead is accepted;
// zero fields leave it to the CRM.
type Acceptance struct {
	User   chatid.CRMUserID `json:"user_id,omitempty"`
	Status StatusID         `json:"status_id,omitempty"`
}

// AcceptUnsorted makes a lead of an incoming one.
func (c *Client) AcceptUnsorted(ctx context.Context, at Address, access, uid string, a Acceptance) error {
	return c.sort(ctx, at, access, "accept incoming lead", http.MethodPost, uid, "/accept", a)
}

// DeclineUnsorted throws an incoming lead away, in the name of user; 0 leaves it
// to the CRM.
func (c *Client) DeclineUnsorted(ctx context.Context, at Address, access, uid string, user chatid.CRMUserID) error {
	return c.sort(ctx, at, access, "decline incoming lead", http.MethodDelete, uid, "/decline", Acceptance{User: user})
}

// UnsortedLink is the lead that an incoming one belongs to.
type UnsortedLink struct {
	Lead    LeadID
	Contact chatid.ContactID // 0 leaves it to the CRM
	User    chatid.CRMUserID // 0 leaves it to the CRM
}

// LinkUnsorted adds the chat of an incoming lead to a lead that exists.
func (c *Client) LinkUnsorted(ctx context.Context, at Address, access, uid string, l UnsortedLink) error {
	type metadata struct {
		Contact chatid.ContactID `json:"contact_id"`
	}
	type link struct {
		ID       LeadID    `json:"entity_id"`
		Type     string    `json:"entity_type"`
		Metadata *metadata `json:"metadata,omitempty"`
	}
	body := struct {
		Link link             `json:"link"`
		User chatid.CRMUserID `json:"user_id,omitempty"`
	}{link{ID: l.Lead, Type: "leads"}, l.User}
	if l.Contact != 0 {
		body.Link.Metadata = &metadata{l.Contact}
	}
	return c.sort(ctx, at, access, "link incoming lead", http.MethodPost, uid, "/link", body)
}

func (c *Client) sort(ctx context.Context, at Address, access, op, method, uid, act string, body any) error {
	path, err := unsortedOne(op, uid, act)
	if err != nil {
		return err
	}
	_, err = c.api(ctx, at, access, request{op: op, method: method, path: path, body: body})
	return err
}

// unsortedOne is the path of one incoming lead. Its uid comes from outside too,
// out of unsigned webhooks, and must not lead to another path.
func unsortedOne(op, uid, act string) (string, error) {
	ok := uid != "" && len(uid) <= 128 && strings.Trim(uid, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_") == ""
	if !ok {
		return "", fmt.Errorf("amocrm: %s: %w", op, errors.New("malformed uid"))
	}
	return unsortedPath + "/" + uid + act, nil
}
