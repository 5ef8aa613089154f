package amocrm

import (
	"context"
	"net/http"
)

// RunSalesbot lets one of the account's own bots (Salesbot) begin on a lead. The CRM
// takes it as a task: nothing tells how the bot goes on, and a repeat starts it again.
//
// Source: API reference, "Launch Salesbot" (POST /api/v2/salesbot/run, up to 100 bots,
// 202); entity types as numbers, 2 for a lead.
func (c *Client) RunSalesbot(ctx context.Context, at Address, access string, bot int64, lead LeadID) error {
	type item struct {
		Bot    int64  `json:"bot_id"`
		Entity LeadID `json:"entity_id"`
		Type   int    `json:"entity_type"`
	}
	const leads = 2
	_, err := c.api(ctx, at, access, request{
		op: "run salesbot", method: http.MethodPost, path: "/api/v2/salesbot/run", body: []item{{bot, lead, leads}},
	})
	return err
}
