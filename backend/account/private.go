package account

import (
	"context"
	"errors"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// A private integration is connected without the widget (design.md §3.6): somebody
// whose Leadline login is proven grants access on the CRM's consent page, or brings a
// long-lived token of the account.

// Asker is the login that wants an account, and the language of what is made for it.
type Asker struct {
	Team   chatid.TeamID
	User   chatid.UserID
	Locale string
}

// ByToken connects the account at host by a long-lived token, which lives until its
// own end and is never exchanged; it takes the place of tokens that the account had.
// Repeating it is harmless.
//
// Errors: fault.Invalid token_refused for one that the CRM does not take or that has
// ended, no_such_account; fault.Denied token_not_admin; fault.Conflict account_taken;
// those of CRM and Channel.
func (s *Service) ByToken(ctx context.Context, product, host, access string, by Asker) (Account, error) {
	refused := func(err error) (Account, error) { return Account{}, fault.Wrap(fault.Invalid, "token_refused", err) }
	ends, err := s.crm.TokenEnds(access)
	if err != nil || !ends.After(s.now().Add(refreshBefore)) {
		return refused(err)
	}
	info, err := s.crm.Info(ctx, product, host, access)
	switch {
	case fault.Is(err, fault.Unauthenticated):
		return refused(err)
	case errors.Is(err, ErrMoved):
		return Account{}, fault.Wrap(fault.Invalid, "no_such_account", err)
	case err != nil:
		return Account{}, err
	}
	admin, err := s.grantedByAdmin(ctx, product, host, access, info.CurrentUser)
	if err == nil && !admin {
		err = fault.New(fault.Denied, "token_not_admin")
	}
	if err != nil {
		return Account{}, err
	}
	known, err := s.store.ByCRM(ctx, product, info.CRMID)
	if err == nil {
		if err = s.notTaken(ctx, known, by.Team); err != nil {
			// What was proven counts for asking its owner for it.
			c := s.claimOf(known, by, info.CurrentUser, true)
			c.Refused = fault.CodeOf(err)
			if serr := s.store.SaveClaim(ctx, c); serr != nil {
				return Account{}, serr
			}
			return Account{}, err
		}
	}
	if err != nil && !fault.Is(err, fault.NotFound) {
		return Account{}, err
	}
	a, err := s.authorised(ctx, product, host, info, Tokens{Access: access, ExpiresAt: ends})
	if err != nil {
		return Account{}, err
	}
	if _, err := s.complete(ctx, a, s.claimOf(a, by, info.CurrentUser, true)); err != nil {
		return a, err
	}
	return s.store.Account(ctx, a.ID)
}

// grantedByAdmin tells whether a token's own user administers the account. Its address
// has just answered, so that another refusal is that of who may not see users.
func (s *Service) grantedByAdmin(ctx context.Context, product, host, access string, user chatid.CRMUserID) (bool, error) {
	admin, err := s.crm.IsAdmin(ctx, product, host, access, user)
	if errors.Is(err, ErrMoved) {
		return false, nil
	}
	return admin, err
}

// authorised stores what a token said of its account, and the tokens.
func (s *Service) authorised(ctx context.Context, product, host string, info Info, t Tokens) (Account, error) {
	now := s.now()
	a, err := s.store.Upsert(ctx, Account{
		ID: chatid.AccountID(s.newID()), Product: product, CRMID: info.CRMID, AmojoID: info.AmojoID,
		Host: host, Name: info.Name, State: Installed, CreatedAt: now, UpdatedAt: now,
	})
	if err == nil {
		err = s.store.SaveTokens(ctx, a.ID, t)
	}
	return a, err
}

func (s *Service) claimOf(a Account, by Asker, user chatid.CRMUserID, admin bool) Claim {
	return Claim{
		Product: a.Product, CRMID: a.CRMID, CRMUser: user, AdminProven: admin, Team: by.Team, User: by.User,
		AmojoID: a.AmojoID, Host: a.Host, Locale: by.Locale, CreatedAt: s.now(),
	}
}

// claimByGrant stores the claim of who asked for a grant at the console, before
// anything that goes by claims.
func (s *Service) claimByGrant(ctx context.Context, g Grant, a Account, info Info, access string) error {
	if g.By.Team == "" {
		return nil
	}
	admin, err := s.grantedByAdmin(ctx, g.Product, g.Host, access, info.CurrentUser)
	c := s.claimOf(a, g.By, info.CurrentUser, admin)
	if err == nil && !admin {
		c.Refused = "not_admin"
	}
	return s.store.SaveClaim(ctx, c) // with an error it is asked again when the claim is completed
}

// TokenEnds tells when the access that an account gave ends for good: the end of a
// long-lived token, zero where tokens are exchanged or there are none.
func (s *Service) TokenEnds(ctx context.Context, id chatid.AccountID) (time.Time, error) {
	t, err := s.store.Tokens(ctx, id)
	if fault.Is(err, fault.NotFound) || err == nil && t.Refresh != "" {
		return time.Time{}, nil
	}
	return t.ExpiresAt, err
}

// Coming is an account that somebody of a team is connecting, or could not connect.
type Coming struct {
	Product string
	CRMID   chatid.CRMAccountID
	Host    string
	// Refused is the code of the reason why it was not connected; "" while it is waited
	// for.
	Refused string
	Since   time.Time
	// Proven tells that the team may ask for it, where another one has it; AskedUntil
	// is when it gets the account that it asked for, zero where it did not.
	Proven     bool
	AskedUntil time.Time
}

// Coming lists what a team's logins have begun within ClaimLife.
func (s *Service) Coming(ctx context.Context, t chatid.TeamID) ([]Coming, error) {
	var list []Coming
	grants, err := s.store.Grants(ctx)
	if err != nil {
		return nil, err
	}
	for _, g := range grants {
		if g.By.Team == t {
			list = append(list, Coming{Product: g.Product, Host: g.Host, Since: g.ReceivedAt})
		}
	}
	claims, err := s.store.ClaimsOf(ctx, t)
	if err != nil {
		return nil, err
	}
	for _, c := range claims {
		if s.now().Sub(c.CreatedAt) <= ClaimLife {
			one := Coming{Product: c.Product, CRMID: c.CRMID, Host: c.Host, Refused: c.Refused, Since: c.CreatedAt, Proven: c.AdminProven && c.Refused == codeTaken}
			if one.Proven {
				if one.AskedUntil, err = s.askedUntil(ctx, c); err != nil {
					return nil, err
				}
			}
			list = append(list, one)
		}
	}
	return list, nil
}

// askedUntil is when a claim's team gets the account that it asked for.
func (s *Service) askedUntil(ctx context.Context, c Claim) (time.Time, error) {
	a, err := s.store.ByCRM(ctx, c.Product, c.CRMID)
	var t Transfer
	if err == nil {
		t, err = s.store.Transfer(ctx, a.ID)
	}
	if fault.Is(err, fault.NotFound) || err == nil && t.To != c.Team {
		return time.Time{}, nil
	}
	return t.EndsAt(), err
}
