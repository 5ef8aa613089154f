package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// Sealer encrypts secrets at rest with AES-256-GCM. It may be used by many
// goroutines at once.
type Sealer struct {
	sealing string
	byID    map[string]cipher.AEAD
}

// ErrSealed is the error for a sealed value that cannot be opened: damaged, moved
// to another row, or sealed by a key that is not there any more.
var ErrSealed = errors.New("sealed value cannot be opened")

// NewSealer takes the server's keys, the newest first: it seals, all open.
func NewSealer(keys ...Key) (*Sealer, error) {
	if err := checkKeys(keys); err != nil {
		return nil, err
	}
	s := &Sealer{sealing: keys[0].ID, byID: map[string]cipher.AEAD{}}
	for _, k := range keys {
		d, err := k.derive("seal")
		if err != nil {
			return nil, err
		}
		block, err := aes.NewCipher(d)
		if err != nil {
			return nil, fmt.Errorf("make cipher: %w", err)
		}
		// A random nonce for each value: good for 2^32 values under one key.
		if s.byID[k.ID], err = cipher.NewGCMWithRandomNonce(block); err != nil {
			return nil, fmt.Errorf("make cipher: %w", err)
		}
	}
	return s, nil
}

// Seal gives "key id.base64". aad names the place that the value belongs to
// ("account/<id>/tokens"): a value copied into another place does not open.
func (s *Sealer) Seal(plain, aad string) string {
	box := s.byID[s.sealing].Seal(nil, nil, []byte(plain), bind(s.sealing, aad)) //nolint:gosec // nil: this AEAD makes the nonce itself
	return s.sealing + "." + base64.RawURLEncoding.EncodeToString(box)
}

// Open gives what was sealed for the same aad; ErrSealed if it cannot.
func (s *Sealer) Open(sealed, aad string) (string, error) {
	id, text, _ := strings.Cut(sealed, ".")
	key := s.byID[id]
	box, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if key == nil || err != nil {
		return "", ErrSealed
	}
	plain, err := key.Open(nil, nil, box, bind(id, aad))
	if err != nil {
		return "", ErrSealed
	}
	return string(plain), nil
}

// Stale reports whether a sealed value should be sealed anew because a newer key
// is there.
func (s *Sealer) Stale(sealed string) bool {
	id, _, _ := strings.Cut(sealed, ".")
	return id != s.sealing
}

// bind puts the key id, which stands in clear, under the seal too.
func bind(id, aad string) []byte { return []byte(id + "\n" + aad) }
