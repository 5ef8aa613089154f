package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"

	"leadline/backend/fault"
)

// pair is a key pair of a site's server, which signs as RFC 7515, 7518 and 8037
// say, by the test's own hand.
type pair struct {
	alg    string
	public string // PEM
	sign   func(t *testing.T, text []byte) []byte
}

func pemOf(t *testing.T, kind string, der []byte, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func publicPEM(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	return pemOf(t, "PUBLIC KEY", der, err)
}

func rsaPair(t *testing.T, bits int) (pair, *rsa.PrivateKey) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return pair{RS256, publicPEM(t, &key.PublicKey), func(t *testing.T, text []byte) []byte {
		t.Helper()
		sum := sha256.Sum256(text)
		sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return sig
	}}, key
}

func ecPair(t *testing.T, curve elliptic.Curve) (pair, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return pair{ES256, publicPEM(t, &key.PublicKey), func(t *testing.T, text []byte) []byte {
		t.Helper()
		sum := sha256.Sum256(text)
		r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		out := make([]byte, 64)
		r.FillBytes(out[:32])
		s.FillBytes(out[32:])
		return out
	}}, key
}

func edPair(t *testing.T) pair {
	t.Helper()
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return pair{EdDSA, publicPEM(t, public), func(_ *testing.T, text []byte) []byte { return ed25519.Sign(key, text) }}
}

// made is a token with a header and claims as they are given.
func made(t *testing.T, header map[string]any, claims string, sign func(*testing.T, []byte) []byte) string {
	t.Helper()
	h, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	text := b64(h) + "." + b64([]byte(claims))
	return text + "." + b64(sign(t, []byte(text)))
}

func hs256(secret string) func(*testing.T, []byte) []byte {
	return func(_ *testing.T, text []byte) []byte {
		m := hmac.New(sha256.New, []byte(secret))
		m.Write(text)
		return m.Sum(nil)
	}
}

const goodClaims = `{"sub":"anna-17","aud":"1042","iat":1767225000,"exp":1767229200}`

// TestPublicKeys: SEC-3. Each sort of key verifies its own algorithm and nothing else.
func TestPublicKeys(t *testing.T) {
	t.Parallel()
	rs, _ := rsaPair(t, 2048)
	es, _ := ecPair(t, elliptic.P256())
	ed := edPair(t)
	for _, p := range []pair{rs, es, ed} {
		t.Run(p.alg, func(t *testing.T) {
			t.Parallel()
			alg, public, err := ParseUserKey("\n" + p.public + "\n")
			if err != nil || alg != p.alg || public != p.public {
				t.Fatalf("parsed as %q, %v", alg, err)
			}
			keys := []UserKey{{ID: "other", Alg: HS256, Material: madeSecret}, {ID: "k1", Alg: alg, Material: public}}
			read := func(header map[string]any, sign func(*testing.T, []byte) []byte) (Proven, error) {
				return ReadUserToken(made(t, header, goodClaims, sign), keys, "1042", madeNow)
			}
			for name, header := range map[string]map[string]any{
				"without kid": {"alg": p.alg, "typ": "JWT"}, "with its kid": {"alg": p.alg, "kid": "k1"},
			} {
				if got, err := read(header, p.sign); err != nil || got.UserID != "anna-17" {
					t.Errorf("%s: %+v, %v", name, got, err)
				}
			}
			for name, c := range map[string]struct {
				header map[string]any
				sign   func(*testing.T, []byte) []byte
			}{
				"none":                                 {map[string]any{"alg": "none", "kid": "k1"}, func(*testing.T, []byte) []byte { return nil }},
				"none with the key's signature":        {map[string]any{"alg": "none"}, p.sign},
				"HS256 by the public key as secret":    {map[string]any{"alg": "HS256"}, hs256(public)},
				"the same with the public key's name":  {map[string]any{"alg": "HS256", "kid": "k1"}, hs256(public)},
				"the secret under the key's name":      {map[string]any{"alg": "HS256", "kid": "k1"}, hs256(madeSecret)},
				"a name that nobody has":               {map[string]any{"alg": p.alg, "kid": "k2"}, p.sign},
				"the secret's name":                    {map[string]any{"alg": p.alg, "kid": "other"}, p.sign},
				"a name that is no text":               {map[string]any{"alg": p.alg, "kid": 1}, p.sign},
				"a header that must be understood":     {map[string]any{"alg": p.alg, "crit": []string{"exp"}}, p.sign},
				"another algorithm of the family":      {map[string]any{"alg": map[string]string{RS256: "RS384", ES256: "ES384", EdDSA: "ES256"}[p.alg]}, p.sign},
				"the algorithm in small letters":       {map[string]any{"alg": strings.ToLower(p.alg)}, p.sign},
				"a key in the header that signed it":   {map[string]any{"alg": p.alg, "jwk": map[string]string{"kty": "oct", "k": "AA"}}, hs256("\x00")},
				"the signature of something else":      {map[string]any{"alg": p.alg}, func(t *testing.T, _ []byte) []byte { return p.sign(t, []byte("else")) }},
				"PS256, which takes the same RSA keys": {map[string]any{"alg": "PS256"}, p.sign},
			} {
				if got, err := read(c.header, c.sign); fault.CodeOf(err) != "user_token_invalid" || got != (Proven{}) {
					t.Errorf("%s: %+v, %v; want a refusal", name, got, err)
				}
			}
		})
	}
}

