package app

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"leadline/backend/sandbox"
)

// connection is what the widget reads (docs/http-api.md §1).
type connection struct {
	State, Reason, Login string
	ConsentURL           string `json:"consent_url"`
	Chats                []struct {
		Name     string
		ButtonID string `json:"button_id"`
		Snippet  string
	}
}

// widgetHeaders are those of a call from an account's page.
func (w *world) widgetHeaders(user int64) map[string]string {
	w.t.Helper()
	token, err := w.box.DisposableToken(accountID, user, clientID)
	if err != nil {
		w.t.Fatal(err)
	}
	return map[string]string{"X-Auth-Token": token, "Origin": w.crmOrigin()}
}

// crmOrigin is that of the first account's pages.
func (w *world) crmOrigin() string {
	if w.cfg.Kommo.Enabled() {
		return "https://democo.kommo.com"
	}
	return "https://" + crmHost
}

func (w *world) connectBody() map[string]string {
	return map[string]string{"login": login, "password": password, "amojo_id": amojoID, "language": "en"}
}

// connected installs and connects the account and returns the snippet's pair.
func (w *world) connected() (button, hash string) {
	w.t.Helper()
	if err := w.box.Install(accountID, clientID); err != nil {
		w.t.Fatal(err)
	}
	w.eventually("the channel", func() bool {
		if len(w.box.Connections()) == 1 {
			return true
		}
		w.send("POST", appURL+"/widget/v1/connect", w.widgetHeaders(adminID), w.connectBody())
		return len(w.box.Connections()) == 1
	})
	var c connection
	w.until("the state connected", func() bool {
		w.send("GET", appURL+"/widget/v1/status", w.widgetHeaders(adminID), nil).into(w.t, &c)
		return c.State == "connected" && len(c.Chats) == 1
	})
	return snippetPair(w.t, c.Chats[0].Snippet)
}

// until asks again and again, for what no sandbox event tells.
func (w *world) until(what string, ok func() bool) {
	w.t.Helper()
	until(w.t, what, ok)
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.After(60 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("waited 30 s for %s", what)
		}
	}
}

// snippetPair reads id and hash out of an embed code.
func snippetPair(t *testing.T, snippet string) (button, hash string) {
	t.Helper()
	between := func(after string) string {
		_, rest, ok := strings.Cut(snippet, after)
		if !ok {
			t.Fatalf("no %q in the snippet:\n%s", after, snippet)
		}
		value, _, _ := strings.Cut(strings.TrimLeft(rest, ` "`), `"`)
		return value
	}
	return between("id:"), between("hash:")
}

// message is a message as panels see it.
type message struct {
	ID, Text, Status, Direction string
	ClientID                    string `json:"client_id"`
	Seq, Rev, At                int64
	Error                       *struct{ Code, Message string }
	Author                      *struct{ Name, Avatar string }
	Kind, Group                 string
	EditedAt                    int64 `json:"edited_at"`
	File                        *file
	Location                    *struct{ Lat, Lon float64 }
	Card                        *struct{ Name, Phone string }
	ReplyTo                     *struct{ ID, Text, Author, Kind, Direction string } `json:"reply_to"`
	Reactions                   []struct{ Emoji, By string }
	Markup                      *struct {
		Buttons [][]struct{ Text, URL string }
	}
}

// file is a file as panels see it.
type file struct {
	ID, Kind, Name, Type, State, URL string
	Bytes                            int64
	Width, Height                    int
	DurationMS                       int64  `json:"duration_ms"`
	ThumbURL                         string `json:"thumb_url"`
}

// visitor is a browser without a screen.
type visitor struct {
	w      *world
	base   string // of the chat host
	button string
	token  string
	// address is whose requests a trusted proxy says they are; empty: nobody says it.
	address string
}

// visit loads the button's configuration as a page of the shop does and opens a
// session.
func (w *world) visit(button, hash string) *visitor {
	w.t.Helper()
	v := &visitor{w: w, base: chatURL, button: button}
	v.session(v.ticket(hash), "")
	return v
}

func (v *visitor) ticket(hash string) string {
	v.w.t.Helper()
	a := v.w.send("GET", v.base+"/v1/buttons/"+v.button+"/config?hash="+hash, v.from(map[string]string{"Origin": shopURL}), nil)
	if a.status != http.StatusOK {
		v.w.t.Fatalf("config: %d %s", a.status, a.body)
	}
	var c struct{ Ticket string }
	a.into(v.w.t, &c)
	return c.Ticket
}

