package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/gobwas/ws"
)

// outbound tells an operator's message in a visitor's stream from their own.
var outbound = []byte(`"direction":"outbound"`)

// listen opens a visitor's stream and gives what comes to r until the connection
// ends.
func listen(addr string, t thread, r *receiver) (net.Conn, error) {
	d := ws.Dialer{
		Header:  ws.HandshakeHeaderHTTP{"Origin": {"http://" + chatHost}, "X-Forwarded-For": {t.address}},
		NetDial: func(context.Context, string, string) (net.Conn, error) { return net.Dial("tcp", addr) },
	}
	conn, early, _, err := d.Dial(context.Background(), "ws://"+chatHost+"/v1/stream")
	if err != nil {
		return nil, err
	}
	if early == nil {
		early = bufio.NewReaderSize(conn, 2048)
	}
	hello := fmt.Appendf(nil, `{"token":%q,"cursor":0}`, t.token)
	if err = ws.WriteFrame(conn, ws.MaskFrame(ws.NewTextFrame(hello))); err != nil {
		return nil, err
	}
	ready := make(chan error, 1)
	go func() {
		for {
			h, err := ws.ReadHeader(early)
			if err == nil && h.Length > 1<<20 {
				err = fmt.Errorf("a frame of %d bytes", h.Length)
			}
			payload := make([]byte, max(0, min(h.Length, 1<<20)))
			if err == nil {
				_, err = io.ReadFull(early, payload)
			}
			if err != nil {
				ready <- err
				return
			}
			switch {
			case h.OpCode == ws.OpPing:
				_ = ws.WriteFrame(conn, ws.MaskFrame(ws.NewPongFrame(payload)))
			case bytes.Contains(payload, outbound):
				r.got(payload)
			case bytes.Contains(payload, []byte(`"ready"`)):
				ready <- nil
			}
		}
	}()
	return conn, <-ready
}

// listenFloor does the same at the floor, which sends lines.
func listenFloor(addr string, name string, r *receiver) (net.Conn, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	if _, err = fmt.Fprintf(conn, "GET /?%s HTTP/1.1\r\nHost: floor\r\n\r\n", name); err != nil {
		return nil, err
	}
	br := bufio.NewReaderSize(conn, 2048)
	res, err := http.ReadResponse(br, &http.Request{Method: http.MethodHead})
	if err != nil {
		return nil, err
	}
	_ = res.Body.Close()
	go func() {
		for {
			line, err := br.ReadSlice('\n')
			if err != nil {
				return
			}
			r.got(line)
		}
	}()
	return conn, nil
}
