package browsertest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestClick: a click waits until its element is there, stands still and is free, and
// says what it waits for.
func TestClick(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(`<!doctype html><title>t</title><link rel=icon href=data:,><style>button { display: block }</style>
<div id=above></div><button id=good onclick="document.title += ' good'">Good</button>
<button id=hidden style="display: none">Hidden</button>
<div style="position: relative"><button id=covered>Covered</button><p id=cover style="position: absolute; inset: 0; margin: 0">Cover</p></div>
<div style="height: 4000px"></div><button id=far onclick="document.title += ' far'">Far</button>`))
	}))
	t.Cleanup(server.Close)
	tab := Open(t)
	ctx, cancel := context.WithTimeout(tab, 2*Patience)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, chromedp.Navigate(server.URL)); err != nil {
		t.Fatal(err)
	}
	// It wanders for a second, as what stands under a picture that loads.
	if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](`(() => { let n = 0; const move = () => {
		document.getElementById("above").style.height = 30 * ++n + "px"; if (n < 60) requestAnimationFrame(move); }; move(); })()`)); err != nil {
		t.Fatal(err)
	}
	for _, selector := range []string{"#good", "#far"} {
		if err := Click(ctx, selector); err != nil {
			t.Fatal(err)
		}
	}
	if err := Wait(ctx, `document.title === "t good far"`); err != nil {
		t.Fatal(err)
	}
	for selector, why := range map[string]string{"#none": "not there", "#hidden": "does not show", "#covered": "lies over it"} {
		short, stop := context.WithTimeout(ctx, 3*time.Second)
		if err := Click(short, selector); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("click on %s: %v, want that it says %q", selector, err, why)
		}
		stop()
	}
}
