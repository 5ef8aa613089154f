package sandbox

import (
	"slices"
	"strconv"
	"time"
)

// Limits of requests (W §8.9). After how many refusals a client is blocked, and
// for how long, is not published: the sandbox takes 20 within a minute, and a minute.
const (
	apiRate    = 7 // requests in a second
	maxRefused = 20
	blockTime  = time.Minute
)

// limiter counts the requests of one key by the sandbox's clock.
type limiter struct {
	taken   []time.Time // within the last second
	refused []time.Time // within the last minute
	blocked time.Time   // until
}

// admit lets a request through when none of its keys is over rate requests in
// a sliding second. Otherwise it says which key was, and the status: 429, or
// 403 to one who goes on asking (W §8.9). s.mu is held.
func (s *Server) admit(rate int, keys ...string) (status int, over string) {
	now := s.now()
	for _, key := range keys {
		l := s.limiters[key]
		if l == nil {
			l = &limiter{}
			s.limiters[key] = l
		}
		l.taken = within(l.taken, now, time.Second)
		l.refused = within(l.refused, now, blockTime)
		switch {
		case now.Before(l.blocked):
			return 403, key
		case len(l.taken) < rate:
			continue
		case len(l.refused) >= maxRefused:
			l.blocked, l.refused = now.Add(blockTime), nil
			return 403, key
		}
		l.refused = append(l.refused, now)
		return 429, key
	}
	for _, key := range keys {
		s.limiters[key].taken = append(s.limiters[key].taken, now)
	}
	return 0, ""
}

func within(list []time.Time, now time.Time, d time.Duration) []time.Time {
	return slices.DeleteFunc(list, func(at time.Time) bool { return now.Sub(at) >= d })
}

// apiKeys are the two limiters of an API v4 request: of its integration in all
// accounts, and of its account for all integrations.
func apiKeys(t *token) []string {
	return []string{"integration " + t.ClientUUID, "account " + strconv.FormatInt(t.Account, 10)}
}
