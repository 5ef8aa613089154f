package account

import (
	"context"
	"errors"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// renamed stores an account's new address.
func (s *Service) renamed(ctx context.Context, a *Account, host string) error {
	stored, err := s.store.Upsert(ctx, Account{ID: a.ID, Product: a.Product, CRMID: a.CRMID, Host: host, State: a.State, UpdatedAt: s.now()})
	if err != nil {
		return err
	}
	s.log.Info("account renamed", "account_id", string(a.ID), "host", stored.Host)
	a.Host = stored.Host
	return nil
}

// at calls do with the account's address; when it is no longer the account's,
// the CRM is asked for the new one, which is stored and tried (W §8.6).
func (s *Service) at(ctx context.Context, a *Account, do func(host string) error) error {
	err := do(a.Host)
	if !errors.Is(err, ErrMoved) {
		return err
	}
	t, terr := s.store.Tokens(ctx, a.ID)
	if terr != nil {
		return terr
	}
	if t.Refresh == "" {
		return err // only who has a refresh token is told the new address
	}
	host, herr := s.crm.CurrentHost(ctx, a.Product, a.Host, t)
	switch {
	case fault.Is(herr, fault.Unauthenticated):
		return herr
	case herr != nil:
		return errors.Join(err, herr)
	case host == a.Host:
		return err
	}
	if err := s.renamed(ctx, a, host); err != nil {
		return err
	}
	return do(a.Host)
}

// Ask calls API v4 with the account's address and a token that works: a token that
// is refused is exchanged once, a former address is followed to the new one. do
// may run three times. Errors: fault.NotFound without tokens, fault.Unauthenticated
// crm_unauthorised for dead ones, and those of do. a.Host is brought up to date.
func (s *Service) Ask(ctx context.Context, a *Account, do func(host, access string) error) error {
	access, err := s.Access(ctx, a.ID)
	if err != nil {
		return err
	}
	ask := func(host string) error { return do(host, access) }
	if err = s.at(ctx, a, ask); !fault.Is(err, fault.Unauthenticated) {
		return err
	}
	if access, err = s.refresh(ctx, a.ID, access); err != nil {
		return err
	}
	return s.at(ctx, a, ask)
}

// IsAdmin asks the CRM whether a user administers the account, for tokens that do not
// say it (W §8.2). Errors are those of Ask.
func (s *Service) IsAdmin(ctx context.Context, a Account, user chatid.CRMUserID) (admin bool, err error) {
	err = s.Ask(ctx, &a, func(host, access string) (err error) {
		admin, err = s.crm.IsAdmin(ctx, a.Product, host, access, user)
		return err
	})
	return admin, err
}

// info reads what API v4 says of the account.
func (s *Service) info(ctx context.Context, a *Account) (info Info, err error) {
	err = s.Ask(ctx, a, func(host, access string) (err error) {
		info, err = s.crm.Info(ctx, a.Product, host, access)
		return err
	})
	return info, err
}
