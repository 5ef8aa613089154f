package conversation

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// MaxTextRunes bounds a visitor's message.
const MaxTextRunes = 4096

// MaxWaitingPerLane bounds what one conversation may have undelivered, so that
// a visitor cannot fill the disk while the CRM is away.
const MaxWaitingPerLane = 500

// EditableFor is how long a visitor may change a message after writing it.
const EditableFor = 24 * time.Hour

// maxEmoji bounds a reaction in bytes: the longest sequences of one picture (a
// family with skin tones) stay below it.
const maxEmoji = 64

// Draft is a message as the visitor's browser sent it: a text, or one of File,
// Press, Location and Card.
type Draft struct {
	ClientID chatid.ClientID
	// Text is the message, or the caption of File.
	Text     string
	File     chatid.FileID
	Group    string // of an album, a UUID
	Press    *Press
	Location *Location
	Card     *Card
	// ReplyTo is the message of the same conversation that is quoted.
	ReplyTo chatid.MessageID
	// Name, Phone and Email are what the page claims of the visitor.
	Name, Phone, Email string
	Alias, Locale      string
	// Source is the external id of the online chat's source, "" for the default.
	Source string
	// Several: the visitor may hold several conversations, and Who names which.
	Several bool
	// Bot is the chat's greeting bot; nil for none.
	Bot *Bot
}

// Write accepts a visitor's message: once it returns without an error the
// message is on disk together with the job that delivers it. The same ClientID
// again gives the same message. Errors: fault.Invalid with the codes
// invalid_request, empty_text, text_too_long, no_such_file, no_such_message,
// no_such_button; fault.Limited too_many_messages; fault.Conflict
// conversation_ended, too_many_conversations; fault.Unavailable storage_unavailable.
func (s *Service) Write(ctx context.Context, who Who, d Draft) (Message, error) {
	return s.accept(ctx, who, d, nil)
}

// accept stores a draft, and the wish to be called back that goes with it, if any.
func (s *Service) accept(ctx context.Context, who Who, d Draft, b *CallBack) (Message, error) {
	m, err := d.message()
	if err != nil {
		return Message{}, err
	}
	if d.Several && who.Conversation == "" {
		if who.Conversation, err = s.latest(ctx, who); err != nil {
			return Message{}, err
		}
	}
	into := chatid.ConversationID(s.newID())
	if d.Several {
		into = who.Conversation
	}
	m.ID, m.Account = chatid.MessageID(s.newID()), who.Account
	saved, err := s.store.SaveInbound(ctx, NewInbound{
		Message: m,
		Visitor: visitor(who, Visitor{
			Name: line(d.Name, 120), Phone: Phone(d.Phone), Email: line(d.Email, 120),
			Alias: line(d.Alias, 128), Locale: line(d.Locale, 16),
		}),
		Conversation: into, Several: d.Several,
		Source: d.Source, ReplyTo: d.ReplyTo, Press: d.Press, CallBack: b, Bot: d.Bot, NewID: s.newID,
		Holder: s.holder(), MaxWaiting: MaxWaitingPerLane,
	})
	if err != nil {
		return Message{}, err
	}
	s.saved(saved)
	if b != nil && !saved.Duplicate && s.CallBackAsked != nil {
		// It is on disk, and will be shown; without this only not to whom it belongs.
		if c, err := s.store.Conversation(ctx, who.Account, saved.Message.Conversation); err == nil {
			s.CallBackAsked(c)
		}
	}
	return saved.Message, nil
}

// visitor completes what the page claimed by what is proven, which wins.
func visitor(who Who, v Visitor) Visitor {
	p := who.Proven
	p.Name, p.Phone, p.Email = line(p.Name, 120), Phone(p.Phone), line(p.Email, 120)
	v.ID, v.Account, v.Chat, v.Proven = who.Visitor, who.Account, who.Chat, p
	for _, f := range []struct {
		claimed *string
		proven  string
	}{{&v.Name, p.Name}, {&v.Phone, p.Phone}, {&v.Email, p.Email}} {
		if f.proven != "" {
			*f.claimed = f.proven
		}
	}
	return v
}

