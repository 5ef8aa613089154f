package media

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// FetchConfig sets a Fetcher; the zero value works.
type FetchConfig struct {
	// AllowHosts are host names, or suffixes that begin with a dot, to which the
	// rules of scheme, port and address do not apply: the demo and the sandbox on
	// one machine. Names under .localhost are dialled at 127.0.0.1.
	AllowHosts []string
	// Ports may be called; 443 when empty.
	Ports []int
	// Timeout is the most that one fetch or post may take, reading included;
	// a minute when 0.
	Timeout time.Duration
	// UserAgent is "Leadline" when empty.
	UserAgent string

	// The rest is for tests.

	// Lookup finds the addresses of a host name; the system's when nil.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	// Connect makes a TCP connection to an address that passed; when nil, a dialer
	// that checks the address once more as it is used.
	Connect func(ctx context.Context, to netip.AddrPort) (net.Conn, error)
	// TLS adds root certificates; nil for the system's.
	TLS *tls.Config
}

// Fetcher calls addresses that came from outside: media and avatars that the
// other side offers, hooks of sites. It talks to public servers only, over https
// and on allowed ports, through all redirects; it sends no cookies, credentials
// or referrers and goes through no proxy. Safe for parallel use.
type Fetcher struct {
	c      FetchConfig
	client *http.Client
}

const (
	fetchTime    = time.Minute
	connectTime  = 5 * time.Second // for each address of a host
	headerTime   = 20 * time.Second
	maxRedirects = 5
	// maxURL is the longest address that is called.
	maxURL = 4096
	// maxAnswer is what Post reads of an answer.
	maxAnswer = 64 << 10
)

// NewFetcher makes a Fetcher.
func NewFetcher(c FetchConfig) *Fetcher {
	if len(c.Ports) == 0 {
		c.Ports = []int{443}
	}
	if c.Timeout == 0 {
		c.Timeout = fetchTime
	}
	if c.UserAgent == "" {
		c.UserAgent = "Leadline"
	}
	if c.Lookup == nil {
		c.Lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	if c.Connect == nil {
		c.Connect = connectPublic
	}
	f := &Fetcher{c: c}
	f.client = &http.Client{
		Transport: &http.Transport{
			Proxy:                  nil, // a proxy would look the name up again, where nobody checks
			DialContext:            f.dial,
			TLSClientConfig:        c.TLS,
			TLSHandshakeTimeout:    10 * time.Second,
			ResponseHeaderTimeout:  headerTime,
			MaxResponseHeaderBytes: 64 << 10,
			MaxIdleConnsPerHost:    2,
			MaxIdleConns:           32,
			IdleConnTimeout:        30 * time.Second,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			r.Header.Del("Referer") // addresses may hold secrets
			if len(via) > maxRedirects {
				return &FetchError{Reason: BadAnswer, Err: errors.New("too many redirects")}
			}
			return f.check(r.URL)
		},
	}
	return f
}

// Close ends the connections that are kept for the next request.
func (f *Fetcher) Close() { f.client.CloseIdleConnections() }

// Fetched is an open answer. The caller closes Body; reading it gives a
// *FetchError when the answer is too large, breaks off or takes too long.
type Fetched struct {
	Body io.ReadCloser
	// Type is what the other side claims, without parameters; may be empty. Only
	// Inspect tells what it is.
	Type string
	// Name is the file's name by the answer or the address, not cleaned; may be empty.
	Name string
	// Size in bytes as announced; -1 when it was not.
	Size int64
}

// Fetch gets address, following up to five redirects. maxBytes bounds the body.
// Every error is a *FetchError.
func (f *Fetcher) Fetch(ctx context.Context, address string, maxBytes int64) (*Fetched, error) {
	ctx, cancel := context.WithTimeout(ctx, f.c.Timeout)
	resp, err := f.do(ctx, f.client, http.MethodGet, address, nil, "")
	if err != nil {
		cancel()
		return nil, err
	}
	refuse := func(e *FetchError) (*Fetched, error) {
		_ = resp.Body.Close()
		cancel()
		return nil, e
	}
	if resp.StatusCode != http.StatusOK {
		return refuse(&FetchError{Reason: BadStatus, Status: resp.StatusCode, RetryAfter: retryAfter(resp)})
	}
	if resp.ContentLength > maxBytes {
		return refuse(&FetchError{Reason: TooLarge})
	}
	got := &Fetched{Body: &bounded{body: resp.Body, left: maxBytes, cancel: cancel}, Size: resp.ContentLength}
	got.Type, _, _ = mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if _, p, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition")); err == nil {
		got.Name = p["filename"]
	}
	if got.Name == "" {
		if base := path.Base(resp.Request.URL.Path); base != "." && base != "/" {
			got.Name = base
		}
	}
	return got, nil
}

// Answer is what Post brought back.
type Answer struct {
	Status int
	Body   []byte // at most 64 KiB, the rest is not read
}

