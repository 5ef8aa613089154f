package conversation

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"leadline/backend/chatid"
	"leadline/backend/fault"
	"leadline/backend/outbox"
)

// Handoff is the outbox worker, as far as the service needs it.
type Handoff interface {
	// Take gives over a lane that was claimed while its job was stored.
	Take(outbox.Claim, outbox.Job)
	// Lease is how long such a claim must last; 0 where nobody takes lanes, and they
	// are left to a server.
	Lease() time.Duration
}

// Publisher tells streams that a conversation changed. It never blocks, and it
// may lose a hint: streams read the truth from the store.
type Publisher interface {
	// Publish names the conversation's counter after the change. m is the change itself
	// where it is that one message alone, as it was stored; else nil.
	Publish(c chatid.ConversationID, v chatid.VisitorID, rev int64, m *Message)
	// Typing tells that an operator types until that time; name may be empty.
	Typing(c chatid.ConversationID, v chatid.VisitorID, until time.Time, name string)
}

// Service is the way in and out for messages.
type Service struct {
	store   Store
	outbox  Handoff
	streams Publisher
	newID   func() string
	now     func() time.Time

	// Persons, unless nil, finds whom the CRM knows. Set it before the first use.
	Persons Persons
	// FilesWaiting, unless nil, is told when an operator's file is to be fetched. It
	// must not wait. Set it before the first use.
	FilesWaiting func()
	// CallBackAsked, unless nil, is told where a visitor asks to be called back. It must
	// not wait. Set it before the first use.
	CallBackAsked func(Conversation)
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
	// Conversation is the one of several that is meant, by the id that the browser
	// gave it; empty for the visitor's only one. It proves nothing.
	Conversation chatid.ConversationID
	// Proven is what a signed user token said when the session began.
	Proven Proven
}

// Error codes of a failed delivery status (C §3.5).
const (
	codeOff            = 902
	codeNoConversation = 904
	codeOther          = 905
	// CodeEnded and EndedText report a message to a conversation that was ended for
	// good (CON-7).
	CodeEnded = codeNoConversation
	EndedText = "delivery.conversation_ended"
)

// Report takes in how far the visitor's browser has come: the highest Seq of
// outbound messages that reached it and that the visitor saw.
func (s *Service) Report(ctx context.Context, who Who, delivered, seen int64) error {
	c, err := s.of(ctx, who)
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
		Conversation: c.ID, Delivered: delivered, Seen: seen, Holder: s.holder(),
	})
	if err != nil {
		return err
	}
	s.handOver(r.Claim, r.Job)
	if r.Changed > 0 {
		s.streams.Publish(c.ID, who.Visitor, r.Rev, nil)
	}
	return nil
}

// ByID gives one conversation of an account; fault.NotFound.
func (s *Service) ByID(ctx context.Context, a chatid.AccountID, id chatid.ConversationID) (Conversation, error) {
	return s.store.Conversation(ctx, a, id)
}

// Identify gives the visitor of the chat that has an external id: the one known by
// it, else the one whom the CRM knows by it (VIS-3), else the one who wrote from this device without being known, else a new one.
// Device is the visitor of the device's own token. A new one's id follows from the
// external id, so that two devices that begin at once are one visitor.
func (s *Service) Identify(ctx context.Context, a chatid.AccountID, c chatid.ChatID, externalID string, device chatid.VisitorID) (chatid.VisitorID, error) {
	known, err := s.store.VisitorByExternalID(ctx, a, c, externalID)
	if !fault.Is(err, fault.NotFound) {
		return known, err
	}
	if v, err := s.ofCards(ctx, a, c, externalID); err != nil || v != "" {
		return v, err
	}
	switch ok, err := s.store.ClaimVisitor(ctx, a, c, device, externalID); {
	case err != nil:
		return "", err
	case ok:
		return device, nil
	}
	return named(c, externalID), nil
}

// named makes the id of an identified visitor, a UUID of version 8 (RFC 9562).
func named(c chatid.ChatID, externalID string) chatid.VisitorID {
	b := sha256.Sum256([]byte("visitor\n" + string(c) + "\n" + externalID))
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return chatid.VisitorID(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16]))
}

// Find gives the visitor's conversation and its unread count; fault.NotFound
// for a visitor who never wrote. What operators wrote while hooks were lost is
// asked for on the way.
func (s *Service) Find(ctx context.Context, who Who) (Conversation, int, error) {
	c, err := s.of(ctx, who)
	if err != nil {
		return Conversation{}, 0, err
	}
	s.returned(ctx, c)
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
	c, err := s.of(ctx, who)
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
	return s.store.Since(ctx, who, rev, limit)
}

// Picture adds to a message what Since would add to it: the avatar of who wrote it.
func (s *Service) Picture(ctx context.Context, m *Message) error { return s.store.Picture(ctx, m) }

// holder takes an idle lane for the caller of the store.
func (s *Service) holder() Holder {
	h := Holder{Now: s.now(), Lease: s.outbox.Lease()}
	if h.Lease > 0 {
		h.Token = s.newID()
	}
	return h
}

// saved hands the lane over and tells streams, unless nothing changed.
func (s *Service) saved(r Saved) {
	s.handOver(r.Claim, r.Job)
	if r.Duplicate {
		return
	}
	if r.Visitor == "" {
		return
	}
	var whole *Message
	if r.Whole {
		whole = &r.Message
	}
	s.streams.Publish(r.Message.Conversation, r.Visitor, r.Message.Rev, whole)
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

// storable tells whether clean leaves s alone; no id of ours is changed by it.
func storable(s string) bool { return clean(s) == s }

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
