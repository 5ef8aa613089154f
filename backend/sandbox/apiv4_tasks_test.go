package sandbox

import (
	"fmt"
	"strings"
	"testing"
)

// TestTasks: tasks of leads in API v4, and an account's settings (W §8.8).
func TestTasks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	access := b.accessOf(testAccount, 0, testClient)
	b.say("m-1", "c-1", "Hello")
	chat := b.box.Chats(testAccount)[0]
	task := func(change ...string) string {
		return strings.NewReplacer(change...).Replace(fmt.Sprintf(`[{"text":"Call","complete_till":1893456000,"entity_id":%d,"entity_type":"leads","task_type_id":2}]`, chat.LeadID))
	}
	b.api("POST", "/api/v4/tasks", access, task(), 400) // nobody accepted the lead
	if err := b.box.AcceptLead(testAccount, chat.UnsortedUID, 0, 0); err != nil {
		t.Fatal(err)
	}
	path := fmt.Sprintf("/api/v4/tasks?filter[entity_type]=leads&filter[entity_id]=%d&filter[is_completed]=0", chat.LeadID)
	b.api("GET", path, access, "", 204)
	b.api("POST", "/api/v4/tasks", access, task(), 200)
	b.api("POST", "/api/v4/tasks", access, task("Call", "Write", `,"task_type_id":2`, ``), 200)
	list := b.box.Tasks(testAccount, chat.LeadID)
	if len(list) != 2 || list[0].Text != "Call" || list[0].Type != 2 || list[1].Type != 1 || list[0].Due.Unix() != 1893456000 {
		t.Fatalf("tasks %+v", list)
	}
	b.api("PATCH", "/api/v4/tasks", access, fmt.Sprintf(`[{"id":%d,"is_completed":true,"result":{"text":"Done"}}]`, list[0].ID), 200)
	if done := b.box.Tasks(testAccount, chat.LeadID)[0]; !done.Completed || done.Result != "Done" {
		t.Errorf("the task is %+v", done)
	}
	if open := b.api("GET", path, access, "", 200).field(t, "_embedded", "tasks").([]any); len(open) != 1 {
		t.Errorf("%d open tasks", len(open))
	}
	for name, body := range map[string]string{
		"no text": task("Call", ""), "no time": task("1893456000", "0"), "another card": task(`"leads"`, `"contacts"`),
		"no such type": task(`"task_type_id":2`, `"task_type_id":99`), "a field that is none": task(`"text"`, `"texts":"x","text"`),
	} {
		if b.api("POST", "/api/v4/tasks", access, body, 400); len(b.box.Tasks(testAccount, chat.LeadID)) != 2 {
			t.Errorf("%s: a task was made", name)
		}
	}
	b.api("PATCH", "/api/v4/tasks", access, `[{"id":1,"is_completed":true}]`, 400)
	zone := b.api("GET", "/api/v4/account?with=datetime_settings,task_types", access, "", 200).field(t, "_embedded", "datetime_settings", "timezone")
	if zone != "Europe/Moscow" {
		t.Errorf("the time zone is %v", zone)
	}
}
