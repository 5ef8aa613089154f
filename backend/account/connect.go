package account

import (
	"context"
	"strings"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// Request is a proven login that asks for an account: the disposable token says
// which account and user of the CRM, the login who wants it.
type Request struct {
	Product string
	CRMID   chatid.CRMAccountID
	CRMUser chatid.CRMUserID
	// Admin is the token's claim; nil when it has none, then the API decides.
	Admin *bool
	Host  string
	// AmojoID is what the browser read off the page: a hint that must agree with
	// what the account's own token says.
	AmojoID chatid.AmojoID
	Team    chatid.TeamID
	User    chatid.UserID
	Locale  string
}

// ClaimLife is how long a login waits for the account's OAuth tokens.
const ClaimLife = 24 * time.Hour

// Connect connects the account to the channel, or stores a claim when the OAuth
// tokens have not come yet (connected is false then). Repeating it is harmless.
//
// Errors: fault.Denied not_admin, account_mismatch; fault.Conflict
// account_taken; those of CRM and Channel.
func (s *Service) Connect(ctx context.Context, r Request) (connected bool, err error) {
	if r.Admin != nil && !*r.Admin {
		return false, fault.New(fault.Denied, "not_admin")
	}
	claim := Claim{
		Product: r.Product, CRMID: r.CRMID, CRMUser: r.CRMUser, AdminProven: r.Admin != nil && *r.Admin,
		Team: r.Team, User: r.User, AmojoID: r.AmojoID, Host: r.Host, Locale: r.Locale, CreatedAt: s.now(),
	}
	a, err := s.store.ByCRM(ctx, r.Product, r.CRMID)
	if err == nil && r.Host != "" && r.Host != a.Host {
		// The token, which the CRM signed, has the new name.
		err = s.renamed(ctx, &a, r.Host)
	}
	if err == nil {
		if err := s.notTaken(ctx, a, r.Team); err != nil {
			return false, err
		}
		connected, err = s.complete(ctx, a, claim)
		if !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Unauthenticated) {
			return connected, err
		}
		// No tokens, or dead ones: the claim waits for new ones.
	} else if !fault.Is(err, fault.NotFound) {
		return false, err
	}
	if err := s.store.SaveClaim(ctx, claim); err != nil {
		return false, err
	}
	// Tokens that came between the look above and the claim found no claim:
	// whoever is second sees both, so one of the two always completes.
	return s.Settle(ctx, r.Product, r.CRMID)
}

// Settle completes the waiting claim on an account if its tokens are there now.
// A claim that cannot be completed keeps the reason for the widget to show.
func (s *Service) Settle(ctx context.Context, product string, id chatid.CRMAccountID) (connected bool, err error) {
	claim, err := s.store.Claim(ctx, product, id)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if claim.Refused != "" {
		return false, nil
	}
	if s.now().Sub(claim.CreatedAt) > ClaimLife {
		return false, s.store.DropClaim(ctx, product, id)
	}
	a, err := s.store.ByCRM(ctx, product, id)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	err = s.notTaken(ctx, a, claim.Team)
	if err == nil {
		connected, err = s.settle(ctx, a, claim)
	}
	switch fault.KindOf(err) {
	case fault.NotFound, fault.Unauthenticated:
		connected, err = false, nil // still waiting for tokens
	case fault.Denied, fault.Conflict:
		claim.Refused = fault.CodeOf(err)
		if serr := s.store.SaveClaim(ctx, claim); serr != nil {
			return false, serr
		}
	}
	return connected, err
}

// settle completes a claim in the account's turn, unless somebody did while this
// one waited for it: two connects would be one too many.
func (s *Service) settle(ctx context.Context, a Account, c Claim) (bool, error) {
	release, err := s.turns.take(ctx, a.ID)
	if err != nil {
		return false, err
	}
	defer release()
	if _, err := s.store.Claim(ctx, c.Product, c.CRMID); err != nil {
		if !fault.Is(err, fault.NotFound) {
			return false, err
		}
		a, err := s.store.Account(ctx, a.ID)
		return a.State == Connected, err
	}
	return s.completeInTurn(ctx, a, c)
}

