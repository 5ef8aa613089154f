package outbox

import (
	"math/rand/v2"
	"time"
)

// Backoff is the pause before try number attempts+1: doubling from one second
// to five minutes, each time somewhere in the upper half, so that lanes that
// failed together do not come back together.
func Backoff(attempts int) time.Duration {
	const first, last = time.Second, 5 * time.Minute
	d := last
	if attempts < 9 { // 2^9 s is beyond last
		d = min(first<<max(attempts, 0), last)
	}
	return d/2 + rand.N(d/2) //nolint:gosec // spreads load, guards nothing
}
