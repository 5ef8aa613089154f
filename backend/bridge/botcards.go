package bridge

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"leadline/backend/account"
	"leadline/backend/amocrm"
	"leadline/backend/chatid"
	"leadline/backend/fault"
	"leadline/backend/greeting"
)

// What greeting bots have made and linked (O §4.3, API v4 "linking entities", "adding
// companies", "adding leads", "adding contacts"). Making something has no proof of its
// own, so the number of what was made is a mark, and after a try whose end nobody knows
// it is looked for first.

// madeMark notes the number of a card that was made; made gives it, 0 for none.
func (t *CardTask) madeMark(mark string, id int64) { t.Mark(mark + "/" + strconv.FormatInt(id, 10)) }

func (t *CardTask) made(mark string) int64 {
	for _, m := range slices.Concat(t.Marks, t.marked) {
		if rest, ok := strings.CutPrefix(m, mark+"/"); ok {
			if id, err := strconv.ParseInt(rest, 10, 64); err == nil {
				return id
			}
		}
	}
	return 0
}

// link joins the visitor's lead or contact, or the card that the bot names, to another.
func (b *BotActs) link(ctx context.Context, t *CardTask, e amocrm.Entity, act greeting.Act) error {
	from := cmp.Or(act.Link.From, t.card(e))
	if from == 0 {
		return noCard(e)
	}
	return b.Desk.Cards.LinkCard(ctx, t.Account, e, from, amocrm.CardLink{
		To: amocrm.Entity(act.Link.To), ID: act.Number, Catalog: act.Link.Catalog, Quantity: act.Link.Quantity,
	})
}

// company gives the lead and the contact a new company. One that they have stays.
func (b *BotActs) company(ctx context.Context, t *CardTask, mark, name string) error {
	if name = oneLine(name, maxCardName); name == "" {
		return nil
	}
	cards, a := b.Desk.Cards, t.Account
	l, err := cards.Lead(ctx, a, t.Lead)
	if err != nil {
		return err
	}
	id, err := b.companyOf(ctx, t, mark+"/company", name, l.Companies)
	if err != nil || id == 0 {
		return err
	}
	to := amocrm.CardLink{To: amocrm.EntityCompany, ID: id}
	if len(l.Companies) == 0 {
		if err := cards.LinkCard(ctx, a, amocrm.EntityLead, t.Lead, to); err != nil {
			return err
		}
	}
	if t.Contact == 0 {
		return nil
	}
	c, err := cards.Contact(ctx, a, t.Contact)
	if err != nil || len(c.Companies) > 0 {
		return err
	}
	return cards.LinkCard(ctx, a, amocrm.EntityContact, int64(t.Contact), to)
}

// companyOf finds the company that was made for an act, or makes it; 0 where the lead
// has another.
func (b *BotActs) companyOf(ctx context.Context, t *CardTask, mark, name string, has []amocrm.CompanyID) (int64, error) {
	cards, a := b.Desk.Cards, t.Account
	if id := t.made(mark); id != 0 {
		return id, nil
	}
	if len(has) > 0 {
		one, err := cards.Company(ctx, a, has[0])
		if fault.Is(err, fault.NotFound) || err == nil && one.Name != name {
			b.Desk.Logger.Info("a greeting bot made no company: the lead has one", "account_id", string(a.ID), "conversation_id", string(t.Conversation.ID))
			return 0, nil
		}
		return int64(one.ID), err
	}
	if t.Again {
		there, err := cards.FindCompanies(ctx, a, name)
		if err != nil {
			return 0, err
		}
		for _, c := range there {
			if c.Name == name && !c.CreatedAt.Before(t.At.Add(-crmClock)) {
				t.madeMark(mark, int64(c.ID))
				return int64(c.ID), nil
			}
		}
	}
	id, err := cards.CreateCompany(ctx, a, name)
	if err == nil {
		t.madeMark(mark, int64(id))
	}
	return int64(id), err
}

// leadAndContact makes a contact, and a lead that it is the contact of.
func (b *BotActs) leadAndContact(ctx context.Context, t *CardTask, mark string, act greeting.Act) error {
	cards, a := b.Desk.Cards, t.Account
	contact, err := b.newContact(ctx, t, mark+"/contact", act.NewContact)
	if err != nil {
		return err
	}
	if t.Again { // the contact is new: it has no other leads
		c, err := cards.Contact(ctx, a, chatid.ContactID(contact))
		if err != nil || len(c.Leads) > 0 {
			return err
		}
	}
	n, err := b.newCard(ctx, t, amocrm.EntityLead, act.NewLead)
	if err != nil {
		return err
	}
	n.Contact = chatid.ContactID(contact)
	if n.Status == 0 || n.Status == amocrm.StageWon || n.Status == amocrm.StageLost {
		// A stage that is no pipeline's own: that of the chat.
		l, err := cards.Lead(ctx, a, t.Lead)
		if err != nil {
			return err
		}
		n.Pipeline = l.Pipeline
	}
	_, err = b.create(ctx, t, amocrm.EntityLead, n)
	return err
}

func (b *BotActs) newContact(ctx context.Context, t *CardTask, mark string, told *greeting.NewCard) (int64, error) {
	if id := t.made(mark); id != 0 {
		return id, nil
	}
	n, err := b.newCard(ctx, t, amocrm.EntityContact, told)
	if err != nil {
		return 0, err
	}
	n.Name = cmp.Or(n.Name, oneLine(t.VisitorName, maxCardName))
	if t.Again {
		id, err := b.contactMade(ctx, t, n)
		if err != nil {
			return 0, err
		}
		if id != 0 {
			t.madeMark(mark, id)
			return id, nil
		}
	}
	id, err := b.create(ctx, t, amocrm.EntityContact, n)
	if err == nil {
		t.madeMark(mark, id)
	}
	return id, err
}

