package bridge

import (
	"context"
	"sync"
	"time"

	"leadline/backend/account"
	"leadline/backend/amocrm"
	"leadline/backend/chatid"
	"leadline/backend/onlinechat"
)

const (
	// fieldsKept is how long background work goes by the fields as they were read,
	// fieldsShown how long people do; fieldsAtOnce how many accounts' are kept.
	fieldsKept   = 10 * time.Minute
	fieldsShown  = time.Minute
	fieldsAtOnce = 1000
)

// FieldBook remembers which fields the cards of accounts have; it is
// onlinechat.Fields.
type FieldBook struct {
	cards    *CardFile
	accounts Accounts
	now      func() time.Time

	mu    sync.Mutex
	known map[fieldKey]knownFields
}

type fieldKey struct {
	account chatid.AccountID
	entity  amocrm.Entity
}

type knownFields struct {
	list []amocrm.Field
	at   time.Time
}

// NewFieldBook wires a FieldBook.
func NewFieldBook(c *CardFile, a Accounts, now func() time.Time) *FieldBook {
	return &FieldBook{cards: c, accounts: a, now: now, known: map[fieldKey]knownFields{}}
}

// Of gives the fields of one kind of card, read at most maxAge ago. The caller must
// not change them.
func (b *FieldBook) Of(ctx context.Context, a account.Account, e amocrm.Entity, maxAge time.Duration) ([]amocrm.Field, error) {
	k, now := fieldKey{a.ID, e}, b.now()
	b.mu.Lock()
	have, ok := b.known[k]
	b.mu.Unlock()
	if ok && now.Sub(have.at) < maxAge {
		return have.list, nil
	}
	list, err := b.cards.Fields(ctx, a, e)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.known) >= fieldsAtOnce {
		clear(b.known)
	}
	b.known[k] = knownFields{list, now}
	return list, nil
}

var cardKinds = []struct {
	kind   onlinechat.CardKind
	entity amocrm.Entity
}{{onlinechat.LeadCard, amocrm.EntityLead}, {onlinechat.ContactCard, amocrm.EntityContact}, {onlinechat.CustomerCard, amocrm.EntityCustomer}}

// IDFields implements onlinechat.Fields.
func (b *FieldBook) IDFields(ctx context.Context, id chatid.AccountID) ([]onlinechat.CardField, error) {
	a, err := b.accounts.Account(ctx, id)
	if err != nil {
		return nil, err
	}
	var out []onlinechat.CardField
	for _, c := range cardKinds {
		list, err := b.Of(ctx, a, c.entity, fieldsShown)
		if err != nil {
			if c.kind == onlinechat.CustomerCard && !temporary(err) {
				continue // an account without customers may refuse to list their fields
			}
			return nil, refusal(err)
		}
		for _, f := range list {
			if f.Type == amocrm.FieldText || f.Type == amocrm.FieldNumeric {
				out = append(out, onlinechat.CardField{Kind: c.kind, ID: int64(f.ID), Name: f.Name, Type: f.Type})
			}
		}
	}
	return out, nil
}
