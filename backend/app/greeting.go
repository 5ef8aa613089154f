package app

import (
	"context"
	"encoding/json"
	"time"

	"leadline/backend/auth"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/greeting"
	"leadline/backend/httpapi"
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
func sourceOf(chats *onlinechat.Service) func(context.Context, chatid.ChatID) (int64, string) {
	return func(ctx context.Context, c chatid.ChatID) (int64, string) {
		chat, err := chats.Chat(ctx, c)
		if err != nil {
			return 0, ""
		}
		return int64(chat.SourceID), chat.SourceExternalID
	}
}

// returnURL is where servers answer a greeting bot's requests.
func returnURL(chatURL string, keys *auth.Keys) func(greeting.Waiting) (string, error) {
	return func(w greeting.Waiting) (string, error) {
		raw, err := json.Marshal(w)
		if err != nil {
			return "", err
		}
		token, err := keys.BotAnswer(raw, greeting.AskWait)
		return chatURL + httpapi.BotAnswerPath + token, err
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
