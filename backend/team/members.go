package team

import (
	"context"
	"crypto/rand"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// InviteLife is how long an invitation can be accepted.
const InviteLife = 7 * 24 * time.Hour

// Invite waits for the person whose mailbox its link was sent to.
type Invite struct {
	ID   string
	Team chatid.TeamID
	// Email is lower case; a team has one invitation for each.
	Email string
	Role  Role
	// Hash is that of the link's secret.
	Hash string
	// InvitedBy is the address of who sent it.
	InvitedBy string
	CreatedAt time.Time
}

// EndsAt is when it can be accepted no more.
func (i Invite) EndsAt() time.Time { return i.CreatedAt.Add(InviteLife) }

// Known reports whether there is such a role.
func (r Role) Known() bool { return r == Owner || r == Admin || r == Viewer }

// Manages reports whether u may give a role to somebody, or take it away: owners
// any, administrators any but that of an owner.
func (u User) Manages(r Role) bool { return u.Role == Owner || u.Role == Admin && r != Owner }

// MemberStore keeps who belongs to a team.
type MemberStore interface {
	// Members lists a team's users, the oldest first; Invites its invitations.
	Members(ctx context.Context, t chatid.TeamID) ([]User, error)
	Invites(ctx context.Context, t chatid.TeamID) ([]Invite, error)
	// SetRole gives a user of the team another role, RemoveMember deletes one with all
	// sessions. fault.NotFound for one of another team; fault.Conflict last_owner when
	// no owner would be left.
	SetRole(ctx context.Context, t chatid.TeamID, id chatid.UserID, r Role) error
	RemoveMember(ctx context.Context, t chatid.TeamID, id chatid.UserID) error
	// SaveInvite takes the place of an earlier one for the address.
	SaveInvite(ctx context.Context, i Invite) error
	// InviteByHash finds one; DropInvite ends one of the team. fault.NotFound.
	InviteByHash(ctx context.Context, hash string) (Invite, error)
	DropInvite(ctx context.Context, t chatid.TeamID, id string) error
	// Join ends the invitation, and stores u with its team, role, password and proven
	// address, all together: a new user, or one who leaves a team behind. fault.NotFound
	// when the invitation is gone; fault.Conflict other_team when the team left behind
	// has other users, or accounts.
	Join(ctx context.Context, inviteID string, u User) error
	// SetLocale stores the language of a user; fault.NotFound.
	SetLocale(ctx context.Context, id chatid.UserID, locale string) error
}

// Members lists the users of a team, the oldest first.
func (s *Service) Members(ctx context.Context, t chatid.TeamID) ([]User, error) {
	return s.store.Members(ctx, t)
}

// Invites lists the invitations of a team that wait.
func (s *Service) Invites(ctx context.Context, t chatid.TeamID) ([]Invite, error) {
	all, err := s.store.Invites(ctx, t)
	var list []Invite
	for _, i := range all {
		if s.now().Before(i.EndsAt()) {
			list = append(list, i)
		}
	}
	return list, err
}

// Member finds a user of the team; fault.NotFound.
func (s *Service) Member(ctx context.Context, t chatid.TeamID, id chatid.UserID) (User, error) {
	u, err := s.store.User(ctx, id)
	if err == nil && u.Team != t {
		return User{}, fault.New(fault.NotFound, "not_found")
	}
	return u, err
}

// Invite mails a link by which somebody joins the team of by; the link of an earlier
// invitation dies. What it answers does not tell whether the address has a login.
// fault.Invalid invalid_email, invalid_request for a role that is none; fault.Conflict
// member_already; fault.Denied not_owner.
func (s *Service) Invite(ctx context.Context, by User, email string, r Role, locale string) error {
	email, err := checkEmail(email)
	switch {
	case err != nil:
		return err
	case !r.Known():
		return fault.New(fault.Invalid, "invalid_request")
	case !by.Manages(r):
		return fault.New(fault.Denied, "not_owner")
	}
	u, err := s.store.UserByEmail(ctx, email)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	if err == nil && u.Team == by.Team {
		return fault.New(fault.Conflict, "member_already")
	}
	token := rand.Text()
	i := Invite{ID: s.newID(), Team: by.Team, Email: email, Role: r, Hash: hashed(token), InvitedBy: by.Email, CreatedAt: s.now()}
	if err := s.store.SaveInvite(ctx, i); err != nil {
		return err
	}
	return s.mailer.SendInvite(ctx, email, locale, token, by.Email)
}

// Revoke ends an invitation of the team of by; fault.NotFound, fault.Denied not_owner.
func (s *Service) Revoke(ctx context.Context, by User, id string) error {
	list, err := s.store.Invites(ctx, by.Team)
	if err != nil {
		return err
	}
	for _, i := range list {
		if i.ID == id && !by.Manages(i.Role) {
			return fault.New(fault.Denied, "not_owner")
		}
	}
	return s.store.DropInvite(ctx, by.Team, id)
}

// Accept makes who holds the link of an invitation a member of its team, and gives
// them. An address without a login gets one, with this password; one that has a login
// must bring its password, and leaves its team, which must be empty then. An unproven
// login counts as none: whoever made it did not read this mailbox.
//
// Errors: fault.Invalid token_invalid, weak_password, wrong_credentials; fault.Conflict
// other_team.
func (s *Service) Accept(ctx context.Context, token, password string) (User, error) {
	dead := func(cause error) (User, error) { return User{}, fault.Wrap(fault.Invalid, "token_invalid", cause) }
	if len(token) > maxSecret {
		return dead(nil)
	}
	i, err := s.store.InviteByHash(ctx, hashed(token))
	if fault.Is(err, fault.NotFound) {
		return dead(err)
	}
	if err != nil {
		return User{}, err
	}
	now := s.now()
	if !now.Before(i.EndsAt()) {
		return dead(nil)
	}
	u, err := s.store.UserByEmail(ctx, i.Email)
	switch {
	case fault.Is(err, fault.NotFound):
		u = User{ID: chatid.UserID(s.newID()), Email: i.Email, CreatedAt: now}
	case err != nil:
		return User{}, err
	}
	if u.Verified() {
		ok, err := s.passwords.Compare(ctx, u.PasswordHash, password)
		if err == nil && !ok {
			err = fault.New(fault.Invalid, "wrong_credentials")
		}
		if err != nil {
			return User{}, err
		}
	} else {
		if err := checkPassword(password); err != nil {
			return User{}, err
		}
		if u.PasswordHash, err = s.passwords.Hash(ctx, password); err != nil {
			return User{}, err
		}
		u.VerifiedAt = now
	}
	u.Team, u.Role = i.Team, i.Role
	err = s.store.Join(ctx, i.ID, u)
	if fault.Is(err, fault.NotFound) { // the link was used twice at once
		return dead(err)
	}
	return u, err
}

// SetRole gives a member of the team of by another role. fault.Invalid
// invalid_request, fault.NotFound, fault.Denied not_owner, fault.Conflict last_owner.
func (s *Service) SetRole(ctx context.Context, by User, id chatid.UserID, r Role) error {
	if !r.Known() {
		return fault.New(fault.Invalid, "invalid_request")
	}
	if err := s.mayManage(ctx, by, id); err != nil {
		return err
	}
	if !by.Manages(r) {
		return fault.New(fault.Denied, "not_owner")
	}
	return s.store.SetRole(ctx, by.Team, id, r)
}

// Remove deletes the login of a member of the team of by. fault.NotFound,
// fault.Denied not_owner, fault.Conflict last_owner.
func (s *Service) Remove(ctx context.Context, by User, id chatid.UserID) error {
	if err := s.mayManage(ctx, by, id); err != nil {
		return err
	}
	return s.store.RemoveMember(ctx, by.Team, id)
}

func (s *Service) mayManage(ctx context.Context, by User, id chatid.UserID) error {
	u, err := s.Member(ctx, by.Team, id)
	if err == nil && !by.Manages(u.Role) {
		err = fault.New(fault.Denied, "not_owner")
	}
	return err
}

// ChangePassword replaces the password of a user who knows it, and ends all sessions.
// It gives the user as they are then. fault.Invalid wrong_password, weak_password.
func (s *Service) ChangePassword(ctx context.Context, u User, old, password string) (User, error) {
	ok := len(old) <= MaxPasswordBytes
	if ok {
		var err error
		if ok, err = s.passwords.Compare(ctx, u.PasswordHash, old); err != nil {
			return User{}, err
		}
	}
	if !ok {
		return User{}, fault.New(fault.Invalid, "wrong_password")
	}
	if err := checkPassword(password); err != nil {
		return User{}, err
	}
	hash, err := s.passwords.Hash(ctx, password)
	if err != nil {
		return User{}, err
	}
	err = s.store.ReplacePassword(ctx, u.ID, u.PasswordHash, hash, s.now())
	if fault.Is(err, fault.NotFound) { // changed elsewhere at this moment
		err = fault.Wrap(fault.Invalid, "wrong_password", err)
	}
	u.PasswordHash = hash
	return u, err
}

// TellTransfer mails the owner of a team that a user of another one asks for an
// account of its, and gets it at a time; path is that of its page in the console.
func (s *Service) TellTransfer(ctx context.Context, of chatid.TeamID, by chatid.UserID, path, account string, at time.Time) error {
	owner, err := s.store.OwnerOf(ctx, of)
	if err != nil {
		return err
	}
	asker, err := s.store.User(ctx, by)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	return s.mailer.SendTransfer(ctx, owner.Email, owner.Locale, path, account, Masked(asker.Email), at)
}

// SetLocale stores the language of a user's pages and mails; "" is what the browser
// asks for.
func (s *Service) SetLocale(ctx context.Context, u User, locale string) error {
	return s.store.SetLocale(ctx, u.ID, locale)
}
