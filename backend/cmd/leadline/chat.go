package main

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"leadline/backend/app"
	"leadline/backend/fault"
)

const identityUsage = "usage: leadline chat secret --account NUMBER [--product amocrm|kommo] [--rotate]"

// chatSecret shows, or changes, the secrets by which sites sign who their users are.
func chatSecret(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("chat secret", flag.ContinueOnError)
	account := f.Int64("account", 0, "number of the CRM account")
	product := f.String("product", "", "amocrm or kommo; needed where both have an account with that number")
	rotate := f.Bool("rotate", false, "make new secrets: what was signed with the old ones is refused from now on")
	if err := f.Parse(args[1:]); err != nil {
		return exitCode(2)
	}
	if *account <= 0 || f.NArg() > 0 {
		return errors.New(identityUsage)
	}
	cfg, log, err := settings()
	if err != nil {
		return err
	}
	list, err := app.ChatSecrets(ctx, cfg, log, *product, *account, *rotate)
	switch {
	case fault.Is(err, fault.NotFound):
		return fmt.Errorf("no account %d is installed here", *account)
	case err != nil:
		return err
	case len(list) == 0:
		return fmt.Errorf("account %d has no online chat yet: connect it first", *account)
	}
	for _, c := range list {
		fmt.Printf("%s\t%s\n", c.Secret, c.Name)
	}
	return nil
}
