package conversation

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"leadline/backend/chatid"
	"leadline/backend/fault"
	"leadline/backend/outbox"
)

// MaxTextRunes bounds a visitor's message.
const MaxTextRunes = 4096

// MaxWaitingPerLane bounds what one conversation may have undelivered, so that
// a visitor cannot fill the disk while the CRM is away.
const MaxWaitingPerLane = 500

// Handoff is the outbox worker, as far as the service needs it.
type Handoff interface {
	// Take gives over a lane that was claimed while its job was stored.
	Take(outbox.Claim, outbox.Job)
	// Lease is how long such a claim must last.
	Lease() time.Duration
}

// Publisher tells streams that a conversation changed. It never blocks, and it
// may lose a hint: streams read the truth from the store.
type Publisher interface {
	Publish(c chatid.ConversationID, v chatid.VisitorID, rev int64)
}

// Service is the way in and out for messages.
type Service struct {
	store   Store
	outbox  Handoff
	streams Publisher
	newID   func() string
	now     func() time.Time
}

// NewService wires a service. newID gives UUIDs, now the time.
func NewService(s Store, o Handoff, p Publisher, newID func() string, now func() time.Time) *Service {
	return &Service{store: s, outbox: o, streams: p, newID: newID, now: now}
}

// Who is a visitor that proved to be one, in the chat of an account.
type Who struct {
	Account chatid.AccountID
	Chat    chatid.ChatID
	Visitor chatid.VisitorID
}

// Draft is a message as the visitor's browser sent it.
type Draft struct {
	ClientID chatid.ClientID
	Text     string
	// Name, Phone and Email are what the page claims of the visitor.
	Name, Phone, Email string
	Alias, Locale      string
	// Source is the external id of the online chat's source, "" for the default.
	Source string
}

// Write accepts a visitor's message: once it returns without an error the
// message is on disk together with the job that delivers it. The same ClientID
// again gives the same message. Errors: fault.Invalid with the codes
// invalid_request, empty_text, text_too_long; fault.Limited too_many_messages;
// fault.Unavailable storage_unavailable.
func (s *Service) Write(ctx context.Context, who Who, d Draft) (Message, error) {
	if !chatid.Valid(string(d.ClientID)) {
		return Message{}, fault.New(fault.Invalid, "invalid_request")
	}
	text := clean(d.Text)
	switch {
	case strings.TrimSpace(text) == "":
		return Message{}, fault.New(fault.Invalid, "empty_text")
	case utf8.RuneCountInString(text) > MaxTextRunes:
		return Message{}, fault.New(fault.Invalid, "text_too_long").With("Max", MaxTextRunes)
	}
	saved, err := s.store.SaveInbound(ctx, NewInbound{
		Message: Message{
			ID: chatid.MessageID(s.newID()), Account: who.Account, ClientID: d.ClientID,
			Direction: Inbound, Kind: "text", Text: text,
		},
		Visitor: Visitor{
			ID: who.Visitor, Account: who.Account, Chat: who.Chat,
			Name: line(d.Name, 120), Phone: line(d.Phone, 40), Email: line(d.Email, 120),
			Alias: line(d.Alias, 128), Locale: line(d.Locale, 16),
		},
		Conversation: chatid.ConversationID(s.newID()),
		Source:       d.Source,
		Now:          s.now(), Token: s.newID(), Lease: s.outbox.Lease(),
		MaxWaiting: MaxWaitingPerLane,
	})
	if err != nil {
		return Message{}, err
	}
	if !saved.Duplicate {
		s.handOver(saved.Claim, saved.Job)
		s.streams.Publish(saved.Message.Conversation, who.Visitor, saved.Message.Rev)
	}
	return saved.Message, nil
}

// Received is an operator's message as a hook brought it.
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
	AuthorName string
	// Away: the account is disconnected, nobody on the site will see it.
	Away bool
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
			Direction: Outbound, Kind: r.Kind, Text: clean(r.Text), AuthorName: line(r.AuthorName, 120),
		},
		Conversation: r.Conversation, Chat: r.Chat, User: r.User,
		NewConversation: chatid.ConversationID(s.newID()),
		Unreachable:     StatusJob{Ref: r.Ref, Status: Failed, Code: codeNoConversation, Text: "delivery.unknown_conversation"},
		Now:             now, Token: s.newID(), Lease: s.outbox.Lease(),
	}
	switch {
	case r.Away:
		in.KindRefused = &StatusJob{Ref: r.Ref, Status: Failed, Code: codeOff, Text: "delivery.unavailable"}
	case r.Kind != "text":
		// Only text is shown for now; the operator is told instead of being left
		// to believe that the visitor saw a file (C §3.5).
		in.KindRefused = &StatusJob{Ref: r.Ref, Status: Failed, Code: codeOther, Text: "delivery.unsupported_kind"}
	}
	saved, err := s.store.SaveOutbound(ctx, in)
	if err != nil {
		return err
	}
	if !saved.Duplicate {
		s.handOver(saved.Claim, saved.Job)
		if saved.Visitor != "" {
			s.streams.Publish(saved.Message.Conversation, saved.Visitor, saved.Message.Rev)
		}
	}
	return nil
}

