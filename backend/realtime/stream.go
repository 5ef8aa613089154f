package realtime

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// ending is why a stream ends, and so what the browser is told.
type ending uint8

const (
	endNone         ending = iota
	endGone                // the browser left or cannot be written to: nothing to tell
	endPeer                // the browser said goodbye first
	endPolicy              // the browser broke the protocol or came without a token
	endTokenInvalid        // bye token_invalid
	endRestart             // bye restart
	endSlow                // bye slow
	endAnswered            // a poll has its answer: nothing to tell
)

// bye is the code of the last frame; "" where none is sent.
func (e ending) bye() string {
	switch e {
	case endTokenInvalid:
		return "token_invalid"
	case endRestart:
		return "restart"
	case endSlow:
		return "slow"
	default:
		return ""
	}
}

// sink is one browser's connection. Only a stream's worker calls append and
// write; bye may be its last call. cut may be called at any time.
type sink interface {
	// append adds payload to buf as one frame of the transport.
	append(buf, payload []byte) []byte
	// ping adds what the transport itself needs to see that the peer lives.
	ping(buf []byte) []byte
	// write sends buf within the time allowed; intact tells whether an error
	// left the peer between two frames, so that another may follow.
	write(buf []byte) (intact bool, err error)
	// bye sends the last words and lets the connection end.
	bye(e ending)
	// cut ends the connection at once.
	cut()
}

// What a worker has to do.
const (
	doStart = 1 << iota // check the token, subscribe, replay, say ready
	doRead              // read from the Source
	doPing              // read from the Source, say ping
	doType              // say who types
	doTell              // say whether somebody answers, if that changed
	doShow              // say what hints brought along
)

// stream is one browser's stream. Idle, it has no goroutine of its own (a
// WebSocket has one that waits for the browser): a hint starts a worker, which
// ends when there is nothing left to do. At most one works at a time, so the
// fields below mu need no lock.
type stream struct {
	srv  *Server
	sink sink

	mu      sync.Mutex
	working bool
	ended   bool
	todo    uint8
	ending  ending
	hinted  chatid.ConversationID
	typing  *Typing
	// typingIn is where; others tells that a hint named another conversation than the
	// one before, so that hinted does not say all.
	typingIn chatid.ConversationID
	others   bool
	// brought are the last hints with a message, at most maxBrought.
	brought []Hint

	token   string // until it was checked
	of      *chatid.ConversationID
	cursor  int64
	session Session // its Visitor is empty until the token was checked
	told    Availability
	owned   bool
	sub     *Subscription
	timer   *time.Timer
}

// wake notes what is to be done and sees that somebody does it.
func (s *stream) wake(todo uint8) {
	s.mu.Lock()
	s.todo |= todo
	s.workLocked()
	s.mu.Unlock()
}

// maxBrought bounds the messages that wait for a worker: of more, all are read.
const maxBrought = 8

// hint is wake for the hub; however many come, one read follows.
func (s *stream) hint(h Hint) {
	s.mu.Lock()
	switch {
	case h.Typing != nil:
		s.typing, s.typingIn = h.Typing, h.Conversation
		s.todo |= doType
	case h.Availability:
		s.todo |= doTell
	default:
		if h.Message == nil || len(s.brought) >= maxBrought {
			s.todo |= doRead
		} else {
			s.todo |= doShow
			s.brought = append(s.brought, h)
		}
		s.others = s.others || s.hinted != "" && h.Conversation != "" && s.hinted != h.Conversation
		if h.Conversation != "" {
			s.hinted = h.Conversation
		}
	}
	s.workLocked()
	s.mu.Unlock()
}

// end asks for the end; the first reason stays.
func (s *stream) end(e ending) {
	s.mu.Lock()
	if s.ending == endNone {
		s.ending = e
	}
	s.workLocked()
	s.mu.Unlock()
}

func (s *stream) workLocked() {
	if s.working || s.ended {
		return
	}
	s.working = true
	s.srv.running.Add(1)
	go s.work()
}

