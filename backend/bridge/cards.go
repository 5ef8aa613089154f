package bridge

import (
	"context"
	"errors"
	"net/http"

	"leadline/backend/account"
	"leadline/backend/amocrm"
	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// Asker calls API v4 in the name of an account; it is account.Service.
type Asker interface {
	Ask(ctx context.Context, a *account.Account, do func(host, access string) error) error
}

// CardFile asks API v4 about contacts and talks.
type CardFile struct {
	crm  *CRM
	asks Asker
}

// NewCardFile wires a CardFile.
func NewCardFile(c *CRM, a Asker) *CardFile { return &CardFile{crm: c, asks: a} }

// ask runs one call in the background's share of the rates. It names a thing of
// the CRM, so that 404 is about that.
func (f *CardFile) ask(ctx context.Context, a account.Account, do func(ctx context.Context, at amocrm.Address, access string) error) error {
	return f.call(ctx, a, cardFault, do)
}

// list is ask for a call that names nothing: there 404 is about the account's
// address.
func (f *CardFile) list(ctx context.Context, a account.Account, do func(ctx context.Context, at amocrm.Address, access string) error) error {
	return f.call(ctx, a, listFault, do)
}

func (f *CardFile) call(ctx context.Context, a account.Account, sort func(error) error, do func(ctx context.Context, at amocrm.Address, access string) error) error {
	ctx = amocrm.Background(ctx)
	return f.asks.Ask(ctx, &a, func(host, access string) error {
		_, at, err := f.crm.at(a.Product, host)
		if err != nil {
			return err
		}
		return sort(do(ctx, at, access))
	})
}

func listFault(err error) error {
	if api, answered := errors.AsType[*amocrm.APIError](err); answered && moved(api.Status) {
		return crmFault(err)
	}
	return cardFault(err)
}

// cardFault is crmFault for calls that name one thing: there 404 is about the
// thing, not about the account's address, and other refusals are final.
func cardFault(err error) error {
	api, answered := errors.AsType[*amocrm.APIError](err)
	switch {
	case answered && api.Status == http.StatusNotFound, errors.Is(err, amocrm.ErrNotFound):
		return fault.Wrap(fault.NotFound, "not_found", err)
	case answered && api.Status/100 == 4 && !api.Temporary() && !api.Unauthorized() && !moved(api.Status):
		return fault.Wrap(fault.Invalid, "invalid_request", err)
	}
	if d, rest := amocrm.Rest(err); rest {
		f := fault.Wrap(fault.Limited, "crm_unavailable", err)
		f.RetryAfter = d
		return f
	}
	return crmFault(err)
}

// ContactOfChat implements Cards.
func (f *CardFile) ContactOfChat(ctx context.Context, a account.Account, chat chatid.ChatRef) (contact chatid.ContactID, err error) {
	err = f.ask(ctx, a, func(ctx context.Context, at amocrm.Address, access string) error {
		list, err := f.crm.api.LinksOfChat(ctx, at, access, chat)
		if len(list) > 0 {
			contact = list[0].Contact
		}
		return err
	})
	return contact, err
}

// ChatsOfContact implements Cards.
func (f *CardFile) ChatsOfContact(ctx context.Context, a account.Account, c chatid.ContactID) (chats []chatid.ChatRef, err error) {
	err = f.ask(ctx, a, func(ctx context.Context, at amocrm.Address, access string) error {
		list, err := f.crm.api.LinksOfContact(ctx, at, access, c)
		chats = nil
		for _, l := range list {
			chats = append(chats, l.Chat)
		}
		return err
	})
	return chats, err
}

// LinkChat implements Cards.
func (f *CardFile) LinkChat(ctx context.Context, a account.Account, c chatid.ContactID, chat chatid.ChatRef) error {
	return f.ask(ctx, a, func(ctx context.Context, at amocrm.Address, access string) error {
		_, err := f.crm.api.LinkChats(ctx, at, access, amocrm.ChatLink{Contact: c, Chat: chat})
		return err
	})
}

// CloseTalk implements Cards; a talk that is closed already is closed.
func (f *CardFile) CloseTalk(ctx context.Context, a account.Account, t chatid.TalkID) error {
	err := f.ask(ctx, a, func(ctx context.Context, at amocrm.Address, access string) error {
		return f.crm.api.CloseTalk(ctx, at, access, t, true)
	})
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// Talk reads one talk; fault.NotFound.
func (f *CardFile) Talk(ctx context.Context, a account.Account, id chatid.TalkID) (t amocrm.Talk, err error) {
	err = f.ask(ctx, a, func(ctx context.Context, at amocrm.Address, access string) (err error) {
		t, err = f.crm.api.Talk(ctx, at, access, id)
		return err
	})
	return t, err
}

// ResponsibleFor gives the user whose lead it is; 0 for nobody, fault.NotFound.
func (f *CardFile) ResponsibleFor(ctx context.Context, a account.Account, lead int64) (u chatid.CRMUserID, err error) {
	err = f.ask(ctx, a, func(ctx context.Context, at amocrm.Address, access string) error {
		l, err := f.crm.api.Lead(ctx, at, access, amocrm.LeadID(lead))
		u = l.Responsible
		return err
	})
	return u, err
}

// Users reads a page of the account's users, from 1.
func (f *CardFile) Users(ctx context.Context, a account.Account, page int) (users []amocrm.User, more bool, err error) {
	err = f.list(ctx, a, func(ctx context.Context, at amocrm.Address, access string) (err error) {
		users, more, err = f.crm.api.Users(ctx, at, access, page)
		return err
	})
	return users, more, err
}

// Webhooks lists the subscriptions of one address.
func (f *CardFile) Webhooks(ctx context.Context, a account.Account, address string) (list []amocrm.Webhook, err error) {
	err = f.list(ctx, a, func(ctx context.Context, at amocrm.Address, access string) (err error) {
		list, err = f.crm.api.Webhooks(ctx, at, access, address)
		return err
	})
	return list, err
}

// Subscribe has an address told of events, Unsubscribe ends that.
func (f *CardFile) Subscribe(ctx context.Context, a account.Account, address string, events []string) error {
	return f.list(ctx, a, func(ctx context.Context, at amocrm.Address, access string) error {
		return f.crm.api.Subscribe(ctx, at, access, address, events...)
	})
}

// Unsubscribe ends what Subscribe began.
func (f *CardFile) Unsubscribe(ctx context.Context, a account.Account, address string) error {
	return f.ask(ctx, a, func(ctx context.Context, at amocrm.Address, access string) error {
		return f.crm.api.Unsubscribe(ctx, at, access, address)
	})
}

// channelCode is origin of our own talks; "" when the settings do not say.
func (f *CardFile) channelCode(product string) string {
	return f.crm.products.byName[product].ChannelCode
}
