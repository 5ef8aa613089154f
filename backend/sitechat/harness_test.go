package sitechat

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"leadline/backend/browsertest"
)

// Tests of the loader run in a real browser: one for the package, a tab and a site of its own for each test.
var (
	browserOnce sync.Once
	browserCtx  context.Context
	browserErr  error
	browserEnd  = func() {}
	sites       atomic.Int64
)

func TestMain(m *testing.M) {
	code := m.Run()
	browserEnd()
	os.Exit(code)
}

func browser(t testing.TB) context.Context {
	t.Helper()
	path := browsertest.Path(t)
	browserOnce.Do(func() { browserCtx, browserEnd, browserErr = startBrowser(path) })
	if browserErr != nil {
		t.Fatal(browserErr)
	}
	return browserCtx
}

// startBrowser starts a Chromium with flags besides the usual ones; end is never nil.
func startBrowser(path string, more ...chromedp.ExecAllocatorOption) (ctx context.Context, end func(), err error) {
	dir, err := os.MkdirTemp("", "sitechat")
	if err != nil {
		return nil, func() {}, err
	}
	more = append(more, chromedp.WindowSize(1000, 760), chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true))
	ctx, stop, err := browsertest.Start(path, dir, more...)
	return ctx, func() { stop(); _ = os.RemoveAll(dir) }, err
}

// site is a website and a chat host beside it, which serves the loader and answers as http-api.md §3 says.
type site struct {
	t    testing.TB
	ctx  context.Context
	chat *httptest.Server
	page *httptest.Server
	html string
	// browser is another one than the tests'; before runs in the tab before the page is opened; probe is a script of the bench
	// in the panel's page.
	browser context.Context
	before  func(*site)
	probe   string
	// routes adds to the chat host; phone is the width of the browser.
	routes func(*http.ServeMux)
	phone  bool
	// patience bounds the whole test; two minutes when zero.
	patience time.Duration
	// session is what a session says besides token, origin and locale; without it the visitor never wrote.
	session func() string
	locale  string // of the session; English when empty
	// opened is told with what a session is asked for.
	opened func(body map[string]any)
	// mode is the chat's: one conversation, or multiple; button is added to the button of the config.
	mode, button string
	// style is the button's; carried stands in the chat's place in the config, extras after it.
	style, carried, extras string
	language               string // of the button; English when empty
	// origin is what the session says that its ticket was given to, when it is not the site.
	origin string
	// refuse answers the nth call of session with a status and a code; status 0 is success.
	refuse func(n int) (status int, code string)

	mu     sync.Mutex
	header map[string]string
	status int      // of the config call; 0 is 200
	asked  []string // config and frame calls: "config 1042", "frame 1042"
	said   []string // console and errors of the page
}

// visit opens a page whose body is the html. In it LOADER stands for the loader's address and HASH for a button's hash.
func visit(t testing.TB, html string, prepare ...func(*site)) *site {
	t.Helper()
	build := buildOf(t)
	s := &site{t: t, html: html, header: map[string]string{}}
	for _, act := range prepare {
		act(s)
	}
	parent := s.browser
	if parent == nil {
		parent = browser(t)
	}
	chat := http.NewServeMux()
	chat.HandleFunc("GET /js/button.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", build.Loader().Type)
		w.Header().Set("Access-Control-Allow-Origin", "*")
		_, _ = w.Write(build.Loader().Data)
	})
	chat.HandleFunc("GET /assets/{name}", func(w http.ResponseWriter, r *http.Request) {
		f, ok := build.Asset(r.PathValue("name"))
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", f.Type)
		w.Header().Set("Access-Control-Allow-Origin", "*")
		_, _ = w.Write(f.Data)
	})
	chat.HandleFunc("GET /probe.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", scriptType)
		fmt.Fprint(w, s.probe)
	})
	chat.HandleFunc("GET /v1/buttons/{id}/config", s.config)
	chat.HandleFunc("GET /v1/frame/{id}", func(w http.ResponseWriter, r *http.Request) {
		s.note("frame " + r.PathValue("id"))
		page, err := build.FramePage(Frame{ButtonID: r.PathValue("id"), Lang: r.URL.Query().Get("lang")})
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", FramePolicy(r.Host, []string{s.page.URL}))
		if s.probe != "" {
			page = bytes.Replace(page, []byte("</head>"), []byte(`<script src="../../probe.js"></script></head>`), 1)
		}
		_, _ = w.Write(page)
	})
	chat.HandleFunc("POST /v1/session", func(w http.ResponseWriter, r *http.Request) {
		s.note("session")
		if s.opened != nil {
			var body map[string]any
			_ = json.NewDecoder(r.Body).Decode(&body)
			s.opened(body)
		}
		if s.refuse != nil {
			if status, code := s.refuse(s.askedFor("session")); status != 0 {
				answer(w, status, `{"error": {"code": "`+code+`", "message": "No.", "request_id": "1"}}`)
				return
			}
		}
		rest := `"conversation": null, "strings": {}`
		if s.session != nil {
			rest = s.session()
		}
		// The origin that the ticket was given to.
		answer(w, http.StatusOK, `{"token": "visitor", "origin": "`+cmp.Or(s.origin, s.page.URL)+`", "locale": "`+cmp.Or(s.locale, "en")+`", `+rest+`}`)
	})
	// What a test has no answer for does not exist, said as the server says it.
	chat.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusNotFound, `{"error": {"code": "not_found", "message": "There is nothing here.", "request_id": "1"}}`)
	})
	if s.routes != nil {
		s.routes(chat)
	}
	s.chat = httptest.NewServer(chat)
	t.Cleanup(s.chat.Close)
	s.page = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		for name, value := range s.header {
			w.Header().Set(name, strings.NewReplacer("WSCHAT", strings.Replace(s.chat.URL, "http", "ws", 1), "CHAT", s.chat.URL).Replace(value))
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<!doctype html><title>Shop</title><link rel=icon href=data:,>"+s.fill(s.html))
	}))
	t.Cleanup(s.page.Close)
	// A host of its own for each test: cookies know nothing of ports.
	s.page.URL = strings.Replace(s.page.URL, "127.0.0.1", fmt.Sprintf("shop-%d.localhost", sites.Add(1)), 1)

	ctx, cancel := chromedp.NewContext(parent)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	ctx, cancelTime := context.WithTimeout(ctx, cmp.Or(s.patience, 2*browsertest.Patience))
	t.Cleanup(cancelTime)
	s.ctx = ctx
	if err := chromedp.Listen(ctx, s.hear); err != nil {
		t.Fatal(err)
	}
	if s.phone {
		if err := chromedp.Do(ctx, chromedp.EmulateViewport(375, 667, chromedp.EmulateMobile, chromedp.EmulateTouch)); err != nil {
			t.Fatal(err)
		}
	}
	if s.before != nil {
		s.before(s)
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(s.page.URL+"/")); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *site) fill(html string) string {
	return strings.NewReplacer("LOADER", s.chat.URL+"/js/button.js", "HOST", s.chat.URL, "HASH", strings.Repeat("a1", 32)).Replace(html)
}

