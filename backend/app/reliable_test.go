package app

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
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
		if r.Method == http.MethodPost && r.URL.Path == "/v1/messages" {
			badGateway(w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	}))
	tried := b.front.asked("POST /v1/messages")
	c.give("lamp.gif", sample(t, "small.gif"))
	c.writes("five")
	c.sees(`document.querySelector(".sc-message--sending")`)
	b.until("the upload", func() bool { return b.front.asked("POST /v1/files") == 1 })
	b.until("the first try", func() bool { return b.front.asked("POST /v1/messages") > tried })
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
