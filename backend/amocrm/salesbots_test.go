package amocrm

import (
	"context"
	"testing"
)

// The shapes are those of the API reference, "Launch Salesbot": the answer is 202 with
// whatever body.
func TestRunSalesbot(t *testing.T) {
	t.Parallel()
	run := func(ctx context.Context, c *Client, at Address) (any, error) {
		return nil, c.RunSalesbot(ctx, at, "AT", 565, 7001)
	}
	const body = `[{"bot_id":565,"entity_id":7001,"entity_type":2}]`
	runCalls(t, []callCase{
		{"run a salesbot", "POST", "/api/v2/salesbot/run", bearer, body, 202, `{}`, run, nil},
		{"an answer that is no JSON", "POST", "/api/v2/salesbot/run", bearer, body, 202, `Accepted`, run, nil},
	})
}
