package sandbox

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
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
	do("PATCH "+v1+"/accounts/{id}/users/{user}", ctl(func(r *http.Request, in struct {
		Avatar   *string `json:"avatar"`
		Presence *string `json:"presence"`
	}) (any, error) {
		var err error
		if in.Avatar != nil {
			err = s.SetAvatar(pathID(r), pathNumber(r, "user"), *in.Avatar)
		}
		if in.Presence != nil && err == nil {
			err = s.SetPresence(pathID(r), pathNumber(r, "user"), *in.Presence)
		}
		return nil, err
	}))
	do("POST "+v1+"/accounts/{id}/rename", s.ctlRename)
	do("POST "+v1+"/accounts/{id}/install", s.ctlInstall)
	do("POST "+v1+"/accounts/{id}/uninstall", s.ctlUninstall)
	do("POST "+v1+"/accounts/{id}/revoke", s.ctlRevoke)
	do("POST "+v1+"/accounts/{id}/consent", s.ctlConsent)
	do("POST "+v1+"/accounts/{id}/long-lived-token", s.ctlLongLived)
	do("POST "+v1+"/accounts/{id}/disposable-token", s.ctlDisposable)
	get(v1+"/accounts/{id}/chats", func(r *http.Request) (any, error) { return s.Chats(pathID(r)), nil })
	get(v1+"/accounts/{id}/messages", func(r *http.Request) (any, error) { return s.Messages(pathID(r)), nil })
	get(v1+"/accounts/{id}/incoming-leads", func(r *http.Request) (any, error) { return s.IncomingLeads(pathID(r)), nil })
	s.crmControl(get, do)
	get(v1+"/integrations", func(*http.Request) (any, error) { return s.Integrations(), nil })
	do("POST "+v1+"/integrations", func(r *http.Request) (any, error) { return create(r, s.AddIntegration) })
	get(v1+"/channels", func(*http.Request) (any, error) { return s.Channels(), nil })
	do("POST "+v1+"/channels", func(r *http.Request) (any, error) { return create(r, s.AddChannel) })
	get(v1+"/connections", func(*http.Request) (any, error) { return s.Connections(), nil })
	do("DELETE "+v1+"/connections/{scope}", s.ctlDropConnection)
	get(v1+"/chats/{chat}/messages", func(r *http.Request) (any, error) { return s.ChatMessages(r.PathValue("chat")), nil })
	do("POST "+v1+"/connections/{scope}/write-first", s.ctlWriteFirst)
	do("POST "+v1+"/connections/{scope}/hook", s.ctlRawHook)
	do("POST "+v1+"/chats/{chat}/say", s.actSay(s.ofChat))
	do("POST "+v1+"/chats/{chat}/album", s.actAlbum(s.ofChat))
	do("POST "+v1+"/chats/{chat}/typing", s.actTyping(s.ofChat))
	do("POST "+v1+"/chats/{chat}/read", s.actRead(s.ofChat))
	do("POST "+v1+"/chats/{chat}/close", s.actClose(s.ofChat))
	do("POST "+v1+"/messages/{message}/react", s.actReact(s.ofMessage))
	mux.HandleFunc("POST "+v1+"/accounts/{id}/files", func(w http.ResponseWriter, r *http.Request) {
		if foreign(r) {
			writeJSON(w, http.StatusUnsupportedMediaType, map[string]string{"error": "send it from a program"})
			return
		}
		reply(w, r, s.actUpload(pathID))
	})
	get(v1+"/downloads", func(r *http.Request) (any, error) { return tail(r, s.Downloads()), nil })
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
	get(v1+"/switches", func(*http.Request) (any, error) { return allSwitches(), nil })
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
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrNoChat), errors.Is(err, ErrNoUser), errors.Is(err, ErrNoLead):
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

func pathID(r *http.Request) int64 {
	n, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	return n
}

// tail keeps the latest ?limit= entries.
func tail[T any](r *http.Request, list []T) []T {
	if n, err := strconv.Atoi(r.FormValue("limit")); err == nil && n >= 0 && n < len(list) {
		return list[len(list)-n:]
	}
	return list
}
