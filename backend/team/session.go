package team

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// How long somebody stays signed in to the console at its own address.
const (
	// SessionIdle is how long a session lives that nobody uses.
	SessionIdle = 12 * time.Hour
	// SessionLife is how long any session lives.
	SessionLife = 7 * 24 * time.Hour
	// sessionSeen is how exactly the use of a session is noted: a write for each page
	// would be too many.
	sessionSeen = time.Minute
)

// Session is one sign-in of a user in one browser. The browser holds a secret, the
// store its hash.
type Session struct {
	Hash      string
	User      chatid.UserID
	CreatedAt time.Time
	SeenAt    time.Time
}

// EndsAt is when the session ends if nobody uses it any more.
func (s Session) EndsAt() time.Time {
	idle, life := s.SeenAt.Add(SessionIdle), s.CreatedAt.Add(SessionLife)
	if idle.Before(life) {
		return idle
	}
	return life
}

// hashed is how the secrets of sessions and invitations are kept.
func hashed(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// maxSecret bounds what is hashed; ours have 26 characters.
const maxSecret = 64

// Begin starts a session of a user who has just signed in, and gives its secret for
// the browser. fault.Unauthenticated session_over when the password was changed
// meanwhile.
func (s *Service) Begin(ctx context.Context, u User) (secret string, err error) {
	secret, now := rand.Text(), s.now()
	err = s.store.AddSession(ctx, Session{Hash: hashed(secret), User: u.ID, CreatedAt: now, SeenAt: now}, u.PasswordHash, now.Add(-SessionLife))
	if fault.Is(err, fault.NotFound) {
		err = fault.Wrap(fault.Unauthenticated, "session_over", err)
	}
	return secret, err
}

// Session finds the session of a secret and its user, and notes that it is used.
// fault.Unauthenticated session_over for one that is not there or has ended.
func (s *Service) Session(ctx context.Context, secret string) (Session, User, error) {
	over := func(cause error) (Session, User, error) {
		return Session{}, User{}, fault.Wrap(fault.Unauthenticated, "session_over", cause)
	}
	if len(secret) > maxSecret {
		return over(errors.New("no secret of ours"))
	}
	found, u, err := s.store.Session(ctx, hashed(secret))
	if fault.Is(err, fault.NotFound) {
		return over(err)
	}
	if err != nil {
		return Session{}, User{}, err
	}
	now := s.now()
	if !now.Before(found.EndsAt()) {
		return over(errors.New("session has ended"))
	}
	if now.Sub(found.SeenAt) >= sessionSeen {
		if err := s.store.SeeSession(ctx, found.Hash, now); err != nil {
			return Session{}, User{}, err
		}
		found.SeenAt = now
	}
	return found, u, nil
}

// End ends the session of a secret; one that is not there is none.
func (s *Service) End(ctx context.Context, secret string) error {
	if len(secret) > maxSecret {
		return nil
	}
	return s.store.DropSession(ctx, hashed(secret))
}
