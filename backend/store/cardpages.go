package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/fault"
	"leadline/backend/onlinechat"
)

type cardPageRow struct {
	ID      string `gorm:"primaryKey"`
	Account string `gorm:"column:account_id"`
	Page    string
	Created int64 `gorm:"column:created_at"`
	Updated int64 `gorm:"column:updated_at"`
}

func (cardPageRow) TableName() string { return "card_pages" }

type cardSlugRow struct {
	Slug      string `gorm:"primaryKey"`
	Account   string `gorm:"column:account_id"`
	Card      string `gorm:"column:card_id"`
	KeptUntil int64
}

func (cardSlugRow) TableName() string { return "card_slugs" }

// fullCardPage is a page with its slug and its button.
type fullCardPage struct {
	Card   cardPageRow `gorm:"embedded"`
	Slug   string
	Number int64
	Hash   string
	Chat   string `gorm:"column:chat_id"`
	Look   string
}

func (r fullCardPage) domain() (onlinechat.Card, error) {
	c := onlinechat.Card{
		ID: chatid.CardID(r.Card.ID), Account: chatid.AccountID(r.Card.Account), Slug: r.Slug, Chat: chatid.ChatID(r.Chat),
		Button: chatid.ButtonKey(strconv.FormatInt(r.Number, 10)), Hash: r.Hash, CreatedAt: at(r.Card.Created), UpdatedAt: at(r.Card.Updated),
	}
	if err := json.Unmarshal([]byte(r.Card.Page), &c.CardPage); err != nil {
		return c, fmt.Errorf("read card page: %w", err)
	}
	var err error
	c.Look, err = readLook(r.Look)
	return c, err
}

func newCardPageRow(c onlinechat.Card) (cardPageRow, error) {
	page, err := json.Marshal(c.CardPage)
	if err != nil {
		return cardPageRow{}, fmt.Errorf("write card page: %w", err)
	}
	return cardPageRow{ID: string(c.ID), Account: string(c.Account), Page: string(page), Created: ms(c.CreatedAt), Updated: ms(c.UpdatedAt)}, nil
}

