package account

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// Info is what API v4 says about the account of a token.
type Info struct {
	CRMID   chatid.CRMAccountID
	AmojoID chatid.AmojoID
	Host    string
	Name    string
	// CurrentUser is who granted the token.
	CurrentUser chatid.CRMUserID
}

// ErrMoved is in the chain of an error of CRM when the address answered as one
// does whose account was renamed.
var ErrMoved = errors.New("account: no such account at this address")

// CRM is API v4 and OAuth of the products. Errors are faults: Unauthenticated
// crm_unauthorised (the token or code is dead), Unavailable crm_unavailable,
// Timeout crm_timeout.
type CRM interface {
	// CurrentHost asks for the present address of a renamed account.
	CurrentHost(ctx context.Context, product, host string, t Tokens) (string, error)
	Exchange(ctx context.Context, product, host, code string) (Tokens, error)
	Refresh(ctx context.Context, product, host, refresh string) (Tokens, error)
	Info(ctx context.Context, product, host, access string) (Info, error)
	IsAdmin(ctx context.Context, product, host, access string, user chatid.CRMUserID) (bool, error)
	// TokenEnds reads when an access token says that it ends; an error for what is none.
	TokenEnds(access string) (time.Time, error)
	// EnsureSource makes the lead source of an online chat, or finds it. The id
	// is 0 when the product keeps a single source, which the CRM makes by itself.
	EnsureSource(ctx context.Context, product, host, access, name, externalID string, p chatid.PipelineID) (chatid.SourceID, error)
}

// codePrivate is the code for an account that a channel does not take.
const codePrivate = "channel_private"

// Channel is the connecting part of the Chats API. Errors are faults: Denied
// channel_private (403) and channel_refused, Unavailable crm_unavailable, Timeout crm_timeout.
type Channel interface {
	Connect(ctx context.Context, product string, a chatid.AmojoID) (chatid.ScopeID, error)
	Disconnect(ctx context.Context, product string, a chatid.AmojoID) error
}

// Chats makes what a connected account shows on its site.
type Chats interface {
	// First makes the first online chat and button if there is none and returns
	// the chat's source as it should be; done is true when the CRM has it.
	First(ctx context.Context, a chatid.AccountID, locale string) (s Source, err error)
	SetSource(ctx context.Context, c chatid.ChatID, id chatid.SourceID) error
}

// Source is the lead source that an online chat needs.
type Source struct {
	Chat       chatid.ChatID
	Name       string
	ExternalID string
	Pipeline   chatid.PipelineID
	Known      bool // the CRM has it already
}

// Logins tells who owns a team.
type Logins interface {
	// OwnerMasked is the owner's address, masked for somebody else's eyes.
	OwnerMasked(ctx context.Context, t chatid.TeamID) (string, error)
	// TellTransfer mails the account's owner that another team asks for it.
	TellTransfer(ctx context.Context, a Account, t Transfer) error
	// Email is a user's address.
	Email(ctx context.Context, u chatid.UserID) (string, error)
}

// Service installs, connects and disconnects accounts.
type Service struct {
	store   Store
	crm     CRM
	channel Channel
	chats   Chats
	logins  Logins
	newID   func() string
	now     func() time.Time
	log     *slog.Logger
	// resumed is called when an account's waiting messages may go again.
	resumed func()
	lost    func(id chatid.AccountID, since time.Time)
	grants  chan struct{}
	reconn  *attempts // of refused scopes
	healed  *attempts // of v1 hooks
	alarms  *alarms
	pending *pending
	turns   turns
}

// Deps are what a Service needs of others.
type Deps struct {
	Store   Store
	CRM     CRM
	Channel Channel
	Chats   Chats
	Logins  Logins
	NewID   func() string
	Now     func() time.Time
	Logger  *slog.Logger
	Resumed func()
	// Lost is called when hooks of an account may not have reached us since a time;
	// may be nil.
	Lost func(id chatid.AccountID, since time.Time)
}

// NewService wires a service; RunGrants must run beside it.
func NewService(d Deps) *Service {
	if d.Lost == nil {
		d.Lost = func(chatid.AccountID, time.Time) {}
	}
	return &Service{
		store: d.Store, crm: d.CRM, channel: d.Channel, chats: d.Chats, logins: d.Logins,
		newID: d.NewID, now: d.Now, log: d.Logger, resumed: d.Resumed, lost: d.Lost,
		grants: make(chan struct{}, 1), reconn: newAttempts(), healed: newAttempts(), alarms: newAlarms(), pending: newPending(),
	}
}

