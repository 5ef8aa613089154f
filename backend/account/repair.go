package account

import (
	"context"
	"sync"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

const (
	// reconnectEvery is how often a refused scope is connected anew: once, then
	// not again before this has passed.
	reconnectEvery = 5 * time.Minute
	// alarmRetry is how often an account is tried while its whole channel is
	// refused: whichever is first to get through ends the alarm for all.
	alarmRetry = time.Minute
	// troubleRetry follows a reconnect that the service was too ill to answer.
	troubleRetry = 30 * time.Second
	// retryNow follows a reconnect that helped.
	retryNow = time.Second
	// refusalAge is how old a refusal may be when we come to it: no try of a
	// delivery lasts longer.
	refusalAge = 12 * time.Second
	// repairPace lies between two accounts that are repaired without being asked.
	repairPace = time.Second
)

// attempts remembers when something was tried last for an account, and when
// that helped.
type attempts struct {
	mu     sync.Mutex
	at     map[chatid.AccountID]time.Time
	helped map[chatid.AccountID]time.Time
}

func newAttempts() *attempts {
	return &attempts{at: map[chatid.AccountID]time.Time{}, helped: map[chatid.AccountID]time.Time{}}
}

// first reports whether now is the first attempt within reconnectEvery.
func (a *attempts) first(id chatid.AccountID, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if t, ok := a.at[id]; ok && now.Sub(t) < reconnectEvery {
		return false
	}
	a.at[id] = now
	delete(a.helped, id)
	return true
}

// forget makes the next attempt the first again.
func (a *attempts) forget(id chatid.AccountID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.at, id)
}

func (a *attempts) help(id chatid.AccountID, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.helped[id] = now
}

// justHelped tells that an attempt helped so lately that a refusal may be older.
func (a *attempts) justHelped(id chatid.AccountID, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	t, ok := a.helped[id]
	return ok && now.Sub(t) < refusalAge
}

// unknownGap is how far back hooks are taken to be lost when a scope turns out to
// be dead and nobody knows since when.
const unknownGap = 7 * 24 * time.Hour

// ScopeRefused repairs a connection that the chats service answered with 403 or
// 404: one reconnect; when that does not help either the account is broken, its
// messages wait and its admin is told (C §5.2). skew is how far the service's
// clock is ahead of ours. retry is when to try again.
func (s *Service) ScopeRefused(ctx context.Context, id chatid.AccountID, skew time.Duration) (retry time.Duration) {
	// All lanes of an account are refused at once: the first repairs, the others
	// wait and see what it reached.
	release, err := s.turns.take(ctx, id)
	if err != nil {
		return troubleRetry
	}
	defer release()
	a, err := s.store.Account(ctx, id)
	now := s.now()
	switch {
	case err != nil || a.State == Disconnected:
		return reconnectEvery
	case skewed(skew):
		// No request will pass, connecting neither.
		return s.barred(ctx, a, ReasonChannel, skew)
	case s.reconn.first(id, now):
		if helped, retry := s.reconnect(ctx, a, skew); !helped {
			return retry
		}
		return retryNow
	case s.reconn.justHelped(id, now):
		return retryNow
	case a.Waits():
		return s.again(a.Product) // nothing new was learnt since
	}
	// The channel takes us, and yet the account's scope is refused.
	s.broken(ctx, a, ReasonChannel)
	return reconnectEvery
}

// reconnect connects a refused account anew; retry is when to try again if that
// did not help.
func (s *Service) reconnect(ctx context.Context, a Account, skew time.Duration) (helped bool, retry time.Duration) {
	_, err := s.channel.Connect(ctx, a.Product, a.AmojoID)
	switch {
	case err == nil:
		s.log.Warn("channel connected anew", "account_id", string(a.ID))
		s.reconn.help(a.ID, s.now())
		s.lost(a.ID, s.now().Add(-unknownGap))
		s.channelWorks(ctx, a.Product)
		return true, 0
	case temporary(err):
		s.log.Warn("connect channel anew", "account_id", string(a.ID), "error", err)
		s.reconn.forget(a.ID)
		return false, troubleRetry
	case fault.CodeOf(err) == codePrivate:
		return false, s.barred(ctx, a, ReasonPrivate, skew)
	}
	return false, s.barred(ctx, a, ReasonChannel, skew)
}

