package sandbox

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// ErrNotFound says that an account, integration, channel or entity is not in the sandbox.
var ErrNotFound = errors.New("not found in this sandbox")

// installTimeout is how long the platform waits for the installation webhook
// (W §8.6); the "disabled" hook is taken to be the same, which is not documented.
const installTimeout = 3 * time.Second

// installation finds or makes the record. s.mu is held.
func (s *Server) installation(account int64, client string) *Installation {
	in := find(s.st.Installations, func(i *Installation) bool { return i.Account == account && i.ClientUUID == client })
	if in == nil {
		in = &Installation{Account: account, ClientUUID: client}
		s.st.Installations = append(s.st.Installations, in)
	}
	return in
}

// Install switches an integration on as an administrator does who presses
// "install" and saves. The webhook goes out as the variant says.
func (s *Server) Install(account int64, clientUUID string) error {
	if err := s.pressed(account, 0, clientUUID, "install"); err != nil {
		return err
	}
	s.mu.Lock()
	s.setWidget(account, clientUUID, "installed", "Y")
	s.mu.Unlock()
	return s.pressed(account, 0, clientUUID, "save")
}

// setWidget keeps the pages in step with an installation made without them.
// s.mu is held.
func (s *Server) setWidget(account int64, clientUUID, status, active string) {
	if app := s.integration(clientUUID); app != nil && app.WidgetCode != "" {
		key := widgetKey(account, app.WidgetCode)
		st := s.st.Widgets[key]
		st.Status, st.Active = status, active
		s.st.Widgets[key] = st
	}
}

// pressed plays one press in the settings window; moment is install or save.
func (s *Server) pressed(account, user int64, clientUUID, moment string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	acc, app := s.account(account), s.integration(clientUUID)
	if acc == nil || app == nil || acc.Product != app.Product {
		return ErrNotFound
	}
	if user == 0 {
		user = acc.admin().ID
	}
	in := s.installation(account, clientUUID)
	if !in.Active {
		in.Active, in.HookSent, in.At = true, false, s.now()
		if len(acc.Pipelines) > 0 {
			s.autoSource(acc, app, acc.Pipelines[0].ID)
		}
	}
	s.touch()
	variant := cmp.Or(s.st.Variants.InstallMoment, "install")
	if in.HookSent || (variant == "save" && moment == "install") {
		return nil
	}
	in.HookSent = true
	switch variant {
	case "never":
	case "late":
		send := func() { _ = s.SendInstallHook(account, clientUUID, user) }
		if ms := s.st.Variants.InstallLateMS; ms > 0 {
			s.background(time.Duration(ms)*time.Millisecond, send)
		} else {
			s.late = append(s.late, send)
		}
	default:
		s.background(0, func() { _ = s.SendInstallHook(account, clientUUID, user) })
	}
	return nil
}

// background runs f after d, unless the server closes first. s.mu is held.
func (s *Server) background(d time.Duration, f func()) {
	if s.ctx.Err() != nil {
		return
	}
	s.wg.Go(func() {
		if s.wait(s.ctx, d) {
			f()
		}
	})
}

// ReleaseInstallHooks sends the installation webhooks that the variant "late"
// keeps back, and returns how many.
func (s *Server) ReleaseInstallHooks() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	late := s.late
	s.late = nil
	for _, f := range late {
		s.background(0, f)
	}
	s.touch()
	return len(late)
}

// SendInstallHook calls the redirect URI as the platform does on installation
// (W §8.6): GET, 3 s, never repeated. User 0 is the first administrator.
func (s *Server) SendInstallHook(account int64, clientUUID string, user int64) error {
	s.mu.Lock()
	acc, app := s.account(account), s.integration(clientUUID)
	if acc == nil || app == nil {
		s.mu.Unlock()
		return ErrNotFound
	}
	if user == 0 {
		user = acc.admin().ID
	}
	u, q, err := s.grantURL(app, acc, user)
	if err != nil {
		s.mu.Unlock()
		return err
	}
	s.mu.Unlock()
	q.Set("from_widget", "1")
	s.sendGet("install", account, u, q)
	return nil
}

// sendGet sends a webhook that is a GET and records it without its query,
// which may hold a code.
func (s *Server) sendGet(kind string, account int64, u *url.URL, q url.Values) {
	s.mu.Lock()
	rec := s.record(HookRecord{At: s.now(), Kind: kind, Account: account, URL: u.String(), Outcome: "waiting"})
	s.touch()
	s.mu.Unlock()
	target := *u
	target.RawQuery = q.Encode()
	status, took, err := s.request(http.MethodGet, target.String(), nil, "", installTimeout)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finish(rec, status, took, err)
	s.touch()
}

