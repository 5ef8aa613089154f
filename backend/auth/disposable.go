// Package auth proves who is asking: the CRM's disposable tokens, our own signed
// tokens for visitors, tickets, states and mailed links, passwords, and the
// sealing of secrets at rest. It is the only package that knows JWT.
//
//	claims, err := verifier.Verify(r.Header.Values("X-Auth-Token"))
//	token, err := keys.Visitor(auth.Visitor{Account: account, Chat: chat, Visitor: visitor})
package auth

import (
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// DefaultLeeway is how far the CRM's clock and ours may differ (W §8.2 allows
// 30 to 60 s).
const DefaultLeeway = 30 * time.Second

// maxHeader bounds a disposable token, in bytes (W §8.2, step 1).
const maxHeader = 8 << 10

// Zone is one suffix that account addresses of a product end with.
type Zone struct {
	// Suffix is a domain in lower case, "amocrm.ru"; a port may follow it, then
	// every address must have that port.
	Suffix string
	// Scheme is https, but for a product on this machine.
	Scheme string
}

// DisposableVerifier checks the tokens that the CRM's pages send for one
// integration in X-Auth-Token.
type DisposableVerifier struct {
	// Secrets is one client secret, or two while it is being rotated; used as
	// text, never decoded.
	Secrets []string
	// Audience is scheme and host of the integration's redirect address. Whether a
	// token names an explicit port of it is not known (W §8.2, step 5): both are taken.
	Audience   string
	ClientUUID string
	Zones      []Zone
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Leeway widens every check of a time; 0 is none.
	Leeway time.Duration
}

// Claims is what a disposable token proves.
type Claims struct {
	AccountID chatid.CRMAccountID
	UserID    chatid.CRMUserID
	// Issuer is the account's address, "https://democo.amocrm.ru"; Host is its
	// host (with a port only in a zone that names one), Subdomain the label
	// before the zone. The account may have been renamed since we saw it last.
	Issuer, Host, Subdomain string
	// IsAdmin is nil when the token does not say; then ask the API.
	IsAdmin *bool
	// ID is the token's id. The page uses one token for up to 25 minutes, so a
	// second use is no replay (W §8.2).
	ID        string
	ExpiresAt time.Time
}

// wireClaims has the claims in their exact types: a number in quotes, a fraction
// or a list where one string belongs makes the token invalid.
type wireClaims struct {
	Iss        string `json:"iss"`
	Aud        string `json:"aud"`
	ID         string `json:"jti"`
	IssuedAt   *int64 `json:"iat"`
	NotBefore  *int64 `json:"nbf"`
	ExpiresAt  *int64 `json:"exp"`
	AccountID  int64  `json:"account_id"`
	UserID     int64  `json:"user_id"`
	ClientUUID string `json:"client_uuid"`
	IsAdmin    *bool  `json:"is_admin"`
}

// The methods make the JWT library check the times; the rest is checked here.
func (c *wireClaims) GetExpirationTime() (*jwt.NumericDate, error) { return date(c.ExpiresAt) }
func (c *wireClaims) GetIssuedAt() (*jwt.NumericDate, error)       { return date(c.IssuedAt) }
func (c *wireClaims) GetNotBefore() (*jwt.NumericDate, error)      { return date(c.NotBefore) }
func (c *wireClaims) GetIssuer() (string, error)                   { return c.Iss, nil }
func (c *wireClaims) GetSubject() (string, error)                  { return "", nil }
func (c *wireClaims) GetAudience() (jwt.ClaimStrings, error)       { return jwt.ClaimStrings{c.Aud}, nil }

// date is nil for a time that is absent. The library's own type would also take
// a number in quotes.
func date(seconds *int64) (*jwt.NumericDate, error) {
	if seconds == nil {
		return nil, nil
	}
	return jwt.NewNumericDate(time.Unix(*seconds, 0)), nil
}

// Verify checks the values of the request's X-Auth-Token headers in the order of
// W §8.2, steps 1 to 8. Steps 9 and 10 (installation, administrator) need what
// the account service knows.
//
// Errors are faults of kind Unauthenticated: token_missing, token_expired (a
// genuine token, too late), else token_invalid; the cause is for the log and
// never holds the token.
func (v *DisposableVerifier) Verify(values []string) (Claims, error) {
	if len(values) == 0 || len(values) == 1 && values[0] == "" {
		return Claims{}, fault.New(fault.Unauthenticated, "token_missing")
	}
	c, err := v.verify(values)
	switch {
	case err == nil:
		return c, nil
	case errors.Is(err, jwt.ErrTokenExpired):
		return Claims{}, fault.Wrap(fault.Unauthenticated, "token_expired", errors.New("disposable token is expired"))
	}
	return Claims{}, fault.Wrap(fault.Unauthenticated, "token_invalid", err)
}

func (v *DisposableVerifier) verify(values []string) (Claims, error) {
	// 1: one header, bounded, three parts.
	if len(values) != 1 {
		return Claims{}, errors.New("more than one token")
	}
	if err := compact(values[0], maxHeader); err != nil {
		return Claims{}, err
	}
	// 2 to 4: algorithm, signature under any secret, times.
	var keys jwt.VerificationKeySet
	for _, s := range v.Secrets {
		if s != "" { // an empty key would verify anybody's token
			keys.Keys = append(keys.Keys, []byte(s))
		}
	}
	if len(keys.Keys) == 0 {
		return Claims{}, errors.New("no client secret is set")
	}
	now := v.Now
	if now == nil {
		now = time.Now
	}
	var w wireClaims
	_, err := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Name}),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithStrictDecoding(),
		jwt.WithLeeway(v.Leeway), jwt.WithTimeFunc(now),
	).ParseWithClaims(values[0], &w, func(*jwt.Token) (any, error) { return keys, nil })
	if err != nil {
		return Claims{}, reason(err)
	}
	// 5 and 6: for us.
	if w.Aud == "" || (w.Aud != v.Audience && w.Aud != withoutPort(v.Audience)) {
		return Claims{}, errors.New("token is for another audience")
	}
	if w.ClientUUID == "" || w.ClientUUID != v.ClientUUID {
		return Claims{}, errors.New("token is for another integration")
	}
	// 7: from an account of the product.
	host, subdomain, ok := v.issuer(w.Iss)
	if !ok {
		return Claims{}, errors.New("issuer is no account address of this product")
	}
	// 8: about somebody.
	if w.AccountID <= 0 || w.UserID <= 0 {
		return Claims{}, errors.New("token names no account or user")
	}
	return Claims{
		AccountID: chatid.CRMAccountID(w.AccountID), UserID: chatid.CRMUserID(w.UserID),
		Issuer: w.Iss, Host: host, Subdomain: subdomain, IsAdmin: w.IsAdmin, ID: w.ID, ExpiresAt: time.Unix(*w.ExpiresAt, 0).UTC(),
	}, nil
}

