package app

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"leadline/backend/sandbox"
)

// These tests hold what the site chat promises of a message: whatever the line,
// the proxies, the browser and the tabs do, it arrives once and in order.

// browsing is a world with a shop, a proxy before the backend and a browser.
type browsing struct {
	*world
	front   *front
	line    *relay
	browser *tab
	clock   *clock
}

func startBrowsing(t *testing.T) *browsing {
	t.Helper()
	b := &browsing{clock: &clock{}}
	b.world = newWorld(t, setup{login: true, now: b.clock.now})
	button, hash := b.connected()
	b.front = b.behindAFront()
	b.line = b.overABadLine()
	var at string
	b.shopIn(&at).paste(snippet(button, hash, "en"))
	b.browser = b.chromium(map[string]string{"shop.example.test": at})
	return b
}

// token is the visitor token of a panel.
func (b *tab) token() string {
	b.w.t.Helper()
	return js[string](b, `Object.entries(localStorage).find(([key]) => key.endsWith(".token"))?.[1] ?? ""`)
}

// wantOnce checks three transcripts of one visitor: that of the server, of the
// operator, and of the panel (if it is there) hold the texts once and in order.
func (b *browsing) wantOnce(token, direction string, panel *tab, texts ...string) {
	b.t.Helper()
	v := &visitor{w: b.world, base: chatURL, token: token}
	ours := func(list []string) []string {
		return slices.DeleteFunc(list, func(text string) bool {
			return !slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(text, t) })
		})
	}
	var server []message
	for _, m := range v.history() {
		if m.Direction == direction {
			server = append(server, m)
		}
	}
	if got := ours(inOrder(server)); !slices.Equal(got, texts) {
		b.t.Errorf("the server has %q, want %q", got, texts)
	}
	if got := ours(b.inbox(direction)); !slices.Equal(got, texts) {
		b.t.Errorf("the operator has %q, want %q", got, texts)
	}
	if panel == nil {
		return
	}
	selector := ".sc-message--" + direction + " .sc-message__text"
	panel.sees(fmt.Sprintf("document.querySelectorAll(%q).length >= %d && !document.querySelector('.sc-message--sending')", selector, len(texts)))
	if got := ours(js[[]string](panel, fmt.Sprintf("[...document.querySelectorAll(%q)].map((e) => e.textContent)", selector))); !slices.Equal(got, texts) {
		b.t.Errorf("the panel shows %q, want %q", got, texts)
	}
}

// arrives waits for a visitor's texts in the CRM.
func (b *browsing) arrives(texts ...string) {
	b.t.Helper()
	b.eventually(fmt.Sprintf("%q", texts), func() bool {
		got := b.inbox(sandbox.Inbound)
		return !slices.ContainsFunc(texts, func(text string) bool { return !slices.Contains(got, text) })
	})
}

// offline cuts the network of tabs, or gives it back, and tells their pages.
func offline(is bool, tabs ...*tab) {
	for _, b := range tabs {
		b.w.t.Helper()
		rules := []*network.Conditions{{Offline: is, DownloadThroughput: -1, UploadThroughput: -1}}
		if _, err := chromedp.Call(b.ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: rules}); err != nil {
			b.w.t.Fatal(err)
		}
		if _, err := chromedp.Call(b.ctx, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: is, DownloadThroughput: -1, UploadThroughput: -1}); err != nil {
			b.w.t.Fatal(err)
		}
	}
}

