package bridge

import (
	"context"
	"slices"

	"leadline/backend/account"
	"leadline/backend/amocrm"
	"leadline/backend/chatid"
)

// unsortedPages bounds how many pages of incoming leads are looked through for one.
const unsortedPages = 4

// Lead reads a lead; fault.NotFound.
func (f *CardFile) Lead(ctx context.Context, a account.Account, lead int64) (l amocrm.Lead, err error) {
	err = f.ask(ctx, a, func(ctx context.Context, at amocrm.Address, access string) (err error) {
		l, err = f.crm.api.Lead(ctx, at, access, amocrm.LeadID(lead))
		return err
	})
	return l, err
}

// Contact reads a contact; fault.NotFound.
func (f *CardFile) Contact(ctx context.Context, a account.Account, id chatid.ContactID) (c amocrm.Contact, err error) {
	err = f.ask(ctx, a, func(ctx context.Context, at amocrm.Address, access string) (err error) {
		c, err = f.crm.api.Contact(ctx, at, access, id)
		return err
	})
	return c, err
}

// Incoming tells whether a lead is an incoming one that nobody accepted; pipeline
// narrows the search, 0 for any. Where there are too many to look through it may
// be one.
func (f *CardFile) Incoming(ctx context.Context, a account.Account, lead int64, pipeline chatid.PipelineID) (is bool, err error) {
	for page := 1; page <= unsortedPages; page++ {
		var list []amocrm.Unsorted
		var more bool
		err = f.list(ctx, a, func(ctx context.Context, at amocrm.Address, access string) (err error) {
			list, more, err = f.crm.api.UnsortedChats(ctx, at, access, amocrm.UnsortedFilter{Pipeline: pipeline, Page: page})
			return err
		})
		if err != nil {
			return false, err
		}
		for _, u := range list {
			if slices.Contains(u.Leads, amocrm.LeadID(lead)) {
				return true, nil
			}
		}
		if !more {
			return false, nil
		}
	}
	return true, nil
}

// ChangeCard changes a lead or a contact; fault.Invalid when the CRM takes it not
// as it is, with an *amocrm.APIError that names the field.
func (f *CardFile) ChangeCard(ctx context.Context, a account.Account, e amocrm.Entity, id int64, ch amocrm.CardChange) error {
	return f.ask(ctx, a, func(ctx context.Context, at amocrm.Address, access string) error {
		return f.crm.api.ChangeCard(ctx, at, access, e, id, ch)
	})
}

// AddNote writes a common note; Notes reads the latest ones, the newest first.
func (f *CardFile) AddNote(ctx context.Context, a account.Account, e amocrm.Entity, id int64, text string) error {
	return f.ask(ctx, a, func(ctx context.Context, at amocrm.Address, access string) error {
		_, err := f.crm.api.AddNote(ctx, at, access, e, id, text)
		return err
	})
}

// Notes is AddNote's counterpart.
func (f *CardFile) Notes(ctx context.Context, a account.Account, e amocrm.Entity, id int64) (list []amocrm.Note, err error) {
	err = f.ask(ctx, a, func(ctx context.Context, at amocrm.Address, access string) (err error) {
		list, err = f.crm.api.Notes(ctx, at, access, e, id)
		return err
	})
	return list, err
}

// maxFieldPages bounds the fields of one kind of card that are read.
const maxFieldPages = 4

// Fields reads all fields of the account's leads, contacts or customers; none where
// the account has no customers.
func (f *CardFile) Fields(ctx context.Context, a account.Account, e amocrm.Entity) (all []amocrm.Field, err error) {
	for page, more := 1, true; more && page <= maxFieldPages; page++ {
		var list []amocrm.Field
		err = f.list(ctx, a, func(ctx context.Context, at amocrm.Address, access string) (err error) {
			list, more, err = f.crm.api.Fields(ctx, at, access, e, page)
			return err
		})
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}
