package store

import (
	"context"
	"fmt"

	"gorm.io/gorm/clause"

	"leadline/backend/account"
	"leadline/backend/chatid"
	"leadline/backend/fault"
)

type transferRow struct {
	Account string `gorm:"column:account_id;primaryKey"`
	From    string `gorm:"column:from_team"`
	To      string `gorm:"column:to_team"`
	User    string `gorm:"column:user_id"`
	AskedAt int64
	Told    int
}

func (transferRow) TableName() string { return "account_transfers" }

func (r transferRow) domain() account.Transfer {
	return account.Transfer{
		Account: chatid.AccountID(r.Account), From: chatid.TeamID(r.From), To: chatid.TeamID(r.To), User: chatid.UserID(r.User),
		AskedAt: at(r.AskedAt), Told: r.Told,
	}
}

// AddTransfer implements account.TransferStore.
func (s accounts) AddTransfer(ctx context.Context, one account.Transfer) error {
	return s.write(ctx, "add transfer", func(t *tx) error {
		res := t.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&transferRow{
			Account: string(one.Account), From: string(one.From), To: string(one.To), User: string(one.User), AskedAt: ms(one.AskedAt), Told: one.Told,
		})
		if res.Error == nil && res.RowsAffected == 0 {
			return fault.New(fault.Conflict, "transfer_asked")
		}
		return res.Error
	})
}

// Transfer implements account.TransferStore.
func (s accounts) Transfer(ctx context.Context, id chatid.AccountID) (account.Transfer, error) {
	var r transferRow
	if err := s.reader(ctx).db.Where("account_id = ?", string(id)).Take(&r).Error; err != nil {
		return account.Transfer{}, fmt.Errorf("find transfer: %w", translate(err))
	}
	return r.domain(), nil
}

// Transfers implements account.TransferStore.
func (s accounts) Transfers(ctx context.Context) ([]account.Transfer, error) {
	var rows []transferRow
	if err := s.reader(ctx).db.Order("asked_at, account_id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list transfers: %w", translate(err))
	}
	list := make([]account.Transfer, len(rows))
	for i, r := range rows {
		list[i] = r.domain()
	}
	return list, nil
}

// ToldTransfer implements account.TransferStore.
func (s accounts) ToldTransfer(ctx context.Context, id chatid.AccountID, told int) error {
	return s.write(ctx, "note a notice", func(t *tx) error {
		return t.db.Model(&transferRow{}).Where("account_id = ?", string(id)).Update("told", told).Error
	})
}

// DropTransfer implements account.TransferStore.
func (s accounts) DropTransfer(ctx context.Context, id chatid.AccountID) error {
	return s.write(ctx, "drop transfer", func(t *tx) error {
		return found(t.db.Where("account_id = ?", string(id)).Delete(&transferRow{}))
	})
}

// FinishTransfer implements account.TransferStore.
func (s accounts) FinishTransfer(ctx context.Context, one account.Transfer) error {
	return s.change(ctx, "finish transfer", one.Account, func(t *tx, r *accountRow) error {
		err := found(t.db.Where("account_id = ? AND to_team = ?", string(one.Account), string(one.To)).Delete(&transferRow{}))
		if err == nil && r.Team == string(one.From) {
			r.Team, r.ConnectedBy = string(one.To), string(one.User)
		}
		return err
	})
}
