package greeting

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
)

// Settings are the greeting bot of one chat.
type Settings struct {
	Account chatid.AccountID
	Chat    chatid.ChatID
	// Bot is what was given, byte by byte; nil for none yet.
	Bot json.RawMessage
	// On: visitors are greeted.
	On bool
	// Name is who speaks; "" for the product's own name in the CRM, and none in the chat.
	Name string
	// Untold: what a visitor saw before they wrote first stays out of the CRM (BOT-11).
	Untold bool
	// LeavesIncoming: what the bot says accepts no incoming lead (O §4.3).
	LeavesIncoming bool
	ChangedAt      time.Time
}

// MaxNameRunes bounds Settings.Name.
const MaxNameRunes = 60

// Store keeps the bots of chats.
type Store interface {
	// Greeting reads a chat's; fault.NotFound for a chat that never had one.
	Greeting(ctx context.Context, a chatid.AccountID, c chatid.ChatID) (Settings, error)
	// SetGreeting stores a chat's, and whether the chat greets; fault.NotFound for a
	// chat that the account does not have.
	SetGreeting(ctx context.Context, s Settings) error
}

// Deps are what the service needs of others.
type Deps struct {
	Store Store
	// Metas are what sites told of their visitors.
	Metas func(ctx context.Context, a chatid.AccountID, v chatid.VisitorID) (conversation.VisitorMeta, error)
	// Begun tells whether the visitor's conversation has begun.
	Begun func(ctx context.Context, who conversation.Who) (bool, error)
	// Cards gives the lead and the contact of a visitor's conversation; 0 for none known.
	Cards func(ctx context.Context, who conversation.Who) (lead int64, contact chatid.ContactID)
	// Source is a chat's source: the CRM's number of it, 0 for none known, and its
	// external id.
	Source func(ctx context.Context, c chatid.ChatID) (id int64, external string)
	// Zone is the zone of a chat's dates.
	Zone   func(ctx context.Context, c chatid.ChatID) *time.Location
	Random func(n int) int
	Now    func() time.Time
	Logger *slog.Logger

	// The rest is for bots that ask a server, which Run needs.

	Asks          Asks
	Conversations Resuming
	Poster        Poster
	// ReturnURL is where the answer to a request goes; it proves whose it is.
	ReturnURL func(w Waiting) (string, error)
}

// Service keeps chats' bots and lets them speak. Run must run.
type Service struct {
	Deps
	asked chan struct{} // a request was, or will be stored

	// read are the bots that were read last, by what they were read from: each message
	// to a chat that greets asks for its bot.
	mu   sync.Mutex
	read map[chatid.ChatID]readBot
}

type readBot struct {
	from json.RawMessage
	bot  *Bot
}

// maxReadBots bounds the bots that are kept read; of more all are forgotten.
const maxReadBots = 200

// NewService wires a service.
func NewService(d Deps) *Service {
	return &Service{Deps: d, asked: make(chan struct{}, 1), read: map[chatid.ChatID]readBot{}}
}

// parsed reads a chat's bot, unless it did so last time.
func (s *Service) parsed(c chatid.ChatID, from json.RawMessage) (*Bot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last, ok := s.read[c]; ok && bytes.Equal(last.from, from) {
		return last.bot, nil
	}
	b, err := Parse(from)
	if err != nil {
		return nil, err
	}
	if len(s.read) >= maxReadBots {
		clear(s.read)
	}
	s.read[c] = readBot{from, &b}
	return &b, nil
}

// Settings gives a chat's bot; the zero Settings of the chat where there is none.
func (s *Service) Settings(ctx context.Context, a chatid.AccountID, c chatid.ChatID) (Settings, error) {
	got, err := s.Store.Greeting(ctx, a, c)
	if fault.Is(err, fault.NotFound) {
		return Settings{Account: a, Chat: c}, nil
	}
	return got, err
}

// SetBot stores a chat's bot, as it is given, and gives what Check says of it. One
// that is switched on must be sound; a draft need only be a bot. Errors: those of
// Parse; fault.Invalid bot_unsound, with the problems, for one that is switched on and
// not sound, and invalid_request for a name that is too long; fault.NotFound.
func (s *Service) SetBot(ctx context.Context, in Settings) ([]Problem, error) {
	var problems []Problem
	if in.Bot != nil || in.On {
		b, err := Parse(in.Bot)
		if err != nil {
			return nil, err
		}
		if problems = b.Check(); in.On && !Sound(problems) {
			return problems, fault.New(fault.Invalid, "bot_unsound")
		}
	}
	in.Name = strings.TrimSpace(in.Name)
	if utf8.RuneCountInString(in.Name) > MaxNameRunes || !utf8.ValidString(in.Name) || strings.ContainsFunc(in.Name, func(r rune) bool { return r < ' ' }) {
		return problems, fault.New(fault.Invalid, "invalid_request")
	}
	in.ChangedAt = s.Now()
	return problems, s.Store.SetGreeting(ctx, in)
}

