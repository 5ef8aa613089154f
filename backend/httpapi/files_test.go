package httpapi

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"leadline/backend/fault"
)

// reading is what became of one body.
type reading struct {
	text string
	err  error
}

// pipes is a listener whose connections are in memory, so that a bubble's time is theirs.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if c, ok := <-p; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{} }

// patientServer reads bodies with short patience under a server whose own bound is
// shorter than a good upload takes. It is for a bubble of synctest.
func patientServer(t *testing.T, pause, all time.Duration) (at pipes, got chan reading) {
	t.Helper()
	at, got = make(pipes), make(chan reading, 1)
	srv := &http.Server{ReadTimeout: pause, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(&patient{body: r.Body, conn: http.NewResponseController(w), pause: pause, until: time.Now().Add(all)})
		if err == nil {
			select {
			case <-r.Context().Done():
				err = r.Context().Err()
			case <-time.After(2 * pause): // as long as looking at the file may take
			}
		}
		got <- reading{string(b), err}
	})}
	go func() { _ = srv.Serve(at) }()
	t.Cleanup(func() { close(at); _ = srv.Close() })
	return at, got
}

// drip sends a body in parts, waiting for a tick before each. What the server answers is
// in answers, which ends with the connection.
func drip(t *testing.T, at pipes, length int, parts []string, every time.Duration) (c net.Conn, answers chan int) {
	t.Helper()
	c, theirs := net.Pipe()
	t.Cleanup(func() { _ = c.Close() })
	at <- theirs
	answers = make(chan int, 8)
	go func() {
		defer close(answers)
		for in := bufio.NewReader(c); ; {
			res, err := http.ReadResponse(in, nil)
			if err != nil {
				return
			}
			_ = res.Body.Close()
			answers <- res.StatusCode
		}
	}()
	fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", length)
	for _, p := range parts {
		time.Sleep(every) // the bubble's time
		if _, err := io.WriteString(c, p); err != nil {
			break // the server has had enough
		}
	}
	return c, answers
}

// A body that moves may take longer than the server's own bound, and its connection
// serves the next request.
func TestPatientBodyThatMoves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const pause = time.Minute
		at, got := patientServer(t, pause, time.Hour)
		c, answers := drip(t, at, 6, strings.Split("xxxxxx", ""), pause/3)
		if r := <-got; r.text != "xxxxxx" || r.err != nil {
			t.Fatalf("read %q, %v", r.text, r.err)
		}
		for range 2 {
			if status := <-answers; status != http.StatusOK {
				t.Fatalf("answer: %d", status)
			}
			if _, err := io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\ny"); err != nil {
				t.Fatal(err)
			}
			if r := <-got; r.text != "y" || r.err != nil {
				t.Fatalf("the next request: %q, %v", r.text, r.err)
			}
		}
	})
}

func TestPatientBodyThatDoesNot(t *testing.T) {
	t.Parallel()
	const pause = time.Minute
	for name, c := range map[string]struct {
		all   time.Duration
		send  func(t *testing.T, at pipes)
		wrong func(r reading) bool
	}{
		"stands still": {time.Hour,
			func(t *testing.T, at pipes) { drip(t, at, 10, []string{"abc"}, 0) },
			func(r reading) bool {
				return r.text != "abc" || fault.CodeOf(r.err) != "upload_stalled" || !fault.Is(r.err, fault.Timeout)
			}},
		"takes too long in all": {3 * pause,
			func(t *testing.T, at pipes) { drip(t, at, 100, strings.Split(strings.Repeat("x", 12), ""), pause/2) },
			func(r reading) bool { return fault.CodeOf(r.err) != "upload_stalled" || len(r.text) >= 12 }},
		"breaks off": {time.Hour,
			func(t *testing.T, at pipes) { c, _ := drip(t, at, 10, []string{"abc"}, 0); _ = c.Close() },
			func(r reading) bool { return r.err == nil || r.text != "abc" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				at, got := patientServer(t, pause, c.all)
				c.send(t, at)
				if r := <-got; c.wrong(r) {
					t.Errorf("read %q, %v", r.text, r.err)
				}
			})
		})
	}
}
