// Package amocrm is the client of the CRM's OAuth and of its API v4, as far as
// a chat channel needs them. It knows amoCRM's and Kommo's wire formats and
// nothing of what Leadline keeps: tokens come in and go out as values and no call
// is repeated, but with the other client secret. It keeps to the rates that the
// CRM allows, per integration and per account, and leaves an account alone that
// was told to slow down.
//
//	at, err := integration.Address(referer) // checks the untrusted host
//	tokens, err := client.ExchangeCode(ctx, integration, at, code)
//	info, err := client.Account(ctx, at, tokens.Access)
package amocrm

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"leadline/backend/chatid"
)

// Zone is one suffix that account addresses of a product end with.
type Zone struct {
	// Suffix is a domain in lower case, "amocrm.ru"; a port may follow it
	// ("amocrm.localhost:9000"), then every address must have that port.
	Suffix string
	// Scheme is https, but for a product on this machine.
	Scheme string
}

// Integration is our OAuth application at one product.
type Integration struct {
	ClientID string
	// Secrets is one client secret, or two while it is being rotated, the newest
	// first. Requests carry the newest, and the other if that one is refused.
	Secrets     []string
	RedirectURI string
	// ConsentURL is the page where an admin grants access: "https://www.amocrm.ru/oauth".
	ConsentURL string
	Zones      []Zone
}

// String names the integration without its secrets.
func (i Integration) String() string { return "integration " + i.ClientID }

// GoString keeps the secrets out of %#v too.
func (i Integration) GoString() string { return i.String() }

// Address is where one account is reached. Only Integration makes one, so that
// no secret is posted to a host that nobody checked.
type Address struct{ scheme, host, subdomain, client string }

// Host is the account's host as the CRM calls it, "democo.amocrm.ru"; with a
// port only in a zone that names one.
func (a Address) Host() string { return a.host }

// Subdomain is the label before the zone.
func (a Address) Subdomain() string { return a.subdomain }

// Base is scheme and host, the value that a disposable token has as issuer.
func (a Address) Base() string { return a.scheme + "://" + a.host }

// ErrAddress is the error for a host that is no account of the product.
var ErrAddress = errors.New("amocrm: no account address of this product")

// Address checks a host that came from outside, such as referer of the OAuth
// redirect (W §8.6): one label before one of the zones, nothing else. The name
// is lower-cased; a scheme, path, foreign port or user part is refused.
func (i Integration) Address(host string) (Address, error) {
	if len(host) > 253 {
		return Address{}, ErrAddress
	}
	host = strings.ToLower(host)
	for _, z := range i.Zones {
		sub, ok := strings.CutSuffix(host, "."+z.Suffix)
		if ok && z.Suffix != "" && label(sub) && (z.Scheme == "https" || z.Scheme == "http") {
			return Address{z.Scheme, host, sub, i.ClientID}, nil
		}
	}
	return Address{}, ErrAddress
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

// APIAddress is the address that an access token names as its api_domain: it
// survives a renaming of the account. ok is false for tokens that name none, or
// one outside the zones. The token's signature is not ours to check; it came
// from the CRM itself.
func (i Integration) APIAddress(access string) (Address, bool) {
	c, err := claimsOf(access)
	if err != nil {
		return Address{}, false
	}
	a, err := i.Address(c.APIDomain)
	return a, err == nil
}

// TokenEnds is when an access token says that it ends. A long-lived one, which a
// person brings, tells it nowhere else (W §8.6); the CRM checks it.
func TokenEnds(access string) (time.Time, error) {
	c, err := claimsOf(access)
	if err == nil && (c.Exp <= 0 || c.Exp > 1<<40) {
		err = ErrToken
	}
	return time.Unix(c.Exp, 0), err
}

// ErrToken is the error for what is no access token.
var ErrToken = errors.New("amocrm: no access token")

type tokenClaims struct {
	APIDomain string `json:"api_domain"`
	Exp       int64  `json:"exp"` // Unix seconds
}

func claimsOf(access string) (c tokenClaims, err error) {
	parts := strings.Split(access, ".")
	if len(parts) != 3 || len(access) > 64<<10 {
		return c, ErrToken
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(raw, &c) != nil {
		return tokenClaims{}, ErrToken
	}
	return c, nil
}

// Consent is the address of the page where an admin grants access by hand; the
// CRM comes back to RedirectURI with state.
func (i Integration) Consent(state string) string {
	return i.ConsentURL + "?" + url.Values{"client_id": {i.ClientID}, "state": {state}, "mode": {"popup"}}.Encode()
}

// SignDisabled is the signature of the hook that tells of switching off, in
// lower-case hexadecimal (W §8.7).
func SignDisabled(secret, clientUUID string, account chatid.CRMAccountID) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(clientUUID + "|" + strconv.FormatInt(int64(account), 10)))
	return hex.EncodeToString(m.Sum(nil))
}

// VerifyDisabled reports whether signature belongs to the hook for account,
// under any of the secrets. The hook can be replayed, and Kommo sends none:
// it is a hint in every case, to be confirmed by an API call.
func VerifyDisabled(secrets []string, clientUUID string, account chatid.CRMAccountID, signature string) bool {
	ok := false
	for _, s := range secrets {
		if s != "" && hmac.Equal([]byte(SignDisabled(s, clientUUID, account)), []byte(signature)) {
			ok = true
		}
	}
	return ok
}
