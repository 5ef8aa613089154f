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
	First   int64 `gorm:"column:first_at"`
	Changed int64 `gorm:"column:changed_at"`
}

func (metaRow) TableName() string { return "visitor_meta" }

// SaveMeta implements conversation.Metas.
func (s conversations) SaveMeta(ctx context.Context, m conversation.VisitorMeta, notBefore time.Time) error {
	raw, err := json.Marshal(m.Meta)
	if err != nil {
		return fmt.Errorf("write data of a visitor: %w", err)
	}
	var stored int64
	err = s.do(ctx, func(t *tx) (err error) {
		stored, err = t.exec(`INSERT INTO visitor_meta (account_id, visitor_id, chat_id, meta, first_at, changed_at) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (account_id, visitor_id) DO UPDATE SET meta = excluded.meta, changed_at = excluded.changed_at WHERE visitor_meta.first_at >= ?`,
			string(m.Account), string(m.Visitor), string(m.Chat), string(raw), ms(m.FirstAt), ms(m.ChangedAt), ms(notBefore))
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("save data of a visitor: %w", err)
	case stored == 0:
		return fault.New(fault.Conflict, "meta_closed")
	}
	return nil
}

// Meta implements conversation.Metas.
func (s conversations) Meta(ctx context.Context, a chatid.AccountID, v chatid.VisitorID) (conversation.VisitorMeta, error) {
	m := conversation.VisitorMeta{Account: a, Visitor: v}
	var chat, raw string
	var first, changed int64
	err := s.reader(ctx).row(`SELECT chat_id, meta, first_at, changed_at FROM visitor_meta WHERE account_id = ? AND visitor_id = ?`, string(a), string(v)).
		Scan(&chat, &raw, &first, &changed)
	if errors.Is(err, sql.ErrNoRows) {
		return m, fault.Wrap(fault.NotFound, "not_found", err)
	}
	if err != nil {
		return m, fmt.Errorf("read data of a visitor: %w", translate(err))
	}
	if err = json.Unmarshal([]byte(raw), &m.Meta); err != nil {
		return m, fmt.Errorf("read data of a visitor: %w", err)
	}
	m.Chat, m.FirstAt, m.ChangedAt = chatid.ChatID(chat), at(first), at(changed)
	return m, nil
}
