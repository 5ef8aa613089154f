package bridge

import (
	"context"
	"errors"
	"net/http"

	"leadline/backend/account"
	"leadline/backend/amocrm"
	"leadline/backend/chatid"
	"leadline/backend/fault"
	"leadline/backend/onlinechat"
)

// SourceFile keeps the lead sources of accounts; it is onlinechat.Sources. Somebody
// waits for it, so its calls have the whole of the rates.
type SourceFile struct {
	cards    *CardFile
	accounts Accounts
}

// NewSourceFile wires a SourceFile.
func NewSourceFile(c *CardFile, a Accounts) *SourceFile { return &SourceFile{cards: c, accounts: a} }

func (f *SourceFile) ask(ctx context.Context, id chatid.AccountID, sort func(error) error, do func(at amocrm.Address, access, code string) error) error {
	a, err := f.accounts.Account(ctx, id)
	if err != nil {
		return err
	}
	err = f.cards.asks.Ask(ctx, &a, func(host, access string) error {
		p, at, err := f.cards.crm.at(a.Product, host)
		if err != nil {
			return err
		}
		return sort(do(at, access, p.ChannelCode))
	})
	return refusal(err)
}

// refusal says in the CRM's words why it does not do what an admin asks for: of the
// single item, in whichever form that came (C §7), else of the whole request.
func refusal(err error) error {
	api, ok := errors.AsType[*amocrm.APIError](err)
	if !ok || api.Blocked() || !fault.Is(err, fault.Invalid) && api.Status != http.StatusForbidden {
		return err
	}
	reason := api.Detail
	for _, i := range api.Items {
		if i.Detail != "" {
			reason = i.Detail
			break
		}
	}
	return fault.Wrap(fault.Invalid, "crm_refused", err).With("Reason", reason)
}

// Keeps implements onlinechat.Sources.
func (f *SourceFile) Keeps(ctx context.Context, id chatid.AccountID) (bool, error) {
	a, err := f.accounts.Account(ctx, id)
	return f.cards.crm.products.byName[a.Product].MultipleSources, err
}

// List implements onlinechat.Sources.
func (f *SourceFile) List(ctx context.Context, a chatid.AccountID) (list []onlinechat.Source, err error) {
	err = f.ask(ctx, a, listFault, func(at amocrm.Address, access, _ string) error {
		got, err := f.cards.crm.api.Sources(ctx, at, access)
		list = nil
		for _, s := range got {
			list = append(list, leadSource(s))
		}
		return err
	})
	return list, err
}

// Pipelines implements onlinechat.Sources.
func (f *SourceFile) Pipelines(ctx context.Context, a chatid.AccountID) (list []onlinechat.Pipeline, err error) {
	err = f.ask(ctx, a, listFault, func(at amocrm.Address, access, _ string) error {
		got, err := f.cards.crm.api.Pipelines(ctx, at, access)
		list = nil
		for _, p := range got {
			list = append(list, onlinechat.Pipeline{ID: p.ID, Name: p.Name, Main: p.Main})
		}
		return err
	})
	return list, err
}

func leadSource(s amocrm.Source) onlinechat.Source {
	return onlinechat.Source{ID: s.ID, ExternalID: s.ExternalID, Name: s.Name, Pipeline: s.Pipeline, Default: s.Default}
}

// Ensure implements onlinechat.Sources.
func (f *SourceFile) Ensure(ctx context.Context, a chatid.AccountID, s onlinechat.Source) (made onlinechat.Source, err error) {
	err = f.ask(ctx, a, listFault, func(at amocrm.Address, access, code string) error {
		known, err := f.cards.crm.api.Sources(ctx, at, access, s.ExternalID)
		for _, k := range known {
			if k.ExternalID == s.ExternalID {
				made = leadSource(k)
				return nil
			}
		}
		if err != nil {
			return err
		}
		list, err := f.cards.crm.api.CreateSources(ctx, at, access, amocrm.Source{
			Name: s.Name, ExternalID: s.ExternalID, Pipeline: s.Pipeline, Default: s.Default, OriginCode: code,
		})
		if err != nil {
			// Somebody may have made it meanwhile: its external id is taken then.
			if list, _ = f.cards.crm.api.Sources(ctx, at, access, s.ExternalID); len(list) == 0 || list[0].ExternalID != s.ExternalID {
				return err
			}
		}
		made = leadSource(list[0])
		return nil
	})
	return made, err
}

// Change implements onlinechat.Sources.
func (f *SourceFile) Change(ctx context.Context, a chatid.AccountID, id chatid.SourceID, c onlinechat.SourceChange) error {
	return f.ask(ctx, a, cardFault, func(at amocrm.Address, access, _ string) error {
		_, err := f.cards.crm.api.UpdateSource(ctx, at, access, amocrm.SourceChange{ID: id, Name: c.Name, Pipeline: c.Pipeline, Default: c.Default})
		return err
	})
}

// Remove implements onlinechat.Sources.
func (f *SourceFile) Remove(ctx context.Context, a chatid.AccountID, id chatid.SourceID) error {
	return f.ask(ctx, a, cardFault, func(at amocrm.Address, access, _ string) error {
		return f.cards.crm.api.DeleteSource(ctx, at, access, id)
	})
}

var _ onlinechat.Sources = (*SourceFile)(nil)
var _ Accounts = (*account.Service)(nil)
