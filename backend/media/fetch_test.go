package media

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// internet is a server of the public internet as a Fetcher sees it: names have
// the addresses given here, and whatever address passes leads to one local
// server with a certificate for example.com.
type internet struct {
	server *httptest.Server
	names  map[string][]string

	mu        sync.Mutex
	connected []string // addresses that were called
}

func serving(t *testing.T, h http.HandlerFunc) *internet {
	t.Helper()
	n := &internet{server: httptest.NewTLSServer(h), names: map[string][]string{"example.com": {"93.184.215.14"}}}
	t.Cleanup(n.server.Close)
	return n
}

func (n *internet) fetcher(change func(*FetchConfig)) *Fetcher {
	roots := x509.NewCertPool()
	roots.AddCert(n.server.Certificate())
	c := FetchConfig{
		TLS: &tls.Config{RootCAs: roots},
		Lookup: func(_ context.Context, host string) ([]netip.Addr, error) {
			list, ok := n.names[host]
			if !ok {
				return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
			}
			var out []netip.Addr
			for _, s := range list {
				out = append(out, netip.MustParseAddr(s))
			}
			return out, nil
		},
		Connect: func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
			n.mu.Lock()
			n.connected = append(n.connected, to.String())
			n.mu.Unlock()
			return (&net.Dialer{}).DialContext(ctx, "tcp", n.server.Listener.Addr().String())
		},
	}
	if change != nil {
		change(&c)
	}
	return NewFetcher(c)
}

func (n *internet) calls() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.connected)
}

// failure gives the *FetchError that err must be, with that reason.
func failure(t *testing.T, err error, want Reason) *FetchError {
	t.Helper()
	f, ok := errors.AsType[*FetchError](err)
	if !ok || f.Reason != want {
		t.Fatalf("error = %v, want a *FetchError: %v", err, want)
	}
	return f
}

func reason(t *testing.T, err error, want Reason) {
	t.Helper()
	_ = failure(t, err, want)
}

func TestFetchGetsAFile(t *testing.T) {
	t.Parallel()
	var seen http.Header
	n := serving(t, func(w http.ResponseWriter, r *http.Request) {
		seen = r.Header.Clone()
		w.Header().Set("Content-Type", "image/jpeg; charset=binary")
		fmt.Fprint(w, "picture")
	})
	got, err := n.fetcher(func(c *FetchConfig) { c.UserAgent = "Leadline/1" }).Fetch(t.Context(), "https://example.com/a/%D0%BA%D0%BE%D1%82.jpg?x=1", 100)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	b, err := io.ReadAll(got.Body)
	if err != nil || string(b) != "picture" {
		t.Errorf("body = %q, %v", b, err)
	}
	if got.Type != "image/jpeg" || got.Name != "кот.jpg" || got.Size != 7 {
		t.Errorf("got %q, %q, %d bytes", got.Type, got.Name, got.Size)
	}
	if seen.Get("User-Agent") != "Leadline/1" || seen.Get("Cookie") != "" || seen.Get("Authorization") != "" {
		t.Errorf("headers sent: %v", seen)
	}
	if c := n.calls(); len(c) != 1 || c[0] != "93.184.215.14:443" {
		t.Errorf("called %v", c)
	}
}

func TestFetchTakesTheNameFromTheAnswerFirst(t *testing.T) {
	t.Parallel()
	n := serving(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Disposition", `attachment; filename*=UTF-8''%D0%BF%D1%80%D0%B0%D0%B9%D1%81.pdf`)
	})
	got, err := n.fetcher(nil).Fetch(t.Context(), "https://example.com/download", 100)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	if got.Name != "прайс.pdf" {
		t.Errorf("Name = %q", got.Name)
	}
}

func TestFetchRefusesAddressesByTheirForm(t *testing.T) {
	t.Parallel()
	n := serving(t, func(http.ResponseWriter, *http.Request) { t.Error("the server was asked") })
	f := n.fetcher(nil)
	for _, address := range []string{
		"", "example.com/a", "//example.com/a", "http://example.com/a", "ftp://example.com/a", "file:///etc/passwd", "gopher://example.com",
		"https:", "https://", "https:example.com", "https://user:password@example.com/", "https://user@example.com/",
		"https://example.com:8443/", "https://example.com:22/", "https://example.com:80/", "https://example.com:99999/", "https://exa mple.com/",
		"javascript:alert(1)", "data:text/plain,x", "\x00", "https://example.com/" + strings.Repeat("a", 5000),
	} {
		_, err := f.Fetch(t.Context(), address, 100)
		reason(t, err, RefusedAddress)
		_, err = f.Post(t.Context(), address, "application/json", nil)
		reason(t, err, RefusedAddress)
	}
	if c := n.calls(); len(c) != 0 {
		t.Errorf("called %v", c)
	}
}

