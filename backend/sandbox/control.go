package sandbox

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// controlRoutes lists the control API; README.md documents it.
func (s *Server) controlRoutes() *http.ServeMux {
	mux := http.NewServeMux()
	get := func(pattern string, h func(*http.Request) (any, error)) {
		mux.HandleFunc("GET "+pattern, func(w http.ResponseWriter, r *http.Request) { reply(w, r, h) })
	}
	do := func(pattern string, h func(*http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			// A page of another site cannot send this type without asking first.
			if ct, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); ct != "application/json" && r.ContentLength != 0 || foreign(r) {
				writeJSON(w, http.StatusUnsupportedMediaType, map[string]string{"error": "send application/json from a program or this page"})
				return
			}
			reply(w, r, h)
		})
	}
	const v1 = "/control/v1"
	get(v1+"/state", s.ctlState)
	get(v1+"/accounts", func(*http.Request) (any, error) { return s.Accounts(), nil })
	do("POST "+v1+"/accounts", func(r *http.Request) (any, error) { return create(r, s.AddAccount) })
	do("POST "+v1+"/accounts/{id}/users", s.ctlAddUser)
	do("POST "+v1+"/accounts/{id}/rename", s.ctlRename)
	do("POST "+v1+"/accounts/{id}/install", s.ctlInstall)
	do("POST "+v1+"/accounts/{id}/uninstall", s.ctlUninstall)
	do("POST "+v1+"/accounts/{id}/revoke", s.ctlRevoke)
	do("POST "+v1+"/accounts/{id}/consent", s.ctlConsent)
	do("POST "+v1+"/accounts/{id}/disposable-token", s.ctlDisposable)
	get(v1+"/accounts/{id}/chats", func(r *http.Request) (any, error) { return s.Chats(pathInt(r, "id")), nil })
	get(v1+"/accounts/{id}/messages", func(r *http.Request) (any, error) { return s.Messages(pathInt(r, "id")), nil })
	get(v1+"/accounts/{id}/incoming-leads", func(r *http.Request) (any, error) { return s.IncomingLeads(pathInt(r, "id")), nil })
	get(v1+"/integrations", func(*http.Request) (any, error) { return s.Integrations(), nil })
	do("POST "+v1+"/integrations", func(r *http.Request) (any, error) { return create(r, s.AddIntegration) })
	get(v1+"/channels", func(*http.Request) (any, error) { return s.Channels(), nil })
	do("POST "+v1+"/channels", func(r *http.Request) (any, error) { return create(r, s.AddChannel) })
	get(v1+"/connections", func(*http.Request) (any, error) { return s.Connections(), nil })
	do("DELETE "+v1+"/connections/{scope}", s.ctlDropConnection)
	get(v1+"/chats/{chat}/messages", func(r *http.Request) (any, error) { return s.ChatMessages(r.PathValue("chat")), nil })
	do("POST "+v1+"/chats/{chat}/say", s.ctlSay)
	do("POST "+v1+"/chats/{chat}/typing", s.ctlTyping)
	do("POST "+v1+"/messages/{message}/react", s.ctlReact)
	get(v1+"/messages/{message}", s.ctlMessage)
	get(v1+"/hooks", func(r *http.Request) (any, error) { return tail(r, s.Hooks()), nil })
	do("POST "+v1+"/hooks/release", s.ctlReleaseHooks)
	do("POST "+v1+"/install-hooks/release", func(*http.Request) (any, error) {
		return map[string]int{"released": s.ReleaseInstallHooks()}, nil
	})
	get(v1+"/breaches", func(r *http.Request) (any, error) { return tail(r, s.Breaches()), nil })
	do("DELETE "+v1+"/breaches", func(*http.Request) (any, error) { s.ResetBreaches(); return nil, nil })
	get(v1+"/traffic", s.ctlTraffic)
	get(v1+"/faults", func(*http.Request) (any, error) { return s.Faults(), nil })
	do("PATCH "+v1+"/faults", s.ctlFaults)
	do("DELETE "+v1+"/faults", func(*http.Request) (any, error) { s.SetFaults(func(f *Faults) { *f = Faults{} }); return nil, nil })
	get(v1+"/variants", func(*http.Request) (any, error) { return s.Variants(), nil })
	do("PATCH "+v1+"/variants", s.ctlVariants)
	do("DELETE "+v1+"/variants", func(*http.Request) (any, error) {
		s.SetVariants(func(v *Variants) { *v = Variants{} })
		return nil, nil
	})
	get(v1+"/clock", s.ctlClock)
	do("POST "+v1+"/clock", s.ctlMoveClock)
	mux.HandleFunc("GET "+v1+"/events", s.serveEvents)
	mux.HandleFunc("GET /{$}", serveAsset("dashboard.html"))
	mux.HandleFunc("GET /static/{name}", func(w http.ResponseWriter, r *http.Request) { serveAsset(r.PathValue("name"))(w, r) })
	return mux
}

// foreign tells whether another site's page sent the request.
func foreign(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return site != "" && site != "same-origin" && site != "none"
}

