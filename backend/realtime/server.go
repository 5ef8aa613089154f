package realtime

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// Session is whose stream it is, proven by a visitor token.
type Session struct {
	Account chatid.AccountID
	Chat    chatid.ChatID
	Visitor chatid.VisitorID
	// Conversation is empty for a visitor who never wrote; the stream fills it
	// in when a hint names the first one.
	Conversation chatid.ConversationID
	// Several: the visitor may hold several conversations, and the stream is that of
	// the named one, which need not be there yet; of the others it tells only that
	// something happened.
	Several bool
	// Known: the named one is there, and the visitor's.
	Known bool
	// Nameless: the visitor is told no names of operators, by the Source nor of who types.
	Nameless bool
	// AcceptLanguage is what the browser asked for, set by the Server, for texts
	// that the Source writes itself.
	AcceptLanguage string
}

// Frame is one new or changed message.
type Frame struct {
	// Rev is the message's rev, the cursor after this frame.
	Rev int64
	// Data is the Message object of the visitor interface, not the frame around it.
	Data json.RawMessage
}

// Source is the truth that streams read from. Its methods are called from many
// goroutines and must end when ctx does.
type Source interface {
	// Authenticate reads a visitor token. A fault of kind Unauthenticated,
	// Denied or NotFound makes the browser get a new session; any other error
	// makes it come again soon.
	// of is the conversation that the browser names, empty for none of several; nil
	// where it knows of one only.
	Authenticate(ctx context.Context, token string, of *chatid.ConversationID) (Session, error)
	// Since reads up to limit messages with Rev > cursor by rising Rev; more
	// tells that it stopped at limit. Where s.Conversation is empty it looks the
	// visitor's conversation up, and none is no error.
	Since(ctx context.Context, s Session, cursor int64, limit int) (frames []Frame, more bool, err error)
	// Show gives the frame that Since would give of a hint's Message.
	Show(ctx context.Context, s Session, message any) (Frame, error)
}

// Availability is whether somebody answers visitors, in the words of
// docs/http-api.md: a state, and a time (RFC 3339) or nothing.
type Availability struct{ State, Back string }

// Config holds the bounds of a Server. Zero fields get the defaults named.
type Config struct {
	// CheckOrigin says whether a request may open a stream: only the chat host's
	// own pages may, see OnlyOrigin. nil refuses every one.
	CheckOrigin func(*http.Request) bool
	Log         *slog.Logger
	// Availability tells whether somebody answers a session's visitor; nil where
	// nobody is told. It is asked at the beginning, with each ping and by hints, must
	// be quick, and is passed on when it differs from what was told last.
	Availability func(context.Context, Session) (Availability, error)
	// MaxStreams bounds all streams, those that have not said who they are too (20,000).
	MaxStreams int
	// MaxPerVisitor bounds the streams of one visitor (20).
	MaxPerVisitor int
	// PageSize is how many messages are read from the Source at once (100).
	PageSize int

	FirstFrameWithin time.Duration // for the token over a WebSocket (5 s)
	PingEvery        time.Duration // between pings (25 s)
	SilentFor        time.Duration // without an answer to pings, before a WebSocket is cut (three pings)
	WriteWithin      time.Duration // for one write, before a reader counts as slow (10 s)
	ReadWithin       time.Duration // for one call of the Source (10 s)
	LingerWithin     time.Duration // for a browser to answer our close (1 s)
}

// maxCursor is the largest integer that a browser's JSON keeps exact.
const maxCursor = 1<<53 - 1

// Server gives streams to browsers. Make it with NewServer, end it with Close.
type Server struct {
	cfg    Config
	hub    *Hub
	source Source

	// base ends when Close runs out of patience, and with it every read.
	base context.Context
	stop context.CancelFunc
	// running counts streams and the goroutines that work for them.
	running sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	places   int // streams, and requests that are becoming one
	streams  map[*stream]struct{}
	visitors map[chatid.VisitorID]int
}

