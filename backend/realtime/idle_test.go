package realtime

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/gobwas/ws"

	"leadline/backend/chatid"
)

// BenchmarkIdleWebSocket measures what one idle stream costs the server process
// (design.md §8: at most 10 KB each at 10,000). The browsers live in a child
// process, so that they are not counted. By hand, with the count as b.N:
//
//	go test ./backend/realtime -run '^$' -bench IdleWebSocket -benchtime 10000x
func BenchmarkIdleWebSocket(b *testing.B) {
	if b.N < 1000 {
		return // the trial run of the testing package
	}
	hub, source := NewHub(InProcess{}), newLog()
	for i := range b.N { // visitors with a conversation listen for two topics
		source.known[chatid.VisitorID(idleVisitor(i))] = true
	}
	s := NewServer(Config{CheckOrigin: func(*http.Request) bool { return true }, MaxStreams: b.N}, hub, source)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.ServeWebSocket(w, r); err != nil {
			b.Error(err)
		}
	}))
	defer srv.Close()
	before := residentBytes(b)
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "REALTIME_HOLD="+srv.Listener.Addr().String(), "REALTIME_COUNT="+strconv.Itoa(b.N))
	child.Stderr = os.Stderr
	in, _ := child.StdinPipe()
	out, _ := child.StdoutPipe()
	if err := child.Start(); err != nil {
		b.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		b.Fatalf("child said %q, %v", line, err)
	}
	after := residentBytes(b)
	if n := s.Streams(); n != b.N {
		b.Errorf("%d streams, want %d", n, b.N)
	}
	b.ReportMetric(float64(after-before)/float64(b.N), "bytes/conn")
	b.ReportMetric(float64(runtime.NumGoroutine())/float64(b.N), "goroutines/conn")
	_ = in.Close()
	_ = child.Wait()
	if err := s.Close(b.Context()); err != nil {
		b.Error(err)
	}
}

func residentBytes(b *testing.B) int64 {
	b.Helper()
	// Stacks shrink and buffers leave their pools only over several collections.
	for range 3 {
		debug.FreeOSMemory()
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Skip(err)
	}
	for line := range strings.Lines(string(status)) {
		var kb int64
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kb); n == 1 {
			return kb << 10
		}
	}
	b.Skip("no VmRSS")
	return 0
}

func idleVisitor(i int) string { return fmt.Sprintf("0192d3c4-0000-7000-8000-%012d", i) }

// holdIdle is the child of the benchmark: it opens the streams and holds them
// until its standard input ends.
func holdIdle() bool {
	addr := os.Getenv("REALTIME_HOLD")
	if addr == "" {
		return false
	}
	count, _ := strconv.Atoi(os.Getenv("REALTIME_COUNT"))
	held := make([]net.Conn, 0, count) // a connection that nobody holds is closed
	for i := range count {
		conn, err := net.Dial("tcp", addr)
		held = append(held, conn)
		if err == nil {
			_, err = fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: chat\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
				"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
		}
		if err == nil {
			_, err = http.ReadResponse(bufio.NewReader(conn), nil)
		}
		if err == nil {
			hello := fmt.Sprintf(`{"token":%q,"cursor":0}`, idleVisitor(i))
			err = ws.WriteFrame(conn, ws.MaskFrame(ws.NewTextFrame([]byte(hello))))
		}
		if err == nil {
			_, err = readFrame(conn) // ready
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "hold:", err)
			os.Exit(1)
		}
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
	runtime.KeepAlive(held)
	return true
}
