package conversation

import (
	"context"
	"encoding/json"

	"leadline/backend/chatid"
	"leadline/backend/outbox"
)

// Bot is a chat's greeting bot as a visitor's message meets it: what it says is stored
// together with that message. What its state means is its own business.
type Bot struct {
	// Name is who speaks; "" for the product's own name.
	Name string
	// Greeted is set when the visitor saw a greeting before they wrote first. Only
	// then, and only with the first message of a conversation, the bot begins.
	Greeted *Greeted
	// Next gives the turn that a reply leads to. It is called while the conversation is
	// locked, perhaps more than once: it must be quick and change nothing.
	Next func(state json.RawMessage, reply string) BotTurn
}

// Greeted is a greeting as the visitor saw it.
type Greeted struct {
	// At is when, in Unix milliseconds.
	At int64
	// IDs are those of the messages that the visitor's browser shows; as many as
	// Turn.Says.
	IDs  []chatid.MessageID
	Turn BotTurn
	// Untold: the CRM is not told of it.
	Untold bool
}

// Offers tells whether a button was pressed that the visitor was shown.
func (b *Bot) Offers(p Press) bool {
	if b == nil || b.Greeted == nil || p.Callback != "" {
		return false
	}
	for i, id := range b.Greeted.IDs {
		if id == p.Message {
			return b.Greeted.Turn.Says[i].Markup.Has(p.Text, "")
		}
	}
	return false
}

// BotTurn is what a bot does at a time.
type BotTurn struct {
	State json.RawMessage
	// Over: the bot has nothing more to say in this conversation.
	Over bool
	Says []BotSay
	// Acts is what is to be done in the CRM once the lead is known, JSON for the
	// handler of BotWork; nil for nothing.
	Acts json.RawMessage
	// Sorts is what is to become of the lead while it is an incoming one, JSON for the
	// handler of SortWork; nil for nothing.
	Sorts json.RawMessage
	// Ask is a request that the bot waits for, until SaveBotTurn; nil for none. What is
	// in it is the bot's own business.
	Ask json.RawMessage
	// Close ends the conversation after what was said.
	Close bool
}

// NewBotTurn goes on with a bot that waits for a request.
type NewBotTurn struct {
	Account      chatid.AccountID
	Chat         chatid.ChatID
	Visitor      chatid.VisitorID
	Conversation chatid.ConversationID
	// Ask is the request's id. It goes on once.
	Ask string
	// Source is as in NewInbound.
	Source string
	Bot    *Bot
	// Next is as in Bot, with the visitor's last message; it is not called where an
	// operator has written meanwhile (BOT-13).
	Next  func(state json.RawMessage, said string) BotTurn
	NewID func() string
	Holder
}

// ResumeBot goes on with a bot: b without NewID and Holder. fault.NotFound where the bot
// does not wait for that request, any more or at all.
func (s *Service) ResumeBot(ctx context.Context, b NewBotTurn) error {
	b.NewID, b.Holder = s.newID, s.holder()
	saved, err := s.store.SaveBotTurn(ctx, b)
	if err == nil {
		s.saved(saved)
	}
	return err
}

// BotWork is the card work of a turn; its data is a BotActs.
const BotWork outbox.Kind = "bot"

// SortWork is the card work that accepts, declines or links an incoming lead; its data
// is a BotActs, too. Other work may wait until an incoming lead is sorted: this goes
// before all of it.
const SortWork outbox.Kind = "sort"

// MaxBotWork is how many turns of one conversation may wait for its lead: those after
// them do nothing there.
const MaxBotWork = 20

// BotActs is the data of BotWork and of SortWork. ID is another for each turn.
type BotActs struct {
	ID   string          `json:"id"`
	Acts json.RawMessage `json:"acts"`
}

// BotSay is one message of a bot.
type BotSay struct {
	Text   string
	Markup *Markup // nil for none
}

// ByBot tells a message of the greeting bot: its ClientID is its own ID.
func (m Message) ByBot() bool {
	return m.Direction == Outbound && m.ClientID != "" && string(m.ClientID) == string(m.ID)
}

// Message is one of its messages as it is stored and shown.
func (b *Bot) Message(a chatid.AccountID, id chatid.MessageID, s BotSay) Message {
	return Message{
		ID: id, Account: a, ClientID: chatid.ClientID(id), Direction: Outbound, Kind: KindText, Text: clean(s.Text),
		Content: Content{Markup: s.Markup}, AuthorName: line(b.Name, 120),
	}
}
