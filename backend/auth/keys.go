package auth

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// keyBytes is the length of a server key.
const keyBytes = 32

// Key is one secret of the server. Its id stands in clear in what it signs and
// seals, so that older things are found again after a rotation.
type Key struct {
	ID     string
	Secret []byte
}

// String names the key without its secret.
func (k Key) String() string { return "key " + k.ID }

// GoString keeps the secret out of %#v too.
func (k Key) GoString() string { return k.String() }

// NewKey makes a key from the system's randomness.
func NewKey(id string) Key {
	k := Key{ID: id, Secret: make([]byte, keyBytes)}
	rand.Read(k.Secret) // never fails; the runtime would end the process
	return k
}

// FormatKeys writes keys as a key file holds them: one a line, id and secret in
// base64, the newest first.
func FormatKeys(keys ...Key) string {
	var b strings.Builder
	for _, k := range keys {
		fmt.Fprintf(&b, "%s %s\n", k.ID, base64.StdEncoding.EncodeToString(k.Secret))
	}
	return b.String()
}

// ParseKeys reads a key file. Empty lines and lines with # are passed over.
// Errors name the line, never its content.
func ParseKeys(file string) ([]Key, error) {
	var keys []Key
	n := 0
	for line := range strings.Lines(file) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		id, text, _ := strings.Cut(line, " ")
		secret, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("key file: line %d is not \"id base64\"", n)
		}
		keys = append(keys, Key{ID: id, Secret: secret})
	}
	if err := checkKeys(keys); err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	return keys, nil
}

// maxKeys is enough for a rotation and an accident in it.
const maxKeys = 8

func checkKeys(keys []Key) error {
	if len(keys) == 0 || len(keys) > maxKeys {
		return fmt.Errorf("want 1 to %d keys, found %d", maxKeys, len(keys))
	}
	seen := map[string]bool{}
	for n, k := range keys {
		switch {
		case k.ID == "" || len(k.ID) > 16 || strings.Trim(k.ID, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
			return fmt.Errorf("id of key %d: want 1 to 16 of a-z, 0-9 and -", n+1)
		case seen[k.ID]:
			return fmt.Errorf("id of key %d is there twice", n+1)
		case len(k.Secret) != keyBytes:
			return fmt.Errorf("key %d: want %d bytes, found %d", n+1, keyBytes, len(k.Secret))
		}
		seen[k.ID] = true
	}
	return nil
}

// DeriveKeys makes keys of one purpose from the server's, in the same order.
func DeriveKeys(purpose string, keys ...Key) ([][]byte, error) {
	list := make([][]byte, len(keys))
	for i, k := range keys {
		var err error
		if list[i], err = k.derive(purpose); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// derive makes the key of one purpose: what is signed for one can never pass
// for another, whatever it contains.
func (k Key) derive(purpose string) ([]byte, error) {
	d, err := hkdf.Key(sha256.New, k.Secret, nil, "leadline "+purpose, keyBytes)
	if err != nil {
		return nil, errors.New("derive key: " + err.Error())
	}
	return d, nil
}