// TestThroughProxies talks through each kind of bad proxy and line.
func TestThroughProxies(t *testing.T) {
	t.Parallel()
	b := startBrowsing(t)
	lossy, lost := losing()
	for _, tt := range []struct {
		name  string
		way   way
		line  func(*relay)
		while func() // what changes once the first messages are written
		// stream is the address that the stream must have been asked at.
		stream string
		proof  func() bool
	}{
		{name: "refuses upgrades", way: forUpgrades, stream: "/v1/stream/events"},
		{name: "buffers answers", way: buffering, stream: "/v1/stream/poll"},
		{name: "loses the answers to messages", way: lossy, proof: func() bool { return lost.Load() > 3 }},
		{name: "answers 502 for a while", way: badGateway, while: func() {
			b.until("a message to be refused", func() bool { return b.front.asked("POST /v1/messages") > 1 })
			b.front.way.Store(way(nil))
		}},
		{name: "cuts every connection after 2 seconds", line: func(r *relay) { r.life.Store(int64(2 * time.Second)) }, proof: func() bool { return b.line.cuts.Load() > 0 }},
		{name: "cuts every connection after 60 kilobytes", line: func(r *relay) { r.bytes.Store(60 << 10) }},
		{name: "is slow", line: func(r *relay) { r.delay.Store(int64(300 * time.Millisecond)) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			own := *b.world
			own.t = t
			b := &browsing{&own, b.front, b.line, &tab{&own, b.browser.ctx}, b.clock}
			b.front.forget()
			b.line.cuts.Store(0)
			b.front.way.Store(tt.way)
			if tt.line != nil {
				tt.line(b.line)
			}
			defer func() {
				b.front.way.Store(way(nil))
				b.line.life.Store(0)
				b.line.bytes.Store(0)
				b.line.delay.Store(0)
			}()
			p := b.browser.person(shopURL + "/")
			c := p.opens()
			var asked, answered []string
			say := func(i int) {
				text := fmt.Sprintf("%s: question %d", tt.name, i)
				asked = append(asked, text)
				c.writes(text)
			}
			say(1)
			say(2)
			if tt.while != nil {
				tt.while()
			}
			b.arrives(asked...)
			chat := b.chatOf(asked[0])
			for i := 3; i <= 6; i++ {
				text := fmt.Sprintf("%s: answer %d", tt.name, i)
				answered = append(answered, text)
				b.says(chat, text)
				say(i)
				c.reads(text)
			}
			b.arrives(asked...)
			b.wantOnce(c.token(), "inbound", c, asked...)
			b.wantOnce(c.token(), "outbound", c, answered...)
			if tt.stream != "" && b.front.asked("GET "+tt.stream) == 0 {
				t.Errorf("the stream never came by %s", tt.stream)
			}
			if tt.proof != nil && !tt.proof() {
				t.Error("nothing was wrong with this line: the test shows nothing")
			}
		})
	}
	b.noBreaches()
}

