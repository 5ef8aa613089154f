package onlinechat

import (
	"context"
	"slices"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// CardKind is a kind of card of the CRM.
type CardKind string

// The kinds whose fields may hold a site's id of a person.
const (
	LeadCard     CardKind = "lead"
	ContactCard  CardKind = "contact"
	CustomerCard CardKind = "customer"
)

// CardField is a field of the account's cards that may hold a site's own id of a
// person (O, VIS-3): of type text or numeric. The zero value is none.
type CardField struct {
	Kind CardKind `json:"kind"`
	ID   int64    `json:"id"`
	// Name is as it was when the field was chosen.
	Name string `json:"name"`
	// Type is text or numeric; empty in a Chat.
	Type string `json:"type,omitempty"`
}

// Fields are the fields that an account's cards have. Errors are those of [Sources].
type Fields interface {
	// IDFields lists the fields of type text and numeric, as the CRM has them now or
	// had them within the last minute.
	IDFields(ctx context.Context, a chatid.AccountID) ([]CardField, error)
}

// ExternalIDFields lists the fields that can be chosen by SetExternalIDField: those
// of leads, then of contacts, then of customers.
func (s *Service) ExternalIDFields(ctx context.Context, a chatid.AccountID) ([]CardField, error) {
	return s.Fields.IDFields(ctx, a)
}

// SetExternalIDField chooses the field that holds the site's id of a person, for a
// chat; kind "" takes the choice back. Who comes with that id, as far as the chat's
// mode lets it count (ADR 11), then finds the history of the card's visitor.
// fault.Invalid no_such_field; fault.NotFound; those of [Sources].
func (s *Service) SetExternalIDField(ctx context.Context, a chatid.AccountID, c chatid.ChatID, kind CardKind, field int64) error {
	var f CardField
	if kind != "" {
		list, err := s.Fields.IDFields(ctx, a)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(f CardField) bool { return f.Kind == kind && f.ID == field })
		if i < 0 {
			return fault.New(fault.Invalid, "no_such_field")
		}
		f = list[i]
	}
	return s.store.SetExternalIDField(ctx, a, c, f)
}
