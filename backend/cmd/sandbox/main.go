// Command sandbox serves a simulated amoCRM or Kommo: Chats API, OAuth, API v4,
// the CRM's pages with a widget, the operator's inbox, and a control API.
//
//	sandbox --hook-url 'http://localhost:8080/hooks/:scope_id'
//	sandbox --config sandbox.json
//
// backend/sandbox/README.md tells how to point a client at it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"leadline/backend/sandbox"
	"leadline/backend/sandbox/crmpage"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "sandbox:", err)
		}
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	set, err := readSettings(args, stderr)
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	set.Logger = logger
	box := sandbox.New(set.Config)
	defer func() {
		if err := box.Close(); err != nil {
			logger.Error("save state", "err", err)
		}
	}()
	if set.State != "" {
		if err := os.MkdirAll(filepath.Dir(set.State), 0o700); err != nil {
			return err
		}
		if err := box.Restore(set.State); err != nil {
			return err
		}
	}
	if err := mountPages(box, set); err != nil {
		return err
	}

	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", set.Listen)
	if err != nil {
		return err
	}
	srv := &http.Server{
		Handler: box, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug), // cut connections are on purpose
	}
	explain(stdout, box, set, l.Addr())
	served := make(chan error, 1)
	go func() {
		if set.TLSCert != "" {
			served <- srv.ServeTLS(l, set.TLSCert, set.TLSKey)
		} else {
			served <- srv.Serve(l)
		}
	}()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	// Open event streams end with the sandbox, so they need no patience.
	_ = srv.Close()
	return nil
}

// mountPages serves the CRM's pages with the configured widgets.
func mountPages(box *sandbox.Server, set settings) error {
	origins := set.BackendOrigins
	if len(origins) == 0 {
		for _, i := range set.Integrations {
			if u, err := url.Parse(i.RedirectURI); err == nil && u.Host != "" {
				origins = append(origins, u.Scheme+"://"+u.Host)
			}
		}
	}
	site, err := box.MountSite(crmpage.Options{
		BackendOrigins: origins, PrivacyPolicy: set.PrivacyPolicy, Variants: set.PageVariants, CDN: set.CDN,
		Proxy: &http.Client{Transport: sandbox.LoopbackTransport(), Timeout: 15 * time.Second},
	})
	if err != nil {
		return err
	}
	for _, w := range set.Widgets {
		archive, err := os.ReadFile(w.Zip)
		if err != nil {
			return fmt.Errorf("read widget: %w", err)
		}
		if err := site.AddWidget(w.Code, w.ClientUUID, archive); err != nil {
			return err
		}
	}
	return nil
}

// explain prints what is served and where.
func explain(w io.Writer, box *sandbox.Server, set settings, at net.Addr) {
	port := ""
	if tcp, ok := at.(*net.TCPAddr); ok {
		port = fmt.Sprintf(":%d", tcp.Port)
	}
	scheme := "http"
	if set.TLSCert != "" {
		scheme = "https"
	}
	var text strings.Builder
	line := func(name, format string, args ...any) {
		text.WriteString(fmt.Sprintf("  %-12s ", name) + fmt.Sprintf(format, args...) + "\n")
	}
	text.WriteString("sandbox listens on " + at.String() + "\n")
	line("dashboard", "%s://localhost%s/", scheme, port)
	for _, z := range set.Zones {
		line("Chats API", "%s://amojo.%s", z.Scheme, z.Name)
		line("consent", "%s://www.%s/oauth", z.Scheme, z.Name)
		for _, a := range box.Accounts() {
			if a.Product == z.Product {
				base := z.Scheme + "://" + a.Subdomain + "." + z.Name
				line("account", "%s/  id %d  amojo id %s", base, a.ID, a.AmojoID)
				line("inbox", "%s/inbox/", base)
			}
		}
	}
	for _, c := range box.Channels() {
		line("channel", "%s  code %s  bot %s  hooks to %s", c.ID, c.Code, c.BotID, c.HookURL)
	}
	for _, i := range box.Integrations() {
		line("integration", "%s  redirect %s", i.ClientUUID, i.RedirectURI)
	}
	_, _ = io.WriteString(w, text.String()) // nothing to do when nobody reads
}
