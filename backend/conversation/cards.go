package conversation

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/fault"
	"leadline/backend/outbox"
)

const (
	// MaxCardWork bounds the work that waits for one conversation's lead, or for a
	// visitor who has no conversation.
	MaxCardWork = 50
	// CardWorkFor is how long work waits for a lead; then it is dropped.
	CardWorkFor = 7 * 24 * time.Hour
)

// CardWork is something to be done with the CRM's cards of a conversation, stored
// until its lead is known. One of Conversation and Visitor names whose.
type CardWork struct {
	Account      chatid.AccountID
	Conversation chatid.ConversationID
	// Visitor stands for their next conversation that has a lead, or for the latest.
	Visitor chatid.VisitorID
	Kind    outbox.Kind
	Job     CardJob
	// Most is how many of the kind may wait: with one more nothing is stored. 0 means
	// MaxCardWork, with which storing is refused.
	Most int
}

// CardJob is the payload of card work.
type CardJob struct {
	// At is when it was asked for, in Unix milliseconds.
	At int64 `json:"at"`
	// Data is the kind's own.
	Data json.RawMessage `json:"data,omitempty"`
}

// Cards are what the CRM keeps of a conversation.
type Cards struct {
	Conversation Conversation
	// Lead and Contact are 0 where none is known.
	Lead    int64
	Contact chatid.ContactID
	// VisitorName is what the page called the visitor; may be empty.
	VisitorName string
	// Marks are what was done there, see CardsMarked.
	Marks []string
}

// CardsMarked is the outbox effect of having done parts of card work, each known
// by a mark of up to 100 bytes that the kind makes: another try, and other work,
// leaves them out.
type CardsMarked struct {
	Conversation chatid.ConversationID
	Marks        []string
}

// OutboxEffect marks the type.
func (CardsMarked) OutboxEffect() {}

// CardStore keeps card work.
type CardStore interface {
	// SaveCardWork stores one job, which becomes due once the lead is known: at once
	// if it is. fault.Limited "too_much_waiting"; fault.NotFound for a conversation
	// that the account has not.
	SaveCardWork(ctx context.Context, w CardWork) error
	// Cards reads what the CRM has of a conversation; fault.NotFound.
	Cards(ctx context.Context, a chatid.AccountID, id chatid.ConversationID) (Cards, error)
	// DropCardWork forgets up to n pieces of work that were asked for before and whose lead
	// never came, and gives them.
	DropCardWork(ctx context.Context, before time.Time, n int) ([]CardWork, error)
	// WakeCards makes the work that waits on a lead due at once.
	WakeCards(ctx context.Context, a chatid.AccountID, lead int64) error
}

// WhenLeadKnown has work done with the cards of a conversation as soon as the CRM
// has made its lead, in the order of asking; kind is one that bridge.CardDesk has a
// handler for, data what that reads (JSON, at most outbox.MaxPayloadBytes). It
// survives restarts and waits up to CardWorkFor.
//
// Errors: fault.Limited too_much_waiting over MaxCardWork; fault.NotFound;
// fault.Unavailable storage_unavailable.
func (s *Service) WhenLeadKnown(ctx context.Context, a chatid.AccountID, c chatid.ConversationID, kind outbox.Kind, data any) error {
	return s.cardWork(ctx, CardWork{Account: a, Conversation: c, Kind: kind}, data)
}

// WhenVisitorHasLead is WhenLeadKnown for a visitor who may not have written yet:
// the work goes with the latest of their conversations that has a lead, or with
// the first that gets one.
func (s *Service) WhenVisitorHasLead(ctx context.Context, a chatid.AccountID, v chatid.VisitorID, kind outbox.Kind, data any) error {
	return s.cardWork(ctx, CardWork{Account: a, Visitor: v, Kind: kind}, data)
}

func (s *Service) cardWork(ctx context.Context, w CardWork, data any) error {
	raw, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("write card work: %w", err)
	}
	if len(raw) > outbox.MaxPayloadBytes-100 {
		return fault.New(fault.TooLarge, "text_too_long")
	}
	w.Job = CardJob{At: s.now().UnixMilli(), Data: raw}
	return s.store.SaveCardWork(ctx, w)
}

// CardsOf reads what the CRM has of a conversation; fault.NotFound.
func (s *Service) CardsOf(ctx context.Context, a chatid.AccountID, id chatid.ConversationID) (Cards, error) {
	return s.store.Cards(ctx, a, id)
}

// DropCardWork forgets up to n pieces of work whose lead did not come within
// CardWorkFor, and gives them.
func (s *Service) DropCardWork(ctx context.Context, n int) ([]CardWork, error) {
	return s.store.DropCardWork(ctx, s.now().Add(-CardWorkFor), n)
}

// LeadAccepted takes in that an incoming lead became one that can be changed.
func (s *Service) LeadAccepted(ctx context.Context, a chatid.AccountID, lead int64) error {
	return s.store.WakeCards(ctx, a, lead)
}
