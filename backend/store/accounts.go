package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"leadline/backend/account"
	"leadline/backend/chatid"
	"leadline/backend/desk"
	"leadline/backend/fault"
)

func (r accountRow) domain() account.Account {
	return account.Account{
		ID: chatid.AccountID(r.ID), Team: chatid.TeamID(r.Team), Product: r.Product, CRMID: chatid.CRMAccountID(r.CRMID),
		AmojoID: chatid.AmojoID(r.AmojoID), Host: r.Host, Name: r.Name, State: account.State(r.State), Reason: r.Reason,
		Scope: chatid.ScopeID(r.Scope), ConnectedBy: chatid.UserID(r.ConnectedBy), PausedUntil: at(r.PausedUntil),
		HasTokens: r.AccessSealed != "", CreatedAt: at(r.Created), UpdatedAt: at(r.Updated),
	}
}

func (s accounts) one(ctx context.Context, query string, args ...any) (account.Account, error) {
	var a account.Account
	var paused, created, updated int64
	err := s.reader(ctx).row(`SELECT id, team_id, product, crm_id, amojo_id, host, name, state, reason, scope, connected_by, paused_until,
		access_sealed <> '', created_at, updated_at FROM accounts WHERE `+query, args...).
		Scan(&a.ID, &a.Team, &a.Product, &a.CRMID, &a.AmojoID, &a.Host, &a.Name, &a.State, &a.Reason, &a.Scope, &a.ConnectedBy, &paused,
			&a.HasTokens, &created, &updated)
	if err != nil {
		return account.Account{}, fmt.Errorf("find account: %w", translate(err))
	}
	a.PausedUntil, a.CreatedAt, a.UpdatedAt = at(paused), at(created), at(updated)
	return a, nil
}

// Account implements account.Store.
func (s accounts) Account(ctx context.Context, id chatid.AccountID) (account.Account, error) {
	return remember(s.Store, id, func() (account.Account, error) { return s.one(ctx, "id = ?", string(id)) })
}

// ByCRM implements account.Store.
func (s accounts) ByCRM(ctx context.Context, product string, id chatid.CRMAccountID) (account.Account, error) {
	return s.one(ctx, "product = ? AND crm_id = ?", product, int64(id))
}

// ByScope implements account.Store.
func (s accounts) ByScope(ctx context.Context, scope chatid.ScopeID) (account.Account, error) {
	return remember(s.Store, scope, func() (account.Account, error) { return s.one(ctx, "scope = ? AND scope <> ''", string(scope)) })
}

// OfTeam implements account.Store.
func (s accounts) OfTeam(ctx context.Context, t chatid.TeamID) ([]account.Account, error) {
	var rows []accountRow
	err := s.reader(ctx).db.Where("team_id = ? AND team_id <> ''", string(t)).Order("created_at, id").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", translate(err))
	}
	list := make([]account.Account, len(rows))
	for i, r := range rows {
		list[i] = r.domain()
	}
	return list, nil
}

// Broken implements account.Store.
func (s accounts) Broken(ctx context.Context) ([]account.Account, error) {
	var rows []accountRow
	if err := s.reader(ctx).db.Where("state = ?", string(account.Broken)).Order("updated_at, id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list broken accounts: %w", translate(err))
	}
	list := make([]account.Account, len(rows))
	for i, r := range rows {
		list[i] = r.domain()
	}
	return list, nil
}

// Idle implements account.Store.
func (s accounts) Idle(ctx context.Context, before time.Time, after chatid.AccountID, limit int) ([]chatid.AccountID, error) {
	var ids []chatid.AccountID
	err := s.reader(ctx).db.Model(&accountRow{}).
		Where("refresh_sealed <> '' AND token_expires_at < ? AND id > ?", ms(before), string(after)).
		Where("NOT (state = ? AND reason = ?)", string(account.Broken), account.ReasonAuthorisation).
		Order("id").Limit(limit).Pluck("id", &ids).Error
	if err != nil {
		return nil, fmt.Errorf("list idle accounts: %w", translate(err))
	}
	return ids, nil
}

