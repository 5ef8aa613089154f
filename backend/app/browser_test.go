package app

import (
	"context"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"leadline/backend/browsertest"
)

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
	cert, err := testCertificate()
	if err != nil {
		w.t.Fatal(err)
	}
	rules := []string{"MAP *.amocrm.ru " + w.crmAddr, "MAP *.kommo.com " + w.crmAddr, "MAP *.leadline.test " + w.appAddr()}
	for host, addr := range extra {
		rules = append(rules, "MAP "+host+" "+addr)
	}
	rules = append(rules, "MAP * ~NOTFOUND")
	return &tab{w, browsertest.Open(w.t,
		chromedp.Flag("host-resolver-rules", strings.Join(rules, ", ")),
		chromedp.Flag("ignore-certificate-errors-spki-list", cert.spki),
		chromedp.Flag("isolate-origins", chatURL), // the panel is a tab of its own on our own pages too
	)}
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

func (b *tab) act(do func(context.Context) error) {
	b.w.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, browsertest.Patience)
	defer cancel()
	if err := do(ctx); err != nil {
		b.shot("failed")
		b.w.t.Fatalf("%v\nthe page says: %s", err, browsertest.Text(b.ctx))
	}
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.w.t.Helper()
	b.act(func(ctx context.Context) error { return chromedp.Do(ctx, steps...) })
}

func (b *tab) visit(address string) {
	b.w.t.Helper()
	b.do(chromedp.Navigate(address))
}

// click and fill are a person's acts: real events on what is visible.
func (b *tab) click(selector string) {
	b.w.t.Helper()
	b.act(func(ctx context.Context) error { return browsertest.Click(ctx, selector) })
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
	ctx, cancel := context.WithTimeout(b.ctx, browsertest.Patience)
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
	b.act(func(ctx context.Context) error { return browsertest.Wait(ctx, condition) })
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
	ctx, cancel := context.WithTimeout(b.ctx, browsertest.Patience)
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

// needs ends a test where a front end is not built.
func needs(t *testing.T, built bool, what string) {
	t.Helper()
	if !built {
		browsertest.Missing(t, what+" is not built, run make build: browser tests did not run")
	}
}
