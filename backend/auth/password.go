package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"

	"leadline/backend/fault"
)

// Parameters of new hashes: 19 MiB, two passes, one lane.
const (
	memoryKiB = 19 * 1024
	passes    = 2
	lanes     = 1
	saltBytes = 16
	hashBytes = 32
)

// MaxPasswordBytes is the longest password that is hashed. How short one may be
// is for the one who takes it.
const MaxPasswordBytes = 256

// Passwords hashes and compares passwords, a few at a time: each takes 19 MiB
// and some 20 ms of one core, so a crowd at the door must wait or be turned away.
type Passwords struct {
	slots   chan struct{}
	waiting atomic.Int64
}

// waitersPerSlot bounds the queue: with 20 ms each nobody waits above a second.
const waitersPerSlot = 50

// NewPasswords allows parallel computations at once, at least one.
func NewPasswords(parallel int) *Passwords {
	return &Passwords{slots: make(chan struct{}, max(parallel, 1))}
}

// enter takes a slot. fault.Limited too_many_attempts when too many wait.
func (p *Passwords) enter(ctx context.Context) error {
	if p.waiting.Add(1) > int64(waitersPerSlot*cap(p.slots)) {
		p.waiting.Add(-1)
		e := fault.New(fault.Limited, "too_many_attempts")
		e.RetryAfter = 2 * time.Second
		return e
	}
	defer p.waiting.Add(-1)
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait to hash a password: %w", ctx.Err())
	}
}

func (p *Passwords) leave() { <-p.slots }

// Hash gives the PHC string of a password with a new salt. fault.Invalid
// weak_password when it is empty or longer than MaxPasswordBytes.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	if password == "" || len(password) > MaxPasswordBytes {
		return "", fault.New(fault.Invalid, "weak_password")
	}
	if err := p.enter(ctx); err != nil {
		return "", err
	}
	defer p.leave()
	salt := make([]byte, saltBytes)
	rand.Read(salt)
	sum := argon2.IDKey([]byte(password), salt, passes, memoryKiB, lanes, hashBytes)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memoryKiB, passes, lanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(sum)), nil
}

// Compare reports whether password belongs to hash. The hash "" never matches
// and costs the same, so that time does not tell which logins exist.
func (p *Passwords) Compare(ctx context.Context, hash, password string) (bool, error) {
	if len(password) > MaxPasswordBytes {
		return false, nil
	}
	h := dummy
	if hash != "" {
		var err error
		if h, err = parsePHC(hash); err != nil {
			return false, err
		}
	}
	if err := p.enter(ctx); err != nil {
		return false, err
	}
	defer p.leave()
	sum := argon2.IDKey([]byte(password), h.salt, h.passes, h.memory, h.lanes, uint32(len(h.sum))) //nolint:gosec // parsePHC bounds it
	return subtle.ConstantTimeCompare(sum, h.sum) == 1 && hash != "", nil
}

type phc struct {
	memory, passes uint32
	lanes          uint8
	salt, sum      []byte
}

// dummy is computed against when there is no hash.
var dummy = phc{memoryKiB, passes, lanes, make([]byte, saltBytes), make([]byte, hashBytes)}

// parsePHC reads a stored hash. Its bounds keep a damaged row from eating the
// memory of the machine.
func parsePHC(s string) (phc, error) {
	bad := errors.New("stored password hash is malformed")
	parts := strings.Split(s, "$")
	if len(s) > 512 || len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return phc{}, bad
	}
	var h phc
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.lanes); err != nil || n != 3 ||
		parts[3] != fmt.Sprintf("m=%d,t=%d,p=%d", h.memory, h.passes, h.lanes) {
		return phc{}, bad
	}
	var err1, err2 error
	h.salt, err1 = base64.RawStdEncoding.Strict().DecodeString(parts[4])
	h.sum, err2 = base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if err1 != nil || err2 != nil || h.memory < 8 || h.memory > 256*1024 || h.passes < 1 || h.passes > 16 || h.lanes < 1 || h.lanes > 16 ||
		len(h.salt) < 8 || len(h.salt) > 64 || len(h.sum) < 16 || len(h.sum) > 64 {
		return phc{}, bad
	}
	return h, nil
}
