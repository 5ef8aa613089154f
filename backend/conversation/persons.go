package conversation

import (
	"context"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// Persons finds whom the CRM knows by a site's id of a person (O, VIS-3).
type Persons interface {
	// Person gives the cards whose chosen field holds the id; none where the chat has
	// no such field, and where the CRM gave no answer in time.
	Person(ctx context.Context, a chatid.AccountID, c chatid.ChatID, externalID string) PersonCards
}

// PersonCards are cards of the CRM that one person's id stands in.
type PersonCards struct {
	Contacts []chatid.ContactID
	Leads    []int64
}

// ofCards gives the visitor of a chat whose conversation the cards show, and makes
// the id theirs; "" for none. One who has another id is somebody else.
func (s *Service) ofCards(ctx context.Context, a chatid.AccountID, c chatid.ChatID, externalID string) (chatid.VisitorID, error) {
	if s.Persons == nil {
		return "", nil
	}
	cards := s.Persons.Person(ctx, a, c, externalID)
	if len(cards.Contacts)+len(cards.Leads) == 0 {
		return "", nil
	}
	v, err := s.store.VisitorOfCards(ctx, a, c, cards)
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	ok, err := s.store.ClaimVisitor(ctx, a, c, v, externalID)
	if err != nil || !ok {
		return "", err
	}
	return v, nil
}
