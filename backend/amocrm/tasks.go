package amocrm

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"leadline/backend/chatid"
)

// TaskID names a task of an account in API v4.
type TaskID int64

// Task is something that a CRM user is to do about a lead.
type Task struct {
	ID   TaskID
	Lead LeadID
	Text string
	// Type is one of the account's task types; 0 leaves it to the CRM, which takes a call.
	Type int64
	// Due is when it is to be done.
	Due time.Time
	// Responsible is 0 for the token's user.
	Responsible chatid.CRMUserID
	CreatedAt   time.Time
}

const tasksPath = "/api/v4/tasks"

// CreateTask makes a task of a lead. A repeat makes another one.
//
// Source: API v4 reference, "adding tasks".
func (c *Client) CreateTask(ctx context.Context, at Address, access string, t Task) (TaskID, error) {
	const op = "create task"
	type item struct {
		Text        string           `json:"text"`
		Due         int64            `json:"complete_till"`
		Entity      LeadID           `json:"entity_id"`
		EntityType  string           `json:"entity_type"`
		Type        int64            `json:"task_type_id,omitempty"`
		Responsible chatid.CRMUserID `json:"responsible_user_id,omitempty"`
	}
	r := request{op: op, method: http.MethodPost, path: tasksPath, body: []item{{t.Text, t.Due.Unix(), t.Lead, "leads", t.Type, t.Responsible}}}
	made, _, err := list[wireID[TaskID]](ctx, c, at, access, "tasks", r)
	switch {
	case err != nil:
		return 0, err
	case len(made) != 1 || made[0].ID <= 0:
		return 0, errEmpty(op, "task")
	}
	return made[0].ID, nil
}

// OpenTasks lists up to MaxPage tasks of a lead that are not done; more tells that
// there are others.
func (c *Client) OpenTasks(ctx context.Context, at Address, access string, lead LeadID) (tasks []Task, more bool, err error) {
	type wire struct {
		ID          TaskID           `json:"id"`
		Entity      LeadID           `json:"entity_id"`
		Text        string           `json:"text"`
		Type        int64            `json:"task_type_id"`
		Due         int64            `json:"complete_till"`
		Responsible chatid.CRMUserID `json:"responsible_user_id"`
		CreatedAt   int64            `json:"created_at"`
	}
	r := get("list tasks", tasksPath, "").page(1, MaxPage)
	r.query.Set("filter[entity_type]", "leads")
	r.query.Set("filter[entity_id]", strconv.FormatInt(int64(lead), 10))
	r.query.Set("filter[is_completed]", "0")
	items, more, err := list[wire](ctx, c, at, access, "tasks", r)
	tasks, err = convert(items, err, func(w wire) Task {
		return Task{ID: w.ID, Lead: w.Entity, Text: w.Text, Type: w.Type, Due: unix(w.Due), Responsible: w.Responsible, CreatedAt: unix(w.CreatedAt)}
	})
	return tasks, more, err
}

// CompleteTasks marks up to MaxPage tasks as done, with a result that may be empty. A
// repeat changes nothing.
func (c *Client) CompleteTasks(ctx context.Context, at Address, access, result string, tasks ...TaskID) error {
	const op = "complete tasks"
	type text struct {
		Text string `json:"text"`
	}
	type item struct {
		ID     TaskID `json:"id"`
		Done   bool   `json:"is_completed"`
		Result *text  `json:"result,omitempty"`
	}
	if err := batch(op, len(tasks), MaxPage); err != nil {
		return err
	}
	items := make([]item, len(tasks))
	for i, id := range tasks {
		items[i] = item{ID: id, Done: true}
		if result != "" {
			items[i].Result = &text{result}
		}
	}
	_, err := c.api(ctx, at, access, request{op: op, method: http.MethodPatch, path: tasksPath, body: items})
	return err
}

// TaskType is one kind of task that an account knows.
type TaskType struct {
	ID   int64
	Name string
}

// Settings are what an account has set for itself.
type Settings struct {
	// Zone is its time zone; nil where the answer names none that is known here.
	Zone      *time.Location
	TaskTypes []TaskType
}

// Settings reads an account's time zone and task types (W §8.8).
func (c *Client) Settings(ctx context.Context, at Address, access string) (Settings, error) {
	type wireType struct {
		ID   int64  `json:"id"`
		Name string `json:"name"`
	}
	w, err := one[wireEmbedded](ctx, c, at, access, get("read settings", "/api/v4/account", "datetime_settings,task_types"))
	if err != nil {
		return Settings{}, err
	}
	var s Settings
	types, err := listed[wireType](w.Embedded, "task_types")
	for _, t := range types {
		s.TaskTypes = append(s.TaskTypes, TaskType(t))
	}
	s.Zone = zoneOf(w.Embedded)
	return s, err
}
