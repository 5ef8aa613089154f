package conversation

import (
	"cmp"
	"context"
	"slices"
	"time"
	"unicode/utf8"

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
// altogether on request. Errors: fault.Invalid invalid_request, empty_text,
// text_too_long, before anything is stored, and those of storing; what was stored
// before such an error stays, and a repeat goes on.
func (s *Service) Import(ctx context.Context, who Who, v Visitor, source string, list []Imported, silent bool) error {
	if len(list) == 0 || len(list) > MaxImport {
		return fault.New(fault.Invalid, "invalid_request")
	}
	list = slices.Clone(list)
	for i := range list {
		if err := list[i].check(s.now()); err != nil {
			return err
		}
	}
	slices.SortStableFunc(list, func(a, b Imported) int { return cmp.Compare(a.At, b.At) })
	v = visitor(who, v)
	for i, m := range list {
		in := NewImport{
			Message: Message{
				ID: chatid.MessageID(s.newID()), Account: who.Account, ClientID: m.ClientID, At: m.At,
				Direction: m.Direction, Kind: KindText, Text: m.Text, AuthorName: m.AuthorName, AuthorRef: m.AuthorRef,
			},
			Visitor: v, Conversation: chatid.ConversationID(s.newID()), Source: source,
			Silent: silent || i < len(list)-1, Holder: s.holder(),
		}
		if m.Direction == Outbound {
			in.Author = &JobAuthor{Ref: m.AuthorRef, Name: m.AuthorName}
		}
		saved, err := s.store.SaveImport(ctx, in)
		if err != nil {
			return err
		}
		s.saved(saved)
	}
	return nil
}

// check cleans one message and refuses what cannot be one. Of the future it cannot
// be: all that the visitor writes later has to stand behind it.
func (m *Imported) check(now time.Time) error {
	m.Text, m.AuthorName = clean(m.Text), line(m.AuthorName, 120)
	switch {
	case blank(m.Text):
		return fault.New(fault.Invalid, "empty_text")
	case utf8.RuneCountInString(m.Text) > MaxTextRunes:
		return fault.New(fault.Invalid, "text_too_long").With("Max", MaxTextRunes)
	case !chatid.Valid(string(m.ClientID)), m.At <= 0, m.At > now.UnixMilli(), m.Direction != Inbound && m.Direction != Outbound,
		len(m.AuthorRef) > 64, !storable(string(m.AuthorRef)):
		return fault.New(fault.Invalid, "invalid_request")
	}
	return nil
}