// Uninstall switches an integration off: its tokens become invalid, its channels
// are disconnected (C §5.2), the "disabled" hook goes out (W §8.7).
func (s *Server) Uninstall(account int64, clientUUID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	acc, app := s.account(account), s.integration(clientUUID)
	if acc == nil || app == nil {
		return ErrNotFound
	}
	in := s.installation(account, clientUUID)
	in.Active, in.HookSent, in.Consent = false, false, false
	s.setWidget(account, clientUUID, "install", "N")
	s.revoke(account, clientUUID)
	if !s.st.Variants.KeepConnection {
		for scope, conn := range s.st.Connections {
			if ch := s.channel(conn.Channel); conn.Account == account && ch != nil && ch.ClientUUID == clientUUID {
				delete(s.st.Connections, scope)
			}
		}
	}
	s.touch()
	mode := cmp.Or(s.st.Variants.DisabledHook, "signed")
	if app.DisabledURI == "" || mode == "never" {
		return nil
	}
	u, err := url.Parse(app.DisabledURI)
	if err != nil {
		return err
	}
	q := u.Query()
	q.Set("account_id", strconv.FormatInt(account, 10))
	if mode == "signed" {
		q.Set("client_uuid", clientUUID)
		q.Set("signature", disabledSignature(app.Secret, clientUUID, account))
	} else {
		q.Set("client_id", clientUUID) // the name that Kommo documents, without a signature
	}
	s.background(0, func() { s.sendGet("disabled", account, u, q) })
	return nil
}

// Revoke makes all tokens of an integration in an account invalid, without
// telling anybody.
func (s *Server) Revoke(account int64, clientUUID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoke(account, clientUUID)
	s.touch()
}

func (s *Server) revoke(account int64, clientUUID string) {
	for _, set := range []map[string]*token{s.st.Access, s.st.Refresh} {
		for _, t := range set {
			if t.Account == account && t.ClientUUID == clientUUID {
				t.Revoked = true
			}
		}
	}
	for _, c := range s.st.Codes {
		if c.Account == account && c.ClientUUID == clientUUID {
			c.Used = true
		}
	}
}

// disposableClaims are the claims of W §8.2 in their documented order.
type disposableClaims struct {
	Iss        string `json:"iss"`
	Aud        string `json:"aud"`
	Jti        string `json:"jti"`
	Iat        int64  `json:"iat"`
	Nbf        int64  `json:"nbf"`
	Exp        int64  `json:"exp"`
	AccountID  int64  `json:"account_id"`
	UserID     int64  `json:"user_id"`
	ClientUUID string `json:"client_uuid"`
	Subdomain  string `json:"subdomain"`
	IsAdmin    *bool  `json:"is_admin,omitempty"`
}

const disposableLife = 30 * time.Minute

// DisposableToken makes the token that a page sends as X-Auth-Token, whatever
// the variants say; user 0 is the first administrator.
func (s *Server) DisposableToken(account, user int64, clientUUID string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	acc, app := s.account(account), s.integration(clientUUID)
	if acc == nil || app == nil || acc.Product != app.Product {
		return "", ErrNotFound
	}
	u := acc.admin()
	if user != 0 {
		found := acc.user(user)
		if found == nil {
			return "", ErrNoUser
		}
		u = *found
	}
	redirect, err := url.Parse(app.RedirectURI)
	if err != nil {
		return "", err
	}
	zone, now := s.zone(acc.Product), s.now()
	claims := disposableClaims{
		Iss: zone.Scheme + "://" + acc.Subdomain + "." + zone.Name, Aud: redirect.Scheme + "://" + redirect.Hostname(),
		Jti: s.newID(), Iat: now.Unix(), Nbf: now.Unix(), Exp: now.Add(disposableLife).Unix(),
		AccountID: acc.ID, UserID: u.ID, ClientUUID: clientUUID, Subdomain: acc.Subdomain, IsAdmin: &u.Admin,
	}
	if s.st.Variants.AudWithPort {
		claims.Aud = redirect.Scheme + "://" + redirect.Host
	}
	if s.st.Variants.NoAdminClaim {
		claims.IsAdmin = nil
	}
	return signJWT(app.Secret, claims), nil
}
