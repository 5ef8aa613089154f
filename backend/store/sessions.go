package store

import (
	"context"
	"fmt"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/fault"
	"leadline/backend/team"
)

type sessionRow struct {
	Hash    string `gorm:"primaryKey"`
	User    string `gorm:"column:user_id"`
	Created int64  `gorm:"column:created_at"`
	Seen    int64  `gorm:"column:seen_at"`
}

func (sessionRow) TableName() string { return "user_sessions" }

// AddSession implements team.Store.
func (s teams) AddSession(ctx context.Context, one team.Session, passwordHash string, before time.Time) error {
	return s.write(ctx, "add session", func(t *tx) error {
		if _, err := t.exec(`DELETE FROM user_sessions WHERE created_at < ?`, ms(before)); err != nil {
			return err
		}
		n, err := t.exec(`INSERT INTO user_sessions (hash, user_id, created_at, seen_at)
			SELECT ?, id, ?, ? FROM users WHERE id = ? AND password_hash = ?`, one.Hash, ms(one.CreatedAt), ms(one.SeenAt), string(one.User), passwordHash)
		if err == nil && n == 0 {
			err = fault.New(fault.NotFound, "not_found")
		}
		return err
	})
}

// Session implements team.Store.
func (s teams) Session(ctx context.Context, hash string) (team.Session, team.User, error) {
	var r sessionRow
	if err := s.reader(ctx).db.Where("hash = ?", hash).Take(&r).Error; err != nil {
		return team.Session{}, team.User{}, fmt.Errorf("find session: %w", translate(err))
	}
	u, err := s.User(ctx, chatid.UserID(r.User))
	return team.Session{Hash: r.Hash, User: chatid.UserID(r.User), CreatedAt: at(r.Created), SeenAt: at(r.Seen)}, u, err
}

// SeeSession implements team.Store.
func (s teams) SeeSession(ctx context.Context, hash string, at time.Time) error {
	return s.write(ctx, "see session", func(t *tx) error {
		_, err := t.exec(`UPDATE user_sessions SET seen_at = ? WHERE hash = ?`, ms(at), hash)
		return err
	})
}

// DropSession implements team.Store.
func (s teams) DropSession(ctx context.Context, hash string) error {
	return s.write(ctx, "drop session", func(t *tx) error {
		_, err := t.exec(`DELETE FROM user_sessions WHERE hash = ?`, hash)
		return err
	})
}
