package bridge

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"leadline/backend/account"
	"leadline/backend/amocrm"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/greeting"
)

// contactInfo adds what a visitor told of themselves to the contact's phone numbers or
// addresses. One that stands there already, however it is written, is not added again.
func (b *BotActs) contactInfo(ctx context.Context, t *CardTask, act greeting.Act) error {
	known, err := b.Fields.Of(ctx, t.Account, amocrm.EntityContact, fieldsKept)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(known, func(f amocrm.Field) bool { return f.Code == act.Code && f.Type == amocrm.FieldMultitext })
	if i < 0 {
		return fault.Wrap(fault.Invalid, "invalid_request", fmt.Errorf("the account's contacts have no field %s", act.Code))
	}
	values, ok := valuesFor(known[i], []conversation.MetaValue{{Value: act.Value}})
	if !ok {
		return fault.Wrap(fault.Invalid, "invalid_request", fmt.Errorf("nothing that a field %s can hold", act.Code))
	}
	held, err := b.held(ctx, t, amocrm.EntityContact)
	if err != nil {
		return err
	}
	for _, f := range held {
		if f.ID != known[i].ID {
			continue
		}
		if slices.ContainsFunc(f.Values, func(v amocrm.FieldValue) bool { return plainInfo(v.Value) == plainInfo(values[0].Value) }) {
			return nil
		}
		values = join(f.Values, values)
	}
	return b.Desk.Cards.ChangeCard(ctx, t.Account, amocrm.EntityContact, t.card(amocrm.EntityContact), amocrm.CardChange{
		Fields: []amocrm.FieldValues{{ID: known[i].ID, Values: values}},
	})
}

// plainInfo writes a phone number or an address as it is compared.
func plainInfo(v any) string { return strings.ToLower(conversation.Phone(fmt.Sprint(v))) }

// RunSalesbot lets one of the account's own bots begin on a lead.
func (f *CardFile) RunSalesbot(ctx context.Context, a account.Account, bot, lead int64) error {
	return f.ask(ctx, a, func(ctx context.Context, at amocrm.Address, access string) error {
		return f.crm.api.RunSalesbot(ctx, at, access, bot, amocrm.LeadID(lead))
	})
}
