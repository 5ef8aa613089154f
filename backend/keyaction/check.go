package keyaction

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of an action. The vendor's editor offers two groups and numbers of up to
// five digits; the rest is ours.
const (
	MaxActions    = 20 // of a button
	MaxName       = 100
	MaxGroups     = 2 // besides the custom hook's
	MaxConditions = 4 // of a group
	MaxURL        = 2048
	MaxHookName   = 100
	MaxText       = 1000
	MaxTags       = 10
	MaxTag        = 255
	MaxFields     = 10
	MaxOption     = 1000
	MaxDue        = 60 * 24 * 365 // minutes
	// MaxBytes bounds an action as JSON.
	MaxBytes = 32 << 10
)

// Problem is what is wrong with an action, and where: "conditions.0.1.value".
type Problem struct {
	Path string
	// Code is the key of the words, under "keyaction.problem.".
	Code string
}

// Error is the text for the log.
func (p Problem) Error() string { return p.Path + ": " + p.Code }

// Read reads an action out of JSON in the vendor's shape and checks it.
func Read(raw []byte) (Action, []Problem) {
	var a Action
	if len(raw) > MaxBytes {
		return a, []Problem{{"", "too_large"}}
	}
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil || d.More() {
		return a, []Problem{{"", "not_json"}}
	}
	return a, a.Check()
}

// Check tells what is wrong with an action; nothing for one that may be stored.
func (a Action) Check() []Problem {
	var c checker
	c.text("name", a.Name, MaxName, true)
	c.want("constraint", "choice", a.Constraint >= EveryVisit && a.Constraint <= OncePerLead)
	c.want("conditions", "no_conditions", len(a.Conditions) > 0)
	ordinary := len(a.Conditions)
	if n := len(a.Conditions); n > 0 && slices.ContainsFunc(a.Conditions[n-1], isHook) {
		ordinary--
		c.want(fmt.Sprintf("conditions.%d", n-1), "hook_alone", len(a.Conditions[n-1]) == 1)
	}
	c.want("conditions", "too_many", ordinary <= MaxGroups)
	for g, group := range a.Conditions {
		at := fmt.Sprintf("conditions.%d", g)
		c.want(at, "no_conditions", len(group) > 0)
		c.want(at, "too_many", len(group) <= MaxConditions)
		for i, one := range group {
			c.condition(fmt.Sprintf("%s.%d", at, i), one, g < ordinary)
		}
	}
	seen := map[string]bool{}
	c.want("reactions", "no_reactions", len(a.Reactions) > 0)
	for i, r := range a.Reactions {
		at := fmt.Sprintf("reactions.%d", i)
		kind := r.Action + " " + r.Settings.Link
		c.want(at, "twice", !seen[kind])
		seen[kind] = true
		c.reaction(at, r)
	}
	if raw, err := json.Marshal(a); err != nil || len(raw) > MaxBytes {
		c.want("", "too_large", false)
	}
	return c.problems
}

func isHook(c Condition) bool { return c.Type == CustomHook }

type checker struct{ problems []Problem }

func (c *checker) want(path, code string, ok bool) {
	if !ok {
		c.problems = append(c.problems, Problem{path, code})
	}
}

// text checks one line, or several where lines are a text's own.
func (c *checker) text(path, s string, most int, needed bool) {
	c.want(path, "empty", !needed || strings.TrimSpace(s) != "")
	c.want(path, "too_long", utf8.RuneCountInString(s) <= most)
	bad := !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' })
	c.want(path, "bad_text", !bad)
}

// number checks a count of up to five digits (O §5.1).
func (c *checker) number(path string, v Value, most int) {
	n := 0
	for _, r := range string(v) {
		if r < '0' || r > '9' || n > 99999 {
			n = -1
			break
		}
		n = n*10 + int(r-'0')
	}
	c.want(path, "number", v != "" && n >= 1 && n <= most)
}

func (c *checker) condition(at string, one Condition, ordinary bool) {
	value := at + ".value"
	switch one.Type {
	case TimeOnSite, PageHits:
		c.number(value, one.Value, 99999)
	case ScrolledValue:
		c.want(at+".unit", "choice", one.Unit == "px" || one.Unit == "%")
		most := 99999
		if one.Unit == "%" {
			most = 100
		}
		c.number(value, one.Value, most)
	case URLVisited:
		c.want(at+".mask", "choice", one.Mask >= 1 && one.Mask <= 6)
		c.text(value, string(one.Value), MaxURL, true)
	case CustomHook:
		c.want(at, "hook_last", !ordinary)
		c.text(value, string(one.Value), MaxHookName, true)
	case ExitIntent:
		c.want(value, "not_empty", one.Value == "")
	default:
		c.want(at+".type", "choice", false)
	}
	c.want(at+".unit", "choice", one.Unit == "" || one.Type == ScrolledValue)
	c.want(at+".mask", "choice", one.Mask == 0 || one.Type == URLVisited)
}

func (c *checker) reaction(at string, r Reaction) {
	at += ".settings."
	s := r.Settings
	switch r.Action {
	case Greeting:
	case Animate:
		c.want(at+"animation", "choice", s.Animation >= 1 && s.Animation <= 3)
	case Form:
		c.text(at+"form_title", s.FormTitle, MaxName, true)
		c.want(at+"form", "form", len(s.Form) > 0 && len(s.Form) <= 3)
		for i, f := range s.Form {
			c.want(at+"form", "form", slices.Contains([]string{"name", "phone", "email"}, f) && !slices.Contains(s.Form[:i], f))
		}
	case SendHook:
		u, err := url.Parse(s.URL)
		c.want(at+"url", "url", err == nil && u.Scheme == "https" && u.Hostname() != "" && u.User == nil && len(s.URL) <= MaxURL)
	case CreateTask:
		c.text(at+"text", s.Text, MaxText, true)
		c.want(at+"task_type_id", "number", s.TaskType >= 0)
		c.want(at+"due_minutes", "number", s.Due >= 0 && s.Due <= MaxDue)
		c.want(at+"responsible_id", "number", s.Responsible >= 0)
	case CloseTasks:
		c.text(at+"text", s.Text, MaxText, false)
	case ChangeTags:
		c.want(at+"action", "choice", s.Link == "link" || s.Link == "unlink")
		c.want(at+"tags", "tags", len(s.Tags) > 0 && len(s.Tags) <= MaxTags)
		for _, t := range s.Tags {
			c.text(at+"tags", t.Name, MaxTag, true)
		}
	case ChangeField:
		c.want(at+"fields", "fields", len(s.Fields) > 0 && len(s.Fields) <= MaxFields)
		for _, f := range s.Fields {
			c.want(at+"fields", "fields", f.Field > 0)
			c.text(at+"fields", f.Option, MaxOption, false)
		}
	case ChangeResponsible:
		c.want(at+"responsible_id", "number", s.Responsible > 0)
	default:
		c.want(strings.TrimSuffix(at, "settings.")+"action", "choice", false)
	}
}