// Error codes of a failed delivery status (C §3.5).
const (
	codeOff            = 902
	codeNoConversation = 904
	codeOther          = 905
)

// Report takes in how far the visitor's browser has come: the highest Seq of
// outbound messages that reached it and that the visitor saw.
func (s *Service) Report(ctx context.Context, who Who, delivered, seen int64) error {
	c, err := s.store.ConversationOf(ctx, who.Account, who.Chat, who.Visitor)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	delivered, seen = min(max(delivered, seen), c.Seq), min(seen, c.Seq)
	if delivered <= c.DeliveredSeq && seen <= c.SeenSeq {
		return nil
	}
	r, err := s.store.SaveReceipt(ctx, Receipt{
		Conversation: c.ID, Delivered: delivered, Seen: seen,
		Now: s.now(), Token: s.newID(), Lease: s.outbox.Lease(),
	})
	if err != nil {
		return err
	}
	s.handOver(r.Claim, r.Job)
	if r.Changed > 0 {
		s.streams.Publish(c.ID, who.Visitor, r.Rev)
	}
	return nil
}

// ByID gives one conversation of an account; fault.NotFound.
func (s *Service) ByID(ctx context.Context, a chatid.AccountID, id chatid.ConversationID) (Conversation, error) {
	return s.store.Conversation(ctx, a, id)
}

// Find gives the visitor's conversation and its unread count; fault.NotFound
// for a visitor who never wrote.
func (s *Service) Find(ctx context.Context, who Who) (Conversation, int, error) {
	c, err := s.store.ConversationOf(ctx, who.Account, who.Chat, who.Visitor)
	if err != nil {
		return Conversation{}, 0, err
	}
	n, err := s.store.Unread(ctx, c.ID)
	return c, n, err
}

// Page is a part of a transcript.
type Page struct {
	Messages []Message // oldest first
	// Cursor is where the stream is to go on: nothing that changed after the
	// page was read is at or below it.
	Cursor int64
	More   bool
}

// MaxPage bounds a page of history.
const MaxPage = 100

// History reads up to limit messages before p; the zero place is the end.
func (s *Service) History(ctx context.Context, who Who, p Place, limit int) (Page, error) {
	// The cursor is read first: what comes in between is then sent twice rather
	// than not at all, and the browser drops repeats.
	c, err := s.store.ConversationOf(ctx, who.Account, who.Chat, who.Visitor)
	if fault.Is(err, fault.NotFound) {
		return Page{}, nil
	}
	if err != nil {
		return Page{}, err
	}
	limit = min(max(limit, 1), MaxPage)
	msgs, err := s.store.Before(ctx, c.ID, p, limit+1)
	if err != nil {
		return Page{}, err
	}
	page := Page{Messages: msgs, Cursor: c.Seq}
	if len(msgs) > limit {
		page.Messages, page.More = msgs[1:], true
	}
	return page, nil
}

// Since reads what changed in the visitor's conversation after rev, for the stream.
func (s *Service) Since(ctx context.Context, who Who, rev int64, limit int) ([]Message, error) {
	c, err := s.store.ConversationOf(ctx, who.Account, who.Chat, who.Visitor)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return s.store.Since(ctx, c.ID, rev, limit)
}

func (s *Service) handOver(c *outbox.Claim, j *outbox.Job) {
	if c != nil && j != nil {
		s.outbox.Take(*c, *j)
	}
}

// clean makes text storable: valid UTF-8 without NUL, which PostgreSQL refuses.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// line cleans a one-line value and cuts it to n runes.
func line(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, clean(s))
	s = strings.TrimSpace(s)
	if utf8.RuneCountInString(s) > n {
		s = string([]rune(s)[:n])
	}
	return s
}
