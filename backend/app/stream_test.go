package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"leadline/backend/sandbox"
)

// frame is one frame of a stream (docs/http-api.md, "The stream").
type frame struct {
	Type, Code string
	State      string
	Cursor     int64
	Message    message
}

// socket is a browser's WebSocket; wsutil answers pings while it reads.
type socket struct {
	t    *testing.T
	conn net.Conn
	rw   io.ReadWriter
}

// dialWS opens the stream's WebSocket as a page of origin does.
func (w *world) dialWS(origin string) (*socket, error) {
	dialer := ws.Dialer{
		Header: ws.HandshakeHeaderHTTP{"Origin": {origin}},
		NetDial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, w.appAddr())
		},
		TLSConfig: w.transport.TLSClientConfig.Clone(),
		Timeout:   60 * time.Second,
	}
	conn, early, _, err := dialer.Dial(w.t.Context(), "wss://chat.leadline.test/v1/stream")
	if err != nil {
		return nil, err
	}
	w.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(60 * time.Second))
	s := &socket{t: w.t, conn: conn, rw: conn}
	if early != nil {
		s.rw = struct {
			io.Reader
			io.Writer
		}{early, conn}
	}
	return s, nil
}

// open opens a stream and says who asks and from where on.
func (v *visitor) open(token string, cursor int64) *socket {
	v.w.t.Helper()
	s, err := v.w.dialWS(chatURL)
	if err != nil {
		v.w.t.Fatal(err)
	}
	hello, _ := json.Marshal(map[string]any{"token": token, "cursor": cursor})
	if err := wsutil.WriteClientText(s.conn, hello); err != nil {
		v.w.t.Fatal(err)
	}
	return s
}

// next is the stream's next frame; ok is false when it was closed.
func (s *socket) next() (f frame, ok bool) {
	s.t.Helper()
	data, err := wsutil.ReadServerText(s.rw)
	if err != nil {
		var closed wsutil.ClosedError
		if !errors.As(err, &closed) && !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) && !errors.Is(err, io.ErrUnexpectedEOF) {
			s.t.Fatalf("read stream: %v", err)
		}
		return frame{}, false
	}
	if err := json.Unmarshal(data, &f); err != nil {
		s.t.Fatalf("frame %s: %v", data, err)
	}
	return f, true
}

// upTo reads frames until one of the kind comes, and gives all of them.
func (s *socket) upTo(kind string) []frame {
	s.t.Helper()
	var list []frame
	for {
		f, ok := s.next()
		if !ok {
			s.t.Fatalf("the stream ended before %q, after %+v", kind, list)
		}
		if list = append(list, f); f.Type == kind {
			return list
		}
	}
}

// says reads until the stream brought every one of the texts.
func (s *socket) says(texts ...string) []frame {
	s.t.Helper()
	var list []frame
	missing := slices.Clone(texts)
	for len(missing) > 0 {
		f, ok := s.next()
		if !ok {
			s.t.Fatalf("the stream ended before %q", missing)
		}
		list = append(list, f)
		missing = slices.DeleteFunc(missing, func(text string) bool { return f.Message.Text == text })
	}
	return list
}

// TestStreamOverWebSocket: replay from the cursor, then live, the same in two
// tabs, and the same over an event stream.
func TestStreamOverWebSocket(t *testing.T) {
	t.Parallel()
	w, v, chat := opened(t, setup{})
	first := v.write(uuidN(1), "hello")
	one, two := v.open(v.token, 0), v.open(v.token, first.Rev)
	if replay := one.upTo("ready"); len(replay) < 2 || replay[0].Message.Text != "hello" || replay[len(replay)-1].Cursor < first.Rev {
		t.Errorf("replayed %+v", replay)
	}
	for _, f := range two.upTo("ready") {
		if f.Type == "message" && f.Message.Rev <= first.Rev {
			t.Errorf("rev %d came again to a cursor of %d", f.Message.Rev, first.Rev)
		}
	}
	v.write(uuidN(2), "from one tab")
	if _, err := w.box.OperatorSay(accountID, chat.ID, "from the operator"); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*socket{one, two} {
		var rev int64
		for _, f := range s.says("from one tab", "from the operator") {
			if f.Type == "message" && f.Message.Rev <= rev {
				t.Errorf("rev %d came after %d", f.Message.Rev, rev)
			}
			rev = max(rev, f.Message.Rev)
		}
	}

	// The same over text/event-stream: what a history shows, once each.
	events := v.listen()
	w.until("the event stream to catch up", func() bool { return len(events.texts("outbound")) == 1 && len(events.texts("inbound")) == 2 })
	for _, m := range v.history() {
		got, _ := events.find(m.Text)
		if got.ID != m.ID || got.Seq != m.Seq || got.At != m.At || got.Direction != m.Direction {
			t.Errorf("the event stream has %+v, history %+v", got, m)
		}
	}
	w.noBreaches()
}

