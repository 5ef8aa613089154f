package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"leadline/backend/app"
)

const cardUsage = `usage: leadline card add --account NUMBER --title TITLE --slug SLUG [--text TEXT] [--language en] [--link "LABEL=ADDRESS" ...]`

// card makes a card page of an account, and prints its address.
func card(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 || args[0] != "add" {
		return errors.New(cardUsage)
	}
	f := flag.NewFlagSet("card add", flag.ContinueOnError)
	whose := accountFlags(f)
	var in app.SampleCard
	f.StringVar(&in.Title, "title", "", "title of the page")
	f.StringVar(&in.Slug, "slug", "", "last part of its address: 3 to 50 of a-z, 0-9 and hyphens")
	f.StringVar(&in.Text, "text", "", "text below the title")
	f.StringVar(&in.Locale, "language", "en", "language of the page")
	f.Func("link", "`LABEL=ADDRESS` of a button; may come several times", func(v string) error {
		label, address, ok := strings.Cut(v, "=")
		if !ok {
			return errors.New("want LABEL=ADDRESS")
		}
		in.Links = append(in.Links, [2]string{label, address})
		return nil
	})
	if err := f.Parse(args[1:]); err != nil {
		return exitCode(2)
	}
	return whose.manage(ctx, func(c *app.Chats) error {
		address, err := c.AddCard(ctx, in)
		if err == nil {
			_, err = fmt.Fprintln(out, address)
		}
		return err
	})
}
