package sandbox

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

const ruleTasks = "O §5.1 tasks"

// Task is something that a user is to do about a lead.
type Task struct {
	ID        int64     `json:"id"`
	Account   int64     `json:"account_id"`
	Lead      int64     `json:"lead_id"`
	Text      string    `json:"text"`
	Type      int64     `json:"task_type_id"`
	Due       time.Time `json:"complete_till"`
	UserID    int64     `json:"responsible_user_id"`
	Completed bool      `json:"is_completed"`
	Result    string    `json:"result"`
	CreatedAt time.Time `json:"created_at"`
}

// taskTypes are those that every account has.
var taskTypes = []struct {
	id   int64
	name string
}{{1, "Follow-up"}, {2, "Meeting"}, {3, "Write a letter"}}

// Tasks lists the tasks of an account's lead, oldest first.
func (s *Server) Tasks(account, lead int64) (out []Task) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.st.Tasks {
		if t.Account == account && t.Lead == lead {
			out = append(out, *t)
		}
	}
	return out
}

// AddTask makes a task of a lead, as a person does.
func (s *Server) AddTask(t Task) Task {
	s.mu.Lock()
	defer s.mu.Unlock()
	made := s.addTask(t)
	s.touch()
	return made
}

// addTask needs s.mu.
func (s *Server) addTask(t Task) Task {
	t.ID, t.CreatedAt = s.nextID(), s.now()
	s.st.Tasks = append(s.st.Tasks, &t)
	return t
}

type taskIn struct {
	Text       string `json:"text" need:"true"`
	Due        int64  `json:"complete_till" need:"true"`
	Entity     int64  `json:"entity_id" need:"true"`
	EntityType string `json:"entity_type" need:"true"`
	Type       int64  `json:"task_type_id"`
	UserID     int64  `json:"responsible_user_id"`
	Duration   int64  `json:"duration"`
	RequestID  string `json:"request_id"`
}

// addTasks is POST /api/v4/tasks; only leads have tasks here.
func (a *apiCall) addTasks() {
	in, ok := decodeBatch[taskIn](a, ruleTasks, maxEntities)
	if !ok {
		return
	}
	for i, n := range in {
		lead, there := a.openLead(n.Entity)
		switch {
		case n.EntityType != "leads":
			a.invalid(ruleTasks, i, "NotSupportedChoice", "entity_type", "entity_type must be leads")
		case !there || lead.Unsorted:
			problem(a.call, http.StatusBadRequest, Refused, ruleTasks, "no such lead", nil)
		case n.Due <= 0:
			a.invalid(ruleTasks, i, "InvalidValue", "complete_till", "complete_till is a Unix time")
		case n.Type != 0 && !knownTaskType(n.Type):
			a.invalid(ruleTasks, i, "NotSupportedChoice", "task_type_id", "no such type of task")
		case n.UserID != 0 && a.acc.user(n.UserID) == nil:
			a.invalid(ruleTasks, i, "NotSupportedChoice", "responsible_user_id", "no such user")
		default:
			continue
		}
		return
	}
	s := a.s
	var out []map[string]any
	s.mu.Lock()
	for i, n := range in {
		t := s.addTask(Task{
			Account: a.acc.ID, Lead: n.Entity, Text: n.Text, Type: cmp.Or(n.Type, 1), Due: time.Unix(n.Due, 0).UTC(), UserID: cmp.Or(n.UserID, a.token.User),
		})
		out = append(out, map[string]any{"id": t.ID, "request_id": cmp.Or(n.RequestID, strconv.Itoa(i))})
	}
	s.touch()
	s.mu.Unlock()
	for _, m := range out {
		m["_links"] = a.self(fmt.Sprintf("/api/v4/tasks/%d", m["id"]))
	}
	a.json(http.StatusOK, halJSON, map[string]any{"_links": a.self("/api/v4/tasks"), "_embedded": map[string]any{"tasks": out}})
}

