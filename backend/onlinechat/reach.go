package onlinechat

import (
	"context"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// Reach is when, and how else than by writing, visitors of a chat reach somebody.
type Reach struct {
	Hours Hours
	// NoCallBacks switches the call-back form off.
	NoCallBacks bool
}

// Reach gives a chat's; fault.NotFound.
func (s *Service) Reach(ctx context.Context, c chatid.ChatID) (Reach, error) {
	return s.store.Reach(ctx, c)
}

// SetReach replaces that of an account's chat; fault.NotFound, fault.Invalid
// "invalid_request" for hours that Check refuses.
func (s *Service) SetReach(ctx context.Context, a chatid.AccountID, c chatid.ChatID, r Reach) error {
	if r.Hours.Set() {
		if err := r.Hours.Check(); err != nil {
			return fault.Wrap(fault.Invalid, "invalid_request", err)
		}
	}
	return s.store.SetReach(ctx, a, c, r)
}