// apiError is a refusal of the control API or the inbox with its status.
type apiError struct {
	status int
	text   string
}

func (e apiError) Error() string { return e.text }

func badRequest(err error) error { return apiError{http.StatusBadRequest, err.Error()} }

func reply(w http.ResponseWriter, r *http.Request, h func(*http.Request) (any, error)) {
	out, err := h(r)
	var known apiError
	switch {
	case errors.As(err, &known):
		writeJSON(w, known.status, map[string]string{"error": known.text})
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrNoChat), errors.Is(err, ErrNoUser):
		writeJSON(w, http.StatusNotFound, map[string]string{"error": err.Error()})
	case err != nil:
		writeJSON(w, http.StatusUnprocessableEntity, map[string]string{"error": err.Error()})
	case out == nil:
		w.WriteHeader(http.StatusNoContent)
	default:
		writeJSON(w, http.StatusOK, out)
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(marshal(v), '\n')) // the client may have gone
}

// input reads a bounded JSON body of our own interfaces; an empty one is {}.
func input(r *http.Request, v any) error {
	b, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return badRequest(err)
	}
	if len(b) == 0 {
		return nil
	}
	if err := decodeKnown(b, v); err != nil {
		return badRequest(err)
	}
	return nil
}

func create[T any](r *http.Request, add func(T) T) (any, error) {
	var in T
	if err := input(r, &in); err != nil {
		return nil, err
	}
	return add(in), nil
}

func pathInt(r *http.Request, name string) int64 {
	n, _ := strconv.ParseInt(r.PathValue(name), 10, 64)
	return n
}

// tail keeps what ?after=<id of the last seen> and ?limit= ask for.
func tail[T any](r *http.Request, list []T) []T {
	if n, err := strconv.Atoi(r.FormValue("limit")); err == nil && n >= 0 && n < len(list) {
		return list[len(list)-n:]
	}
	return list
}

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
	u, ok := s.AddUser(pathInt(r, "id"), in)
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
	if !s.Rename(pathInt(r, "id"), in.Subdomain) {
		return nil, ErrNotFound
	}
	return nil, nil
}

type clientIn struct {
	ClientUUID string `json:"client_uuid"`
	UserID     int64  `json:"user_id"`
	State      string `json:"state"`
	Deny       bool   `json:"deny"`
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
	return nil, s.Install(pathInt(r, "id"), in.ClientUUID)
}

func (s *Server) ctlUninstall(r *http.Request) (any, error) {
	in, err := s.clientOf(r)
	if err != nil {
		return nil, err
	}
	return nil, s.Uninstall(pathInt(r, "id"), in.ClientUUID)
}

func (s *Server) ctlRevoke(r *http.Request) (any, error) {
	in, err := s.clientOf(r)
	if err != nil {
		return nil, err
	}
	s.Revoke(pathInt(r, "id"), in.ClientUUID)
	return nil, nil
}

func (s *Server) ctlConsent(r *http.Request) (any, error) {
	in, err := s.clientOf(r)
	if err != nil {
		return nil, err
	}
	to, err := s.Consent(pathInt(r, "id"), in.ClientUUID, in.State, !in.Deny)
	return map[string]string{"redirect_to": to}, err
}

func (s *Server) ctlDisposable(r *http.Request) (any, error) {
	in, err := s.clientOf(r)
	if err != nil {
		return nil, err
	}
	token, err := s.DisposableToken(pathInt(r, "id"), in.UserID, in.ClientUUID)
	return map[string]string{"token": token}, err
}

func (s *Server) ctlDropConnection(r *http.Request) (any, error) {
	if !s.DropConnection(r.PathValue("scope")) {
		return nil, ErrNotFound
	}
	return nil, nil
}

// chatAccount finds whose chat it is.
func (s *Server) chatAccount(chat string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.st.Chats[chat]; c != nil {
		return c.Account
	}
	return 0
}

// sayIn is what an operator writes; type is text unless media is sent.
type sayIn struct {
	UserID int64 `json:"user_id"`
	Content
}

func (s *Server) ctlSay(r *http.Request) (any, error) {
	var in sayIn
	if err := input(r, &in); err != nil {
		return nil, err
	}
	chat := r.PathValue("chat")
	return s.OperatorSend(s.chatAccount(chat), chat, in.UserID, in.Content)
}

func (s *Server) ctlTyping(r *http.Request) (any, error) {
	in, err := s.clientOf(r)
	if err != nil {
		return nil, err
	}
	chat := r.PathValue("chat")
	return nil, s.OperatorTyping(s.chatAccount(chat), chat, in.UserID)
}

func (s *Server) ctlReact(r *http.Request) (any, error) {
	var in struct {
		UserID int64  `json:"user_id"`
		Emoji  string `json:"emoji"`
	}
	if err := input(r, &in); err != nil {
		return nil, err
	}
	m, _ := s.Message(r.PathValue("message"))
	return nil, s.OperatorReact(m.Account, m.ID, in.UserID, in.Emoji)
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
	s.touch()
	s.mu.Unlock()
	return s.ctlClock(r)
}
