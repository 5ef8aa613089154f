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
	mux.HandleFunc("GET /inbox/api/events", s.serveEvents)
	mux.HandleFunc("GET /inbox/api/chats", func(w http.ResponseWriter, r *http.Request) { reply(w, r, s.boxChats) })
	mux.HandleFunc("GET /inbox/api/chats/{chat}", func(w http.ResponseWriter, r *http.Request) { reply(w, r, s.boxChat) })
	write := func(pattern string, h func(*http.Request) (any, error)) {
		mux.HandleFunc("POST "+pattern, func(w http.ResponseWriter, r *http.Request) {
			if mt, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); mt != "application/json" || foreign(r) {
				writeJSON(w, http.StatusUnsupportedMediaType, map[string]string{"error": "send application/json"})
				return
			}
			reply(w, r, h)
		})
	}
	write("/inbox/api/chats/{chat}/messages", s.boxSay)
	write("/inbox/api/chats/{chat}/read", func(r *http.Request) (any, error) {
		return nil, s.MarkRead(accountOf(r).ID, r.PathValue("chat"))
	})
	write("/inbox/api/chats/{chat}/typing", func(r *http.Request) (any, error) {
		return nil, s.OperatorTyping(accountOf(r).ID, r.PathValue("chat"), 0)
	})
	write("/inbox/api/chats/{chat}/close", func(r *http.Request) (any, error) {
		return nil, s.CloseTalk(accountOf(r).ID, r.PathValue("chat"))
	})
	return mux
}

type boxChat struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Unread   int    `json:"unread"`
	LastText string `json:"last_text"`
	LastAt   int64  `json:"last_at"` // ms
	Typing   bool   `json:"typing"`
	LeadID   int64  `json:"lead_id"`
	Incoming bool   `json:"incoming"` // still an incoming lead
	Source   string `json:"source"`
	Phone    string `json:"phone"`
	Email    string `json:"email"`
}

func (s *Server) boxChats(r *http.Request) (any, error) {
	acc := accountOf(r)
	out := []boxChat{}
	for _, c := range s.Chats(acc.ID) {
		out = append(out, s.describe(c))
	}
	connected := false
	for _, c := range s.Connections() {
		connected = connected || c.Account == acc.ID
	}
	return map[string]any{"account": acc.Name, "connected": connected, "chats": out}, nil
}

func (s *Server) describe(c Chat) boxChat {
	list := s.ChatMessages(c.ID)
	s.mu.Lock()
	defer s.mu.Unlock()
	out := boxChat{
		ID: c.ID, Name: c.ClientName, Unread: c.Unread, Typing: s.now().Before(c.TypingUntil), LeadID: c.LeadID,
		Incoming: c.UnsortedUID != "", Source: c.Source,
	}
	if p := s.st.Participants[c.Participant]; p != nil {
		out.Phone, out.Email = p.Phone, p.Email
	}
	if len(list) > 0 {
		last := list[len(list)-1]
		out.LastText, out.LastAt = last.Text, last.Msec
		if out.LastText == "" {
			out.LastText = "[" + last.Type + "]"
		}
	}
	return out
}

func (s *Server) boxChat(r *http.Request) (any, error) {
	acc, id := accountOf(r).ID, r.PathValue("chat")
	for _, c := range s.Chats(acc) {
		if c.ID == id {
			return map[string]any{"chat": s.describe(c), "messages": s.ChatMessages(id)}, nil
		}
	}
	return nil, ErrNoChat
}

func (s *Server) boxSay(r *http.Request) (any, error) {
	var in sayIn
	if err := input(r, &in); err != nil {
		return nil, err
	}
	return s.OperatorSend(accountOf(r).ID, r.PathValue("chat"), in.UserID, in.Content)
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
