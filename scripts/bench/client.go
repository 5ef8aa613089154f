package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// client sends HTTP requests one after another with little work of its own, since
// it shares the machine with what it measures.
type client struct {
	addr string
	// once opens a connection for every request, as the chats service's hooks do.
	once bool
	conn net.Conn
	br   *bufio.Reader
}

// request writes a POST of JSON down; headers are whole lines.
func request(host, path string, headers []string, body []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n", path, host, len(body))
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}

// do sends and gives the status; the answer's body is dropped.
func (c *client) do(req []byte) (status int, err error) {
	if c.conn == nil {
		if c.conn, err = net.Dial("tcp", c.addr); err != nil {
			return 0, err
		}
		if c.br == nil {
			c.br = bufio.NewReader(c.conn)
		}
		c.br.Reset(c.conn)
	}
	stay := false
	defer func() {
		if err != nil || !stay || c.once {
			c.close()
		}
	}()
	_ = c.conn.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err = c.conn.Write(req); err != nil {
		return 0, err
	}
	line, err := c.br.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if len(line) < 12 {
		return 0, errors.New("no HTTP answer")
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, err
	}
	length := -1
	stay = true
	for {
		if line, err = c.br.ReadSlice('\n'); err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, err
			}
		case bytes.EqualFold(name, []byte("Connection")):
			stay = !bytes.EqualFold(value, []byte("close"))
		}
	}
	if length < 0 { // until the end, or chunks, which the bench's servers do not send
		stay = false
		return status, nil
	}
	_, err = io.CopyN(io.Discard, c.br, int64(length))
	return status, err
}

func (c *client) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}
