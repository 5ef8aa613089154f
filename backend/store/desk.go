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
	"leadline/backend/desk"
)

type callBackRow struct {
	ID           string `gorm:"primaryKey"`
	Account      string `gorm:"column:account_id"`
	Conversation string `gorm:"column:conversation_id"`
	Message      string `gorm:"column:message_id"`
	Phone        string
	Name         string
	Text         string
	Responsible  int64
	TakenBy      int64
	AliveAt      int64
	ReleasedBy   int64
	DoneAt       int64
	Created      int64 `gorm:"column:created_at"`
}

func (callBackRow) TableName() string { return "callbacks" }

type presenceRow struct {
	Account    string `gorm:"column:account_id;primaryKey"`
	Online     string
	ReportedAt int64
	GoodUntil  int64
}

func (presenceRow) TableName() string { return "presence" }

type incidentRow struct {
	Account string `gorm:"column:account_id;primaryKey"`
	Kind    string `gorm:"primaryKey"`
	Started int64  `gorm:"column:started_at"`
}

func (incidentRow) TableName() string { return "incidents" }

type toldRow struct {
	Account  string `gorm:"column:account_id;primaryKey"`
	CRMUser  int64  `gorm:"column:crm_user;primaryKey;autoIncrement:false"`
	Incident string `gorm:"primaryKey"`
	ToldAt   int64
}

func (toldRow) TableName() string { return "told" }

// Desk gives the part for what the browsers of CRM users tell and are told.
func (s *Store) Desk() desk.Store { return desks{s} }

type desks struct{ *Store }

// Presence implements desk.Store.
func (s desks) Presence(ctx context.Context, a chatid.AccountID) (p desk.Presence, err error) {
	var online string
	var reported, until int64
	err = s.reader(ctx).row(`SELECT online, reported_at, good_until FROM presence WHERE account_id = ?`, string(a)).Scan(&online, &reported, &until)
	if errors.Is(err, sql.ErrNoRows) {
		return desk.Presence{}, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(online), &p.Online)
	}
	if err != nil {
		return desk.Presence{}, fmt.Errorf("read presence: %w", translate(err))
	}
	p.ReportedAt, p.GoodUntil = at(reported), at(until)
	return p, nil
}

// SavePresence implements desk.Store.
func (s desks) SavePresence(ctx context.Context, a chatid.AccountID, p desk.Presence) error {
	online, err := json.Marshal(append([]chatid.CRMUserID{}, p.Online...))
	if err != nil {
		return fmt.Errorf("write presence: %w", err)
	}
	return s.write(ctx, "save presence", func(t *tx) error {
		_, err := t.exec(`INSERT INTO presence (account_id, online, reported_at, good_until) VALUES (?, ?, ?, ?)
			ON CONFLICT (account_id) DO UPDATE SET online = excluded.online, reported_at = excluded.reported_at, good_until = excluded.good_until
			WHERE presence.reported_at <= excluded.reported_at`, string(a), string(online), ms(p.ReportedAt), ms(p.GoodUntil))
		return err
	})
}

// callBackOpen tells whether a conversation has a call-back that is not over.
func (t *tx) callBackOpen(account, conversation string, since time.Time) (open bool, err error) {
	err = t.row(`SELECT count(*) > 0 FROM callbacks WHERE conversation_id = ? AND account_id = ? AND done_at = 0 AND created_at > ?`,
		conversation, account, ms(since)).Scan(&open)
	return open, err
}

// insertCallBack stores a call-back. Until the CRM says whose the lead is, it is
// for the operator who wrote to the visitor last.
func (t *tx) insertCallBack(l *lane, b conversation.CallBack, m chatid.MessageID, now time.Time) error {
	_, err := t.exec(`INSERT INTO callbacks (id, account_id, conversation_id, message_id, phone, name, text, created_at, responsible)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, COALESCE((SELECT o.crm_user FROM messages w JOIN operators o ON o.account_id = w.account_id AND o.user_ref = w.author_ref
			WHERE w.conversation_id = ? AND w.direction = ? AND w.author_ref <> '' ORDER BY w.at DESC, w.seq DESC LIMIT 1), 0))`,
		string(b.ID), l.account, l.id, string(m), b.Phone, b.Name, b.Text, ms(now), l.id, string(conversation.Outbound))
	return err
}

// Open implements desk.Store.
func (s desks) Open(ctx context.Context, a chatid.AccountID, since time.Time, limit int) ([]desk.CallBack, error) {
	rows, err := s.reader(ctx).rows(`SELECT b.id, b.phone, CASE WHEN b.name <> '' THEN b.name ELSE COALESCE(v.name, '') END, b.text, b.responsible,
		b.taken_by, b.alive_at, b.released_by, b.created_at, c.lead_id, COALESCE(v.contact_id, 0)
		FROM callbacks b JOIN conversations c ON c.id = b.conversation_id LEFT JOIN visitors v ON v.id = c.visitor_id
		WHERE b.account_id = ? AND b.done_at = 0 AND b.created_at > ? ORDER BY b.created_at, b.id LIMIT ?`, string(a), ms(since), limit)
	if err != nil {
		return nil, fmt.Errorf("list call-backs: %w", translate(err))
	}
	defer rows.Close()
	return collect(rows, func(r scanner) (b desk.CallBack, err error) {
		var alive, created int64
		err = r.Scan(&b.ID, &b.Phone, &b.Name, &b.Text, &b.Responsible, &b.TakenBy, &alive, &b.ReleasedBy, &created, &b.Lead, &b.Contact)
		b.AliveAt, b.At = at(alive), at(created)
		return b, err
	})
}

