package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"gorm.io/gorm"

	"leadline/backend/chatid"
	"leadline/backend/fault"
	"leadline/backend/onlinechat"
)

func (r onlineChatRow) domain() onlinechat.Chat {
	return onlinechat.Chat{
		ID: chatid.ChatID(r.ID), Account: chatid.AccountID(r.Account), Name: r.Name, Pipeline: chatid.PipelineID(r.Pipeline),
		SourceExternalID: r.SourceExternalID, SourceID: chatid.SourceID(r.SourceID), Default: r.IsDefault != 0,
		Several: r.Several != 0, CreatedAt: at(r.Created),
	}
}

func (r buttonRow) domain() onlinechat.Button {
	return onlinechat.Button{
		ID: chatid.ButtonID(r.ID), Account: chatid.AccountID(r.Account), Key: chatid.ButtonKey(strconv.FormatInt(r.Number, 10)),
		Hash: r.Hash, Chat: chatid.ChatID(r.Chat), TrustedSites: r.TrustedSites, InApp: r.InApp, Color: r.Color,
		Locale: r.Locale, Position: r.Position, CreatedAt: at(r.Created),
	}
}

// EnsureFirst implements onlinechat.Store.
func (s onlineChats) EnsureFirst(ctx context.Context, c onlinechat.Chat, b onlinechat.Button) (onlinechat.Chat, onlinechat.Button, error) {
	return s.ensure(ctx, c, b, "removed_at = 0")
}

// EnsureIn implements onlinechat.Store.
func (s onlineChats) EnsureIn(ctx context.Context, c onlinechat.Chat, b onlinechat.Button, main chatid.PipelineID) (onlinechat.Chat, bool, error) {
	pipelines := []int64{int64(c.Pipeline)}
	if c.Pipeline == main {
		pipelines = append(pipelines, 0)
	}
	in, _, err := s.ensure(ctx, c, b, "removed_at = 0 AND pipeline_id IN ?", pipelines)
	return in, in.ID == c.ID, err
}

// ensure gives the oldest of the account's chats that which asks for, and its first
// button; what is not there is made of c and b.
func (s onlineChats) ensure(ctx context.Context, c onlinechat.Chat, b onlinechat.Button, which string, args ...any) (onlinechat.Chat, onlinechat.Button, error) {
	var chat onlineChatRow
	var button buttonRow
	err := s.do(ctx, func(t *tx) error {
		// The account's lock: two that come at once must not both find nothing.
		if err := t.forUpdate().Select("id").Where("id = ?", string(c.Account)).Take(&accountRow{}).Error; err != nil {
			return err
		}
		chat, button = onlineChatRow{}, buttonRow{}
		err := t.db.Where("account_id = ?", string(c.Account)).Where(which, args...).Order("created_at, id").Limit(1).Take(&chat).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			chat = chatRow(c)
			err = t.db.Create(&chat).Error
		}
		if err != nil {
			return err
		}
		err = t.db.Where("account_id = ? AND chat_id = ?", chat.Account, chat.ID).Order("number").Limit(1).Take(&button).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			button = newButton(b)
			button.Chat = chat.ID
			err = t.db.Create(&button).Error
		}
		return err
	})
	if err != nil {
		return onlinechat.Chat{}, onlinechat.Button{}, fmt.Errorf("ensure online chat: %w", err)
	}
	return chat.domain(), button.domain(), nil
}

func chatRow(c onlinechat.Chat) onlineChatRow {
	return onlineChatRow{
		ID: string(c.ID), Account: string(c.Account), Name: c.Name, Pipeline: int64(c.Pipeline), SourceExternalID: c.SourceExternalID,
		SourceID: int64(c.SourceID), IsDefault: flag(c.Default), Several: flag(c.Several), IdentityMode: string(onlinechat.Optional), Created: ms(c.CreatedAt),
	}
}

// newButton has no number yet.
func newButton(b onlinechat.Button) buttonRow {
	return buttonRow{
		ID: string(b.ID), Account: string(b.Account), Hash: b.Hash, Chat: string(b.Chat), TrustedSites: sites(b.TrustedSites),
		InApp: b.InApp, Color: b.Color, Locale: b.Locale, Position: b.Position, Created: ms(b.CreatedAt),
	}
}

// AddChat implements onlinechat.Store.
func (s onlineChats) AddChat(ctx context.Context, c onlinechat.Chat, b onlinechat.Button) (onlinechat.Button, error) {
	var button buttonRow
	err := s.write(ctx, "add online chat", func(t *tx) error {
		chat := chatRow(c)
		button = newButton(b)
		if err := t.db.Create(&chat).Error; err != nil {
			return err
		}
		return t.db.Create(&button).Error
	})
	return button.domain(), err
}