// cardPages lists pages, oldest first.
func (t *tx) cardPages(where string, args ...any) ([]onlinechat.Card, error) {
	var rows []fullCardPage
	err := t.db.Raw(`SELECT c.id, c.account_id, c.page, c.created_at, c.updated_at, s.slug, b.number, b.hash, b.chat_id, b.look FROM card_pages c
		JOIN card_slugs s ON s.card_id = c.id AND s.kept_until = 0 JOIN buttons b ON b.card_id = c.id
		WHERE `+where+` ORDER BY c.created_at, c.id`, args...).Scan(&rows).Error
	if err != nil {
		return nil, err
	}
	list := make([]onlinechat.Card, len(rows))
	for i, r := range rows {
		if list[i], err = r.domain(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// cardPage finds one page.
func (t *tx) cardPage(where string, args ...any) (onlinechat.Card, error) {
	list, err := t.cardPages(where, args...)
	if err == nil && len(list) == 0 {
		err = fault.New(fault.NotFound, "not_found")
	}
	if err != nil {
		return onlinechat.Card{}, err
	}
	return list[0], nil
}

const oneCardPage = `c.account_id = ? AND c.id = ?`

// AddCard implements onlinechat.CardStore.
func (s onlineChats) AddCard(ctx context.Context, c onlinechat.Card, b onlinechat.Button, most int) (onlinechat.Card, error) {
	row, err := newCardPageRow(c)
	if err != nil {
		return onlinechat.Card{}, err
	}
	button, err := newButton(b)
	if err != nil {
		return onlinechat.Card{}, err
	}
	button.Card = row.ID
	var added onlinechat.Card
	err = s.write(ctx, "add card page", func(t *tx) error {
		// The account's lock: two that come at once must not both find room.
		if err := t.forUpdate().Select("id").Where("id = ?", row.Account).Take(&accountRow{}).Error; err != nil {
			return err
		}
		var n int64
		if err := t.db.Model(&cardPageRow{}).Where("account_id = ?", row.Account).Count(&n).Error; err != nil {
			return err
		}
		if n >= int64(most) {
			return fault.New(fault.Conflict, "too_many_cards").With("Max", most)
		}
		card, b := row, button // gorm writes into what it creates, and a closure may run again
		if err := t.db.Create(&card).Error; err != nil {
			return err
		}
		if err := t.db.Create(&b).Error; err != nil {
			return err
		}
		if err := t.takeSlug(c.Slug, card, card.Created); err != nil {
			return err
		}
		added, err = t.cardPage(oneCardPage, card.Account, card.ID)
		return err
	})
	return added, err
}

// takeSlug gives a page a slug that is free, or that its account has kept, or that was
// kept until now.
func (t *tx) takeSlug(slug string, c cardPageRow, now int64) error {
	n, err := t.exec(`INSERT INTO card_slugs (slug, account_id, card_id, kept_until) VALUES (?, ?, ?, 0)
		ON CONFLICT (slug) DO UPDATE SET account_id = excluded.account_id, card_id = excluded.card_id, kept_until = 0
		WHERE card_slugs.kept_until <> 0 AND (card_slugs.kept_until <= ? OR card_slugs.account_id = excluded.account_id)`, slug, c.Account, c.ID, now)
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "slug_taken")
	}
	return err
}

// keepSlug keeps the slug that a page has for its account; card is "" where it leads
// nowhere any more.
func (t *tx) keepSlug(a, id, card string, until time.Time) error {
	if _, err := t.exec(`UPDATE card_slugs SET kept_until = ? WHERE card_id = ? AND kept_until = 0`, ms(until), id); err != nil {
		return err
	}
	if _, err := t.exec(`UPDATE card_slugs SET card_id = ? WHERE card_id = ?`, card, id); err != nil {
		return err
	}
	_, err := t.exec(`DELETE FROM card_slugs WHERE account_id = ? AND kept_until <> 0 AND slug NOT IN
		(SELECT slug FROM card_slugs WHERE account_id = ? AND kept_until <> 0 ORDER BY kept_until DESC, slug LIMIT ?)`, a, a, onlinechat.MaxKeptSlugs)
	return err
}

// Card implements onlinechat.CardStore.
func (s onlineChats) Card(ctx context.Context, a chatid.AccountID, id chatid.CardID) (onlinechat.Card, error) {
	c, err := s.reader(ctx).cardPage(oneCardPage, string(a), string(id))
	if err != nil {
		return c, fmt.Errorf("find card page: %w", translate(err))
	}
	return c, nil
}

// CardsOf implements onlinechat.CardStore.
func (s onlineChats) CardsOf(ctx context.Context, a chatid.AccountID) ([]onlinechat.Card, error) {
	list, err := s.reader(ctx).cardPages(`c.account_id = ?`, string(a))
	if err != nil {
		return nil, fmt.Errorf("list card pages: %w", translate(err))
	}
	return list, nil
}

// CardAt implements onlinechat.CardStore.
func (s onlineChats) CardAt(ctx context.Context, slug string, now time.Time) (onlinechat.Card, error) {
	c, err := s.reader(ctx).cardPage(`c.id = (SELECT card_id FROM card_slugs WHERE slug = ? AND (kept_until = 0 OR kept_until > ?))`, slug, ms(now))
	if err != nil {
		return c, fmt.Errorf("find card page: %w", translate(err))
	}
	return c, nil
}

// SetCard implements onlinechat.CardStore.
func (s onlineChats) SetCard(ctx context.Context, c onlinechat.Card, until time.Time) (old onlinechat.Card, err error) {
	row, err := newCardPageRow(c)
	if err != nil {
		return old, err
	}
	look, err := lookText(c.Look)
	if err != nil {
		return old, err
	}
	err = s.write(ctx, "change card page", func(t *tx) error {
		old, err = t.ownCardPage(row)
		if err != nil {
			return err
		}
		if old.Slug != c.Slug {
			if err := t.keepSlug(row.Account, row.ID, row.ID, until); err != nil {
				return err
			}
			if err := t.takeSlug(c.Slug, row, row.Updated); err != nil {
				return err
			}
		}
		if err := t.db.Model(&cardPageRow{}).Where("id = ?", row.ID).Select("Page", "Updated").Updates(row).Error; err != nil {
			return err
		}
		return t.db.Model(&buttonRow{}).Where("card_id = ?", row.ID).Select("Chat", "Look", "Locale").
			Updates(buttonRow{Chat: string(c.Chat), Look: look, Locale: c.Locale}).Error
	})
	return old, err
}

// RemoveCard implements onlinechat.CardStore.
func (s onlineChats) RemoveCard(ctx context.Context, a chatid.AccountID, id chatid.CardID, now, until time.Time) (old onlinechat.Card, err error) {
	row := cardPageRow{ID: string(id), Account: string(a)}
	err = s.write(ctx, "remove card page", func(t *tx) error {
		if old, err = t.ownCardPage(row); err != nil {
			return err
		}
		if err := t.keepSlug(row.Account, row.ID, "", until); err != nil {
			return err
		}
		if _, err := t.exec(`UPDATE buttons SET chat_id = '', removed_at = ? WHERE card_id = ?`, ms(now), row.ID); err != nil {
			return err
		}
		_, err := t.exec(`DELETE FROM card_pages WHERE id = ?`, row.ID)
		return err
	})
	return old, err
}

// ownCard reads a page of the account and keeps others from changing it.
func (t *tx) ownCardPage(row cardPageRow) (onlinechat.Card, error) {
	if err := t.forUpdate().Select("id").Where("id = ? AND account_id = ?", row.ID, row.Account).Take(&cardPageRow{}).Error; err != nil {
		return onlinechat.Card{}, err
	}
	return t.cardPage(oneCardPage, row.Account, row.ID)
}
