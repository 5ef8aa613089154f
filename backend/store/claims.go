package store

import (
	"context"
	"fmt"

	"gorm.io/gorm/clause"

	"leadline/backend/account"
	"leadline/backend/chatid"
)

// SaveClaim implements account.Store.
func (s accounts) SaveClaim(ctx context.Context, c account.Claim) error {
	return s.write(ctx, "save claim", func(t *tx) error {
		return t.db.Clauses(clause.OnConflict{UpdateAll: true}).Create(&claimRow{
			Product: c.Product, CRMID: int64(c.CRMID), CRMUser: int64(c.CRMUser), AdminProven: c.AdminProven,
			Team: string(c.Team), User: string(c.User), AmojoID: string(c.AmojoID), Host: c.Host, Locale: c.Locale,
			Refused: c.Refused, Created: ms(c.CreatedAt),
		}).Error
	})
}

// Claim implements account.Store.
func (s accounts) Claim(ctx context.Context, product string, id chatid.CRMAccountID) (account.Claim, error) {
	var r claimRow
	if err := s.reader(ctx).db.Where("product = ? AND crm_id = ?", product, int64(id)).Take(&r).Error; err != nil {
		return account.Claim{}, fmt.Errorf("find claim: %w", translate(err))
	}
	return r.domain(), nil
}

func (r claimRow) domain() account.Claim {
	return account.Claim{
		Product: r.Product, CRMID: chatid.CRMAccountID(r.CRMID), CRMUser: chatid.CRMUserID(r.CRMUser), AdminProven: r.AdminProven,
		Team: chatid.TeamID(r.Team), User: chatid.UserID(r.User), AmojoID: chatid.AmojoID(r.AmojoID), Host: r.Host, Locale: r.Locale,
		Refused: r.Refused, CreatedAt: at(r.Created),
	}
}

// ClaimsOf implements account.Store.
func (s accounts) ClaimsOf(ctx context.Context, t chatid.TeamID) ([]account.Claim, error) {
	var rows []claimRow
	if err := s.reader(ctx).db.Where("team_id = ?", string(t)).Order("created_at, crm_id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list claims: %w", translate(err))
	}
	list := make([]account.Claim, len(rows))
	for i, r := range rows {
		list[i] = r.domain()
	}
	return list, nil
}

// DropClaim implements account.Store.
func (s accounts) DropClaim(ctx context.Context, product string, id chatid.CRMAccountID) error {
	return s.write(ctx, "drop claim", func(t *tx) error {
		return t.db.Where("product = ? AND crm_id = ?", product, int64(id)).Delete(&claimRow{}).Error
	})
}

// SaveGrant implements account.Store.
func (s accounts) SaveGrant(ctx context.Context, g account.Grant) error {
	row := grantRow{
		ID: g.ID, Product: g.Product, CodeSealed: s.sealer.Seal(g.Code, codeAAD(g.Product, g.ID)), Host: g.Host,
		Team: string(g.By.Team), User: string(g.By.User), Locale: g.By.Locale, ReceivedAt: ms(g.ReceivedAt),
	}
	return s.write(ctx, "save grant", func(t *tx) error { return t.db.Create(&row).Error })
}

// Grants implements account.Store: the oldest first.
func (s accounts) Grants(ctx context.Context) ([]account.Grant, error) {
	var rows []grantRow
	if err := s.reader(ctx).db.Order("received_at, id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list grants: %w", translate(err))
	}
	list := make([]account.Grant, 0, len(rows))
	for _, r := range rows {
		code, err := s.sealer.Open(r.CodeSealed, codeAAD(r.Product, r.ID))
		if err != nil {
			return nil, fmt.Errorf("open grant %s: %w", r.ID, err)
		}
		list = append(list, account.Grant{
			ID: r.ID, Product: r.Product, Code: code, Host: r.Host, ReceivedAt: at(r.ReceivedAt),
			By: account.Asker{Team: chatid.TeamID(r.Team), User: chatid.UserID(r.User), Locale: r.Locale},
		})
	}
	return list, nil
}

// DropGrant implements account.Store.
func (s accounts) DropGrant(ctx context.Context, id string) error {
	return s.write(ctx, "drop grant", func(t *tx) error { return t.db.Where("id = ?", id).Delete(&grantRow{}).Error })
}

// write is do with the name of the act in its error.
func (s *Store) write(ctx context.Context, what string, fn func(*tx) error) error {
	if err := s.do(ctx, fn); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
