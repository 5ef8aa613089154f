// Package team holds Leadline's own users: who may sign in, to which team they
// belong, and how an address is proven. A Leadline login is no amoCRM login.
package team

import (
	"context"
	"time"

	"leadline/backend/chatid"
)

// Role is what a user may do with the accounts of the team.
type Role string

const (
	// Owner made the team; Admin may connect and disconnect; Viewer may look.
	Owner  Role = "owner"
	Admin  Role = "admin"
	Viewer Role = "viewer"
)

// User is one Leadline login.
type User struct {
	ID   chatid.UserID
	Team chatid.TeamID
	// Email is lower case and unique.
	Email string
	Role  Role
	// PasswordHash is argon2id in PHC form.
	PasswordHash string
	// VerifiedAt is when the address was proven; zero before that.
	VerifiedAt time.Time
	// Locale is the language of mails to this user.
	Locale    string
	CreatedAt time.Time
}

// Verified reports whether the address was proven.
func (u User) Verified() bool { return !u.VerifiedAt.IsZero() }

// CanConnect reports whether the role may connect and disconnect accounts.
func (u User) CanConnect() bool { return u.Role == Owner || u.Role == Admin }

// Store keeps teams and users.
type Store interface {
	MemberStore
	// CreateUser stores a user; with a TeamID that does not exist yet the team is
	// made in the same transaction. fault.Conflict "email_taken" for a known address.
	CreateUser(ctx context.Context, u User) error
	// UserByEmail finds by the lower-case address; fault.NotFound.
	UserByEmail(ctx context.Context, email string) (User, error)
	// User finds by id; fault.NotFound.
	User(ctx context.Context, id chatid.UserID) (User, error)
	// OwnerOf gives the first owner of a team; fault.NotFound.
	OwnerOf(ctx context.Context, t chatid.TeamID) (User, error)
	// Verify marks the address as proven; repeating it changes nothing.
	Verify(ctx context.Context, id chatid.UserID, at time.Time) error
	// SetPassword replaces the hash of a user (by address); fault.NotFound. It ends
	// the user's sessions.
	SetPassword(ctx context.Context, email, hash string) error
	// ReplacePassword puts hash in the place of old, marks the address as proven and
	// ends the user's sessions, together; fault.NotFound when the user's hash is not
	// old (any more).
	ReplacePassword(ctx context.Context, id chatid.UserID, old, hash string, at time.Time) error

	// AddSession stores a session while its user's password has that hash; else
	// fault.NotFound. Sessions that began before before are forgotten.
	AddSession(ctx context.Context, s Session, passwordHash string, before time.Time) error
	// Session finds one by its hash, with its user; fault.NotFound.
	Session(ctx context.Context, hash string) (Session, User, error)
	// SeeSession notes when a session was used; DropSession ends it. One that is not
	// there is no error.
	SeeSession(ctx context.Context, hash string, at time.Time) error
	DropSession(ctx context.Context, hash string) error
}