// About is what the page tells of a visitor to be greeted, besides what it stored.
type About struct {
	Name, Phone, Email string
	// Meta is what setMeta told so far; it is stored with the first message only
	// (META-4), so it comes along (META-7).
	Meta conversation.Meta
}

// Shown is a greeting as a visitor sees it before they write. Whoever signs it for
// them may believe it when it comes back: see Seen.
type Shown struct {
	Account      chatid.AccountID      `json:"a"`
	Chat         chatid.ChatID         `json:"c"`
	Visitor      chatid.VisitorID      `json:"v"`
	Conversation chatid.ConversationID `json:"n,omitempty"`
	At           int64                 `json:"t"`
	Turn         Turn                  `json:"b"`
}

// Greet gives what the visitor is greeted with, as messages that are stored nowhere
// (BOT-11): no row is made. None where the chat does not greet, the conversation has
// begun, or the bot has nothing to say.
func (s *Service) Greet(ctx context.Context, who conversation.Who, about About) (Shown, []conversation.Message, error) {
	bot, set, err := s.bot(ctx, who)
	if err != nil || bot == nil {
		return Shown{}, nil, err
	}
	if begun, err := s.Begun(ctx, who); err != nil || begun {
		return Shown{}, nil, err
	}
	turn := bot.Run(State{}, "", s.facts(ctx, set, who, about))
	s.log(who, turn.Log)
	shown := Shown{Account: who.Account, Chat: who.Chat, Visitor: who.Visitor, Conversation: who.Conversation, At: s.Now().UnixMilli(), Turn: turn}
	speaker := conversation.Bot{Name: set.Name}
	var list []conversation.Message
	for i, say := range says(turn.Says) {
		m := speaker.Message(who.Account, shown.id(i), say)
		m.At, m.Status = shown.At+int64(i), conversation.Read
		list = append(list, m)
	}
	return shown, list, nil
}

// Seen gives the bot for a visitor's message; nil where the chat does not greet. shown
// is the greeting that they saw, verified; nil for none. One that was for somebody
// else, or for another conversation, counts as none.
func (s *Service) Seen(ctx context.Context, who conversation.Who, about About, shown *Shown) (*conversation.Bot, error) {
	bot, set, err := s.bot(ctx, who)
	if err != nil || bot == nil {
		return nil, err
	}
	if about.Meta.BotParams == nil {
		m, err := s.Metas(ctx, who.Account, who.Visitor)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
		about.Meta = m.Meta
	}
	facts := s.facts(ctx, set, who, about)
	out := &conversation.Bot{Name: set.Name, Next: func(raw json.RawMessage, reply string) conversation.BotTurn {
		var state State
		if json.Unmarshal(raw, &state) != nil {
			return conversation.BotTurn{State: raw, Over: true}
		}
		turn := bot.Run(state, reply, facts)
		s.log(who, turn.Log)
		return s.stored(turn)
	}}
	if shown != nil && shown.Account == who.Account && shown.Chat == who.Chat && shown.Visitor == who.Visitor && shown.Conversation == who.Conversation {
		turn := shown.Turn
		if set.Untold {
			turn = turn.unaccepted()
		}
		g := &conversation.Greeted{At: shown.At, Turn: s.stored(turn), Untold: set.Untold}
		for i := range shown.Turn.Says {
			g.IDs = append(g.IDs, shown.id(i))
		}
		out.Greeted = g
	}
	return out, nil
}

// bot is a chat's bot that is switched on; nil for none, and for one that cannot be read
// any more: it keeps no message back.
func (s *Service) bot(ctx context.Context, who conversation.Who) (*Bot, Settings, error) {
	set, err := s.Store.Greeting(ctx, who.Account, who.Chat)
	if fault.Is(err, fault.NotFound) || err == nil && !set.On {
		return nil, set, nil
	}
	if err != nil {
		return nil, set, err
	}
	b, err := s.parsed(who.Chat, set.Bot)
	if err != nil {
		s.Logger.Error("read greeting bot", "account_id", string(who.Account), "chat_id", string(who.Chat), "error", err)
		return nil, set, nil
	}
	return b, set, nil
}

