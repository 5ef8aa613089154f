package conversation

import (
	"context"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// Parked is a message that was not delivered and waits for somebody's decision
// (design.md §2): its visitor reads that it failed.
type Parked struct {
	Message      chatid.MessageID
	Conversation chatid.ConversationID
	// At is when the message was written, in Unix milliseconds.
	At   int64
	Kind string
	// Reason is refused_by_crm or unknown_outcome.
	Reason string
}

// ParkedPlace is a position in the list of parked messages, for paging: those
// before it. The zero place is the newest.
type ParkedPlace struct {
	At      int64
	Message chatid.MessageID
}

// Parking keeps messages that were not delivered, with what would deliver them.
type Parking interface {
	// Parked lists up to limit messages of an account that stand before p, the
	// newest first; CountParked counts all of them.
	Parked(ctx context.Context, a chatid.AccountID, p ParkedPlace, limit int) ([]Parked, error)
	CountParked(ctx context.Context, a chatid.AccountID) (int, error)
	// ResendParked puts a message back at the end of its lane, under its own id, and
	// makes it Stored. fault.NotFound for one that is not parked.
	ResendParked(ctx context.Context, a chatid.AccountID, id chatid.MessageID, h Holder) (Saved, error)
	// DropParked takes a message off the list for good. fault.NotFound.
	DropParked(ctx context.Context, a chatid.AccountID, id chatid.MessageID) error
}

// MaxParkedPage bounds a page of parked messages, and what is decided at once.
const MaxParkedPage = 100

// Parked lists up to limit parked messages of an account, the newest first, and
// tells how many there are in all.
func (s *Service) Parked(ctx context.Context, a chatid.AccountID, p ParkedPlace, limit int) (list []Parked, count int, err error) {
	if count, err = s.store.CountParked(ctx, a); err != nil || count == 0 {
		return nil, count, err
	}
	list, err = s.store.Parked(ctx, a, p, min(max(limit, 1), MaxParkedPage))
	return list, count, err
}

// Resend sends a parked message again, after whatever waits in its conversation.
// It keeps its id, so that it cannot arrive twice. fault.NotFound.
func (s *Service) Resend(ctx context.Context, a chatid.AccountID, id chatid.MessageID) error {
	saved, err := s.store.ResendParked(ctx, a, id, s.holder())
	if err != nil {
		return err
	}
	s.saved(saved)
	return nil
}

// Drop gives a parked message up: it stays failed. fault.NotFound.
func (s *Service) Drop(ctx context.Context, a chatid.AccountID, id chatid.MessageID) error {
	return s.store.DropParked(ctx, a, id)
}

// ResendAll sends the oldest MaxParkedPage parked messages again, in the order in
// which they were written; DropAll gives as many up. They return how many are left.
func (s *Service) ResendAll(ctx context.Context, a chatid.AccountID) (left int, err error) {
	return s.all(ctx, a, s.Resend)
}

// DropAll is ResendAll's counterpart.
func (s *Service) DropAll(ctx context.Context, a chatid.AccountID) (left int, err error) {
	return s.all(ctx, a, s.Drop)
}

func (s *Service) all(ctx context.Context, a chatid.AccountID, do func(context.Context, chatid.AccountID, chatid.MessageID) error) (left int, err error) {
	list, err := s.store.Parked(ctx, a, ParkedPlace{}, MaxParkedPage)
	if err != nil {
		return 0, err
	}
	for i := range list {
		// Somebody else may have decided about one meanwhile.
		if err := do(ctx, a, list[len(list)-1-i].Message); err != nil && !fault.Is(err, fault.NotFound) {
			return 0, err
		}
	}
	return s.store.CountParked(ctx, a)
}
