package main

import (
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"leadline/backend/config"
)

const channelUsage = "usage: leadline channel request --platform amocrm|kommo [--icon FILE]"

// channelIcon is round, 14 by 14 pixels and far below 100 KB (C §1.2, item 7).
//
//go:embed channel.svg
var channelIcon []byte

// channel is `leadline channel …`.
func channel(args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 || args[0] != "request" {
		return errors.New(channelUsage)
	}
	f := flag.NewFlagSet("channel request", flag.ContinueOnError)
	f.SetOutput(stderr)
	platform := f.String("platform", "amocrm", "`product`: amocrm or kommo")
	icon := f.String("icon", "", "`file` to write the channel's icon to (SVG), to be attached to the request")
	if err := f.Parse(args[1:]); err != nil {
		return exitCode(2)
	}
	if f.NArg() > 0 || *platform != "amocrm" && *platform != "kommo" {
		return errors.New(channelUsage)
	}
	// The channel's own settings do not exist yet, so the rest is not asked for.
	cfg, err := config.Read(nil)
	if err != nil {
		return err
	}
	if *icon != "" {
		if err := os.WriteFile(*icon, channelIcon, 0o644); err != nil { //nolint:gosec // a picture for everybody, at the path that was asked for
			return fmt.Errorf("write the icon: %w", err)
		}
	}
	text, missing := channelRequest(cfg, *platform, *icon)
	fmt.Fprint(stdout, text)
	if len(missing) == 0 {
		return nil
	}
	fmt.Fprintln(stderr, "\nThe request is not complete. Set, and run this again:")
	for _, m := range missing {
		fmt.Fprintln(stderr, "-", m)
	}
	return exitCode(1)
}

var (
	serviceName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9 ._-]{0,63}$`)
	clientUUID  = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
)

// channelRequest is the text of the request to the support of the product (C §1.2),
// in Russian for amoCRM and in English for Kommo, and what has to be set before it
// can be sent; a missing value shows as "________". It holds nothing secret.
func channelRequest(cfg config.Config, platform, icon string) (text string, missing []string) {
	p, words, crm := cfg.AmoCRM, russianRequest, "amoCRM"
	if platform == "kommo" {
		p, words, crm = cfg.Kommo, englishRequest, "Kommo"
	}
	prefix := config.Prefix + strings.ToUpper(platform) + "_"
	value := func(v string, ok bool, what string) string {
		if !ok {
			missing = append(missing, what)
			return "________"
		}
		return v
	}
	name := p.ChannelName
	if name == "" {
		name = p.ChannelTitle
	}
	var accounts []string
	valid := len(p.ChannelAccounts) > 0
	for _, a := range p.ChannelAccounts {
		accounts = append(accounts, strconv.FormatInt(a, 10))
		valid = valid && a > 0
	}
	owner := ""
	if valid {
		owner = accounts[0]
	}
	address, err := mail.ParseAddress(cfg.Support.Email)
	hook, hookOK := hookAddress(cfg.AppURL)
	about := p.ChannelAbout
	if about == "" {
		about = words.about
	}
	public := words.yes
	if !p.ChannelPublic {
		public = words.no
	}
	items := []string{
		value(name, serviceName.MatchString(name), prefix+"CHANNEL_NAME: the service's name, Latin letters, not beginning with a digit"),
		value(hook, hookOK, config.Prefix+"APP_URL: the server's public https address"),
		value(strings.Join(accounts, ", "), valid, prefix+"CHANNEL_ACCOUNTS: numbers of the accounts that may connect while the channel is private, separated by commas, first the one that owns the integration"),
		words.writeFirst,
		words.window,
		value(cfg.Support.Email, err == nil && address.Address == cfg.Support.Email, config.Prefix+"SUPPORT_EMAIL: where the CRM's support writes to when there are problems"),
		value(fmt.Sprintf(words.icon, filepath.Base(icon)), icon != "", "--icon FILE: writes the icon; attach that file to the request"),
		value(p.ClientID, clientUUID.MatchString(p.ClientID), prefix+"CLIENT_ID: the id of the integration, from its page \"keys and scopes\""),
		value(p.WidgetCode, p.WidgetCode != "" && !strings.ContainsAny(p.WidgetCode, " \t\n"), prefix+"WIDGET_CODE: the code that the upload of the widget gave; upload the widget first"),
		fmt.Sprintf(words.offer, public, about),
		words.files,
		words.reactions,
		words.quotes,
		words.voice,
		words.typing,
	}
	if platform == "kommo" {
		items = append(items,
			fmt.Sprintf("%d MB", max(cfg.Media.MaxPictureMB, cfg.Media.MaxVideoMB, cfg.Media.MaxAudioMB, cfg.Media.MaxFileMB)),
			value(owner, valid, prefix+"CHANNEL_ACCOUNTS: its first number is the account that owns the integration"))
	}
	var b strings.Builder
	fmt.Fprintf(&b, words.head, crm)
	for i, item := range items {
		fmt.Fprintf(&b, "%d. %s: %s\n", i+1, words.titles[i], item)
	}
	b.WriteString(words.tail)
	return b.String(), missing
}

// hookAddress is where the chats service reaches the server; false when nobody
// outside of this machine could.
func hookAddress(app string) (string, bool) {
	u, err := url.Parse(app)
	if err != nil || u.Scheme != "https" || u.Host == "" || config.Loopback(u.Hostname()) {
		return "", false
	}
	return strings.TrimSuffix(app, "/") + "/hooks/amojo/:scope_id", true
}
