package realtime

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"leadline/backend/fault"
)

// MaxPollWait is how long a poll may be held open: less than what usual proxies
// allow a request, and no longer than streams are silent between two pings.
const MaxPollWait = 25 * time.Second

// maxPollBytes bounds what one poll gathers; the rest comes with the next one.
const maxPollBytes = 256 << 10

// ServePoll is the stream in pieces, for networks that pass an answer on only
// when it is whole. It answers {"frames": […]} with the frames of a stream: at
// once when something lies behind the cursor, else with the first thing that
// happens, or after wait (0 to MaxPollWait). The last one that was read up to the
// end of the conversation has a "ready" frame with the cursor to go on from; an
// answer without one is to be followed at once. Like a stream it subscribes
// first and reads then, so that nothing falls between two polls but typing.
//
// The caller has proven the session as for ServeEvents. Errors are those of
// ServeEvents, too for a wait out of range, and mean that nothing was written.
func (s *Server) ServePoll(w http.ResponseWriter, r *http.Request, session Session, cursor int64, wait time.Duration) error {
	if session.Visitor == "" || !validCursor(cursor) || wait < 0 || wait > MaxPollWait {
		return fault.New(fault.Invalid, "invalid_request")
	}
	if err := s.reserve(r); err != nil {
		return err
	}
	session.AcceptLanguage = acceptLanguage(r)
	p := &poll{enough: make(chan struct{}), done: make(chan struct{}), need: 2}
	if wait == 0 {
		p.need = 1
	}
	st := &stream{srv: s, sink: p, session: session, cursor: cursor}
	s.register(st)
	st.wake(doStart)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	late := timer.C
	if wait == 0 {
		late = nil // the first look is all that is asked for, however long it takes
	}
	select {
	case <-r.Context().Done():
		st.end(endGone)
	case <-late:
		st.end(endAnswered)
	case <-p.enough:
		st.end(endAnswered)
	case <-p.done:
	}
	<-p.done // the worker fills the buffer, which is ours only from now on
	return p.answer(w, s.cfg.WriteWithin)
}

// errPollFull ends the work for a poll that has as much as one answer takes.
var errPollFull = errors.New("the answer is full")

// poll is one answer as the sink of a stream.
type poll struct {
	// need is how many writes are an answer. A stream writes the replay first,
	// where there is one, and then "ready", so that the second write is either
	// this or the first thing that happened after it.
	need   int
	enough chan struct{} // closed with that write
	done   chan struct{} // closed by bye

	// What follows belongs to the stream's worker until done.
	buf    []byte // frames with a comma after each
	writes int
}

func (p *poll) append(buf, payload []byte) []byte {
	return append(append(buf, payload...), ',')
}

// ping has nothing to add: the answer itself shows that the browser is there.
func (p *poll) ping(buf []byte) []byte { return buf }

// write gathers; asked to end, the worker still finishes its turn, "ready" and all.
func (p *poll) write(buf []byte) (intact bool, err error) {
	p.buf = append(p.buf, buf...)
	if p.writes++; p.writes == p.need {
		close(p.enough)
	}
	if len(p.buf) >= maxPollBytes {
		return false, errPollFull
	}
	return true, nil
}

func (p *poll) bye(why ending) {
	if code := why.bye(); code != "" {
		p.buf = p.append(p.buf, byeFrame(code))
	}
	close(p.done)
}

// cut has nothing to do: no write of a poll ever waits for the browser.
func (p *poll) cut() {}

// answer writes what was gathered, with its length, so that every proxy knows
// where it ends.
func (p *poll) answer(w http.ResponseWriter, within time.Duration) error {
	const head, tail = `{"frames":[`, `]}`
	frames := p.buf
	if n := len(frames); n > 0 {
		frames = frames[:n-1]
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(head)+len(frames)+len(tail)))
	rc := http.NewResponseController(w)
	_ = rc.SetWriteDeadline(time.Now().Add(within))
	w.WriteHeader(http.StatusOK)
	for _, part := range [][]byte{[]byte(head), frames, []byte(tail)} {
		if _, err := w.Write(part); err != nil {
			return nil //nolint:nilerr // the status is out, and the browser is gone
		}
	}
	if rc.Flush() == nil {
		// The connection may serve another request after this one.
		_ = rc.SetWriteDeadline(time.Time{})
	}
	return nil
}
