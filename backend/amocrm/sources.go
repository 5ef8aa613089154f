package amocrm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"leadline/backend/chatid"
)

const (
	// MaxSourceBatch is how many sources one request may make, change or delete.
	MaxSourceBatch = 50
	// MaxExternalID is the longest external id of a source, in characters. The Chats
	// API would take 40 (C §5.1).
	MaxExternalID = 36
)

// Source is a lead source of our integration in one account (C §7.1).
type Source struct {
	ID   chatid.SourceID
	Name string
	// ExternalID is ours: at most MaxExternalID characters of printable ASCII and
	// space, unique in the account; it cannot be changed.
	ExternalID string
	Pipeline   chatid.PipelineID
	// Default is true for one source at most; setting it clears the former.
	Default bool
	// OriginCode is the channel's code, for "write first" from this source; "" for none.
	OriginCode string
}

// SourceChange changes one source; nil fields stay.
type SourceChange struct {
	ID         chatid.SourceID
	Name       *string
	Pipeline   *chatid.PipelineID
	Default    *bool
	OriginCode *string
}

type wireSource struct {
	ID         chatid.SourceID   `json:"id"`
	Name       string            `json:"name"`
	ExternalID string            `json:"external_id"`
	Pipeline   chatid.PipelineID `json:"pipeline_id"`
	Default    bool              `json:"default"`
	OriginCode string            `json:"origin_code"` // may be null
}

func (w wireSource) source() Source { return Source(w) }

type wireSourceChange struct {
	ID         chatid.SourceID    `json:"id,omitempty"` // not in the path's own form
	Name       *string            `json:"name,omitempty"`
	Pipeline   *chatid.PipelineID `json:"pipeline_id,omitempty"`
	Default    *bool              `json:"default,omitempty"`
	OriginCode *string            `json:"origin_code,omitempty"`
}

const sourcesPath = "/api/v4/sources"

// Sources lists our sources in the account, at most 100; with external ids only
// those. None is no error.
func (c *Client) Sources(ctx context.Context, at Address, access string, externalIDs ...string) ([]Source, error) {
	r := get("list sources", sourcesPath, "")
	for _, id := range externalIDs {
		r.query.Add("filter[external_id][]", id)
	}
	return c.sources(ctx, at, access, r)
}

// Source reads one source; ErrNotFound if it is not there or not ours.
func (c *Client) Source(ctx context.Context, at Address, access string, id chatid.SourceID) (Source, error) {
	return c.source(ctx, at, access, id, get("read source", below(sourcesPath, id), ""))
}

// CreateSources makes up to MaxSourceBatch sources and gives them with their
// ids, in the CRM's order: find them by ExternalID. A Pipeline of 0 leaves the
// choice to the CRM.
func (c *Client) CreateSources(ctx context.Context, at Address, access string, list ...Source) ([]Source, error) {
	const op = "create sources"
	if err := batch(op, len(list), MaxSourceBatch); err != nil {
		return nil, err
	}
	type item struct {
		Name       string            `json:"name"`
		ExternalID string            `json:"external_id"`
		PipelineID chatid.PipelineID `json:"pipeline_id,omitempty"`
		Default    bool              `json:"default,omitempty"`
		OriginCode string            `json:"origin_code,omitempty"`
		RequestID  string            `json:"request_id"`
	}
	body := make([]item, 0, len(list))
	for n, s := range list {
		if err := externalID(s.ExternalID); err != nil {
			return nil, fmt.Errorf("amocrm: %s: %w", op, err)
		}
		body = append(body, item{s.Name, s.ExternalID, s.Pipeline, s.Default, s.OriginCode, strconv.Itoa(n)})
	}
	made, err := c.sources(ctx, at, access, request{op: op, method: http.MethodPost, path: sourcesPath, body: body})
	if err == nil && len(made) != len(list) {
		return nil, errEmpty(op, "entry for each source")
	}
	return made, err
}

// UpdateSource changes one source.
func (c *Client) UpdateSource(ctx context.Context, at Address, access string, change SourceChange) (Source, error) {
	body := wireSourceChange(change)
	body.ID = 0
	return c.source(ctx, at, access, change.ID, request{op: "update source", method: http.MethodPatch, path: below(sourcesPath, change.ID), body: body})
}

// UpdateSources changes up to MaxSourceBatch sources in one request.
func (c *Client) UpdateSources(ctx context.Context, at Address, access string, changes ...SourceChange) ([]Source, error) {
	const op = "update sources"
	if err := batch(op, len(changes), MaxSourceBatch); err != nil {
		return nil, err
	}
	body := make([]wireSourceChange, 0, len(changes))
	for _, s := range changes {
		body = append(body, wireSourceChange(s))
	}
	return c.sources(ctx, at, access, request{op: op, method: http.MethodPatch, path: sourcesPath, body: body})
}

// DeleteSource removes one source. One that is not there is no error.
func (c *Client) DeleteSource(ctx context.Context, at Address, access string, id chatid.SourceID) error {
	return c.remove(ctx, at, access, "delete source", below(sourcesPath, id))
}

// DeleteSources removes up to MaxSourceBatch sources in one request. One that is
// not there makes the whole request an *APIError with status 400, whose Items
// name it; whether the others are gone is not documented.
func (c *Client) DeleteSources(ctx context.Context, at Address, access string, list ...chatid.SourceID) error {
	const op = "delete sources"
	if err := batch(op, len(list), MaxSourceBatch); err != nil {
		return err
	}
	body := make([]wireID[chatid.SourceID], 0, len(list))
	for _, id := range list {
		body = append(body, wireID[chatid.SourceID]{id})
	}
	_, err := c.api(ctx, at, access, request{op: op, method: http.MethodDelete, path: sourcesPath, body: body})
	return err
}

func (c *Client) source(ctx context.Context, at Address, access string, id chatid.SourceID, r request) (Source, error) {
	w, err := one[wireSource](ctx, c, at, access, r)
	if err == nil && w.ID != id {
		err = errEmpty(r.op, "source of that id")
	}
	if err != nil {
		return Source{}, err
	}
	return w.source(), nil
}

func (c *Client) sources(ctx context.Context, at Address, access string, r request) ([]Source, error) {
	list, _, err := list[wireSource](ctx, c, at, access, "sources", r)
	return convert(list, err, wireSource.source)
}

// remove deletes what path names. What is not there is no error.
func (c *Client) remove(ctx context.Context, at Address, access, op, path string) error {
	_, err := c.api(ctx, at, access, request{op: op, method: http.MethodDelete, path: path, query: url.Values{}})
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

func externalID(s string) error {
	if s == "" || len(s) > MaxExternalID {
		return fmt.Errorf("external id has %d characters, 1 to %d are allowed", len(s), MaxExternalID)
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return errors.New("external id is not printable ASCII")
		}
	}
	return nil
}
