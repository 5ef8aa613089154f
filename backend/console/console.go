// Package console holds what the settings console remembers: which of its tickets
// were used, and who changed what. The pages themselves are httpapi's.
//
//	err := svc.Do(ctx, console.Entry{Account: a, CRMUser: u, Act: console.RenameChat, Subject: name}, rename)
package console

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"
	"unicode"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// Act is something that a person changes in the console.
type Act string

// The acts.
const (
	RenameChat Act = "rename_chat"
	SetSites   Act = "set_sites"

	AddChat         Act = "add_chat"
	RemoveChat      Act = "remove_chat"
	SetSeveral      Act = "set_several"
	SetReach        Act = "set_reach"
	SetExternalID   Act = "set_external_id"
	SetIdentityMode Act = "set_identity_mode"
	AddIdentityKey  Act = "add_identity_key"
	DropIdentityKey Act = "drop_identity_key"

	AddButton     Act = "add_button"
	RemoveButton  Act = "remove_button"
	SetLook       Act = "set_look"
	SetAvatar     Act = "set_avatar"
	SetChannels   Act = "set_channels"
	SetButtonChat Act = "set_button_chat"

	SaveBot   Act = "save_bot"
	SwitchBot Act = "switch_bot"

	AddCard    Act = "add_card"
	SetCard    Act = "set_card"
	RemoveCard Act = "remove_card"

	Resend    Act = "resend"
	ResendAll Act = "resend_all"
	Drop      Act = "drop"
	DropAll   Act = "drop_all"

	SaveAction   Act = "save_action"
	RemoveAction Act = "remove_action"
	MoveAction   Act = "move_action"
)

// Done is the outcome of an act that went well.
const Done = "done"

// Entry is one line of an account's audit log, or of a team's where Account is empty.
type Entry struct {
	// ID is a UUID that sorts by time.
	ID      string
	Account chatid.AccountID
	Team    chatid.TeamID
	// CRMUser is who did it, as the CRM signed it; 0 for somebody who signed in with
	// a Leadline login: then User is whose, and Login the address that it had.
	CRMUser chatid.CRMUserID
	User    chatid.UserID
	Login   string
	At      time.Time
	Act     Act
	// Subject is what it was done to, and what with, in the words of the account
	// ("Website chat → Lamps"): cut to maxSubject characters, never anything that a
	// visitor wrote.
	Subject string
	// Outcome is Done, the code of the error, or "" for an act that was cut short.
	Outcome string
}

// maxSubject bounds Entry.Subject in characters; two names of chats fit.
const maxSubject = 300

// MaxPage bounds a page of the log.
const MaxPage = 100

// Store keeps used tickets and the log.
type Store interface {
	// UseTicket notes that a ticket was used; fresh is false for one that was used
	// before. It is remembered until until; those of before now are forgotten.
	UseTicket(ctx context.Context, id string, until, now time.Time) (fresh bool, err error)
	// AddEntry stores a line without an outcome, SetOutcome completes it with that of e.
	AddEntry(ctx context.Context, e Entry) error
	SetOutcome(ctx context.Context, e Entry) error
	// Entries lists up to limit lines of an account that stand before the id, the
	// newest first; "" is the newest. TeamEntries does so for a team.
	Entries(ctx context.Context, a chatid.AccountID, before string, limit int) ([]Entry, error)
	TeamEntries(ctx context.Context, t chatid.TeamID, before string, limit int) ([]Entry, error)
}

// Service spends tickets and keeps the log.
type Service struct {
	store Store
	newID func() string
	now   func() time.Time
	log   *slog.Logger
}

// NewService wires a service; newID gives UUIDs that sort by time.
func NewService(s Store, newID func() string, now func() time.Time, log *slog.Logger) *Service {
	return &Service{store: s, newID: newID, now: now, log: log}
}

// Spend uses a ticket up, which nobody accepts any more after life anyhow.
// fault.Unauthenticated ticket_invalid for one that was used before.
func (s *Service) Spend(ctx context.Context, id string, life time.Duration) error {
	now := s.now()
	fresh, err := s.store.UseTicket(ctx, id, now.Add(life), now)
	if err == nil && !fresh {
		err = fault.Wrap(fault.Unauthenticated, "ticket_invalid", errors.New("ticket was used before"))
	}
	return err
}

// outcomeTime bounds the noting of how an act ended, whoever has left meanwhile.
const outcomeTime = 5 * time.Second

// Do writes the line of an act into the log, does it, and completes the line: what
// was begun is in the log even if the server ends meanwhile, and what cannot be
// written there is not done. e needs Account or Team, who, Act and Subject. The
// error is that of do, or of the log before it.
func (s *Service) Do(ctx context.Context, e Entry, do func(context.Context) error) error {
	e.ID, e.At, e.Outcome = s.newID(), s.now(), ""
	e.Subject = line(e.Subject)
	if err := s.store.AddEntry(ctx, e); err != nil {
		return err
	}
	err := do(ctx)
	e.Outcome = Done
	if err != nil {
		e.Outcome = "internal"
		if code := fault.CodeOf(err); code != "" {
			e.Outcome = code
		}
	}
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), outcomeTime)
	defer cancel()
	if lerr := s.store.SetOutcome(after, e); lerr != nil {
		s.log.Error("note the outcome of an act", "account_id", string(e.Account), "act", string(e.Act), "outcome", e.Outcome, "error", lerr)
	}
	return err
}

// Note writes the line of an act that is done already.
func (s *Service) Note(ctx context.Context, e Entry) error {
	return s.Do(ctx, e, func(context.Context) error { return nil })
}

// line is one line of text that every database takes: somebody typed it.
func line(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if r := []rune(s); len(r) > maxSubject {
		return string(r[:maxSubject])
	}
	return s
}

// Log lists up to limit lines of the account's log that stand before the id, the
// newest first; "" is the newest. more tells whether there are older ones.
func (s *Service) Log(ctx context.Context, a chatid.AccountID, before string, limit int) (list []Entry, more bool, err error) {
	return page(limit, func(limit int) ([]Entry, error) { return s.store.Entries(ctx, a, before, limit) })
}

// TeamLog is Log for what was changed in a team.
func (s *Service) TeamLog(ctx context.Context, t chatid.TeamID, before string, limit int) (list []Entry, more bool, err error) {
	return page(limit, func(limit int) ([]Entry, error) { return s.store.TeamEntries(ctx, t, before, limit) })
}

// page asks for one more than is wanted, to know whether there is one.
func page(limit int, read func(limit int) ([]Entry, error)) (list []Entry, more bool, err error) {
	limit = min(max(limit, 1), MaxPage)
	list, err = read(limit + 1)
	if len(list) > limit {
		return list[:limit], true, err
	}
	return list, false, err
}