// withoutPort is scheme and host name of an address.
func withoutPort(base string) string {
	scheme, host, _ := strings.Cut(base, "://")
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		host = host[:i]
	}
	return scheme + "://" + host
}

// issuer takes apart scheme://subdomain.zone and nothing longer.
func (v *DisposableVerifier) issuer(iss string) (host, subdomain string, ok bool) {
	for _, z := range v.Zones {
		if z.Suffix == "" || z.Scheme != "https" && z.Scheme != "http" {
			continue
		}
		rest, is := strings.CutPrefix(iss, z.Scheme+"://")
		if !is {
			continue
		}
		if sub, is := strings.CutSuffix(rest, "."+z.Suffix); is && label(sub) {
			return rest, sub, true
		}
	}
	return "", "", false
}

// AdmitsOrigin reports whether a browser's Origin header names a page of an
// account of the product (W §8.4): the same form as the issuer's.
func (v *DisposableVerifier) AdmitsOrigin(origin string) bool {
	_, _, ok := v.issuer(origin)
	return ok
}

// OriginOf is the origin of the pages of an account's address, which may have a
// port; ok is false for one that is in no zone of the product.
func (v *DisposableVerifier) OriginOf(host string) (origin string, ok bool) {
	for _, z := range v.Zones {
		if o := z.Scheme + "://" + host; v.AdmitsOrigin(o) {
			return o, true
		}
	}
	return "", false
}

// label reports whether s is one label of a host name in lower case.
func label(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}

// compact checks the outer form of a JWT before anything of it is decoded.
func compact(token string, limit int) error {
	if len(token) > limit {
		return errors.New("token is too long")
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return errors.New("token has not three parts")
	}
	return nil
}

// reason keeps which check failed and drops the library's text, which may quote
// the token.
func reason(err error) error {
	for _, known := range []error{
		jwt.ErrTokenSignatureInvalid, jwt.ErrTokenMalformed, jwt.ErrTokenUnverifiable, jwt.ErrTokenRequiredClaimMissing,
		jwt.ErrTokenNotValidYet, jwt.ErrTokenUsedBeforeIssued, jwt.ErrTokenInvalidAudience, jwt.ErrTokenExpired,
	} {
		if errors.Is(err, known) {
			return known
		}
	}
	return errors.New("token is invalid")
}
