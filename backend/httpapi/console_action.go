package httpapi

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"leadline/backend/chatid"
	"leadline/backend/console"
	"leadline/backend/fault"
	"leadline/backend/keyaction"
)

const (
	// fieldRows are the fields of a lead that one form can set.
	fieldRows = 3
	hourOfDay = 60
)

// conditionKinds are what one row of conditions can be, in the order of offering.
var conditionKinds = []string{
	"time_on_site", "page_hits", "scrolled_value_percent", "scrolled_value_px",
	"url_visited_1", "url_visited_2", "url_visited_3", "url_visited_4", "url_visited_5", "url_visited_6", "exit_intent",
}

// conditionRow is one condition as the form has it; Error is the key of what is wrong.
type conditionRow struct {
	Name, Kind, Value, Error string
	Number                   int
}

// actionForm is an action as the form has it: what a person typed, good or not.
type actionForm struct {
	Page, List string // addresses
	New        bool
	// Card: of a card page, which has no launcher that greets or moves.
	Card    bool
	Kinds   []string
	MaxName int

	Name       string
	Constraint int
	Groups     [][]conditionRow
	Hook       string

	Greeting          bool
	Animation         int
	Form              bool
	FormTitle         string
	Asks              []askBox
	HookURL           string
	TaskText          string
	TaskType          int64
	TaskHours         string
	TaskUser          int64
	Close             bool
	CloseText         string
	AddTags, DropTags string
	Fields            []fieldRow
	Responsible       int64
	TaskTypes, Users  []keyaction.Choice
	LeadFields        []keyaction.Choice
	// Errors are keys of words, by the part of the form that they belong to.
	Errors map[string]string
}

type askBox struct {
	Name   string
	Chosen bool
}

type fieldRow struct {
	Number int
	Field  int64
	Option string
}

// formOf puts an action into the form.
func formOf(a keyaction.Action) actionForm {
	f := actionForm{Name: a.Name, Constraint: int(cmp.Or(a.Constraint, keyaction.OncePerSession)), Kinds: conditionKinds, MaxName: keyaction.MaxName, TaskHours: "24"}
	f.Groups = make([][]conditionRow, keyaction.MaxGroups)
	at := 0
	for _, group := range a.Conditions {
		if len(group) == 1 && group[0].Type == keyaction.CustomHook {
			f.Hook = string(group[0].Value)
			continue
		}
		for _, one := range group {
			f.Groups[at] = append(f.Groups[at], conditionRow{Kind: conditionKind(one), Value: string(one.Value)})
		}
		at++
	}
	asked := []string{"name", "phone"}
	for _, r := range a.Reactions {
		s := r.Settings
		switch r.Action {
		case keyaction.Greeting:
			f.Greeting = true
		case keyaction.Animate:
			f.Animation = s.Animation
		case keyaction.Form:
			f.Form, f.FormTitle, asked = true, s.FormTitle, s.Form
		case keyaction.SendHook:
			f.HookURL = s.URL
		case keyaction.CreateTask:
			f.TaskText, f.TaskType, f.TaskUser = s.Text, s.TaskType, int64(s.Responsible)
			if s.Due > 0 {
				f.TaskHours = strconv.Itoa((s.Due + hourOfDay - 1) / hourOfDay)
			}
		case keyaction.CloseTasks:
			f.Close, f.CloseText = true, s.Text
		case keyaction.ChangeTags:
			var names []string
			for _, t := range s.Tags {
				names = append(names, t.Name)
			}
			if s.Link == "unlink" {
				f.DropTags = strings.Join(names, ", ")
			} else {
				f.AddTags = strings.Join(names, ", ")
			}
		case keyaction.ChangeField:
			for _, one := range s.Fields {
				f.Fields = append(f.Fields, fieldRow{Field: one.Field, Option: one.Option})
			}
		case keyaction.ChangeResponsible:
			f.Responsible = int64(s.Responsible)
		}
	}
	f.fill(asked)
	return f
}

// fill adds the empty rows, and numbers all of them.
func (f *actionForm) fill(asked []string) {
	for g := range f.Groups {
		for len(f.Groups[g]) < keyaction.MaxConditions {
			f.Groups[g] = append(f.Groups[g], conditionRow{})
		}
		for i := range f.Groups[g] {
			f.Groups[g][i].Name, f.Groups[g][i].Number = "c"+strconv.Itoa(g)+"."+strconv.Itoa(i), i+1
		}
	}
	for len(f.Fields) < fieldRows {
		f.Fields = append(f.Fields, fieldRow{})
	}
	for i := range f.Fields {
		f.Fields[i].Number = i + 1
	}
	f.Asks = nil
	for _, name := range []string{"name", "phone", "email"} {
		f.Asks = append(f.Asks, askBox{name, slices.Contains(asked, name)})
	}
}

