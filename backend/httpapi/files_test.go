package httpapi

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"leadline/backend/fault"
)

// reading is what became of one body.
type reading struct {
	text string
	err  error
}

// patientServer reads bodies with short patience under a server whose own bound is
// shorter than a good upload takes.
func patientServer(t *testing.T, pause, all time.Duration) (address string, got chan reading) {
	t.Helper()
	got = make(chan reading, 1)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(&patient{body: r.Body, conn: http.NewResponseController(w), pause: pause, until: time.Now().Add(all)})
		if err == nil {
			select {
			case <-r.Context().Done():
				err = r.Context().Err()
			case <-time.After(2 * pause): // as long as looking at the file may take
			}
		}
		got <- reading{string(b), err}
	}))
	srv.Config.ReadTimeout = pause
	srv.Start()
	t.Cleanup(srv.Close)
	return srv.Listener.Addr().String(), got
}

// drip sends a body in parts, waiting for a tick before each.
func drip(t *testing.T, address string, length int, parts []string, every time.Duration) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", length)
	for _, p := range parts {
		<-time.After(every)
		if _, err := io.WriteString(c, p); err != nil {
			return c // the server has had enough
		}
	}
	return c
}

// A body that moves may take longer than the server's own bound, and its connection
// serves the next request.
func TestPatientBodyThatMoves(t *testing.T) {
	t.Parallel()
	const pause = 400 * time.Millisecond
	address, got := patientServer(t, pause, time.Minute)
	parts := strings.Split(strings.Repeat("x", 6), "")
	c := drip(t, address, 6, parts, pause/3)
	if r := <-got; r.text != "xxxxxx" || r.err != nil {
		t.Fatalf("read %q, %v", r.text, r.err)
	}
	in := bufio.NewReader(c)
	for range 2 {
		res, err := http.ReadResponse(in, nil)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("answer: %v", err)
		}
		_ = res.Body.Close()
		if _, err := io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\ny"); err != nil {
			t.Fatal(err)
		}
		if r := <-got; r.text != "y" || r.err != nil {
			t.Fatalf("the next request: %q, %v", r.text, r.err)
		}
	}
}

func TestPatientBodyThatDoesNot(t *testing.T) {
	t.Parallel()
	const pause = 200 * time.Millisecond
	t.Run("stands still", func(t *testing.T) {
		t.Parallel()
		address, got := patientServer(t, pause, time.Minute)
		drip(t, address, 10, []string{"abc"}, 0)
		if r := <-got; r.text != "abc" || fault.CodeOf(r.err) != "upload_stalled" || !fault.Is(r.err, fault.Timeout) {
			t.Errorf("read %q, %v; want upload_stalled", r.text, r.err)
		}
	})
	t.Run("takes too long in all", func(t *testing.T) {
		t.Parallel()
		address, got := patientServer(t, pause, 3*pause)
		drip(t, address, 100, strings.Split(strings.Repeat("x", 12), ""), pause/2)
		if r := <-got; fault.CodeOf(r.err) != "upload_stalled" || len(r.text) >= 12 {
			t.Errorf("read %q, %v; want upload_stalled", r.text, r.err)
		}
	})
	t.Run("breaks off", func(t *testing.T) {
		t.Parallel()
		address, got := patientServer(t, pause, time.Minute)
		_ = drip(t, address, 10, []string{"abc"}, 0).Close()
		r := <-got
		if r.err == nil || r.text != "abc" {
			t.Errorf("read %q, %v; want an error", r.text, r.err)
		}
	})
}