// TestTwoKeysAtOnce: a site changes its key without a break, whether its tokens name keys or not.
func TestTwoKeysAtOnce(t *testing.T) {
	t.Parallel()
	before, now := edPair(t), edPair(t)
	keys := []UserKey{
		{"s1", HS256, "secret before"}, {"s2", HS256, "secret now"},
		{"k1", EdDSA, before.public}, {"k2", EdDSA, now.public},
	}
	for name, token := range map[string]string{
		"the secret before": made(t, map[string]any{"alg": HS256}, goodClaims, hs256("secret before")),
		"the secret now":    made(t, map[string]any{"alg": HS256, "kid": "s2"}, goodClaims, hs256("secret now")),
		"the key before":    made(t, map[string]any{"alg": EdDSA}, goodClaims, before.sign),
		"the key now":       made(t, map[string]any{"alg": EdDSA, "kid": "k2"}, goodClaims, now.sign),
	} {
		if _, err := ReadUserToken(token, keys, "1042", madeNow); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	crossed := made(t, map[string]any{"alg": EdDSA, "kid": "k1"}, goodClaims, now.sign)
	if _, err := ReadUserToken(crossed, keys, "1042", madeNow); err == nil {
		t.Error("a token passed under the name of another key")
	}
	if _, err := ReadUserToken(made(t, map[string]any{"alg": EdDSA}, goodClaims, before.sign), keys[3:], "1042", madeNow); err == nil {
		t.Error("a key that was dropped still counts")
	}
}

// TestUserTokenClaims: SEC-3, sub, aud, iat and exp are required.
func TestUserTokenClaims(t *testing.T) {
	t.Parallel()
	for claims, ok := range map[string]bool{
		goodClaims: true,
		`{"sub":"anna-17","aud":["7","1042"],"iat":1767225000,"exp":1767229200}`: true,
		`{"sub":"anna-17","aud":["7"],"iat":1767225000,"exp":1767229200}`:        false,
		`{"sub":"anna-17","aud":[],"iat":1767225000,"exp":1767229200}`:           false,
		`{"sub":"anna-17","aud":1042,"iat":1767225000,"exp":1767229200}`:         false,
		`{"sub":"anna-17","iat":1767225000,"exp":1767229200}`:                    false,
		`{"sub":"anna-17","aud":"1042","exp":1767229200}`:                        false,
		`{"sub":"anna-17","aud":"1042","iat":1767225000}`:                        false,
		`{"aud":"1042","iat":1767225000,"exp":1767229200}`:                       false,
		`{"sub":"anna-17","aud":"1042","iat":1767229000,"exp":1767229200}`:       false, // made in an hour
		`{"sub":"anna-17","aud":"1042","iat":1767225000,"exp":1767312120}`:       false, // a day and two minutes
		`{"sub":"anna-17","aud":"1042","iat":"1767225000","exp":1767229200}`:     false,
	} {
		_, err := ReadUserToken(made(t, map[string]any{"alg": HS256}, claims, hs256(madeSecret)), secretKey(madeSecret), "1042", madeNow)
		if (err == nil) != ok {
			t.Errorf("%s: %v, want it taken: %v", claims, err, ok)
		}
	}
}

func TestParseUserKeyRefuses(t *testing.T) {
	t.Parallel()
	_, small := rsaPair(t, 1024)
	good, big := rsaPair(t, 2048)
	p384, _ := ecPair(t, elliptic.P384())
	_, p256 := ecPair(t, elliptic.P256())
	pkcs8, err := x509.MarshalPKCS8PrivateKey(big)
	private := pemOf(t, "PRIVATE KEY", pkcs8, err)
	sec1, err := x509.MarshalECPrivateKey(p256)
	for name, c := range map[string]struct{ text, want string }{
		"a private key":         {private, "identity_key_private"},
		"a private key of RSA":  {pemOf(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(big), nil), "identity_key_private"},
		"a private key of EC":   {pemOf(t, "EC PRIVATE KEY", sec1, err), "identity_key_private"},
		"a private one in it":   {good.public + private, "identity_key_invalid"},
		"a short RSA key":       {publicPEM(t, &small.PublicKey), "identity_key_invalid"},
		"another curve":         {p384.public, "identity_key_invalid"},
		"a certificate's label": {pemOf(t, "CERTIFICATE", []byte("x"), nil), "identity_key_invalid"},
		"damaged bytes":         {pemOf(t, "PUBLIC KEY", []byte("x"), nil), "identity_key_invalid"},
		"a secret":              {madeSecret, "identity_key_invalid"},
		"nothing":               {"", "identity_key_invalid"},
		"a flood":               {strings.Repeat(" ", 17<<10) + good.public, "identity_key_invalid"},
	} {
		if _, _, err := ParseUserKey(c.text); fault.CodeOf(err) != c.want || !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if alg, public, err := ParseUserKey(pemOf(t, "RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&big.PublicKey), nil)); err != nil || alg != RS256 || public != good.public {
		t.Errorf("PKCS 1: %s, %v", alg, err)
	}
}
