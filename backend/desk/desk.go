// Package desk is what the browsers of an account's CRM users tell and are told
// in the background: who is online, which visitors ask to be called back and who
// calls them, what an administrator must know of. From that, and from the hours of
// an online chat, follows what visitors read of whether somebody answers.
//
// It refuses to know HTTP, SQL and the CRM; what it asks often, it asks the
// database alone. Typical use:
//
//	answer, err := svc.Ask(ctx, desk.Asker{Account: a, User: 9000101}, desk.Report{Operators: online})
//	seen, err := svc.Availability(ctx, a.ID, chat)
package desk

import (
	"context"
	"log/slog"
	"time"

	"leadline/backend/account"
	"leadline/backend/chatid"
	"leadline/backend/onlinechat"
)

const (
	// hiddenTimes and strangerTimes make the period longer for pages that nobody
	// looks at and for accounts that are not connected.
	hiddenTimes   = 5
	strangerTimes = 10
)

// MinPeriod is the shortest period that may be set (design.md §10).
const MinPeriod = 30 * time.Second

// Asker is the CRM user whose browser asks.
type Asker struct {
	Account account.Account
	User    chatid.CRMUserID
	// Admin is nil where the token does not say.
	Admin *bool
}

// Report is what the browser tells.
type Report struct {
	// Hidden: nobody looks at the page.
	Hidden bool
	// Operators is the CRM's whole map of who is online; nil says nothing.
	Operators map[chatid.CRMUserID]bool
	// Told are incidents that were shown to the user.
	Told []string
	// Calls are what the user does about call-backs.
	Calls []Act
}

// Answer is what the browser is told.
type Answer struct {
	// Period is when it is to ask again.
	Period    time.Duration
	Incidents []Incident
	Calls     []CallBack
}

// Deps are what a Service needs of others.
type Deps struct {
	Store Store
	// Parked counts an account's messages that were not delivered.
	Parked func(ctx context.Context, a chatid.AccountID) (int, error)
	// IsAdmin asks the CRM; Run alone calls it.
	IsAdmin func(ctx context.Context, a account.Account, u chatid.CRMUserID) (bool, error)
	// Reach gives a chat's hours.
	Reach func(ctx context.Context, c chatid.ChatID) (onlinechat.Reach, error)
	// Stands is how long a call-back is offered.
	Stands time.Duration
	// Changed is told that another answer may hold for an account's visitors. It must
	// not wait.
	Changed func(a chatid.AccountID)
	// Period is how often a browser asks.
	Period time.Duration
	Now    func() time.Time
	Logger *slog.Logger
}

// Service answers browsers. Run must run beside it.
type Service struct {
	Deps
	admins *admins
	seen   *seen
}

// NewService wires a service.
func NewService(d Deps) *Service {
	return &Service{Deps: d, admins: newAdmins(), seen: newSeen()}
}

// Ask takes in a report and answers it. Of an account that is not connected
// nothing is taken in. Nothing is written where the report brings no news.
func (s *Service) Ask(ctx context.Context, by Asker, r Report) (Answer, error) {
	a := by.Account
	if a.State != account.Connected && a.State != account.Broken {
		return Answer{Period: s.Period * strangerTimes}, nil
	}
	out := Answer{Period: s.Period}
	if r.Hidden {
		out.Period *= hiddenTimes
	}
	present, err := s.present(ctx, a.ID, r, out.Period)
	if err != nil {
		return Answer{}, err
	}
	if out.Calls, err = s.calls(ctx, by, r.Calls, present); err != nil {
		return Answer{}, err
	}
	admin := s.isAdmin(by)
	if !admin && len(r.Told) == 0 {
		return out, nil
	}
	// Who was told is remembered even where it is not known again yet who they are.
	incidents, err := s.incidents(ctx, by, r.Told)
	if err != nil {
		return Answer{}, err
	}
	if admin {
		out.Incidents = incidents
	}
	return out, nil
}

// purgeEvery is how often what is over is forgotten.
const purgeEvery = time.Hour

// Run asks the CRM who is an administrator, and forgets call-backs that are over,
// until ctx ends.
func (s *Service) Run(ctx context.Context) {
	t := time.NewTicker(purgeEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case q := <-s.admins.asked:
			s.askAdmin(ctx, q)
		case <-t.C:
			if err := s.Store.Purge(ctx, s.Now().Add(-keptFor)); err != nil && ctx.Err() == nil {
				s.Logger.Error("forget call-backs", "error", err)
			}
		}
	}
}
