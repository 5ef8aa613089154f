package account

import (
	"context"
	"sync"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

const (
	// codeLife is how long an authorisation code works (W §8.6).
	codeLife = 20 * time.Minute
	// grantRetry is the pause before a code that could not be exchanged is tried again.
	grantRetry = 5 * time.Second
	// grantTimeout bounds the exchange of one code and what follows it.
	grantTimeout = 60 * time.Second
)

// Grant takes in an authorisation code. When it returns nil the code is on disk
// and will be exchanged in the background, also after a restart.
func (s *Service) Grant(ctx context.Context, product, host, code string) error {
	err := s.store.SaveGrant(ctx, Grant{ID: s.newID(), Product: product, Code: code, Host: host, ReceivedAt: s.now()})
	if err != nil {
		return err
	}
	select {
	case s.grants <- struct{}{}:
	default:
	}
	return nil
}

// RunGrants exchanges codes until ctx ends.
func (s *Service) RunGrants(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.grants:
		case <-timer.C:
		}
		if s.settleGrants(ctx) {
			timer.Reset(grantRetry)
		}
	}
}

// settleGrants works on all waiting codes at a time, so that one slow account
// delays no other. It reports whether some have to be tried again.
func (s *Service) settleGrants(ctx context.Context) (again bool) {
	grants, err := s.store.Grants(ctx)
	if err != nil {
		s.log.Error("read waiting codes", "error", err)
		return true
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	slots := make(chan struct{}, 8)
	for _, g := range grants {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			gctx, cancel := context.WithTimeout(ctx, grantTimeout)
			defer cancel()
			if s.settleGrant(gctx, g) {
				return
			}
			mu.Lock()
			again = true
			mu.Unlock()
		})
	}
	wg.Wait()
	return again
}

// settleGrant exchanges one code; false = try again later.
func (s *Service) settleGrant(ctx context.Context, g Grant) bool {
	log := s.log.With("product", g.Product, "host", g.Host)
	if s.now().Sub(g.ReceivedAt) > codeLife {
		log.Error("authorisation code expired before it could be exchanged: the account must be authorised again")
		return s.drop(ctx, g)
	}
	tokens, err := s.crm.Exchange(ctx, g.Product, g.Host, g.Code)
	if fault.Is(err, fault.Unauthenticated) || fault.Is(err, fault.Invalid) {
		log.Warn("authorisation code refused", "error", err)
		return s.drop(ctx, g)
	}
	if err != nil {
		log.Warn("exchange authorisation code", "error", err)
		return false
	}
	// The code is spent: from here on nothing may be lost or repeated.
	ctx = context.WithoutCancel(ctx)
	info, err := s.crm.Info(ctx, g.Product, g.Host, tokens.Access)
	for try := 1; err != nil && try < 4 && !fault.Is(err, fault.Unauthenticated); try++ {
		time.Sleep(time.Duration(try) * 500 * time.Millisecond)
		info, err = s.crm.Info(ctx, g.Product, g.Host, tokens.Access)
	}
	if err != nil {
		log.Error("read account after authorisation: it must be authorised again", "error", err)
		return s.drop(ctx, g)
	}
	a, err := s.store.Upsert(ctx, Account{
		ID: chatid.AccountID(s.newID()), Product: g.Product, CRMID: info.CRMID, AmojoID: info.AmojoID,
		Host: g.Host, Name: info.Name, State: Installed, CreatedAt: s.now(), UpdatedAt: s.now(),
	})
	if err == nil {
		err = s.store.SaveTokens(ctx, a.ID, tokens)
	}
	if err != nil {
		log.Error("store tokens: the account must be authorised again", "error", err)
		return s.drop(ctx, g)
	}
	s.drop(ctx, g)
	log.Info("account authorised", "account_id", string(a.ID))
	if a.State == Broken && a.Reason == ReasonAuthorisation {
		if err := s.store.SetState(ctx, a.ID, Connected, "", s.now()); err != nil {
			log.Error("mark account as repaired", "error", err)
		}
	}
	if _, err := s.Settle(ctx, a.Product, a.CRMID); err != nil {
		log.Warn("complete waiting sign-in", "account_id", string(a.ID), "error", err)
	}
	return true
}

func (s *Service) drop(ctx context.Context, g Grant) bool {
	if err := s.store.DropGrant(ctx, g.ID); err != nil {
		s.log.Error("drop spent code", "error", err)
	}
	return true
}

// Disabled takes the CRM's hint that the integration was switched off there. It
// may be forged or replayed, so the API decides: only a confirmed refusal of the
// account's tokens disconnects and drops them.
func (s *Service) Disabled(ctx context.Context, product string, id chatid.CRMAccountID) error {
	a, err := s.store.ByCRM(ctx, product, id)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = s.info(ctx, a)
	switch {
	case err == nil:
		s.log.Warn("disable hook for an account whose tokens work: ignored", "account_id", string(a.ID))
		return nil
	case fault.Is(err, fault.Unauthenticated), fault.Is(err, fault.NotFound):
		// refresh may have marked it broken meanwhile.
		if a, err = s.store.Account(ctx, a.ID); err != nil {
			return err
		}
		if err := s.disconnect(ctx, a); err != nil {
			return err
		}
		return s.store.DropTokens(ctx, a.ID)
	default:
		return err
	}
}
