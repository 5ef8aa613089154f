package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"leadline/backend/app"
)

const chatUsage = "usage: leadline chat list|add|rename|move|default|one|multiple|remove|identity|hours --account NUMBER [--product amocrm|kommo] [--chat ID] [--name NAME] [--pipeline NUMBER]"

// chat changes the online chats of one account, and their lead sources in the CRM.
func chat(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New(chatUsage)
	}
	if args[0] == "identity" {
		return identity(ctx, args[1:], os.Stdout, os.Stderr)
	}
	if args[0] == "hours" {
		return hours(ctx, args[1:], os.Stdout)
	}
	f := flag.NewFlagSet("chat "+args[0], flag.ContinueOnError)
	whose := accountFlags(f)
	id := f.String("chat", "", "id of the chat, as `chat list` shows it")
	name := f.String("name", "", "name of the chat and of its source")
	pipeline := f.Int64("pipeline", 0, "pipeline that new leads come into")
	language := f.String("language", "en", "language of a new chat's button")
	if err := f.Parse(args[1:]); err != nil {
		return exitCode(2)
	}
	var do func(*app.Chats) error
	switch args[0] {
	case "list":
		do = func(c *app.Chats) error { return listChats(ctx, c) }
	case "add":
		do = func(c *app.Chats) error {
			made, err := c.Add(ctx, *name, *pipeline, *language)
			if err == nil {
				fmt.Println(made.ID)
			}
			return err
		}
	case "rename":
		do = func(c *app.Chats) error { return c.Rename(ctx, *id, *name) }
	case "move":
		do = func(c *app.Chats) error { return c.Move(ctx, *id, *pipeline) }
	case "default":
		do = func(c *app.Chats) error { return c.MakeDefault(ctx, *id) }
	case "one", "multiple":
		do = func(c *app.Chats) error { return c.SetSeveral(ctx, *id, args[0] == "multiple") }
	case "remove":
		do = func(c *app.Chats) error { return c.Remove(ctx, *id) }
	default:
		return errors.New(chatUsage)
	}
	return whose.manage(ctx, do)
}

func listChats(ctx context.Context, c *app.Chats) error {
	list, err := c.List(ctx)
	if err != nil {
		return err
	}
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	lines := []string{"ID\tNAME\tPIPELINE\tSOURCE\tDEFAULT\tCONVERSATIONS"}
	for _, o := range list {
		mark, mode := "", "one"
		if o.Several {
			mode = "multiple"
		}
		if o.Default {
			mark = "yes"
		}
		lines = append(lines, fmt.Sprintf("%s\t%s\t%d\t%s\t%s\t%s", o.ID, o.Name, o.Pipeline, o.SourceExternalID, mark, mode))
	}
	if _, err := io.WriteString(w, strings.Join(lines, "\n")+"\n"); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Print(out.String())
	return nil
}

// template lists the chat templates that operators of one account can send.
func template(ctx context.Context, args []string) error {
	if len(args) == 0 || args[0] != "list" {
		return errors.New("usage: leadline template list --account NUMBER")
	}
	f := flag.NewFlagSet("template list", flag.ContinueOnError)
	whose := accountFlags(f)
	if err := f.Parse(args[1:]); err != nil {
		return exitCode(2)
	}
	return whose.manage(ctx, func(c *app.Chats) error {
		list, err := c.Templates(ctx)
		for _, t := range list {
			fmt.Printf("%s: %q", t.Name, t.Text)
			if len(t.Buttons) > 0 {
				fmt.Printf(" [%s]", strings.Join(t.Buttons, "] ["))
			}
			fmt.Println()
		}
		return err
	})
}

// whose is the CRM account that a command is for.
type whose struct {
	number  *int64
	product *string
}

func accountFlags(f *flag.FlagSet) whose {
	return whose{
		f.Int64("account", 0, "the CRM's number of the account"),
		f.String("product", "", "amocrm or kommo; needed where both have an account with that number"),
	}
}

func (w whose) manage(ctx context.Context, do func(*app.Chats) error) error {
	if *w.number <= 0 {
		return errors.New("--account is needed: the CRM's number of the account")
	}
	cfg, log, err := settings()
	if err != nil {
		return err
	}
	return app.ManageChats(ctx, cfg, log, *w.product, *w.number, do)
}
