package account

import (
	"context"
	"time"

	"leadline/backend/chatid"
)

const (
	// idleAfter is how long after its end an access token, which lives for a day,
	// is exchanged though nobody asks for it: the refresh token lives for three
	// months only (W §8.6).
	idleAfter = 6 * 24 * time.Hour
	// idleEvery is how often such accounts are looked for.
	idleEvery = time.Hour
	// idlePace lies between two of them; the CRM takes seven requests a second.
	idlePace = time.Second
	idlePage = 100
)

// RunIdle keeps the authorisation of idle accounts alive until ctx ends.
func (s *Service) RunIdle(ctx context.Context) {
	every(ctx, idleEvery, s.RefreshIdle)
}

// RefreshIdle exchanges once, slowly, the tokens of accounts that were not used
// for a week. One whose tokens turn out to be dead is broken from then on; any
// other trouble is left to the next time.
func (s *Service) RefreshIdle(ctx context.Context) {
	before, after := s.now().Add(-idleAfter), chatid.AccountID("")
	for first := true; ; {
		page, err := s.store.Idle(ctx, before, after, idlePage)
		if err != nil {
			s.log.Error("list idle accounts", "error", err)
		}
		for _, id := range page {
			if !first && !pause(ctx, idlePace) {
				return
			}
			first, after = false, id
			if _, err := s.Access(ctx, id); err != nil {
				s.log.Warn("refresh tokens of an idle account", "account_id", string(id), "error", err)
			}
		}
		if len(page) < idlePage {
			return
		}
	}
}
