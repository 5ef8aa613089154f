package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"leadline/backend/account"
	"leadline/backend/amocrm"
	"leadline/backend/chatid"
	"leadline/backend/fault"
	"leadline/backend/keyaction"
)

// KeyActions does the CRM's part of key actions: it is the CardHandler of
// keyaction.JobKind.
type KeyActions struct {
	Desk  *CardDesk
	Texts Texts
	// Language is that of texts that operators of a product read.
	Language func(product string) string
	// Ended is told how it ended; problem is empty where all of it was done.
	Ended func(ctx context.Context, a chatid.AccountID, fired string, lead int64, problem string) error
}

// Do writes the note and does the reactions in order. One that the CRM refuses keeps
// the others from nothing.
func (k *KeyActions) Do(ctx context.Context, t *CardTask, data json.RawMessage) error {
	j, err := keyaction.ReadJob(data)
	if err != nil {
		return fault.Wrap(fault.Invalid, "invalid_request", err)
	}
	text := k.Texts(k.Language(t.Account.Product), "keyaction.note", map[string]any{"Name": j.Name})
	problem := ""
	err = k.Desk.NoteOnce(ctx, t, amocrm.EntityLead, "key_action/"+j.Fired, text)
	for i := 0; i < len(j.Reactions) && err == nil; i++ {
		mark := fmt.Sprintf("key_action/%s/%d", j.Fired, i)
		if t.Did(mark) {
			continue
		}
		err = k.react(ctx, t, j.Reactions[i])
		if fault.Is(err, fault.Invalid) || fault.Is(err, fault.NotFound) {
			if err = k.Desk.Refused(ctx, t, err); fault.Is(err, fault.Invalid) || fault.Is(err, fault.NotFound) {
				k.Desk.Logger.Warn("reaction of a key action refused", "account_id", string(t.Account.ID), "fired_id", j.Fired, "reaction", j.Reactions[i].Action, "error", err)
				problem, err = "refused", nil
			}
		}
		if err == nil {
			t.Mark(mark)
		}
	}
	if err != nil {
		return err
	}
	return k.Ended(ctx, t.Account.ID, j.Fired, t.Lead, problem)
}

// Dropped takes in that the desk gave an action's work up.
func (k *KeyActions) Dropped(ctx context.Context, a chatid.AccountID, data json.RawMessage) error {
	j, err := keyaction.ReadJob(data)
	if err != nil {
		return err
	}
	return k.Ended(ctx, a, j.Fired, 0, keyaction.NoLead)
}

func (k *KeyActions) react(ctx context.Context, t *CardTask, r keyaction.Reaction) error {
	s, cards, a := r.Settings, k.Desk.Cards, t.Account
	switch r.Action {
	case keyaction.CreateTask:
		return k.createTask(ctx, t, s)
	case keyaction.CloseTasks:
		return cards.CloseTasks(ctx, a, t.Lead, s.Text)
	case keyaction.ChangeTags:
		var tags []amocrm.Tag
		for _, one := range s.Tags {
			tags = append(tags, amocrm.Tag(one))
		}
		change := amocrm.CardChange{AddTags: tags}
		if s.Link == "unlink" {
			change = amocrm.CardChange{DropTags: tags}
		}
		return cards.ChangeCard(ctx, a, amocrm.EntityLead, t.Lead, change)
	case keyaction.ChangeResponsible:
		return cards.ChangeCard(ctx, a, amocrm.EntityLead, t.Lead, amocrm.CardChange{Responsible: s.Responsible})
	case keyaction.ChangeField:
		return k.changeFields(ctx, t, s.Fields)
	}
	return fault.Wrap(fault.Invalid, "invalid_request", fmt.Errorf("no reaction of the CRM is called %q", r.Action))
}

// createTask makes a task once: after a try whose end nobody knows it looks for it.
func (k *KeyActions) createTask(ctx context.Context, t *CardTask, s keyaction.Settings) error {
	cards, a := k.Desk.Cards, t.Account
	if t.Again {
		open, _, err := cards.OpenTasks(ctx, a, t.Lead)
		if err != nil {
			return err
		}
		for _, one := range open {
			if one.Text == s.Text && !one.CreatedAt.Before(t.At.Add(-crmClock)) {
				return nil
			}
		}
	}
	due := 24 * time.Hour
	if s.Due > 0 {
		due = time.Duration(s.Due) * time.Minute
	}
	who := s.Responsible
	if who == 0 {
		var err error
		if who, err = cards.ResponsibleFor(ctx, a, t.Lead); err != nil {
			return err
		}
	}
	return cards.CreateTask(ctx, a, amocrm.Task{
		Lead: amocrm.LeadID(t.Lead), Text: s.Text, Type: s.TaskType, Due: k.Desk.Now().Add(due), Responsible: who,
	})
}

