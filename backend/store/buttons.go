package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/fault"
	"leadline/backend/onlinechat"
)

func (r buttonRow) domain() (onlinechat.Button, error) {
	b := onlinechat.Button{
		ID: chatid.ButtonID(r.ID), Account: chatid.AccountID(r.Account), Key: chatid.ButtonKey(strconv.FormatInt(r.Number, 10)),
		Hash: r.Hash, Chat: chatid.ChatID(r.Chat), TrustedSites: r.TrustedSites, InApp: r.InApp,
		Locale: r.Locale, Card: chatid.CardID(r.Card), CreatedAt: at(r.Created),
	}
	if len(r.Channels) > 0 {
		b.Channels = r.Channels
	}
	var err error
	b.Look, err = readLook(r.Look)
	return b, err
}

func readLook(text string) (onlinechat.Look, error) {
	look := onlinechat.DefaultLook()
	if text != "" {
		// Over the default, so that what a later build adds has a value.
		if err := json.Unmarshal([]byte(text), &look); err != nil {
			return look, fmt.Errorf("read look of button: %w", err)
		}
	}
	return look, nil
}

// newButton has no number yet.
func newButton(b onlinechat.Button) (buttonRow, error) {
	look, err := lookText(b.Look)
	return buttonRow{
		ID: string(b.ID), Account: string(b.Account), Hash: b.Hash, Chat: string(b.Chat), TrustedSites: sites(b.TrustedSites),
		InApp: b.InApp, Locale: b.Locale, Look: look, Channels: append([]onlinechat.Channel{}, b.Channels...), Created: ms(b.CreatedAt),
	}, err
}

func lookText(l onlinechat.Look) (string, error) {
	if l == onlinechat.DefaultLook() || l == (onlinechat.Look{}) {
		return "", nil
	}
	text, err := json.Marshal(l)
	if err != nil {
		return "", fmt.Errorf("write look of button: %w", err)
	}
	return string(text), nil
}

// sites is never nil, so that the column holds a list.
func sites(list []string) []string { return append([]string{}, list...) }