func (v *visitor) session(ticket, token string) {
	v.w.t.Helper()
	a := v.w.send("POST", v.base+"/v1/session", v.from(nil), map[string]string{"button_id": v.button, "ticket": ticket, "token": token})
	if a.status != http.StatusOK {
		v.w.t.Fatalf("session: %d %s", a.status, a.body)
	}
	var s struct{ Token, Origin string }
	a.into(v.w.t, &s)
	if s.Origin != shopURL {
		v.w.t.Errorf("session is for %s, want %s", s.Origin, shopURL)
	}
	v.token = s.Token
}

func (v *visitor) auth() map[string]string {
	return v.from(map[string]string{"Authorization": "Bearer " + v.token})
}

// from adds the visitor's address to the headers.
func (v *visitor) from(header map[string]string) map[string]string {
	if v.address == "" {
		return header
	}
	if header == nil {
		header = map[string]string{}
	}
	header["X-Forwarded-For"] = v.address
	return header
}

// write sends a text until the server has it, as a panel does, always under the
// same client id.
func (v *visitor) write(clientID, text string) message {
	v.w.t.Helper()
	var m struct{ Message message }
	until(v.w.t, "the server to take "+text, func() bool {
		a, err := v.w.trySend("POST", v.base+"/v1/messages", v.auth(), map[string]any{"client_id": clientID, "text": text})
		if err != nil {
			return false
		}
		if a.status >= 400 && a.status < 500 && a.status != http.StatusTooManyRequests {
			v.w.t.Fatalf("write %q: %d %s", text, a.status, a.body)
		}
		if a.status != http.StatusOK {
			return false
		}
		a.into(v.w.t, &m)
		return true
	})
	return m.Message
}

func (v *visitor) history() []message {
	v.w.t.Helper()
	var h struct{ Messages []message }
	v.w.send("GET", v.base+"/v1/messages", v.auth(), nil).into(v.w.t, &h)
	return h.Messages
}

func (v *visitor) receipt(delivered, seen int64) {
	v.w.t.Helper()
	if a := v.w.send("POST", v.base+"/v1/receipts", v.auth(), map[string]int64{"delivered": delivered, "seen": seen}); a.status != http.StatusNoContent {
		v.w.t.Fatalf("receipt: %d %s", a.status, a.body)
	}
}

// listener collects what a visitor's stream brings, over cuts and restarts.
type listener struct {
	mu     sync.Mutex
	byID   map[string]message
	order  []string // ids in the order of their first coming
	cursor int64
}

// listen follows the visitor's event stream until the test ends, coming back
// with its cursor when it is cut.
func (v *visitor) listen() *listener {
	l := &listener{byID: map[string]message{}}
	pause := 50 * time.Millisecond
	if v.address != "" { // one of many
		pause = time.Second
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	v.w.t.Cleanup(func() { cancel(); <-done })
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			l.follow(ctx, v)
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
		}
	}()
	return l
}

func (l *listener) follow(ctx context.Context, v *visitor) {
	l.mu.Lock()
	url := fmt.Sprintf("%s/v1/stream/events?cursor=%d", v.base, l.cursor)
	l.mu.Unlock()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return
	}
	for k, value := range v.auth() {
		req.Header.Set(k, value)
	}
	client := *v.w.http
	client.Timeout = 0
	res, err := client.Do(req)
	if err != nil {
		return
	}
	defer res.Body.Close()
	scan := bufio.NewScanner(res.Body)
	scan.Buffer(nil, 1<<20)
	for scan.Scan() {
		data, ok := strings.CutPrefix(scan.Text(), "data:")
		if !ok {
			continue
		}
		var f struct {
			Type    string
			Message message
		}
		if json.Unmarshal([]byte(data), &f) != nil || f.Type != "message" {
			continue
		}
		l.mu.Lock()
		if old, known := l.byID[f.Message.ID]; !known {
			l.order = append(l.order, f.Message.ID)
			l.byID[f.Message.ID] = f.Message
		} else if f.Message.Rev > old.Rev {
			l.byID[f.Message.ID] = f.Message
		}
		l.cursor = max(l.cursor, f.Message.Rev)
		l.mu.Unlock()
	}
}

// texts are the messages of one direction, as the transcript shows them.
func (l *listener) texts(direction string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []message
	for _, m := range l.byID {
		if m.Direction == direction {
			list = append(list, m)
		}
	}
	return inOrder(list)
}

func (l *listener) find(text string) (message, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range l.byID {
		if m.Text == text {
			return m, true
		}
	}
	return message{}, false
}

// inbox are the texts that operators see in the sandbox, in the order of the
// message times.
func (w *world) inbox(direction string) []string {
	return textsOf(w.box.Messages(accountID), direction)
}

func textsOf(list []sandbox.Message, direction string) []string {
	var kept []message
	for _, m := range list {
		if m.Direction == direction {
			kept = append(kept, message{Text: m.Text, At: m.Msec, Seq: m.Seq})
		}
	}
	return inOrder(kept)
}
