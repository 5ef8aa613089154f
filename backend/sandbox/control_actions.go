package sandbox

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"time"
)

// Accounts lists the accounts.
func (s *Server) Accounts() []Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Account{}
	for _, a := range s.st.Accounts {
		out = append(out, *a.clone())
	}
	return out
}

// Integrations lists the integrations with their secrets.
func (s *Server) Integrations() []Integration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return values(s.st.Integrations)
}

// Channels lists the channels with their secrets.
func (s *Server) Channels() []Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	return values(s.st.Channels)
}

// Installations lists which integrations are or were switched on where.
func (s *Server) Installations() []Installation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return values(s.st.Installations)
}

// ctlState is the dashboard's overview.
func (s *Server) ctlState(*http.Request) (any, error) {
	_, version := s.Changed()
	s.mu.Lock()
	zones := append([]Zone{}, s.zones...)
	counts := map[string]int{
		"chats": len(s.st.Chats), "messages": len(s.st.Messages), "hooks": len(s.st.Hooks), "breaches": len(s.st.Breaches), "held_hooks": len(s.held),
		"late_install_hooks": len(s.late),
	}
	s.mu.Unlock()
	return map[string]any{
		"version": version, "now": s.Now().UTC(), "zones": zones, "accounts": s.Accounts(), "connections": s.Connections(),
		"installations": s.Installations(), "counts": counts, "faults": s.Faults(), "variants": s.Variants(),
	}, nil
}

func (s *Server) ctlAddUser(r *http.Request) (any, error) {
	var in User
	if err := input(r, &in); err != nil {
		return nil, err
	}
	u, ok := s.AddUser(pathID(r), in)
	if !ok {
		return nil, ErrNotFound
	}
	return u, nil
}

func (s *Server) ctlRename(r *http.Request) (any, error) {
	var in struct {
		Subdomain string `json:"subdomain"`
	}
	if err := input(r, &in); err != nil {
		return nil, err
	}
	if !s.Rename(pathID(r), in.Subdomain) {
		return nil, ErrNotFound
	}
	return nil, nil
}

type clientIn struct {
	ClientUUID string `json:"client_uuid"`
	UserID     int64  `json:"user_id"`
	State      string `json:"state"`
	Deny       bool   `json:"deny"`
	Days       int    `json:"days"`
}

// clientOf reads the integration of a request; the only one when none is named.
func (s *Server) clientOf(r *http.Request) (in clientIn, err error) {
	if err = input(r, &in); err != nil {
		return in, err
	}
	if list := s.Integrations(); in.ClientUUID == "" && len(list) == 1 {
		in.ClientUUID = list[0].ClientUUID
	}
	return in, nil
}

func (s *Server) ctlInstall(r *http.Request) (any, error) {
	in, err := s.clientOf(r)
	if err != nil {
		return nil, err
	}
	return nil, s.Install(pathID(r), in.ClientUUID)
}

func (s *Server) ctlUninstall(r *http.Request) (any, error) {
	in, err := s.clientOf(r)
	if err != nil {
		return nil, err
	}
	return nil, s.Uninstall(pathID(r), in.ClientUUID)
}

func (s *Server) ctlRevoke(r *http.Request) (any, error) {
	in, err := s.clientOf(r)
	if err != nil {
		return nil, err
	}
	s.Revoke(pathID(r), in.ClientUUID)
	return nil, nil
}

func (s *Server) ctlConsent(r *http.Request) (any, error) {
	in, err := s.clientOf(r)
	if err != nil {
		return nil, err
	}
	to, err := s.Consent(pathID(r), in.ClientUUID, in.State, !in.Deny)
	return map[string]string{"redirect_to": to}, err
}

func (s *Server) ctlDisposable(r *http.Request) (any, error) {
	in, err := s.clientOf(r)
	if err != nil {
		return nil, err
	}
	token, err := s.DisposableToken(pathID(r), in.UserID, in.ClientUUID)
	return map[string]string{"token": token}, err
}

func (s *Server) ctlLongLived(r *http.Request) (any, error) {
	in, err := s.clientOf(r)
	if err != nil {
		return nil, err
	}
	token, err := s.LongLived(pathID(r), in.UserID, in.ClientUUID, time.Duration(in.Days)*24*time.Hour)
	return map[string]string{"token": token}, err
}

func (s *Server) ctlDropConnection(r *http.Request) (any, error) {
	if !s.DropConnection(r.PathValue("scope")) {
		return nil, ErrNotFound
	}
	return nil, nil
}

func (s *Server) ctlWriteFirst(r *http.Request) (any, error) {
	var in FirstMessage
	if err := input(r, &in); err != nil {
		return nil, err
	}
	return s.BeginChat(r.PathValue("scope"), in)
}

// ctlRawHook sends any JSON as a hook.
func (s *Server) ctlRawHook(r *http.Request) (any, error) {
	b, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return nil, badRequest(err)
	}
	return nil, s.SendRawHook(r.PathValue("scope"), b)
}

func (s *Server) ctlMessage(r *http.Request) (any, error) {
	m, ok := s.Message(r.PathValue("message"))
	if !ok {
		return nil, ErrNotFound
	}
	return m, nil
}

func (s *Server) ctlReleaseHooks(r *http.Request) (any, error) {
	var in struct {
		Reverse bool `json:"reverse"`
	}
	if err := input(r, &in); err != nil {
		return nil, err
	}
	return map[string]int{"released": s.ReleaseHooks(in.Reverse)}, nil
}

func (s *Server) ctlTraffic(r *http.Request) (any, error) {
	list := s.Traffic()
	if v := r.FormValue("verdict"); v != "" {
		kept := []Exchange{}
		for _, e := range list {
			if e.Verdict == v {
				kept = append(kept, e)
			}
		}
		list = kept
	}
	return append([]Exchange{}, tail(r, list)...), nil
}

func (s *Server) ctlFaults(r *http.Request) (any, error) {
	return change(r, s.Faults(), func(f Faults) { s.SetFaults(func(x *Faults) { *x = f }) })
}

func (s *Server) ctlVariants(r *http.Request) (any, error) {
	return change(r, s.Variants(), func(v Variants) { s.SetVariants(func(x *Variants) { *x = v }) })
}

func change[T interface{ check() error }](r *http.Request, now T, set func(T)) (any, error) {
	b, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return nil, badRequest(err)
	}
	next, err := patch(b, now)
	if err != nil {
		return nil, badRequest(err)
	}
	set(next)
	return next, nil
}

func (s *Server) ctlClock(*http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]string{"now": s.now().UTC().Format(time.RFC3339), "shift": s.st.Shift.String()}, nil
}

// ctlMoveClock moves the clock by "advance" or sets "shift" itself.
func (s *Server) ctlMoveClock(r *http.Request) (any, error) {
	var in struct {
		Advance string `json:"advance"`
		Shift   string `json:"shift"`
	}
	if err := input(r, &in); err != nil {
		return nil, err
	}
	if (in.Advance == "") == (in.Shift == "") {
		return nil, badRequest(errors.New("send advance or shift, as 15m, -1h30m"))
	}
	d, err := time.ParseDuration(cmp.Or(in.Advance, in.Shift))
	if err != nil {
		return nil, badRequest(err)
	}
	s.mu.Lock()
	if in.Advance != "" {
		d += s.st.Shift
	}
	s.st.Shift = d
	s.wakeClock()
	s.touch()
	s.mu.Unlock()
	return s.ctlClock(r)
}
