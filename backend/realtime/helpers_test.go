package realtime

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	"go.uber.org/goleak"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

func TestMain(m *testing.M) {
	if holdIdle() {
		return
	}
	goleak.VerifyTestMain(m)
}

const patience = 20 * time.Second

// log is a Source: one conversation per visitor, the token is the visitor's id.
type log struct {
	mu       sync.Mutex
	messages map[chatid.VisitorID][]Frame
	// known are the visitors whose token names a conversation.
	known map[chatid.VisitorID]bool
	pad   string
	reads int
	shows int
	// wish is the last reader's AcceptLanguage.
	wish string
}

func newLog() *log {
	return &log{messages: map[chatid.VisitorID][]Frame{}, known: map[chatid.VisitorID]bool{}}
}

func (l *log) Authenticate(_ context.Context, token string, of *chatid.ConversationID) (Session, error) {
	switch token {
	case "refused":
		return Session{}, fault.New(fault.Unauthenticated, "token_invalid")
	case "uncheckable":
		return Session{}, errors.New("database is away")
	}
	s := Session{Visitor: chatid.VisitorID(token)}
	if of != nil {
		s.Several, s.Conversation = true, *of
		return s, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known[s.Visitor] {
		s.Conversation = "of-" + chatid.ConversationID(token)
	}
	return s, nil
}

func (l *log) Since(_ context.Context, s Session, cursor int64, limit int) ([]Frame, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads++
	l.wish = s.AcceptLanguage
	if s.Visitor == "unreadable" {
		return nil, false, errors.New("database is away")
	}
	all := l.messages[s.Visitor]
	all = all[min(cursor, int64(len(all))):]
	n := min(limit, len(all))
	return append([]Frame(nil), all[:n]...), n < len(all), nil
}

// Show takes what bring gave.
func (l *log) Show(_ context.Context, s Session, message any) (Frame, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shows++
	if s.Visitor == "unshowable" {
		return Frame{}, errors.New("no such picture")
	}
	return message.(Frame), nil
}

// bring is add with a hint that brings the message along.
func (l *log) bring(v chatid.VisitorID) Hint {
	h := l.add(v)
	l.mu.Lock()
	defer l.mu.Unlock()
	h.Message = l.messages[v][h.Rev-1]
	return h
}

// add stores the visitor's next message and gives the hint to publish.
func (l *log) add(v chatid.VisitorID) Hint {
	l.mu.Lock()
	defer l.mu.Unlock()
	rev := int64(len(l.messages[v]) + 1)
	data := fmt.Sprintf("{\"rev\":%d,\n\"text\":%q}", rev, l.pad)
	l.messages[v] = append(l.messages[v], Frame{Rev: rev, Data: json.RawMessage(data)})
	return Hint{Conversation: "of-" + chatid.ConversationID(v), Rev: rev}
}

const (
	chatHost = "https://chat.example.test"
	wish     = "pt-BR,pt;q=0.9"
)

type fixture struct {
	*Server
	hub    *Hub
	source *log
	addr   string
}

func start(t *testing.T, cfg Config) *fixture {
	t.Helper()
	f := &fixture{hub: NewHub(InProcess{}), source: newLog()}
	cfg.CheckOrigin = OnlyOrigin(chatHost)
	f.Server = NewServer(cfg, f.hub, f.source)
	mux := http.NewServeMux()
	refuse := func(w http.ResponseWriter, err error) {
		if err != nil {
			http.Error(w, fault.CodeOf(err), http.StatusTeapot)
		}
	}
	mux.HandleFunc("/v1/stream", func(w http.ResponseWriter, r *http.Request) { refuse(w, f.ServeWebSocket(w, r)) })
	mux.HandleFunc("/v1/stream/events", func(w http.ResponseWriter, r *http.Request) {
		cursor, _ := strconv.ParseInt(r.URL.Query().Get("cursor"), 10, 64)
		session, err := f.source.Authenticate(r.Context(), strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), nil)
		if err == nil {
			err = f.ServeEvents(w, r, session, cursor)
		}
		refuse(w, err)
	})
	mux.HandleFunc("/v1/stream/poll", func(w http.ResponseWriter, r *http.Request) {
		cursor, _ := strconv.ParseInt(r.URL.Query().Get("cursor"), 10, 64)
		wait, _ := time.ParseDuration(r.URL.Query().Get("wait"))
		session, err := f.source.Authenticate(r.Context(), strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), nil)
		if err == nil {
			err = f.ServePoll(w, r, session, cursor, wait)
		}
		refuse(w, err)
	})
	srv := httptest.NewServer(mux)
	f.addr = srv.Listener.Addr().String()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := f.Close(ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
		srv.Close()
	})
	return f
}

