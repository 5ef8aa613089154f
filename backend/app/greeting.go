package app

import (
	"context"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/onlinechat"
)

// begun tells the greeting bot whether a visitor has written already, or was written to.
func begun(c *conversation.Service) func(context.Context, conversation.Who) (bool, error) {
	return func(ctx context.Context, who conversation.Who) (bool, error) {
		_, _, err := c.Find(ctx, who)
		if fault.Is(err, fault.NotFound) {
			return false, nil
		}
		return err == nil, err
	}
}

// cardsOf tells the greeting bot which cards the CRM has of a visitor.
func cardsOf(c *conversation.Service) func(context.Context, conversation.Who) (int64, chatid.ContactID) {
	return func(ctx context.Context, who conversation.Who) (int64, chatid.ContactID) {
		found, _, err := c.Find(ctx, who)
		if err != nil {
			return 0, 0
		}
		cards, err := c.CardsOf(ctx, who.Account, found.ID)
		if err != nil {
			return 0, 0
		}
		return cards.Lead, cards.Contact
	}
}

// sourceOf tells the greeting bot which of the CRM's sources a chat writes to.
func sourceOf(chats *onlinechat.Service) func(context.Context, chatid.ChatID) int64 {
	return func(ctx context.Context, c chatid.ChatID) int64 {
		chat, err := chats.Chat(ctx, c)
		if err != nil {
			return 0
		}
		return int64(chat.SourceID)
	}
}

// zone is that of a chat's working hours; UTC where it has none.
func zone(chats *onlinechat.Service) func(context.Context, chatid.ChatID) *time.Location {
	return func(ctx context.Context, c chatid.ChatID) *time.Location {
		r, err := chats.Reach(ctx, c)
		if err != nil || !r.Hours.Set() {
			return time.UTC
		}
		at, err := time.LoadLocation(r.Hours.Zone)
		if err != nil {
			return time.UTC
		}
		return at
	}
}
