package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"leadline/backend/app"
	"leadline/backend/fault"
)

const historyUsage = "usage: leadline history import --account NUMBER [--chat NAME] [--silent] FILE   (- reads the terminal's input)"

// history brings in what visitors and the company said elsewhere. It may run
// beside the server.
func history(ctx context.Context, args []string) error {
	if len(args) == 0 || args[0] != "import" {
		return errors.New(historyUsage)
	}
	f := flag.NewFlagSet("history import", flag.ContinueOnError)
	account := f.Int64("account", 0, "number of the account in the CRM")
	chat := f.String("chat", "", "name or id of the online chat; the first one if absent")
	silent := f.Bool("silent", false, "make no lead and no notification for any thread")
	if err := f.Parse(args[1:]); err != nil {
		return exitCode(2)
	}
	if *account <= 0 || f.NArg() != 1 {
		return errors.New(historyUsage)
	}
	cfg, log, err := settings()
	if err != nil {
		return err
	}
	var lines io.Reader = os.Stdin
	if name := f.Arg(0); name != "-" {
		file, err := os.Open(name) //nolint:gosec // the host names the file
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }() // it was only read
		lines = file
	}
	done, err := app.ImportHistory(ctx, cfg, log, *account, *chat, *silent, lines)
	fmt.Printf("%d threads with %d messages stored; the server delivers them.\n", done.Threads, done.Messages)
	if fault.Is(err, fault.NotFound) {
		return fmt.Errorf("no account %d, or no such online chat in it", *account)
	}
	return err
}