// Post sends body to address and reads the beginning of the answer. Redirects
// are not followed: they, and every status but 2xx, are a *FetchError with the
// reason BadStatus. The same body may arrive twice when the caller repeats it.
func (f *Fetcher) Post(ctx context.Context, address, contentType string, body []byte) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, f.c.Timeout)
	defer cancel()
	client := *f.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := f.do(ctx, &client, http.MethodPost, address, body, contentType)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return Answer{}, &FetchError{Reason: BadStatus, Status: resp.StatusCode, RetryAfter: retryAfter(resp)}
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return Answer{}, explain(err)
	}
	return Answer{Status: resp.StatusCode, Body: text}, nil
}

func (f *Fetcher) do(ctx context.Context, client *http.Client, method, address string, body []byte, contentType string) (*http.Response, error) {
	if len(address) > maxURL {
		return nil, refusal("the address is too long")
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, refusal("not an address") // url's own error repeats it
	}
	if err := f.check(u); err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, method, u.String(), strings.NewReader(string(body)))
	if err != nil {
		return nil, refusal("not an address")
	}
	r.Header.Set("User-Agent", f.c.UserAgent)
	r.Header.Set("Accept", "*/*")
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	resp, err := client.Do(r)
	if err != nil {
		if resp != nil {
			_ = resp.Body.Close()
		}
		return nil, explain(err)
	}
	return resp, nil
}

// check judges an address by its form; the dialer judges where it leads.
func (f *Fetcher) check(u *url.URL) error {
	host := strings.ToLower(u.Hostname())
	switch {
	case u.User != nil:
		return refusal("credentials in the address")
	case host == "" || u.Opaque != "":
		return refusal("no host")
	case f.allowed(host):
		if u.Scheme != "https" && u.Scheme != "http" {
			return refusal("scheme")
		}
		return nil
	case u.Scheme != "https":
		return refusal("only https is called")
	}
	port := 443
	if p := u.Port(); p != "" {
		port, _ = strconv.Atoi(p)
	}
	if !slices.Contains(f.c.Ports, port) {
		return refusal("port")
	}
	return nil
}

func (f *Fetcher) allowed(host string) bool {
	return slices.ContainsFunc(f.c.AllowHosts, func(a string) bool {
		a = strings.ToLower(a)
		return host == a || (strings.HasPrefix(a, ".") && strings.HasSuffix(host, a))
	})
}

// dial looks a host up once, judges all it gave and connects to exactly that, so
// that no second look-up can lead elsewhere.
func (f *Fetcher) dial(ctx context.Context, _, address string) (net.Conn, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return nil, refusal("port")
	}
	if host = strings.ToLower(host); f.allowed(host) {
		if strings.HasSuffix(host, ".localhost") {
			address = net.JoinHostPort("127.0.0.1", portText)
		}
		return (&net.Dialer{Timeout: connectTime}).DialContext(ctx, "tcp", address)
	}
	list, err := f.lookup(ctx, host)
	if err != nil {
		return nil, err
	}
	// All are judged before the first is called: a name with one foot inside is no public server.
	for _, a := range list {
		if !public(a) {
			return nil, refusal("not a public address")
		}
	}
	for _, a := range list {
		var conn net.Conn
		one, cancel := context.WithTimeout(ctx, connectTime)
		conn, err = f.c.Connect(one, netip.AddrPortFrom(a.Unmap(), uint16(port)))
		cancel()
		if err == nil {
			return conn, nil
		}
	}
	return nil, err
}

func (f *Fetcher) lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	list, err := f.c.Lookup(ctx, host)
	if err == nil && len(list) == 0 {
		err = errors.New("the host name has no address")
	}
	return list, err
}

// connectPublic judges the address again at the last moment, on the socket.
func connectPublic(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	d := net.Dialer{Control: func(_, address string, _ syscall.RawConn) error {
		if a, err := netip.ParseAddrPort(address); err != nil || !public(a.Addr()) {
			return refusal("not a public address")
		}
		return nil
	}}
	return d.DialContext(ctx, "tcp", to.String())
}

// bounded is the body of an answer: it ends the request's time when it is
// closed, and more than left bytes are an error.
type bounded struct {
	body   io.ReadCloser
	left   int64
	cancel context.CancelFunc
}

func (b *bounded) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1] // one more byte shows that there is more
	}
	n, err := b.body.Read(p)
	if int64(n) > b.left {
		return int(b.left), &FetchError{Reason: TooLarge}
	}
	b.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		err = explain(err)
	}
	return n, err
}

func (b *bounded) Close() error {
	defer b.cancel()
	return b.body.Close()
}

func retryAfter(r *http.Response) time.Duration {
	s, err := strconv.Atoi(r.Header.Get("Retry-After"))
	if err != nil || s < 0 {
		return 0
	}
	return time.Duration(min(s, 24*3600)) * time.Second
}