// work does what there is to do and returns when nothing is left.
func (s *stream) work() {
	defer s.srv.running.Done()
	for {
		s.mu.Lock()
		todo, e, news := s.todo, s.ending, news{s.hinted, s.others, s.typing, s.typingIn, s.brought}
		s.todo, s.hinted, s.others, s.typing, s.brought = 0, "", false, nil, nil
		s.working = todo != 0 && e == endNone
		s.ended = e != endNone
		s.mu.Unlock()

		if e == endNone && todo != 0 {
			if e = s.turn(todo, news); e == endNone {
				continue
			}
			// Whoever asked to end meanwhile is served by this end.
			s.mu.Lock()
			s.ended = true
			s.mu.Unlock()
		}
		if e != endNone {
			s.finish(e)
		}
		return
	}
}

// news is what hints told since the last turn.
type news struct {
	hinted   chatid.ConversationID
	others   bool
	typing   *Typing
	typingIn chatid.ConversationID
	brought  []Hint
}

// turn does one round of work. The order of the first is what makes a stream
// whole: subscribe, then replay. A change is then either in the replay or hinted.
func (s *stream) turn(todo uint8, n news) ending {
	if todo&doStart != 0 {
		if e := s.begin(); e != endNone {
			return e
		}
	}
	// Whose conversation it is, only the visitor's topic proves.
	known := n.hinted
	if known == "" {
		known = n.typingIn
	}
	if known != "" && (s.session.Conversation == "" && !s.session.Several || known == s.session.Conversation) {
		s.session.Conversation = known
		s.sub.Add(ConversationTopic(known))
	}
	if todo&^(doType|doTell|doShow) != 0 {
		if e := s.read(); e != endNone {
			return e
		}
	}
	if e := s.show(n.brought); e != endNone {
		return e
	}
	var buf []byte
	if todo&(doStart|doPing|doTell) != 0 {
		buf = s.tell(buf)
	}
	if todo&doStart != 0 {
		buf = s.sink.append(buf, readyFrame(s.cursor))
		s.timer = time.AfterFunc(s.srv.cfg.PingEvery, func() { s.wake(doPing) })
	}
	if todo&doPing != 0 {
		buf = s.sink.append(buf, pingFrame(s.cursor))
		buf = s.sink.ping(buf)
		s.timer.Reset(s.srv.cfg.PingEvery)
	}
	if s.session.Several && (n.others || n.hinted != "" && n.hinted != s.session.Conversation) {
		buf = s.sink.append(buf, conversationsFrame())
	}
	if n.typing != nil && s.session.Visitor != "" && (!s.session.Several || n.typingIn == s.session.Conversation) {
		typing := *n.typing
		if s.session.Nameless {
			typing.Name = ""
		}
		buf = s.sink.append(buf, typingFrame(typing))
	}
	if len(buf) == 0 {
		return endNone
	}
	return s.write(buf)
}

// tell adds whether somebody answers, where that is news.
func (s *stream) tell(buf []byte) []byte {
	if s.srv.cfg.Availability == nil {
		return buf
	}
	ctx, cancel := context.WithTimeout(s.srv.base, s.srv.cfg.ReadWithin)
	defer cancel()
	now, err := s.srv.cfg.Availability(ctx, s.session)
	if err != nil {
		s.srv.cfg.Log.Error("stream: availability not read", "account_id", s.session.Account, "error", err)
		return buf
	}
	if now == s.told {
		return buf
	}
	s.told = now
	return s.sink.append(buf, availabilityFrame(now))
}

// acceptLanguage is the browser's wish, as a copy: net/http keeps all headers of
// a request in one string, which must not live as long as the stream.
func acceptLanguage(r *http.Request) string {
	const enough = 100
	wish := r.Header.Get("Accept-Language")
	if len(wish) > enough {
		wish = wish[:1+strings.LastIndexByte(wish[:enough], ',')]
	}
	return strings.Clone(wish)
}