// typedAction reads the form: as it stands there, and as an action.
func typedAction(v url.Values) (actionForm, keyaction.Action) {
	whole := func(name string) int64 {
		n, _ := strconv.ParseInt(v.Get(name), 10, 64)
		return n
	}
	text := func(name string) string { return strings.TrimSpace(v.Get(name)) }
	a := keyaction.Action{Name: text("name"), Constraint: keyaction.Constraint(whole("constraint"))}
	f := actionForm{
		Name: v.Get("name"), Constraint: int(a.Constraint), Kinds: conditionKinds, MaxName: keyaction.MaxName, Hook: v.Get("hook"),
		Greeting: v.Get("greeting") == "1", Animation: int(whole("animation")), Form: v.Get("form") == "1", FormTitle: v.Get("form_title"),
		HookURL: v.Get("hook_url"), TaskText: v.Get("task_text"), TaskType: whole("task_type"), TaskHours: v.Get("task_hours"), TaskUser: whole("task_user"),
		Close: v.Get("close") == "1", CloseText: v.Get("close_text"), AddTags: v.Get("tags_add"), DropTags: v.Get("tags_drop"), Responsible: whole("responsible"),
		Groups: make([][]conditionRow, keyaction.MaxGroups),
	}
	for g := range f.Groups {
		var group []keyaction.Condition
		for i := range keyaction.MaxConditions {
			name := "c" + strconv.Itoa(g) + "." + strconv.Itoa(i)
			row := conditionRow{Kind: v.Get(name + ".kind"), Value: v.Get(name + ".value")}
			if row.Kind == "" {
				continue // an empty row, whatever was left in its value
			}
			f.Groups[g] = append(f.Groups[g], row)
			group = append(group, typedCondition(row.Kind, strings.TrimSpace(row.Value)))
		}
		if len(group) > 0 {
			a.Conditions = append(a.Conditions, group)
		}
	}
	if hook := text("hook"); hook != "" {
		a.Conditions = append(a.Conditions, []keyaction.Condition{{Type: keyaction.CustomHook, Value: keyaction.Value(hook)}})
	}
	do := func(when bool, action string, s keyaction.Settings) {
		if when {
			a.Reactions = append(a.Reactions, keyaction.Reaction{Action: action, Settings: s})
		}
	}
	do(f.Greeting, keyaction.Greeting, keyaction.Settings{})
	do(f.Animation != 0, keyaction.Animate, keyaction.Settings{Animation: f.Animation})
	do(f.Form, keyaction.Form, keyaction.Settings{FormTitle: text("form_title"), Form: v["ask"]})
	do(text("hook_url") != "", keyaction.SendHook, keyaction.Settings{URL: text("hook_url")})
	hours, err := strconv.Atoi(text("task_hours"))
	if err != nil || hours < 1 || hours > keyaction.MaxDue/hourOfDay {
		hours = -1 // refused by the check
	}
	do(text("task_text") != "", keyaction.CreateTask, keyaction.Settings{
		Text: text("task_text"), TaskType: f.TaskType, Due: hours * hourOfDay, Responsible: chatid.CRMUserID(f.TaskUser),
	})
	do(f.Close, keyaction.CloseTasks, keyaction.Settings{Text: text("close_text")})
	do(text("tags_add") != "", keyaction.ChangeTags, keyaction.Settings{Link: "link", Tags: typedTags(f.AddTags)})
	do(text("tags_drop") != "", keyaction.ChangeTags, keyaction.Settings{Link: "unlink", Tags: typedTags(f.DropTags)})
	var fields []keyaction.FieldValue
	for i := range keyaction.MaxFields {
		n := strconv.Itoa(i + 1)
		if id := whole("field" + n); id > 0 {
			f.Fields = append(f.Fields, fieldRow{Field: id, Option: v.Get("option" + n)})
			fields = append(fields, keyaction.FieldValue{Field: id, Option: text("option" + n)})
		}
	}
	do(len(fields) > 0, keyaction.ChangeField, keyaction.Settings{Fields: fields})
	do(f.Responsible > 0, keyaction.ChangeResponsible, keyaction.Settings{Responsible: chatid.CRMUserID(f.Responsible)})
	f.fill(v["ask"])
	return f, a
}

func typedCondition(kind, value string) keyaction.Condition {
	one := keyaction.Condition{Type: kind, Value: keyaction.Value(value)}
	if mask, ok := strings.CutPrefix(kind, "url_visited_"); ok {
		one.Type = keyaction.URLVisited
		one.Mask, _ = strconv.Atoi(mask)
	}
	if unit, ok := strings.CutPrefix(kind, "scrolled_value_"); ok {
		one.Type, one.Unit = keyaction.ScrolledValue, map[string]string{"px": "px", "percent": "%"}[unit]
	}
	if one.Type == keyaction.ExitIntent {
		one.Value = ""
	}
	return one
}

