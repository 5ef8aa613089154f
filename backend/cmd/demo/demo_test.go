package main

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"leadline/backend/browsertest"
)

// output is what the demo prints, read while it runs.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// freePort is a port that nobody has just now.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// running starts the demo's programs as make run does and waits until it says
// where to click.
func running(t *testing.T, bin, data string, ports [3]string) (stop func()) {
	t.Helper()
	out := &output{}
	cmd := exec.Command(filepath.Join(bin, "demo"), "-bin", bin, "-data", data, "-backend-port", ports[0], "-crm-port", ports[1], "-shop-port", ports[2])
	cmd.Dir = "../../.." // where the widget's sources are
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	stop = sync.OnceFunc(func() {
		_ = cmd.Process.Signal(syscall.SIGINT) // Ctrl-C
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("the demo ended with %v\n%s", err, out)
			}
		case <-time.After(40 * time.Second):
			_ = cmd.Process.Kill()
			t.Errorf("Ctrl-C did not stop the demo\n%s", out)
		}
	})
	t.Cleanup(stop)
	for tick := time.Tick(50 * time.Millisecond); !strings.Contains(out.String(), "Ctrl-C stops everything"); {
		select {
		case <-tick:
		case err := <-ended:
			t.Fatalf("the demo ended: %v\n%s", err, out)
		}
	}
	return stop
}

// sent is a script's function: whether a message of the panel has left. Who goes away
// before that finds it on its way when they come back.
const sent = `(text => [...document.querySelectorAll('.sc-message:not(.sc-message--sending)')].some(m => m.innerText.includes(text)))`

// TestDemoFromTheLinksThatItPrints walks the demo as the README says, stops it,
// starts it again, and finds the conversation where it was.
func TestDemoFromTheLinksThatItPrints(t *testing.T) {
	t.Parallel()
	chromium := browsertest.Path(t)
	bin, data := t.TempDir(), t.TempDir()
	build := exec.Command("go", "build", "-o", bin+"/", "leadline/backend/cmd/...")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	ports := [3]string{freePort(t), freePort(t), freePort(t)}
	stop := running(t, bin, data, ports)
	crm, shop := "http://democo.amocrm.localhost:"+ports[1], "http://shop.localhost:"+ports[2]

	ctx, end, err := browsertest.Start(chromium, t.TempDir())
	defer end()
	if err != nil {
		t.Fatal(err)
	}
	b := &page{t: t, ctx: ctx}

	b.visit(crm + "/amo-market/")
	b.sees(`window.__crm && __crm.ready`)
	b.click(`.js-market-open`)
	b.sees(`document.querySelector('.js-widget-skip-tour')`)
	b.click(`input[name=privacy_policy_accept]`)
	b.click(`.js-widget-skip-tour`)
	b.sees(`document.querySelector('.js-leadline-password')`)
	b.write(`input[name=service_login]`, login)
	b.write(`.js-leadline-password`, password)
	b.click(`.js-widget-save`)
	b.sees(`!document.querySelector('.widget-settings__modal')`)
	b.visit(crm + "/amo-market/")
	b.sees(`window.__crm && __crm.ready`)
	b.click(`.js-market-open`)
	b.sees(`document.querySelector('.leadline__snippet')`)
	snippet := b.value(`.leadline__snippet`)

	// The widget's own page: the console's cookies are for https, and for this machine.
	b.click(`.js-leadline-settings`)
	console := b.frame("/embed/", ".console__nav")
	console.click(`.console__tab[href$="/chats"]`)
	console.click(`a.js-chat`)
	console.write(`#name`, "Demo: \r")
	console.sees(`document.querySelector('h1').textContent.startsWith('Demo: ') && document.querySelector('.js-told')`)

	// The console at its own address: its cookie is for https too, and for this machine.
	b.visit("http://app.leadline.localhost:" + ports[0] + "/console")
	b.write(`#login`, login)
	b.write(`#password`, password+"\r")
	b.sees(`document.querySelector('main .console__item a')`)
	b.click(`main .console__item a`)
	b.sees(`document.querySelector('.console__nav') && document.querySelector('.console__health_good')`)

	// The sample card page is made when the account is there.
	card := "http://chat.leadline.localhost:" + ports[0] + "/s/harbour-lamps"
	waitFor(t, card)
	b.visit(card)
	b.sees(`document.getElementById('chat') && document.body.innerText.includes('Our shop')`)
	b.click(`#chat`)
	b.sees(`document.querySelector('.amo-livechat iframe')?.contentDocument?.querySelector('.sc-composer:not([hidden]) textarea')`)

	b.visit(shop + "/")
	b.write(`#snippet`, snippet)
	b.click(`.shop-code button`)
	b.sees(`document.querySelector('.amo-button--main')`)
	b.click(`.amo-button--main`)
	chat := b.frame("/v1/frame/", "textarea")
	chat.write(`textarea`, "Do you ship to Porto?\r")
	chat.sees(sent + `('Do you ship to Porto?')`)

	b.visit(crm + "/inbox/")
	b.sees(`document.querySelector('#chats li')`)
	b.click(`#chats li button, #chats li a, #chats li`)
	b.sees(`document.body.innerText.includes('Do you ship to Porto?')`)
	b.write(`#text`, "We do.")
	b.click(`#send`)
	b.visit(shop + "/")
	b.click(`.amo-button--main`)
	b.frame("/v1/frame/", "textarea").sees(`document.body.innerText.includes('We do.')`)

	stop()
	running(t, bin, data, ports)
	b.visit(shop + "/")
	b.sees(`document.querySelector('.amo-button--main')`)
	b.click(`.amo-button--main`)
	again := b.frame("/v1/frame/", "textarea")
	again.sees(`document.body.innerText.includes('We do.')`)
	again.sees(`document.querySelector('.sc-message__avatar > img')?.naturalWidth > 0`)
	again.write(`textarea`, "Splendid.\r")
	again.sees(sent + `('Splendid.')`)
	b.visit(crm + "/inbox/")
	b.sees(`document.querySelector('#chats li')`)
	b.click(`#chats li button, #chats li a, #chats li`)
	b.sees(`document.body.innerText.includes('Splendid.')`)
}

