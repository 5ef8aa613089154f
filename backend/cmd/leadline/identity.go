package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"leadline/backend/app"
)

const identityUsage = `usage: leadline chat identity COMMAND --account NUMBER [--product amocrm|kommo] [--chat ID]

  list                       modes and keys of all chats of the account
  mode signed|optional|vendor
                             what opens the history of a site's signed-in user: a signed user_token alone;
                             that, and a user_id where the device's own token is; or, as the vendor has it,
                             a user_id that nobody can guess
  secret                     make a secret for HS256 and print it, once
  key FILE [--kid NAME]      add a public key (PEM: RSA, EC P-256 or Ed25519); FILE may be -
  drop --kid NAME            drop a secret or a key: what was signed with it is refused from now on

Two secrets and two public keys can be there at once: make the next one, let the site change over, drop the old one.
--chat may be left out where the account has one chat`

// identity changes how the chats of an account learn who their visitors are.
func identity(ctx context.Context, args []string, out, warn io.Writer) error {
	if len(args) == 0 {
		return errors.New(identityUsage)
	}
	f := flag.NewFlagSet("chat identity "+args[0], flag.ContinueOnError)
	whose := accountFlags(f)
	chat := f.String("chat", "", "id of the chat, as `chat list` shows it")
	kid := f.String("kid", "", "name of the key, as tokens may name it")
	// The mode or the file stands before the options or behind them.
	word, rest := "", args[1:]
	if len(rest) > 0 && (rest[0] == "-" || rest[0] == "" || rest[0][0] != '-') {
		word, rest = rest[0], rest[1:]
	}
	if err := f.Parse(rest); err != nil {
		return exitCode(2)
	}
	if word == "" {
		word = f.Arg(0)
	}
	var do func(*app.Chats) error
	switch command := args[0]; {
	case command == "list" && word == "":
		do = func(c *app.Chats) error { return listIdentities(ctx, c, out, warn) }
	case command == "mode" && word != "":
		do = func(c *app.Chats) error { return c.SetIdentityMode(ctx, *chat, word) }
	case command == "secret" && word == "":
		do = func(c *app.Chats) error {
			k, err := c.NewIdentitySecret(ctx, *chat)
			if err == nil {
				_, err = fmt.Fprintf(out, "kid     %s\nsecret  %s\n", k.ID, k.Material)
			}
			return err
		}
	case command == "key" && word != "":
		pem, err := readKeyFile(word)
		if err != nil {
			return err
		}
		do = func(c *app.Chats) error {
			k, err := c.AddIdentityKey(ctx, *chat, *kid, pem)
			if err == nil {
				_, err = fmt.Fprintf(out, "kid  %s\nalg  %s\n", k.ID, k.Alg)
			}
			return err
		}
	case command == "drop" && word == "" && *kid != "":
		do = func(c *app.Chats) error { return c.DropIdentityKey(ctx, *chat, *kid) }
	default:
		return errors.New(identityUsage)
	}
	return whose.manage(ctx, do)
}

// maxKeyFile is more than any public key has.
const maxKeyFile = 64 << 10

func readKeyFile(name string) (string, error) {
	from := io.Reader(os.Stdin)
	if name != "-" {
		file, err := os.Open(name) //nolint:gosec // the host names the file
		if err != nil {
			return "", fmt.Errorf("read the key: %w", err)
		}
		defer func() { _ = file.Close() }()
		from = file
	}
	raw, err := io.ReadAll(io.LimitReader(from, maxKeyFile))
	if err != nil {
		return "", fmt.Errorf("read the key: %w", err)
	}
	return string(raw), nil
}

func listIdentities(ctx context.Context, c *app.Chats, out, warn io.Writer) error {
	list, err := c.Identities(ctx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if _, err := fmt.Fprintln(w, "CHAT\tNAME\tMODE\tKID\tALG\tSINCE"); err != nil {
		return err
	}
	for _, i := range list {
		lines := [][3]string{{"-", "-", "-"}}
		if len(i.Keys) > 0 {
			lines = nil
		}
		for _, k := range i.Keys {
			lines = append(lines, [3]string{k.ID, k.Alg, k.CreatedAt.Format("2006-01-02 15:04")})
		}
		for _, l := range lines {
			if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", i.Chat.ID, i.Chat.Name, i.Mode, l[0], l[1], l[2]); err != nil {
				return err
			}
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, i := range list {
		if !i.ByClaim() {
			continue
		}
		text := fmt.Sprintf("warning: %s: whoever knows a user_id reads that user's history; signed user_tokens are safe\n", i.Chat.Name)
		if !i.ShortIDAt.IsZero() {
			text += fmt.Sprintf("warning: %s: a user_id of less than 32 hexadecimal characters was refused, lately at %s UTC\n",
				i.Chat.Name, i.ShortIDAt.Format("2006-01-02 15:04"))
		}
		if _, err := io.WriteString(warn, text); err != nil {
			return err
		}
	}
	return nil
}