// begin finds out whose stream it is and subscribes.
func (s *stream) begin() ending {
	ctx, cancel := context.WithTimeout(s.srv.base, s.srv.cfg.ReadWithin)
	defer cancel()
	session, err := s.session, error(nil)
	if session.Visitor == "" {
		session, err = s.srv.source.Authenticate(ctx, s.token, s.of)
		session.AcceptLanguage, s.token = s.session.AcceptLanguage, ""
	}
	switch {
	case fault.Is(err, fault.Unauthenticated), fault.Is(err, fault.Denied), fault.Is(err, fault.NotFound):
		return endTokenInvalid
	case err != nil:
		s.srv.cfg.Log.Error("stream: token not checked", "error", err)
		return endRestart
	case session.Visitor == "":
		return endTokenInvalid
	}
	s.session = session
	if s.owned = s.srv.own(session.Visitor); !s.owned {
		return endRestart
	}
	topics := []Topic{VisitorTopic(session.Visitor)}
	if s.srv.cfg.Availability != nil {
		topics = append(topics, AccountTopic(session.Account))
	}
	if session.Conversation != "" && (session.Known || !session.Several) {
		topics = append(topics, ConversationTopic(session.Conversation))
	}
	s.sub = s.srv.hub.Subscribe(s.hint, topics...)
	return endNone
}

// flushAt is when a page is written before it is whole.
const flushAt = 32 << 10

// read sends everything after the cursor, page by page.
func (s *stream) read() ending {
	for {
		before := s.cursor
		ctx, cancel := context.WithTimeout(s.srv.base, s.srv.cfg.ReadWithin)
		frames, more, err := s.srv.source.Since(ctx, s.session, s.cursor, s.srv.cfg.PageSize)
		cancel()
		if err != nil {
			s.srv.cfg.Log.Error("stream: messages not read", "account_id", s.session.Account, "conversation_id", s.session.Conversation, "error", err)
			return endRestart
		}
		var buf []byte
		for _, f := range frames {
			if f.Rev <= s.cursor {
				continue
			}
			buf = s.sink.append(buf, messageFrame(f.Data))
			s.cursor = f.Rev
			if len(buf) >= flushAt {
				if e := s.write(buf); e != endNone {
					return e
				}
				buf = buf[:0]
			}
		}
		if len(buf) > 0 {
			if e := s.write(buf); e != endNone {
				return e
			}
		}
		if !more {
			return endNone
		}
		if s.cursor == before {
			// More without progress would turn for ever.
			s.srv.cfg.Log.Error("stream: source does not advance", "conversation_id", s.session.Conversation)
			return endRestart
		}
	}
}

// show sends the messages that hints brought, each if it is the very next change of
// this stream's conversation; for anything else the truth is read.
func (s *stream) show(brought []Hint) ending {
	var buf []byte
	for _, h := range brought {
		switch {
		case h.Conversation != s.session.Conversation:
			if s.session.Several {
				continue
			}
		case h.Rev <= s.cursor:
			continue
		case h.Rev == s.cursor+1:
			ctx, cancel := context.WithTimeout(s.srv.base, s.srv.cfg.ReadWithin)
			f, err := s.srv.source.Show(ctx, s.session, h.Message)
			cancel()
			if err == nil {
				buf = s.sink.append(buf, messageFrame(f.Data))
				s.cursor = h.Rev
				continue
			}
			s.srv.cfg.Log.Error("stream: message not shown", "account_id", s.session.Account, "conversation_id", s.session.Conversation, "error", err)
		}
		if len(buf) > 0 {
			if e := s.write(buf); e != endNone {
				return e
			}
		}
		return s.read() // all of them are stored
	}
	if len(buf) == 0 {
		return endNone
	}
	return s.write(buf)
}

// write sends buf; a reader that does not take it in time is cut.
func (s *stream) write(buf []byte) ending {
	intact, err := s.sink.write(buf)
	switch {
	case err == nil:
		return endNone
	case intact:
		return endSlow
	default:
		return endGone
	}
}

// finish runs once, as the last work on the stream.
func (s *stream) finish(e ending) {
	if s.sub != nil {
		s.sub.Cancel()
	}
	if s.timer != nil {
		s.timer.Stop()
	}
	var v chatid.VisitorID
	if s.owned {
		v = s.session.Visitor
	}
	s.sink.bye(e)
	s.srv.forget(s, v)
}
