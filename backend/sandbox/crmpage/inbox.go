package crmpage

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// inboxAdd stores a notification (W §5.9); "shown" is false for an error that
// this user has closed before.
func (s *Site) inboxAdd(w http.ResponseWriter, r *http.Request, v visit) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "bad form", http.StatusBadRequest)
		return
	}
	raw := map[string]any{}
	for key, values := range r.PostForm {
		if name, ok := strings.CutPrefix(key, "request["); ok {
			raw[strings.ReplaceAll(strings.TrimSuffix(name, "]"), "][", ".")] = values[0]
		}
	}
	text := func(name string) string { t, _ := raw[name].(string); return clip(t, 2000) }
	n := Notification{Type: text("type"), Header: text("header"), Text: text("message"), Link: text("link"), At: s.world.Now(), Raw: raw}
	if sec, err := strconv.ParseInt(text("date"), 10, 64); err == nil {
		n.At = time.Unix(sec, 0).UTC()
	}
	if n.Type != "error" && n.Type != "call" {
		answer(w, http.StatusBadRequest, map[string]any{"response": map[string]any{"error": "unknown type"}})
		return
	}
	s.mu.RLock()
	_, n.Closed = s.closed[closedError{v.account.ID, v.user.ID, n.Header, n.Text}]
	s.mu.RUnlock()
	s.world.Notify(v.account.ID, v.user.ID, n)
	answer(w, http.StatusOK, map[string]any{"response": map[string]any{"status": "ok", "shown": !n.Closed}})
}

func (s *Site) inbox(w http.ResponseWriter, _ *http.Request, v visit) {
	list := []map[string]any{}
	for _, n := range s.world.Notifications(v.account.ID, v.user.ID) {
		list = append(list, map[string]any{
			"type": n.Type, "header": n.Header, "text": n.Text, "link": n.Link, "date": n.At.Unix(), "closed": n.Closed,
		})
	}
	answer(w, http.StatusOK, map[string]any{"items": list})
}

// inboxClose remembers that the user closed an error.
func (s *Site) inboxClose(w http.ResponseWriter, r *http.Request, v visit) {
	s.mu.Lock()
	if len(s.closed) >= maxClosed {
		clear(s.closed)
	}
	s.closed[closedError{v.account.ID, v.user.ID, clip(r.PostFormValue("header"), 2000), clip(r.PostFormValue("text"), 2000)}] = struct{}{}
	s.mu.Unlock()
	done(w)
}
