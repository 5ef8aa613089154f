package account

import (
	"slices"
	"strings"
	"sync"
	"time"

	"leadline/backend/chatid"
)

const (
	// maxSkew is how far a signature's Date may lie from the chats service's clock (C §5.1).
	maxSkew = 15 * time.Minute
	// manyAccounts at once are no accident: what they share is our clock and our secret.
	manyAccounts = 2
)

// Alarm is a channel that the chats service refuses for every account: our
// clock is wrong, or the channel's secret. It is for the owner of the server;
// the accounts' admins can do nothing about it.
type Alarm struct {
	Product string
	Since   time.Time
	// Skew is how far the service's clock was ahead of ours; within maxSkew it is
	// not the reason.
	Skew time.Duration
}

// alarms tells trouble of one account from trouble of the whole channel. It is
// kept in memory: a restarted server finds out anew by the first refusals.
type alarms struct {
	mu sync.Mutex
	of map[string]*trouble // by product
}

// trouble is what a channel met since it worked last.
type trouble struct {
	accounts map[chatid.AccountID]struct{}
	since    time.Time // of the alarm; zero: none
	skew     time.Duration
}

func newAlarms() *alarms { return &alarms{of: map[string]*trouble{}} }

// refused notes that the channel refused an account outright, by a clock that
// is skew ahead of ours. raised names the accounts concerned when that makes an
// alarm of it just now.
func (a *alarms) refused(product string, id chatid.AccountID, skew time.Duration, now time.Time) (raised []chatid.AccountID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.of[product]
	if t == nil {
		t = &trouble{accounts: map[chatid.AccountID]struct{}{}}
		a.of[product] = t
	}
	t.accounts[id] = struct{}{}
	if skew != 0 {
		t.skew = skew
	}
	if !t.since.IsZero() || len(t.accounts) < manyAccounts && !skewed(skew) {
		return nil
	}
	t.since = now
	for id := range t.accounts {
		raised = append(raised, id)
	}
	return raised
}

// works notes that the channel took something of any account, which proves
// clock and secret; ended tells that this ends an alarm.
func (a *alarms) works(product string) (ended bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.of[product]
	delete(a.of, product)
	return t != nil && !t.since.IsZero()
}

// on tells whether the product's channel has an alarm.
func (a *alarms) on(product string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.of[product]
	return t != nil && !t.since.IsZero()
}

// Alarms lists the channels that no account can use, by product.
func (s *Service) Alarms() []Alarm {
	s.alarms.mu.Lock()
	defer s.alarms.mu.Unlock()
	var list []Alarm
	for product, t := range s.alarms.of {
		if !t.since.IsZero() {
			list = append(list, Alarm{Product: product, Since: t.since, Skew: t.skew})
		}
	}
	slices.SortFunc(list, func(x, y Alarm) int { return strings.Compare(x.Product, y.Product) })
	return list
}

func skewed(d time.Duration) bool { return d.Abs() > maxSkew }
