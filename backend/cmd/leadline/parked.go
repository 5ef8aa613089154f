package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"leadline/backend/app"
	"leadline/backend/fault"
)

const parkedUsage = "usage: leadline parked list|resend|drop --account NUMBER [MESSAGE... | all]"

// parked lists, resends and drops messages that the CRM did not take. It may run
// beside the server.
func parked(ctx context.Context, args []string) error {
	if len(args) == 0 || !slices.Contains([]string{"list", "resend", "drop"}, args[0]) {
		return errors.New(parkedUsage)
	}
	f := flag.NewFlagSet("parked "+args[0], flag.ContinueOnError)
	number := f.Int64("account", 0, "number of the account in the CRM")
	if err := f.Parse(args[1:]); err != nil {
		return exitCode(2)
	}
	if *number <= 0 || (args[0] == "list") != (f.NArg() == 0) {
		return errors.New(parkedUsage)
	}
	cfg, log, err := settings()
	if err != nil {
		return err
	}
	p, err := app.OpenParking(ctx, cfg, log, *number)
	if fault.Is(err, fault.NotFound) {
		return fmt.Errorf("no account has the number %d", *number)
	}
	if err != nil {
		return err
	}
	switch args[0] {
	case "list":
		err = listParked(ctx, p)
	case "resend":
		err = eachParked(ctx, p, f.Args(), "sent again", p.Resend)
	case "drop":
		err = eachParked(ctx, p, f.Args(), "dropped", p.Drop)
	}
	return errors.Join(err, p.Close())
}

func listParked(ctx context.Context, p *app.Parking) error {
	list, err := p.List(ctx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0) // keeps its errors for Flush
	_, _ = fmt.Fprintln(w, "WRITTEN\tMESSAGE\tCONVERSATION\tKIND\tREASON")
	for _, m := range list {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", time.UnixMilli(m.At).UTC().Format(time.RFC3339), m.Message, m.Conversation, m.Kind, m.Reason)
	}
	return w.Flush()
}

// eachParked does it to the messages named, or to all, the oldest first.
func eachParked(ctx context.Context, p *app.Parking, ids []string, done string, do func(context.Context, string) error) error {
	if len(ids) == 1 && ids[0] == "all" {
		list, err := p.List(ctx)
		if err != nil {
			return err
		}
		ids = nil
		for _, m := range slices.Backward(list) {
			ids = append(ids, string(m.Message))
		}
	}
	for _, id := range ids {
		switch err := do(ctx, id); {
		case fault.Is(err, fault.NotFound):
			return fmt.Errorf("message %s is not parked in this account", id)
		case err != nil:
			return err
		}
	}
	fmt.Printf("%d %s.\n", len(ids), done)
	return nil
}
