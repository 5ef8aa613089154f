package amocrm

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"leadline/backend/chatid"
)

// MaxSourceBatch is how many sources one request may make or change.
const MaxSourceBatch = 50

// Source is a lead source of our integration in one account (C §7.1).
type Source struct {
	ID   chatid.SourceID
	Name string
	// ExternalID is ours: at most 36 characters of printable ASCII and space,
	// unique in the account; it cannot be changed.
	ExternalID string
	Pipeline   chatid.PipelineID
	Default    bool
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
	PipelineID chatid.PipelineID `json:"pipeline_id"`
	Default    bool              `json:"default"`
	OriginCode *string           `json:"origin_code"`
}

type wireSources struct {
	Embedded struct {
		Sources []wireSource `json:"sources"`
	} `json:"_embedded"`
}

func (w wireSources) sources() []Source {
	out := make([]Source, 0, len(w.Embedded.Sources))
	for _, s := range w.Embedded.Sources {
		source := Source{ID: s.ID, Name: s.Name, ExternalID: s.ExternalID, Pipeline: s.PipelineID, Default: s.Default}
		if s.OriginCode != nil {
			source.OriginCode = *s.OriginCode
		}
		out = append(out, source)
	}
	return out
}

const sourcesPath = "/api/v4/sources"

// Sources lists our sources in the account, at most 100; with external ids only
// those. None is no error.
func (c *Client) Sources(ctx context.Context, at Address, access string, externalIDs ...string) ([]Source, error) {
	query := url.Values{}
	for _, id := range externalIDs {
		query.Add("filter[external_id][]", id)
	}
	var w wireSources
	if _, err := c.api(ctx, at, access, request{op: "list sources", method: http.MethodGet, path: sourcesPath, query: query, answer: &w}); err != nil {
		return nil, err
	}
	return w.sources(), nil
}

// CreateSources makes up to MaxSourceBatch sources and gives them with their
// ids, in the CRM's order: find them by ExternalID. A Pipeline of 0 leaves the
// choice to the CRM.
func (c *Client) CreateSources(ctx context.Context, at Address, access string, list ...Source) ([]Source, error) {
	const op = "create sources"
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
		body = append(body, item{s.Name, s.ExternalID, s.Pipeline, s.Default, s.OriginCode, strconv.Itoa(n)})
	}
	var w wireSources
	if _, err := c.api(ctx, at, access, request{op: op, method: http.MethodPost, path: sourcesPath, body: body, answer: &w}); err != nil {
		return nil, err
	}
	if len(w.Embedded.Sources) != len(list) {
		return nil, errEmpty(op, "entry for each source")
	}
	return w.sources(), nil
}

// UpdateSources changes up to MaxSourceBatch sources.
func (c *Client) UpdateSources(ctx context.Context, at Address, access string, changes ...SourceChange) ([]Source, error) {
	type item struct {
		ID         chatid.SourceID    `json:"id"`
		Name       *string            `json:"name,omitempty"`
		PipelineID *chatid.PipelineID `json:"pipeline_id,omitempty"`
		Default    *bool              `json:"default,omitempty"`
		OriginCode *string            `json:"origin_code,omitempty"`
	}
	body := make([]item, 0, len(changes))
	for _, s := range changes {
		body = append(body, item{s.ID, s.Name, s.Pipeline, s.Default, s.OriginCode})
	}
	var w wireSources
	if _, err := c.api(ctx, at, access, request{op: "update sources", method: http.MethodPatch, path: sourcesPath, body: body, answer: &w}); err != nil {
		return nil, err
	}
	return w.sources(), nil
}

// DeleteSource removes one source. One that is not there is no error.
func (c *Client) DeleteSource(ctx context.Context, at Address, access string, id chatid.SourceID) error {
	path := sourcesPath + "/" + strconv.FormatInt(int64(id), 10)
	_, err := c.api(ctx, at, access, request{op: "delete source", method: http.MethodDelete, path: path})
	if e, ok := errors.AsType[*APIError](err); ok && e.Status == http.StatusNotFound {
		return nil
	}
	return err
}
