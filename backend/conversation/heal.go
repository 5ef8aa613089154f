package conversation

import (
	"context"
	"time"

	"leadline/backend/chatid"
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
