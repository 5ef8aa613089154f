package account

import "context"

// Unpaid takes in that the CRM answered 402: nothing of it works until the account
// is paid for, which its admin is told.
func (s *Service) Unpaid(ctx context.Context, a Account) {
	if a.State == Connected && s.move(ctx, a.ID, []State{Connected}, Broken, ReasonUnpaid) {
		s.log.Warn("the account is not paid for: its admin is told in the widget", "account_id", string(a.ID))
	}
}

// Paid takes in that the CRM serves the account: one that was not paid for is now.
func (s *Service) Paid(ctx context.Context, a Account) {
	if a.State != Broken || a.Reason != ReasonUnpaid {
		return
	}
	// Something else may be wrong with it by now.
	if now, err := s.store.Account(ctx, a.ID); err == nil && now.Reason == ReasonUnpaid {
		s.repaired(ctx, now)
	}
}
