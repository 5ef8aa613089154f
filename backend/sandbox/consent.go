package sandbox

import (
	"html/template"
	"net/http"
	"net/url"
	"strconv"
)

var consentPage = template.Must(template.New("consent").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>Grant access</title><style>
body{font:16px/1.5 system-ui,sans-serif;background:#eef1f5;color:#1c2733;margin:0;display:grid;min-height:100vh;place-items:center}
form{background:#fff;padding:2rem;border-radius:12px;box-shadow:0 4px 24px #0002;max-width:24rem;margin:1rem}
h1{font-size:1.25rem;margin:0 0 .5rem}select,button{font:inherit;padding:.5rem .75rem;border-radius:6px;border:1px solid #aab4c0;width:100%;margin:.25rem 0 .75rem;box-sizing:border-box}
button{cursor:pointer}.allow{background:#1565c0;border-color:#1565c0;color:#fff}
</style></head><body><form method="post" action="/oauth">
<h1>{{.App}} asks for access</h1><p>It will read and change data of the account and may send messages in its channel.</p>
<input type="hidden" name="client_id" value="{{.ClientID}}"><input type="hidden" name="state" value="{{.State}}">
<label for="account">Account</label><select id="account" name="account">{{range .Accounts}}<option value="{{.ID}}">{{.Name}} ({{.Subdomain}})</option>{{end}}</select>
<button class="allow" name="decision" value="allow">Allow</button><button name="decision" value="deny">Deny</button>
</form></body></html>`))

// serveConsent is the page to which a consent link leads (W §8.6). The person
// chooses the account here; in the real CRM that is the signed-in one.
func (s *Server) serveConsent(c *call, zone Zone) {
	if c.r.URL.Path != "/oauth" {
		c.verdict(Refused, "not simulated", "www answers only /oauth")
		c.w.WriteHeader(http.StatusNotFound)
		return
	}
	c.r.Body = http.MaxBytesReader(c.w, c.r.Body, maxBody)
	clientID, state := c.r.FormValue("client_id"), c.r.FormValue("state")
	s.mu.Lock()
	app := s.integration(clientID)
	if app != nil && app.Product != zone.Product {
		app = nil
	}
	var accounts []*Account
	for _, a := range s.st.Accounts {
		if a.Product == zone.Product {
			accounts = append(accounts, a.clone())
		}
	}
	var copied Integration
	if app != nil {
		copied = *app
	}
	s.mu.Unlock()
	if app == nil {
		c.verdict(Broke, "W §8.6 consent", "client_id is not known")
		http.Error(c.w, "No such integration.", http.StatusBadRequest)
		return
	}
	switch c.r.Method {
	case http.MethodGet:
		c.w.Header().Set("Content-Type", "text/html; charset=utf-8")
		c.w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
		_ = consentPage.Execute(c.w, map[string]any{"App": copied.Name, "ClientID": clientID, "State": state, "Accounts": accounts})
	case http.MethodPost:
		id, _ := strconv.ParseInt(c.r.PostFormValue("account"), 10, 64)
		target, err := s.Consent(id, clientID, state, c.r.PostFormValue("decision") == "allow")
		if err != nil {
			http.Error(c.w, "No such account.", http.StatusBadRequest)
			return
		}
		c.w.Header().Set("Location", target)
		c.w.WriteHeader(http.StatusFound)
	default:
		c.w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// Consent decides on a consent page and returns the address to which the
// browser is sent: the redirect URI with a code, or with error=access_denied.
// Permission is given in the name of the account's first administrator.
func (s *Server) Consent(account int64, clientUUID, state string, allow bool) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	acc, app := s.account(account), s.integration(clientUUID)
	if acc == nil || app == nil || acc.Product != app.Product {
		return "", ErrNotFound
	}
	var u *url.URL
	var q url.Values
	var err error
	if allow {
		u, q, err = s.grantURL(app, acc, acc.admin().ID)
	} else if u, err = url.Parse(app.RedirectURI); err == nil {
		q = u.Query()
		q.Set("error", "access_denied")
	}
	if err != nil {
		return "", err
	}
	if allow {
		in := s.installation(account, clientUUID)
		in.Active, in.Consent, in.At = true, true, s.now()
	}
	if state != "" {
		q.Set("state", state)
	}
	u.RawQuery = q.Encode()
	s.touch()
	return u.String(), nil
}
