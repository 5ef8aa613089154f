package account

import (
	"context"
	"sync"
	"time"

	"leadline/backend/chatid"
)

// reconnectEvery is how often a refused scope is connected anew: once, then not
// again before this has passed.
const reconnectEvery = 5 * time.Minute

// attempts remembers when a scope was reconnected last.
type attempts struct {
	mu sync.Mutex
	at map[chatid.AccountID]time.Time
}

func newAttempts() *attempts { return &attempts{at: map[chatid.AccountID]time.Time{}} }

// first reports whether now is the first attempt within reconnectEvery.
func (a *attempts) first(id chatid.AccountID, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if t, ok := a.at[id]; ok && now.Sub(t) < reconnectEvery {
		return false
	}
	a.at[id] = now
	return true
}

// ScopeRefused repairs a connection that the chats service answered with 403 or
// 404: one reconnect; when that does not help either the account is broken, its
// messages wait and its admin is told (C §5.2). skew is how far the service's
// clock is ahead of ours. retry is when to try again.
func (s *Service) ScopeRefused(ctx context.Context, id chatid.AccountID, skew time.Duration) (retry time.Duration) {
	a, err := s.store.Account(ctx, id)
	if err != nil || a.State == Disconnected {
		return reconnectEvery
	}
	if s.reconn.first(id, s.now()) {
		if _, err := s.channel.Connect(ctx, a.Product, a.AmojoID); err == nil {
			s.log.Warn("scope refused, channel connected anew", "account_id", string(id))
			return time.Second
		}
	}
	if a.State != Broken || a.Reason != ReasonChannel {
		s.log.Error("chats service refuses the account: reconnect it in the widget", "account_id", string(id))
		if err := s.store.SetState(ctx, id, Broken, ReasonChannel, s.now()); err != nil {
			s.log.Error("mark account as broken", "account_id", string(id), "error", err)
		}
	}
	return reconnectEvery
}

// Works tells that the chats service took something of the account: a channel
// that was broken is whole again.
func (s *Service) Works(ctx context.Context, a Account) {
	if a.State != Broken || a.Reason != ReasonChannel {
		return
	}
	if err := s.store.SetState(ctx, a.ID, Connected, "", s.now()); err != nil {
		s.log.Error("mark account as repaired", "account_id", string(a.ID), "error", err)
	}
}

// HookVersion repairs a connection that sends v1 hooks, by connecting with v2.
func (s *Service) HookVersion(ctx context.Context, a Account) {
	if !s.reconn.first(a.ID, s.now()) {
		return
	}
	if _, err := s.channel.Connect(ctx, a.Product, a.AmojoID); err != nil {
		s.log.Warn("connect with v2 hooks", "account_id", string(a.ID), "error", err)
	}
}
