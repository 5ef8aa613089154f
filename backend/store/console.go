package store

import (
	"context"
	"fmt"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/console"
)

type ticketRow struct {
	ID      string `gorm:"primaryKey"`
	Expires int64  `gorm:"column:expires_at"`
}

func (ticketRow) TableName() string { return "console_tickets" }

type logRow struct {
	Account string `gorm:"column:account_id;primaryKey"`
	ID      string `gorm:"primaryKey"`
	CRMUser int64  `gorm:"column:crm_user"`
	At      int64
	Act     string
	Subject string
	Outcome string
}

func (logRow) TableName() string { return "console_log" }

func (r logRow) domain() console.Entry {
	return console.Entry{
		ID: r.ID, Account: chatid.AccountID(r.Account), CRMUser: chatid.CRMUserID(r.CRMUser), At: at(r.At),
		Act: console.Act(r.Act), Subject: r.Subject, Outcome: r.Outcome,
	}
}

// UseTicket implements console.Store.
func (s consoles) UseTicket(ctx context.Context, id string, until, now time.Time) (fresh bool, err error) {
	err = s.write(ctx, "use console ticket", func(t *tx) error {
		if _, err := t.exec(`DELETE FROM console_tickets WHERE expires_at < ?`, ms(now)); err != nil {
			return err
		}
		n, err := t.exec(`INSERT INTO console_tickets (id, expires_at) VALUES (?, ?) ON CONFLICT DO NOTHING`, id, ms(until))
		fresh = n == 1
		return err
	})
	return fresh, err
}

// AddEntry implements console.Store.
func (s consoles) AddEntry(ctx context.Context, e console.Entry) error {
	r := logRow{
		Account: string(e.Account), ID: e.ID, CRMUser: int64(e.CRMUser), At: ms(e.At), Act: string(e.Act), Subject: e.Subject, Outcome: e.Outcome,
	}
	return s.write(ctx, "add to the console's log", func(t *tx) error {
		row := r // gorm writes into what it creates, and a closure may run again
		return t.db.Create(&row).Error
	})
}

// SetOutcome implements console.Store.
func (s consoles) SetOutcome(ctx context.Context, a chatid.AccountID, id, outcome string) error {
	return s.write(ctx, "complete the console's log", func(t *tx) error {
		return found(t.db.Model(&logRow{}).Where("account_id = ? AND id = ?", string(a), id).Update("outcome", outcome))
	})
}

// Entries implements console.Store.
func (s consoles) Entries(ctx context.Context, a chatid.AccountID, before string, limit int) ([]console.Entry, error) {
	q := s.reader(ctx).db.Where("account_id = ?", string(a))
	if before != "" {
		q = q.Where("id < ?", before)
	}
	var rows []logRow
	if err := q.Order("id DESC").Limit(limit).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list the console's log: %w", translate(err))
	}
	list := make([]console.Entry, len(rows))
	for i, r := range rows {
		list[i] = r.domain()
	}
	return list, nil
}
