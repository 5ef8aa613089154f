package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
)

type metaRow struct {
	Account string `gorm:"column:account_id;primaryKey"`
	Visitor string `gorm:"column:visitor_id;primaryKey"`
	Chat    string `gorm:"column:chat_id"`
	Meta    string
	// Tracking is JSON, empty for what was told before there was any.
	Tracking string
	First    int64 `gorm:"column:first_at"`
	Changed  int64 `gorm:"column:changed_at"`
}

func (metaRow) TableName() string { return "visitor_meta" }

// SaveMeta implements conversation.Metas.
func (s conversations) SaveMeta(ctx context.Context, m conversation.VisitorMeta, notBefore time.Time) error {
	return s.write(ctx, "save data of a visitor", func(t *tx) error {
		next := m
		was, err := t.meta(m.Account, m.Visitor)
		known := err == nil
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		var wrote, lately int
		if err = t.row(`SELECT count(*), COALESCE(SUM(CASE WHEN created_at >= ? THEN 1 ELSE 0 END), 0) FROM conversations
			WHERE visitor_id = ? AND visitor_id <> '' AND account_id = ?`, ms(notBefore), string(m.Visitor), string(m.Account)).Scan(&wrote, &lately); err != nil {
			return err
		}
		if known && wrote > 0 {
			if was.FirstAt.Before(notBefore) && lately == 0 {
				return fault.New(fault.Conflict, "meta_closed")
			}
			next.FirstAt = was.FirstAt
		}
		if known && !was.Tracking.Empty() {
			next.Tracking = was.Tracking
		}
		meta, err := json.Marshal(next.Meta)
		if err != nil {
			return err
		}
		seen, err := json.Marshal(next.Tracking)
		if err != nil {
			return err
		}
		if known && wrote > 0 {
			before, _ := json.Marshal(was.Meta)
			beforeSeen, _ := json.Marshal(was.Tracking)
			if string(before) == string(meta) && string(beforeSeen) == string(seen) {
				return nil // META-6: sites say the same every few seconds
			}
		}
		if _, err = t.exec(`INSERT INTO visitor_meta (account_id, visitor_id, chat_id, meta, tracking, first_at, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (account_id, visitor_id) DO UPDATE SET meta = excluded.meta, tracking = excluded.tracking, first_at = excluded.first_at, changed_at = excluded.changed_at`,
			string(m.Account), string(m.Visitor), string(m.Chat), string(meta), string(seen), ms(next.FirstAt), ms(m.ChangedAt)); err != nil || wrote == 0 {
			return err
		}
		var lane string
		err = t.row(`SELECT id FROM conversations WHERE account_id = ? AND visitor_id = ? AND lead_id <> 0 ORDER BY touched_at DESC LIMIT 1`,
			string(m.Account), string(m.Visitor)).Scan(&lane)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // it goes with the lead
		}
		if err == nil {
			err = t.metaWork(string(m.Account), lane, string(m.Visitor), ms(m.ChangedAt))
		}
		if err != nil {
			return err
		}
		return t.cardsDue(lane)
	})
}

// Meta implements conversation.Metas.
func (s conversations) Meta(ctx context.Context, a chatid.AccountID, v chatid.VisitorID) (conversation.VisitorMeta, error) {
	m, err := s.reader(ctx).meta(a, v)
	if err != nil {
		return m, fmt.Errorf("read data of a visitor: %w", translate(err))
	}
	return m, nil
}

func (t *tx) meta(a chatid.AccountID, v chatid.VisitorID) (conversation.VisitorMeta, error) {
	m := conversation.VisitorMeta{Account: a, Visitor: v}
	var chat, raw, seen string
	var first, changed int64
	err := t.row(`SELECT chat_id, meta, tracking, first_at, changed_at FROM visitor_meta WHERE account_id = ? AND visitor_id = ?`, string(a), string(v)).
		Scan(&chat, &raw, &seen, &first, &changed)
	if err == nil {
		err = json.Unmarshal([]byte(raw), &m.Meta)
	}
	if err == nil && seen != "" {
		err = json.Unmarshal([]byte(seen), &m.Tracking)
	}
	m.Chat, m.FirstAt, m.ChangedAt = chatid.ChatID(chat), at(first), at(changed)
	return m, err
}
