// Command demo runs everything on one machine: the sandbox, the backend and a
// sample shop, with a seeded login. It prints where to click and stops all of
// it at Ctrl-C. Data stays in data/, so a second run goes on where this one
// ended.
package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// The demo's people and places. Nothing here is a secret of anybody.
const (
	login    = "anna@example.org"
	password = "lead the line"
	account  = "democo"
)

func main() {
	bin := flag.String("bin", "bin", "folder of the programs leadline and sandbox")
	data := flag.String("data", "data", "folder that keeps the demo's data")
	backend := flag.Int("backend-port", 8080, "port of the backend")
	crm := flag.Int("crm-port", 9000, "port of the sandbox")
	shop := flag.Int("shop-port", 8090, "port of the sample shop")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	d := demo{bin: *bin, data: *data, backendPort: *backend, crmPort: *crm, shopPort: *shop}
	err := d.run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

type demo struct {
	bin, data                      string
	backendPort, crmPort, shopPort int
}

// sandboxBot is the id that the sandbox gives its channel's bot.
const sandboxBot = "9b2f4d6e-0a1c-4e3f-8d5b-7c6a9e8f0d1b"

// ids are made once and kept, so that tokens and scopes of an earlier run hold.
type ids struct {
	ClientID      string `json:"client_id"`
	ClientSecret  string `json:"client_secret"`
	ChannelID     string `json:"channel_id"`
	ChannelSecret string `json:"channel_secret"`
	WidgetCode    string `json:"widget_code"`
}

func (d demo) run(ctx context.Context) error {
	if err := os.MkdirAll(d.data, 0o700); err != nil {
		return err
	}
	for _, p := range []int{d.backendPort, d.crmPort, d.shopPort} {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:"+strconv.Itoa(p))
		if err != nil {
			return fmt.Errorf("port %d is in use: stop what listens there, or choose others (bin/demo -h)", p)
		}
		if err := l.Close(); err != nil {
			return err
		}
	}
	id, err := d.loadIDs()
	if err != nil {
		return err
	}
	appURL := fmt.Sprintf("http://app.leadline.localhost:%d", d.backendPort)
	chatURL := fmt.Sprintf("http://chat.leadline.localhost:%d", d.backendPort)
	zone := fmt.Sprintf("amocrm.localhost:%d", d.crmPort)

	zip := filepath.Join(d.data, "widget.zip")
	if err := d.once(ctx, nil, "leadline", "widget", "build", "--platform", "dev", "--backend", appURL, "--out", zip); err != nil {
		return err
	}
	box := []string{
		"--listen", fmt.Sprintf("127.0.0.1:%d", d.crmPort), "--product", "dev", "--zone", zone, "--account", account,
		"--channel-id", id.ChannelID, "--channel-secret", id.ChannelSecret, "--hook-url", appURL + "/hooks/amojo/:scope_id",
		"--client-id", id.ClientID, "--client-secret", id.ClientSecret,
		"--redirect-uri", appURL + "/oauth/dev/callback", "--disabled-uri", appURL + "/oauth/dev/disabled",
		"--widget-code", id.WidgetCode, "--widget-zip", zip, "--state", filepath.Join(d.data, "sandbox.json"),
	}
	env := []string{
		"LEADLINE_LISTEN=127.0.0.1:" + strconv.Itoa(d.backendPort),
		"LEADLINE_APP_URL=" + appURL, "LEADLINE_CHAT_URL=" + chatURL,
		"LEADLINE_DATABASE=sqlite:" + filepath.Join(d.data, "leadline.db"),
		"LEADLINE_KEY_FILE=" + filepath.Join(d.data, "leadline.key"),
		"LEADLINE_MEDIA_DIR=" + filepath.Join(d.data, "media"),
		"LEADLINE_SIGNUP=true",
		"LEADLINE_DEV_ZONES=" + zone, "LEADLINE_DEV_AMOJO_URL=http://amojo." + zone,
		"LEADLINE_DEV_CONSENT_URL=http://www." + zone + "/oauth",
		"LEADLINE_DEV_CLIENT_ID=" + id.ClientID, "LEADLINE_DEV_CLIENT_SECRET=" + id.ClientSecret,
		"LEADLINE_DEV_CHANNEL_ID=" + id.ChannelID, "LEADLINE_DEV_CHANNEL_SECRET=" + id.ChannelSecret,
		"LEADLINE_DEV_CHANNEL_CODE=amo.ext.demo", "LEADLINE_DEV_BOT_ID=" + sandboxBot, "LEADLINE_DEV_WIDGET_CODE=" + id.WidgetCode,
	}
	if err := d.seedLogin(ctx, env); err != nil {
		return err
	}

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	wait := []func(){
		d.start(ctx, cancel, nil, "sandbox", box...),
		d.start(ctx, cancel, env, "leadline", "serve"),
	}
	defer func() {
		cancel(nil)
		for _, w := range wait {
			w()
		}
	}()
	shop := &http.Server{Addr: "127.0.0.1:" + strconv.Itoa(d.shopPort), Handler: newShop(filepath.Join(d.data, "shop-snippet.html")), ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := shop.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
			cancel(err)
		}
	}()
	defer func() { _ = shop.Close() }()

	for _, at := range []string{fmt.Sprintf("127.0.0.1:%d", d.crmPort), fmt.Sprintf("127.0.0.1:%d", d.backendPort)} {
		if err := listening(ctx, at); err != nil {
			return err
		}
	}
	d.explain(zone, chatURL)
	go d.makeCard(ctx, env)
	<-ctx.Done()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	fmt.Println("\nStopping …")
	return nil
}

