package sandbox

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	testChannel = "0b7c1f0e-3a55-4b1d-9a60-5d2f4c8e1a11"
	testAmojo   = "7d9e2c44-61f3-4f0a-8b27-93c5e0a4d6b2"
	testScope   = testChannel + "_" + testAmojo
	testSecret  = "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334"
	testClient  = "3f1c2a9e-6d5b-4c1e-8a77-0c9d4e5f6a7b"
	testKey     = "TestOnlyTestOnlyTestOnlyTestOnlyTestOnlyTestOnlyTestOnlyTestOnly"
	testBot     = "9b2f4d6e-0a1c-4e3f-8d5b-7c6a9e8f0d1b"
	operatorID  = "3c8e5a70-1d42-4f9b-b6e3-90a7d2c4f815"
	testAccount = int64(31000001)
)

// testNow is 1 January 2026, the moment of the vectors of C §2.3 and W §8.11.
var testNow = time.Unix(1767225600, 0)

// received is a request that came out of the sandbox.
type received struct {
	Method, URL, Sign string
	Body              []byte
	Type              string // Content-Type
}

// receiver is the other side of hooks and webhooks: any host of the outgoing
// transport leads to it.
type receiver struct {
	mu     sync.Mutex
	got    []received
	answer func(http.ResponseWriter, *http.Request)
}

func (rc *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	rc.mu.Lock()
	rc.got = append(rc.got, received{r.Method, "http://" + r.Host + r.URL.String(), r.Header.Get("X-Signature"), body, r.Header.Get("Content-Type")})
	answer := rc.answer
	rc.mu.Unlock()
	if answer != nil {
		answer(w, r)
	}
}

func (rc *receiver) all() []received {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	return append([]received(nil), rc.got...)
}

// bench is a running sandbox with one account, integration and channel.
type bench struct {
	t    *testing.T
	box  *Server
	http *http.Client // finds every name at the sandbox
	url  string       // control host
	rc   *receiver
}

func dialTo(addr string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, addr)
	}
}

func testConfig() Config {
	return Config{
		Zones: []Zone{{Product: ProductAmoCRM, Name: "amocrm.ru"}, {Product: ProductKommo, Name: "kommo.com"}},
		Accounts: []Account{
			{ID: testAccount, Subdomain: "democo", AmojoID: testAmojo, Name: "Demo", Users: []User{
				{ID: 9000002, Name: "Anna", Admin: true, AmojoID: "11111111-2222-4333-8444-555555555555"},
				{ID: 9000003, Name: "Oleg", AmojoID: operatorID},
			}},
			{ID: 31000009, Subdomain: "shopco", Product: ProductKommo, AmojoID: "88888888-61f3-4f0a-8b27-93c5e0a4d6b2"},
		},
		Integrations: []Integration{{
			ClientUUID: testClient, Secret: testKey, Name: "Line", RedirectURI: "https://widget.example.test/oauth",
			DisabledURI: "https://widget.example.test/disabled", WidgetCode: "line_widget",
		}},
		Channels: []Channel{{
			ID: testChannel, Secret: testSecret, BotID: testBot, ClientUUID: testClient, HookURL: "https://widget.example.test/hooks/:scope_id",
		}},
		Now: func() time.Time { return testNow },
	}
}

func newBench(t *testing.T) *bench {
	t.Helper()
	return startBench(t, testConfig(), "")
}

func startBench(t *testing.T, cfg Config, path string) *bench {
	t.Helper()
	b := &bench{t: t, rc: &receiver{}}
	other := httptest.NewTLSServer(b.rc)
	t.Cleanup(other.Close)
	out := &http.Transport{
		DialContext: dialTo(other.Listener.Addr().String()), TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true,
	}
	cfg.Transport = out
	b.box = New(cfg)
	if path != "" {
		if err := b.box.Restore(path); err != nil {
			t.Fatal(err)
		}
	}
	srv := httptest.NewTLSServer(b.box)
	b.url = srv.URL
	t.Cleanup(func() {
		_ = b.box.Close()
		srv.Close()
	})
	b.http = &http.Client{
		Transport: &http.Transport{
			DialContext: dialTo(srv.Listener.Addr().String()), TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return b
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) field(t *testing.T, path ...string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("answer is not JSON: %s", a.body)
	}
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	return v
}

func (b *bench) do(req *http.Request) (answer, error) {
	res, err := b.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, body}, err
}

func (b *bench) must(req *http.Request, want int) answer {
	b.t.Helper()
	a, err := b.do(req)
	if err != nil {
		b.t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	if a.status != want {
		b.t.Fatalf("%s %s: status %d, want %d; body %s", req.Method, req.URL, a.status, want, a.body)
	}
	return a
}

func request(method, url, body string, header ...string) *http.Request {
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return req
}

const amojoBase = "https://amojo.amocrm.ru/v2/origin/custom/"

// amojo makes a signed Chats API request of the moment testNow.
func amojo(method, path, body string) *http.Request {
	return amojoAt(method, path, body, testNow)
}

func amojoAt(method, path, body string, at time.Time) *http.Request {
	req := request(method, amojoBase+path, body)
	date, sum := at.UTC().Format(time.RFC1123Z), md5Hex([]byte(body))
	req.Header.Set("Date", date)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Content-MD5", sum)
	req.Header.Set("X-Signature", signature(testSecret, method, sum, "application/json", date, req.URL.EscapedPath()))
	return req
}

const connectBody = `{"account_id":"` + testAmojo + `","title":"Line","hook_api_version":"v2"}`

func (b *bench) connect() {
	b.t.Helper()
	b.must(amojo("POST", testChannel+"/connect", connectBody), 200)
}

// text is a minimal right message of a client.
func text(msgid, conversation, words string) string {
	return fmt.Sprintf(`{"event_type":"new_message","payload":{"timestamp":1767225600,"msec_timestamp":1767225600123,"msgid":%q,`+
		`"conversation_id":%q,"silent":false,"sender":{"id":"u-1","name":"Анна"},"message":{"type":"text","text":%q}}}`, msgid, conversation, words)
}

func (b *bench) say(msgid, conversation, words string) answer {
	b.t.Helper()
	return b.must(amojo("POST", testScope, text(msgid, conversation, words)), 200)
}

func (b *bench) wait(what string, ok func() bool) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 60*time.Second)
	defer cancel()
	if err := b.box.WaitFor(ctx, ok); err != nil {
		b.t.Fatalf("%s did not come about", what)
	}
}

// waitHooks waits until n hooks have an outcome.
func (b *bench) waitHooks(n int) []HookRecord {
	b.t.Helper()
	b.wait(fmt.Sprintf("%d hooks", n), func() bool {
		done := 0
		for _, h := range b.box.Hooks() {
			if h.Outcome != "waiting" && h.Outcome != "held" {
				done++
			}
		}
		return done >= n
	})
	return b.box.Hooks()
}

func (b *bench) noBreach() {
	b.t.Helper()
	if got := b.box.Breaches(); len(got) != 0 {
		b.t.Errorf("breaches: %+v", got)
	}
}

func compact(t *testing.T, s string) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Compact(&out, []byte(s)); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