func typedTags(line string) (tags []keyaction.Tag) {
	for name := range strings.SplitSeq(line, ",") {
		if name = strings.TrimSpace(name); name != "" && !slices.Contains(tags, keyaction.Tag{Name: name}) {
			tags = append(tags, keyaction.Tag{Name: name})
		}
	}
	return tags
}

// place puts the problems of an action where they belong in the form.
func (f *actionForm) place(a keyaction.Action, problems []keyaction.Problem) {
	f.Errors = map[string]string{}
	for _, p := range problems {
		part, key := strings.Split(p.Path, "."), "keyaction.problem."+p.Code
		number := func(i int) int {
			if len(part) <= i {
				return -1
			}
			n, err := strconv.Atoi(part[i])
			if err != nil {
				return -1
			}
			return n
		}
		at := part[0]
		switch {
		case at == "conditions" && number(1) >= 0 && number(2) >= 0:
			// The groups of the form that are not empty are those of the action, in order.
			if row := f.row(number(1), number(2)); row != nil {
				row.Error = cmp.Or(row.Error, key)
				continue
			}
			at = "hook"
		case at == "reactions" && number(1) >= 0 && number(1) < len(a.Reactions):
			r := a.Reactions[number(1)]
			at = r.Action + r.Settings.Link
		}
		f.Errors[at] = cmp.Or(f.Errors[at], key)
	}
}

func (f *actionForm) row(group, i int) *conditionRow {
	for g := range f.Groups {
		if f.Groups[g][0].Kind == "" {
			continue
		}
		if group == 0 {
			return &f.Groups[g][i]
		}
		group--
	}
	return nil
}

// consoleAction shows the editor, of an action or for a new one.
func (s *Server) consoleAction(c *gin.Context) {
	b, _, err := s.actionButton(c)
	var a keyaction.Action
	if id := c.Param("action"); err == nil && id != newAction {
		a, err = s.KeyActions.Action(c.Request.Context(), b.Account, b.ID, id)
	} else if err == nil && !placeOf(c).who.Admin {
		err = fault.New(fault.Denied, "not_admin")
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	f := formOf(a)
	f.Card = b.Card != ""
	s.showAction(c, http.StatusOK, a.Name, f, nil)
}

func (s *Server) showAction(c *gin.Context, status int, title string, f actionForm, failed error) {
	p := placeOf(c)
	ctx, cancel := consoleContext(c)
	defer cancel()
	names, err := s.names(ctx, p.account.ID)
	if err != nil {
		s.fail(c, err)
		return
	}
	f.List = p.root + "/buttons/" + c.Param("button") + "/actions"
	f.Page, f.New = f.List+"/"+c.Param("action"), c.Param("action") == newAction
	choices := s.KeyActions.Choices(ctx, p.account.ID)
	for id, name := range names {
		f.Users = append(f.Users, keyaction.Choice{ID: int64(id), Name: name})
	}
	slices.SortFunc(f.Users, func(a, b keyaction.Choice) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	f.Users = withChosen(f.Users, f.TaskUser, f.Responsible)
	f.TaskTypes = withChosen(choices.TaskTypes, f.TaskType)
	var chosen []int64
	for _, one := range f.Fields {
		chosen = append(chosen, one.Field)
	}
	f.LeadFields = withChosen(choices.Fields, chosen...)
	if title == "" {
		title = s.text(c, "keyaction.new", nil)
	}
	s.consoleRender(c, status, "action", func(v *consoleView) {
		v.Title, v.Body = title, f
		s.outcome(c, v, failed)
	})
}

// withChosen makes sure that what an action names can be chosen, even where the CRM
// does not tell of it now.
func withChosen(list []keyaction.Choice, chosen ...int64) []keyaction.Choice {
	list = slices.Clone(list)
	for _, id := range chosen {
		if id != 0 && !slices.ContainsFunc(list, func(c keyaction.Choice) bool { return c.ID == id }) {
			list = append(list, keyaction.Choice{ID: id, Name: strconv.FormatInt(id, 10)})
		}
	}
	return list
}

// consoleSaveAction stores what the editor sends.
func (s *Server) consoleSaveAction(c *gin.Context) {
	b, page, err := s.actionButton(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	f, a := typedAction(c.Request.PostForm)
	f.Card = b.Card != ""
	if id := c.Param("action"); id != newAction {
		a.ID = id
	}
	if problems := a.Check(); len(problems) > 0 {
		f.place(a, problems)
		s.showAction(c, http.StatusUnprocessableEntity, a.Name, f, fault.New(fault.Invalid, "action_wrong"))
		return
	}
	ctx, cancel := consoleContext(c)
	defer cancel()
	err = s.Console.Do(ctx, placeOf(c).entry(console.SaveAction, a.Name), func(ctx context.Context) error {
		_, err := s.KeyActions.Save(ctx, b.Account, b.ID, a)
		return err
	})
	if err != nil {
		s.showAction(c, statusOf(err), a.Name, f, err)
		return
	}
	c.Redirect(http.StatusSeeOther, page+"?done="+string(console.SaveAction))
}
