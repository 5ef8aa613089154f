package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
)

// crm stands in for the chats service: it answers at once, so that it is not what
// is measured, and checks the order of what it gets.
type crm struct {
	*receiver
	srv  *http.Server
	addr string

	mu    sync.Mutex
	names []string // our conversation of each thread, as its first message told
	// other counts requests that are no messages, by path.
	other map[string]int
}

func newCRM(threads int) (*crm, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := &crm{receiver: newReceiver(threads), addr: l.Addr().String(), names: make([]string, threads), other: map[string]int{}}
	c.srv = &http.Server{Handler: c, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = c.srv.Serve(l) }()
	return c, nil
}

func (c *crm) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	thread, _, _, ok := readText(body)
	if !ok {
		c.mu.Lock()
		c.other[r.Method+" "+strings.TrimRight(r.URL.Path, "0123456789abcdef-_")]++
		c.mu.Unlock()
		_, _ = io.WriteString(w, "{}")
		return
	}
	conversation := quoted(body, "conversation_id")
	c.mu.Lock()
	if conversation != "" {
		c.names[thread] = conversation
	}
	c.mu.Unlock()
	c.got(body)
	id := quoted(body, "msgid")
	// The reference of the message is its id turned round: unique, nothing else.
	fmt.Fprintf(w, `{"new_message":{"conversation_id":"%s","sender_id":"%s","receiver_id":"","msgid":"%s","ref_id":"%s"}}`,
		chatRef(thread), userRef(thread), reversed(id), id)
}

func chatRef(thread int) string { return fmt.Sprintf("c0000000-0000-4000-8000-%012d", thread) }
func userRef(thread int) string { return fmt.Sprintf("d0000000-0000-4000-8000-%012d", thread) }

func reversed(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// conversation is our id of a thread, "" while its first message did not come.
func (c *crm) conversation(thread int) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.names[thread]
}
