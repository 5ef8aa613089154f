package bridge

import (
	"context"

	"leadline/backend/account"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
)

// CallBackAsked sees to it that the one who is to call the visitor of a
// conversation is known, or at least whose card it is. Of what begins with this
// very message the CRM's webhook tells.
func (s *Sync) CallBackAsked(c conversation.Conversation) {
	switch {
	case c.Talk != 0:
		s.put(c.Account, step{kind: stepTalk, id: int64(c.Talk), chat: c.ChatRef}, 0)
	case c.ChatRef != "":
		s.put(c.Account, step{kind: stepChat, chat: c.ChatRef}, 0)
	default:
		return
	}
	s.hurry()
}

// responsible finds out whose lead it is that a visitor belongs to who asks to be
// called back. Nobody else needs to know it, so that nothing is asked for others.
func (s *Sync) responsible(ctx context.Context, a account.Account, c chatid.ConversationID, lead int64) error {
	if lead == 0 {
		return nil
	}
	waiting, err := s.CallBacks.Waiting(ctx, a.ID, c)
	if err != nil || !waiting {
		return err
	}
	u, err := s.Cards.ResponsibleFor(ctx, a, lead)
	if fault.Is(err, fault.NotFound) || err == nil && u == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	return s.CallBacks.Responsible(ctx, a.ID, c, u)
}