// contactMade finds the contact that a try may have made; 0 for none.
func (b *BotActs) contactMade(ctx context.Context, t *CardTask, n amocrm.NewCard) (int64, error) {
	query := n.Name
	for _, f := range n.Fields {
		if s, ok := f.Values[0].Value.(string); ok && s != "" {
			query = s // fewer have it than a name
			break
		}
	}
	if query == "" {
		return 0, nil
	}
	there, err := b.Desk.Cards.FindContacts(ctx, t.Account, query)
	if err != nil {
		return 0, err
	}
	for _, c := range there {
		if c.Name == n.Name && c.ID != t.Contact && !c.CreatedAt.Before(t.At.Add(-crmClock)) {
			return int64(c.ID), nil
		}
	}
	return 0, nil
}

// newCard writes a card as the CRM takes it. Fields that the account has not are left
// out.
func (b *BotActs) newCard(ctx context.Context, t *CardTask, e amocrm.Entity, told *greeting.NewCard) (n amocrm.NewCard, err error) {
	if told == nil {
		return n, nil
	}
	n = amocrm.NewCard{
		Name: oneLine(told.Name, maxCardName), Responsible: chatid.CRMUserID(told.Responsible), Price: told.Price, Status: amocrm.StatusID(told.Status),
	}
	for _, tag := range told.Tags {
		if s := oneLine(tag, maxCardText); s != "" {
			n.Tags = append(n.Tags, amocrm.Tag{Name: s})
		}
	}
	if len(told.Fields) == 0 {
		return n, nil
	}
	known, err := b.Fields.Of(ctx, t.Account, e, fieldsKept)
	if err != nil {
		return n, err
	}
	for _, f := range told.Fields {
		i := slices.IndexFunc(known, func(k amocrm.Field) bool { return int64(k.ID) == f.Field })
		if i < 0 {
			b.Desk.Logger.Info("a greeting bot's field was left out", "account_id", string(t.Account.ID), "card", string(e), "field", f.Field, "reason", "the account has no such field")
			continue
		}
		values := fieldSays(known[i], f.Value, f.Enum)
		if last := len(n.Fields) - 1; last >= 0 && n.Fields[last].ID == known[i].ID {
			n.Fields[last].Values = append(n.Fields[last].Values, values...)
		} else if len(values) > 0 {
			n.Fields = append(n.Fields, amocrm.FieldValues{ID: known[i].ID, Values: values})
		}
	}
	return n, nil
}

// create makes a card; where the CRM refuses it because of its fields, one without
// them, which is better than none.
func (b *BotActs) create(ctx context.Context, t *CardTask, e amocrm.Entity, n amocrm.NewCard) (int64, error) {
	id, err := b.Desk.Cards.CreateCard(ctx, t.Account, e, n)
	if !fault.Is(err, fault.Invalid) || len(n.Fields) == 0 || forbidden(err) {
		return id, err
	}
	b.Desk.Logger.Warn("the CRM refused fields of a card that a greeting bot makes", "account_id", string(t.Account.ID), "conversation_id", string(t.Conversation.ID), "card", string(e), "error", err)
	n.Fields = nil
	return b.Desk.Cards.CreateCard(ctx, t.Account, e, n)
}

func noCard(e amocrm.Entity) error {
	return fault.Wrap(fault.NotFound, "not_found", fmt.Errorf("no card of %s is known", e))
}

// LinkCard joins a card to another; a repeat changes nothing.
func (f *CardFile) LinkCard(ctx context.Context, a account.Account, e amocrm.Entity, id int64, l amocrm.CardLink) error {
	return f.ask(ctx, a, func(ctx context.Context, at amocrm.Address, access string) error {
		return f.crm.api.LinkCard(ctx, at, access, e, id, l)
	})
}

// CreateCard makes a lead or a contact, CreateCompany a company; a repeat makes another.
func (f *CardFile) CreateCard(ctx context.Context, a account.Account, e amocrm.Entity, n amocrm.NewCard) (id int64, err error) {
	err = f.list(ctx, a, func(ctx context.Context, at amocrm.Address, access string) (err error) {
		id, err = f.crm.api.CreateCard(ctx, at, access, e, n)
		return err
	})
	return id, err
}

// CreateCompany is CreateCard's counterpart.
func (f *CardFile) CreateCompany(ctx context.Context, a account.Account, name string) (id amocrm.CompanyID, err error) {
	err = f.list(ctx, a, func(ctx context.Context, at amocrm.Address, access string) (err error) {
		id, err = f.crm.api.CreateCompany(ctx, at, access, name)
		return err
	})
	return id, err
}

// Company reads a company; fault.NotFound.
func (f *CardFile) Company(ctx context.Context, a account.Account, id amocrm.CompanyID) (c amocrm.Company, err error) {
	err = f.ask(ctx, a, func(ctx context.Context, at amocrm.Address, access string) (err error) {
		c, err = f.crm.api.Company(ctx, at, access, id)
		return err
	})
	return c, err
}

// FindCompanies searches the cards as the CRM does: compare what it gives.
func (f *CardFile) FindCompanies(ctx context.Context, a account.Account, query string) (list []amocrm.Company, err error) {
	err = f.list(ctx, a, func(ctx context.Context, at amocrm.Address, access string) (err error) {
		list, err = f.crm.api.FindCompanies(ctx, at, access, query)
		return err
	})
	return list, err
}