// waitFor asks an address of the backend until it is there.
func waitFor(t *testing.T, address string) {
	t.Helper()
	for end := time.Now().Add(browsertest.Patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		host, port, _ := strings.Cut(req.URL.Host, ":")
		req.Host, req.URL.Host = host+":"+port, "127.0.0.1:"+port
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			continue
		}
		_ = res.Body.Close()
		if res.StatusCode == http.StatusOK {
			return
		}
	}
	t.Fatalf("%s is not there", address)
}

// page is a tab of Chromium, or a frame in it.
type page struct {
	t   *testing.T
	ctx context.Context
}

func (p *page) act(do func(context.Context) error) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, browsertest.Patience)
	defer cancel()
	if err := do(ctx); err != nil {
		p.t.Fatalf("%v\nthe page says: %s", err, browsertest.Text(p.ctx))
	}
}

func (p *page) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	p.act(func(ctx context.Context) error { return chromedp.Do(ctx, steps...) })
}

func (p *page) visit(address string) { p.t.Helper(); p.do(chromedp.Navigate(address)) }
func (p *page) click(selector string) {
	p.t.Helper()
	p.act(func(ctx context.Context) error { return browsertest.Click(ctx, selector) })
}
func (p *page) write(selector, text string) {
	p.t.Helper()
	p.do(chromedp.SendKeys(chromedp.CSS(selector), text))
}
func (p *page) value(selector string) string {
	return eval[string](p, "document.querySelector('"+selector+"').value")
}

func eval[T any](p *page, expression string) T {
	ctx, cancel := context.WithTimeout(p.ctx, browsertest.Patience)
	defer cancel()
	got, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Logf("%s: %v", expression, err)
	}
	return got
}

func (p *page) sees(condition string) {
	p.t.Helper()
	p.act(func(ctx context.Context) error { return browsertest.Wait(ctx, condition) })
}

// frame waits for the page's frame of another site, which is a target of its own, to
// show something.
func (p *page) frame(path, shows string) *page {
	p.t.Helper()
	for end := time.Now().Add(browsertest.Patience); time.Now().Before(end); {
		targets, err := chromedp.Targets(p.ctx)
		if err != nil {
			p.t.Fatal(err)
		}
		for _, target := range targets {
			if strings.Contains(target.URL, path) {
				ctx, cancel := chromedp.NewContext(p.ctx, chromedp.WithTargetID(target.TargetID))
				p.t.Cleanup(cancel)
				f := &page{p.t, ctx}
				if chromedp.Do(ctx) == nil {
					f.sees(`document.querySelector('` + shows + `')`)
					return f
				}
			}
		}
	}
	p.t.Fatalf("no frame %s", path)
	return nil
}