// frame is any frame of docs/http-api.md, "The stream".
type frame struct {
	Type    string `json:"type"`
	Cursor  int64  `json:"cursor"`
	Code    string `json:"code"`
	State   string `json:"state"`
	Back    string `json:"back"`
	Message struct {
		Rev  int64  `json:"rev"`
		Text string `json:"text"`
	} `json:"message"`
}

// browser is one open stream, over either transport.
type browser interface {
	// next gives the next frame; io.EOF when the stream has ended.
	next() (frame, error)
	close()
}

type wsBrowser struct {
	conn net.Conn
	rw   io.ReadWriter
	// status of the server's close frame.
	status ws.StatusCode
}

func (f *fixture) dial(t *testing.T) *wsBrowser {
	t.Helper()
	d := ws.Dialer{Timeout: patience, Header: ws.HandshakeHeaderHTTP{"Origin": {chatHost}, "Accept-Language": {wish}}}
	conn, br, _, err := d.Dial(context.Background(), "ws://"+f.addr+"/v1/stream")
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	b := &wsBrowser{conn: conn, rw: conn}
	if br != nil {
		b.rw = struct {
			io.Reader
			io.Writer
		}{br, conn}
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	t.Cleanup(b.close)
	return b
}

func (b *wsBrowser) say(t *testing.T, text string) {
	t.Helper()
	if err := wsutil.WriteClientText(b.conn, []byte(text)); err != nil {
		t.Fatalf("say: %v", err)
	}
}

func (f *fixture) open(t *testing.T, token string, cursor int64) browser {
	t.Helper()
	b := f.dial(t)
	b.say(t, fmt.Sprintf(`{"token":%q,"cursor":%d}`, token, cursor))
	return b
}

func (b *wsBrowser) next() (frame, error) {
	data, err := wsutil.ReadServerText(b.rw)
	if closed, ok := errors.AsType[wsutil.ClosedError](err); ok {
		b.status = closed.Code
		return frame{}, io.EOF
	}
	if err != nil {
		return frame{}, err
	}
	var fr frame
	return fr, json.Unmarshal(data, &fr)
}

// readFrame reads one frame of any kind as it is on the wire.
func readFrame(r io.Reader) (ws.Frame, error) {
	h, err := ws.ReadHeader(r)
	if err != nil {
		return ws.Frame{}, err
	}
	if h.Length > 1<<20 {
		return ws.Frame{}, fmt.Errorf("frame of %d bytes", h.Length)
	}
	payload := make([]byte, h.Length)
	_, err = io.ReadFull(r, payload)
	return ws.Frame{Header: h, Payload: payload}, err
}

func (b *wsBrowser) close() { _ = b.conn.Close() }

type eventsBrowser struct {
	resp *http.Response
	scan *bufio.Scanner
}

func (f *fixture) openEvents(t *testing.T, token string, cursor int64) browser {
	t.Helper()
	req, _ := http.NewRequest(http.MethodGet, fmt.Sprintf("http://%s/v1/stream/events?cursor=%d", f.addr, cursor), nil)
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept-Language", wish)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatalf("open events: %v", err)
	}
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("open events: status %d", resp.StatusCode)
	}
	b := &eventsBrowser{resp: resp, scan: bufio.NewScanner(resp.Body)}
	b.scan.Buffer(nil, 1<<20)
	t.Cleanup(b.close)
	return b
}

