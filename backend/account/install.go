package account

import (
	"context"
	"fmt"
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
	// grantTimeout bounds the work on one code: its exchange, and what follows.
	grantTimeout    = 30 * time.Second
	exchangeTimeout = 12 * time.Second
	spentTimeout    = 15 * time.Second
	// infoRetry is the pause before the account is asked for again.
	infoRetry = time.Second
	// grantsAtOnce bounds the codes in work.
	grantsAtOnce = 8
)

// Grant takes in an authorisation code. When it returns nil the code is on disk
// and will be exchanged in the background, also after a restart. by is who asked for
// it at the console, and wants the account; empty for a code that came by itself.
func (s *Service) Grant(ctx context.Context, product, host, code string, by Asker) error {
	err := s.store.SaveGrant(ctx, Grant{ID: s.newID(), Product: product, Code: code, Host: host, By: by, ReceivedAt: s.now()})
	if err != nil {
		return err
	}
	s.wake()
	return nil
}

// RunGrants exchanges codes until ctx ends.
func (s *Service) RunGrants(ctx context.Context) {
	g := &grantRun{slots: make(chan struct{}, grantsAtOnce), working: map[string]bool{}}
	defer g.running.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.grants:
		case <-timer.C:
		}
		if s.startGrants(ctx, g) {
			timer.Reset(grantRetry)
		}
	}
}

// grantRun is what RunGrants has in work: each code by itself, so that a slow
// account delays no other.
type grantRun struct {
	slots   chan struct{}
	running sync.WaitGroup
	mu      sync.Mutex
	working map[string]bool
}

func (g *grantRun) begin(id string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.working[id] {
		return false
	}
	g.working[id] = true
	return true
}

func (g *grantRun) end(id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.working, id)
}

// startGrants begins with every waiting code, and with every claim whose tokens
// are there, that is not in work. It reports whether some wait, so that it is
// asked again.
func (s *Service) startGrants(ctx context.Context, g *grantRun) (again bool) {
	grants, err := s.store.Grants(ctx)
	if err != nil {
		s.log.Error("read waiting codes", "error", err)
		again = true
	}
	for _, grant := range grants {
		s.start(ctx, g, grant.ID, func(ctx context.Context) { s.settleGrant(ctx, grant) })
	}
	claims := s.pending.list()
	for _, k := range claims {
		s.start(ctx, g, fmt.Sprint(k), func(ctx context.Context) { s.settlePending(ctx, k) })
	}
	return again || len(grants)+len(claims) > 0
}

// start does one thing beside the others, unless it is in work already.
func (s *Service) start(ctx context.Context, g *grantRun, id string, do func(context.Context)) {
	if !g.begin(id) {
		return
	}
	g.running.Go(func() {
		defer g.end(id)
		select {
		case g.slots <- struct{}{}:
			defer func() { <-g.slots }()
		case <-ctx.Done():
			return
		}
		ctx, cancel := context.WithTimeout(ctx, grantTimeout)
		defer cancel()
		do(ctx)
	})
}

// settleGrant exchanges one code. One that could not be exchanged stays and is
// tried again.
func (s *Service) settleGrant(ctx context.Context, g Grant) {
	log := s.log.With("product", g.Product, "host", g.Host)
	if s.now().Sub(g.ReceivedAt) > codeLife {
		log.Error("authorisation code expired before it could be exchanged: the account must be authorised again")
		s.drop(ctx, g)
		return
	}
	// An exchange that has begun is not cut by a stop of the server: the code works
	// once, and whether the CRM has spent it nobody could tell.
	ectx, cancel := context.WithTimeout(context.WithoutCancel(ctx), exchangeTimeout)
	tokens, err := s.crm.Exchange(ectx, g.Product, g.Host, g.Code)
	cancel()
	if fault.Is(err, fault.Unauthenticated) || fault.Is(err, fault.Invalid) {
		log.Warn("authorisation code refused", "error", err)
		s.drop(ctx, g)
		return
	}
	if err != nil {
		log.Warn("exchange authorisation code", "error", err)
		return
	}
	// The code is spent: from here on nothing may be lost or repeated, also when
	// the server is stopping.
	ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), spentTimeout)
	defer cancel()
	info, err := s.crm.Info(ctx, g.Product, g.Host, tokens.Access)
	for err != nil && ctx.Err() == nil && !fault.Is(err, fault.Unauthenticated) {
		select {
		case <-ctx.Done():
		case <-time.After(infoRetry):
			info, err = s.crm.Info(ctx, g.Product, g.Host, tokens.Access)
		}
	}
	s.drop(context.WithoutCancel(ctx), g)
	if err != nil {
		log.Error("read account after authorisation: it must be authorised again", "error", err)
		return
	}
	a, err := s.authorised(ctx, g.Product, g.Host, info, tokens)
	if err == nil {
		err = s.claimByGrant(ctx, g, a, info, tokens.Access)
	}
	if err != nil {
		log.Error("store tokens: the account must be authorised again", "error", err)
		return
	}
	log.Info("account authorised", "account_id", string(a.ID))
	again := s.reinstalled(ctx, a)
	if !again && a.State == Broken && a.Reason == ReasonAuthorisation {
		s.move(ctx, a.ID, []State{Broken}, Connected, "")
	}
	k := pendingKey{a.Product, a.CRMID}
	s.pending.add(k)
	s.settlePending(ctx, k)
	if again {
		s.repair(ctx, a)
	}
}

// reinstalled tells whether new tokens mean a new installation of an account
// that chatted before: the CRM cut its channel, and nobody will sign in for it
// again (C §5.2; trap 19). Until it is connected it counts as broken, so that a
// stop of the server here is made good by RunRepairs.
func (s *Service) reinstalled(ctx context.Context, a Account) bool {
	switch {
	case a.Team == "" || a.Scope == "" || a.State == Installed:
		return false
	case a.State == Disconnected && a.Reason != ReasonRemoved:
		return false // its admin switched it off
	}
	if c, err := s.store.Claim(ctx, a.Product, a.CRMID); err == nil && c.Refused == "" {
		return false // somebody signs in at this moment
	}
	return a.Waits() && a.State == Broken || s.move(ctx, a.ID, []State{a.State}, Broken, ReasonChannel)
}

func (s *Service) drop(ctx context.Context, g Grant) {
	if err := s.store.DropGrant(ctx, g.ID); err != nil {
		s.log.Error("drop spent code", "error", err)
	}
}

// Disabled takes the CRM's hint that the integration was switched off there. It
// may be forged or replayed, so the API decides: only a confirmed refusal of the
// account's tokens disconnects and drops them.
//
// The CRM waits for some seconds only and never repeats the hook, so its hanging
// up ends nothing.
func (s *Service) Disabled(ctx context.Context, product string, id chatid.CRMAccountID) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grantTimeout)
	defer cancel()
	a, err := s.store.ByCRM(ctx, product, id)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = s.info(ctx, &a)
	switch {
	case err == nil:
		s.log.Warn("disable hook for an account whose tokens work: ignored", "account_id", string(a.ID))
		return nil
	case fault.Is(err, fault.Unauthenticated), fault.Is(err, fault.NotFound):
		if err := s.disconnect(ctx, a, ReasonRemoved); err != nil {
			return err
		}
		// A sign-in that waits stays: it may be that of the next installation, whose
		// tokens are on their way.
		return s.store.DropTokens(ctx, a.ID)
	default:
		return err
	}
}
