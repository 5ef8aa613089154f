package store

import (
	"context"
	"fmt"

	"gorm.io/gorm/clause"

	"leadline/backend/chatid"
	"leadline/backend/fault"
	"leadline/backend/team"
)

type inviteRow struct {
	ID        string `gorm:"primaryKey"`
	Team      string `gorm:"column:team_id"`
	Email     string
	Role      string
	Hash      string
	InvitedBy string
	Created   int64 `gorm:"column:created_at"`
}

func (inviteRow) TableName() string { return "team_invites" }

func (r inviteRow) domain() team.Invite {
	return team.Invite{
		ID: r.ID, Team: chatid.TeamID(r.Team), Email: r.Email, Role: team.Role(r.Role), Hash: r.Hash, InvitedBy: r.InvitedBy, CreatedAt: at(r.Created),
	}
}

// Members implements team.MemberStore.
func (s teams) Members(ctx context.Context, t chatid.TeamID) ([]team.User, error) {
	var rows []userRow
	if err := s.reader(ctx).db.Where("team_id = ?", string(t)).Order("created_at, id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list members: %w", translate(err))
	}
	list := make([]team.User, len(rows))
	for i, r := range rows {
		list[i] = r.domain()
	}
	return list, nil
}

// Invites implements team.MemberStore.
func (s teams) Invites(ctx context.Context, t chatid.TeamID) ([]team.Invite, error) {
	var rows []inviteRow
	if err := s.reader(ctx).db.Where("team_id = ?", string(t)).Order("created_at, id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list invitations: %w", translate(err))
	}
	list := make([]team.Invite, len(rows))
	for i, r := range rows {
		list[i] = r.domain()
	}
	return list, nil
}

// ofTeam changes one of the team's users, with nobody else changing its users
// meanwhile, and undoes it when no owner is left.
func (s teams) ofTeam(ctx context.Context, what string, of chatid.TeamID, change func(*tx) error) error {
	return s.write(ctx, what, func(t *tx) error {
		if _, err := t.exec(`UPDATE teams SET created_at = created_at WHERE id = ?`, string(of)); err != nil {
			return err
		}
		if err := change(t); err != nil {
			return err
		}
		var owners int64
		err := t.db.Model(&userRow{}).Where("team_id = ? AND role = ?", string(of), string(team.Owner)).Count(&owners).Error
		if err == nil && owners == 0 {
			err = fault.New(fault.Conflict, "last_owner")
		}
		return err
	})
}

// SetRole implements team.MemberStore.
func (s teams) SetRole(ctx context.Context, of chatid.TeamID, id chatid.UserID, r team.Role) error {
	return s.ofTeam(ctx, "set role", of, func(t *tx) error {
		return found(t.db.Model(&userRow{}).Where("team_id = ? AND id = ?", string(of), string(id)).Update("role", string(r)))
	})
}

// RemoveMember implements team.MemberStore.
func (s teams) RemoveMember(ctx context.Context, of chatid.TeamID, id chatid.UserID) error {
	return s.ofTeam(ctx, "remove member", of, func(t *tx) error {
		if _, err := t.exec(`DELETE FROM user_sessions WHERE user_id IN (SELECT id FROM users WHERE team_id = ? AND id = ?)`, string(of), string(id)); err != nil {
			return err
		}
		return found(t.db.Where("team_id = ? AND id = ?", string(of), string(id)).Delete(&userRow{}))
	})
}

// SaveInvite implements team.MemberStore.
func (s teams) SaveInvite(ctx context.Context, i team.Invite) error {
	return s.write(ctx, "save invitation", func(t *tx) error {
		if err := t.db.Where("team_id = ? AND email = ?", string(i.Team), i.Email).Delete(&inviteRow{}).Error; err != nil {
			return err
		}
		return t.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&inviteRow{
			ID: i.ID, Team: string(i.Team), Email: i.Email, Role: string(i.Role), Hash: i.Hash, InvitedBy: i.InvitedBy, Created: ms(i.CreatedAt),
		}).Error
	})
}

// InviteByHash implements team.MemberStore.
func (s teams) InviteByHash(ctx context.Context, hash string) (team.Invite, error) {
	var r inviteRow
	if err := s.reader(ctx).db.Where("hash = ?", hash).Take(&r).Error; err != nil {
		return team.Invite{}, fmt.Errorf("find invitation: %w", translate(err))
	}
	return r.domain(), nil
}

// DropInvite implements team.MemberStore.
func (s teams) DropInvite(ctx context.Context, of chatid.TeamID, id string) error {
	return s.write(ctx, "drop invitation", func(t *tx) error {
		return found(t.db.Where("team_id = ? AND id = ?", string(of), id).Delete(&inviteRow{}))
	})
}

// Join implements team.MemberStore.
func (s teams) Join(ctx context.Context, inviteID string, u team.User) error {
	return s.write(ctx, "join a team", func(t *tx) error {
		if err := found(t.db.Where("id = ?", inviteID).Delete(&inviteRow{})); err != nil {
			return err
		}
		left, err := t.teamOf(u.ID)
		if err != nil {
			return err
		}
		if left != "" && left != string(u.Team) {
			var others, accounts, claims int64
			err := t.db.Model(&userRow{}).Where("team_id = ? AND id <> ?", left, string(u.ID)).Count(&others).Error
			if err == nil {
				err = t.db.Model(&accountRow{}).Where("team_id = ?", left).Count(&accounts).Error
			}
			if err == nil {
				err = t.db.Model(&claimRow{}).Where("team_id = ?", left).Count(&claims).Error
			}
			if err != nil {
				return err
			}
			if others+accounts+claims > 0 {
				return fault.New(fault.Conflict, "other_team")
			}
		}
		row := userRow{
			ID: string(u.ID), Team: string(u.Team), Email: u.Email, Role: string(u.Role), PasswordHash: u.PasswordHash,
			Verified: ms(u.VerifiedAt), Locale: u.Locale, Created: ms(u.CreatedAt),
		}
		if left == "" {
			return t.db.Create(&row).Error
		}
		return t.db.Save(&row).Error
	})
}

// teamOf is the team of a user, "" for one who is not there; nobody changes it
// meanwhile.
func (t *tx) teamOf(id chatid.UserID) (string, error) {
	var rows []userRow
	if err := t.forUpdate().Where("id = ?", string(id)).Find(&rows).Error; err != nil || len(rows) == 0 {
		return "", err
	}
	return rows[0].Team, nil
}

// SetLocale implements team.MemberStore.
func (s teams) SetLocale(ctx context.Context, id chatid.UserID, locale string) error {
	return s.write(ctx, "set language", func(t *tx) error {
		return found(t.db.Model(&userRow{}).Where("id = ?", string(id)).Update("locale", locale))
	})
}