func knownTaskType(id int64) bool {
	for _, t := range taskTypes {
		if t.id == id {
			return true
		}
	}
	return false
}

// openLead finds a lead of the account.
func (a *apiCall) openLead(id int64) (Lead, bool) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	l := a.s.st.Leads[id]
	if l == nil || l.Account != a.acc.ID {
		return Lead{}, false
	}
	return *l, true
}

// listTasks is GET /api/v4/tasks.
func (a *apiCall) listTasks() {
	leads, ok := a.numbers(ruleTasks, "filter[entity_id]")
	if !ok {
		return
	}
	done, ok := a.numbers(ruleTasks, "filter[is_completed]")
	if !ok {
		return
	}
	q := a.r.URL.Query()
	if t := q.Get("filter[entity_type]"); t != "" && t != "leads" || t == "" && len(leads) > 0 {
		a.problem(http.StatusBadRequest, Broke, ruleTasks, "filter[entity_type] goes with filter[entity_id], and must be leads")
		return
	}
	var out []map[string]any
	a.s.mu.Lock()
	tasks := slices.Clone(a.s.st.Tasks)
	for _, t := range tasks {
		state := int64(0)
		if t.Completed {
			state = 1
		}
		if t.Account == a.acc.ID && (len(leads) == 0 || slices.Contains(leads, t.Lead)) && (len(done) == 0 || slices.Contains(done, state)) {
			out = append(out, taskModel(*t))
		}
	}
	a.s.mu.Unlock()
	for _, m := range out {
		m["_links"] = a.self(fmt.Sprintf("/api/v4/tasks/%d", m["id"]))
	}
	a.list(ruleTasks, "tasks", maxEntities, out)
}

func taskModel(t Task) map[string]any {
	result := any([]any{}) // PHP writes an empty object so
	if t.Result != "" {
		result = map[string]any{"text": t.Result}
	}
	return map[string]any{
		"id": t.ID, "created_by": t.UserID, "updated_by": t.UserID, "created_at": t.CreatedAt.Unix(), "updated_at": t.CreatedAt.Unix(),
		"responsible_user_id": t.UserID, "group_id": 0, "entity_id": t.Lead, "entity_type": "leads", "duration": 0, "is_completed": t.Completed,
		"task_type_id": t.Type, "text": t.Text, "result": result, "complete_till": t.Due.Unix(), "account_id": t.Account,
	}
}

type taskChangeIn struct {
	ID     int64 `json:"id" need:"true"`
	Done   bool  `json:"is_completed"`
	Result struct {
		Text string `json:"text" need:"true"`
	} `json:"result"`
	RequestID string `json:"request_id"`
}

// changeTasks is PATCH /api/v4/tasks; it completes.
func (a *apiCall) changeTasks() {
	in, ok := decodeBatch[taskChangeIn](a, ruleTasks, maxEntities)
	if !ok {
		return
	}
	s := a.s
	s.mu.Lock()
	unknown := -1
	found := make([]*Task, len(in))
	for i, n := range in {
		at := slices.IndexFunc(s.st.Tasks, func(t *Task) bool { return t.ID == n.ID && t.Account == a.acc.ID })
		if at < 0 {
			unknown = i
			break
		}
		found[i] = s.st.Tasks[at]
	}
	if unknown >= 0 {
		s.mu.Unlock()
		a.invalid(ruleTasks, unknown, "EntityNotFound", "id", "no such task")
		return
	}
	var out []map[string]any
	for i, n := range in {
		found[i].Completed = found[i].Completed || n.Done
		found[i].Result = cmp.Or(n.Result.Text, found[i].Result)
		out = append(out, map[string]any{"id": n.ID, "updated_at": s.now().Unix(), "request_id": cmp.Or(n.RequestID, strconv.Itoa(i))})
	}
	s.touch()
	s.mu.Unlock()
	a.json(http.StatusOK, halJSON, map[string]any{"_links": a.self("/api/v4/tasks"), "_embedded": map[string]any{"tasks": out}})
}
