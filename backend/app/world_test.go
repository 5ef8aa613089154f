package app

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"leadline/backend/config"
	"leadline/backend/media"
	"leadline/backend/sandbox"
)

// The places and people of the whole-way tests, under their real names.
const (
	crmHost   = "democo.amocrm.ru"
	appURL    = "https://app.leadline.test"
	chatURL   = "https://chat.leadline.test"
	shopURL   = "https://shop.example.test"
	accountID = 31000001
	adminID   = 9000001
	agentID   = 9000002
	amojoID   = "7d9e2c44-61f3-4f0a-8b27-93c5e0a4d6b2"
	channelID = "0b7c1f0e-3a55-4b1d-9a60-5d2f4c8e1a11"
	clientID  = "3f1c2a9e-6d5b-4c1e-8a77-0c9d4e5f6a7b"
	scope     = channelID + "_" + amojoID
	widget    = "leadlinetest0000000000000000000000000000"

	channelSecret = "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334"
	clientSecret  = "TestOnlyTestOnlyTestOnlyTestOnlyTestOnlyTestOnlyTestOnlyTestOnly"

	login    = "anna@example.org"
	password = "lead the line"
)

// certificate is a throw-away one for all hosts of the tests.
type certificate struct {
	tls  tls.Certificate
	pool *x509.CertPool
	// spki is the pin by which Chromium trusts it.
	spki string
}

