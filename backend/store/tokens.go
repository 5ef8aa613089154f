package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"leadline/backend/account"
	"leadline/backend/chatid"
)

// The places that sealed values are bound to.
func accessAAD(id chatid.AccountID) string  { return "account/" + string(id) + "/access" }
func refreshAAD(id chatid.AccountID) string { return "account/" + string(id) + "/refresh" }
func codeAAD(product, id string) string     { return "grant/" + product + "/" + id + "/code" }

// SaveTokens implements account.Store.
func (s accounts) SaveTokens(ctx context.Context, id chatid.AccountID, tk account.Tokens) error {
	access, refresh := s.sealer.Seal(tk.Access, accessAAD(id)), ""
	if tk.Refresh != "" {
		refresh = s.sealer.Seal(tk.Refresh, refreshAAD(id))
	}
	return s.change(ctx, "save tokens", id, func(_ *tx, r *accountRow) error {
		r.AccessSealed, r.RefreshSealed, r.TokenExpiresAt = access, refresh, ms(tk.ExpiresAt)
		return nil
	})
}

// DropTokens implements account.Store.
func (s accounts) DropTokens(ctx context.Context, id chatid.AccountID) error {
	return s.change(ctx, "drop tokens", id, func(_ *tx, r *accountRow) error {
		r.AccessSealed, r.RefreshSealed, r.TokenExpiresAt = "", "", 0
		return nil
	})
}

// Tokens implements account.Store.
func (s accounts) Tokens(ctx context.Context, id chatid.AccountID) (account.Tokens, error) {
	var r accountRow
	err := s.reader(ctx).db.Select("access_sealed", "refresh_sealed", "token_expires_at").Where("id = ?", string(id)).Take(&r).Error
	if err == nil && r.AccessSealed == "" {
		err = sql.ErrNoRows
	}
	if err != nil {
		return account.Tokens{}, fmt.Errorf("read tokens: %w", translate(err))
	}
	tk := account.Tokens{ExpiresAt: at(r.TokenExpiresAt)}
	if tk.Access, err = s.sealer.Open(r.AccessSealed, accessAAD(id)); err != nil {
		return account.Tokens{}, fmt.Errorf("open access token: %w", err)
	}
	if r.RefreshSealed == "" {
		return tk, nil
	}
	if tk.Refresh, err = s.sealer.Open(r.RefreshSealed, refreshAAD(id)); err != nil {
		return account.Tokens{}, fmt.Errorf("open refresh token: %w", err)
	}
	return tk, nil
}

// LeaseRefresh implements account.Store.
func (s accounts) LeaseRefresh(ctx context.Context, id chatid.AccountID, token string, now, until time.Time) (ok bool, err error) {
	err = s.do(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE accounts SET refresh_holder = ?, refresh_until = ? WHERE id = ? AND (refresh_holder = '' OR refresh_until <= ?)`,
			token, ms(until), string(id), ms(now))
		ok = n == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("lease token refresh: %w", err)
	}
	return ok, nil
}

// ReleaseRefresh implements account.Store.
func (s accounts) ReleaseRefresh(ctx context.Context, id chatid.AccountID, token string) error {
	err := s.do(ctx, func(t *tx) error {
		_, err := t.exec(`UPDATE accounts SET refresh_holder = '', refresh_until = 0 WHERE id = ? AND refresh_holder = ?`, string(id), token)
		return err
	})
	if err != nil {
		return fmt.Errorf("release token refresh: %w", err)
	}
	return nil
}
