package conversation

import (
	"context"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// healPage is how many conversations are read at once when an account is healed.
const healPage = 200

// healMargin is how far before an outage its gap is taken to begin: a hook may be
// on its way, or in a slow queue, when the connection ends.
const healMargin = 10 * time.Minute

// Heal asks the chats service, conversation by conversation, what operators wrote
// since hooks may have been lost: the account's conversations in which something
// was said in the last activeFor before that time. The questions are jobs, so they
// wait their turn and survive a restart. It returns how many there are.
//
// Chats that operators began meanwhile are not found so: only events of talks name
// them.
func (s *Service) Heal(ctx context.Context, a chatid.AccountID, since time.Time) (int, error) {
	n := 0
	for after := chatid.ConversationID(""); ; {
		list, err := s.store.Active(ctx, a, since.Add(-activeFor), after, healPage)
		if err != nil {
			return n, err
		}
		for _, c := range list {
			if err := s.HealOne(ctx, c, since); err != nil {
				return n, err
			}
			n, after = n+1, c.ID
		}
		if len(list) < healPage {
			return n, nil
		}
	}
}

// activeFor is how long a conversation counts as going on after its last message.
const activeFor = 30 * 24 * time.Hour

// HealOne is Heal for one conversation; one that waits for it already is not asked
// for twice.
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

// Reach finds the conversation in which a visitor is reached; fault.NotFound.
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
	return s.store.ByPhone(ctx, a, to.Phone, to.Source)
}

// ByChat finds the conversation that has, or had, the service's chat;
// fault.NotFound.
func (s *Service) ByChat(ctx context.Context, a chatid.AccountID, ref chatid.ChatRef) (Conversation, error) {
	return s.store.ByChat(ctx, a, ref)
}
