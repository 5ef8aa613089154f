package realtime

import (
	"errors"
	"io"
	"net"
	"time"

	"github.com/gobwas/ws"
)

// maxControls bounds the control frames that one browser may send between two
// pings; browsers send one, as the answer to ours.
const maxControls = 100

// listen is the one goroutine that a WebSocket keeps. It waits for the token,
// then for nothing but control frames, and closes the socket. It does no work of
// the stream itself: its stack stays as small as it began.
func (c *wsConn) listen() {
	defer c.srv.running.Done()
	defer c.cut()
	_ = c.conn.SetReadDeadline(time.Now().Add(c.srv.cfg.FirstFrameWithin))
	if e := c.hello(); e != endNone {
		c.leave(e)
		return
	}
	c.greeted = true
	c.extend()
	c.stream.wake(doStart)
	_, e := c.next(ws.StateServerSide)
	if e == endNone {
		e = endPolicy // a second frame of data
	}
	c.leave(e)
}

// leave ends the stream and waits for the socket to be done with: by the peer's
// answer to our close frame, or by the deadline that bye sets.
func (c *wsConn) leave(e ending) {
	c.stream.end(e)
	if e == endGone {
		return
	}
	c.mu.Lock()
	if !c.shut {
		// The deadline that ended the waiting must not end the goodbye.
		_ = c.conn.SetReadDeadline(time.Now().Add(c.srv.cfg.WriteWithin + c.srv.cfg.LingerWithin))
	}
	c.mu.Unlock()
	_, _ = io.Copy(io.Discard, io.LimitReader(c.conn, 1<<20))
}

// hello reads the first frame, in pieces if need be.
func (c *wsConn) hello() ending {
	var data []byte
	state := ws.StateServerSide
	for {
		h, e := c.next(state)
		if e != endNone {
			return e
		}
		if h.OpCode == ws.OpBinary || h.Length > int64(maxHello-len(data)) {
			return endPolicy
		}
		piece := make([]byte, h.Length)
		if _, err := io.ReadFull(c, piece); err != nil {
			return c.lost(err)
		}
		ws.Cipher(piece, h.Mask, 0)
		data = append(data, piece...)
		if h.Fin {
			break
		}
		state = state.Set(ws.StateFragmented)
	}
	first, ok := parseHello(data)
	if !ok {
		return endPolicy
	}
	c.stream.token, c.stream.cursor, c.stream.of = first.Token, first.Cursor, first.Conversation
	return endNone
}

// next answers control frames until the head of a data frame comes.
func (c *wsConn) next(state ws.State) (ws.Header, ending) {
	for {
		h, err := ws.ReadHeader(c)
		if err != nil {
			return h, c.lost(err)
		}
		if ws.CheckHeader(h, state) != nil {
			return h, endPolicy
		}
		if !h.OpCode.IsControl() {
			return h, endNone
		}
		if e := c.control(h); e != endNone {
			return h, e
		}
	}
}

// control takes one control frame; its length was checked (at most 125 bytes).
func (c *wsConn) control(h ws.Header) ending {
	payload := make([]byte, h.Length)
	if _, err := io.ReadFull(c, payload); err != nil {
		return c.lost(err)
	}
	if h.OpCode == ws.OpClose {
		return endPeer
	}
	if now := time.Now(); now.After(c.window) {
		c.window, c.controls = now.Add(c.srv.cfg.PingEvery), 0
	}
	if c.controls++; c.controls > maxControls {
		return endPolicy
	}
	if h.OpCode == ws.OpPing {
		ws.Cipher(payload, h.Mask, 0)
		c.mu.Lock()
		_, err := c.writeLocked(appendWS(nil, ws.OpPong, payload), c.srv.cfg.LingerWithin)
		c.mu.Unlock()
		if err != nil {
			return endGone
		}
	}
	if c.greeted {
		c.extend()
	}
	return endNone
}

// extend gives a living peer its time again.
func (c *wsConn) extend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.shut {
		_ = c.conn.SetReadDeadline(time.Now().Add(c.srv.cfg.SilentFor))
	}
}

// lost tells what an error of reading means: too late with the first frame is a
// breach, everything else is a peer that left.
func (c *wsConn) lost(err error) ending {
	var late net.Error
	if errors.As(err, &late) && late.Timeout() && !c.greeted {
		return endPolicy
	}
	return endGone
}

// Read takes what came early first.
func (c *wsConn) Read(p []byte) (int, error) {
	if len(c.early) == 0 {
		return c.conn.Read(p)
	}
	n := copy(p, c.early)
	if c.early = c.early[n:]; len(c.early) == 0 {
		c.early = nil
	}
	return n, nil
}
