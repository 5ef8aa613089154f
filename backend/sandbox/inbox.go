package sandbox

import (
	"embed"
	"fmt"
	"mime"
	"net/http"
	"path"
	"time"
)

//go:embed ui
var ui embed.FS

// serveAsset serves one embedded file under a policy that runs our scripts only.
func serveAsset(name string) http.HandlerFunc {
	b, err := ui.ReadFile("ui/" + path.Base(name))
	return func(w http.ResponseWriter, r *http.Request) {
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
		w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write(b) // the client may have gone
	}
}

// inboxRoutes lists the operator's inbox of one account. Nobody signs in: the
// reader is the account's first administrator unless user_id says otherwise.
func (s *Server) inboxRoutes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("GET /inbox", http.RedirectHandler("/inbox/", http.StatusFound))
	mux.HandleFunc("GET /inbox/{$}", serveAsset("inbox.html"))
	mux.HandleFunc("GET /inbox/static/{name}", func(w http.ResponseWriter, r *http.Request) { serveAsset(r.PathValue("name"))(w, r) })
	mux.HandleFunc("GET /inbox/files/{sum}", s.boxFile)
	mux.HandleFunc("GET /inbox/api/events", s.serveEvents)
	read := func(pattern string, h func(*http.Request) (any, error)) {
		mux.HandleFunc("GET /inbox/api/"+pattern, func(w http.ResponseWriter, r *http.Request) { reply(w, r, h) })
	}
	read("chats", s.boxChats)
	read("chats/{chat}", s.boxChat)
	read("people", s.boxPeople)
	write := func(pattern string, h func(*http.Request) (any, error)) {
		mux.HandleFunc("POST /inbox/api/"+pattern, func(w http.ResponseWriter, r *http.Request) {
			if mt, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); mt != "application/json" || foreign(r) {
				writeJSON(w, http.StatusUnsupportedMediaType, map[string]string{"error": "send application/json"})
				return
			}
			reply(w, r, h)
		})
	}
	// What an operator does has one form in the inbox and in the control API.
	here := func(r *http.Request) (int64, string) { return accountOf(r).ID, r.PathValue("chat") }
	write("chats/{chat}/messages", s.actSay(here))
	write("chats/{chat}/album", s.actAlbum(here))
	write("chats/{chat}/typing", s.actTyping(here))
	write("chats/{chat}/read", s.actRead(here))
	write("chats/{chat}/close", s.actClose(here))
	write("talks/{talk}/close", func(r *http.Request) (any, error) {
		return nil, s.EndTalk(accountOf(r).ID, pathNumber(r, "talk"), true)
	})
	write("messages/{message}/react", s.actReact(func(r *http.Request) (int64, string) { return accountOf(r).ID, r.PathValue("message") }))
	write("write-first", s.boxWriteFirst)
	mux.HandleFunc("POST /inbox/api/files", func(w http.ResponseWriter, r *http.Request) {
		if foreign(r) {
			writeJSON(w, http.StatusUnsupportedMediaType, map[string]string{"error": "send it from this page"})
			return
		}
		reply(w, r, s.actUpload(func(r *http.Request) int64 { return accountOf(r).ID }))
	})
	return mux
}

// serveEvents streams the number of the latest change; pages then ask for what
// they show.
func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request) {
	rc := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	for {
		changed, version := s.Changed()
		_ = rc.SetWriteDeadline(time.Now().Add(10 * time.Second)) // where the writer can
		if _, err := fmt.Fprintf(w, "data: %d\n\n", version); err != nil || rc.Flush() != nil {
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		case <-s.ctx.Done():
			return
		}
		if !s.wait(r.Context(), 50*time.Millisecond) { // several changes, one event
			return
		}
	}
}
