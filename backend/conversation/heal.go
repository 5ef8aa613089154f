package conversation

import (
	"context"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// healMargin is how far before an outage its gap is taken to begin: a hook may be
// on its way, or in a slow queue, when the connection ends.
const healMargin = 10 * time.Minute

// HealOne asks the chats service what operators wrote in a conversation since
// hooks may have been lost. The question is a job of its lane, so it waits its turn
// and survives a restart; one that waits already is not asked twice.
func (s *Service) HealOne(ctx context.Context, c Conversation, since time.Time) error {
	if c.ChatRef == "" {
		return nil
	}
	saved, err := s.store.AddTask(ctx, Task{
		Account: c.Account, Conversation: c.ID, Kind: JobHeal,
		Payload: HealJob{Since: since.Add(-healMargin).UnixMilli()}, Holder: s.holder(),
	})
	if err != nil {
		return err
	}
	if !saved.Duplicate {
		s.handOver(saved.Claim, saved.Job)
	}
	return nil
}

// returned heals the conversation of a visitor who comes back after hooks were
// lost, when nobody asked for it yet. An error costs the visitor nothing: the next
// visit asks again.
func (s *Service) returned(ctx context.Context, c Conversation) {
	if c.Gap {
		since := c.HealedAt
		if since.IsZero() {
			since = c.CreatedAt
		}
		_ = s.HealOne(ctx, c, since)
	}
}

// Addressee is whom an operator writes to first, by all that is known of them.
type Addressee struct {
	// Contact is the card, Chats are all its chats on the service's side.
	Contact chatid.ContactID
	Chats   []chatid.ChatRef
	// Phone finds only a visitor of whom it was proven.
	Phone string
	// Source is preferred where a visitor has several conversations.
	Source string
}

// Reach finds the conversation in which a visitor is reached; fault.NotFound, and
// fault.Unavailable while a new conversation's chat is not known yet.
func (s *Service) Reach(ctx context.Context, a chatid.AccountID, to Addressee) (Conversation, error) {
	c, err := s.store.ByContact(ctx, a, to.Contact, to.Source)
	if err == nil || !fault.Is(err, fault.NotFound) {
		return c, err
	}
	var best Conversation
	for _, ref := range to.Chats {
		c, err := s.store.ByChat(ctx, a, ref)
		switch {
		case err != nil && !fault.Is(err, fault.NotFound):
			return Conversation{}, err
		case err == nil && c.Visitor != "" && (best.ID == "" || c.CreatedAt.After(best.CreatedAt)):
			best = c
		}
	}
	if best.ID != "" {
		return best, nil
	}
	c, err = s.store.ByPhone(ctx, a, to.Phone, to.Source)
	if !fault.Is(err, fault.NotFound) {
		return c, err
	}
	// A first message whose answer is on its way: its chat may be the one.
	waits, werr := s.store.Unanswered(ctx, a)
	if werr != nil {
		return c, werr
	}
	if waits {
		return c, fault.Wrap(fault.Unavailable, "crm_unavailable", err)
	}
	return c, err
}

// FormerChats lists the service's chats that a conversation had before its present
// one.
func (s *Service) FormerChats(ctx context.Context, a chatid.AccountID, id chatid.ConversationID) ([]chatid.ChatRef, error) {
	return s.store.FormerChats(ctx, a, id)
}

// ByChat finds the conversation that has, or had, the service's chat;
// fault.NotFound.
func (s *Service) ByChat(ctx context.Context, a chatid.AccountID, ref chatid.ChatRef) (Conversation, error) {
	return s.store.ByChat(ctx, a, ref)
}
