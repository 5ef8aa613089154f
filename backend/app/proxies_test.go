package app

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// way is what a proxy does with a request; next passes it on.
type way func(w http.ResponseWriter, r *http.Request, next http.Handler)

// forUpgrades refuses upgrades, as proxies do that know no WebSocket.
func forUpgrades(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if r.Header.Get("Upgrade") != "" {
		http.Error(w, "no upgrades here", http.StatusBadRequest)
		return
	}
	next.ServeHTTP(w, r)
}

// buffering holds every answer back until it is whole, and knows no WebSocket.
func buffering(w http.ResponseWriter, r *http.Request, next http.Handler) {
	forUpgrades(w, r, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		held := httptest.NewRecorder()
		next.ServeHTTP(held, r)
		for name, values := range held.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(held.Code)
		_, _ = io.Copy(w, held.Body)
	}))
}

// badGateway answers 502 to what is no page, while it is set.
func badGateway(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if strings.HasPrefix(r.URL.Path, "/v1/messages") || strings.HasPrefix(r.URL.Path, "/v1/stream") {
		http.Error(w, "<h1>502 Bad Gateway</h1>", http.StatusBadGateway)
		return
	}
	next.ServeHTTP(w, r)
}

// losing passes every first try of a message on and loses the answer: the server
// has it, and the browser cannot know.
func losing() (way, *atomic.Int64) {
	var lost atomic.Int64
	var mu sync.Mutex
	tries := 0
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method == http.MethodPost && r.URL.Path == "/v1/messages" {
			mu.Lock()
			tries++
			lose := tries%2 == 1
			mu.Unlock()
			if lose {
				next.ServeHTTP(httptest.NewRecorder(), r)
				lost.Add(1)
				panic(http.ErrAbortHandler)
			}
		}
		next.ServeHTTP(w, r)
	}, &lost
}

// relay is a bad line before a proxy: it passes bytes on as they are, late, and
// cuts connections after a time or a number of bytes from the server.
type relay struct {
	to    string
	life  atomic.Int64 // of a connection, in nanoseconds; 0 for ever
	bytes atomic.Int64 // from the server; 0 for any number
	delay atomic.Int64 // of each piece, in nanoseconds
	cuts  atomic.Int64 // connections that were cut
}

// overABadLine puts a relay before what browsers know as the server; call it
// before the browser starts.
func (w *world) overABadLine() *relay {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	r := &relay{to: w.appAddr()}
	var running sync.WaitGroup
	var mu sync.Mutex
	open := map[net.Conn]struct{}{}
	w.t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for conn := range open {
			_ = conn.Close()
		}
		mu.Unlock()
		running.Wait()
	})
	keep := func(conn net.Conn, is bool) {
		mu.Lock()
		defer mu.Unlock()
		if is {
			open[conn] = struct{}{}
		} else {
			delete(open, conn)
		}
	}
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			keep(conn, true)
			running.Go(func() { defer keep(conn, false); r.serve(conn) })
		}
	})
	w.at.Store(l.Addr().String())
	return r
}

func (r *relay) serve(conn net.Conn) {
	defer conn.Close()
	server, err := net.Dial("tcp", r.to)
	if err != nil {
		return
	}
	defer server.Close()
	if life := time.Duration(r.life.Load()); life > 0 {
		cut := time.AfterFunc(life, func() { r.cuts.Add(1); _ = conn.Close(); _ = server.Close() })
		defer cut.Stop()
	}
	var both sync.WaitGroup
	both.Go(func() { defer server.Close(); r.pass(server, conn, 0) })
	both.Go(func() { defer conn.Close(); r.pass(conn, server, r.bytes.Load()) })
	both.Wait()
}

func (r *relay) pass(to, from net.Conn, most int64) {
	buf := make([]byte, 16<<10)
	for passed := int64(0); ; {
		n, err := from.Read(buf)
		if n > 0 {
			time.Sleep(time.Duration(r.delay.Load()))
			if passed += int64(n); most > 0 && passed > most {
				r.cuts.Add(1)
				return
			}
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