func (s *Service) facts(ctx context.Context, set Settings, who conversation.Who, about About) Facts {
	name := who.Proven.Name
	for _, n := range []string{about.Meta.Contact.Name, about.Name} {
		if name == "" {
			name = cut(strings.TrimSpace(n), MaxButtonRunes)
		}
	}
	values := map[string]string{
		"contact.name": name, "visitor_uid": string(who.Visitor), "session_id": string(who.Visitor), "origin": "onlinechat",
	}
	contact := who.Proven.Contact
	if bytes.Contains(set.Bot, []byte("lead.id")) || bytes.Contains(set.Bot, []byte("contact.id")) {
		lead, known := s.Cards(ctx, who)
		if contact = cmp.Or(contact, known); lead != 0 {
			values["lead.id"] = fmt.Sprint(lead)
		}
	}
	if contact != 0 {
		values["contact.id"] = fmt.Sprint(int64(contact))
	}
	out := Facts{
		Now: s.Now().In(s.Zone(ctx, who.Chat)), Random: s.Random, Params: about.Meta.BotParams, Values: values,
		Email: cmp.Or(who.Proven.Email, about.Email, told(about.Meta.Contact, CodeEmail)),
		Phone: cmp.Or(who.Proven.Phone, about.Phone, told(about.Meta.Contact, CodePhone)),
	}
	if bytes.Contains(set.Bot, []byte(HandlerExternal)) {
		out.Channel, _ = s.Source(ctx, who.Chat)
	}
	return out
}

// told is what a site told of a field of a card, by the field's code.
func told(card conversation.MetaCard, code string) string {
	for _, f := range card.Fields {
		if strings.EqualFold(f.Code, code) && len(f.Values) > 0 {
			return strings.TrimSpace(f.Values[0].Value)
		}
	}
	return ""
}

// log tells the operator of the server what a turn met. Of the visitor's words nothing
// stands in it.
func (s *Service) log(who conversation.Who, problems []Problem) {
	for _, p := range problems {
		s.Logger.Warn("greeting bot", "account_id", string(who.Account), "chat_id", string(who.Chat), "at", p.Path, "problem", p.Code, "what", p.What)
	}
}

// id names a greeting's message: the same in all tabs of a visitor, so that what one
// of them stores replaces what the others show.
func (s Shown) id(i int) chatid.MessageID {
	b := sha256.Sum256(fmt.Appendf(nil, "greeting %s %s %s %s %d", s.Account, s.Chat, s.Visitor, s.Conversation, i))
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return chatid.MessageID(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16]))
}

// stored is a turn as a conversation takes it.
func (s *Service) stored(t Turn) conversation.BotTurn {
	state, err := marshal(t.State)
	if err != nil {
		state = []byte("{}") // no state fails
	}
	out := conversation.BotTurn{State: state, Over: t.State.Over, Says: says(t.Says), Close: t.Close}
	var sorts, acts []Act
	for _, a := range t.Acts {
		if a.sorts() {
			sorts = append(sorts, a)
		} else {
			acts = append(acts, a)
		}
	}
	out.Sorts, out.Acts = wanted(sorts), wanted(acts)
	if t.Ask != nil {
		if ask, err := marshal(t.Ask); err == nil {
			out.Ask = ask
			s.wake()
		}
	}
	return out
}

// wanted writes acts as card work keeps them; nil for none.
func wanted(list []Act) json.RawMessage {
	if len(list) == 0 {
		return nil
	}
	raw, err := marshal(list)
	if err != nil {
		return nil // no act fails
	}
	return raw
}

// ReadActs reads the data of conversation.BotWork and SortWork; id is another for each turn.
func ReadActs(data []byte) (id string, acts []Act, err error) {
	var w conversation.BotActs
	if err = json.Unmarshal(data, &w); err == nil {
		err = json.Unmarshal(w.Acts, &acts)
	}
	return w.ID, acts, err
}

func says(list []Say) []conversation.BotSay {
	out := make([]conversation.BotSay, len(list))
	for i, one := range list {
		out[i].Text = one.Text
		if len(one.Buttons) > 0 {
			out[i].Markup = &conversation.Markup{}
			for _, b := range one.Buttons {
				out[i].Markup.Buttons = append(out[i].Markup.Buttons, []conversation.Button{{Text: b.Text, URL: b.URL}})
			}
		}
	}
	return out
}