func (d demo) explain(zone, chatURL string) {
	crm := "http://" + account + "." + zone
	fmt.Printf(`
Leadline runs. Open these in a browser on this machine:

  1. The CRM        %s/amo-market/
     Open Leadline, tick the consent, install. Sign in with
         %s  /  %s
     press Save, and copy the embed code that appears.
  2. The shop       http://shop.localhost:%d/
     Paste the embed code, and write in the chat at the bottom right.
  3. The inbox      %s/inbox/
     Answer there; the shop's visitor sees it at once.

  The console       http://app.leadline.localhost:%d/console  (settings of all accounts, the team; the same login;
                    links of mails are printed here, since there is no mail server)
  Card page         %s
                    (a sample, there a moment after the account is connected; the console makes others)
  Playground        http://app.leadline.localhost:%d/playground  (every setting of the site chat; paste the embed code there)
  Behind the scenes http://localhost:%d/  (traffic, faults and switches of the simulated CRM)

Ctrl-C stops everything. The data stays in %s/.
`, crm, login, password, d.shopPort, crm, d.backendPort, chatURL+"/s/"+cardSlug, d.backendPort, d.crmPort, d.data)
}

// cardSlug is the end of the sample card page's address, crmAccount the sandbox's number
// of its account.
const (
	cardSlug   = "harbour-lamps"
	crmAccount = "31000001"
)

// makeCard makes the sample card page as soon as the account is connected; one that is
// there from an earlier run stays as it is.
func (d demo) makeCard(ctx context.Context, env []string) {
	for {
		err := d.once(ctx, env, "leadline", "card", "add", "--account", crmAccount, "--slug", cardSlug, "--title", "Harbour lamps",
			"--text", "Lamps of the old port, made by hand.\nOpen every day from nine to six.", "--link", "Our shop=http://shop.localhost:"+strconv.Itoa(d.shopPort)+"/",
			"--link", "+1 555 010 0199=+1 555 010 0199", "--link", "lamps@harbour.example=lamps@harbour.example")
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(3 * time.Second):
		}
	}
}

func (d demo) loadIDs() (ids, error) {
	path := filepath.Join(d.data, "demo.json")
	var id ids
	if raw, err := os.ReadFile(path); err == nil {
		return id, json.Unmarshal(raw, &id)
	}
	id = ids{ClientID: uuid(), ClientSecret: digits(32), ChannelID: uuid(), ChannelSecret: digits(20), WidgetCode: "leadline" + digits(16)}
	raw, err := json.MarshalIndent(id, "", "  ") //nolint:gosec // the secrets of a demo, kept for its next run
	if err != nil {
		return id, err
	}
	return id, os.WriteFile(path, raw, 0o600)
}

func digits(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func uuid() string {
	s := digits(16)
	return s[:8] + "-" + s[8:12] + "-4" + s[13:16] + "-a" + s[17:20] + "-" + s[20:]
}

// seedLogin makes the demo's login; on a second run it is there already.
func (d demo) seedLogin(ctx context.Context, env []string) error {
	return d.once(ctx, env, "leadline", "user", "add", "--email", login, "--password-env", "DEMO_PASSWORD", "--if-missing")
}

// once runs a program to its end.
func (d demo) once(ctx context.Context, env []string, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(d.bin, name), args...) //nolint:gosec // our own programs
	cmd.Env = append(append(os.Environ(), env...), "DEMO_PASSWORD="+password)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, args[0], err, out)
	}
	return nil
}

// start runs a program beside us until ctx ends; its own end stops the demo.
func (d demo) start(ctx context.Context, cancel context.CancelCauseFunc, env []string, name string, args ...string) (wait func()) {
	cmd := exec.CommandContext(ctx, filepath.Join(d.bin, name), args...) //nolint:gosec // our own programs
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 25 * time.Second
	// Ctrl-C reaches the whole foreground group; the children are stopped by us,
	// in order, and only once.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	done := make(chan struct{})
	if err := cmd.Start(); err != nil {
		cancel(err)
		close(done)
		return func() {}
	}
	go func() {
		defer close(done)
		if err := cmd.Wait(); ctx.Err() == nil {
			cancel(fmt.Errorf("%s ended: %w", name, errors.Join(err, errors.New("see its messages above"))))
		}
	}()
	return func() { <-done }
}

// listening waits until something answers at an address.
func listening(ctx context.Context, at string) error {
	for range 200 {
		c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", at)
		if err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
	return fmt.Errorf("nothing listens at %s", at)
}