// config answers with the Config of http-api.md §3.
func (s *site) config(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	s.note("config " + id)
	w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
	s.mu.Lock()
	status := s.status
	s.mu.Unlock()
	switch {
	case r.Header.Get("Origin") != s.page.URL || r.URL.Query().Get("hash") != strings.Repeat("a1", 32):
		answer(w, http.StatusNotFound, `{"error": {"code": "button_not_found", "message": "There is no such button.", "request_id": "1"}}`)
	case status == http.StatusForbidden:
		answer(w, status, `{"error": {"code": "origin_not_trusted", "message": "This site is not among the trusted sites of the button.", "request_id": "1"}}`)
	case status != 0:
		answer(w, status, `{"error": {"code": "internal", "message": "Something went wrong.", "request_id": "1"}}`)
	default:
		answer(w, http.StatusOK, `{"button": {"id": "`+id+`", "color": "#0b6bcb", "position": "right", "style": "`+s.style+`", "locale": "`+cmp.Or(s.language, "en")+`"`+s.button+`},
 "chat": `+cmp.Or(s.carried, `{"title": "Shop support", "mode": "`+cmp.Or(s.mode, "one")+`"}`)+s.extras+`,
 "ticket": "opaque", "frame": "/v1/frame/`+id+`"}`)
	}
}

func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}

func (s *site) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, what)
}

func (s *site) hear(event any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		for _, arg := range e.Args {
			s.said = append(s.said, fmt.Sprintf("%s: %s", e.Type, arg.Value))
		}
	case *runtime.EventExceptionThrown:
		s.said = append(s.said, "thrown: "+e.ExceptionDetails.Text+" "+e.ExceptionDetails.Exception.Description)
	}
}

// heard returns what the page said so far that holds the text.
func (s *site) heard(text string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, line := range s.said {
		if strings.Contains(line, text) {
			out = append(out, line)
		}
	}
	return out
}

func (s *site) askedFor(what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, a := range s.asked {
		if a == what {
			n++
		}
	}
	return n
}

// run evaluates a script in the page.
func (s *site) run(script string) {
	s.t.Helper()
	if err := chromedp.Do(s.ctx, chromedp.Evaluate[chromedp.Void](script)); err != nil {
		s.t.Fatalf("%s: %v", script, err)
	}
}

// until waits for an expression of the page to be true.
func (s *site) until(expression string) {
	s.t.Helper()
	if err := chromedp.Do(s.ctx, chromedp.Poll[chromedp.Void]("!!("+expression+")", chromedp.WithPollingInterval(20*time.Millisecond))); err != nil {
		s.t.Fatalf("%s: %v; page said %q", expression, err, s.heard(""))
	}
}

// value evaluates an expression and compares its JSON with what is wanted.
func (s *site) value(expression string, want any) {
	s.t.Helper()
	got, err := chromedp.Run(s.ctx, chromedp.Evaluate[string]("JSON.stringify("+expression+") ?? 'undefined'"))
	if err != nil {
		s.t.Fatalf("%s: %v", expression, err)
	}
	var raw strings.Builder
	enc := json.NewEncoder(&raw)
	enc.SetEscapeHTML(false) // as the page writes it
	if err := enc.Encode(want); err != nil {
		s.t.Fatal(err)
	}
	if want := strings.TrimSpace(raw.String()); got != want {
		s.t.Errorf("%s = %s, want %s; page said %q", expression, got, want, s.heard(""))
	}
}