// Move implements desk.Store.
func (s desks) Move(ctx context.Context, m desk.Move) (ok bool, err error) {
	const mine, free = `taken_by = ? AND alive_at > ?`, `(taken_by = 0 OR alive_at <= ? OR taken_by = ?)`
	by, silent := int64(m.By), ms(m.Silent)
	var query string
	var args []any
	switch m.Step {
	case desk.Taken:
		query, args = `taken_by = ?, alive_at = ? WHERE `+free, []any{by, ms(m.Now), silent, by}
	case desk.Done:
		query, args = `done_at = ? WHERE `+free, []any{ms(m.Now), silent, by}
	case desk.Released:
		query, args = `taken_by = 0, alive_at = 0, released_by = ? WHERE `+mine, []any{by, by, silent}
	default:
		return false, nil
	}
	err = s.write(ctx, "move call-back", func(t *tx) error {
		n, err := t.exec(`UPDATE callbacks SET `+query+` AND id = ? AND account_id = ? AND done_at = 0`, append(args, string(m.ID), string(m.Account))...)
		ok = n == 1
		return err
	})
	return ok && err == nil, err
}

// Waiting implements desk.Store.
func (s desks) Waiting(ctx context.Context, a chatid.AccountID, c chatid.ConversationID, since time.Time) (bool, error) {
	open, err := s.reader(ctx).callBackOpen(string(a), string(c), since)
	if err != nil {
		return false, fmt.Errorf("look for a call-back: %w", translate(err))
	}
	return open, nil
}

// SetResponsible implements desk.Store.
func (s desks) SetResponsible(ctx context.Context, a chatid.AccountID, c chatid.ConversationID, u chatid.CRMUserID) error {
	return s.write(ctx, "save responsible user", func(t *tx) error {
		_, err := t.exec(`UPDATE callbacks SET responsible = ? WHERE conversation_id = ? AND account_id = ? AND done_at = 0 AND responsible <> ?`,
			int64(u), string(c), string(a), int64(u))
		return err
	})
}

// Purge implements desk.Store.
func (s desks) Purge(ctx context.Context, before time.Time) error {
	return s.write(ctx, "forget call-backs", func(t *tx) error {
		_, err := t.exec(`DELETE FROM callbacks WHERE created_at < ?`, ms(before))
		return err
	})
}

// begins notes that something is wrong with an account from now on. It may take the
// lock of no row but its own: callers hold locks of very different rows.
func (t *tx) begins(account, kind string, now time.Time) error {
	_, err := t.exec(`INSERT INTO incidents (account_id, kind, started_at) VALUES (?, ?, ?)
		ON CONFLICT (account_id, kind) DO UPDATE SET started_at = excluded.started_at`, account, kind, ms(now))
	return err
}

// Since implements desk.Store.
func (s desks) Since(ctx context.Context, a chatid.AccountID) (map[string]time.Time, error) {
	rows, err := s.reader(ctx).rows(`SELECT kind, started_at FROM incidents WHERE account_id = ?`, string(a))
	if err != nil {
		return nil, fmt.Errorf("read incidents: %w", translate(err))
	}
	defer rows.Close()
	since := map[string]time.Time{}
	_, err = collect(rows, func(r scanner) (struct{}, error) {
		var kind string
		var started int64
		err := r.Scan(&kind, &started)
		since[kind] = at(started)
		return struct{}{}, err
	})
	return since, err
}

// Told implements desk.Store.
func (s desks) Told(ctx context.Context, a chatid.AccountID, u chatid.CRMUserID) ([]string, error) {
	rows, err := s.reader(ctx).rows(`SELECT incident FROM told WHERE account_id = ? AND crm_user = ?`, string(a), int64(u))
	if err != nil {
		return nil, fmt.Errorf("read incidents told: %w", translate(err))
	}
	defer rows.Close()
	return collect(rows, func(r scanner) (id string, err error) {
		err = r.Scan(&id)
		return id, err
	})
}

// toldFor is how long it is remembered that a user was told.
const toldFor = 365 * 24 * time.Hour

// SaveTold implements desk.Store.
func (s desks) SaveTold(ctx context.Context, a chatid.AccountID, u chatid.CRMUserID, ids []string, now time.Time) error {
	return s.write(ctx, "save incidents told", func(t *tx) error {
		for _, id := range ids {
			if _, err := t.exec(`INSERT INTO told (account_id, crm_user, incident, told_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
				string(a), int64(u), id, ms(now)); err != nil {
				return err
			}
		}
		_, err := t.exec(`DELETE FROM told WHERE account_id = ? AND crm_user = ? AND told_at < ?`, string(a), int64(u), ms(now.Add(-toldFor)))
		return err
	})
}
