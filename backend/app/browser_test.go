package app

import (
	"context"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// browserPatience is how long an act or a wait in a browser may take on a machine
// that runs much else.
const browserPatience = 60 * time.Second

// tab is one page of a real Chromium; a frame of another site is a tab of its
// own to it.
type tab struct {
	w   *world
	ctx context.Context
}

// chromium starts a browser that finds all hosts of the world by their real
// names and trusts its certificate, and opens the first tab.
func (w *world) chromium(extra map[string]string) *tab {
	w.t.Helper()
	if os.Getenv("LEADLINE_NO_BROWSER") != "" {
		w.t.Skip("LEADLINE_NO_BROWSER is set")
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			w.t.Fatal("no chromium: browser tests cannot run")
		}
		w.t.Skip("NO CHROMIUM: browser tests did not run")
	}
	cert, err := testCertificate()
	if err != nil {
		w.t.Fatal(err)
	}
	rules := []string{"MAP *.amocrm.ru " + w.crmAddr, "MAP *.kommo.com " + w.crmAddr, "MAP *.leadline.test " + w.appAddr()}
	for host, addr := range extra {
		rules = append(rules, "MAP "+host+" "+addr)
	}
	rules = append(rules, "MAP * ~NOTFOUND")
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(w.t.TempDir()), chromedp.WindowSize(1280, 900),
		chromedp.Flag("host-resolver-rules", strings.Join(rules, ", ")),
		chromedp.Flag("ignore-certificate-errors-spki-list", cert.spki),
		chromedp.Flag("isolate-origins", chatURL), // the panel is a tab of its own on our own pages too
		chromedp.Flag("disable-quic", true), chromedp.Flag("no-first-run", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), opts...)
	w.t.Cleanup(stopAlloc)
	ctx, stop := chromedp.NewContext(alloc)
	w.t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil { // without a timeout: it binds the browser's life to this context
		w.t.Fatal("start chromium: ", err)
	}
	return &tab{w, ctx}
}

// open makes another tab of the same browser.
func (b *tab) open(address string) *tab {
	b.w.t.Helper()
	ctx, stop := chromedp.NewContext(b.ctx)
	b.w.t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil {
		b.w.t.Fatal("open tab: ", err)
	}
	t := &tab{b.w, ctx}
	t.visit(address)
	return t
}

// close closes the tab as a person does.
func (b *tab) close() error {
	return chromedp.Cancel(b.ctx)
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.w.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, browserPatience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.shot("failed")
		b.w.t.Fatal(err)
	}
}

func (b *tab) visit(address string) {
	b.w.t.Helper()
	b.do(chromedp.Navigate(address))
}

// click and fill are a person's acts: real events on what is visible.
func (b *tab) click(selector string) {
	b.w.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector)))
}

func (b *tab) fill(selector, text string) {
	b.w.t.Helper()
	quoted, _ := json.Marshal(selector)
	js[any](b, "document.querySelector("+string(quoted)+").select(), null")
	b.do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

// js evaluates an expression; a promise is waited for.
func js[T any](b *tab, expression string) T {
	b.w.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, browserPatience)
	defer cancel()
	got, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.w.t.Fatalf("%s: %v", expression, err)
	}
	return got
}

// sees waits until a condition holds in the page.
func (b *tab) sees(condition string) {
	b.w.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, browserPatience)
	defer cancel()
	var err error
	for ctx.Err() == nil { // a navigation ends a poll with an error
		if _, err = chromedp.Run(ctx, chromedp.Poll[bool]("!!("+condition+")", chromedp.WithPollingInterval(20*time.Millisecond))); err == nil {
			return
		}
	}
	b.shot("failed")
	b.w.t.Fatalf("waiting for %s: %v\nthe page says: %s", condition, err, b.text())
}

func (b *tab) text() string {
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	got, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
	if err != nil {
		return err.Error()
	}
	return got
}

// reads waits for a text on the page.
func (b *tab) reads(text string) {
	b.w.t.Helper()
	quoted, _ := json.Marshal(text)
	b.sees("document.body.innerText.includes(" + string(quoted) + ")")
}

// frame waits for the page's frame whose address begins with prefix.
func (b *tab) frame(prefix string) *tab {
	b.w.t.Helper()
	var f *tab
	until(b.w.t, "the frame "+prefix, func() bool {
		targets, err := chromedp.Targets(b.ctx)
		if err != nil {
			b.w.t.Fatal(err)
		}
		for _, target := range targets {
			if strings.HasPrefix(target.URL, prefix) {
				ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithTargetID(target.TargetID))
				b.w.t.Cleanup(cancel)
				f = &tab{b.w, ctx}
				return chromedp.Do(ctx) == nil
			}
		}
		return false
	})
	return f
}

// shot keeps a picture of the tab among the artefacts.
func (b *tab) shot(name string) {
	dir := os.Getenv("LEADLINE_ARTIFACTS")
	if dir == "" {
		return
	}
	ctx, cancel := context.WithTimeout(b.ctx, 10*time.Second)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.w.t.Log("screenshot: ", err)
		return
	}
	dir = filepath.Join(dir, url.PathEscape(strings.ReplaceAll(b.w.t.Name(), "/", "-")))
	if err := os.MkdirAll(dir, 0o755); err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644)
		if err != nil {
			b.w.t.Log("screenshot: ", err)
		}
	}
}

// needs skips a test where a front end is not built, and fails in CI.
func needs(t *testing.T, built bool, what string) {
	t.Helper()
	if built {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatal(what + " is not built: run make build")
	}
	t.Skip(strings.ToUpper(what) + " IS NOT BUILT, run make build: browser tests did not run")
}
