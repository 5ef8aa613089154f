package app

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"leadline/backend/sandbox"
)

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
	// On a machine that is very slow the lead may pass on while one is under way.
	if n := b.front.asked("POST /v1/messages"); n > len(wants)+2 {
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
