package sandbox

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Config says what a Server starts with. Everything in it can also be made
// later, by methods or by the control API.
type Config struct {
	Zones        []Zone        `json:"zones"`
	Accounts     []Account     `json:"accounts"`
	Integrations []Integration `json:"integrations"`
	Channels     []Channel     `json:"channels"`
	Variants     Variants      `json:"variants"`
	// ControlHosts are further names (without port) that serve the control API;
	// localhost and loopback addresses always do. Nobody is asked for a
	// password there.
	ControlHosts []string `json:"control_hosts"`

	// Now is the clock before any shift; time.Now when nil.
	Now func() time.Time `json:"-"`
	// NewID makes amojo ids; random UUIDs when nil.
	NewID func() string `json:"-"`
	// Transport carries hooks and webhooks; LoopbackTransport when nil.
	Transport http.RoundTripper `json:"-"`
	// Logger gets what the program's owner should know; silent when nil.
	Logger *slog.Logger `json:"-"`
}

// Server is the simulated platform. It is safe for concurrent use.
type Server struct {
	zones   []Zone
	control map[string]bool
	nowFunc func() time.Time
	newID   func() string
	client  *http.Client
	log     *slog.Logger
	apiMux  *http.ServeMux // API v4 and OAuth of one account
	ctlMux  *http.ServeMux
	boxMux  *http.ServeMux // operator's inbox
	page    http.Handler

	ctx      context.Context // ends with Close
	stop     context.CancelFunc
	wg       sync.WaitGroup
	fetching chan struct{} // downloads at once

	mu       sync.Mutex
	st       *state
	faults   Faults
	changed  chan struct{} // closed at the next change
	version  uint64        // number of changes
	idx      index
	traffic  traffic
	lanes    map[string]*lane
	held     []hookJob       // kept by the fault HookHold
	slow     map[string]bool // channels in the slow stream
	limiters map[string]*limiter
	dice     *rand.Rand    // of random faults
	moved    chan struct{} // closed when somebody moves the clock
	late     []func()      // installation webhooks that wait to be told
	blobs    blobs
	typed    map[[2]string]time.Time // chat, user: last typing hook
	path     string                  // snapshot file
	dirty    chan struct{}
}

// New makes a Server. Close it when done.
func New(cfg Config) *Server {
	s := &Server{
		nowFunc: cfg.Now, newID: cfg.NewID, log: cfg.Logger,
		control: map[string]bool{"localhost": true},
		st:      newState(), changed: make(chan struct{}), dirty: make(chan struct{}, 1),
		lanes: map[string]*lane{}, slow: map[string]bool{}, limiters: map[string]*limiter{}, dice: newDice(0), moved: make(chan struct{}),
		fetching: make(chan struct{}, fetchAtOnce), blobs: blobs{mem: map[string][]byte{}}, typed: map[[2]string]time.Time{},
	}
	if s.nowFunc == nil {
		s.nowFunc = time.Now
	}
	if s.newID == nil {
		s.newID = uuid.NewString
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	rt := cfg.Transport
	if rt == nil {
		rt = LoopbackTransport()
	}
	s.client = &http.Client{
		Transport: rt,
		// Whether hooks follow redirects is not documented; the stricter branch.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for _, h := range cfg.ControlHosts {
		s.control[strings.ToLower(h)] = true
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.idx = newIndex(s.st)
	for _, z := range cfg.Zones {
		s.AddZone(z)
	}
	s.st.Variants = cfg.Variants
	for _, a := range cfg.Accounts {
		s.AddAccount(a)
	}
	for _, i := range cfg.Integrations {
		s.AddIntegration(i)
	}
	for _, c := range cfg.Channels {
		s.AddChannel(c)
	}
	s.apiMux, s.ctlMux, s.boxMux = s.accountRoutes(), s.controlRoutes(), s.inboxRoutes()
	return s
}

// MountPages gives the handler of everything in an account's host that is not
// OAuth, API v4 or the inbox: the CRM's own pages. Call it before serving.
func (s *Server) MountPages(h http.Handler) { s.page = h }

// Close stops hooks and background work and writes the last snapshot.
func (s *Server) Close() error {
	s.mu.Lock() // background work starts under it, so none starts after
	s.stop()
	s.mu.Unlock()
	s.wg.Wait()
	return s.save()
}

// LoopbackTransport is a transport that finds every *.localhost name on
// loopback, as browsers do.
func LoopbackTransport() *http.Transport {
	var d net.Dialer
	return &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			host, port, err := net.SplitHostPort(addr)
			if err == nil && strings.HasSuffix("."+host, ".localhost") {
				addr = net.JoinHostPort("127.0.0.1", port)
			}
			return d.DialContext(ctx, network, addr)
		},
		// Each hook comes on its own connection, so a restarting receiver is
		// not met with a half-closed one.
		DisableKeepAlives: true,
	}
}