// Upsert implements account.Store.
func (s accounts) Upsert(ctx context.Context, a account.Account) (account.Account, error) {
	var stored accountRow
	err := s.do(ctx, func(t *tx) error {
		fresh := accountRow{
			ID: string(a.ID), Team: string(a.Team), Product: a.Product, CRMID: int64(a.CRMID), AmojoID: string(a.AmojoID),
			Host: a.Host, Name: a.Name, State: string(a.State), Reason: a.Reason, Scope: string(a.Scope),
			ConnectedBy: string(a.ConnectedBy), PausedUntil: ms(a.PausedUntil), Created: ms(a.CreatedAt), Updated: ms(a.UpdatedAt),
		}
		// An unknown value never wipes out a known one.
		keep := func(column string) clause.Assignment {
			return clause.Assignment{Column: clause.Column{Name: column},
				Value: gorm.Expr("CASE WHEN excluded." + column + " = '' THEN accounts." + column + " ELSE excluded." + column + " END")}
		}
		err := t.db.Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "product"}, {Name: "crm_id"}},
			DoUpdates: clause.Set{keep("amojo_id"), keep("host"), keep("name"),
				{Column: clause.Column{Name: "updated_at"}, Value: fresh.Updated}},
		}).Create(&fresh).Error
		if err != nil {
			return err
		}
		stored = accountRow{}
		return t.db.Where("product = ? AND crm_id = ?", a.Product, int64(a.CRMID)).Take(&stored).Error
	})
	if err != nil {
		return account.Account{}, fmt.Errorf("save account: %w", err)
	}
	return stored.domain(), nil
}

// SetConnected implements account.Store.
func (s accounts) SetConnected(ctx context.Context, id chatid.AccountID, team chatid.TeamID, u chatid.UserID, amojo chatid.AmojoID, scope chatid.ScopeID, now time.Time) error {
	return s.change(ctx, "connect account", id, func(t *tx, r *accountRow) error {
		if r.Team != "" && r.Team != string(team) && r.State != string(account.Disconnected) {
			return fault.New(fault.Conflict, "account_taken")
		}
		var others int64
		if err := t.db.Model(&accountRow{}).Where("scope = ? AND scope <> '' AND id <> ?", string(scope), r.ID).Count(&others).Error; err != nil {
			return err
		}
		if others > 0 { // one scope in two accounts: hooks could not tell whose they are
			return fault.New(fault.Conflict, "account_taken")
		}
		r.Team, r.ConnectedBy, r.AmojoID, r.Scope = string(team), string(u), string(amojo), string(scope)
		return t.setState(r, account.Connected, "", now)
	})
}

// SetState implements account.Store.
func (s accounts) SetState(ctx context.Context, id chatid.AccountID, state account.State, reason string, now time.Time) error {
	return s.change(ctx, "set account state", id, func(t *tx, r *accountRow) error {
		return t.setState(r, state, reason, now)
	})
}

// MoveState implements account.Store.
func (s accounts) MoveState(ctx context.Context, id chatid.AccountID, from []account.State, to account.State, reason string, now time.Time) (ok bool, err error) {
	err = s.change(ctx, "move account state", id, func(t *tx, r *accountRow) error {
		if ok = slices.Contains(from, account.State(r.State)); !ok {
			return nil
		}
		return t.setState(r, to, reason, now)
	})
	return ok && err == nil, err
}

// setState changes r; what a broken channel or a switched-off account held back
// goes again as soon as it is neither.
func (t *tx) setState(r *accountRow, state account.State, reason string, now time.Time) error {
	waited := r.domain().Waits()
	if state == account.Broken && (r.State != string(state) || r.Reason != reason) {
		if err := t.begins(r.ID, desk.KindConnection, now); err != nil {
			return err
		}
	}
	r.State, r.Reason, r.Updated = string(state), reason, ms(now)
	if !waited || r.domain().Waits() {
		return nil
	}
	r.PausedUntil = 0
	if _, err := t.exec(`UPDATE accounts SET cards_paused_until = 0 WHERE id = ?`, r.ID); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE conversations SET due_at = ? WHERE account_id = ? AND due_at > ? AND token = ''`, ms(now), r.ID, ms(now))
	return err
}

// change locks an account, lets fn change it and writes it back.
func (s accounts) change(ctx context.Context, what string, id chatid.AccountID, fn func(*tx, *accountRow) error) error {
	err := s.do(ctx, func(t *tx) error {
		var r accountRow
		if err := t.forUpdate().Where("id = ?", string(id)).Take(&r).Error; err != nil {
			return err
		}
		if err := fn(t, &r); err != nil {
			return err
		}
		return t.db.Save(&r).Error
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
