package crmpage

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"leadline/backend/browsertest"
)

// Tests run in a real browser: one for the package, a tab and an account of
// its own for each test, so that nothing is shared.
var (
	browserOnce sync.Once
	browserCtx  context.Context
	browserErr  error
	browserEnd  = func() {}
)

func TestMain(m *testing.M) {
	code := m.Run()
	browserEnd()
	os.Exit(code)
}

// browser starts Chromium. Without it, or without the libraries, tests are
// skipped with a word, and fail where CI is set.
func browser(t *testing.T) context.Context {
	t.Helper()
	path := browsertest.Path(t)
	if !Built() {
		browsertest.Missing(t, "no libraries in crmpage/built (npm ci && npm run build in backend/sandbox): browser tests did not run")
	}
	browserOnce.Do(func() {
		dir, err := os.MkdirTemp("", "crmpage")
		if err != nil {
			browserErr = err
			return
		}
		var end func()
		browserCtx, end, browserErr = browsertest.Start(path, dir, chromedp.IgnoreCertErrors, chromedp.Flag("host-resolver-rules", "MAP * 127.0.0.1"))
		browserEnd = func() { end(); _ = os.RemoveAll(dir) }
	})
	if browserErr != nil {
		t.Fatal(browserErr)
	}
	return browserCtx
}

// notLabel is what a host name cannot hold; each test has a host and so cookies of its own.
var notLabel = regexp.MustCompile(`[^a-z0-9]+`)

const testUUID = "3f1c2a9e-6d5b-4c1e-8a77-0c9d4e5f6a7b"

// setup is one test's CRM: what differs from an account with an installed
// widget and an administrator.
type setup struct {
	code     string // widget code; "w" when empty
	script   string // script.js; body(…) makes one from statements
	files    map[string]string
	manifest map[string]any
	state    WidgetState
	global   bool
	noUUID   bool
	tls      bool
	backend  string
	opts     Options
	sources  []Source
}

// crm is a running page server with its world and one tab.
type crm struct {
	*world
	t      *testing.T
	site   *Site
	origin string
	tab    context.Context
}

var installed = WidgetState{Status: "installed", Active: "Y", Settings: `{"service_login":"demo"}`}

