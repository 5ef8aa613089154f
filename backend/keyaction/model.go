// Package keyaction holds what a button watches its visitors do, and what happens
// then (O §5): conditions in groups, a limit of frequency, reactions in the browser
// and in the CRM. The browser judges the conditions; this package checks what an
// admin made, what a browser reports, and how often an action may happen.
//
// It refuses to know HTTP, SQL and API v4. Typical use:
//
//	fired, err := svc.Report(ctx, keyaction.Report{Account: a, Button: b, Key: key, ClientID: id, Action: act})
package keyaction

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"leadline/backend/chatid"
)

// Constraint is how often an action may happen to one visitor (O §5.1).
type Constraint int

// The limits of frequency. A session and a visit are the browser's to know; a day is
// one of the account's time zone, and a visitor without a lead counts as one (KEY-4).
const (
	EveryVisit     Constraint = 1
	OncePerSession Constraint = 2
	OncePerDay     Constraint = 3
	OncePerLead    Constraint = 4
)

// Types of conditions. ExitIntent is ours, the vendor has none.
const (
	TimeOnSite    = "time_on_site"
	PageHits      = "page_hits"
	ScrolledValue = "scrolled_value"
	URLVisited    = "url_visited"
	CustomHook    = "custom_hook"
	ExitIntent    = "exit_intent"
)

// Kinds of reactions. The first three are the browser's.
const (
	Greeting          = "amobutton_greeting"
	Animate           = "amobutton_animate"
	Form              = "amobutton_form"
	SendHook          = "send_hook"
	CreateTask        = "create_task"
	CloseTasks        = "close_tasks"
	ChangeTags        = "change_tags"
	ChangeField       = "change_field_value"
	ChangeResponsible = "change_responsible"
)

// Action is one key action of a button, in the vendor's words.
type Action struct {
	// ID is ours, a UUID; empty for one that is not stored yet.
	ID         string     `json:"id,omitempty"`
	Name       string     `json:"name"`
	Constraint Constraint `json:"constraint"`
	// Conditions are groups: AND inside, OR between. Up to two ordinary ones; the
	// custom hook, if any, is alone in the last one.
	Conditions [][]Condition `json:"conditions"`
	Reactions  []Reaction    `json:"reactions"`
}

// Condition is one thing to watch.
type Condition struct {
	Type string `json:"type"`
	// Value is a number of seconds, pages, pixels or per cent, an address or a path, or
	// the name of a hook; empty for ExitIntent.
	Value Value `json:"value,omitempty"`
	// Unit of ScrolledValue: "px" or "%". Mask of URLVisited: 1 to 6 (O §5.1).
	Unit string `json:"unit,omitempty"`
	Mask int    `json:"mask,omitempty"`
}

// Value is a text; a number is read as its digits, since both are seen.
type Value string

// UnmarshalJSON reads a text or a whole number.
func (v *Value) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) == nil {
		*v = Value(text)
		return nil
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil {
		return fmt.Errorf("a value is a text or a whole number, not %.20s", b)
	}
	*v = Value(strconv.FormatInt(n, 10))
	return nil
}

// Reaction is one thing that happens.
type Reaction struct {
	Action   string   `json:"action"`
	Settings Settings `json:"settings,omitzero"`
}

// Settings are those of all kinds of reactions; each has its own.
type Settings struct {
	// Animation of Animate: 1 waves, 2 tremble, 3 shake.
	Animation int `json:"animation,omitempty"`
	// Form of Form: what is asked for ("name", "phone", "email"); Title stands above.
	Form      []string `json:"form,omitempty"`
	FormTitle string   `json:"form_title,omitempty"`
	// URL of SendHook.
	URL string `json:"url,omitempty"`
	// Text of CreateTask; of CloseTasks the result that is noted, may be empty.
	Text string `json:"text,omitempty"`
	// TaskType of CreateTask, 0 for a call; Due is in how many minutes, 0 for a day.
	TaskType int64 `json:"task_type_id,omitempty"`
	Due      int   `json:"due_minutes,omitempty"`
	// Responsible of ChangeResponsible; of CreateTask 0 for whose lead it is.
	Responsible chatid.CRMUserID `json:"responsible_id,omitempty"`
	// Link of ChangeTags: "link" or "unlink".
	Link string `json:"action,omitempty"`
	Tags []Tag  `json:"tags,omitempty"`
	// Fields of ChangeField.
	Fields []FieldValue `json:"fields,omitempty"`
}

// Tag is a tag of a lead.
type Tag struct {
	Name string `json:"name"`
}

// FieldValue is what a lead's field gets: a value, or the name or number of the
// option of a list.
type FieldValue struct {
	Field  int64  `json:"field_id"`
	Option string `json:"option"`
}

// InBrowser tells the reactions that the visitor's browser does.
func (r Reaction) InBrowser() bool {
	return r.Action == Greeting || r.Action == Animate || r.Action == Form
}

// InCRM tells those that need a lead.
func (r Reaction) InCRM() bool { return !r.InBrowser() && r.Action != SendHook }

// Of gives the action's reactions that are of a sort, in order.
func (a Action) Of(sort func(Reaction) bool) []Reaction {
	return slices.DeleteFunc(slices.Clone(a.Reactions), func(r Reaction) bool { return !sort(r) })
}

// hookURL is where the action sends a hook to; empty for nowhere.
func (a Action) hookURL() string {
	for _, r := range a.Reactions {
		if r.Action == SendHook {
			return r.Settings.URL
		}
	}
	return ""
}

// Page is where the visitor was: the browser's word.
type Page struct {
	URL   string `json:"url"`
	Title string `json:"title"`
}

// State is how far the CRM's part, or the hook, of what happened has come.
type State string

// The states; None where there is nothing to do.
const (
	None State = ""
	// Remembered: nobody knows yet who the visitor is.
	Remembered State = "remembered"
	// Waiting: for a lead, or for the next try.
	Waiting State = "waiting"
	Done    State = "done"
	// Failed: given up; Problem tells why.
	Failed State = "failed"
	// Dropped: over what is remembered, or done, for one visitor.
	Dropped State = "dropped"
)

// NoLead is the Problem of what waited for a lead that never came, or is gone.
const NoLead = "no_lead"

// Fired is one time that an action happened: a line of the log.
type Fired struct {
	// ID is a UUID that sorts by time.
	ID      string
	Account chatid.AccountID
	Button  chatid.ButtonID
	// ClientID is the browser's own id of it: a repeat changes nothing.
	ClientID string
	// Action is the id, Name what it was called then.
	Action, Name string
	// Key names the browser (see Service.Report), Visitor who wrote from it.
	Key     string
	Visitor chatid.VisitorID
	At      time.Time
	// Day is its date in the account's time zone, "2026-01-31".
	Day string
	// Why is the group of conditions that held.
	Why  []Condition
	Page Page
	// Lead is 0 until one is known.
	Lead int64
	// CRM are the reactions to be done there, with the note about it. CRMState and
	// HookState tell how far both have come, Problem the code of what failed.
	CRM                 []Reaction
	CRMState, HookState State
	Problem             string
	Hook                string // address
	// Tries of the hook so far, and when the next one is due; zero for never. While it
	// is being sent that is when its sender would be given up.
	Tries int
	Due   time.Time
}
