package auth

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"leadline/backend/fault"
)

// The algorithms of user tokens. A key has one of them, by its type, for good.
const (
	HS256 = "HS256" // a secret that the site's server shares with us
	RS256 = "RS256"
	ES256 = "ES256"
	EdDSA = "EdDSA" // with Ed25519
)

// Sizes of RSA keys: shorter ones are broken, longer ones cost every session.
const minRSABits, maxRSABits = 2048, 8192

// maxKeyText bounds the text of a public key in bytes.
const maxKeyText = 16 << 10

// UserKey verifies user tokens of one chat.
type UserKey struct {
	// ID is what the header of a token may name as kid.
	ID  string
	Alg string
	// Material is the secret, which counts as text, or a public key in PEM.
	Material string
}

// ParseUserKey reads a public key in PEM ("PUBLIC KEY" or "RSA PUBLIC KEY"), tells
// the only algorithm that tokens may use with it and gives it as "PUBLIC KEY".
// fault.Invalid identity_key_private for a private key, which nobody should hand
// out, and identity_key_invalid for anything else.
func ParseUserKey(text string) (alg, public string, err error) {
	invalid := func(why string) error {
		return fault.Wrap(fault.Invalid, "identity_key_invalid", errors.New(why))
	}
	if len(text) > maxKeyText {
		return "", "", invalid("too long")
	}
	block, rest := pem.Decode([]byte(text))
	if block == nil {
		return "", "", invalid("no PEM")
	}
	if strings.Contains(block.Type, "PRIVATE") {
		return "", "", fault.New(fault.Invalid, "identity_key_private")
	}
	if strings.TrimSpace(string(rest)) != "" {
		return "", "", invalid("more than one key")
	}
	key, err := publicKey(block)
	if err != nil {
		return "", "", invalid("not a public key")
	}
	if alg, err = algOf(key); err != nil {
		return "", "", invalid(err.Error())
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "", "", invalid("not a public key")
	}
	return alg, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), nil
}

func publicKey(b *pem.Block) (any, error) {
	switch b.Type {
	case "PUBLIC KEY":
		return x509.ParsePKIXPublicKey(b.Bytes)
	case "RSA PUBLIC KEY":
		return x509.ParsePKCS1PublicKey(b.Bytes)
	}
	return nil, errors.New("not a public key")
}

// algOf fixes the algorithm by the type of a key.
func algOf(key any) (string, error) {
	switch k := key.(type) {
	case *rsa.PublicKey:
		if n := k.N.BitLen(); n < minRSABits || n > maxRSABits {
			return "", errors.New("an RSA key of another size")
		}
		return RS256, nil
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return "", errors.New("another curve than P-256")
		}
		return ES256, nil
	case ed25519.PublicKey:
		return EdDSA, nil
	}
	return "", errors.New("a key of another type")
}

// verifier gives what a token's library needs of a key; its type must be that of
// its algorithm.
func (k UserKey) verifier() (any, error) {
	if k.Alg == HS256 {
		if k.Material == "" {
			return nil, errors.New("no secret")
		}
		return []byte(k.Material), nil
	}
	block, _ := pem.Decode([]byte(k.Material))
	if block == nil {
		return nil, errors.New("no key")
	}
	key, err := publicKey(block)
	if err != nil {
		return nil, err
	}
	if alg, err := algOf(key); err != nil || alg != k.Alg {
		return nil, errors.New("a key of another algorithm")
	}
	return key, nil
}

// keysFor gives the keys that a token may have been signed with: those of the
// algorithm that its header names, and of them the one that it names, if it does.
func keysFor(token string, keys []UserKey) []UserKey {
	t, _, err := jwt.NewParser().ParseUnverified(token, jwt.MapClaims{})
	if err != nil {
		return nil
	}
	// What a token calls critical must be understood (RFC 7515), and we know of nothing.
	if _, critical := t.Header["crit"]; critical {
		return nil
	}
	alg, _ := t.Header["alg"].(string)
	kid, named := t.Header["kid"]
	var list []UserKey
	for _, k := range keys {
		if k.Alg == alg && (!named || kid == k.ID) {
			list = append(list, k)
		}
	}
	return list
}