func TestFetchFollowsAFewRedirectsWithoutTellingWhereFrom(t *testing.T) {
	t.Parallel()
	var asked []string
	n := serving(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		if ref := r.Header.Get("Referer"); ref != "" {
			t.Errorf("Referer = %s", ref)
		}
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		if len(r.Cookies()) != 0 {
			t.Error("a cookie was sent back")
		}
		if len(asked) <= 5 {
			http.Redirect(w, r, fmt.Sprintf("/%d.jpg?token=s3cret", len(asked)), http.StatusMovedPermanently)
		}
	})
	got, err := n.fetcher(nil).Fetch(t.Context(), "https://example.com/0.jpg", 100)
	if err != nil {
		t.Fatal(err)
	}
	_ = got.Body.Close()
	if len(asked) != 6 || got.Name != "5.jpg" {
		t.Errorf("asked %v, name %q; want 5 redirects and the last name", asked, got.Name)
	}
}

func TestFetchTellsFailuresApart(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		handler   http.HandlerFunc
		want      Reason
		status    int
		temporary bool
	}{
		{"not there", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, BadStatus, 404, false},
		{"forbidden", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, BadStatus, 403, false},
		{"no content", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, BadStatus, 204, false},
		{"broken server", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, BadStatus, 500, true},
		{"too many requests", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "30")
			w.WriteHeader(http.StatusTooManyRequests)
		}, BadStatus, 429, true},
		{"too large, and says so", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "101") }, TooLarge, 0, false},
		{"a connection that breaks", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, Unreachable, 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := serving(t, tt.handler).fetcher(nil).Fetch(t.Context(), "https://example.com/a?token=s3cret", 100)
			e := failure(t, err, tt.want)
			if e.Status != tt.status || e.Temporary() != tt.temporary {
				t.Errorf("status %d, temporary %v; want %d, %v", e.Status, e.Temporary(), tt.status, tt.temporary)
			}
			if (e.RetryAfter == 30*time.Second) != (tt.status == 429) {
				t.Errorf("RetryAfter = %v", e.RetryAfter)
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the error holds the address: %v", err)
			}
		})
	}
	t.Run("a name that is not there", func(t *testing.T) {
		t.Parallel()
		n := serving(t, func(http.ResponseWriter, *http.Request) {})
		_, err := n.fetcher(nil).Fetch(t.Context(), "https://nowhere.example.com/", 100)
		if e := failure(t, err, Unreachable); !e.Temporary() {
			t.Error("a name that cannot be found now does not count as temporary")
		}
	})
	t.Run("a certificate of somebody else", func(t *testing.T) {
		t.Parallel()
		n := serving(t, func(http.ResponseWriter, *http.Request) { t.Error("the server was asked") })
		n.names["example.org"] = []string{"93.184.215.14"}
		_, err := n.fetcher(nil).Fetch(t.Context(), "https://example.org/", 100)
		reason(t, err, Unreachable)
	})
}

func TestFetchBoundsTheBodyWhileReading(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		bytes int
		ok    bool
	}{{0, true}, {99, true}, {100, true}, {101, false}, {100_000, false}} {
		n := serving(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusOK)
			w.(http.Flusher).Flush() // no length is announced
			_, _ = io.Copy(w, strings.NewReader(strings.Repeat("x", tt.bytes)))
		})
		got, err := n.fetcher(nil).Fetch(t.Context(), "https://example.com/", 100)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(got.Body)
		_ = got.Body.Close()
		if tt.ok {
			if err != nil || len(b) != tt.bytes {
				t.Errorf("%d bytes: read %d, %v", tt.bytes, len(b), err)
			}
			continue
		}
		reason(t, err, TooLarge)
		if len(b) > 100 {
			t.Errorf("%d bytes: %d were given out, want at most 100", tt.bytes, len(b))
		}
	}
}

