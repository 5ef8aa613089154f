package conversation

import (
	"context"
	"time"

	"leadline/backend/chatid"
)

// Talk is what the CRM says of its piece of work on a conversation.
type Talk struct {
	ID chatid.TalkID
	// Contact and Lead are whose card shows it; 0 for none.
	Contact chatid.ContactID
	Lead    int64
	// Open tells that operators work on it, Read that they have seen all of it.
	Open, Read bool
	// UpdatedAt is when it changed last, by the CRM's clock.
	UpdatedAt time.Time
}

// crmClock is how far the CRM's clock may lie from ours where times of both are
// compared.
const crmClock = time.Minute

// TalkIs takes in what the CRM says of a conversation's talk: whose it is, that
// operators have read it, that they closed it. had is what UnreadThere gave before
// the CRM was asked: what arrived there since, the answer may not speak of. A talk
// older than the conversation's own says nothing of it.
func (s *Service) TalkIs(ctx context.Context, c Conversation, t Talk, had int64) error {
	if t.ID < c.Talk {
		return nil
	}
	if err := s.store.SaveTalk(ctx, c.Account, c.ID, t); err != nil {
		return err
	}
	if t.Read && had > 0 {
		// A message that is younger than the talk's last change is not in it yet.
		if err := s.ReadByOperator(ctx, c, min(had, t.UpdatedAt.Add(crmClock).UnixMilli())); err != nil {
			return err
		}
	}
	if t.Open {
		return nil
	}
	return s.end(ctx, c, End{Talk: t.ID, ClosedAt: t.UpdatedAt.Add(crmClock)})
}

// Closes notes that a talk is being closed for the visitor who ended its
// conversation: what the CRM tells of that end is no news, also where the visitor
// wrote again meanwhile.
func (s *Service) Closes(ctx context.Context, a chatid.AccountID, id chatid.ConversationID, t chatid.TalkID) error {
	// Closed before all that was ever written, it ends nothing here.
	_, err := s.store.SaveEnd(ctx, End{Account: a, Conversation: id, Talk: t})
	return err
}

// UnreadThere is the time (Unix milliseconds) of the latest message of a
// conversation that the chats service has and that nobody there has read, as far
// as we know; 0 for none.
func (s *Service) UnreadThere(ctx context.Context, c Conversation) (int64, error) {
	return s.store.UnreadThere(ctx, c.ID)
}

// OpenTalks lists up to limit conversations that go on and whose talk we know, the
// ones spoken in last first, back to since.
func (s *Service) OpenTalks(ctx context.Context, a chatid.AccountID, since time.Time, limit int) ([]Conversation, error) {
	return s.store.OpenTalks(ctx, a, since, limit)
}

// maxOfCard bounds how many conversations of one card are looked at.
const maxOfCard = 20

// OfContact lists the latest conversations that belong to a contact of the CRM,
// OfLead those that belong to a lead.
func (s *Service) OfContact(ctx context.Context, a chatid.AccountID, c chatid.ContactID) ([]Conversation, error) {
	return s.store.OfContact(ctx, a, c, maxOfCard)
}

// OfLead is OfContact for leads.
func (s *Service) OfLead(ctx context.Context, a chatid.AccountID, lead int64) ([]Conversation, error) {
	return s.store.OfLead(ctx, a, lead, maxOfCard)
}

// BelongsTo takes in which contact's card shows a conversation.
func (s *Service) BelongsTo(ctx context.Context, c Conversation, contact chatid.ContactID) error {
	return s.store.SaveTalk(ctx, c.Account, c.ID, Talk{Contact: contact})
}

// LinkedTo takes in that a conversation's chat was added to another lead; contact is
// 0 where it is not known.
func (s *Service) LinkedTo(ctx context.Context, a chatid.AccountID, id chatid.ConversationID, lead int64, contact chatid.ContactID) error {
	return s.store.SaveTalk(ctx, a, id, Talk{Lead: lead, Contact: contact})
}
