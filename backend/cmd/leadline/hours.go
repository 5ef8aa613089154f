package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"leadline/backend/app"
)

const hoursUsage = `usage: leadline chat hours --account NUMBER [--product amocrm|kommo] --chat ID [--zone ZONE --week HOURS | --off] [--callbacks on|off]
HOURS are like "mon-fri 09:00-18:00, sat 10:00-14:00", ZONE like Europe/Moscow; without them what is set is shown`

// hours shows, or changes, when a chat is staffed and whether visitors may ask to be
// called back.
func hours(ctx context.Context, args []string, out io.Writer) error {
	f := flag.NewFlagSet("chat hours", flag.ContinueOnError)
	whose := accountFlags(f)
	chat := f.String("chat", "", "id of the chat, as `chat list` shows it")
	zone := f.String("zone", "", "time zone of the hours")
	week := f.String("week", "", "hours of the week")
	off := f.Bool("off", false, "no hours: visitors read who is online, and nothing else")
	callbacks := f.String("callbacks", "", "on or off: whether visitors may ask to be called back")
	if err := f.Parse(args); err != nil {
		return exitCode(2)
	}
	set := *zone != "" || *week != ""
	if f.NArg() > 0 || *chat == "" || set && *off || *callbacks != "" && *callbacks != "on" && *callbacks != "off" {
		return errors.New(hoursUsage)
	}
	return whose.manage(ctx, func(c *app.Chats) error {
		if set || *off {
			if err := c.SetHours(ctx, *chat, *zone, *week); err != nil {
				return err
			}
		}
		if *callbacks != "" {
			if err := c.SetCallBacks(ctx, *chat, *callbacks == "on"); err != nil {
				return err
			}
		}
		week, callbacks, err := c.Hours(ctx, *chat)
		if err != nil {
			return err
		}
		if week == "" {
			week = "not set"
		}
		offered := "offered"
		if !callbacks {
			offered = "not offered"
		}
		_, err = fmt.Fprintf(out, "hours: %s\ncall-backs: %s\n", week, offered)
		return err
	})
}