// TestStreamOfAVisitorWhoNeverWrote picks the conversation up with the first message.
func TestStreamOfAVisitorWhoNeverWrote(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	v := w.visit(w.connected())
	s := v.open(v.token, 0)
	if got := s.upTo("ready"); len(got) != 2 || got[0].Type != "availability" || got[1].Cursor != 0 {
		t.Errorf("began with %+v", got)
	}
	v.write(uuidN(1), "first words")
	s.says("first words")
}

// TestStreamRefusals: foreign pages, wrong tokens, wrong requests.
func TestStreamRefusals(t *testing.T) {
	t.Parallel()
	w, v, _ := opened(t, setup{})
	for _, origin := range []string{shopURL, "https://app.leadline.test", "null"} {
		_, err := w.dialWS(origin)
		var refused ws.StatusError
		if !errors.As(err, &refused) || int(refused) != http.StatusForbidden {
			t.Errorf("a WebSocket from %s: %v, want 403", origin, err)
		}
	}
	for name, token := range map[string]string{"nonsense": "a.b.c", "cut": v.token[:len(v.token)-2]} {
		s := v.open(token, 0)
		f, ok := s.next()
		if !ok || f.Type != "bye" || f.Code != "token_invalid" {
			t.Errorf("token %s: %+v %v, want bye token_invalid", name, f, ok)
		}
		if _, more := s.next(); more {
			t.Errorf("token %s: the stream goes on after bye", name)
		}
	}
	if f, ok := v.open("", 0).next(); ok { // no greeting of any panel: closed without words
		t.Errorf("a stream without a token says %+v", f)
	}
	events, poll := chatURL+"/v1/stream/events", chatURL+"/v1/stream/poll"
	for _, c := range []struct {
		name, url string
		header    map[string]string
		status    int
		code      string
	}{
		{"no upgrade", chatURL + "/v1/stream", map[string]string{"Origin": chatURL}, 422, "invalid_request"},
		{"events without a token", events, nil, 401, "token_missing"},
		{"events with a wrong token", events, map[string]string{"Authorization": "Bearer a.b.c"}, 401, "token_invalid"},
		{"events for a foreign page", events, map[string]string{"Authorization": "Bearer " + v.token, "Origin": shopURL}, 403, "origin_not_trusted"},
		{"events for a foreign page that hides", events, map[string]string{"Authorization": "Bearer " + v.token, "Sec-Fetch-Site": "cross-site"}, 403, "origin_not_trusted"},
		{"a cursor that is none", events + "?cursor=x", v.auth(), 422, "invalid_request"},
		{"a cursor below zero", events + "?cursor=-1", v.auth(), 422, "invalid_request"},
		{"a poll without a token", poll, nil, 401, "token_missing"},
		{"a poll with a wrong token", poll, map[string]string{"Authorization": "Bearer a.b.c"}, 401, "token_invalid"},
		{"a poll for a foreign page", poll, map[string]string{"Authorization": "Bearer " + v.token, "Origin": shopURL}, 403, "origin_not_trusted"},
		{"a poll for a foreign page that hides", poll, map[string]string{"Authorization": "Bearer " + v.token, "Sec-Fetch-Site": "cross-site"}, 403, "origin_not_trusted"},
		{"a poll with a cursor that is none", poll + "?cursor=x", v.auth(), 422, "invalid_request"},
		{"a poll with a cursor below zero", poll + "?cursor=-1", v.auth(), 422, "invalid_request"},
		{"a poll with a wait that is none", poll + "?wait=1.5", v.auth(), 422, "invalid_request"},
		{"a poll that goes back in time", poll + "?wait=-1", v.auth(), 422, "invalid_request"},
		{"a poll that waits for longer than proxies", poll + "?wait=26", v.auth(), 422, "invalid_request"},
	} {
		if a := w.send("GET", c.url, c.header, nil); a.status != c.status || a.code() != c.code {
			t.Errorf("%s: %d %s, want %d %s", c.name, a.status, a.body, c.status, c.code)
		}
	}
}

