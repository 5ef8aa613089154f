package app

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"leadline/backend/config"
	"leadline/backend/media/s3test"
	"leadline/backend/sandbox"
	"leadline/backend/store/pgtest"
)

// childEnv makes this test binary the server itself, so that it can be killed.
// Its value is the number of the child's life.
const childEnv = "LEADLINE_TEST_CHILD"

func TestMain(m *testing.M) {
	if life := os.Getenv(childEnv); life != "" {
		if err := serveChild(life); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	pgtest.Stop()
	s3test.Stop()
	os.Exit(code)
}

// serveChild is `leadline serve`: SIGTERM stops it in order, and nothing may be
// running then that it started.
func serveChild(life string) error {
	cfg, err := config.Load(nil)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	out := transport()
	a, err := New(ctx, cfg, Options{
		Transport: out,
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		return err
	}
	if life == "0" { // the first one makes the login
		if _, err := a.Teams.Add(ctx, login, password, "", "owner"); err != nil {
			return err
		}
	}
	l, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return err
	}
	if err := a.Run(ctx, l); err != nil {
		return err
	}
	stop()
	(&http.Client{Transport: out}).CloseIdleConnections()
	return goleak.Find(
		goleak.IgnoreTopFunction("os/signal.loop"), goleak.IgnoreTopFunction("os/signal.signal_recv"),
		goleak.IgnoreAnyFunction("gorm.io/gorm/internal/lru.NewLRU[...].func1"), // one for each database ever opened, by gorm itself
	)
}

// mortal is a server in a process of its own, on the `dev` product over plain
// http, next to a sandbox in this process.
type mortal struct {
	*world
	addr, appURL, chatURL, zone string
	environ                     []string
	lives                       int
	child                       *exec.Cmd
}

// mortalSetup changes the defaults of a mortal.
type mortalSetup struct {
	accounts []sandbox.Account               // beside the first
	database string                          // a file of the test's own when empty
	between  func(http.Handler) http.Handler // stands before the sandbox
}

func newMortal(t *testing.T, s mortalSetup) *mortal {
	t.Helper()
	crm, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	_, crmPort, _ := net.SplitHostPort(crm.Addr().String())
	_, appPort, _ := net.SplitHostPort(addr)
	zone := "amocrm.localhost:" + crmPort
	m := &mortal{
		world: &world{t: t, logs: &syncBuffer{}}, addr: addr, zone: zone,
		appURL: "http://app.leadline.localhost:" + appPort, chatURL: "http://chat.leadline.localhost:" + appPort,
	}
	transport := sandbox.LoopbackTransport()
	m.http = &http.Client{Transport: transport, Timeout: 60 * time.Second}
	m.box = sandbox.New(sandbox.Config{
		Zones: []sandbox.Zone{{Product: sandbox.ProductDev, Name: zone, Scheme: "http"}},
		Accounts: append([]sandbox.Account{{
			ID: accountID, Product: sandbox.ProductDev, Subdomain: "democo", Name: "Demo company", AmojoID: amojoID, Language: "en",
			Users:     []sandbox.User{{ID: adminID, Name: "Oleg Admin", Login: "oleg@example.org", AmojoID: "3c8e5a70-1d42-4f9b-b6e3-90a7d2c4f815", Language: "en", Admin: true}},
			Pipelines: []sandbox.Pipeline{{ID: 1300, Name: "Main"}},
		}}, s.accounts...),
		Integrations: []sandbox.Integration{{
			ClientUUID: clientID, Product: sandbox.ProductDev, Secret: clientSecret, Name: "Leadline",
			RedirectURI: m.appURL + "/oauth/dev/callback", DisabledURI: m.appURL + "/oauth/dev/disabled", WidgetCode: widget,
		}},
		Channels: []sandbox.Channel{{
			ID: channelID, Product: sandbox.ProductDev, Secret: channelSecret, Code: "amo.ext.leadline", Name: "Leadline",
			BotID: "9b2f4d6e-0a1c-4e3f-8d5b-7c6a9e8f0d1b", HookURL: m.appURL + "/hooks/amojo/:scope_id", ClientUUID: clientID,
		}},
		Transport: transport,
	})
	var handler http.Handler = m.box
	if s.between != nil {
		handler = s.between(handler)
	}
	srv := &http.Server{Handler: handler, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)}
	served := make(chan struct{})
	go func() { defer close(served); _ = srv.Serve(crm) }()
	dir := t.TempDir()
	m.environ = append(os.Environ(),
		"LEADLINE_LISTEN="+addr, "LEADLINE_APP_URL="+m.appURL, "LEADLINE_CHAT_URL="+m.chatURL,
		"LEADLINE_DATABASE="+cmp.Or(s.database, "sqlite:"+filepath.Join(dir, "leadline.db")), "LEADLINE_KEY_FILE="+filepath.Join(dir, "leadline.key"),
		"LEADLINE_MEDIA_DIR="+filepath.Join(dir, "media"), "LEADLINE_TRUST_PROXY=true",
		"LEADLINE_DEV_ZONES="+zone, "LEADLINE_DEV_AMOJO_URL=http://amojo."+zone, "LEADLINE_DEV_CONSENT_URL=http://www."+zone+"/oauth",
		"LEADLINE_DEV_CLIENT_ID="+clientID, "LEADLINE_DEV_CLIENT_SECRET="+clientSecret,
		"LEADLINE_DEV_CHANNEL_ID="+channelID, "LEADLINE_DEV_CHANNEL_SECRET="+channelSecret,
		"LEADLINE_DEV_CHANNEL_CODE=amo.ext.leadline", "LEADLINE_DEV_WIDGET_CODE="+widget)
	t.Cleanup(func() {
		m.kill()
		_ = srv.Close()
		<-served
		if err := m.box.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log("log of the server:\n" + m.logs.String())
		}
	})
	return m
}

