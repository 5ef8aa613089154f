package conversation

import (
	"context"
	"strconv"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// MaxOpen bounds the conversations that one visitor holds at a time in a chat.
const MaxOpen = 50

// perLetter is how many numbers go with one letter.
const perLetter = 999

// NumberName is what people call the nth conversation of a chat: a capital letter
// and a counter, A1 to A999, then B1 (CON-5); after Z999 AA1. Empty for 0.
func NumberName(n int64) string {
	if n <= 0 {
		return ""
	}
	letters := ""
	for i := (n-1)/perLetter + 1; i > 0; i = (i - 1) / 26 {
		letters = string(rune('A'+(i-1)%26)) + letters
	}
	return letters + strconv.FormatInt((n-1)%perLetter+1, 10)
}

// Summary is one of a visitor's conversations, for a list of them.
type Summary struct {
	Conversation
	Unread int
	// Last is the newest message; nil where the visitor is shown none.
	Last *Message
}

// List gives the visitor's conversations that go on, those that were spoken in last
// first (CON-3).
func (s *Service) List(ctx context.Context, who Who) ([]Summary, error) {
	open, err := s.store.Open(ctx, who.Account, who.Chat, who.Visitor)
	if err != nil {
		return nil, err
	}
	list := make([]Summary, len(open))
	for i, c := range open {
		list[i].Conversation = c
		if list[i].Unread, err = s.store.Unread(ctx, c.ID); err != nil {
			return nil, err
		}
		last, err := s.store.Before(ctx, c.ID, Place{}, 1)
		if err != nil {
			return nil, err
		}
		if len(last) > 0 {
			list[i].Last = &last[0]
		}
	}
	return list, nil
}

// of finds the visitor's conversation: the one that who names, if it is theirs, or
// the only one; fault.NotFound.
func (s *Service) of(ctx context.Context, who Who) (Conversation, error) {
	if who.Conversation == "" {
		return s.store.ConversationOf(ctx, who.Account, who.Chat, who.Visitor)
	}
	c, err := s.store.Conversation(ctx, who.Account, who.Conversation)
	if err == nil && (c.Visitor != who.Visitor || c.Chat != who.Chat || who.Visitor == "") {
		err = fault.New(fault.NotFound, "not_found")
	}
	return c, err
}

// latest is where a message goes whose browser does not know of several: the
// conversation that was spoken in last, else a new one.
func (s *Service) latest(ctx context.Context, who Who) (chatid.ConversationID, error) {
	open, err := s.store.Open(ctx, who.Account, who.Chat, who.Visitor)
	if err != nil || len(open) == 0 {
		return chatid.ConversationID(s.newID()), err
	}
	return open[0].ID, nil
}
