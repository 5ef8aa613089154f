package realtime

import (
	"net"
	"net/http"
	"sync"
	"time"

	"leadline/backend/fault"
)

// ServeEvents is the same stream as an event stream over fetch, for networks
// that let no upgrade through. The caller has proven the session by the token of
// Authorization, and names its conversation as Source.Authenticate would. It
// returns when the stream has ended.
//
// An error means that nothing was written: those of ServeWebSocket, and Invalid
// "invalid_request" for a cursor out of range or a session of nobody.
func (s *Server) ServeEvents(w http.ResponseWriter, r *http.Request, session Session, cursor int64) error {
	if session.Visitor == "" || !validCursor(cursor) {
		return fault.New(fault.Invalid, "invalid_request")
	}
	if err := s.reserve(r); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would keep the frames to itself
	e := &events{srv: s, w: w, rc: http.NewResponseController(w), done: make(chan struct{})}
	w.WriteHeader(http.StatusOK)
	if e.flush() != nil {
		s.release()
		return nil //nolint:nilerr // the status is out, and the browser is gone
	}
	session.AcceptLanguage = acceptLanguage(r)
	st := &stream{srv: s, sink: e, session: session, cursor: cursor}
	s.register(st)
	st.wake(doStart)
	select {
	case <-r.Context().Done():
		st.end(endGone)
		<-e.done // the worker writes to w, which is ours only until we return
	case <-e.done:
	}
	return nil
}

// events is an event stream as the sink of a stream.
type events struct {
	srv  *Server
	w    http.ResponseWriter
	rc   *http.ResponseController
	done chan struct{} // closed by bye

	// mu guards the deadline: a cut stays a cut, and comes to no later request.
	mu   sync.Mutex
	dead bool
}

func (e *events) append(buf, payload []byte) []byte {
	buf = append(buf, "data: "...)
	buf = append(buf, payload...)
	return append(buf, "\n\n"...)
}

// ping has nothing to add: the request's context ends when the browser leaves.
func (e *events) ping(buf []byte) []byte { return buf }

func (e *events) write(buf []byte) (intact bool, err error) {
	return false, e.send(buf, e.srv.cfg.WriteWithin)
}

func (e *events) send(buf []byte, within time.Duration) error {
	if err := e.allow(within); err != nil {
		return err
	}
	if _, err := e.w.Write(buf); err != nil {
		return err
	}
	return e.rc.Flush()
}

func (e *events) flush() error { return e.send(nil, e.srv.cfg.WriteWithin) }

// allow gives the next write its time.
func (e *events) allow(within time.Duration) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.dead {
		return net.ErrClosed
	}
	return e.rc.SetWriteDeadline(time.Now().Add(within))
}

func (e *events) bye(why ending) {
	ok := false
	if code := why.bye(); code != "" {
		ok = e.send(e.append(nil, byeFrame(code)), e.srv.cfg.LingerWithin) == nil
	}
	e.mu.Lock()
	if ok && !e.dead {
		// The connection may serve another request after this one.
		_ = e.rc.SetWriteDeadline(time.Time{})
	}
	e.dead = true
	e.mu.Unlock()
	close(e.done)
}

// cut makes a write that waits fail; the handler returns after it.
func (e *events) cut() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.dead {
		e.dead = true
		_ = e.rc.SetWriteDeadline(time.Unix(1, 0))
	}
}