// NewServer makes a server whose streams are woken by hub and read from source.
func NewServer(cfg Config, hub *Hub, source Source) *Server {
	cfg.MaxStreams = cmp.Or(cfg.MaxStreams, 20_000)
	cfg.MaxPerVisitor = cmp.Or(cfg.MaxPerVisitor, 20)
	cfg.PageSize = cmp.Or(cfg.PageSize, 100)
	cfg.FirstFrameWithin = cmp.Or(cfg.FirstFrameWithin, 5*time.Second)
	cfg.PingEvery = cmp.Or(cfg.PingEvery, 25*time.Second)
	cfg.SilentFor = cmp.Or(cfg.SilentFor, 3*cfg.PingEvery)
	cfg.WriteWithin = cmp.Or(cfg.WriteWithin, 10*time.Second)
	cfg.ReadWithin = cmp.Or(cfg.ReadWithin, 10*time.Second)
	cfg.LingerWithin = cmp.Or(cfg.LingerWithin, time.Second)
	if cfg.CheckOrigin == nil {
		cfg.CheckOrigin = func(*http.Request) bool { return false }
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	base, stop := context.WithCancel(context.Background())
	return &Server{
		cfg: cfg, hub: hub, source: source, base: base, stop: stop,
		streams: make(map[*stream]struct{}), visitors: make(map[chatid.VisitorID]int),
	}
}

// OnlyOrigin lets in the pages of one origin ("https://chat.example.org"). A
// browser names its origin on every WebSocket; on a same-origin GET it does not,
// and says so in Sec-Fetch-Site where it is new enough.
func OnlyOrigin(origin string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		if got := r.Header.Get("Origin"); got != "" {
			return got == origin
		}
		site := r.Header.Get("Sec-Fetch-Site")
		return r.Header.Get("Upgrade") == "" && (site == "" || site == "same-origin")
	}
}

// Streams counts the streams that are open now.
func (s *Server) Streams() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.streams)
}

// Close tells every stream "bye restart", lets no new one in, and returns when
// all have ended. When ctx ends first the rest is cut and ctx's error returned.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	for st := range s.streams {
		st.end(endRestart)
	}
	s.mu.Unlock()

	ended := make(chan struct{})
	go func() { s.running.Wait(); close(ended) }()
	defer s.stop()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
	}
	s.stop()
	s.mu.Lock()
	for st := range s.streams {
		st.sink.cut()
	}
	s.mu.Unlock()
	<-ended
	return ctx.Err()
}

// reserve checks a request that wants a stream and keeps a place for it, which
// register fills or release gives back.
func (s *Server) reserve(r *http.Request) error {
	if !s.cfg.CheckOrigin(r) {
		return fault.New(fault.Denied, "origin_not_trusted")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return fault.New(fault.Unavailable, "restarting")
	}
	if s.places >= s.cfg.MaxStreams {
		e := fault.New(fault.Limited, "too_many_streams")
		e.RetryAfter = s.cfg.PingEvery
		return e
	}
	s.places++
	s.running.Add(1)
	return nil
}

// release gives a place back.
func (s *Server) release() {
	s.mu.Lock()
	s.places--
	s.mu.Unlock()
	s.running.Done()
}

// register puts st into its reserved place.
func (s *Server) register(st *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.streams[st] = struct{}{}
	if s.closed {
		// Close went by between reserve and now.
		st.end(endRestart)
	}
}

// own counts st among its visitor's streams; false when there are too many.
func (s *Server) own(v chatid.VisitorID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.visitors[v] >= s.cfg.MaxPerVisitor {
		return false
	}
	s.visitors[v]++
	return true
}

// forget undoes register and, where v is not empty, own.
func (s *Server) forget(st *stream, v chatid.VisitorID) {
	s.mu.Lock()
	delete(s.streams, st)
	if v != "" {
		if s.visitors[v]--; s.visitors[v] <= 0 {
			delete(s.visitors, v)
		}
	}
	s.mu.Unlock()
	s.release()
}
