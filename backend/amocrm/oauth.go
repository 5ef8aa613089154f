package amocrm

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Tokens is an OAuth pair of one account. Save it before using it: at amoCRM the
// former refresh token is void from the moment of the answer.
type Tokens struct {
	// Access is a JWT of unbounded length; see Integration.APIAddress.
	Access string
	// Refresh works once, within three months.
	Refresh string
	// ExpiresAt is the end of Access by our clock.
	ExpiresAt time.Time
}

// String keeps tokens out of logs.
func (t Tokens) String() string { return "tokens until " + t.ExpiresAt.UTC().Format(time.RFC3339) }

// GoString keeps tokens out of %#v too.
func (t Tokens) GoString() string { return t.String() }

// wireGrant is the body of both exchanges (W §8.6).
type wireGrant struct {
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	GrantType    string `json:"grant_type"`
	Code         string `json:"code,omitempty"`
	RefreshToken string `json:"refresh_token,omitempty"`
	RedirectURI  string `json:"redirect_uri"`
}

// ExchangeCode exchanges an authorisation code, which works once within 20
// minutes. An *APIError with status 400 or 401 means that the code is dead.
func (c *Client) ExchangeCode(ctx context.Context, i Integration, at Address, code string) (Tokens, error) {
	return c.grant(ctx, i, at, "exchange code", wireGrant{GrantType: "authorization_code", Code: code})
}

// Refresh exchanges a refresh token, which works once: hold a lock per account.
// An *APIError with status 400 or 401 means that the account must be authorised
// again. After any other error the token may or may not be spent.
func (c *Client) Refresh(ctx context.Context, i Integration, at Address, refresh string) (Tokens, error) {
	return c.grant(ctx, i, at, "refresh tokens", wireGrant{GrantType: "refresh_token", RefreshToken: refresh})
}

func (c *Client) grant(ctx context.Context, i Integration, at Address, op string, body wireGrant) (Tokens, error) {
	if len(i.Secrets) == 0 {
		return Tokens{}, errEmpty(op, "client secret to be sent with")
	}
	var first error
	for _, secret := range i.Secrets {
		body.ClientID, body.ClientSecret, body.RedirectURI = i.ClientID, secret, i.RedirectURI
		t, err := c.grantWith(ctx, at, op, body)
		api, answered := errors.AsType[*APIError](err)
		if !answered || api.Status != http.StatusBadRequest && !api.Unauthorized() {
			return t, err
		}
		// A wrong secret spends neither code nor refresh token, and its answer cannot
		// be told from that to a dead one.
		if first == nil {
			first = err
		}
	}
	return Tokens{}, first
}

// grantWith does one exchange.
func (c *Client) grantWith(ctx context.Context, at Address, op string, body wireGrant) (Tokens, error) {
	var answer struct {
		ExpiresIn    int64  `json:"expires_in"`
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
	}
	// Counted from before the request, so that the token never seems to live
	// longer than it does; the CRM's own clock does not matter.
	start := c.now()
	if _, err := c.call(ctx, at, request{op: op, method: http.MethodPost, path: "/oauth2/access_token", body: body, answer: &answer}); err != nil {
		return Tokens{}, err
	}
	if answer.AccessToken == "" || answer.RefreshToken == "" {
		return Tokens{}, errEmpty(op, "pair of tokens")
	}
	const most = 5 * 365 * 24 * 60 * 60 // seconds; the longest token there is
	life := time.Duration(min(max(answer.ExpiresIn, 0), most)) * time.Second
	return Tokens{Access: answer.AccessToken, Refresh: answer.RefreshToken, ExpiresAt: start.Add(life).UTC()}, nil
}

// CurrentAddress asks for the account's address after a renaming. Ask at
// Integration.APIAddress if the token names one, else at the last known address.
func (c *Client) CurrentAddress(ctx context.Context, i Integration, at Address, refresh string) (Address, error) {
	const op = "read current address"
	var answer struct {
		Domain    string `json:"domain"`
		Subdomain string `json:"subdomain"`
	}
	r := request{op: op, method: http.MethodGet, path: "/oauth2/account/current/subdomain", header: "X-Refresh-Token", cred: refresh, answer: &answer}
	if _, err := c.call(ctx, at, r); err != nil {
		return Address{}, err
	}
	host := answer.Domain
	if host == "" && answer.Subdomain != "" {
		// The shape of the answer is not documented; without a domain the zone stays.
		host = answer.Subdomain + at.host[len(at.subdomain):]
	}
	if host == "" {
		return Address{}, errEmpty(op, "domain")
	}
	return i.Address(host)
}
