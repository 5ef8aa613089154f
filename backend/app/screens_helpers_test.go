package app

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"leadline/backend/sitechat"
)

// languages are those that every screen speaks.
var languages = []string{"ru", "en", "es", "pt"}

// wide: every combination of states, languages, products and schemes is looked at,
// not a choice of them in which each stands once.
func wide() bool { return os.Getenv("LEADLINE_WIDE") != "" }

// spoken are the languages in which a screen is looked at: the one with the longest
// words, and that of the rules' own words.
func spoken() []string {
	if wide() {
		return languages
	}
	return languages[:2]
}

// front stands before the backend as a host's proxy does: browsers keep its
// address while the backend restarts behind it, and it can refuse upgrades, as
// proxies that know no WebSocket do.
type front struct {
	w         *world
	to        atomic.Value // address of the backend
	noSockets atomic.Bool
	refused   atomic.Int64 // upgrades that were refused
	down      atomic.Bool  // lines are cut, as if nothing ran behind it
	downAt    atomic.Value // the same for paths with this prefix, a string
	instead   atomic.Value // http.HandlerFunc that answers the widget's requests instead of the backend; nil for none
	way       atomic.Value // a way, what else it does with requests
	noCookies atomic.Bool  // none is set in frames, as where a browser refuses them

	proxy http.Handler
	mu    sync.Mutex
	count map[string]int
	plays map[string]http.Handler // paths that something else answers than the backend
}

// play has a path answered by something else than the backend.
func (f *front) play(path string, h http.Handler) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.plays[path] = h
}

// asked tells how often "METHOD /path" was asked for.
func (f *front) asked(what string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count[what]
}

// forget counts from here on.
func (f *front) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.count)
}

// behindAFront puts a front between browsers and the backend; call it before
// the browser starts.
func (w *world) behindAFront() *front {
	w.t.Helper()
	cert, err := testCertificate()
	if err != nil {
		w.t.Fatal(err)
	}
	f := &front{w: w, count: map[string]int{}, plays: map[string]http.Handler{}}
	f.to.Store(w.appAddr())
	f.downAt.Store("-")
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: cert.pool},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, f.to.Load().(string))
		},
		DisableKeepAlives: true,
	}
	proxy := &httputil.ReverseProxy{
		Transport: transport, FlushInterval: -1, ErrorLog: log.New(io.Discard, "", 0),
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = "https", r.In.Host, r.In.Host
		},
		ModifyResponse: func(r *http.Response) error {
			if f.noCookies.Load() && strings.HasPrefix(r.Request.URL.Path, "/embed/") {
				r.Header.Del("Set-Cookie")
			}
			return nil
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }, // the browser sees a cut line
	}
	var at string
	f.proxy = proxy
	served := w.serve(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		f.count[r.Method+" "+r.URL.Path]++
		instead := f.plays[r.URL.Path]
		f.mu.Unlock()
		if f.down.Load() || strings.HasPrefix(r.URL.Path, f.downAt.Load().(string)) {
			panic(http.ErrAbortHandler)
		}
		if act, _ := f.instead.Load().(http.HandlerFunc); act != nil && strings.HasPrefix(r.URL.Path, "/widget/v1/") {
			act(rw, r)
			return
		}
		if f.noSockets.Load() && r.Header.Get("Upgrade") != "" {
			f.refused.Add(1)
			http.Error(rw, "no upgrades here", http.StatusBadRequest)
			return
		}
		if instead != nil {
			instead.ServeHTTP(rw, r)
			return
		}
		if treat, ok := f.way.Load().(way); ok && treat != nil {
			treat(rw, r, proxy)
			return
		}
		proxy.ServeHTTP(rw, r)
	}), &at)
	w.t.Cleanup(served.close)
	w.at.Store(at)
	return f
}

// start starts the backend that was stopped.
func (f *front) start() {
	f.w.t.Helper()
	f.w.transport.CloseIdleConnections()
	f.w.startApp(nil)
	f.to.Store(f.w.appAddr())
}

// person opens the page in a browser profile of its own: storage and cookies
// are shared with no other tab.
func (b *tab) person(address string, looks ...chromedp.Action[chromedp.Void]) *tab {
	b.w.t.Helper()
	ctx, stop := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	b.w.t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil {
		b.w.t.Fatal("open a profile: ", err)
	}
	t := &tab{b.w, ctx}
	if len(looks) > 0 {
		t.do(looks...)
	}
	t.visit(address)
	return t
}

