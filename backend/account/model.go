// Package account holds the installation of the integration in one CRM account:
// OAuth tokens, the claim of a Leadline login on it, the connection to the
// channel, and what to do when one of them breaks.
package account

import (
	"context"
	"time"

	"leadline/backend/chatid"
)

// State is how far an installation has come (design.md §4).
type State string

const (
	// Installed: known, tokens may be there, not connected to the channel.
	Installed State = "installed"
	// Connected: chatting works.
	Connected State = "connected"
	// Broken: it was connected; Reason says what is wrong.
	Broken State = "broken"
	// Disconnected: switched off by the admin or by uninstalling.
	Disconnected State = "disconnected"
)

// Reasons of the state Broken.
const (
	// ReasonAuthorisation: the OAuth tokens do not work; chatting goes on.
	ReasonAuthorisation = "authorisation"
	// ReasonChannel: the chats service refuses the scope; messages wait.
	ReasonChannel = "channel"
	// ReasonPrivate: it refuses to connect the account, which is not in the
	// list of a private channel (C §5.2); messages wait.
	ReasonPrivate = "channel_private"
	// ReasonServer: it refuses every account, so that our clock or our secret is
	// wrong; messages wait, and the admin can only wait too.
	ReasonServer = "clock_or_secret"
	// ReasonUnpaid: the CRM serves nothing until the account is paid for (402);
	// messages try, and wait when they are refused.
	ReasonUnpaid = "unpaid"
)

// ReasonRemoved goes with Disconnected: the integration was removed in the CRM,
// not switched off, and comes back with its next installation.
const ReasonRemoved = "removed"

// Account is one CRM account that installed us.
type Account struct {
	ID chatid.AccountID
	// Team owns the account; empty until a login claimed it.
	Team    chatid.TeamID
	Product string // "amocrm", "kommo", "dev": the record of configuration
	CRMID   chatid.CRMAccountID
	AmojoID chatid.AmojoID
	// Host is the account's own address, "democo.amocrm.ru"; it can be renamed.
	Host   string
	Name   string
	State  State
	Reason string
	Scope  chatid.ScopeID
	// ConnectedBy is the login that connected it last.
	ConnectedBy chatid.UserID
	// PausedUntil holds back deliveries of the whole account.
	PausedUntil time.Time
	HasTokens   bool
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Waits tells whether an account in this state holds its messages back: those
// of one without authorisation go, since the chats service needs none, and so do
// those of one that did not pay.
func (a Account) Waits() bool {
	return a.State == Disconnected || a.State == Broken && a.Reason != ReasonAuthorisation && a.Reason != ReasonUnpaid
}

// Tokens is the OAuth pair of an account, in clear. The store seals it. A long-lived
// token has no Refresh.
type Tokens struct {
	Access, Refresh string
	ExpiresAt       time.Time
}

// Claim is a proven login that waits for the account's OAuth tokens (design.md §3.2).
type Claim struct {
	Product string
	CRMID   chatid.CRMAccountID
	CRMUser chatid.CRMUserID
	// AdminProven: the disposable token said that the user is an administrator;
	// otherwise the API is asked when the tokens are there.
	AdminProven bool
	Team        chatid.TeamID
	User        chatid.UserID
	AmojoID     chatid.AmojoID
	Host        string
	Locale      string
	CreatedAt   time.Time
	// Refused is the code of the reason why the claim could not be completed.
	Refused string
}

// Grant is an authorisation code on its way to tokens. It is stored before the
// CRM gets its answer, because the CRM never repeats it.
type Grant struct {
	ID      string
	Product string
	Code    string // sealed at rest
	Host    string
	// By is who asked for it at the console; empty where the CRM sent it by itself.
	By         Asker
	ReceivedAt time.Time
}

// Store keeps accounts, tokens, claims and grants.
type Store interface {
	CRMStore
	TransferStore
	// Account finds by our id, ByCRM by the CRM's number, ByScope by the scope
	// that hooks carry. fault.NotFound.
	Account(ctx context.Context, id chatid.AccountID) (Account, error)
	ByCRM(ctx context.Context, product string, id chatid.CRMAccountID) (Account, error)
	ByScope(ctx context.Context, s chatid.ScopeID) (Account, error)
	// OfTeam lists a team's accounts.
	OfTeam(ctx context.Context, t chatid.TeamID) ([]Account, error)
	// Broken lists the accounts in that state, longest first.
	Broken(ctx context.Context) ([]Account, error)
	// Idle lists up to limit accounts after the given id whose access token ended
	// before before and that have a refresh token, by rising id; "" is the
	// beginning. Those in Broken/authorisation are left out.
	Idle(ctx context.Context, before time.Time, after chatid.AccountID, limit int) ([]chatid.AccountID, error)

	// Upsert stores an account under (Product, CRMID): a new one with the given
	// ID, else AmojoID, Host and Name of the known one are brought up to date.
	// It returns what is stored.
	Upsert(ctx context.Context, a Account) (Account, error)
	// SetConnected stores team, user, amojo id, scope and the state Connected.
	// fault.Conflict "account_taken" when another team has it in any state but
	// Disconnected.
	SetConnected(ctx context.Context, id chatid.AccountID, t chatid.TeamID, u chatid.UserID, amojo chatid.AmojoID, s chatid.ScopeID, at time.Time) error
	// SetState stores state and reason; a Disconnected account keeps its team.
	// When the account no longer Waits, its pause is lifted and its lanes are due.
	SetState(ctx context.Context, id chatid.AccountID, s State, reason string, at time.Time) error
	// MoveState is SetState for an account that is in one of the states from; for
	// any other nothing changes and ok is false: what was found out about it is old.
	MoveState(ctx context.Context, id chatid.AccountID, from []State, to State, reason string, at time.Time) (ok bool, err error)

	// SaveTokens stores the pair; DropTokens removes it.
	SaveTokens(ctx context.Context, id chatid.AccountID, t Tokens) error
	DropTokens(ctx context.Context, id chatid.AccountID) error
	// Tokens reads the pair; fault.NotFound when there is none.
	Tokens(ctx context.Context, id chatid.AccountID) (Tokens, error)
	// LeaseRefresh takes the account's refresh lease until until: only its holder
	// may exchange the refresh token. ok is false when somebody has it.
	LeaseRefresh(ctx context.Context, id chatid.AccountID, token string, now, until time.Time) (ok bool, err error)
	// ReleaseRefresh gives the lease back.
	ReleaseRefresh(ctx context.Context, id chatid.AccountID, token string) error

	// SaveClaim replaces the claim on (Product, CRMID); Claim reads it
	// (fault.NotFound); DropClaim removes it.
	SaveClaim(ctx context.Context, c Claim) error
	Claim(ctx context.Context, product string, id chatid.CRMAccountID) (Claim, error)
	DropClaim(ctx context.Context, product string, id chatid.CRMAccountID) error
	// ClaimsOf lists a team's claims, the oldest first.
	ClaimsOf(ctx context.Context, t chatid.TeamID) ([]Claim, error)

	// SaveGrant stores a code; Grants lists those that wait; DropGrant removes one.
	SaveGrant(ctx context.Context, g Grant) error
	Grants(ctx context.Context) ([]Grant, error)
	DropGrant(ctx context.Context, id string) error
}
