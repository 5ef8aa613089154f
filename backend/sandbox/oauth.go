package sandbox

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	codeLife    = 20 * time.Minute
	accessLife  = 24 * time.Hour
	refreshLife = 90 * 24 * time.Hour
)

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// tokenRequest is the body of /oauth2/access_token (W §8.6).
type tokenRequest struct {
	ClientID     string `json:"client_id" need:"true"`
	ClientSecret string `json:"client_secret" need:"true"`
	GrantType    string `json:"grant_type" need:"true"`
	Code         string `json:"code"`
	RefreshToken string `json:"refresh_token"`
	RedirectURI  string `json:"redirect_uri" need:"true"`
}

type tokenAnswer struct {
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	ServerTime   int64  `json:"server_time"`
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
}

// accessToken is POST /oauth2/access_token.
func (a *apiCall) accessToken() {
	if ct, _, _ := strings.Cut(a.r.Header.Get("Content-Type"), ";"); ct != "application/json" {
		a.problem(http.StatusBadRequest, Broke, "W §8.6 exchange", "the body must be application/json")
		return
	}
	var in tokenRequest
	if err := decodeStrict(a.body, &in); err != nil {
		a.problem(http.StatusBadRequest, Broke, "W §8.6 exchange", err.Error())
		return
	}
	s := a.s
	s.mu.Lock()
	out, verdict, detail := s.exchange(a.acc, in)
	s.touch()
	s.mu.Unlock()
	if detail != "" {
		a.problem(http.StatusBadRequest, verdict, "W §8.6 exchange", detail)
		return
	}
	a.json(http.StatusOK, "application/json", out)
}

// exchange does the checks and makes a pair. s.mu is held. A non-empty detail
// is the refusal.
func (s *Server) exchange(acc *Account, in tokenRequest) (out tokenAnswer, verdict, detail string) {
	app := s.integration(in.ClientID)
	switch {
	case app == nil || app.Product != acc.Product:
		return out, Broke, "no integration has this client_id"
	case !equal(app.Secret, in.ClientSecret):
		return out, Broke, "client_secret is wrong"
	case app.RedirectURI != in.RedirectURI:
		return out, Broke, "redirect_uri is not exactly the configured one"
	}
	now := s.now()
	switch in.GrantType {
	case "authorization_code":
		c := s.st.Codes[in.Code]
		switch {
		case in.RefreshToken != "":
			return out, Broke, "refresh_token does not belong to this grant type"
		case c == nil || c.ClientUUID != in.ClientID || c.Account != acc.ID:
			return out, Broke, "no such code for this integration and account"
		case c.Used:
			return out, Broke, "the code was used before"
		case now.After(c.ExpiresAt):
			return out, Refused, "the code is older than 20 minutes"
		}
		c.Used = true
		return s.issue(acc, in.ClientID, c.User, ""), Passed, ""
	case "refresh_token":
		t := s.st.Refresh[in.RefreshToken]
		switch {
		case in.Code != "":
			return out, Broke, "code does not belong to this grant type"
		case t == nil || t.ClientUUID != in.ClientID || t.Account != acc.ID:
			return out, Broke, "no such refresh token for this integration and account"
		case t.Revoked:
			return out, Refused, "the integration was switched off"
		case t.Void:
			return out, Broke, "the refresh token was used before"
		case now.After(t.ExpiresAt):
			return out, Refused, "the refresh token is older than 3 months"
		}
		s.useRefresh(t.Replaces)
		if acc.Product == ProductKommo {
			// The old one stays valid until the new pair is used [K].
			return s.issue(acc, in.ClientID, t.User, t.Token), Passed, ""
		}
		t.Void = true
		return s.issue(acc, in.ClientID, t.User, ""), Passed, ""
	}
	return out, Broke, "grant_type must be authorization_code or refresh_token"
}

// Long-lived tokens live from a day to five years (W §8.6).
const (
	minLongLife = 24 * time.Hour
	maxLongLife = 5 * 366 * 24 * time.Hour
)

// ErrTokenLife says that no long-lived token lives for so long.
var ErrTokenLife = errors.New("a long-lived token lives from one day to five years")

// LongLived makes a long-lived token of a private integration, as its window in the
// account does: user 0 is the first administrator. It has no refresh token, and
// installs the integration.
func (s *Server) LongLived(account, user int64, clientUUID string, life time.Duration) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	acc, app := s.account(account), s.integration(clientUUID)
	if acc == nil || app == nil || acc.Product != app.Product {
		return "", ErrNotFound
	}
	if user == 0 {
		user = acc.admin().ID
	}
	switch {
	case acc.user(user) == nil:
		return "", ErrNoUser
	case life < minLongLife || life > maxLongLife:
		return "", ErrTokenLife
	}
	in := s.installation(account, clientUUID)
	in.Active, in.HookSent, in.At = true, true, s.now() // nothing is sent for a private integration
	t := s.accessFor(acc, clientUUID, user, life)
	s.touch()
	return t.Token, nil
}

