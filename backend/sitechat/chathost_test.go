package sitechat

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// message is a Message of http-api.md §3; fields that are absent "when there is nothing to say" are left out.
type message map[string]any

// stored is a file that the host has.
type stored struct {
	name, contentType, kind string
	bytes                   []byte
	width, height           int
	durationMS              int
	sent                    bool
}

// host is a chat host with one conversation, which answers the calls of a panel as http-api.md §3 says.
type host struct {
	t testing.TB

	mu       sync.Mutex
	messages []message
	rev      int
	files    map[string]*stored
	links    int // good links carry this number; the others have expired
	streams  map[chan string]struct{}
	// bodies are what was posted to messages, in order; calls are all others: "typing", "end", "PUT m1 👍".
	bodies []map[string]any
	calls  []string
	// gate holds back uploads until it is closed; refuse answers the nth of a call with a status and an error.
	gate   chan struct{}
	refuse func(call string) (status int, code, text string)
	broken bool // connections of uploads are cut
	// extra is what the session says besides; callbacks receives the call-backs.
	extra     string
	callbacks chan map[string]any
}

const pictureLimit = 2 << 20

// chatting makes a site's chat host one that has a conversation; what was said before is put in by say and write.
func chatting(h *host) func(*site) {
	h.files, h.streams = map[string]*stored{}, map[chan string]struct{}{}
	return func(s *site) {
		h.t = s.t
		s.session = func() string {
			return `"conversation": {"id": "c1", "unread": 0}, "strings": {}, "uploads": {"accept": "image/*,video/*,audio/*,.pdf,.txt",
				"max_bytes": {"picture": ` + strconv.Itoa(pictureLimit) + `, "video": 4194304, "voice": 4194304, "audio": 4194304, "file": 4194304}}` + h.extra
		}
		s.routes = func(chat *http.ServeMux) {
			chat.HandleFunc("GET /v1/messages", h.authorised(h.history))
			chat.HandleFunc("POST /v1/messages", h.authorised(h.post))
			chat.HandleFunc("PATCH /v1/messages/{id}", h.authorised(h.edit))
			chat.HandleFunc("PUT /v1/messages/{id}/reaction", h.authorised(h.react))
			chat.HandleFunc("DELETE /v1/messages/{id}/reaction", h.authorised(h.react))
			chat.HandleFunc("POST /v1/files", h.authorised(h.upload))
			chat.HandleFunc("GET /v1/files/{id}", h.file)
			chat.HandleFunc("POST /v1/receipts", h.authorised(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
			chat.HandleFunc("POST /v1/typing", h.authorised(h.noted("typing")))
			chat.HandleFunc("POST /v1/conversation/end", h.authorised(h.end))
			chat.HandleFunc("POST /v1/callbacks", h.authorised(h.callback))
			chat.HandleFunc("GET /v1/stream/events", h.authorised(h.stream))
		}
	}
}

func (h *host) authorised(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer visitor" {
			refused(w, http.StatusUnauthorized, "token_invalid", "Sign in again.")
			return
		}
		next(w, r)
	}
}

func refused(w http.ResponseWriter, status int, code, text string) {
	body, _ := json.Marshal(map[string]any{"error": map[string]string{"code": code, "message": text, "request_id": "1"}})
	answer(w, status, string(body))
}

func (h *host) noted(call string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		h.mu.Lock()
		h.calls = append(h.calls, call)
		h.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	}
}

// says lets the operator write a message; the fields are laid over a plain text.
func (h *host) says(fields message) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.put(message{"direction": "outbound", "kind": "text", "text": "", "status": "sent", "author": map[string]any{"name": "Oleg Petrov"}}, fields)
}

// put stores a message and tells the streams; h.mu is held.
func (h *host) put(m, over message) string {
	h.rev++
	id := fmt.Sprintf("m%d", len(h.messages)+1)
	m["id"], m["seq"], m["rev"], m["at"] = id, len(h.messages)+1, h.rev, time.Now().UnixMilli()
	for k, v := range over {
		m[k] = v
	}
	h.messages = append(h.messages, m)
	h.publish(m)
	return id
}

// changes lays fields over a message; a nil takes a field away.
func (h *host) changes(id string, fields message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.change(h.find(id), fields)
}

func (h *host) change(m, fields message) {
	for k, v := range fields {
		if m[k] = v; v == nil {
			delete(m, k)
		}
	}
	h.rev++
	m["rev"] = h.rev
	h.publish(m)
}

func (h *host) publish(m message) {
	h.send(map[string]any{"type": "message", "message": h.signed(m)})
}

