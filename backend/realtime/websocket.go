package realtime

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gobwas/ws"

	"leadline/backend/fault"
)

// ServeWebSocket turns the request into a stream and returns while it lives on.
//
// An error means that nothing was written and the caller answers: Denied
// "origin_not_trusted", Invalid "invalid_request" for what is no upgrade, Limited
// "too_many_streams", Unavailable "restarting". The handler should return soon:
// what it and net/http hold for the request is freed only then.
func (s *Server) ServeWebSocket(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet || !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		return fault.New(fault.Invalid, "invalid_request")
	}
	if err := s.reserve(r); err != nil {
		return err
	}
	conn, rw, _, err := ws.HTTPUpgrader{Timeout: s.cfg.WriteWithin}.Upgrade(r, w)
	if err != nil {
		// The upgrader has answered already; what is left is to let go.
		if conn != nil {
			_ = conn.Close()
		}
		s.release()
		return nil
	}
	c := &wsConn{srv: s, conn: conn}
	// What the browser sent too early stands in a 4 KiB buffer of net/http.
	if n := rw.Reader.Buffered(); n > 0 {
		c.early = make([]byte, n)
		_, _ = io.ReadFull(rw.Reader, c.early)
	}
	c.stream = &stream{srv: s, sink: c, session: Session{AcceptLanguage: acceptLanguage(r)}}
	s.running.Add(1)
	s.register(c.stream)
	go c.listen()
	return nil
}

// wsConn is a WebSocket as the sink of a stream. Its one waiting goroutine is
// listen (websocket_read.go).
type wsConn struct {
	srv    *Server
	stream *stream
	conn   net.Conn

	// mu keeps the answers to control frames out of the middle of other frames.
	mu sync.Mutex
	// shut: our close frame is out, or a write broke off inside of a frame.
	shut bool

	// What follows belongs to listen.
	early    []byte
	greeted  bool // the first frame came
	controls int
	window   time.Time
}

func (c *wsConn) append(buf, payload []byte) []byte { return appendWS(buf, ws.OpText, payload) }

// ping asks the browser's own WebSocket to answer, so that listen notices a peer
// that vanished without a word.
func (c *wsConn) ping(buf []byte) []byte { return appendWS(buf, ws.OpPing, nil) }

func (c *wsConn) write(buf []byte) (intact bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writeLocked(buf, c.srv.cfg.WriteWithin)
}

func (c *wsConn) writeLocked(buf []byte, within time.Duration) (intact bool, err error) {
	if c.shut {
		return false, net.ErrClosed
	}
	if err := c.conn.SetWriteDeadline(time.Now().Add(within)); err != nil {
		return false, err
	}
	n, err := c.conn.Write(buf)
	if err == nil {
		return true, nil
	}
	var late net.Error
	intact = n == 0 && errors.As(err, &late) && late.Timeout()
	c.shut = !intact
	return intact, err
}

func (c *wsConn) bye(e ending) {
	if e == endGone {
		c.cut()
		return
	}
	var buf []byte
	if code := e.bye(); code != "" {
		buf = appendWS(buf, ws.OpText, byeFrame(code))
	}
	buf = appendWS(buf, ws.OpClose, ws.NewCloseFrameBody(closeStatus(e), e.bye()))
	c.mu.Lock()
	_, err := c.writeLocked(buf, c.srv.cfg.LingerWithin)
	c.shut = true
	// listen waits for the answer, so that our last words are not reset away.
	_ = c.conn.SetReadDeadline(time.Now().Add(c.srv.cfg.LingerWithin))
	c.mu.Unlock()
	if err != nil || e == endPeer {
		c.cut()
	}
}

// cut frees a write that waits, too.
func (c *wsConn) cut() { _ = c.conn.Close() }

func closeStatus(e ending) ws.StatusCode {
	switch e {
	case endPolicy, endTokenInvalid:
		return ws.StatusPolicyViolation
	case endRestart, endSlow:
		return ws.StatusGoingAway
	default:
		return ws.StatusNormalClosure
	}
}

// appendWS adds one unmasked frame, as servers send them.
func appendWS(buf []byte, op ws.OpCode, payload []byte) []byte {
	var head [ws.MaxHeaderSize]byte
	n := 2
	head[0] = 0x80 | byte(op)
	switch l := len(payload); {
	case l <= 125:
		head[1] = byte(l)
	case l <= 0xffff:
		head[1] = 126
		binary.BigEndian.PutUint16(head[2:], uint16(l))
		n = 4
	default:
		head[1] = 127
		binary.BigEndian.PutUint64(head[2:], uint64(l))
		n = 10
	}
	return append(append(buf, head[:n]...), payload...)
}