func open(t *testing.T, s setup) *crm {
	t.Helper()
	b := browser(t)
	w := &world{state: s.state, sources: s.sources, token: "token-1", status: http.StatusOK}
	if w.state.Status == "" {
		w.state = installed
	}
	w.users = []User{
		{ID: 9000002, Name: "Ann", Login: "ann@example.com", AmojoID: "a1", Language: "en", Admin: true},
		{ID: 9000003, Name: "Bob", Login: "bob@example.com", AmojoID: "b1", Language: "es"},
	}
	if s.backend != "" {
		s.opts.BackendOrigins = []string{s.backend}
	}
	site, err := New(w, s.opts)
	if err != nil {
		t.Fatal(err)
	}
	uuid := testUUID
	if s.noUUID {
		uuid = ""
	}
	if s.code == "" {
		s.code = "w"
	}
	if err := site.AddWidget(s.code, uuid, archive(t, s)); err != nil {
		t.Fatal(err)
	}
	server, scheme := httptest.NewUnstartedServer(site), "http"
	if s.tls {
		server.StartTLS()
		scheme = "https"
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	name := notLabel.ReplaceAllString(strings.ToLower(t.Name()), "-")
	if len(name) > 60 {
		name = name[len(name)-60:]
	}
	host := strings.Trim(name, "-") + ".amocrm.localhost"
	origin := scheme + "://" + host + server.URL[strings.LastIndex(server.URL, ":"):]
	w.account = Account{
		ID: 31000001, Subdomain: "democo", Zone: "amocrm.localhost", Name: "Demo", AmojoID: "52e591f7-c98f-4255-8495-827210138c81",
		Language: "en", Country: "US", Timezone: "UTC", Origin: origin, Global: s.global,
	}
	tab, cancel := chromedp.NewContext(b)
	t.Cleanup(cancel)
	if err := chromedp.Do(tab); err != nil { // binds the tab to its own context, not to that of a call
		t.Fatal(err)
	}
	return &crm{world: w, t: t, site: site, origin: origin, tab: tab}
}

// body makes a script.js whose constructor runs the statements; note() writes
// into the page's log of callbacks.
func body(statements string) string {
	return `define(['jquery'], function ($) {
  'use strict';
  return function CustomWidget() {
    var self = this;
    var note = function (text) { window.__crm.log.push(['w', String(text)]); };
    var yes = function () { return true; };
` + statements + `
  };
});`
}

// plain is a widget without own behaviour but the given callbacks.
func plain(callbacks string) string {
	return body(`this.callbacks = $.extend({ render: yes, init: yes, bind_actions: yes, onSave: yes, settings: yes, destroy: yes }, {` + callbacks + `});`)
}

func archive(t *testing.T, s setup) []byte {
	t.Helper()
	manifest := map[string]any{
		"widget": map[string]any{
			"name": "widget.name", "description": "widget.description", "short_description": "widget.short_description",
			"version": "1.0.0", "interface_version": 2, "init_once": false, "locale": []string{"ru", "en", "es"}, "installation": true,
			"support": map[string]any{"link": "https://help.example.test", "email": "help@example.test"},
		},
		"locations": []string{"settings", "lead_sources", "everywhere", "advanced_settings"},
		"advanced":  map[string]any{"title": "advanced.title"},
		"settings": map[string]any{
			"service_login": map[string]any{"name": "settings.service_login", "type": "text", "required": true},
		},
	}
	for key, value := range s.manifest {
		if w, ok := value.(map[string]any); ok && key == "widget" {
			for k, v := range w {
				manifest["widget"].(map[string]any)[k] = v
			}
			continue
		}
		manifest[key] = value
	}
	raw, err := json.Marshal(manifest)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"manifest.json": string(raw), "script.js": s.script,
		"i18n/ru.json": read(t, "ru.json"), "i18n/en.json": read(t, "en.json"), "i18n/es.json": read(t, "es.json"),
	}
	pixel, err := base64.StdEncoding.DecodeString("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"logo", "logo_main", "logo_small", "logo_medium", "logo_min", "tour_1", "tour_2"} {
		files["images/"+name+".png"] = string(pixel)
	}
	for name, text := range s.files {
		files[name] = text
	}
	if s.script == "" {
		delete(files, "script.js")
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, text := range files {
		f, err := z.Create(name)
		if err == nil {
			_, err = f.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func read(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// do runs steps with a limit.
func (c *crm) do(steps ...chromedp.Action[chromedp.Void]) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.tab, 60*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		c.t.Fatalf("%v; breaches %q", err, c.breaches())
	}
}

// visit opens an address and waits until its widgets are through their steps.
func (c *crm) visit(path string) {
	c.t.Helper()
	c.do(chromedp.Navigate(c.origin + path))
	c.until("__crm.ready === true")
}

// move changes the area inside the page.
func (c *crm) move(path string) {
	c.t.Helper()
	eval[any](c, "__crm.go("+quote(path)+"), null")
	c.until("__crm.ready === true")
}

// until waits for a condition in the page.
func (c *crm) until(condition string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.tab, 60*time.Second)
	defer cancel()
	var err error
	for ctx.Err() == nil { // a reload ends a poll with an error
		if _, err = chromedp.Run(ctx, chromedp.Poll[bool]("!!("+condition+")", chromedp.WithPollingInterval(20*time.Millisecond))); err == nil {
			return
		}
	}
	c.t.Fatalf("waiting for %s: %v; breaches %q; log %s", condition, err, c.breaches(), c.log())
}

func eval[T any](c *crm, expression string) T {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.tab, 60*time.Second)
	defer cancel()
	got, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		c.t.Fatalf("%s: %v", expression, err)
	}
	return got
}

// click is a person's click.
func (c *crm) click(selector string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.tab, browsertest.Patience)
	defer cancel()
	if err := browsertest.Click(ctx, selector); err != nil {
		c.t.Fatalf("%v; breaches %q; log %s", err, c.breaches(), c.log())
	}
}

// log is what ran: the widget's callbacks and its notes.
func (c *crm) log() string {
	c.t.Helper()
	return eval[string](c, `__crm.log.map(function (l) { return l[1]; }).join(' ')`)
}

func quote(s string) string { b, _ := json.Marshal(s); return string(b) }

// wantBreach waits for a report of the rule.
func (c *crm) wantBreach(rule string) {
	c.t.Helper()
	deadline := time.Now().Add(60 * time.Second)
	for time.Now().Before(deadline) {
		for _, b := range c.breaches() {
			if strings.HasPrefix(b, rule+":") {
				return
			}
		}
		eval[bool](c, "new Promise(function (r) { setTimeout(r, 50, true); })")
	}
	c.t.Errorf("no breach of %s, got %q", rule, c.breaches())
}

// wantNoBreach lets the slow detectors have their turn first.
func (c *crm) wantNoBreach() {
	c.t.Helper()
	eval[bool](c, "new Promise(function (r) { setTimeout(r, 1300, true); })")
	if got := c.breaches(); len(got) > 0 {
		c.t.Errorf("breaches = %q, want none", got)
	}
}