// accessFor makes an access token. s.mu is held.
func (s *Server) accessFor(acc *Account, client string, user int64, life time.Duration) *token {
	now, zone := s.now(), s.zone(acc.Product)
	access := signJWT(s.st.TokenKey, map[string]any{
		"aud": client, "jti": randomHex(16), "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(life).Unix(),
		"sub": user, "account_id": acc.ID, "base_domain": zone.Name, "api_domain": "api-b." + zone.Name, "version": 2,
	})
	t := token{Token: access, ClientUUID: client, Account: acc.ID, User: user, ExpiresAt: now.Add(life)}
	s.st.Access[access] = &t
	return &t
}

// useRefresh voids the refresh token that a pair in use replaced.
func (s *Server) useRefresh(old string) {
	if t := s.st.Refresh[old]; t != nil {
		t.Void = true
	}
}

// issue makes a pair of tokens. s.mu is held.
func (s *Server) issue(acc *Account, client string, user int64, replaces string) tokenAnswer {
	now := s.now()
	maps.DeleteFunc(s.st.Codes, func(_ string, c *authCode) bool { return now.Sub(c.ExpiresAt) > refreshLife })
	for _, set := range []map[string]*token{s.st.Access, s.st.Refresh} {
		maps.DeleteFunc(set, func(_ string, t *token) bool { return now.Sub(t.ExpiresAt) > refreshLife })
	}
	t := s.accessFor(acc, client, user, accessLife)
	t.Replaces = replaces
	r := *t
	r.Token, r.ExpiresAt = "def502"+randomHex(64), now.Add(refreshLife)
	s.st.Refresh[r.Token] = &r
	return tokenAnswer{"Bearer", int64(accessLife / time.Second), now.Unix(), t.Token, r.Token}
}

// newCode makes an authorisation code. s.mu is held.
func (s *Server) newCode(acc *Account, client string, user int64) string {
	code := "def502" + randomHex(48)
	s.st.Codes[code] = &authCode{Code: code, ClientUUID: client, Account: acc.ID, User: user, ExpiresAt: s.now().Add(codeLife)}
	return code
}

// grantURL is the redirect URI with an authorisation code (W §8.6). s.mu is held.
func (s *Server) grantURL(app *Integration, acc *Account, user int64) (*url.URL, url.Values, error) {
	u, err := url.Parse(app.RedirectURI)
	if err != nil {
		return nil, nil, err
	}
	q := u.Query()
	q.Set("code", s.newCode(acc, app.ClientUUID, user))
	q.Set("referer", acc.Subdomain+"."+s.zone(acc.Product).Name)
	q.Set("client_id", app.ClientUUID)
	q.Set("platform", "1")
	if acc.Product == ProductKommo {
		q.Set("platform", "2")
	}
	return u, q, nil
}

// subdomain answers GET /oauth2/account/current/subdomain with the account's
// present name; it is asked with a refresh token after a rename.
func (c *call) subdomain(product string) {
	s := c.s
	s.mu.Lock()
	t := s.st.Refresh[c.r.Header.Get("X-Refresh-Token")]
	var acc *Account
	if t != nil && !t.Revoked && !t.Void && s.now().Before(t.ExpiresAt) {
		acc = s.account(t.Account)
	}
	zone := s.zone(product).Name
	if acc != nil {
		acc = acc.clone()
	}
	s.mu.Unlock()
	if acc == nil || acc.Product != product {
		problem(c, http.StatusUnauthorized, Refused, "W §8.6 subdomain", "X-Refresh-Token is not valid", nil)
		return
	}
	top := zone
	if i := strings.LastIndexByte(hostname(zone), '.'); i >= 0 {
		top = hostname(zone)[i+1:]
	}
	c.json(http.StatusOK, "application/json", map[string]any{
		"id": acc.ID, "subdomain": acc.Subdomain, "domain": acc.Subdomain + "." + zone, "top_level_domain": top,
	})
}

// serveSubdomain is the api_domain host, which knows the one method.
func (s *Server) serveSubdomain(c *call, zone Zone) {
	c.answers = false
	if c.r.URL.Path == "/oauth2/account/current/subdomain" && c.r.Method == http.MethodGet {
		c.subdomain(zone.Product)
		return
	}
	c.verdict(Refused, "not simulated", "api_domain answers only the current subdomain")
	c.w.WriteHeader(http.StatusNotFound)
}
