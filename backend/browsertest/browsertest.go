// Package browsertest drives Chromium for tests: it starts one, clicks as a person
// does, and waits. It is for tests alone.
package browsertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Patience is how long one act or wait may take on a machine that runs much else.
const Patience = 60 * time.Second

// Path finds Chromium. Without one the test is skipped with a word, and fails where
// CI is set; LEADLINE_NO_BROWSER skips it wherever.
func Path(t testing.TB) string {
	t.Helper()
	if os.Getenv("LEADLINE_NO_BROWSER") != "" {
		t.Skip("LEADLINE_NO_BROWSER is set")
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		Missing(t, "NO CHROMIUM: this test did not run")
	}
	return path
}

// Missing ends a test that lacks something on this machine: skipped, or failed in CI.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// Start starts a Chromium with a fresh profile in dir and the options besides the
// usual ones. The context is its first tab; end closes it and is never nil.
func Start(path, dir string, more ...chromedp.ExecAllocatorOption) (ctx context.Context, end func(), err error) {
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(dir),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1280, 900))
	for _, flag := range []string{"disable-quic", "no-first-run", "disable-background-networking", "disable-component-update", "disable-sync"} {
		opts = append(opts, chromedp.Flag(flag, true))
	}
	opts = append(opts, Without())
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), append(opts, more...)...)
	ctx, stop := chromedp.NewContext(alloc)
	end = func() { stop(); stopAlloc() }
	if err := chromedp.Do(ctx); err != nil { // without a timeout: it binds the browser's life to this context
		return nil, end, fmt.Errorf("start chromium: %w", err)
	}
	return ctx, end, nil
}

// Without switches features of Chromium off, besides those that Start does: it says that
// again, as the browser takes the last list alone. The lists under the address bar are
// pages that take more of the processor than most of ours, in every window, though nobody
// types there.
func Without(features ...string) chromedp.ExecAllocatorOption {
	all := append([]string{"Translate", "BlinkGenPropertyTrees", "WebUIOmniboxPopup", "WebUIOmniboxAimPopup"}, features...)
	return chromedp.Flag("disable-features", strings.Join(all, ","))
}

// Open starts a Chromium for one test.
func Open(t testing.TB, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	ctx, end, err := Start(Path(t), t.TempDir(), more...)
	t.Cleanup(end)
	if err != nil {
		t.Fatal(err)
	}
	return ctx
}

// spot finds out where a click on an element goes: its middle, once it has stood
// still for two pictures, but for a tremble, and nothing lies over it. Pages move while their pictures load, and
// an act on the place where a button was is no click on it.
const spot = `(async (selector) => {
	const el = document.querySelector(selector);
	if (!el) return {why: "it is not there"};
	el.scrollIntoViewIfNeeded();
	const box = () => { const r = el.getClientRects()[0]; return r && [r.left, r.top, r.width, r.height]; };
	const picture = () => new Promise((done) => { requestAnimationFrame(done); setTimeout(done, 100); });
	const one = box();
	await picture(); await picture();
	const two = box();
	if (!one || !two || !two[2] || !two[3] || getComputedStyle(el).visibility !== "visible") return {why: "it does not show"};
	const at = {x: two[0] + two[2] / 2, y: two[1] + two[3] / 2};
	const moved = Math.hypot(one[0] + one[2] / 2 - at.x, one[1] + one[3] / 2 - at.y);
	if (moved > Math.min(two[2], two[3]) / 4) return {why: "it moves"};
	const top = el.getRootNode().elementFromPoint(at.x, at.y);
	if (!top || !(el.contains(top) || top.contains(el) || [...(el.labels || [])].some((l) => l.contains(top))))
		return {why: "this lies over it: " + (top ? top.outerHTML.slice(0, 200) : "nothing, it is outside of the window")};
	return at;
})(%s)`

// Click presses what the selector finds first, when it shows, stands still and has
// nothing over it. The error says which of these it waited for in vain.
func Click(ctx context.Context, selector string) error {
	quoted, err := json.Marshal(selector)
	if err != nil {
		return err
	}
	why := "the page does not answer"
	for {
		at, err := chromedp.Run(ctx, chromedp.Evaluate[struct {
			X, Y float64
			Why  string
		}](fmt.Sprintf(spot, quoted), chromedp.EvalAwaitPromise))
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("click %s: %w: %s", selector, ctx.Err(), why)
		case err != nil: // a page that is leaving
			why = err.Error()
		case at.Why != "":
			why = at.Why
		default:
			return chromedp.Do(ctx, chromedp.MouseClickXY(at.X, at.Y))
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Wait waits until an expression holds in the page, over navigations. An expression
// that throws does not hold yet.
func Wait(ctx context.Context, condition string) (err error) {
	for ctx.Err() == nil { // a navigation ends a poll with an error
		if _, err = chromedp.Run(ctx, chromedp.Poll[bool]("(() => { try { return !!("+condition+") } catch { return false } })()",
			chromedp.WithPollingInterval(50*time.Millisecond))); err == nil {
			return nil
		}
	}
	return fmt.Errorf("waited for %s: %w", condition, errors.Join(ctx.Err(), err))
}

// Text is what the page says, for the message of a test that failed.
func Text(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second) // ctx may have ended
	defer cancel()
	got, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
	if err != nil {
		return err.Error()
	}
	return got
}
