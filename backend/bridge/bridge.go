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
	ByID(ctx context.Context, a chatid.AccountID, id chatid.ConversationID) (conversation.Conversation, error)
}

// Texts gives a sentence for people who read the product's language.
type Texts func(language, key string, args map[string]any) string

// Bridge carries messages between our model and the chats service.
type Bridge struct {
	products      Products
	chats         *amojo.Client
	accounts      Accounts
	conversations Conversations
	texts         Texts
	now           func() time.Time
	log           *slog.Logger
}

// Deps are what a Bridge needs of others.
type Deps struct {
	Products      Products
	Chats         *amojo.Client
	Accounts      Accounts
	Conversations Conversations
	Texts         Texts
	Now           func() time.Time
	Logger        *slog.Logger
}

// New wires a bridge.
func New(d Deps) *Bridge {
	return &Bridge{
		products: d.Products, chats: d.Chats, accounts: d.Accounts, conversations: d.Conversations,
		texts: d.Texts, now: d.Now, log: d.Logger,
	}
}