func (b *eventsBrowser) next() (frame, error) {
	for b.scan.Scan() {
		if data, ok := strings.CutPrefix(b.scan.Text(), "data: "); ok {
			var fr frame
			return fr, json.Unmarshal([]byte(data), &fr)
		}
		if b.scan.Text() != "" {
			return frame{}, fmt.Errorf("line without data: %q", b.scan.Text())
		}
	}
	if err := b.scan.Err(); err != nil {
		return frame{}, err
	}
	return frame{}, io.EOF
}

func (b *eventsBrowser) close() { _ = b.resp.Body.Close() }

// pollBrowser asks again and again, from where it is.
type pollBrowser struct {
	t      *testing.T
	ask    func(cursor int64, wait time.Duration) []frame
	cursor int64
	wait   time.Duration
	frames []frame
	ready  bool
	ended  bool
}

// poll asks once and checks the answer as a proxy sees it.
func (f *fixture) poll(t *testing.T, token string, cursor int64, wait time.Duration) []frame {
	t.Helper()
	req, _ := http.NewRequest(http.MethodGet, fmt.Sprintf("http://%s/v1/stream/poll?cursor=%d&wait=%s", f.addr, cursor, wait), nil)
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept-Language", wish)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	resp, err := client.Do(req)
	if err != nil {
		t.Errorf("poll: %v", err)
		return nil
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || resp.ContentLength != int64(len(body)) {
		t.Errorf("poll: status %d, %d bytes of %d, %v: %s", resp.StatusCode, len(body), resp.ContentLength, err, body)
	}
	var answer struct{ Frames []frame }
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Errorf("poll: %v in %s", err, body)
	}
	return answer.Frames
}

func (f *fixture) openPoll(t *testing.T, token string, cursor int64) browser {
	return &pollBrowser{t: t, cursor: cursor, ask: func(cursor int64, wait time.Duration) []frame { return f.poll(t, token, cursor, wait) }}
}

// next gives what a stream would: of all the times that it is told where it
// stands only the first.
func (b *pollBrowser) next() (frame, error) {
	fr, err := b.one()
	for fr.Type == "ready" && b.ready {
		fr, err = b.one()
	}
	b.ready = b.ready || fr.Type == "ready"
	return fr, err
}

func (b *pollBrowser) one() (frame, error) {
	for !b.ended && len(b.frames) == 0 {
		b.frames = b.ask(b.cursor, b.wait)
		b.wait = patience / 2 // the first answer says "ready" at once
		if b.t.Failed() {
			b.ended = true
		}
	}
	if len(b.frames) == 0 {
		return frame{}, io.EOF
	}
	fr := b.frames[0]
	b.frames = b.frames[1:]
	b.cursor = max(b.cursor, fr.Message.Rev)
	b.ended = b.ended || fr.Type == "bye"
	return fr, nil
}

func (b *pollBrowser) close() {}

// expect reads one frame of a type, pings aside.
func expect(t *testing.T, b browser, kind string) frame {
	t.Helper()
	for {
		fr, err := b.next()
		if err != nil {
			t.Fatalf("waiting for %s: %v", kind, err)
		}
		if fr.Type == "ping" && kind != "ping" {
			continue
		}
		if fr.Type != kind {
			t.Fatalf("got frame %+v, want %s", fr, kind)
		}
		return fr
	}
}

func expectEnd(t *testing.T, b browser) {
	t.Helper()
	if fr, err := b.next(); !errors.Is(err, io.EOF) {
		t.Fatalf("got frame %+v, error %v, want the end", fr, err)
	}
}
