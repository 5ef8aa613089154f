package sitechat

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"
)

// talks is a chat host where a visitor may hold several conversations, each a host by itself.
type talks struct {
	mu    sync.Mutex
	ids   []string // those that go on, who spoke last first
	all   map[string]*host
	names map[string]string
	// down answers the ends of conversations with 503.
	down  bool
	ended []string
}

// carrying makes a site's chat host one with several conversations.
func (k *talks) carrying(s *site) {
	k.all, k.names = map[string]*host{}, map[string]string{}
	base := &host{}
	chatting(base)(s)
	s.session = func() string {
		return `"conversation": null, "conversations": ` + k.list() + `, "strings": {}, "uploads": {"accept": "image/*", "max_bytes": {"file": 4194304}}`
	}
	s.routes = func(chat *http.ServeMux) {
		of := func(next func(*host) http.HandlerFunc) http.HandlerFunc {
			return base.authorised(func(w http.ResponseWriter, r *http.Request) {
				next(k.of(s, r.URL.Query().Get("conversation")))(w, r)
			})
		}
		chat.HandleFunc("GET /v1/conversations", base.authorised(func(w http.ResponseWriter, _ *http.Request) {
			answer(w, http.StatusOK, `{"conversations": `+k.list()+`}`)
		}))
		chat.HandleFunc("GET /v1/messages", of(func(h *host) http.HandlerFunc { return h.history }))
		chat.HandleFunc("POST /v1/messages", base.authorised(func(w http.ResponseWriter, r *http.Request) {
			id := r.URL.Query().Get("conversation")
			k.of(s, id).post(w, r)
			k.spoken(id)
		}))
		chat.HandleFunc("GET /v1/stream/events", of(func(h *host) http.HandlerFunc { return h.stream }))
		for _, path := range []string{"receipts", "typing"} {
			chat.HandleFunc("POST /v1/"+path, base.authorised(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
		}
		chat.HandleFunc("POST /v1/conversation/end", base.authorised(func(w http.ResponseWriter, r *http.Request) {
			k.mu.Lock()
			defer k.mu.Unlock()
			if k.down {
				refused(w, http.StatusServiceUnavailable, "storage_unavailable", "Try again later.")
				return
			}
			id := r.URL.Query().Get("conversation")
			k.ended = append(k.ended, id)
			k.drop(id)
			w.WriteHeader(http.StatusNoContent)
		}))
	}
}

// of gives the host of a conversation; an empty id is that of none.
func (k *talks) of(s *site, id string) *host {
	k.mu.Lock()
	defer k.mu.Unlock()
	h := k.all[id]
	if h == nil {
		h = &host{t: s.t, files: map[string]*stored{}, streams: map[chan string]struct{}{}}
		k.all[id] = h
	}
	return h
}

// spoken puts a conversation on top of the list, with a number when it is new, and tells the streams of the others.
func (k *talks) spoken(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.names[id] == "" {
		k.names[id] = fmt.Sprintf("A%d", len(k.names)+1)
	}
	k.drop(id)
	k.ids = append([]string{id}, k.ids...)
	for other, h := range k.all {
		if other != id {
			h.mu.Lock()
			h.send(map[string]any{"type": "conversations"})
			h.mu.Unlock()
		}
	}
}

func (k *talks) drop(id string) {
	left := []string{}
	for _, other := range k.ids {
		if other != id {
			left = append(left, other)
		}
	}
	k.ids = left
}

// says lets the operator write into the nth conversation of the list.
func (k *talks) says(n int, text string) {
	k.mu.Lock()
	id := k.ids[n]
	h := k.all[id]
	k.mu.Unlock()
	h.says(message{"text": text})
	k.spoken(id)
}

func (k *talks) list() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := []map[string]any{}
	for _, id := range k.ids {
		h := k.all[id]
		h.mu.Lock()
		one := map[string]any{"id": id, "number": k.names[id], "unread": 0}
		if n := len(h.messages); n > 0 {
			one["last"] = h.messages[n-1]
			if h.messages[n-1]["direction"] == "outbound" {
				one["unread"] = 1
			}
		}
		h.mu.Unlock()
		out = append(out, one)
	}
	data, _ := json.Marshal(out)
	return string(data)
}

const (
	barNumber = `document.querySelector(".sc-bar__number").textContent`
	rowsOf    = `[...document.querySelectorAll(".sc-talk")].map((t) => [t.querySelector(".sc-talk__name").textContent, t.querySelector(".sc-talk__last").textContent, t.querySelector(".sc-talk__count [aria-hidden]")?.textContent ?? ""])`
)

// O §6.4: from nothing to several conversations, and back by ending them.
func TestSeveralConversations(t *testing.T) {
	t.Parallel()
	k := &talks{}
	s := visit(t, `<html lang="en"><main><h1>Shop</h1></main>`+script(kommoSettings), k.carrying)
	p := s.panel()
	scheme(t, "light", s, p)
	// CON-6: an empty composer, without number, end or list.
	p.until(`document.querySelector(".sc-bar") && document.activeElement.matches("textarea")`)
	p.value(`[...document.querySelectorAll(".sc-bar, .sc-talks")].filter((e) => e.checkVisibility()).length`, 0)
	p.axe("none yet")
	s.keys("About the lamp\r")
	p.until(barNumber + ` === "Conversation A1" && document.querySelector(".sc-bar__end").checkVisibility()`) // CON-2
	p.axe("one")
	s.shot("several-one")
	// A new one is begun from the list.
	p.run(`document.querySelector(".sc-bar__button").click()`)
	p.until(`document.activeElement.matches(".sc-talk")`)
	p.value(rowsOf, [][]string{{"Conversation A1", "You: About the lamp", ""}})
	p.value(`[".sc-body", ".sc-composer"].filter((c) => document.querySelector(c).checkVisibility()).length`, 0)
	p.run(`document.querySelector(".sc-talks__new").click()`)
	p.until(`document.activeElement.matches("textarea") && !document.querySelector(".sc-message")`)
	p.value(`document.querySelector(".sc-bar__end").checkVisibility()`, false)
	s.keys("About the cup\r")
	p.until(barNumber + ` === "Conversation A2" && document.querySelectorAll(".sc-message").length === 1`)
	// What the operator writes in the other is counted, and read there.
	k.says(1, "Brass or steel?")
	p.until(`document.querySelector(".sc-bar__count").textContent === "1"`)
	s.until(`document.querySelector(".amo-button-greeting-badge").textContent === "1"`) // WIN-4
	p.axe("another is unread")
	p.run(`document.querySelector(".sc-bar__button").click()`)
	p.until(`document.querySelectorAll(".sc-talk").length === 2`)
	p.value(rowsOf, [][]string{{"Conversation A1", "Oleg Petrov: Brass or steel?", "1"}, {"Conversation A2", "You: About the cup", ""}})
	p.axe("list")
	s.shot("several-list")
	s.keys("\r")
	p.until(barNumber + ` === "Conversation A1" && document.querySelectorAll(".sc-message").length === 2`)
	// CON-7: ending asks first, and returns to the list; while the server is out of reach it waits.
	k.mu.Lock()
	k.down = true
	k.mu.Unlock()
	p.run(`document.querySelector(".sc-bar__end").focus()`)
	s.keys("\r")
	p.until(`document.querySelector("dialog[open]")`)
	p.axe("end")
	s.shot("several-end")
	s.keys("\t\r")
	p.until(`document.querySelectorAll(".sc-talk").length === 1 && document.querySelector(".sc-talks").checkVisibility()`)
	p.value(rowsOf, [][]string{{"Conversation A2", "You: About the cup", ""}})
	k.mu.Lock()
	k.down = false
	k.mu.Unlock()
	waitFor(t, func() bool { k.mu.Lock(); defer k.mu.Unlock(); return len(k.ended) == 1 })
	p.until(`document.querySelectorAll(".sc-talk").length === 1`)
}

// CON-6: with one, the window opens on it; with several, on their list.
func TestWhereTheWindowOpensWithSeveralConversations(t *testing.T) {
	t.Parallel()
	for n, want := range []string{`document.activeElement.matches("textarea")`,
		`document.querySelector(".sc-bar") && ` + barNumber + ` === "Conversation A1" && document.querySelectorAll(".sc-message").length === 1`,
		`document.querySelectorAll(".sc-talk").length === 2 && document.querySelector(".sc-talks").checkVisibility()`} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			k := &talks{}
			s := visit(t, script(kommoSettings), k.carrying, func(s *site) {
				for i := range n {
					id := fmt.Sprintf("00000000-0000-4000-8000-00000000000%d", i)
					k.of(s, id).says(message{"text": "hello", "direction": "inbound"})
					k.spoken(id)
				}
			})
			s.panel().until(want)
		})
	}
}

// CON-4: one that was ended over there says so, and offers another.
func TestAConversationThatWasEndedOverThere(t *testing.T) {
	t.Parallel()
	k := &talks{}
	s := visit(t, `<html lang="en"><main><h1>Shop</h1></main>`+script(kommoSettings), k.carrying)
	p := s.panel()
	p.until(`document.activeElement.matches("textarea")`)
	s.keys("Hello\r") // maybe before it is known that there may be several
	p.until(`document.querySelector(".sc-bar") && ` + barNumber + ` === "Conversation A1"`)
	k.mu.Lock()
	id := k.ids[0]
	h := k.all[id]
	k.drop(id)
	k.mu.Unlock()
	waitFor(t, func() bool { h.mu.Lock(); defer h.mu.Unlock(); return len(h.streams) > 0 })
	h.says(message{"kind": "ended"})
	p.until(`document.querySelector(".sc-ended") && !document.querySelector(".sc-composer").checkVisibility() && document.querySelector(".sc-bar__end").textContent === "New conversation"`)
	p.axe("ended")
	s.shot("several-ended")
	p.run(`document.querySelector(".sc-bar__end").click()`)
	p.until(`document.activeElement.matches("textarea") && !document.querySelector(".sc-message")`)
}
