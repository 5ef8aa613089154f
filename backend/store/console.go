package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"leadline/backend/chatid"
	"leadline/backend/console"
)

type ticketRow struct {
	ID      string `gorm:"primaryKey"`
	Expires int64  `gorm:"column:expires_at"`
}

func (ticketRow) TableName() string { return "console_tickets" }

// actRow is what the logs of accounts and of teams share.
type actRow struct {
	ID      string `gorm:"primaryKey"`
	User    string `gorm:"column:user_id"`
	Login   string
	At      int64
	Act     string
	Subject string
	Outcome string
}

type logRow struct {
	Account string `gorm:"column:account_id;primaryKey"`
	CRMUser int64  `gorm:"column:crm_user"`
	Line    actRow `gorm:"embedded"`
}

func (logRow) TableName() string { return "console_log" }

type teamLogRow struct {
	Team string `gorm:"column:team_id;primaryKey"`
	Line actRow `gorm:"embedded"`
}

func (teamLogRow) TableName() string { return "team_log" }

func actRowOf(e console.Entry) actRow {
	return actRow{ID: e.ID, User: string(e.User), Login: e.Login, At: ms(e.At), Act: string(e.Act), Subject: e.Subject, Outcome: e.Outcome}
}

func (r actRow) domain() console.Entry {
	return console.Entry{
		ID: r.ID, User: chatid.UserID(r.User), Login: r.Login, At: at(r.At), Act: console.Act(r.Act), Subject: r.Subject, Outcome: r.Outcome,
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
	return s.write(ctx, "add to the console's log", func(t *tx) error {
		if e.Account == "" {
			return t.db.Create(&teamLogRow{Team: string(e.Team), Line: actRowOf(e)}).Error
		}
		return t.db.Create(&logRow{Account: string(e.Account), CRMUser: int64(e.CRMUser), Line: actRowOf(e)}).Error
	})
}

// SetOutcome implements console.Store.
func (s consoles) SetOutcome(ctx context.Context, e console.Entry) error {
	return s.write(ctx, "complete the console's log", func(t *tx) error {
		if e.Account == "" {
			return found(t.db.Model(&teamLogRow{}).Where("team_id = ? AND id = ?", string(e.Team), e.ID).Update("outcome", e.Outcome))
		}
		return found(t.db.Model(&logRow{}).Where("account_id = ? AND id = ?", string(e.Account), e.ID).Update("outcome", e.Outcome))
	})
}

// Entries implements console.Store.
func (s consoles) Entries(ctx context.Context, a chatid.AccountID, before string, limit int) ([]console.Entry, error) {
	var rows []logRow
	if err := s.page(ctx, before, limit).Where("account_id = ?", string(a)).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list the console's log: %w", translate(err))
	}
	list := make([]console.Entry, len(rows))
	for i, r := range rows {
		list[i] = r.Line.domain()
		list[i].Account, list[i].CRMUser = chatid.AccountID(r.Account), chatid.CRMUserID(r.CRMUser)
	}
	return list, nil
}

// TeamEntries implements console.Store.
func (s consoles) TeamEntries(ctx context.Context, of chatid.TeamID, before string, limit int) ([]console.Entry, error) {
	var rows []teamLogRow
	if err := s.page(ctx, before, limit).Where("team_id = ?", string(of)).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list a team's log: %w", translate(err))
	}
	list := make([]console.Entry, len(rows))
	for i, r := range rows {
		list[i] = r.Line.domain()
		list[i].Team = chatid.TeamID(r.Team)
	}
	return list, nil
}

// page is the newest first, before an id.
func (s consoles) page(ctx context.Context, before string, limit int) *gorm.DB {
	q := s.reader(ctx).db.Order("id DESC").Limit(limit)
	if before != "" {
		q = q.Where("id < ?", before)
	}
	return q
}