var testCertificate = sync.OnceValues(func() (certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "leadline tests"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{"*.amocrm.ru", "*.kommo.com", "app.leadline.test", "chat.leadline.test", "shop.example.test", "other.example.test"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return certificate{}, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return certificate{}, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	sum := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	return certificate{
		tls:  tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		pool: pool, spki: base64.StdEncoding.EncodeToString(sum[:]),
	}, nil
})

// world is the sandbox and the backend, each on an address of its own, under
// their real names and over TLS.
type world struct {
	t    *testing.T
	box  *sandbox.Server
	app  *App
	cfg  config.Config
	mail *mailbox
	// http goes to both by their names; it trusts the test's certificate.
	http *http.Client
	logs *syncBuffer

	transport *http.Transport
	crmAddr   string
	at        *atomic.Value // of the server, a string: appAddr
	stopApp   func()
	fetching  func(*media.FetchConfig)
	still     bool
}

// setup changes the defaults of a world.
type setup struct {
	sandbox func(*sandbox.Config)
	config  func(*config.Config)
	login   bool // make the login, proven
	kommo   bool // the whole world is Kommo's instead of amoCRM's
	now     func() time.Time
	fetch   func(*media.FetchConfig) // of files from outside
	still   bool                     // the CRM is not asked by the clock: the test counts requests
}

func newWorld(t *testing.T, s setup) *world {
	t.Helper()
	w := &world{t: t, mail: &mailbox{}, logs: &syncBuffer{}, fetching: s.fetch, still: s.still, at: new(atomic.Value)}
	cert, err := testCertificate()
	if err != nil {
		t.Fatal(err)
	}
	w.transport = &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: cert.pool},
		ForceAttemptHTTP2: false,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			host, _, err := net.SplitHostPort(addr)
			if err != nil {
				return nil, err
			}
			to := w.crmAddr
			if strings.HasSuffix(host, ".leadline.test") {
				to = w.appAddr()
			}
			var d net.Dialer
			return d.DialContext(ctx, network, to)
		},
		MaxIdleConnsPerHost: 32,
	}
	t.Cleanup(w.transport.CloseIdleConnections)
	w.http = &http.Client{Transport: w.transport, Timeout: 60 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

	hooks := w.transport.Clone()
	hooks.DisableKeepAlives = true
	t.Cleanup(hooks.CloseIdleConnections)
	boxConfig := sandbox.Config{
		Zones: []sandbox.Zone{{Product: sandbox.ProductAmoCRM, Name: "amocrm.ru"}},
		Accounts: []sandbox.Account{{
			ID: accountID, Product: sandbox.ProductAmoCRM, Subdomain: "democo", Name: "Demo company", AmojoID: amojoID, Language: "en",
			Users: []sandbox.User{
				{ID: adminID, Name: "Oleg Admin", Login: "oleg@example.org", AmojoID: "3c8e5a70-1d42-4f9b-b6e3-90a7d2c4f815", Language: "en", Admin: true},
				{ID: agentID, Name: "Vera Agent", Login: "vera@example.org", AmojoID: "4c8e5a70-1d42-4f9b-b6e3-90a7d2c4f816", Language: "en"},
			},
			Pipelines: []sandbox.Pipeline{{ID: 1300, Name: "Main"}},
		}},
		Integrations: []sandbox.Integration{{
			ClientUUID: clientID, Product: sandbox.ProductAmoCRM, Secret: clientSecret, Name: "Leadline",
			RedirectURI: appURL + "/oauth/amocrm/callback", DisabledURI: appURL + "/oauth/amocrm/disabled", WidgetCode: widget,
		}},
		Channels: []sandbox.Channel{{
			ID: channelID, Product: sandbox.ProductAmoCRM, Secret: channelSecret, Code: "amo.ext.leadline", Name: "Leadline",
			BotID: "9b2f4d6e-0a1c-4e3f-8d5b-7c6a9e8f0d1b", HookURL: appURL + "/hooks/amojo/:scope_id", ClientUUID: clientID,
		}},
		Transport: hooks,
	}
	product := sandbox.ProductAmoCRM
	if s.kommo {
		product = sandbox.ProductKommo
		boxConfig.Zones = []sandbox.Zone{{Product: product, Name: "kommo.com"}}
		boxConfig.Accounts[0].Product, boxConfig.Integrations[0].Product, boxConfig.Channels[0].Product = product, product, product
		boxConfig.Integrations[0].RedirectURI = appURL + "/oauth/kommo/callback"
		boxConfig.Integrations[0].DisabledURI = appURL + "/oauth/kommo/disabled"
	}
	if s.sandbox != nil {
		s.sandbox(&boxConfig)
	}
	w.box = sandbox.New(boxConfig)
	crm := w.serve(w.box, &w.crmAddr)
	t.Cleanup(func() {
		crm.close()
		if err := w.box.Close(); err != nil {
			t.Error(err)
		}
	})

	prefix := "LEADLINE_" + strings.ToUpper(product) + "_"
	cfg, err := config.Load([]string{
		"LEADLINE_APP_URL=" + appURL, "LEADLINE_CHAT_URL=" + chatURL,
		"LEADLINE_DATABASE=sqlite:" + filepath.Join(t.TempDir(), "leadline.db"),
		"LEADLINE_KEY_FILE=" + filepath.Join(t.TempDir(), "leadline.key"),
		"LEADLINE_MEDIA_DIR=" + filepath.Join(t.TempDir(), "media"),
		"LEADLINE_SIGNUP=true", "LEADLINE_STOP_TIMEOUT=5s",
		prefix + "CLIENT_ID=" + clientID, prefix + "CLIENT_SECRET=" + clientSecret,
		prefix + "CHANNEL_ID=" + channelID, prefix + "CHANNEL_SECRET=" + channelSecret,
		prefix + "WIDGET_CODE=" + widget, prefix + "CHANNEL_CODE=amo.ext.leadline", prefix + "BOT_ID=9b2f4d6e-0a1c-4e3f-8d5b-7c6a9e8f0d1b", prefix + "LANGUAGE=en",
	})
	if err != nil {
		t.Fatal(err)
	}
	if s.config != nil {
		s.config(&cfg)
	}
	w.cfg = cfg
	w.startApp(s.now)
	t.Cleanup(func() { w.stopApp() })
	if s.login {
		if _, err := w.app.Teams.Add(t.Context(), login, password, "", "owner"); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log("log of the backend:\n" + w.logs.String())
		}
	})
	return w
}

// served is an HTTP server that ends at once.
type served struct{ close func() }

// serve answers over TLS on a fresh address and puts it into at.
func (w *world) serve(h http.Handler, at *string) served {
	w.t.Helper()
	l := w.listen()
	*at = l.Addr().String()
	srv := &http.Server{Handler: h, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	return served{close: func() { _ = srv.Close(); <-done }}
}

func (w *world) listen() net.Listener {
	w.t.Helper()
	cert, err := testCertificate()
	if err != nil {
		w.t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert.tls}, NextProtos: []string{"http/1.1"}})
}