func (h *host) types(name string, lasts time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.send(map[string]any{"type": "typing", "until": time.Now().Add(lasts).UnixMilli(), "name": name})
}

func (h *host) send(frame map[string]any) {
	data, _ := json.Marshal(frame)
	for stream := range h.streams {
		stream <- string(data)
	}
}

// signed is a message with links that are good now.
func (h *host) signed(m message) message {
	out := message{}
	for k, v := range m {
		out[k] = v
	}
	if id, ok := m["file"].(string); ok {
		out["file"] = h.fileOf(id)
	}
	return out
}

func (h *host) history(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	var at int64 = math.MaxInt64
	seq := math.MaxInt
	if before := r.URL.Query().Get("before"); before != "" {
		if _, err := fmt.Sscanf(before, "%d.%d", &at, &seq); err != nil {
			refused(w, http.StatusUnprocessableEntity, "invalid_request", "The cursor is wrong.")
			return
		}
	}
	page := []message{}
	for _, m := range h.messages {
		if mAt, mSeq := m["at"].(int64), m["seq"].(int); mAt < at || mAt == at && mSeq < seq {
			page = append(page, h.signed(m))
		}
	}
	more := len(page) > limit
	if more {
		page = page[len(page)-limit:]
	}
	body, _ := json.Marshal(map[string]any{"messages": page, "cursor": h.rev, "more": more})
	answer(w, http.StatusOK, string(body))
}

func (h *host) post(w http.ResponseWriter, r *http.Request) {
	var body map[string]any
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		refused(w, http.StatusUnprocessableEntity, "invalid_request", "The request is not understood.")
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.bodies = append(h.bodies, body)
	text, _ := body["text"].(string)
	m := message{"client_id": body["client_id"], "direction": "inbound", "kind": "text", "text": text, "status": "sent"}
	for _, known := range h.messages {
		if known["client_id"] == body["client_id"] {
			h.answer(w, known)
			return
		}
	}
	if h.refuse != nil {
		if status, code, words := h.refuse("message " + text); status != 0 {
			refused(w, status, code, words)
			return
		}
	}
	switch id, press := body["file_id"], body["press"]; {
	case id != nil && press != nil:
		refused(w, http.StatusUnprocessableEntity, "invalid_request", "A message is one thing.")
		return
	case id != nil:
		f := h.files[id.(string)]
		if f == nil || f.sent {
			refused(w, http.StatusUnprocessableEntity, "invalid_request", "There is no such file.")
			return
		}
		f.sent = true
		m["kind"], m["file"] = f.kind, id
		if group := body["group"]; group != nil {
			m["group"] = group
		}
	case press != nil:
		pressed := press.(map[string]any)
		if !h.has(pressed) {
			refused(w, http.StatusUnprocessableEntity, "no_such_button", "There is no such button.")
			return
		}
		m["text"] = pressed["text"]
	case strings.TrimSpace(text) == "":
		refused(w, http.StatusUnprocessableEntity, "empty_text", "Write something.")
		return
	}
	if to := body["reply_to"]; to != nil {
		quoted := h.find(to.(string))
		if quoted == nil {
			refused(w, http.StatusUnprocessableEntity, "no_such_message", "There is no such message.")
			return
		}
		quote := map[string]any{"id": to, "direction": quoted["direction"], "kind": quoted["kind"], "text": quoted["text"]}
		if author, ok := quoted["author"].(map[string]any); ok {
			quote["author"] = author["name"]
		}
		m["reply_to"] = quote
	}
	h.answer(w, h.messages[h.at(h.put(m, nil))])
}

func (h *host) answer(w http.ResponseWriter, m message) {
	body, _ := json.Marshal(map[string]any{"message": h.signed(m)})
	answer(w, http.StatusOK, string(body))
}

func (h *host) at(id string) int {
	for i, m := range h.messages {
		if m["id"] == id {
			return i
		}
	}
	return -1
}

func (h *host) find(id string) message {
	if i := h.at(id); i >= 0 {
		return h.messages[i]
	}
	return nil
}

// has tells whether what was pressed stands in the markup of its message: a button without data, or a row with its data.
func (h *host) has(press map[string]any) bool {
	m := h.find(fmt.Sprint(press["message"]))
	raw, _ := json.Marshal(m["markup"])
	var markup struct {
		Buttons [][]struct{ Text, URL string }
		List    struct {
			Sections []struct {
				Rows []struct {
					Title string
					Data  string `json:"callback_data"`
				}
			}
		}
	}
	_ = json.Unmarshal(raw, &markup)
	for _, row := range markup.Buttons {
		for _, b := range row {
			if b.Text == press["text"] && b.URL == "" && press["callback_data"] == nil {
				return true
			}
		}
	}
	for _, section := range markup.List.Sections {
		for _, row := range section.Rows {
			if row.Title == press["text"] && row.Data == press["callback_data"] {
				return true
			}
		}
	}
	return false
}

