package bridge

import (
	"sync"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/outbox"
)

// rests are the pauses of accounts that the service had too many requests of. They
// grow while nothing of the account is taken in between; how often one job was tried
// for reasons of its own says nothing about its account. A restart begins anew.
// The zero value is ready.
type rests struct {
	mu sync.Mutex
	of map[chatid.AccountID]rest
}

type rest struct {
	n     int // pauses in a row
	until time.Time
}

// begin tells how long the account rests from now on. Requests that were on their
// way together are refused together: that is one pause.
func (r *rests) begin(a chatid.AccountID, now time.Time, atLeast time.Duration) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	last, resting := r.of[a]
	if resting && now.Before(last.until) {
		return max(last.until.Sub(now), atLeast)
	}
	d := max(atLeast, pauseMin, outbox.Backoff(last.n))
	if r.of == nil {
		r.of = map[chatid.AccountID]rest{}
	}
	r.of[a] = rest{n: last.n + 1, until: now.Add(d)}
	return d
}

// end notes that the service takes requests of the account.
func (r *rests) end(a chatid.AccountID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.of, a)
}
