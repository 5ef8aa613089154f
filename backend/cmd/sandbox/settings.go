package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"

	"leadline/backend/sandbox"
)

// settings is the JSON file of --config; flags win over it.
type settings struct {
	sandbox.Config
	Listen  string `json:"listen"`
	State   string `json:"state"` // snapshot file; "" keeps nothing
	TLSCert string `json:"tls_cert"`
	TLSKey  string `json:"tls_key"`
	// Widgets are shown in the marketplace of every account.
	Widgets []widget `json:"widgets"`
	// BackendOrigins are those that widgets may talk to; the hosts of the
	// redirect URIs when absent.
	BackendOrigins []string `json:"backend_origins"`
	PrivacyPolicy  string   `json:"privacy_policy"`
	PageVariants   []string `json:"page_variants"`
	CDN            bool     `json:"cdn"`
}

type widget struct {
	Code       string `json:"code"`
	ClientUUID string `json:"client_uuid"`
	Zip        string `json:"zip"`
}

// The bare command's account, channel and OAuth client: the same at each start,
// so that what a client stored stays good. They open nothing real.
const (
	defaultAmojoID       = "7d9e2c44-61f3-4f0a-8b27-93c5e0a4d6b2"
	defaultChannel       = "0b7c1f0e-3a55-4b1d-9a60-5d2f4c8e1a11"
	defaultChannelSecret = "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334"
	defaultBot           = "9b2f4d6e-0a1c-4e3f-8d5b-7c6a9e8f0d1b"
	defaultClient        = "3f1c2a9e-6d5b-4c1e-8a77-0c9d4e5f6a7b"
	defaultClientSecret  = "TestOnlyTestOnlyTestOnlyTestOnlyTestOnlyTestOnlyTestOnlyTestOnly"
)

// readSettings reads flags and file and fills in what is missing, so that the
// bare command serves one account and one channel.
func readSettings(args []string, stderr io.Writer) (settings, error) {
	set := settings{}
	fs := flag.NewFlagSet("sandbox", flag.ContinueOnError)
	fs.SetOutput(stderr)
	file := fs.String("config", "", "JSON `file` with any of the settings below and more (see README)")
	listen := fs.String("listen", "", "`address` to listen on (default 127.0.0.1:9000)")
	product := fs.String("product", "", "amocrm, kommo or dev (default dev)")
	zone := fs.String("zone", "", "`zone` of all host names (default amocrm.ru, kommo.com or amocrm.localhost:PORT)")
	account := fs.String("account", "", "`subdomain` of the account (default democo)")
	accountID := fs.Int64("account-id", 0, "integer `id` of the account (default 31000001)")
	amojoID := fs.String("amojo-id", "", "amojo `id` of the account")
	channelID := fs.String("channel-id", "", "`id` of the channel")
	channelSecret := fs.String("channel-secret", "", "`secret` of the channel")
	hookURL := fs.String("hook-url", "", "`URL` of the channel's hooks; :scope_id in it is replaced")
	clientID := fs.String("client-id", "", "`id` of the OAuth client")
	clientSecret := fs.String("client-secret", "", "`secret` of the OAuth client")
	redirect := fs.String("redirect-uri", "", "redirect `URI` of the OAuth client")
	disabled := fs.String("disabled-uri", "", "`URI` of its \"disabled\" hook")
	code := fs.String("widget-code", "", "`code` of the widget")
	zip := fs.String("widget-zip", "", "the widget's archive, a `file`")
	state := fs.String("state", "", "`file` that keeps the data between runs")
	cert := fs.String("tls-cert", "", "certificate `file`; then https is served")
	key := fs.String("tls-key", "", "key `file`")
	if err := fs.Parse(args); err != nil {
		return set, err
	}
	if fs.NArg() > 0 {
		return set, fmt.Errorf("%q is not a flag", fs.Arg(0))
	}
	if *file != "" {
		raw, err := os.ReadFile(*file)
		if err != nil {
			return set, err
		}
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&set); err != nil {
			return set, fmt.Errorf("%s: %w", *file, err)
		}
	}
	for _, f := range []struct{ flag, field *string }{{listen, &set.Listen}, {state, &set.State}, {cert, &set.TLSCert}, {key, &set.TLSKey}} {
		*f.field = cmp.Or(*f.flag, *f.field)
	}
	set.Listen = cmp.Or(set.Listen, "127.0.0.1:9000")
	if (set.TLSCert == "") != (set.TLSKey == "") {
		return set, errors.New("--tls-cert and --tls-key belong together")
	}
	if err := set.fillZone(*product, *zone); err != nil {
		return set, err
	}
	if len(set.Accounts) == 0 {
		set.Accounts = []sandbox.Account{{ID: 31000001, Subdomain: "democo", Name: "Demo company", AmojoID: defaultAmojoID}}
	}
	a := &set.Accounts[0]
	a.ID, a.Subdomain, a.AmojoID = cmp.Or(*accountID, a.ID), cmp.Or(*account, a.Subdomain), cmp.Or(*amojoID, a.AmojoID)
	if len(set.Integrations) == 0 {
		set.Integrations = []sandbox.Integration{{ClientUUID: defaultClient, Secret: defaultClientSecret, Name: "Online chat"}}
	}
	i := &set.Integrations[0]
	i.ClientUUID, i.Secret = cmp.Or(*clientID, i.ClientUUID), cmp.Or(*clientSecret, i.Secret)
	i.RedirectURI, i.DisabledURI = cmp.Or(*redirect, i.RedirectURI), cmp.Or(*disabled, i.DisabledURI)
	i.WidgetCode = cmp.Or(*code, i.WidgetCode)
	if len(set.Channels) == 0 {
		set.Channels = []sandbox.Channel{{ID: defaultChannel, Secret: defaultChannelSecret, BotID: defaultBot, Name: "Online chat"}}
	}
	c := &set.Channels[0]
	c.ID, c.Secret, c.HookURL = cmp.Or(*channelID, c.ID), cmp.Or(*channelSecret, c.Secret), cmp.Or(*hookURL, c.HookURL)
	c.ClientUUID = cmp.Or(c.ClientUUID, i.ClientUUID)
	if *zip != "" {
		set.Widgets = append(set.Widgets, widget{Code: i.WidgetCode, ClientUUID: i.ClientUUID, Zip: *zip})
	}
	for _, w := range set.Widgets {
		if w.Code == "" {
			return set, errors.New("a widget needs its code")
		}
	}
	return set, nil
}

// fillZone makes the zone of the flags, or the default one.
func (set *settings) fillZone(product, name string) error {
	if product != "" || name != "" || len(set.Zones) == 0 {
		z := sandbox.Zone{Product: cmp.Or(product, sandbox.ProductDev), Name: name, Scheme: "https"}
		_, port, err := net.SplitHostPort(set.Listen)
		if err != nil {
			return fmt.Errorf("listen address: %w", err)
		}
		switch z.Product {
		case sandbox.ProductAmoCRM:
			z.Name = cmp.Or(z.Name, "amocrm.ru")
		case sandbox.ProductKommo:
			z.Name = cmp.Or(z.Name, "kommo.com")
		case sandbox.ProductDev:
			z.Name = cmp.Or(z.Name, "amocrm.localhost:"+port)
			if set.TLSCert == "" {
				z.Scheme = "http"
			}
		default:
			return fmt.Errorf("product %q: amocrm, kommo or dev", z.Product)
		}
		set.Zones = []sandbox.Zone{z}
	}
	for i := range set.Zones {
		set.Zones[i].Scheme = cmp.Or(set.Zones[i].Scheme, "https")
	}
	return nil
}
