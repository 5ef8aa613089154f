package store

import (
	"context"
	"fmt"

	"leadline/backend/chatid"
	"leadline/backend/greeting"
)

// Greetings gives the part for chats' greeting bots.
func (s *Store) Greetings() greeting.Store { return greetings{s} }

// GreetingAsks gives the part for the requests of bots.
func (s *Store) GreetingAsks() greeting.Asks { return greetings{s} }

type greetings struct{ *Store }

// Greeting implements greeting.Store.
func (s greetings) Greeting(ctx context.Context, a chatid.AccountID, c chatid.ChatID) (greeting.Settings, error) {
	return remember(s.Store, greetingKey{a, c}, func() (greeting.Settings, error) { return s.greeting(ctx, a, c) })
}

// greetingKey is memory's of a chat's bot.
type greetingKey struct {
	account chatid.AccountID
	chat    chatid.ChatID
}

func (s greetings) greeting(ctx context.Context, a chatid.AccountID, c chatid.ChatID) (greeting.Settings, error) {
	out := greeting.Settings{Account: a, Chat: c}
	var bot string
	var changed int64
	err := s.reader(ctx).row(`SELECT b.bot, b.name, b.untold <> 0, b.leaves_incoming <> 0, b.changed_at, c.greets <> 0 FROM greeting_bots b JOIN online_chats c ON c.id = b.chat_id
		WHERE b.chat_id = ? AND b.account_id = ?`, string(c), string(a)).Scan(&bot, &out.Name, &out.Untold, &out.LeavesIncoming, &changed, &out.On)
	if err != nil {
		return greeting.Settings{}, fmt.Errorf("read greeting bot: %w", translate(err))
	}
	if bot != "" {
		out.Bot = []byte(bot)
	}
	out.ChangedAt = at(changed)
	return out, nil
}

// SetGreeting implements greeting.Store.
func (s greetings) SetGreeting(ctx context.Context, in greeting.Settings) error {
	err := s.do(ctx, func(t *tx) error {
		err := found(t.db.Model(&onlineChatRow{}).Where("id = ? AND account_id = ?", string(in.Chat), string(in.Account)).Update("greets", flag(in.On)))
		if err != nil {
			return err
		}
		_, err = t.exec(`INSERT INTO greeting_bots (chat_id, account_id, bot, name, untold, leaves_incoming, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (chat_id) DO UPDATE SET bot = excluded.bot, name = excluded.name, untold = excluded.untold, leaves_incoming = excluded.leaves_incoming, changed_at = excluded.changed_at`,
			string(in.Chat), string(in.Account), string(in.Bot), in.Name, flag(in.Untold), flag(in.LeavesIncoming), ms(in.ChangedAt))
		return err
	})
	if err != nil {
		return fmt.Errorf("save greeting bot: %w", err)
	}
	return nil
}
