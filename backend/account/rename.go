package account

import (
	"context"
	"errors"

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

// info asks API v4 with a token that works, refreshing it once if it does not.
// a.Host is brought up to date.
func (s *Service) info(ctx context.Context, a *Account) (Info, error) {
	access, err := s.Access(ctx, a.ID)
	if err != nil {
		return Info{}, err
	}
	var info Info
	ask := func(host string) (err error) {
		info, err = s.crm.Info(ctx, a.Product, host, access)
		return err
	}
	if err = s.at(ctx, a, ask); !fault.Is(err, fault.Unauthenticated) {
		return info, err
	}
	if access, err = s.refresh(ctx, a.ID, access); err != nil {
		return Info{}, err
	}
	return info, s.at(ctx, a, ask)
}