// changeFields sets fields whatever they hold. A field that the account has not is
// refused.
func (k *KeyActions) changeFields(ctx context.Context, t *CardTask, wanted []keyaction.FieldValue) error {
	known, err := k.Desk.Cards.Fields(ctx, t.Account, amocrm.EntityLead)
	if err != nil {
		return err
	}
	var change amocrm.CardChange
	for _, w := range wanted {
		found := false
		for _, f := range known {
			if int64(f.ID) == w.Field {
				found = true
				change.Fields = append(change.Fields, amocrm.FieldValues{ID: f.ID, Values: optionOf(f, w.Option)})
			}
		}
		if !found {
			return fault.Wrap(fault.Invalid, "invalid_request", fmt.Errorf("the account has no field %d", w.Field))
		}
	}
	return k.Desk.Cards.ChangeCard(ctx, t.Account, amocrm.EntityLead, t.Lead, change)
}

// optionOf writes an option as the field's type has it; an empty one empties the field.
func optionOf(f amocrm.Field, option string) []amocrm.FieldValue {
	option = strings.TrimSpace(option)
	if option == "" {
		return []amocrm.FieldValue{}
	}
	one := amocrm.FieldValue{Value: option}
	switch f.Type {
	case amocrm.FieldSelect, amocrm.FieldMultiselect, amocrm.FieldRadio:
		for _, e := range f.Enums {
			if e.Value == option || strconv.FormatInt(e.ID, 10) == option {
				one = amocrm.FieldValue{EnumID: e.ID}
				break
			}
		}
	case amocrm.FieldCheckbox:
		lower := strings.ToLower(option)
		one.Value = lower == "1" || lower == "true" || lower == "yes" || lower == "да" || lower == "sí" || lower == "sim"
	case amocrm.FieldNumeric, amocrm.FieldPrice, amocrm.FieldMonetary:
		one.Value = strings.ReplaceAll(option, ",", ".")
	case amocrm.FieldDate, amocrm.FieldDateTime, amocrm.FieldBirthday:
		for _, layout := range []string{time.RFC3339, time.DateOnly, "02.01.2006"} {
			if at, err := time.Parse(layout, option); err == nil {
				one.Value = at.Unix()
				break
			}
		}
	}
	return []amocrm.FieldValue{one}
}

// CreateTask makes a task of a lead.
func (f *CardFile) CreateTask(ctx context.Context, a account.Account, t amocrm.Task) error {
	return f.ask(ctx, a, func(ctx context.Context, at amocrm.Address, access string) error {
		_, err := f.crm.api.CreateTask(ctx, at, access, t)
		return err
	})
}

// OpenTasks lists a lead's tasks that are not done; more tells that there are others.
func (f *CardFile) OpenTasks(ctx context.Context, a account.Account, lead int64) (tasks []amocrm.Task, more bool, err error) {
	err = f.list(ctx, a, func(ctx context.Context, at amocrm.Address, access string) (err error) {
		tasks, more, err = f.crm.api.OpenTasks(ctx, at, access, amocrm.LeadID(lead))
		return err
	})
	return tasks, more, err
}

// CloseTasks completes a lead's tasks with a result, which may be empty.
func (f *CardFile) CloseTasks(ctx context.Context, a account.Account, lead int64, result string) error {
	for more := true; more; {
		var open []amocrm.Task
		var err error
		if open, more, err = f.OpenTasks(ctx, a, lead); err != nil || len(open) == 0 {
			return err
		}
		ids := make([]amocrm.TaskID, len(open))
		for i, t := range open {
			ids[i] = t.ID
		}
		err = f.list(ctx, a, func(ctx context.Context, at amocrm.Address, access string) error {
			return f.crm.api.CompleteTasks(ctx, at, access, result, ids...)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
