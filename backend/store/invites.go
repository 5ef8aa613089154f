package store

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