// message checks a draft and gives what it says.
func (d Draft) message() (Message, error) {
	invalid := func(code string) (Message, error) { return Message{}, fault.New(fault.Invalid, code) }
	if !chatid.Valid(string(d.ClientID)) || d.Group != "" && !chatid.Valid(d.Group) {
		return invalid("invalid_request")
	}
	m := Message{ClientID: d.ClientID, Direction: Inbound, Kind: KindText, Text: clean(d.Text)}
	if !storable(string(d.ReplyTo)) {
		return invalid("no_such_message")
	}
	others := 0
	if d.File != "" {
		if !storable(string(d.File)) {
			return invalid("no_such_file")
		}
		others++
		m.Kind, m.File, m.Group = KindFile, d.File, d.Group // the store knows the file's kind
	}
	if d.Press != nil {
		if !storable(string(d.Press.Message)) || !storable(d.Press.Text) || !storable(d.Press.Callback) {
			return invalid("no_such_button")
		}
		others++
		m.Text, m.Callback = d.Press.Text, d.Press.Callback
	}
	if d.Location != nil {
		others++
		m.Kind, m.Location = KindLocation, d.Location
		if !d.Location.Valid() {
			return invalid("invalid_request")
		}
	}
	if d.Card != nil {
		others++
		m.Kind, m.Card = KindContact, &Card{Name: line(d.Card.Name, 120), Phone: line(d.Card.Phone, 40)}
		if m.Card.Name == "" || m.Card.Phone == "" {
			return invalid("invalid_request")
		}
	}
	switch {
	case others > 1:
		return invalid("invalid_request")
	case others == 0 && blank(m.Text):
		return invalid("empty_text")
	case utf8.RuneCountInString(m.Text) > MaxTextRunes:
		return Message{}, fault.New(fault.Invalid, "text_too_long").With("Max", MaxTextRunes)
	}
	if blank(m.Text) {
		m.Text = ""
	}
	return m, nil
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// Edit stores the visitor's new text of an own message. Errors: fault.NotFound
// no_such_message; fault.Invalid not_editable, empty_text, text_too_long;
// fault.Unavailable storage_unavailable.
func (s *Service) Edit(ctx context.Context, who Who, id chatid.MessageID, text string) (Message, error) {
	text = clean(text)
	if utf8.RuneCountInString(text) > MaxTextRunes {
		return Message{}, fault.New(fault.Invalid, "text_too_long").With("Max", MaxTextRunes)
	}
	if blank(text) {
		return Message{}, fault.New(fault.Invalid, "empty_text")
	}
	return s.change(ctx, who, id, func(c Change) (Saved, error) {
		return s.store.SaveEdit(ctx, c, text, c.Now.Add(-EditableFor))
	})
}

// React stores the visitor's reaction to a message; "" takes it back. Errors:
// fault.NotFound no_such_message; fault.Invalid invalid_request;
// fault.Unavailable storage_unavailable.
func (s *Service) React(ctx context.Context, who Who, id chatid.MessageID, emoji string) (Message, error) {
	if !validEmoji(emoji) {
		return Message{}, fault.New(fault.Invalid, "invalid_request")
	}
	return s.change(ctx, who, id, func(c Change) (Saved, error) { return s.store.SaveReaction(ctx, c, emoji) })
}

// validEmoji lets through what may be a picture: no letters, digits alone, blanks
// or controls. Which pictures exist changes every year.
func validEmoji(s string) bool {
	if len(s) > maxEmoji || !utf8.ValidString(s) {
		return false
	}
	pictures := s == ""
	for _, r := range s {
		switch {
		case strings.ContainsRune("©®‼⁉™ℹ\u20e3", r): // the few below the symbols
			pictures = true
		case r == 0x200D || r == 0xFE0F || r == '#' || r == '*' || '0' <= r && r <= '9' || 0xE0020 <= r && r <= 0xE007F: // parts of one
		case r < 0x2190 || unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.Z, unicode.Cc, unicode.Cf, unicode.Co):
			return false
		default:
			pictures = true
		}
	}
	return pictures
}

// change finds the visitor's conversation and applies what they do to a message.
func (s *Service) change(ctx context.Context, who Who, id chatid.MessageID, do func(Change) (Saved, error)) (Message, error) {
	c, err := s.of(ctx, who)
	if fault.Is(err, fault.NotFound) || err == nil && !storable(string(id)) {
		return Message{}, fault.New(fault.NotFound, "no_such_message")
	}
	if err != nil {
		return Message{}, err
	}
	saved, err := do(Change{Account: who.Account, Conversation: c.ID, Message: id, Visitor: who.Visitor, Holder: s.holder()})
	if err != nil {
		return Message{}, err
	}
	s.saved(saved)
	return saved.Message, nil
}

// End ends the visitor's conversation; the CRM's talk is closed. The next message
// of either side goes on with it, unless it is one of several: that one is over
// (CON-3). One that never began, or that is ended already,
// is no error.
func (s *Service) End(ctx context.Context, who Who) error {
	c, err := s.of(ctx, who)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.end(ctx, c, End{ByVisitor: true})
}

func (s *Service) end(ctx context.Context, c Conversation, e End) error {
	e.Account, e.Conversation, e.ID, e.Holder = c.Account, c.ID, chatid.MessageID(s.newID()), s.holder()
	saved, err := s.store.SaveEnd(ctx, e)
	if err != nil {
		return err
	}
	s.saved(saved)
	return nil
}