// TestUnsentSurvives: what the server could not take is sent after the page was
// loaded again, the tab was killed, and days, also from a tab that never saw it.
func TestUnsentSurvives(t *testing.T) {
	t.Parallel()
	b := startBrowsing(t)
	p := b.browser.open(shopURL + "/")
	c := p.opens()
	c.writes("zero")
	b.arrives("zero")
	token := c.token()

	t.Log("a reload while unsent")
	b.front.way.Store(way(badGateway))
	c.writes("one")
	c.writes("two")
	c.sees(`document.querySelectorAll(".sc-message--sending").length === 2`)
	p.visit(shopURL + "/")
	c = p.opens()
	c.sees(`document.querySelectorAll(".sc-message--sending").length === 2`)
	c.writes("three")
	b.front.way.Store(way(nil))
	b.arrives("one", "two", "three")
	b.wantOnce(token, "inbound", c, "zero", "one", "two", "three")

	t.Log("a tab that is killed while it sends")
	lossy, lost := losing()
	b.front.way.Store(lossy)
	c.writes("four")
	b.until("the first try", func() bool { return lost.Load() == 1 })
	b.kill(p)
	b.front.way.Store(way(nil))
	p = b.browser.open(shopURL + "/")
	c = p.panel() // who wrote before has the panel loaded by itself
	b.wantOnce(token, "inbound", c, "zero", "one", "two", "three", "four")

	t.Log("days later, the ticket and the upload long gone")
	c = p.opens()
	b.front.way.Store(way(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method == "POST" && r.URL.Path == "/v1/messages" {
			badGateway(w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	}))
	c.give("lamp.gif", sample(t, "small.gif"))
	c.writes("five")
	b.until("the upload", func() bool { return b.front.asked("POST /v1/files") == 1 })
	b.until("the first try", func() bool { return b.front.asked("POST /v1/messages") > 0 })
	c.writes("six")
	c.sees(`document.querySelectorAll(".sc-message--sending").length === 2`)
	b.kill(p)
	b.clock.advance(b.box, 3*24*time.Hour)
	if n, err := b.app.unsent.sweep(t.Context()); n != 1 || err != nil {
		t.Fatalf("swept %d, %v; want the upload of three days ago", n, err)
	}
	b.front.way.Store(way(nil))
	p = b.browser.open(shopURL + "/")
	c = p.panel()
	b.arrives("five", "six")
	b.wantOnce(token, "inbound", nil, "zero", "one", "two", "three", "four", "five", "six")
	if n := b.front.asked("POST /v1/files"); n != 2 {
		t.Errorf("uploaded %d times, want once more", n)
	}
	for _, m := range (&visitor{w: b.world, base: chatURL, token: token}).history() {
		if m.Text == "five" && (m.File == nil || m.File.Name != "lamp.gif") {
			t.Errorf("the picture came as %+v", m.File)
		}
	}
	// Nothing is kept of what arrived.
	b.until("the browser to forget", func() bool { return c.kept() == "[0,0]" })
	b.noBreaches()
}

// kill closes a tab without asking its page.
func (b *browsing) kill(victim *tab) {
	b.t.Helper()
	id := chromedp.FromContext(victim.ctx).Target.TargetID
	_ = chromedp.Cancel(victim.ctx) // its frame goes with it, which is said as an error
	b.until("the tab to be gone", func() bool {
		list, err := chromedp.Targets(b.browser.ctx)
		return err == nil && !slices.ContainsFunc(list, func(info *target.Info) bool { return info.TargetID == id })
	})
}

// kept counts the messages and the files in the database of a panel.
func (b *tab) kept() string {
	b.w.t.Helper()
	return js[string](b, `indexedDB.databases().then(([{ name }]) => new Promise((done) => {
		indexedDB.open(name).onsuccess = (e) => {
			const db = e.target.result, t = db.transaction(["messages", "bytes"]);
			const counts = ["messages", "bytes"].map((s) => t.objectStore(s).count());
			t.oncomplete = () => { db.close(); done(JSON.stringify(counts.map((c) => c.result))) };
		};
	}))`)
}

// give drops a file on the panel.
func (b *tab) give(name string, data []byte) {
	b.w.t.Helper()
	js[any](b, fmt.Sprintf(`(() => {
		const data = new DataTransfer();
		data.items.add(new File([Uint8Array.from(atob(%q), (c) => c.charCodeAt(0))], %q, { type: "image/gif" }));
		document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
		return null;
	})()`, base64.StdEncoding.EncodeToString(data), name))
	b.sees(`document.querySelector(".sc-tray__item")`)
}

// TestTabsShareOneStream: two tabs, one stream; both write at once, each message
// goes out once; whatever happens to the tab that leads, the other goes on.
func TestTabsShareOneStream(t *testing.T) {
	t.Parallel()
	b := startBrowsing(t)
	first := b.browser.open(shopURL + "/")
	one := first.opens()
	one.writes("begin")
	chat := b.chatOf("begin")
	second := b.browser.open(shopURL + "/")
	two := second.opens()
	two.reads("begin")
	token := one.token()
	streams := func(what string, n int) {
		t.Helper()
		b.until(what, func() bool { return b.app.streams.Streams() == n })
	}
	streams("one stream for both tabs", 1)

	t.Log("both write at once")
	b.front.forget()
	var wants []string
	for i := range 5 {
		for name, c := range map[string]*tab{"one": one, "two": two} {
			text := fmt.Sprintf("%s %d", name, i)
			wants = append(wants, text)
			js[any](c, fmt.Sprintf(`(() => { const t = document.querySelector("textarea"); t.value = %q; t.form.requestSubmit(); return null })()`, text))
		}
	}
	b.arrives(wants...)
	if n := b.front.asked("POST /v1/messages"); n != len(wants) {
		t.Errorf("%d messages took %d requests", len(wants), n)
	}
	for _, c := range []*tab{one, two} {
		got := b.inbox(sandbox.Inbound)[1:]
		b.wantOnce(token, "inbound", c, got...)
		for _, name := range []string{"one", "two"} { // each tab's own order
			mine := slices.DeleteFunc(slices.Clone(got), func(text string) bool { return !strings.HasPrefix(text, name) })
			if !slices.IsSorted(mine) {
				t.Errorf("%s wrote in order, and it arrived as %q", name, mine)
			}
		}
	}
	b.says(chat, "to both")
	one.reads("to both")
	two.reads("to both")
	streams("still one stream", 1)

	t.Log("the leader is frozen")
	state := func(b *tab, state page.SetWebLifecycleStateState) {
		t.Helper()
		if _, err := chromedp.Call(b.ctx, page.SetWebLifecycleState, page.SetWebLifecycleStateParams{State: state}); err != nil {
			t.Fatal(err)
		}
	}
	state(first, page.SetWebLifecycleStateStateFrozen)
	b.says(chat, "while the first sleeps")
	two.reads("while the first sleeps")
	two.writes("and I write")
	b.arrives("and I write")
	state(first, page.SetWebLifecycleStateStateActive)
	one.reads("while the first sleeps")
	one.reads("and I write")
	streams("one stream again", 1)

	t.Log("the leader says nothing any more, and nobody told")
	third := b.browser.open(shopURL + "/")
	three := third.opens()
	three.reads("and I write")
	js[any](two, `(BroadcastChannel.prototype.postMessage = () => {}, null)`)
	b.says(chat, "to who can hear")
	three.reads("to who can hear")
	three.writes("and from who can hear")
	b.arrives("and from who can hear")

	t.Log("the leader is closed")
	fourth := b.browser.open(shopURL + "/")
	four := fourth.opens()
	four.reads("and from who can hear")
	b.kill(second)
	b.kill(third)
	b.says(chat, "to who is left")
	four.reads("to who is left")
	four.writes("and from who is left")
	b.arrives("and from who is left")
	b.wantOnce(token, "outbound", four, "to both", "while the first sleeps", "to who can hear", "to who is left")
	b.wantOnce(token, "inbound", four, "and I write", "and from who can hear", "and from who is left")
	b.noBreaches()
}

// TestOfflineThenTheTokenRunsOut: what was written without a network, before the
// visitor token became void, goes out under the next one.
func TestOfflineThenTheTokenRunsOut(t *testing.T) {
	t.Parallel()
	b := startBrowsing(t)
	p := b.browser.open(shopURL + "/")
	c := p.opens()
	c.writes("before")
	b.arrives("before")
	offline(true, p, c)
	c.sees(`document.querySelector('.sc-banner').textContent.includes('offline')`)
	c.writes("offline one")
	c.writes("offline two")
	c.sees(`document.querySelectorAll(".sc-message--sending").length === 2`)
	// The ticket of the page is good for ten minutes; the token is one that nobody knows any more.
	b.clock.advance(b.box, time.Hour)
	js[any](c, `(localStorage.setItem(Object.keys(localStorage).find((key) => key.endsWith(".token")), "a.b.c"), null)`)
	offline(false, p, c)
	b.arrives("offline one", "offline two")
	b.wantOnce(c.token(), "inbound", c, "offline one", "offline two")
	b.noBreaches()
}

// refusing answers the panel's script with one that finds no such storage.
func refusing(names ...string) way {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if !strings.HasPrefix(r.URL.Path, "/assets/panel.") || !strings.HasSuffix(r.URL.Path, ".js") {
			next.ServeHTTP(w, r)
			return
		}
		held := httptest.NewRecorder()
		r.Header.Del("Accept-Encoding")
		next.ServeHTTP(held, r)
		w.Header().Set("Content-Type", held.Header().Get("Content-Type"))
		for _, name := range names {
			_, _ = fmt.Fprintf(w, `Object.defineProperty(self, %q, { get() { throw new DOMException("refused", "SecurityError") } });`, name)
		}
		_, _ = io.Copy(w, held.Body)
	}
}

