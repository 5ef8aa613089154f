package team

import (
	"context"

	"leadline/backend/fault"
)

// Forgotten mails the link by which a forgotten password is replaced. An
// unknown address gets no mail and the same answer. fault.Invalid invalid_email.
func (s *Service) Forgotten(ctx context.Context, email, locale string) error {
	email, err := checkEmail(email)
	if err != nil {
		return err
	}
	u, err := s.store.UserByEmail(ctx, email)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	token, err := s.proofs.IssueReset(u.ID, mark(u))
	if err != nil {
		return err
	}
	return s.mailer.SendReset(ctx, email, locale, token)
}

// Reset replaces the password of the user whom the mailed token names. The token
// works once: it belongs to the password that it replaces. Who holds it reads
// the mailbox, so that the address is proven too. fault.Invalid weak_password
// (the token stays good), token_invalid when it is forged, expired or used.
func (s *Service) Reset(ctx context.Context, token, password string) error {
	dead := func(cause error) error { return fault.Wrap(fault.Invalid, "token_invalid", cause) }
	id, m, err := s.proofs.ReadReset(token)
	if err != nil {
		return dead(err)
	}
	u, err := s.store.User(ctx, id)
	if fault.Is(err, fault.NotFound) {
		return dead(err)
	}
	if err != nil {
		return err
	}
	if m != mark(u) {
		return fault.New(fault.Invalid, "token_invalid")
	}
	if err := checkPassword(password); err != nil {
		return err
	}
	hash, err := s.passwords.Hash(ctx, password)
	if err != nil {
		return err
	}
	err = s.store.ReplacePassword(ctx, id, u.PasswordHash, hash, s.now())
	if fault.Is(err, fault.NotFound) { // the link was used twice at once
		return dead(err)
	}
	return err
}
