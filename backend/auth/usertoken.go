package auth

import (
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// Bounds of a user token.
const (
	// UserTokenLife is how far ahead its end may be: what a site says of a person
	// is true today.
	UserTokenLife = 24 * time.Hour
	// MaxUserToken bounds the token in bytes.
	MaxUserToken = 8 << 10
	maxUserID    = 128 // bytes, as all below
	maxUserName  = 256
	maxUserEmail = 254
	maxUserPhone = 64
)

// Proven is what a site's server says of its signed-in user. Nothing but UserID
// need be there.
type Proven struct {
	UserID  string           `json:"user_id"`
	Name    string           `json:"name,omitempty"`
	Email   string           `json:"email,omitempty"`
	Phone   string           `json:"phone,omitempty"`
	Contact chatid.ContactID `json:"contact_id,omitempty"` // the CRM's card; 0 for none
}

// userClaims has the claims in their exact types (O §7, SEC-3).
type userClaims struct {
	Subject   string           `json:"sub"`
	Name      string           `json:"name"`
	Email     string           `json:"email"`
	Phone     string           `json:"phone"`
	Contact   chatid.ContactID `json:"contact_id"`
	Audience  jwt.ClaimStrings `json:"aud"`
	IssuedAt  *int64           `json:"iat"`
	NotBefore *int64           `json:"nbf"`
	ExpiresAt *int64           `json:"exp"`
}

func (c *userClaims) GetExpirationTime() (*jwt.NumericDate, error) { return date(c.ExpiresAt) }
func (c *userClaims) GetIssuedAt() (*jwt.NumericDate, error)       { return date(c.IssuedAt) }
func (c *userClaims) GetNotBefore() (*jwt.NumericDate, error)      { return date(c.NotBefore) }
func (c *userClaims) GetIssuer() (string, error)                   { return "", nil }
func (c *userClaims) GetSubject() (string, error)                  { return "", nil }
func (c *userClaims) GetAudience() (jwt.ClaimStrings, error)       { return c.Audience, nil }

// ReadUserToken checks a token that a site's server signed for the button with one
// of its chat's keys. A token may name its key as kid; whatever it says, a key is
// only ever used with its own algorithm. sub, aud (the button's id, or a list that
// holds it), iat and exp, at most a day ahead, are required.
// Every error is fault.Unauthenticated user_token_invalid; the cause is for the
// log and holds nothing of the token.
func ReadUserToken(token string, keys []UserKey, button chatid.ButtonKey, now time.Time) (Proven, error) {
	p, err := readUserToken(token, keys, button, now)
	if err != nil {
		return Proven{}, fault.Wrap(fault.Unauthenticated, "user_token_invalid", err)
	}
	return p, nil
}

func readUserToken(token string, keys []UserKey, button chatid.ButtonKey, now time.Time) (Proven, error) {
	if err := compact(token, MaxUserToken); err != nil {
		return Proven{}, err
	}
	var c userClaims
	err := errors.New("no key of this name and algorithm")
	for _, k := range keysFor(token, keys) {
		c = userClaims{}
		if err = verify(token, k, button, now, &c); err == nil {
			break
		}
	}
	if err != nil {
		return Proven{}, err
	}
	if time.Unix(*c.ExpiresAt, 0).After(now.Add(UserTokenLife + DefaultLeeway)) {
		return Proven{}, errors.New("ends more than a day ahead")
	}
	if c.IssuedAt == nil {
		return Proven{}, errors.New("iat is missing")
	}
	p := Proven{UserID: c.Subject, Name: c.Name, Email: c.Email, Phone: c.Phone, Contact: c.Contact}
	if strings.TrimSpace(p.UserID) == "" {
		return Proven{}, errors.New("sub is missing")
	}
	for _, f := range []struct {
		name, value string
		most        int
	}{{"sub", p.UserID, maxUserID}, {"name", p.Name, maxUserName}, {"email", p.Email, maxUserEmail}, {"phone", p.Phone, maxUserPhone}} {
		if len(f.value) > f.most || !utf8.ValidString(f.value) || strings.ContainsFunc(f.value, control) {
			return Proven{}, errors.New(f.name + " is too long or holds control characters")
		}
	}
	if p.Contact < 0 {
		return Proven{}, errors.New("contact_id is negative")
	}
	return p, nil
}

func control(r rune) bool { return r < ' ' || r == 0x7f }

// verify checks signature, times and audience with one key.
func verify(token string, k UserKey, button chatid.ButtonKey, now time.Time, c *userClaims) error {
	key, err := k.verifier()
	if err != nil {
		return err
	}
	_, err = jwt.NewParser(
		jwt.WithValidMethods([]string{k.Alg}), jwt.WithAudience(string(button)),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithStrictDecoding(),
		jwt.WithLeeway(DefaultLeeway), jwt.WithTimeFunc(func() time.Time { return now }),
	).ParseWithClaims(token, c, func(*jwt.Token) (any, error) { return key, nil })
	if err != nil {
		return reason(err)
	}
	return nil
}