// number reads a key from outside: one way of writing it alone is a key.
func number(key chatid.ButtonKey) (int64, error) {
	n, err := strconv.ParseInt(string(key), 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != string(key) {
		return 0, fault.New(fault.NotFound, "not_found")
	}
	return n, nil
}

// Button implements onlinechat.Store.
func (s onlineChats) Button(ctx context.Context, key chatid.ButtonKey) (onlinechat.Button, error) {
	n, err := number(key)
	if err != nil {
		return onlinechat.Button{}, err
	}
	var r buttonRow
	if err := s.reader(ctx).db.Where("number = ? AND removed_at = 0", n).Take(&r).Error; err != nil {
		return onlinechat.Button{}, fmt.Errorf("find button: %w", translate(err))
	}
	return r.domain()
}

// Buttons implements onlinechat.Store.
func (s onlineChats) Buttons(ctx context.Context, a chatid.AccountID) ([]onlinechat.Button, error) {
	var rows []buttonRow
	if err := s.reader(ctx).db.Where("account_id = ? AND removed_at = 0 AND card_id = ''", string(a)).Order("number").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list buttons: %w", translate(err))
	}
	list := make([]onlinechat.Button, len(rows))
	for i, r := range rows {
		var err error
		if list[i], err = r.domain(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// AddButton implements onlinechat.Store.
func (s onlineChats) AddButton(ctx context.Context, b onlinechat.Button, most int) (onlinechat.Button, error) {
	row, err := newButton(b)
	if err != nil {
		return onlinechat.Button{}, err
	}
	err = s.write(ctx, "add button", func(t *tx) error {
		// The account's lock: two that come at once must not both find room.
		if err := t.forUpdate().Select("id").Where("id = ?", string(b.Account)).Take(&accountRow{}).Error; err != nil {
			return err
		}
		var n int64
		if err := t.db.Model(&buttonRow{}).Where("account_id = ? AND removed_at = 0 AND card_id = ''", string(b.Account)).Count(&n).Error; err != nil {
			return err
		}
		if n >= int64(most) {
			return fault.New(fault.Conflict, "too_many_buttons")
		}
		row.Number = 0 // of an attempt before
		return t.db.Create(&row).Error
	})
	if err != nil {
		return onlinechat.Button{}, err
	}
	return row.domain()
}

// RemoveButton implements onlinechat.Store.
func (s onlineChats) RemoveButton(ctx context.Context, a chatid.AccountID, key chatid.ButtonKey, at time.Time) error {
	return s.setButton(ctx, "remove button", a, key, buttonRow{Removed: ms(at)}, "Removed")
}

// SetLook implements onlinechat.Store.
func (s onlineChats) SetLook(ctx context.Context, a chatid.AccountID, key chatid.ButtonKey, l onlinechat.Look) error {
	text, err := lookText(l)
	if err != nil {
		return err
	}
	return s.setButton(ctx, "set look", a, key, buttonRow{Look: text}, "Look")
}

// SetGreets implements onlinechat.Store.
func (s onlineChats) SetGreets(ctx context.Context, a chatid.AccountID, chat chatid.ChatID, keys []chatid.ButtonKey) error {
	return s.write(ctx, "set greeting of buttons", func(t *tx) error {
		var rows []buttonRow
		if err := t.db.Where("account_id = ? AND chat_id = ? AND removed_at = 0", string(a), string(chat)).Order("number").Find(&rows).Error; err != nil {
			return err
		}
		for _, row := range rows {
			b, err := row.domain()
			if err != nil {
				return err
			}
			on := slices.Contains(keys, b.Key)
			if b.Look.Greeting.Enabled == on {
				continue
			}
			b.Look.Greeting.Enabled = on
			if row.Look, err = lookText(b.Look); err != nil {
				return err
			}
			if err := t.db.Model(&buttonRow{}).Where("number = ?", row.Number).Select("Look").Updates(row).Error; err != nil {
				return err
			}
		}
		return nil
	})
}

// SetChannels implements onlinechat.Store.
func (s onlineChats) SetChannels(ctx context.Context, a chatid.AccountID, key chatid.ButtonKey, list []onlinechat.Channel) error {
	return s.setButton(ctx, "set channels", a, key, buttonRow{Channels: append([]onlinechat.Channel{}, list...)}, "Channels")
}

// SetButtonChat implements onlinechat.Store.
func (s onlineChats) SetButtonChat(ctx context.Context, a chatid.AccountID, key chatid.ButtonKey, chat chatid.ChatID) error {
	return s.setButton(ctx, "set chat of button", a, key, buttonRow{Chat: string(chat)}, "Chat")
}

// setButton stores one field of a button of the account.
func (s onlineChats) setButton(ctx context.Context, act string, a chatid.AccountID, key chatid.ButtonKey, row buttonRow, field string) error {
	n, err := number(key)
	if err != nil {
		return err
	}
	return s.write(ctx, act, func(t *tx) error {
		return found(t.db.Model(&buttonRow{}).Where("number = ? AND account_id = ? AND removed_at = 0 AND card_id = ''", n, string(a)).Select(field).Updates(row))
	})
}

// SetTrustedSites implements onlinechat.Store.
func (s onlineChats) SetTrustedSites(ctx context.Context, key chatid.ButtonKey, list []string, inApp bool) error {
	n, err := number(key)
	if err != nil {
		return err
	}
	return s.write(ctx, "set trusted sites", func(t *tx) error {
		return found(t.db.Model(&buttonRow{}).Where("number = ? AND removed_at = 0", n).
			Select("TrustedSites", "InApp").Updates(buttonRow{TrustedSites: sites(list), InApp: inApp}))
	})
}
