package app

import (
	"context"
	"time"

	"leadline/backend/bridge"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/outbox"
)

// cardWorkers is how many conversations' cards are worked on at once: API v4 takes
// few requests a second, of all accounts together.
const cardWorkers = 8

// wireCards makes the desk of card work and its outbox; whoever has such work to do
// sets a handler here.
func (a *App) wireCards(o Options, products bridge.Products, cards *bridge.CardFile, conversations *conversation.Service) {
	a.fields = bridge.NewFieldBook(cards, a.Accounts, o.Now)
	a.chats.Fields = a.fields
	a.cards = bridge.NewCardDesk(bridge.CardDeskDeps{
		Cards: cards, Accounts: a.Accounts, Conversations: conversations, Now: o.Now, Logger: o.Logger,
	})
	a.cards.On(conversation.BotWork, (&bridge.BotActs{Desk: a.cards, Fields: a.fields}).Do)
	a.cards.On(conversation.SortWork, (&bridge.BotSorts{Desk: a.cards, Leaves: func(ctx context.Context, id chatid.AccountID, c chatid.ChatID) (bool, error) {
		set, err := a.greetings.Settings(ctx, id, c)
		return set.LeavesIncoming, err
	}}).Do)
	meta := &bridge.MetaCard{
		Desk: a.cards, Fields: a.fields, Told: conversations, Products: products, Logger: o.Logger,
		Texts: func(language, key string, args map[string]any) string {
			return a.texts.Localizer("", language).Text(key, args)
		},
	}
	a.cards.On(conversation.CardMeta, meta.Do)
	a.cardWorker = outbox.NewWorker(a.store.Cards(), a.cards, outbox.Config{
		Workers: cardWorkers, PerAccount: 2, HandleTimeout: bridge.CardTimeout, Lease: time.Minute, Now: o.Now, Logger: o.Logger,
	})
}
