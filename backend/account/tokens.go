package account

import (
	"context"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

const (
	// refreshBefore is how long before its end an access token is exchanged.
	refreshBefore = 5 * time.Minute
	// refreshLease is longer than one exchange may take.
	refreshLease = 30 * time.Second
	// refreshPoll is how often a waiter looks whether the lease's holder is done.
	refreshPoll = 100 * time.Millisecond
)

// Access gives an access token that is good for some minutes, refreshing it
// when needed. fault.NotFound when the account has none, fault.Unauthenticated
// crm_unauthorised when the refresh token is dead.
func (s *Service) Access(ctx context.Context, id chatid.AccountID) (string, error) {
	t, err := s.store.Tokens(ctx, id)
	if err != nil {
		return "", err
	}
	if s.now().Add(refreshBefore).Before(t.ExpiresAt) {
		return t.Access, nil
	}
	return s.refresh(ctx, id, t.Access)
}

// refresh exchanges the refresh token, which works once: only the holder of the
// account's lease does it, everybody else waits for the outcome. stale is the
// access token that is not wanted any more. HTTP happens outside any transaction.
func (s *Service) refresh(ctx context.Context, id chatid.AccountID, stale string) (string, error) {
	holder := s.newID()
	for {
		now := s.now()
		ok, err := s.store.LeaseRefresh(ctx, id, holder, now, now.Add(refreshLease))
		if err != nil {
			return "", err
		}
		if ok {
			return s.exchange(ctx, id, holder, stale)
		}
		select {
		case <-ctx.Done():
			return "", fault.Wrap(fault.Timeout, "crm_timeout", ctx.Err())
		case <-time.After(refreshPoll):
		}
		t, err := s.store.Tokens(ctx, id)
		if err != nil {
			return "", err
		}
		if t.Access != stale {
			return t.Access, nil
		}
	}
}

func (s *Service) exchange(ctx context.Context, id chatid.AccountID, holder, stale string) (string, error) {
	// What was exchanged must be stored even if the caller goes away meanwhile:
	// the old refresh token is void from that moment.
	keep, cancel := context.WithTimeout(context.WithoutCancel(ctx), refreshLease-5*time.Second)
	defer cancel()
	defer func() {
		if err := s.store.ReleaseRefresh(keep, id, holder); err != nil {
			s.log.Warn("release refresh lease", "account_id", string(id), "error", err)
		}
	}()
	// Another holder may have been faster than our look at the tokens.
	t, err := s.store.Tokens(keep, id)
	if err != nil {
		return "", err
	}
	if t.Access != stale {
		return t.Access, nil
	}
	a, err := s.store.Account(keep, id)
	if err != nil {
		return "", err
	}
	var fresh Tokens
	if t.Refresh == "" { // a long-lived token, which has ended
		err = fault.New(fault.Unauthenticated, "crm_unauthorised")
	} else {
		err = s.at(keep, &a, func(host string) (err error) {
			fresh, err = s.crm.Refresh(keep, a.Product, host, t.Refresh)
			return err
		})
	}
	if fault.Is(err, fault.Unauthenticated) {
		if a.State == Connected {
			// Chatting needs no OAuth, so it goes on; the admin is told.
			if _, serr := s.store.MoveState(keep, id, []State{Connected}, Broken, ReasonAuthorisation, s.now()); serr != nil {
				return "", serr
			}
			s.log.Error("refresh token refused: the account must be authorised again", "account_id", string(id))
		}
		return "", err
	}
	if err != nil {
		return "", err
	}
	if err := s.store.SaveTokens(keep, id, fresh); err != nil {
		return "", err
	}
	return fresh.Access, nil
}
