package store

import (
	"context"
	"encoding/json"
	"fmt"

	"leadline/backend/chatid"
	"leadline/backend/fault"
	"leadline/backend/keyaction"
)

type keyActionRow struct {
	ID      string `gorm:"primaryKey"`
	Account string `gorm:"column:account_id"`
	Button  string `gorm:"column:button_id"`
	Place   int64
	Body    string
}

func (keyActionRow) TableName() string { return "key_actions" }

// KeyActions gives the part for key actions.
func (s *Store) KeyActions() keyaction.Store { return keyActions{s} }

type keyActions struct{ *Store }

// Actions implements keyaction.Store.
func (s keyActions) Actions(ctx context.Context, a chatid.AccountID, b chatid.ButtonID) ([]keyaction.Action, error) {
	rows, err := s.reader(ctx).rows(`SELECT id, body FROM key_actions WHERE button_id = ? AND account_id = ? ORDER BY place, id`, string(b), string(a))
	if err != nil {
		return nil, fmt.Errorf("list key actions: %w", translate(err))
	}
	defer rows.Close()
	return collect(rows, func(r scanner) (act keyaction.Action, err error) {
		var id, body string
		if err = r.Scan(&id, &body); err == nil {
			err = json.Unmarshal([]byte(body), &act)
		}
		act.ID = id
		return act, err
	})
}

// SaveAction implements keyaction.Store.
func (s keyActions) SaveAction(ctx context.Context, a chatid.AccountID, b chatid.ButtonID, act keyaction.Action, made bool, most int) error {
	id := act.ID
	act.ID = "" // it has a column of its own
	body, err := json.Marshal(act)
	if err != nil {
		return fmt.Errorf("write key action: %w", err)
	}
	return s.write(ctx, "save key action", func(t *tx) error {
		if !made {
			return changed(t.exec(`UPDATE key_actions SET body = ? WHERE id = ? AND button_id = ? AND account_id = ?`, string(body), id, string(b), string(a)))
		}
		// The button's lock: two that come at once must not both find room.
		if err := t.forUpdate().Select("id").Where("id = ? AND account_id = ?", string(b), string(a)).Take(&buttonRow{}).Error; err != nil {
			return err
		}
		var n int
		var last int64
		if err := t.row(`SELECT count(*), COALESCE(MAX(place), 0) FROM key_actions WHERE button_id = ?`, string(b)).Scan(&n, &last); err != nil {
			return err
		}
		if n >= most {
			return fault.New(fault.Conflict, "too_many_actions")
		}
		row := keyActionRow{ID: id, Account: string(a), Button: string(b), Place: last + 1, Body: string(body)}
		return t.db.Create(&row).Error
	})
}

// changed makes a change of nothing a fault.
func changed(n int64, err error) error {
	if err == nil && n == 0 {
		return fault.New(fault.NotFound, "not_found")
	}
	return err
}

// RemoveAction implements keyaction.Store.
func (s keyActions) RemoveAction(ctx context.Context, a chatid.AccountID, b chatid.ButtonID, id string) error {
	return s.write(ctx, "remove key action", func(t *tx) error {
		return changed(t.exec(`DELETE FROM key_actions WHERE id = ? AND button_id = ? AND account_id = ?`, id, string(b), string(a)))
	})
}

// MoveAction implements keyaction.Store.
func (s keyActions) MoveAction(ctx context.Context, a chatid.AccountID, b chatid.ButtonID, id string, up bool) error {
	return s.write(ctx, "move key action", func(t *tx) error {
		if err := t.forUpdate().Select("id").Where("id = ? AND account_id = ?", string(b), string(a)).Take(&buttonRow{}).Error; err != nil {
			return err
		}
		var list []keyActionRow
		if err := t.db.Where("button_id = ?", string(b)).Order("place, id").Find(&list).Error; err != nil {
			return err
		}
		for i, r := range list {
			if r.ID != id {
				continue
			}
			to := i + 1
			if up {
				to = i - 1
			}
			if to < 0 || to >= len(list) {
				return nil // it is at the end already
			}
			list[i], list[to] = list[to], list[i]
			for place, r := range list {
				if _, err := t.exec(`UPDATE key_actions SET place = ? WHERE id = ?`, place+1, r.ID); err != nil {
					return err
				}
			}
			return nil
		}
		return fault.New(fault.NotFound, "not_found")
	})
}
