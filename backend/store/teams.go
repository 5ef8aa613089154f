package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm/clause"

	"leadline/backend/chatid"
	"leadline/backend/fault"
	"leadline/backend/team"
)

// CreateUser implements team.Store.
func (s teams) CreateUser(ctx context.Context, u team.User) error {
	return s.write(ctx, "create user", func(t *tx) error {
		err := t.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&teamRow{ID: string(u.Team), Created: ms(u.CreatedAt)}).Error
		if err != nil {
			return err
		}
		res := t.db.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "email"}}, DoNothing: true}).Create(&userRow{
			ID: string(u.ID), Team: string(u.Team), Email: u.Email, Role: string(u.Role), PasswordHash: u.PasswordHash,
			Verified: ms(u.VerifiedAt), Locale: u.Locale, Created: ms(u.CreatedAt),
		})
		if res.Error == nil && res.RowsAffected == 0 {
			return fault.New(fault.Conflict, "email_taken") // undoes the team too
		}
		return res.Error
	})
}

func (r userRow) domain() team.User {
	return team.User{
		ID: chatid.UserID(r.ID), Team: chatid.TeamID(r.Team), Email: r.Email, Role: team.Role(r.Role), PasswordHash: r.PasswordHash,
		VerifiedAt: at(r.Verified), Locale: r.Locale, CreatedAt: at(r.Created),
	}
}

func (s teams) user(ctx context.Context, query string, args ...any) (team.User, error) {
	var r userRow
	if err := s.reader(ctx).db.Where(query, args...).Order("created_at, id").Limit(1).Take(&r).Error; err != nil {
		return team.User{}, fmt.Errorf("find user: %w", translate(err))
	}
	return r.domain(), nil
}

// UserByEmail implements team.Store.
func (s teams) UserByEmail(ctx context.Context, email string) (team.User, error) {
	return s.user(ctx, "email = ?", email)
}

// User implements team.Store.
func (s teams) User(ctx context.Context, id chatid.UserID) (team.User, error) {
	return s.user(ctx, "id = ?", string(id))
}

// OwnerOf implements team.Store.
func (s teams) OwnerOf(ctx context.Context, t chatid.TeamID) (team.User, error) {
	return s.user(ctx, "team_id = ? AND role = ?", string(t), string(team.Owner))
}

// Verify implements team.Store.
func (s teams) Verify(ctx context.Context, id chatid.UserID, at time.Time) error {
	return s.write(ctx, "verify user", func(t *tx) error {
		return t.db.Model(&userRow{}).Where("id = ? AND verified_at = 0", string(id)).Update("verified_at", ms(at)).Error
	})
}

// SetPassword implements team.Store.
func (s teams) SetPassword(ctx context.Context, email, hash string) error {
	return s.write(ctx, "set password", func(t *tx) error {
		if err := found(t.db.Model(&userRow{}).Where("email = ?", email).Update("password_hash", hash)); err != nil {
			return err
		}
		_, err := t.exec(`DELETE FROM user_sessions WHERE user_id IN (SELECT id FROM users WHERE email = ?)`, email)
		return err
	})
}

// ReplacePassword implements team.Store.
func (s teams) ReplacePassword(ctx context.Context, id chatid.UserID, old, hash string, at time.Time) error {
	return s.write(ctx, "replace password", func(t *tx) error {
		if err := found(t.db.Model(&userRow{}).Where("id = ? AND password_hash = ?", string(id), old).Update("password_hash", hash)); err != nil {
			return err
		}
		if _, err := t.exec(`DELETE FROM user_sessions WHERE user_id = ?`, string(id)); err != nil {
			return err
		}
		return t.db.Model(&userRow{}).Where("id = ? AND verified_at = 0", string(id)).Update("verified_at", ms(at)).Error
	})
}