// barred deals with a channel that refused an account outright: reason is the
// account's own, unless others are refused too.
func (s *Service) barred(ctx context.Context, a Account, reason string, skew time.Duration) (retry time.Duration) {
	raised := s.alarms.refused(a.Product, a.ID, skew, s.now())
	if len(raised) > 0 {
		s.log.Error("CHANNEL ALARM: the chats service refuses every account; check this machine's clock and the channel's secret",
			"product", a.Product, "accounts", len(raised), "service_clock_ahead", skew.String(), "clock_wrong", skewed(skew))
	}
	for _, id := range raised { // those blamed before, too
		if other, err := s.store.Account(ctx, id); err == nil && id != a.ID && other.Waits() {
			s.broken(ctx, other, ReasonServer)
		}
	}
	if s.alarms.on(a.Product) {
		reason = ReasonServer
	}
	s.broken(ctx, a, reason)
	return s.again(a.Product)
}

func (s *Service) again(product string) time.Duration {
	if s.alarms.on(product) {
		return alarmRetry
	}
	return reconnectEvery
}

// broken marks an account whose messages must wait.
func (s *Service) broken(ctx context.Context, a Account, reason string) {
	if a.State == Broken && a.Reason == reason {
		return
	}
	if reason != ReasonServer { // that one has its own entry, once
		s.log.Error("chats service refuses the account: its admin is told in the widget", "account_id", string(a.ID), "reason", reason)
	}
	s.move(ctx, a.ID, []State{Connected, Broken}, Broken, reason)
}

// Works tells that the chats service took something of the account: a channel
// that was broken is whole again.
func (s *Service) Works(ctx context.Context, a Account) {
	s.channelWorks(ctx, a.Product)
	if a.State == Broken && a.Waits() {
		s.repaired(ctx, a)
	}
}

// channelWorks ends the alarm of a channel that was proven to work: all who
// waited for it go on.
func (s *Service) channelWorks(ctx context.Context, product string) {
	if !s.alarms.works(product) {
		return
	}
	s.log.Info("channel alarm is over", "product", product)
	list, err := s.store.Broken(ctx)
	if err != nil {
		s.log.Error("list broken accounts", "error", err)
	}
	for _, a := range list {
		if a.Product == product && a.Reason == ReasonServer {
			s.repaired(ctx, a)
		}
	}
}

// repaired lets what waited go at once.
func (s *Service) repaired(ctx context.Context, a Account) {
	if s.move(ctx, a.ID, []State{Broken}, Connected, "") {
		s.lost(a.ID, a.UpdatedAt)
		s.log.Info("account works again", "account_id", string(a.ID))
		s.resumed()
	}
}

// move changes an account's state, unless that has become another one meanwhile:
// what its admin decides always stands.
func (s *Service) move(ctx context.Context, id chatid.AccountID, from []State, to State, reason string) bool {
	ok, err := s.store.MoveState(ctx, id, from, to, reason, s.now())
	if err != nil {
		s.log.Error("set account's state", "account_id", string(id), "state", string(to), "error", err)
	}
	return ok
}

// HookVersion repairs a connection that sends v1 hooks, by connecting with v2.
func (s *Service) HookVersion(ctx context.Context, a Account) {
	if !s.healed.first(a.ID, s.now()) {
		return
	}
	if _, err := s.channel.Connect(ctx, a.Product, a.AmojoID); err != nil {
		s.log.Warn("connect with v2 hooks", "account_id", string(a.ID), "error", err)
		return
	}
	// The history gives the messages of the old hooks their ids.
	s.lost(a.ID, s.now())
}

// RunRepairs connects broken accounts anew until ctx ends, every few minutes:
// also one for which nothing waits must not stay broken.
func (s *Service) RunRepairs(ctx context.Context) {
	every(ctx, reconnectEvery, s.RepairBroken)
}

// RepairBroken tries once to connect each account that the chats service
// refused, slowly. While a whole channel is refused one account is asked for all.
func (s *Service) RepairBroken(ctx context.Context) {
	list, err := s.store.Broken(ctx)
	if err != nil {
		s.log.Error("list broken accounts", "error", err)
	}
	asked := map[string]bool{}
	for i, a := range list {
		if !a.Waits() || asked[a.Product] && s.alarms.on(a.Product) {
			continue
		}
		if i > 0 && !pause(ctx, repairPace) {
			return
		}
		asked[a.Product] = true
		s.repair(ctx, a)
	}
}

// repair connects one broken account and lets its messages try.
func (s *Service) repair(ctx context.Context, a Account) {
	release, err := s.turns.take(ctx, a.ID)
	if err != nil {
		return
	}
	defer release()
	if a, err = s.store.Account(ctx, a.ID); err != nil || a.State != Broken || !a.Waits() {
		return
	}
	s.reconn.first(a.ID, s.now()) // it is the reconnect that a refusal would bring
	if helped, _ := s.reconnect(ctx, a, 0); helped {
		s.repaired(ctx, a)
	}
}

// every calls do now and then again, until ctx ends.
func every(ctx context.Context, d time.Duration, do func(context.Context)) {
	for {
		do(ctx)
		if !pause(ctx, d) {
			return
		}
	}
}

// pause waits; false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
