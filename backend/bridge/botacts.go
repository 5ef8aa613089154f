package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"leadline/backend/amocrm"
	"leadline/backend/chatid"
	"leadline/backend/fault"
	"leadline/backend/greeting"
)

// BotActs does what greeting bots want done in the CRM: it is the CardHandler of
// conversation.BotWork.
type BotActs struct {
	Desk   *CardDesk
	Fields *FieldBook
}

// Do takes the actions of one turn in their order. One that the CRM refuses keeps the
// others from nothing.
func (b *BotActs) Do(ctx context.Context, t *CardTask, data json.RawMessage) error {
	id, acts, err := greeting.ReadActs(data)
	if err != nil {
		return fault.Wrap(fault.Invalid, "invalid_request", err)
	}
	for i, act := range acts {
		mark := fmt.Sprintf("bot/%s/%d", id, i)
		if t.Did(mark) {
			continue
		}
		err := b.act(ctx, t, mark, act)
		refused := func() bool { return fault.Is(err, fault.Invalid) || fault.Is(err, fault.NotFound) || forbidden(err) }
		if refused() {
			err = b.Desk.Refused(ctx, t, err)
		}
		if refused() {
			b.Desk.Logger.Warn("action of a greeting bot refused", "account_id", string(t.Account.ID), "conversation_id", string(t.Conversation.ID), "action", act.Name, "error", err)
			err = nil
		}
		if err != nil {
			return err
		}
		t.Mark(mark)
	}
	return nil
}

func (b *BotActs) act(ctx context.Context, t *CardTask, mark string, act greeting.Act) error {
	e := amocrm.EntityLead
	if act.Contact {
		e = amocrm.EntityContact
	}
	switch act.Name {
	case greeting.ActLink:
		return b.link(ctx, t, e, act)
	case greeting.ActAddCompany:
		return b.company(ctx, t, mark, act.Value)
	case greeting.ActAddLeadContact:
		return b.leadAndContact(ctx, t, mark, act)
	}
	id := t.card(e)
	if id == 0 {
		return noCard(e)
	}
	var change amocrm.CardChange
	switch act.Name {
	case greeting.ActContactInfo:
		return b.contactInfo(ctx, t, act)
	case greeting.ActStartBot:
		return b.Desk.Cards.RunSalesbot(ctx, t.Account, act.Number, id)
	case greeting.ActAddNote:
		return b.Desk.NoteOnce(ctx, t, e, mark+"/note", act.Value)
	case greeting.ActSetTag:
		change.AddTags = []amocrm.Tag{{Name: act.Value}}
	case greeting.ActUnsetTag:
		change.DropTags = []amocrm.Tag{{Name: act.Value}}
	case greeting.ActSetBudget:
		change.Price = &act.Number
	case greeting.ActChangeStatus:
		change.Status, change.Pipeline = amocrm.StatusID(act.Number), chatid.PipelineID(act.Pipeline)
	case greeting.ActChangeResponsible:
		change.Responsible = chatid.CRMUserID(act.Number)
	case greeting.ActSetFields:
		values, err := b.values(ctx, t, e, act)
		if err != nil {
			return err
		}
		change.Fields = []amocrm.FieldValues{{ID: amocrm.FieldID(act.Field), Values: values}}
	default:
		return fault.Wrap(fault.Invalid, "invalid_request", fmt.Errorf("no action is called %q", act.Name))
	}
	return b.Desk.Cards.ChangeCard(ctx, t.Account, e, id, change)
}

// values are what a field is to hold: the bot's value, behind those that it has where
// the bot adds one.
func (b *BotActs) values(ctx context.Context, t *CardTask, e amocrm.Entity, act greeting.Act) ([]amocrm.FieldValue, error) {
	known, err := b.Fields.Of(ctx, t.Account, e, fieldsKept)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(known, func(f amocrm.Field) bool { return int64(f.ID) == act.Field })
	if i < 0 {
		return nil, fault.Wrap(fault.Invalid, "invalid_request", fmt.Errorf("the account has no field %d", act.Field))
	}
	enum := act.EnumCode
	if act.Enum != 0 {
		enum = strconv.FormatInt(act.Enum, 10)
	}
	values := fieldSays(known[i], act.Value, enum)
	if !act.Add {
		return values, nil
	}
	held, err := b.held(ctx, t, e)
	if err != nil {
		return nil, err
	}
	for _, f := range held {
		if int64(f.ID) != act.Field {
			continue
		}
		switch f.Type {
		case amocrm.FieldMultitext, amocrm.FieldMultiselect:
			values = join(f.Values, values)
		case amocrm.FieldText, amocrm.FieldTextarea:
			before, ok := f.Values[0].Value.(string)
			if ok && len(values) > 0 {
				values[0].Value = after(before, fmt.Sprint(values[0].Value))
			}
		}
	}
	return values, nil
}

// fieldSays is what a bot says of a field, as the field's type has it; enum is the number
// or the code of an option, or of the kind of a multitext's value, "" for none.
func fieldSays(f amocrm.Field, value, enum string) []amocrm.FieldValue {
	values := optionOf(f, value)
	for j := range values {
		if s, ok := values[j].Value.(string); ok {
			values[j].Value = plainText(s, maxCardNote) // a visitor's words may stand in it (SEC-8)
		}
	}
	id, err := strconv.ParseInt(enum, 10, 64)
	if err != nil {
		i := slices.IndexFunc(f.Enums, func(e amocrm.FieldEnum) bool { return enum != "" && strings.EqualFold(e.Code, enum) })
		if i < 0 {
			return values
		}
		id = f.Enums[i].ID
	}
	if f.Type == amocrm.FieldMultitext && len(values) > 0 {
		values[0].EnumID = id // its kind
		return values
	}
	return []amocrm.FieldValue{{EnumID: id}}
}

// after adds a line to a text, unless that stands there already: another try may
// follow one that was done.
func after(before, line string) string {
	if before == line || strings.HasSuffix(before, "\n"+line) {
		return before
	}
	return before + "\n" + line
}

// join adds values that are not there yet.
func join(held, values []amocrm.FieldValue) []amocrm.FieldValue {
	out := slices.Clone(held)
	for _, v := range values {
		same := func(h amocrm.FieldValue) bool {
			if v.Value == nil {
				return v.EnumID == h.EnumID
			}
			return fmt.Sprint(h.Value) == fmt.Sprint(v.Value)
		}
		if !slices.ContainsFunc(out, same) {
			out = append(out, v)
		}
	}
	return out
}

// held are the fields of a card that hold something.
func (b *BotActs) held(ctx context.Context, t *CardTask, e amocrm.Entity) ([]amocrm.FieldValues, error) {
	if e == amocrm.EntityContact {
		c, err := b.Desk.Cards.Contact(ctx, t.Account, t.Contact)
		return c.Fields, err
	}
	l, err := b.Desk.Cards.Lead(ctx, t.Account, t.Lead)
	return l.Fields, err
}