// startApp opens the database of the world and serves.
// appAddr is where the server listens; it moves when the server starts again.
func (w *world) appAddr() string {
	at, _ := w.at.Load().(string)
	return at
}

func (w *world) startApp(now func() time.Time) {
	w.t.Helper()
	a, err := New(w.t.Context(), w.cfg, Options{
		Transport: w.transport, Mailer: w.mail, Now: now, Fetch: w.fetch(),
		Logger: slog.New(slog.NewTextHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	a.still = w.still
	l := w.listen()
	w.app = a
	w.at.Store(l.Addr().String())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := a.Run(ctx, l); err != nil && ctx.Err() == nil {
			w.t.Error("the server ended:", err)
		}
	}()
	w.stopApp = sync.OnceFunc(func() { cancel(); <-done })
}

// fetch lets the backend's guarded client find the CRM's hosts at public addresses
// and reach the sandbox there; all other names stay what they are.
func (w *world) fetch() media.FetchConfig {
	w.t.Helper()
	cert, err := testCertificate()
	if err != nil {
		w.t.Fatal(err)
	}
	c := media.FetchConfig{
		TLS: &tls.Config{RootCAs: cert.pool},
		Lookup: func(ctx context.Context, host string) ([]netip.Addr, error) {
			if strings.HasSuffix(host, ".amocrm.ru") || strings.HasSuffix(host, ".kommo.com") {
				return []netip.Addr{netip.MustParseAddr("93.184.215.14")}, nil
			}
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		},
		Connect: func(ctx context.Context, _ netip.AddrPort) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", w.crmAddr)
		},
	}
	if w.fetching != nil {
		w.fetching(&c)
	}
	return c
}

// restart stops the backend in order and starts it on the same data.
func (w *world) restart() {
	w.t.Helper()
	w.stopApp()
	w.transport.CloseIdleConnections()
	w.startApp(nil)
}

// eventually waits for the sandbox to reach a state.
func (w *world) eventually(what string, ok func() bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 60*time.Second)
	defer cancel()
	if err := w.box.WaitFor(ctx, ok); err != nil {
		w.t.Fatalf("waiting for %s: %v", what, err)
	}
}

// noBreaches fails on every rule that the backend broke in the sandbox.
func (w *world) noBreaches() {
	w.t.Helper()
	for _, b := range w.box.Breaches() {
		w.t.Errorf("breach of %s: %s", b.Rule, b.Detail)
	}
}

// answer is a decoded HTTP answer.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) code() string {
	var e struct {
		Error struct{ Code, Message string }
	}
	_ = json.Unmarshal(a.body, &e)
	return e.Error.Code
}

func (a answer) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		t.Fatalf("answer %d is no JSON: %v\n%s", a.status, err, a.body)
	}
}

// send makes a request; body nil sends none, a string as it is, else JSON.
func (w *world) send(method, url string, header map[string]string, body any) answer {
	w.t.Helper()
	a, err := w.trySend(method, url, header, body)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *world) trySend(method, url string, header map[string]string, body any) (answer, error) {
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		r = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			return answer{}, err
		}
		r = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, url, r)
	if err != nil {
		return answer{}, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	res, err := w.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, raw}, err
}

// mailbox keeps mails instead of sending them.
type mailbox struct {
	mu    sync.Mutex
	mails []sentMail
}

type sentMail struct{ to, locale, token string }

func (m *mailbox) SendVerification(_ context.Context, to, locale, token string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mails = append(m.mails, sentMail{to, locale, token})
	return nil
}

func (m *mailbox) SendReset(ctx context.Context, to, locale, token string) error {
	return m.SendVerification(ctx, to, locale, token)
}

func (m *mailbox) SendInvite(ctx context.Context, to, locale, token, _ string) error {
	return m.SendVerification(ctx, to, locale, token)
}

func (m *mailbox) SendTransfer(ctx context.Context, to, locale, path, _, by string, _ time.Time) error {
	return m.SendVerification(ctx, to, locale, path+" "+by)
}

func (m *mailbox) all() []sentMail {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]sentMail(nil), m.mails...)
}

// syncBuffer is a log that several goroutines write.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func uuidN(n int) string { return fmt.Sprintf("0198c0de-0000-7000-8000-%012d", n) }
