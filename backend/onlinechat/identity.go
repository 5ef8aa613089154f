package onlinechat

import (
	"context"
	"errors"
	"strings"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// IdentityMode says what it takes for a site's word to open the history of one of
// its users (design.md §10, ADR 11).
type IdentityMode string

// The modes.
const (
	// Signed: a user token alone counts.
	Signed IdentityMode = "signed"
	// Optional, the default: an unproven user id shows history only where the
	// device's own token is.
	Optional IdentityMode = "optional"
	// Vendor: an unproven user id opens history if nobody can guess it, see [Unguessable].
	Vendor IdentityMode = "vendor"
)

// SecretAlg is the algorithm of keys that are secrets; all others are public.
const SecretAlg = "HS256"

// MaxIdentityKeys bounds a chat's secrets, and its public keys: the one in use
// and the one that takes its place.
const MaxIdentityKeys = 2

// shortIDEvery is how exactly refused user ids are noted: a site may send one with each page.
const shortIDEvery = time.Hour

// IdentityKey verifies what a site's server signs of its users.
type IdentityKey struct {
	// ID is what a token may name as kid: 1..64 letters, digits, "-", "_" and ".".
	ID string
	// Alg is SecretAlg, or the algorithm of the public key's type.
	Alg string
	// Material is the secret, 64 hex digits, or the public key in PEM.
	Material  string
	CreatedAt time.Time
}

// Secret tells the two sorts of keys apart.
func (k IdentityKey) Secret() bool { return k.Alg == SecretAlg }

// Identity is how a chat learns who its visitors are.
type Identity struct {
	Mode IdentityMode
	// Chosen: somebody set Mode; else it is the default, and people are asked to choose.
	Chosen bool
	Keys   []IdentityKey
	// ShortIDAt is when an unproven user id was last refused as too short; zero for never.
	ShortIDAt time.Time
}

// Unguessable tells whether an unproven user id may open history in the mode
// [Vendor]: 32 hex digits at least, as a hash or a random UUID has them.
func Unguessable(userID string) bool {
	digits := 0
	for _, r := range userID {
		switch {
		case '0' <= r && r <= '9' || 'a' <= r && r <= 'f' || 'A' <= r && r <= 'F':
			digits++
		case r != '-':
			return false
		}
	}
	return digits >= 32 && len(userID) <= 128
}

// Identity tells how a chat learns who its visitors are.
func (s *Service) Identity(ctx context.Context, c chatid.ChatID) (Identity, error) {
	return s.store.Identity(ctx, c)
}

// SetIdentityMode changes what opens history. fault.Invalid invalid_request for an unknown mode.
func (s *Service) SetIdentityMode(ctx context.Context, c chatid.ChatID, m IdentityMode) error {
	if m != Signed && m != Optional && m != Vendor {
		return fault.New(fault.Invalid, "invalid_request")
	}
	return s.store.SetIdentityMode(ctx, c, m)
}

// NewIdentitySecret gives the chat another secret, which nobody is shown again.
// Those before go on counting until they are dropped: a site changes over without
// a break. fault.Conflict too_many_identity_keys.
func (s *Service) NewIdentitySecret(ctx context.Context, c chatid.ChatID) (IdentityKey, error) {
	k := IdentityKey{ID: "s" + s.secret()[:8], Alg: SecretAlg, Material: s.secret(), CreatedAt: s.now()}
	return k, s.store.AddIdentityKey(ctx, c, k, MaxIdentityKeys)
}

// AddIdentityKey gives the chat a public key, in PEM, checked by the caller, that
// tokens of alg are signed with; an empty id gets one. fault.Invalid
// invalid_request; fault.Conflict identity_key_taken, too_many_identity_keys.
func (s *Service) AddIdentityKey(ctx context.Context, c chatid.ChatID, id, alg, public string) (IdentityKey, error) {
	if id == "" {
		id = "k" + s.secret()[:8]
	}
	if !validKeyID(id) || alg == "" || alg == SecretAlg || public == "" {
		return IdentityKey{}, fault.Wrap(fault.Invalid, "invalid_request", errors.New("id or kind of an identity key"))
	}
	k := IdentityKey{ID: id, Alg: alg, Material: public, CreatedAt: s.now()}
	return k, s.store.AddIdentityKey(ctx, c, k, MaxIdentityKeys)
}

// DropIdentityKey ends what was signed with a key; fault.NotFound.
func (s *Service) DropIdentityKey(ctx context.Context, c chatid.ChatID, id string) error {
	return s.store.DropIdentityKey(ctx, c, id)
}

// NoteShortID remembers that an unproven user id was refused as too short, so
// that the chat's owner learns of it.
func (s *Service) NoteShortID(ctx context.Context, c chatid.ChatID, known Identity) error {
	if now := s.now(); now.Sub(known.ShortIDAt) >= shortIDEvery {
		return s.store.NoteShortID(ctx, c, now)
	}
	return nil
}

func validKeyID(id string) bool {
	return id != "" && len(id) <= 64 && strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == ""
}
