package amocrm

import (
	"context"
	"testing"
	"time"
)

// The shapes are those of API v4's pages on tasks and on the account.
func TestTasksAndSettings(t *testing.T) {
	t.Parallel()
	due := time.Unix(1767229200, 0).UTC()
	msk, err := time.LoadLocation("Europe/Moscow")
	if err != nil {
		t.Fatal(err)
	}
	zone := func() func(context.Context, *Client, Address) (any, error) {
		return func(ctx context.Context, c *Client, at Address) (any, error) {
			s, err := c.Settings(ctx, at, "AT")
			if s.Zone == nil {
				return "none", err
			}
			_, offset := due.In(s.Zone).Zone()
			return []any{s.Zone.String(), offset, len(s.TaskTypes)}, err
		}
	}
	runCalls(t, []callCase{
		{"create a task", "POST", "/api/v4/tasks", bearer,
			`[{"text":"Call","complete_till":1767229200,"entity_id":7001,"entity_type":"leads","task_type_id":2,"responsible_user_id":9000001}]`, 200, `{"_embedded":{"tasks":[{"id":31,"request_id":"0"}]}}`,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return c.CreateTask(ctx, at, "AT", Task{Lead: 7001, Text: "Call", Type: 2, Due: due, Responsible: 9000001})
			}, TaskID(31)},
		{"open tasks", "GET", "/api/v4/tasks?filter%5Bentity_id%5D=7001&filter%5Bentity_type%5D=leads&filter%5Bis_completed%5D=0&limit=250&page=1", bearer, "", 200,
			`{"_embedded":{"tasks":[{"id":31,"entity_id":7001,"entity_type":"leads","text":"Call","task_type_id":2,"complete_till":1767229200,"responsible_user_id":9000001,"is_completed":false,"result":[],"created_at":1767225600}]}}`,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				list, _, err := c.OpenTasks(ctx, at, "AT", 7001)
				return list, err
			}, []Task{{ID: 31, Lead: 7001, Text: "Call", Type: 2, Due: due, Responsible: 9000001, CreatedAt: time.Unix(1767225600, 0).UTC()}}},
		{"complete tasks", "PATCH", "/api/v4/tasks", bearer, `[{"id":31,"is_completed":true,"result":{"text":"Done"}},{"id":32,"is_completed":true,"result":{"text":"Done"}}]`, 200, `{"_embedded":{"tasks":[]}}`,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return nil, c.CompleteTasks(ctx, at, "AT", "Done", 31, 32)
			}, nil},
		{"complete without a result", "PATCH", "/api/v4/tasks", bearer, `[{"id":31,"is_completed":true}]`, 200, `{}`,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return nil, c.CompleteTasks(ctx, at, "AT", "", 31)
			}, nil},
		{"settings", "GET", "/api/v4/account?with=datetime_settings%2Ctask_types", bearer, "", 200,
			`{"id":1,"_embedded":{"datetime_settings":{"timezone":"Europe/Moscow","timezone_offset":"+03:00"},"task_types":[{"id":1,"name":"Call"}]}}`, zone(), []any{msk.String(), 3 * 3600, 1}},
		{"a zone that only its offset names", "GET", "/api/v4/account?with=datetime_settings%2Ctask_types", bearer, "", 200,
			`{"id":1,"_embedded":{"datetime_settings":{"timezone":"Nowhere","timezone_offset":"-02:30"}}}`, zone(), []any{"UTC-02:30", -(2*3600 + 1800), 0}},
		{"no zone", "GET", "/api/v4/account?with=datetime_settings%2Ctask_types", bearer, "", 200, `{"id":1,"_embedded":[]}`, zone(), "none"},
	})
}