func (h *host) edit(w http.ResponseWriter, r *http.Request) {
	var body struct{ Text string }
	_ = json.NewDecoder(r.Body).Decode(&body)
	h.mu.Lock()
	defer h.mu.Unlock()
	m := h.find(r.PathValue("id"))
	h.calls = append(h.calls, "PATCH "+r.PathValue("id")+" "+body.Text)
	switch {
	case m == nil:
		refused(w, http.StatusNotFound, "no_such_message", "There is no such message.")
	case m["direction"] != "inbound" || strings.Contains(body.Text, "refuse"):
		refused(w, http.StatusUnprocessableEntity, "not_editable", "This message cannot be changed any more.")
	default:
		h.change(m, message{"text": body.Text, "edited_at": time.Now().UnixMilli()})
		h.answer(w, m)
	}
}

func (h *host) react(w http.ResponseWriter, r *http.Request) {
	var body struct{ Emoji string }
	if r.Method == http.MethodPut {
		_ = json.NewDecoder(r.Body).Decode(&body)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls = append(h.calls, strings.TrimSpace(r.Method+" "+r.PathValue("id")+" "+body.Emoji))
	m := h.find(r.PathValue("id"))
	if m == nil {
		refused(w, http.StatusNotFound, "no_such_message", "There is no such message.")
		return
	}
	var now []map[string]string
	old, _ := m["reactions"].([]map[string]string)
	for _, reaction := range old {
		if reaction["by"] != "visitor" {
			now = append(now, reaction)
		}
	}
	if body.Emoji != "" {
		now = append(now, map[string]string{"emoji": body.Emoji, "by": "visitor"})
	}
	h.change(m, message{"reactions": now})
	h.answer(w, m)
}

func (h *host) end(w http.ResponseWriter, _ *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls = append(h.calls, "end")
	h.put(message{"direction": "inbound", "kind": "ended", "text": "", "status": "sent"}, nil)
	w.WriteHeader(http.StatusNoContent)
}

// callback takes a call-back, which becomes a message of the visitor.
func (h *host) callback(w http.ResponseWriter, r *http.Request) {
	var body map[string]any
	_ = json.NewDecoder(r.Body).Decode(&body)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.callbacks <- body
	if h.refuse != nil {
		if status, code, text := h.refuse(fmt.Sprint("call ", body["phone"])); status != 0 {
			refused(w, status, code, text)
			return
		}
	}
	text := fmt.Sprintf("Please call me back: %s\n%s", strings.ReplaceAll(body["phone"].(string), " ", ""), body["text"])
	h.answer(w, h.messages[h.at(h.put(message{"client_id": body["client_id"], "direction": "inbound", "kind": "text", "text": text, "status": "sent"}, nil))])
}

func (h *host) stream(w http.ResponseWriter, r *http.Request) {
	cursor, _ := strconv.Atoi(r.URL.Query().Get("cursor"))
	frames := make(chan string, 100)
	h.mu.Lock()
	for _, m := range h.messages {
		if m["rev"].(int) > cursor {
			data, _ := json.Marshal(map[string]any{"type": "message", "message": h.signed(m)})
			frames <- string(data)
		}
	}
	frames <- fmt.Sprintf(`{"type": "ready", "cursor": %d}`, h.rev)
	h.streams[frames] = struct{}{}
	h.mu.Unlock()
	defer func() { h.mu.Lock(); delete(h.streams, frames); h.mu.Unlock() }()
	w.Header().Set("Content-Type", "text/event-stream")
	for {
		select {
		case frame := <-frames:
			fmt.Fprintf(w, "data: %s\n\n", frame)
			w.(http.Flusher).Flush()
		case <-r.Context().Done():
			return
		}
	}
}

// called tells how often a call was made.
func (h *host) called(call string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, c := range h.calls {
		if c == call {
			n++
		}
	}
	return n
}

// sentBodies waits for so many posts to messages and returns them.
func (h *host) sentBodies(n int) []map[string]any {
	h.t.Helper()
	waitFor(h.t, func() bool { h.mu.Lock(); defer h.mu.Unlock(); return len(h.bodies) >= n })
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]map[string]any(nil), h.bodies...)
}
