package account

import (
	"context"
	"sync"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// pending are accounts whose tokens came while their claim could not be
// completed, because the CRM or its chats service was out of order. It is not
// stored: after a restart the first look at the status finds them again.
type pending struct {
	mu  sync.Mutex
	set map[pendingKey]struct{}
}

type pendingKey struct {
	product string
	id      chatid.CRMAccountID
}

func newPending() *pending { return &pending{set: map[pendingKey]struct{}{}} }

func (p *pending) add(k pendingKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set[k] = struct{}{}
}

func (p *pending) drop(k pendingKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.set, k)
}

func (p *pending) list() []pendingKey {
	p.mu.Lock()
	defer p.mu.Unlock()
	keys := make([]pendingKey, 0, len(p.set))
	for k := range p.set {
		keys = append(keys, k)
	}
	return keys
}

// wake makes RunGrants look again.
func (s *Service) wake() {
	select {
	case s.grants <- struct{}{}:
	default:
	}
}

// settlePending tries the claim of one account; trouble that passes keeps it
// pending.
func (s *Service) settlePending(ctx context.Context, k pendingKey) {
	if _, err := s.Settle(ctx, k.product, k.id); temporary(err) {
		s.log.Warn("complete waiting sign-in", "product", k.product, "error", err)
		return
	}
	s.pending.drop(k)
}

// temporary tells trouble that passes from a refusal.
func temporary(err error) bool {
	if err == nil {
		return false
	}
	k := fault.KindOf(err)
	return k == fault.Unavailable || k == fault.Timeout || k == fault.Internal
}

// turns lets one at a time work on an account: two sign-ins at once must not
// both make its lead source.
type turns struct{ of sync.Map }

// take waits for the account's turn; release gives it back.
func (t *turns) take(ctx context.Context, id chatid.AccountID) (release func(), err error) {
	v, _ := t.of.LoadOrStore(id, make(chan struct{}, 1))
	turn := v.(chan struct{})
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, fault.Wrap(fault.Timeout, "crm_timeout", ctx.Err())
	}
}
