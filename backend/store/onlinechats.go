package store

import (
	"context"
	"errors"
	"fmt"
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
		Several: r.Several != 0, Greets: r.Greets != 0, ExternalID: onlinechat.CardField{Kind: onlinechat.CardKind(r.ExternalKind), ID: r.ExternalField, Name: r.ExternalName}, CreatedAt: at(r.Created),
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
		err = t.db.Where("account_id = ? AND chat_id = ? AND removed_at = 0 AND card_id = ''", chat.Account, chat.ID).Order("number").Limit(1).Take(&button).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			b.Chat = chatid.ChatID(chat.ID)
			if button, err = newButton(b); err == nil {
				err = t.db.Create(&button).Error
			}
		}
		return err
	})
	if err != nil {
		return onlinechat.Chat{}, onlinechat.Button{}, fmt.Errorf("ensure online chat: %w", err)
	}
	b, err = button.domain()
	return chat.domain(), b, err
}

func chatRow(c onlinechat.Chat) onlineChatRow {
	return onlineChatRow{
		ID: string(c.ID), Account: string(c.Account), Name: c.Name, Pipeline: int64(c.Pipeline), SourceExternalID: c.SourceExternalID,
		SourceID: int64(c.SourceID), IsDefault: flag(c.Default), Several: flag(c.Several), IdentityMode: string(onlinechat.Optional), Created: ms(c.CreatedAt),
	}
}

// AddChat implements onlinechat.Store.
func (s onlineChats) AddChat(ctx context.Context, c onlinechat.Chat, b onlinechat.Button) (onlinechat.Button, error) {
	var button buttonRow
	err := s.write(ctx, "add online chat", func(t *tx) error {
		chat := chatRow(c)
		err := t.db.Create(&chat).Error
		if err == nil {
			button, err = newButton(b)
		}
		if err != nil {
			return err
		}
		return t.db.Create(&button).Error
	})
	if err != nil {
		return onlinechat.Button{}, err
	}
	return button.domain()
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

// SetExternalIDField implements onlinechat.Store.
func (s onlineChats) SetExternalIDField(ctx context.Context, a chatid.AccountID, id chatid.ChatID, f onlinechat.CardField) error {
	return s.write(ctx, "choose the field of external ids", func(t *tx) error {
		return found(t.db.Model(&onlineChatRow{}).Where("id = ? AND account_id = ?", string(id), string(a)).
			Select("ExternalKind", "ExternalField", "ExternalName").Updates(onlineChatRow{ExternalKind: string(f.Kind), ExternalField: f.ID, ExternalName: f.Name}))
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

// SetSource implements onlinechat.Store.
func (s onlineChats) SetSource(ctx context.Context, id chatid.ChatID, source chatid.SourceID) error {
	return s.write(ctx, "set source", func(t *tx) error {
		return found(t.db.Model(&onlineChatRow{}).Where("id = ?", string(id)).Update("source_id", int64(source)))
	})
}

// Chat implements onlinechat.Store.
func (s onlineChats) Chat(ctx context.Context, id chatid.ChatID) (onlinechat.Chat, error) {
	return remember(s.Store, id, func() (onlinechat.Chat, error) { return s.chat(ctx, id) })
}

func (s onlineChats) chat(ctx context.Context, id chatid.ChatID) (onlinechat.Chat, error) {
	var c onlinechat.Chat
	var created int64
	err := s.reader(ctx).row(`SELECT id, account_id, name, pipeline_id, source_external_id, source_id, is_default <> 0, several <> 0, greets <> 0,
		external_kind, external_field, external_name, created_at FROM online_chats WHERE id = ?`, string(id)).
		Scan(&c.ID, &c.Account, &c.Name, &c.Pipeline, &c.SourceExternalID, &c.SourceID, &c.Default, &c.Several, &c.Greets,
			&c.ExternalID.Kind, &c.ExternalID.ID, &c.ExternalID.Name, &created)
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

// found makes an update of nothing a fault.
func found(res *gorm.DB) error {
	if res.Error == nil && res.RowsAffected == 0 {
		return fault.New(fault.NotFound, "not_found")
	}
	return res.Error
}