// ServeHTTP routes by host name.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host := strings.ToLower(hostname(r.Host))
	if zone, label, ok := s.zoneOf(host); ok {
		switch label {
		case "amojo":
			if isAttachment(r.URL.Path) {
				s.logged("attachment", w, r, func(c *call) { s.serveAttachment(c, zone) })
				return
			}
			s.logged("amojo", w, r, func(c *call) { s.serveAmojo(c, zone) })
		case "www":
			s.logged("consent", w, r, func(c *call) { s.serveConsent(c, zone) })
		case "api-b":
			s.logged("oauth", w, r, func(c *call) { s.serveSubdomain(c, zone) })
		default:
			s.serveAccount(w, r, zone, label)
		}
		return
	}
	if ip := net.ParseIP(strings.Trim(host, "[]")); s.control[host] || (ip != nil && ip.IsLoopback()) {
		s.ctlMux.ServeHTTP(w, r)
		return
	}
	http.Error(w, "The sandbox does not serve this host name.", http.StatusMisdirectedRequest)
}

func (s *Server) serveAccount(w http.ResponseWriter, r *http.Request, zone Zone, label string) {
	acc, former := s.accountAt(zone, label)
	if acc == nil {
		http.Error(w, "No such account in the sandbox.", http.StatusNotFound)
		return
	}
	r = r.WithContext(context.WithValue(r.Context(), accountKey{}, acc))
	switch p := r.URL.Path; {
	case strings.HasPrefix(p, "/oauth2/"), (strings.HasPrefix(p, "/api/v4/") || strings.HasPrefix(p, "/api/v2/")) && !former:
		s.logged("api", w, r, func(c *call) { s.serveAPI(c) })
	case former:
		http.Error(w, "The account was renamed.", http.StatusNotFound)
	case strings.HasPrefix(p, avatarPath):
		s.logged("avatar", w, r, s.serveAvatar)
	case p == "/inbox", strings.HasPrefix(p, "/inbox/"):
		s.boxMux.ServeHTTP(w, r)
	case s.page != nil:
		s.page.ServeHTTP(w, r)
	default:
		http.NotFound(w, r)
	}
}

type accountKey struct{}

// accountOf is the account whose host was asked for.
func accountOf(r *http.Request) *Account {
	a, _ := r.Context().Value(accountKey{}).(*Account)
	return a
}

func (s *Server) accountAt(zone Zone, label string) (acc *Account, former bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.st.Accounts {
		if a.Product != zone.Product {
			continue
		}
		if a.Subdomain == label {
			return a.clone(), false
		}
		for _, f := range a.Former {
			if f == label {
				acc = a.clone()
			}
		}
	}
	return acc, acc != nil
}

// zoneOf splits a host without port into the first label and its zone.
func (s *Server) zoneOf(host string) (Zone, string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, z := range s.zones {
		label, ok := strings.CutSuffix(host, "."+hostname(z.Name))
		if ok && label != "" && !strings.Contains(label, ".") {
			return z, label, true
		}
	}
	return Zone{}, "", false
}

func hostname(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		return h
	}
	return host
}

// touch tells everybody that something changed. s.mu is held.
func (s *Server) touch() {
	s.version++
	close(s.changed)
	s.changed = make(chan struct{})
	select {
	case s.dirty <- struct{}{}:
	default:
	}
}

// Changed returns a channel that is closed at the next change of anything, and
// the number of changes so far.
func (s *Server) Changed() (<-chan struct{}, uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed, s.version
}

// WaitFor returns when ok answers true; it asks again after every change. It
// returns the context's error if that ends first.
func (s *Server) WaitFor(ctx context.Context, ok func() bool) error {
	for {
		changed, _ := s.Changed()
		if ok() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// now is the shifted clock. s.mu is held.
func (s *Server) now() time.Time { return s.nowFunc().Add(s.st.Shift) }

// wait sleeps in real time until d passed, ctx ended or the server closes.
func (s *Server) wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
	case <-s.ctx.Done():
	}
	return false
}
