package account

import (
	"context"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

const (
	// TransferLife is how long the owner of an account may say no to a team that asks
	// for it (design.md §4).
	TransferLife = 7 * 24 * time.Hour
	// transfersEvery is how often it is looked for what is due.
	transfersEvery = 10 * time.Minute
)

// transferNotices are when the owner is told of it.
var transferNotices = []time.Duration{0, 3 * 24 * time.Hour, 6 * 24 * time.Hour}

// Transfer is what a team asks for whose login proved to administer an account that
// another team has.
type Transfer struct {
	Account chatid.AccountID
	// From has the account, To wants it, User asked.
	From, To chatid.TeamID
	User     chatid.UserID
	AskedAt  time.Time
	// Told counts the notices that the owner was sent.
	Told int
}

// EndsAt is when the account changes hands if its owner says nothing.
func (t Transfer) EndsAt() time.Time { return t.AskedAt.Add(TransferLife) }

// TransferStore keeps what is asked for.
type TransferStore interface {
	// AddTransfer stores one. fault.Conflict transfer_asked when there is one for the
	// account.
	AddTransfer(ctx context.Context, t Transfer) error
	// Transfer finds that of an account; fault.NotFound. Transfers lists all, the
	// oldest first.
	Transfer(ctx context.Context, id chatid.AccountID) (Transfer, error)
	Transfers(ctx context.Context) ([]Transfer, error)
	// ToldTransfer notes how many notices were sent.
	ToldTransfer(ctx context.Context, id chatid.AccountID, told int) error
	// DropTransfer ends one; FinishTransfer ends one and gives the account, if From
	// still has it, to the team and user that asked. fault.NotFound.
	DropTransfer(ctx context.Context, id chatid.AccountID) error
	FinishTransfer(ctx context.Context, t Transfer) error
}

// AskTransfer asks for an account that by proved within ClaimLife to administer, and
// that another team has. One that nobody has any more is connected at once. Repeating
// it changes nothing. fault.NotFound without a proof; fault.Conflict transfer_asked
// when a third team asks already.
func (s *Service) AskTransfer(ctx context.Context, product string, id chatid.CRMAccountID, by Asker) error {
	c, err := s.store.Claim(ctx, product, id)
	if err != nil {
		return err
	}
	if c.Team != by.Team || !c.AdminProven || c.Refused != codeTaken || s.now().Sub(c.CreatedAt) > ClaimLife {
		return fault.New(fault.NotFound, "not_found")
	}
	a, err := s.store.ByCRM(ctx, product, id)
	if err != nil {
		return err
	}
	if err := s.notTaken(ctx, a, by.Team); err == nil {
		c.Refused = ""
		if err := s.store.SaveClaim(ctx, c); err != nil {
			return err
		}
		_, err := s.Settle(ctx, product, id)
		return err
	}
	known, err := s.store.Transfer(ctx, a.ID)
	switch {
	case err == nil && known.To == by.Team:
		return nil
	case err == nil:
		return fault.New(fault.Conflict, "transfer_asked")
	case !fault.Is(err, fault.NotFound):
		return err
	}
	t := Transfer{Account: a.ID, From: a.Team, To: by.Team, User: by.User, AskedAt: s.now()}
	if err := s.store.AddTransfer(ctx, t); err != nil {
		return err
	}
	s.log.Info("an account is asked for by another team", "account_id", string(a.ID))
	if err := s.tellTransfer(ctx, a, t); err != nil { // CheckTransfers tries again
		s.log.Warn("tell of a transfer", "account_id", string(a.ID), "error", err)
	}
	return nil
}

// TransferOf finds what is asked for an account; fault.NotFound.
func (s *Service) TransferOf(ctx context.Context, id chatid.AccountID) (Transfer, error) {
	return s.store.Transfer(ctx, id)
}

// HandOver gives the account to the team of the user who asked for it; fault.NotFound,
// also when it is another user who asks now: the owner said yes to the first.
func (s *Service) HandOver(ctx context.Context, id chatid.AccountID, by chatid.UserID) error {
	t, err := s.askedBy(ctx, id, by)
	if err != nil {
		return err
	}
	return s.finish(ctx, t)
}

// KeepAccount says no to who asked for it; errors are those of HandOver.
func (s *Service) KeepAccount(ctx context.Context, id chatid.AccountID, by chatid.UserID) error {
	if _, err := s.askedBy(ctx, id, by); err != nil {
		return err
	}
	return s.store.DropTransfer(ctx, id)
}

func (s *Service) askedBy(ctx context.Context, id chatid.AccountID, by chatid.UserID) (Transfer, error) {
	t, err := s.store.Transfer(ctx, id)
	if err == nil && t.User != by {
		err = fault.New(fault.NotFound, "not_found")
	}
	return t, err
}

func (s *Service) finish(ctx context.Context, t Transfer) error {
	a, err := s.store.Account(ctx, t.Account)
	if err != nil {
		return err
	}
	if err := s.store.FinishTransfer(ctx, t); err != nil {
		return err
	}
	s.log.Info("account handed over to another team", "account_id", string(a.ID))
	return s.store.DropClaim(ctx, a.Product, a.CRMID)
}

// RunTransfers sends the notices that are due, and hands over what nobody kept, until
// ctx ends.
func (s *Service) RunTransfers(ctx context.Context) { every(ctx, transfersEvery, s.CheckTransfers) }

// CheckTransfers does once what is due. A notice that could not be sent is sent the
// next time: no account changes hands without all of them.
func (s *Service) CheckTransfers(ctx context.Context) {
	list, err := s.store.Transfers(ctx)
	if err != nil {
		s.log.Error("list transfers", "error", err)
	}
	for _, t := range list {
		if err := s.checkTransfer(ctx, t); err != nil {
			s.log.Warn("go on with a transfer", "account_id", string(t.Account), "error", err)
		}
	}
}

func (s *Service) checkTransfer(ctx context.Context, t Transfer) error {
	a, err := s.store.Account(ctx, t.Account)
	if err != nil {
		return err
	}
	if a.Team != t.From { // it changed hands in another way
		return s.store.DropTransfer(ctx, t.Account)
	}
	age := s.now().Sub(t.AskedAt)
	if t.Told < len(transferNotices) && age >= transferNotices[t.Told] {
		return s.tellTransfer(ctx, a, t)
	}
	if age >= TransferLife && t.Told == len(transferNotices) {
		return s.finish(ctx, t)
	}
	return nil
}

func (s *Service) tellTransfer(ctx context.Context, a Account, t Transfer) error {
	if err := s.logins.TellTransfer(ctx, a, t); err != nil {
		return err
	}
	return s.store.ToldTransfer(ctx, a.ID, t.Told+1)
}