// TestStreamByPolling: what is there comes at once, what is said meanwhile with the
// answer that waits for it, each once.
func TestStreamByPolling(t *testing.T) {
	t.Parallel()
	w, v, chat := opened(t, setup{})
	v.write(uuidN(1), "hello")
	poll := func(cursor int64, wait string) (frames []frame, now int64) {
		var got struct{ Frames []frame }
		a := w.send("GET", chatURL+"/v1/stream/poll?cursor="+strconv.FormatInt(cursor, 10)+wait, v.auth(), nil)
		if a.status != http.StatusOK || a.header.Get("Cache-Control") != "no-store" {
			t.Fatalf("poll: %d %v %s", a.status, a.header, a.body)
		}
		a.into(t, &got)
		for _, f := range got.Frames {
			cursor = max(cursor, f.Cursor, f.Message.Rev)
		}
		return got.Frames, cursor
	}
	frames, cursor := poll(0, "&wait=0")
	if n := len(frames); n < 2 || frames[0].Message.Text != "hello" || frames[n-1].Type != "ready" || frames[n-1].Cursor != cursor {
		t.Errorf("the first look: %+v", frames)
	}
	said := make(chan error, 1)
	go func() {
		_, err := w.box.OperatorSay(accountID, chat.ID, "from the operator")
		said <- err
	}()
	heard := 0
	for heard == 0 {
		if frames, cursor = poll(cursor, ""); len(frames) == 0 {
			t.Fatal("an answer without a frame")
		}
		for _, f := range frames {
			if f.Message.Text == "from the operator" {
				heard++
			}
		}
	}
	if err := <-said; err != nil || heard != 1 {
		t.Errorf("said with %v, heard %d times", err, heard)
	}
	w.noBreaches()
}

// TestStreamOverARestart: bye restart, then the cursor goes on without a gap
// or a double.
func TestStreamOverARestart(t *testing.T) {
	t.Parallel()
	w, v, chat := opened(t, setup{})
	s := v.open(v.token, 0)
	seen := s.upTo("ready")
	events, err := v.rawEvents(0)
	if err != nil {
		t.Fatal(err)
	}
	defer events.Body.Close()
	lines := bufio.NewScanner(events.Body)
	for lines.Scan() && !strings.Contains(lines.Text(), `"ready"`) {
	}
	if _, err := w.box.OperatorSay(accountID, chat.ID, "before"); err != nil {
		t.Fatal(err)
	}
	seen = append(seen, s.says("before")...)
	w.restart()
	last := s.upTo("bye")
	seen = append(seen, last[:len(last)-1]...)
	if got := last[len(last)-1].Code; got != "restart" {
		t.Errorf("bye %q, want restart", got)
	}
	goodbye := false
	for lines.Scan() {
		goodbye = goodbye || strings.Contains(lines.Text(), `"bye","code":"restart"`)
	}
	if !goodbye {
		t.Error("the event stream ended without bye restart")
	}
	said, err := w.box.OperatorSay(accountID, chat.ID, "after")
	if err != nil {
		t.Fatal(err)
	}
	w.eventually("the hook", func() bool { return w.hookOutcome(said.ID) == "delivered" })
	var cursor int64
	for _, f := range seen {
		cursor = max(cursor, f.Cursor, f.Message.Rev)
	}
	s = v.open(v.token, cursor)
	seen = append(seen, s.upTo("ready")...)
	texts := map[string]int{}
	revs := map[int64]bool{}
	for _, f := range seen {
		if f.Type != "message" {
			continue
		}
		if revs[f.Message.Rev] {
			t.Errorf("rev %d (%s) came twice", f.Message.Rev, f.Message.Text)
		}
		revs[f.Message.Rev] = true
		texts[f.Message.Text]++
	}
	for _, m := range v.history() {
		if texts[m.Text] == 0 {
			t.Errorf("%q never came", m.Text)
		}
	}
	if len(w.inbox(sandbox.Inbound)) != 1 {
		t.Errorf("the inbox has %q", w.inbox(sandbox.Inbound))
	}
	w.noBreaches()
}

// rawEvents opens the event stream; it has no end of its own.
func (v *visitor) rawEvents(cursor int64) (*http.Response, error) {
	req, err := http.NewRequestWithContext(v.w.t.Context(), http.MethodGet, v.base+"/v1/stream/events?cursor="+strconv.FormatInt(cursor, 10), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+v.token)
	client := *v.w.http
	client.Timeout = 0
	return client.Do(req)
}
