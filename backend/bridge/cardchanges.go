package bridge

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"leadline/backend/account"
	"leadline/backend/amocrm"
	"leadline/backend/chatid"
	"leadline/backend/fault"
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

// Incoming finds the incoming lead that a lead still is; fault.NotFound for one that
// is none any more. pipeline narrows the search, 0 for any. What is looked for is
// rarely old, so the newest are looked at first; sure is false where there were too
// many to look through.
func (f *CardFile) Incoming(ctx context.Context, a account.Account, lead int64, pipeline chatid.PipelineID) (u amocrm.Unsorted, sure bool, err error) {
	for page := 1; page <= unsortedPages; page++ {
		var list []amocrm.Unsorted
		var more bool
		err = f.list(ctx, a, func(ctx context.Context, at amocrm.Address, access string) (err error) {
			list, more, err = f.crm.api.UnsortedChats(ctx, at, access, amocrm.UnsortedFilter{Pipeline: pipeline, Newest: true, Page: page})
			return err
		})
		if err != nil {
			return u, false, err
		}
		for _, u := range list {
			if slices.Contains(u.Leads, amocrm.LeadID(lead)) {
				return u, true, nil
			}
		}
		if !more {
			return u, true, fault.New(fault.NotFound, "not_found")
		}
	}
	return u, false, fault.New(fault.NotFound, "not_found")
}

// Accept makes a lead of an incoming one, Decline throws it away, LinkIncoming adds
// its chat to another lead: contact is one of that lead's, 0 leaves it to the CRM. In
// whose name is left to the CRM (C §7.5). fault.NotFound for one that was sorted
// already; fault.Invalid for what the CRM refuses, with an *amocrm.APIError.
func (f *CardFile) Accept(ctx context.Context, a account.Account, uid string) error {
	return f.sort(ctx, a, func(ctx context.Context, at amocrm.Address, access string) error {
		return f.crm.api.AcceptUnsorted(ctx, at, access, uid, amocrm.Acceptance{})
	})
}

// Decline is Accept's counterpart.
func (f *CardFile) Decline(ctx context.Context, a account.Account, uid string) error {
	return f.sort(ctx, a, func(ctx context.Context, at amocrm.Address, access string) error {
		return f.crm.api.DeclineUnsorted(ctx, at, access, uid, 0)
	})
}

// LinkIncoming is Accept's counterpart, too.
func (f *CardFile) LinkIncoming(ctx context.Context, a account.Account, uid string, lead int64, contact chatid.ContactID) error {
	return f.sort(ctx, a, func(ctx context.Context, at amocrm.Address, access string) error {
		return f.crm.api.LinkUnsorted(ctx, at, access, uid, amocrm.UnsortedLink{Lead: amocrm.LeadID(lead), Contact: contact})
	})
}

// sort is ask where 403 is about what the token's user may do: that the account did not
// move is known from having listed its incoming leads.
func (f *CardFile) sort(ctx context.Context, a account.Account, do func(ctx context.Context, at amocrm.Address, access string) error) error {
	return f.call(ctx, a, func(err error) error {
		if forbidden(err) {
			return fault.Wrap(fault.Invalid, "invalid_request", err)
		}
		return cardFault(err)
	}, do)
}

// forbidden tells the answer that the token's user may not do something.
func forbidden(err error) bool {
	api, answered := errors.AsType[*amocrm.APIError](err)
	return answered && api.Status == http.StatusForbidden && !api.Blocked()
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