func TestFetchNoticesABodyThatBreaksOff(t *testing.T) {
	t.Parallel()
	n := serving(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "50")
		fmt.Fprint(w, "only this")
	})
	got, err := n.fetcher(nil).Fetch(t.Context(), "https://example.com/", 100)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	_, err = io.ReadAll(got.Body)
	reason(t, err, Unreachable)
}

func TestFetchIsOverInTime(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		handler func(end <-chan struct{}) http.HandlerFunc
	}{
		{"no answer", func(end <-chan struct{}) http.HandlerFunc {
			return func(http.ResponseWriter, *http.Request) { <-end }
		}},
		{"a body that never ends", func(end <-chan struct{}) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprint(w, "x")
				w.(http.Flusher).Flush()
				<-end
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			end := make(chan struct{})
			n := serving(t, tt.handler(end))
			t.Cleanup(func() { close(end) }) // before the server's own, which waits for its handlers
			got, err := n.fetcher(func(c *FetchConfig) { c.Timeout = 200 * time.Millisecond }).Fetch(t.Context(), "https://example.com/", 100)
			if err == nil {
				defer got.Body.Close()
				_, err = io.ReadAll(got.Body)
			}
			reason(t, err, TimedOut)
		})
	}
}

func TestAllowedHostsAreCalledWhereverTheyAre(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "https://127.0.0.1/", http.StatusFound)
			return
		}
		fmt.Fprint(w, "hello")
	}))
	t.Cleanup(plain.Close)
	port := plain.URL[strings.LastIndex(plain.URL, ":"):]
	f := NewFetcher(FetchConfig{AllowHosts: []string{".amocrm.localhost", "127.0.0.1"}})
	for _, address := range []string{"http://democo.amocrm.localhost" + port + "/a", "http://DEMOCO.amocrm.localhost" + port, "http://127.0.0.1" + port} {
		got, err := f.Fetch(t.Context(), address, 100)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		_ = got.Body.Close()
	}
	for _, address := range []string{"http://amocrm.localhost" + port, "http://evilamocrm.localhost" + port, "http://localhost" + port, "ftp://127.0.0.1/"} {
		_, err := f.Fetch(t.Context(), address, 100)
		reason(t, err, RefusedAddress)
	}
	only := NewFetcher(FetchConfig{AllowHosts: []string{".amocrm.localhost"}})
	_, err := only.Fetch(t.Context(), "http://x.amocrm.localhost"+port+"/away", 100)
	reason(t, err, RefusedAddress) // what an allowed host redirects to is judged as any other
}

func TestPost(t *testing.T) {
	t.Parallel()
	var method, typ, body string
	n := serving(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/hook", http.StatusTemporaryRedirect)
		case "/broken":
			w.WriteHeader(http.StatusServiceUnavailable)
		case "/long":
			_, _ = w.Write(make([]byte, 100_000))
		default:
			b, _ := io.ReadAll(r.Body)
			method, typ, body = r.Method, r.Header.Get("Content-Type"), string(b)
			w.WriteHeader(http.StatusAccepted)
			fmt.Fprint(w, "thanks")
		}
	})
	f := n.fetcher(nil)
	a, err := f.Post(t.Context(), "https://example.com/hook", "application/json", []byte(`{"a":1}`))
	if err != nil || a.Status != 202 || string(a.Body) != "thanks" {
		t.Errorf("answer = %+v, %v", a, err)
	}
	if method != "POST" || typ != "application/json" || body != `{"a":1}` {
		t.Errorf("the server got %s %s %s", method, typ, body)
	}
	_, err = f.Post(t.Context(), "https://example.com/moved", "application/json", nil)
	if e := failure(t, err, BadStatus); e.Status != 307 || e.Temporary() {
		t.Errorf("a redirect: %v, want status 307, for good", e)
	}
	_, err = f.Post(t.Context(), "https://example.com/broken", "application/json", nil)
	if e := failure(t, err, BadStatus); e.Status != 503 || !e.Temporary() {
		t.Errorf("a broken server: %v, want status 503, temporary", e)
	}
	if a, err := f.Post(t.Context(), "https://example.com/long", "application/json", nil); err != nil || len(a.Body) != 64<<10 {
		t.Errorf("a long answer: %d bytes, %v; want 64 KiB", len(a.Body), err)
	}
}