// phone is how a small phone shows a page.
func phone() chromedp.Action[chromedp.Void] {
	return chromedp.EmulateViewport(375, 667, chromedp.EmulateMobile, chromedp.EmulateTouch)
}

// scheme makes the tabs (a page and its frame) light or dark, without motion.
func scheme(name string, tabs ...*tab) {
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"}}
	for _, b := range tabs {
		b.w.t.Helper()
		if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
			b.w.t.Fatal(err)
		}
	}
}

// panel waits for the chat's frame inside this very tab.
func (b *tab) panel() *tab {
	b.w.t.Helper()
	own := frameID(b)
	var f *tab
	until(b.w.t, "the panel's frame", func() bool {
		list, err := chromedp.Targets(b.ctx)
		if err != nil {
			b.w.t.Fatal(err)
		}
		for _, info := range list {
			if info.ParentFrameID != own && cdp.FrameID(info.ParentID) != own || !strings.HasPrefix(info.URL, chatURL+"/v1/frame/") {
				continue
			}
			ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithTargetID(info.TargetID))
			b.w.t.Cleanup(cancel)
			f = &tab{b.w, ctx}
			return chromedp.Do(ctx) == nil
		}
		return false
	})
	return f
}

// frameID is the id of the tab's main frame: that of its target.
func frameID(b *tab) cdp.FrameID { return cdp.FrameID(chromedp.FromContext(b.ctx).Target.TargetID) }

// opens presses the launcher and waits for the panel to take text.
func (b *tab) opens() *tab {
	b.w.t.Helper()
	b.sees(`document.querySelector('.amo-button--main')`)
	b.click(`.amo-button--main`)
	p := b.panel()
	p.sees(`document.querySelector('.sc-composer:not([hidden]) textarea')`)
	return p
}

// writes sends a text as a person does: keys go to where the focus is.
func (b *tab) writes(text string) {
	b.w.t.Helper()
	b.do(chromedp.SendKeys(chromedp.CSS("textarea"), text+"\r"))
}

var axeScript = sync.OnceValues(func() ([]byte, error) {
	return os.ReadFile("../sitechat/node_modules/axe-core/axe.min.js")
})

// axe looks at what is under the selector and fails on every finding. It runs in
// a world of its own, so that the page's scripts do not see it. After it,
// sees may poll in that world, which has the page's nodes but not its names.
func (b *tab) axe(what, selector string) {
	b.w.t.Helper()
	script, err := axeScript()
	if err != nil {
		if os.Getenv("CI") == "true" {
			b.w.t.Fatal("no axe-core: ", err)
		}
		b.w.t.Log("NO AXE-CORE, run npm ci in backend/sitechat: the accessibility was not looked at")
		return
	}
	ctx, cancel := context.WithTimeout(b.ctx, 60*time.Second)
	defer cancel()
	made, err := chromedp.Call(ctx, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{FrameID: frameID(b), WorldName: "axe"})
	if err != nil {
		b.w.t.Fatal("axe: ", err)
	}
	apart := func(p *runtime.EvaluateParams) { p.ContextID = made.ExecutionContextID }
	quoted, _ := json.Marshal(selector)
	if there, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`typeof axe === "object"`, apart)); err != nil || !there {
		if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](string(script)+"; true", apart)); err != nil {
			b.w.t.Fatal("axe: ", err)
		}
	}
	found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](`axe.run(`+string(quoted)+
		`).then((r) => r.violations.flatMap((v) => v.nodes.map((n) => v.id + ": " + n.html + " - " + n.failureSummary)))`, apart, chromedp.EvalAwaitPromise))
	if err != nil {
		b.w.t.Fatal("axe: ", err)
	}
	for _, f := range found {
		b.w.t.Errorf("axe, %s: %s", what, f)
	}
}

// snippet is the embed code for a page in one language.
func snippet(button, hash, lang string) string {
	return sitechat.Snippet(sitechat.AmoCRM, sitechat.Embed{ButtonID: button, Hash: hash, Locale: lang, LoaderURL: chatURL + "/js/button.js"})
}

// shopIn serves a shop with the button in one language at the address that
// chromium() is to know it by.
func (w *world) shopIn(at *string) *shop {
	w.t.Helper()
	site := &shop{}
	served := w.serve(site, at)
	w.t.Cleanup(served.close)
	return site
}
