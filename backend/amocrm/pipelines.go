package amocrm

import (
	"context"

	"leadline/backend/chatid"
)

// Pipeline is one lead pipeline of an account.
type Pipeline struct {
	ID   chatid.PipelineID
	Name string
	// Main is true for one pipeline of an account.
	Main bool
	// Archived ones are not shown, but a source may point to one (C §7.1).
	Archived bool
}

type wirePipeline struct {
	ID       chatid.PipelineID `json:"id"`
	Name     string            `json:"name"`
	Main     bool              `json:"is_main"`
	Archived bool              `json:"is_archive"`
}

func (w wirePipeline) pipeline() Pipeline { return Pipeline(w) }

// Pipelines lists the account's lead pipelines, all in one answer; every user's
// token will do.
//
// Source: API v4 reference, "pipelines list".
func (c *Client) Pipelines(ctx context.Context, at Address, access string) ([]Pipeline, error) {
	items, _, err := list[wirePipeline](ctx, c, at, access, "pipelines", get("list pipelines", "/api/v4/leads/pipelines", ""))
	return convert(items, err, wirePipeline.pipeline)
}
