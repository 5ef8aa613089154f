package conversation

import (
	"context"
	"slices"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// Imported is one message of a history that is brought in from elsewhere.
type Imported struct {
	// ClientID makes a repeated import harmless.
	ClientID chatid.ClientID
	// At is when it was written, in Unix milliseconds.
	At        int64
	Direction Direction
	Text      string
	// AuthorRef and AuthorName say who of the company wrote an outbound one; without
	// a ref it was the channel's bot.
	AuthorRef  chatid.UserRef
	AuthorName string
}

// MaxImport bounds one import.
const MaxImport = 1000

// Import stores a history and delivers it, oldest first: all silent but the
// newest, so that the CRM makes one lead and one notification (C §3.4.8); silent
// altogether on request. Errors: fault.Invalid invalid_request, empty_text, and
// those of storing; what was stored before an error stays, and a repeat goes on.
func (s *Service) Import(ctx context.Context, who Who, v Visitor, source string, list []Imported, silent bool) error {
	if len(list) == 0 || len(list) > MaxImport {
		return fault.New(fault.Invalid, "invalid_request")
	}
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Imported) int { return int(min(max(a.At-b.At, -1), 1)) })
	v = visitor(who, v)
	for i, m := range list {
		text := clean(m.Text)
		switch {
		case blank(text):
			return fault.New(fault.Invalid, "empty_text")
		case !chatid.Valid(string(m.ClientID)), m.At <= 0, m.Direction != Inbound && m.Direction != Outbound:
			return fault.New(fault.Invalid, "invalid_request")
		}
		in := NewImport{
			Message: Message{
				ID: chatid.MessageID(s.newID()), Account: who.Account, ClientID: m.ClientID, At: m.At,
				Direction: m.Direction, Kind: KindText, Text: text, AuthorName: line(m.AuthorName, 120), AuthorRef: m.AuthorRef,
			},
			Visitor: v, Conversation: chatid.ConversationID(s.newID()), Source: source,
			Silent: silent || i < len(list)-1, Holder: s.holder(),
		}
		if m.Direction == Outbound {
			in.Author = &JobAuthor{Ref: m.AuthorRef, Name: in.Message.AuthorName}
		}
		saved, err := s.store.SaveImport(ctx, in)
		if err != nil {
			return err
		}
		s.saved(saved)
	}
	return nil
}