// start begins the server's next life on the same data and port.
func (m *mortal) start() {
	m.t.Helper()
	m.child = exec.Command(os.Args[0])
	m.child.Env = append(slices.Clone(m.environ), childEnv+"="+strconv.Itoa(m.lives))
	m.child.Stderr = m.logs
	m.lives++
	if err := m.child.Start(); err != nil {
		m.t.Fatal(err)
	}
	m.until("the server to be ready", func() bool {
		a, err := m.trySend("GET", m.appURL+"/readyz", nil, nil)
		return err == nil && a.status == http.StatusOK
	})
}

// kill is SIGKILL: nothing is finished, nothing is said.
func (m *mortal) kill() {
	if m.child == nil || m.child.Process == nil {
		return
	}
	_ = m.child.Process.Kill()
	_ = m.child.Wait()
	m.child = nil
}

// stop is SIGTERM: the server ends in order and leaves nothing running.
func (m *mortal) stop() {
	m.t.Helper()
	err := m.child.Process.Signal(syscall.SIGTERM)
	if err == nil {
		err = m.child.Wait()
	}
	m.child = nil
	if err != nil {
		m.t.Errorf("the server did not stop in order: %v", err)
	}
}

// admin are the headers of a call from the page of an account's administrator.
func (m *mortal) admin(a sandbox.Account) map[string]string {
	m.t.Helper()
	token, err := m.box.DisposableToken(a.ID, a.Users[0].ID, clientID)
	if err != nil {
		m.t.Fatal(err)
	}
	return map[string]string{"X-Auth-Token": token, "Origin": "http://" + a.Subdomain + "." + m.zone}
}

// connect installs and connects an account and returns the snippet's pair.
func (m *mortal) connect(a sandbox.Account) (button, hash string) {
	m.t.Helper()
	if err := m.box.Install(a.ID, clientID); err != nil {
		m.t.Fatal(err)
	}
	body := m.connectBody()
	body["amojo_id"] = a.AmojoID
	// Before the tokens have come, the sign-in is kept and completed by itself: signing
	// in again and again would use up the login's budget.
	var c connection
	m.until("the sign-in", func() bool {
		got := m.send("POST", m.appURL+"/widget/v1/connect", m.admin(a), body)
		return got.status == http.StatusOK || got.status == http.StatusAccepted
	})
	m.until("the account to be connected", func() bool {
		m.send("GET", m.appURL+"/widget/v1/status", m.admin(a), nil).into(m.t, &c)
		return c.State == "connected" && len(c.Chats) == 1
	})
	return snippetPair(m.t, c.Chats[0].Snippet)
}