// ByScope finds the account of a hook; fault.NotFound.
func (s *Service) ByScope(ctx context.Context, scope chatid.ScopeID) (Account, error) {
	return s.store.ByScope(ctx, scope)
}

// Account finds by our id; fault.NotFound.
func (s *Service) Account(ctx context.Context, id chatid.AccountID) (Account, error) {
	return s.store.Account(ctx, id)
}

// ByCRM finds by the CRM's number; fault.NotFound.
func (s *Service) ByCRM(ctx context.Context, product string, id chatid.CRMAccountID) (Account, error) {
	return s.store.ByCRM(ctx, product, id)
}

// OfTeam lists a team's accounts, the oldest first.
func (s *Service) OfTeam(ctx context.Context, t chatid.TeamID) ([]Account, error) {
	return s.store.OfTeam(ctx, t)
}

// Operators lists the users of the account's CRM that are known by now.
func (s *Service) Operators(ctx context.Context, id chatid.AccountID) ([]Operator, error) {
	return s.store.Operators(ctx, id)
}

// View is the connection as its admin sees it.
type View struct {
	// State is one of not_connected, connecting, connected, broken, disconnected.
	State   string
	Reason  string
	Login   string
	Account chatid.AccountID
}

// Status tells how far the account with this number has come. host is its
// address as the CRM signed it for the asker, "" for none.
func (s *Service) Status(ctx context.Context, product string, id chatid.CRMAccountID, host string) (View, error) {
	v := View{State: "not_connected"}
	// A claim that could not be completed when the tokens came (the chats service
	// was away, the server was killed) is tried again whenever somebody looks.
	if _, err := s.Settle(ctx, product, id); err != nil {
		s.log.Warn("complete waiting sign-in", "product", product, "error", err)
	}
	claim, err := s.store.Claim(ctx, product, id)
	switch {
	case err == nil && claim.Refused == "":
		v.State = "connecting"
		v.Login, _ = s.logins.Email(ctx, claim.User)
	case err == nil:
		v.Reason = claim.Refused
	case !fault.Is(err, fault.NotFound):
		return View{}, err
	}
	a, err := s.store.ByCRM(ctx, product, id)
	if fault.Is(err, fault.NotFound) {
		return v, nil
	}
	if err != nil {
		return View{}, err
	}
	v.Account = a.ID
	if host != "" && host != a.Host {
		if err := s.renamed(ctx, &a, host); err != nil {
			return View{}, err
		}
	}
	if v.State == "connecting" && a.HasTokens {
		// Nothing is missing, so it was interrupted: go on in the background.
		s.pending.add(pendingKey{product, id})
		s.wake()
	}
	switch a.State {
	case Connected, Broken:
		v.State, v.Reason = string(a.State), a.Reason
		v.Login, _ = s.logins.Email(ctx, a.ConnectedBy)
	case Disconnected:
		if v.State == "not_connected" {
			v.State = "disconnected"
		}
	}
	return v, nil
}

// Disconnect switches the channel off for an account; history is kept. An
// account that we do not know, or that is off already, is no error.
func (s *Service) Disconnect(ctx context.Context, product string, id chatid.CRMAccountID) error {
	if err := s.store.DropClaim(ctx, product, id); err != nil {
		return err
	}
	a, err := s.store.ByCRM(ctx, product, id)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.disconnect(ctx, a, "")
}

func (s *Service) disconnect(ctx context.Context, a Account, reason string) error {
	// Not while somebody connects it: whoever is later must find what he decides.
	release, err := s.turns.take(ctx, a.ID)
	if err != nil {
		return err
	}
	defer release()
	if a, err = s.store.Account(ctx, a.ID); err != nil {
		return err
	}
	if a.State != Connected && a.State != Broken {
		return nil
	}
	// Our own state first: whatever the chats service says, visitors must see
	// that nobody answers here any more.
	if err := s.store.SetState(ctx, a.ID, Disconnected, reason, s.now()); err != nil {
		return err
	}
	if err := s.channel.Disconnect(ctx, a.Product, a.AmojoID); err != nil {
		s.log.Warn("disconnect channel", "account_id", string(a.ID), "error", err)
	}
	s.log.Info("account disconnected", "account_id", string(a.ID))
	return nil
}