// codeTaken is the code for an account that another team holds.
const codeTaken = "account_taken"

// notTaken refuses an account that another team holds.
func (s *Service) notTaken(ctx context.Context, a Account, t chatid.TeamID) error {
	if a.Team == "" || a.Team == t || a.State == Disconnected || a.State == Installed {
		return nil
	}
	owner, err := s.logins.OwnerMasked(ctx, a.Team)
	if err != nil {
		owner = "***"
	}
	return fault.New(fault.Conflict, codeTaken).With("Owner", owner)
}

// complete does what a claim asks for, in the account's turn.
func (s *Service) complete(ctx context.Context, a Account, c Claim) (bool, error) {
	release, err := s.turns.take(ctx, a.ID)
	if err != nil {
		return false, err
	}
	defer release()
	return s.completeInTurn(ctx, a, c)
}

// completeInTurn proves admin and amojo id by the account's own token, connects
// and makes the first chat. fault.NotFound when there are no tokens,
// fault.Unauthenticated when they are dead.
func (s *Service) completeInTurn(ctx context.Context, a Account, c Claim) (bool, error) {
	info, err := s.info(ctx, &a)
	if err != nil {
		return false, err
	}
	if info.CRMID != c.CRMID || info.AmojoID == "" || !strings.EqualFold(string(info.AmojoID), string(c.AmojoID)) {
		return false, fault.New(fault.Denied, "account_mismatch")
	}
	if !c.AdminProven {
		access, err := s.Access(ctx, a.ID)
		if err != nil {
			return false, err
		}
		admin, err := s.crm.IsAdmin(ctx, a.Product, a.Host, access, c.CRMUser)
		if err != nil {
			return false, err
		}
		if !admin {
			return false, fault.New(fault.Denied, "not_admin")
		}
	}
	scope, err := s.channel.Connect(ctx, a.Product, info.AmojoID)
	if fault.CodeOf(err) == codePrivate && s.alarms.on(a.Product) {
		err = fault.Wrap(fault.Denied, "channel_refused", err) // as it refuses everybody
	}
	if err != nil {
		return false, err
	}
	s.channelWorks(ctx, a.Product)
	// Before the state: a widget that reads "connected" shows the snippet.
	if err := s.firstChat(ctx, a, c.Locale); err != nil {
		return false, err
	}
	if err := s.store.SetConnected(ctx, a.ID, c.Team, c.User, info.AmojoID, scope, s.now()); err != nil {
		return false, err
	}
	s.log.Info("account connected", "account_id", string(a.ID), "product", a.Product)
	if a.State == Broken || a.State == Disconnected {
		s.lost(a.ID, a.UpdatedAt)
	}
	if err := s.store.DropClaim(ctx, a.Product, a.CRMID); err != nil {
		return false, err
	}
	s.resumed()
	return true, nil
}

// firstChat makes the first online chat and its source. A source that cannot be
// made is no reason to fail: messages then go to the default source, and the
// next connect tries again.
func (s *Service) firstChat(ctx context.Context, a Account, locale string) error {
	src, err := s.chats.First(ctx, a.ID, locale)
	if err != nil || src.Known {
		return err
	}
	access, err := s.Access(ctx, a.ID)
	if err == nil {
		var id chatid.SourceID
		id, err = s.crm.EnsureSource(ctx, a.Product, a.Host, access, src.Name, src.ExternalID, src.Pipeline)
		if err == nil && id != 0 {
			err = s.chats.SetSource(ctx, src.Chat, id)
		}
	}
	if err != nil {
		s.log.Warn("make lead source", "account_id", string(a.ID), "error", err)
	}
	return nil
}
