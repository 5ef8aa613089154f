// Package bridge is the only place that knows both sides: our model, and the
// wire of the Chats API and of API v4. It delivers the outbox's jobs, takes in
// hooks, and does for the account service what it asks of the CRM.
package bridge

import (
	"context"
	"log/slog"
	"time"

	"leadline/backend/account"
	"leadline/backend/amocrm"
	"leadline/backend/amojo"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
)

// Product is one CRM product as the vendor clients need it.
type Product struct {
	Name    string
	Channel amojo.Channel
	// Title is the channel's name in the accounts.
	Title string
	OAuth amocrm.Integration
	// MultipleSources: we make one lead source per online chat; else the CRM
	// keeps a single one and messages name none (W §7.3).
	MultipleSources bool
	// ChannelCode is origin_code of the sources that we make.
	ChannelCode string
	// Language is that of texts that operators read.
	Language string
	// BotID is the channel's own speaker, in whose name imported messages of unknown
	// people go out (C §3.4.3); empty when support did not tell it.
	BotID chatid.UserRef
}

// Products finds records by name and by channel.
type Products struct {
	byName    map[string]Product
	byChannel map[chatid.ChannelID]Product
}

// NewProducts indexes the records.
func NewProducts(list []Product) Products {
	p := Products{byName: map[string]Product{}, byChannel: map[chatid.ChannelID]Product{}}
	for _, r := range list {
		p.byName[r.Name] = r
		p.byChannel[r.Channel.ID] = r
	}
	return p
}

// Accounts is the account service, as far as deliveries and hooks need it.
type Accounts interface {
	Account(ctx context.Context, id chatid.AccountID) (account.Account, error)
	ByScope(ctx context.Context, s chatid.ScopeID) (account.Account, error)
	ScopeRefused(ctx context.Context, id chatid.AccountID, skew time.Duration) (retry time.Duration)
	Works(ctx context.Context, a account.Account)
	HookVersion(ctx context.Context, a account.Account)
}

// Conversations is the conversation service, as far as hooks and history need it.
type Conversations interface {
	Receive(ctx context.Context, r conversation.Received) error
	OperatorTypes(ctx context.Context, a chatid.AccountID, id chatid.ConversationID, ref chatid.ChatRef, until time.Time, name string) error
	OperatorReacts(ctx context.Context, r conversation.OperatorReaction) error
	ByID(ctx context.Context, a chatid.AccountID, id chatid.ConversationID) (conversation.Conversation, error)
	ByChat(ctx context.Context, a chatid.AccountID, ref chatid.ChatRef) (conversation.Conversation, error)
	Closes(ctx context.Context, a chatid.AccountID, id chatid.ConversationID, t chatid.TalkID) error
	FormerChats(ctx context.Context, a chatid.AccountID, id chatid.ConversationID) ([]chatid.ChatRef, error)
	Reach(ctx context.Context, a chatid.AccountID, to conversation.Addressee) (conversation.Conversation, error)
}

// Cards is what API v4 knows of chats: contacts and talks, asked with the
// account's own token. Errors are faults; NotFound and Unauthenticated mean that
// the account gives no answer, Unavailable, Timeout and Limited that it may later.
type Cards interface {
	// ContactOfChat is 0 when the chat has none.
	ContactOfChat(ctx context.Context, a account.Account, chat chatid.ChatRef) (chatid.ContactID, error)
	ChatsOfContact(ctx context.Context, a account.Account, c chatid.ContactID) ([]chatid.ChatRef, error)
	LinkChat(ctx context.Context, a account.Account, c chatid.ContactID, chat chatid.ChatRef) error
	CloseTalk(ctx context.Context, a account.Account, t chatid.TalkID) error
}

// Operators knows the users of accounts; it is a Sync.
type Operators interface {
	// Operator finds one by their id in the chats service; ok is false for one that
	// is not known, yet or at all.
	Operator(ctx context.Context, a chatid.AccountID, ref chatid.UserRef) (o account.Operator, ok bool)
}

// Texts gives a sentence for people who read the product's language.
type Texts func(language, key string, args map[string]any) string

// Bridge carries messages between our model and the chats service.
type Bridge struct {
	products      Products
	chats         *amojo.Client
	accounts      Accounts
	conversations Conversations
	cards         Cards
	operators     Operators
	fileURL       func(key, name string) string
	lost          func(a chatid.AccountID, since time.Time)
	texts         Texts
	now           func() time.Time
	log           *slog.Logger
	rests         rests
}

// Deps are what a Bridge needs of others.
type Deps struct {
	Products      Products
	Chats         *amojo.Client
	Accounts      Accounts
	Conversations Conversations
	Cards         Cards
	Operators     Operators
	// FileURL is the lasting address of a file, which the service downloads.
	FileURL func(key, name string) string
	// Lost is told of hooks that could not be stored; an empty account means any.
	Lost   func(a chatid.AccountID, since time.Time)
	Texts  Texts
	Now    func() time.Time
	Logger *slog.Logger
}

// New wires a bridge.
func New(d Deps) *Bridge {
	return &Bridge{
		products: d.Products, chats: d.Chats, accounts: d.Accounts, conversations: d.Conversations, cards: d.Cards, operators: d.Operators, fileURL: d.FileURL, lost: d.Lost,
		texts: d.Texts, now: d.Now, log: d.Logger,
	}
}
