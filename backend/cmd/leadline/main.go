// Command leadline is the product: it serves the backend and has the tools of
// the person who runs it. `leadline help` lists them.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // of chats' hours: a small image has no time zones

	"leadline/backend/app"
	"leadline/backend/config"
	"leadline/backend/widgetzip"
)

const usage = `leadline - online chat between websites and amoCRM / Kommo

  leadline serve                      run the server
  leadline migrate                    bring the database up to date and stop
  leadline user add --email ADDRESS   make a login (password from the terminal or --password-env)
  leadline chat identity list|mode|secret|key|drop --account N
                                      how chats learn who their visitors are: modes, secrets, public keys
  leadline chat list --account N      online chats of an account; also add, rename, move, default, remove
  leadline chat hours --account N --chat ID --zone ZONE --week "mon-fri 09:00-18:00"
                                      when a chat is staffed (--off: no hours); --callbacks on|off
  leadline card add --account N --title TITLE --slug SLUG
                                      make a card page with the account's chat; --text, --link "LABEL=ADDRESS"
  leadline template list --account N  chat templates that its operators can send
  leadline widget build --platform P  write dist/P/widget.zip (amocrm, kommo, dev)
  leadline widget check ZIP           check a widget.zip against the marketplace's rules
  leadline channel request --platform P
                                      print the request for a chat channel to the CRM's support; --icon FILE writes its icon
  leadline parked list|resend|drop --account NUMBER [MESSAGE... | all]
                                      messages that the CRM did not take
  leadline history import --account NUMBER FILE
                                      bring in what was said elsewhere (docs/history.md)
  leadline config                     show the settings in use, without secrets

Settings are environment variables that begin with LEADLINE_; docs/settings.md lists them.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		var code exitCode
		if errors.As(err, &code) {
			os.Exit(int(code))
		}
		fmt.Fprintln(os.Stderr, "leadline:", err)
		os.Exit(1)
	}
}

// exitCode ends the program with a status, without a message of its own.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		fmt.Print(usage)
		return exitCode(2)
	}
	switch args[0] {
	case "serve":
		return serve(ctx)
	case "migrate":
		return migrate(ctx)
	case "user":
		return user(ctx, args[1:])
	case "chat":
		return chat(ctx, args[1:])
	case "card":
		return card(ctx, args[1:], os.Stdout)
	case "template":
		return template(ctx, args[1:])
	case "channel":
		return channel(args[1:], os.Stdout, os.Stderr)
	case "parked":
		return parked(ctx, args[1:])
	case "history":
		return history(ctx, args[1:])
	case "config":
		return showConfig()
	case "widget":
		if n := widgetzip.Main(args[1:], os.Stdout, os.Stderr); n != 0 {
			return exitCode(n)
		}
		return nil
	case "help", "-h", "--help":
		fmt.Print(usage)
		return nil
	}
	fmt.Fprint(os.Stderr, usage)
	return fmt.Errorf("no command %q", args[0])
}

func serve(ctx context.Context) error {
	cfg, log, err := settings()
	if err != nil {
		return err
	}
	a, err := app.New(ctx, cfg, app.Options{Logger: log})
	if err != nil {
		return err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return errors.Join(err, a.Close())
	}
	log.Info("serving", "listen", l.Addr().String(), "app", cfg.AppURL, "chat", cfg.ChatURL)
	return a.Run(ctx, l)
}

func migrate(ctx context.Context) error {
	cfg, log, err := settings()
	if err != nil {
		return err
	}
	return app.Migrate(ctx, cfg, log)
}

func showConfig() error {
	cfg, _, err := settings()
	if err != nil {
		return err
	}
	fmt.Print(cfg.Redacted())
	return nil
}

func settings() (config.Config, *slog.Logger, error) {
	cfg, err := config.Load(nil)
	if err != nil {
		return cfg, nil, err
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.LogLevel)); err != nil {
		return cfg, nil, fmt.Errorf("%sLOG_LEVEL: %w", config.Prefix, err)
	}
	return cfg, slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level})), nil
}