// TestWhereStorageIsRefused: without a database texts wait in the other storage;
// without any the chat works all the same, and the visitor is told what a reload
// would lose when it would.
func TestWhereStorageIsRefused(t *testing.T) {
	t.Parallel()
	b := startBrowsing(t)
	banner := `document.querySelector('.sc-banner').textContent`
	for _, tt := range []struct {
		name    string
		refused []string
		told    string
	}{
		{"no database", []string{"indexedDB"}, "You are offline"},
		{"nothing", []string{"indexedDB", "localStorage", "sessionStorage"}, "Keep this page open"},
	} {
		b.front.way.Store(refusing(tt.refused...))
		p := b.browser.person(shopURL + "/")
		c := p.opens()
		one, two := tt.name+": one", tt.name+": two"
		c.writes(one)
		b.arrives(one)
		if got := js[string](c, banner); got != "" {
			t.Errorf("with all sent it says %q", got)
		}
		offline(true, p, c)
		c.sees(banner + `.includes('You are offline')`)
		c.writes(two)
		c.sees(fmt.Sprintf(`%s.includes(%q) && document.querySelector('.sc-message--sending')`, banner, tt.told))
		p.shot("refused " + tt.name)
		if tt.told == "You are offline" {
			// It is kept: another page sends it.
			offline(false, p)
			p.visit(shopURL + "/")
			c = p.panel()
		} else {
			offline(false, p, c)
		}
		b.arrives(two)
		c.sees(banner + ` === ''`)
		if tt.told == "You are offline" {
			b.wantOnce(c.token(), "inbound", c, one, two)
		}
	}
	b.noBreaches()
}

// TestWhereThereIsNoRoom: a file that the browser has no room for is sent all the
// same, and said to be lost by a reload while it waits.
func TestWhereThereIsNoRoom(t *testing.T) {
	t.Parallel()
	b := startBrowsing(t)
	p := b.browser.open(shopURL + "/")
	c := p.opens()
	c.writes("one")
	b.arrives("one")
	// The quota of a test's browser is that of the disk: the database itself says no.
	js[any](c, `(() => {
		const add = IDBObjectStore.prototype.add;
		IDBObjectStore.prototype.add = function (value, ...key) {
			if (value instanceof Blob) throw new DOMException("no room", "QuotaExceededError");
			return add.call(this, value, ...key);
		};
		return null;
	})()`)
	c.give("lamp.gif", sample(t, "small.gif"))
	offline(true, p, c)
	c.sees(`document.querySelector('.sc-banner').textContent.includes('You are offline')`)
	c.writes("two")
	c.sees(`document.querySelector('.sc-banner').textContent.includes('Keep this page open')`)
	c.writes("three")
	offline(false, p, c)
	b.arrives("two", "three")
	b.wantOnce(c.token(), "inbound", c, "one", "two", "three")
	b.noBreaches()
}