// SetChat implements onlinechat.Store.
func (s onlineChats) SetChat(ctx context.Context, c onlinechat.Chat) error {
	return s.write(ctx, "change online chat", func(t *tx) error {
		if c.Default {
			if _, err := t.exec(`UPDATE online_chats SET is_default = 0 WHERE account_id = ?`, string(c.Account)); err != nil {
				return err
			}
		}
		return found(t.db.Model(&onlineChatRow{}).Where("id = ? AND account_id = ?", string(c.ID), string(c.Account)).
			Select("Name", "Pipeline", "SourceID", "IsDefault").Updates(chatRow(c)))
	})
}

// RemoveChat implements onlinechat.Store.
func (s onlineChats) RemoveChat(ctx context.Context, id chatid.ChatID, at time.Time) error {
	return s.write(ctx, "remove online chat", func(t *tx) error {
		if _, err := t.exec(`UPDATE buttons SET chat_id = '' WHERE chat_id = ?`, string(id)); err != nil {
			return err
		}
		_, err := t.exec(`UPDATE online_chats SET removed_at = ?, is_default = 0, source_id = 0 WHERE id = ?`, ms(at), string(id))
		return err
	})
}

// sites is never nil, so that the column holds a list.
func sites(list []string) []string { return append([]string{}, list...) }

// SetSource implements onlinechat.Store.
func (s onlineChats) SetSource(ctx context.Context, id chatid.ChatID, source chatid.SourceID) error {
	return s.write(ctx, "set source", func(t *tx) error {
		return found(t.db.Model(&onlineChatRow{}).Where("id = ?", string(id)).Update("source_id", int64(source)))
	})
}

// Button implements onlinechat.Store.
func (s onlineChats) Button(ctx context.Context, key chatid.ButtonKey) (onlinechat.Button, error) {
	n, err := number(key)
	if err != nil {
		return onlinechat.Button{}, err
	}
	var r buttonRow
	if err := s.reader(ctx).db.Where("number = ?", n).Take(&r).Error; err != nil {
		return onlinechat.Button{}, fmt.Errorf("find button: %w", translate(err))
	}
	return r.domain(), nil
}

// number reads a key from outside: one way of writing it alone is a key.
func number(key chatid.ButtonKey) (int64, error) {
	n, err := strconv.ParseInt(string(key), 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != string(key) {
		return 0, fault.New(fault.NotFound, "not_found")
	}
	return n, nil
}

// Chat implements onlinechat.Store.
func (s onlineChats) Chat(ctx context.Context, id chatid.ChatID) (onlinechat.Chat, error) {
	// Plain SQL: every visitor's message asks.
	var c onlinechat.Chat
	var created int64
	err := s.reader(ctx).row(`SELECT id, account_id, name, pipeline_id, source_external_id, source_id, is_default <> 0, several <> 0, created_at
		FROM online_chats WHERE id = ?`, string(id)).
		Scan(&c.ID, &c.Account, &c.Name, &c.Pipeline, &c.SourceExternalID, &c.SourceID, &c.Default, &c.Several, &created)
	if err != nil {
		return onlinechat.Chat{}, fmt.Errorf("find online chat: %w", translate(err))
	}
	c.CreatedAt = at(created)
	return c, nil
}

// Chats implements onlinechat.Store.
func (s onlineChats) Chats(ctx context.Context, a chatid.AccountID) ([]onlinechat.Chat, error) {
	var rows []onlineChatRow
	if err := s.reader(ctx).db.Where("account_id = ? AND removed_at = 0", string(a)).Order("created_at, id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list online chats: %w", translate(err))
	}
	list := make([]onlinechat.Chat, len(rows))
	for i, r := range rows {
		list[i] = r.domain()
	}
	return list, nil
}

// Buttons implements onlinechat.Store.
func (s onlineChats) Buttons(ctx context.Context, a chatid.AccountID) ([]onlinechat.Button, error) {
	var rows []buttonRow
	if err := s.reader(ctx).db.Where("account_id = ?", string(a)).Order("number").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list buttons: %w", translate(err))
	}
	list := make([]onlinechat.Button, len(rows))
	for i, r := range rows {
		list[i] = r.domain()
	}
	return list, nil
}

// SetTrustedSites implements onlinechat.Store.
func (s onlineChats) SetTrustedSites(ctx context.Context, key chatid.ButtonKey, list []string, inApp bool) error {
	n, err := number(key)
	if err != nil {
		return err
	}
	return s.write(ctx, "set trusted sites", func(t *tx) error {
		return found(t.db.Model(&buttonRow{}).Where("number = ?", n).
			Select("TrustedSites", "InApp").Updates(buttonRow{TrustedSites: sites(list), InApp: inApp}))
	})
}

// found makes an update of nothing a fault.
func found(res *gorm.DB) error {
	if res.Error == nil && res.RowsAffected == 0 {
		return fault.New(fault.NotFound, "not_found")
	}
	return res.Error
}
