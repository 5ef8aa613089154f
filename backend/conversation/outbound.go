package conversation

import (
	"context"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// Received is an operator's message as a hook, or the history, brought it.
type Received struct {
	Account chatid.AccountID
	// Ref is the hook's message id; for a v1 hook, which has none, "v1:" and a hash.
	Ref          chatid.MessageRef
	Conversation chatid.ConversationID
	Chat         chatid.ChatRef
	User         chatid.UserRef
	// At is the platform's time in Unix milliseconds.
	At         int64
	Kind, Text string
	Content
	// Media is where the file of the message is fetched from; nil for none.
	Media      *Media
	AuthorName string
	AuthorRef  chatid.UserRef
	// Phone and Source say whom an operator wrote to who began a chat.
	Phone, Source string
	// Away: the account is disconnected, nobody on the site will see it.
	Away bool
}

// Media is a file on the service's host, as a hook describes it.
type Media struct {
	URL, Name string
	Bytes     int64 // 0 when not said
}

// Receive stores an operator's message, once however often it comes. It returns
// when the message is on disk; delivery to the visitor's browser and the status
// report follow by themselves.
func (s *Service) Receive(ctx context.Context, r Received) error {
	now := s.now()
	if r.At <= 0 {
		r.At = now.UnixMilli()
	}
	in := NewOutbound{
		Message: Message{
			ID: chatid.MessageID(s.newID()), Account: r.Account, Ref: r.Ref, At: r.At,
			Direction: Outbound, Kind: r.Kind, Text: clean(r.Text), Content: r.Content,
			AuthorName: line(r.AuthorName, 120), AuthorRef: r.AuthorRef,
		},
		Conversation: r.Conversation, Chat: r.Chat, User: r.User,
		NewConversation: chatid.ConversationID(s.newID()),
		WroteFirst:      WroteFirstJob{Chat: r.Chat, User: r.User, Phone: Phone(r.Phone), Source: line(r.Source, 64)},
		Holder:          s.holder(),
	}
	if r.Media != nil && holdsFile(r.Kind) {
		in.File = &File{
			ID: chatid.FileID(s.newID()), Account: r.Account, Kind: r.Kind, Name: line(r.Media.Name, 120),
			Bytes: max(r.Media.Bytes, 0), State: FileLoading, Origin: r.Media.URL, CreatedAt: now,
		}
		in.Message.File, in.Message.Pending = in.File.ID, true
	}
	switch {
	case r.Away:
		in.KindRefused = &StatusJob{Ref: r.Ref, Status: Failed, Code: codeOff, Text: "delivery.unavailable"}
	case !in.shown():
		// The operator is told instead of being left to believe that the visitor saw
		// it (C §3.5).
		in.KindRefused = &StatusJob{Ref: r.Ref, Status: Failed, Code: codeOther, Text: "delivery.unsupported_kind"}
	}
	if in.KindRefused != nil {
		in.File, in.Message.File, in.Message.Pending = nil, "", false
	}
	saved, err := s.store.SaveOutbound(ctx, in)
	if err != nil {
		return err
	}
	s.saved(saved)
	if in.File != nil && !saved.Duplicate && s.FilesWaiting != nil {
		s.FilesWaiting()
	}
	return nil
}

// CodeUnknownConversation is the key of the text for a message whose visitor
// nobody here knows.
const CodeUnknownConversation = "delivery.unknown_conversation"

// shown tells whether a visitor can see anything of the message.
func (in NewOutbound) shown() bool {
	m := in.Message
	return m.Text != "" || in.File != nil || m.Location != nil || m.Card != nil || m.Markup != nil || len(m.Forwards) > 0
}

// OperatorTypes passes on that an operator types; for a conversation that nobody
// here has it does nothing.
func (s *Service) OperatorTypes(ctx context.Context, a chatid.AccountID, id chatid.ConversationID, ref chatid.ChatRef, until time.Time, name string) error {
	c, err := s.find(ctx, a, id, ref)
	if fault.Is(err, fault.NotFound) || err == nil && c.Visitor == "" {
		return nil
	}
	if err != nil {
		return err
	}
	// A clock that is wrong must not leave the sign standing.
	if now := s.now(); until.Before(now) || until.After(now.Add(maxTyping)) {
		until = now.Add(typingFor)
	}
	s.streams.Typing(c.ID, c.Visitor, until, line(name, 120))
	return nil
}

const (
	typingFor = 5 * time.Second // C §4.4
	maxTyping = 30 * time.Second
)

// OperatorReacts stores an operator's reaction; "" takes it back. One to a message
// that nobody here has is no error.
func (s *Service) OperatorReacts(ctx context.Context, r OperatorReaction) error {
	if len(r.Emoji) > maxEmoji {
		return nil
	}
	r.Emoji = clean(r.Emoji)
	saved, err := s.store.SaveOperatorReaction(ctx, r)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	s.saved(saved)
	return nil
}

// ReadByOperator takes in that the CRM's people have read what the visitor wrote
// until at (Unix milliseconds).
func (s *Service) ReadByOperator(ctx context.Context, c Conversation, at int64) error {
	r, err := s.store.SaveRead(ctx, c.Account, c.ID, at)
	if err == nil && r.Changed > 0 && c.Visitor != "" {
		s.streams.Publish(c.ID, c.Visitor, r.Rev, nil)
	}
	return err
}

// find looks a conversation up by our id, then by theirs.
func (s *Service) find(ctx context.Context, a chatid.AccountID, id chatid.ConversationID, ref chatid.ChatRef) (Conversation, error) {
	if id != "" {
		c, err := s.store.Conversation(ctx, a, id)
		if !fault.Is(err, fault.NotFound) {
			return c, err
		}
	}
	return s.store.ByChat(ctx, a, ref)
}
