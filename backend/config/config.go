// Package config reads the settings of the server from the environment, checks
// them and shows them without their secrets. One page of settings, each with a
// default that works or a message that says what to set.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// Prefix stands before the name of every variable.
const Prefix = "LEADLINE_"

// Config is everything that a host can set.
type Config struct {
	// Listen is the address of the one listener for both hosts.
	Listen string `env:"LISTEN" envDefault:"127.0.0.1:8080"`
	// AppURL is where the widget, the CRM and people reach us; ChatURL is where
	// sites and visitors do. Two host names, so that a page of one never reads
	// the storage of the other.
	AppURL  string `env:"APP_URL"`
	ChatURL string `env:"CHAT_URL"`
	// TrustProxy takes the visitor's address from the last entry of
	// X-Forwarded-For; set it only behind a proxy that writes it.
	TrustProxy bool `env:"TRUST_PROXY"`
	// Database is sqlite:PATH or postgres://….
	Database string `env:"DATABASE" envDefault:"sqlite:data/leadline.db"`
	// KeyFile holds the keys of tokens and of secrets at rest; made at the first
	// start. Without it the stored OAuth tokens cannot be read.
	KeyFile string `env:"KEY_FILE" envDefault:"data/leadline.key"`
	// SignUp lets people make their own logins in the widget.
	SignUp bool `env:"SIGNUP"`
	// LogLevel is debug, info, warn or error.
	LogLevel string `env:"LOG_LEVEL" envDefault:"info"`
	// StopTimeout is how long an orderly stop may take.
	StopTimeout time.Duration `env:"STOP_TIMEOUT" envDefault:"20s"`

	// Support is where people who use the widget, and the CRM's support, turn to.
	Support Support `envPrefix:"SUPPORT_"`
	// BackgroundPeriod is how often the widget in a CRM user's browser asks for news.
	BackgroundPeriod time.Duration `env:"BACKGROUND_PERIOD" envDefault:"60s"`

	SMTP  SMTP `envPrefix:"SMTP_"`
	Media Media

	AmoCRM Product `envPrefix:"AMOCRM_"`
	Kommo  Product `envPrefix:"KOMMO_"`
	Dev    Product `envPrefix:"DEV_"`
}

// Support are the contacts that texts name.
type Support struct {
	Email string `env:"EMAIL"`
	Phone string `env:"PHONE"`
	Link  string `env:"LINK"`
	// EmailIntl and PhoneIntl stand in texts of other languages than Russian instead.
	EmailIntl string `env:"EMAIL_INTL"`
	PhoneIntl string `env:"PHONE_INTL"`
}

// Contacts lists them for a text in a language, those that are set.
func (s Support) Contacts(language string) []string {
	email, phone := s.Email, s.Phone
	if language != "ru" {
		email, phone = cmp.Or(s.EmailIntl, email), cmp.Or(s.PhoneIntl, phone)
	}
	return slices.DeleteFunc([]string{email, phone, s.Link}, func(c string) bool { return c == "" })
}

// SMTP is where mails go out. Without a host they are printed to the log.
type SMTP struct {
	// Addr is host:port.
	Addr     string `env:"ADDR"`
	User     string `env:"USER"`
	Password string `env:"PASSWORD"`
	// From is the sender's address.
	From string `env:"FROM" envDefault:"leadline@localhost"`
}

// Product is one record of a CRM product: where it is, our OAuth client there
// and our channel. A product without a ClientID is switched off.
type Product struct {
	Name string `env:"-"`
	// Zones are the suffixes of account addresses ("amocrm.ru"); a port may follow.
	Zones []string `env:"ZONES"`
	// Scheme of account addresses; https but for dev.
	Scheme string `env:"-"`
	// AmojoURL is the Chats API's address, ConsentURL the page where access is granted.
	AmojoURL   string `env:"AMOJO_URL"`
	ConsentURL string `env:"CONSENT_URL"`

	ClientID string `env:"CLIENT_ID"`
	// ClientSecrets is one secret, or two while it is being rotated, newest first.
	ClientSecrets []string `env:"CLIENT_SECRET"`
	// WidgetCode is the code that the upload of the widget gave.
	WidgetCode string `env:"WIDGET_CODE"`
	// MultipleSources tells that the integration has that switch on (W §7.3).
	MultipleSources bool `env:"MULTIPLE_SOURCES"`

	ChannelID     string `env:"CHANNEL_ID"`
	ChannelSecret string `env:"CHANNEL_SECRET"`
	// ChannelCode is the channel's code, origin_code of sources ("amo.ext.…").
	ChannelCode string `env:"CHANNEL_CODE"`
	// BotID is the channel's bot: what greeting bots and, in imported history, unknown people said goes out in its
	// name (C §1.3).
	BotID        string `env:"BOT_ID"`
	ChannelTitle string `env:"CHANNEL_TITLE" envDefault:"Leadline"`
	// What `leadline channel request` asks the CRM's support for (C §1.2): the service's
	// name in Latin letters (ChannelTitle when empty), the accounts that may connect
	// while the channel is private, first the one that owns the integration, whether it
	// is for everybody later, and what is unique about it (a text of ours when empty).
	ChannelName     string  `env:"CHANNEL_NAME"`
	ChannelAccounts []int64 `env:"CHANNEL_ACCOUNTS"`
	ChannelPublic   bool    `env:"CHANNEL_PUBLIC" envDefault:"true"`
	ChannelAbout    string  `env:"CHANNEL_ABOUT"`
	// Language is that of texts to operators.
	Language string `env:"LANGUAGE"`
}

// Enabled reports whether the record is in use.
func (p Product) Enabled() bool { return p.ClientID != "" }

// Products lists the records in use.
func (c Config) Products() []Product {
	var list []Product
	for _, p := range []Product{c.AmoCRM, c.Kommo, c.Dev} {
		if p.Enabled() {
			list = append(list, p)
		}
	}
	return list
}

// Load reads the environment given as KEY=VALUE pairs, nil for the process's own,
// and refuses settings that a server cannot run with.
func Load(environ []string) (Config, error) {
	c, err := Read(environ)
	if err != nil {
		return c, err
	}
	return c, c.Validate()
}

// Read is Load for what is needed before everything is set: the values must have
// their types, and are not checked otherwise.
func Read(environ []string) (Config, error) {
	var c Config
	opts := env.Options{Prefix: Prefix}
	if environ != nil {
		opts.Environment = env.ToMap(environ)
	} else {
		opts.Environment = env.ToMap(os.Environ())
	}
	if err := env.ParseWithOptions(&c, opts); err != nil {
		return Config{}, fmt.Errorf("settings: %w", err)
	}
	c.fill()
	return c, nil
}

// fill puts in what follows from the product.
func (c *Config) fill() {
	or := func(p *string, v string) {
		if *p == "" {
			*p = v
		}
	}
	c.AmoCRM.Name, c.Kommo.Name, c.Dev.Name = "amocrm", "kommo", "dev"
	c.AmoCRM.Scheme, c.Kommo.Scheme, c.Dev.Scheme = "https", "https", "http"
	if len(c.AmoCRM.Zones) == 0 {
		c.AmoCRM.Zones = []string{"amocrm.ru"}
	}
	if len(c.Kommo.Zones) == 0 {
		c.Kommo.Zones = []string{"kommo.com", "amocrm.com"}
	}
	or(&c.AmoCRM.AmojoURL, "https://amojo.amocrm.ru")
	or(&c.Kommo.AmojoURL, "https://amojo.kommo.com")
	or(&c.AmoCRM.ConsentURL, "https://www.amocrm.ru/oauth")
	or(&c.Kommo.ConsentURL, "https://www.kommo.com/oauth")
	or(&c.AmoCRM.Language, "ru")
	or(&c.Kommo.Language, "en")
	or(&c.Dev.Language, "en")
}

// Bounds of BackgroundPeriod: more often is a burden on the CRM's pages (design.md
// §10), more seldom and nobody would be called back.
const minBackgroundPeriod, maxBackgroundPeriod = 30 * time.Second, 10 * time.Minute

// Validate says everything that is wrong, in one error.
func (c Config) Validate() error {
	var bad []error
	add := func(format string, a ...any) { bad = append(bad, fmt.Errorf(format, a...)) }

	app, appErr := base(c.AppURL)
	if appErr != nil {
		add("%sAPP_URL: %w", Prefix, appErr)
	}
	chat, chatErr := base(c.ChatURL)
	if chatErr != nil {
		add("%sCHAT_URL: %w", Prefix, chatErr)
	}
	if appErr == nil && chatErr == nil {
		if strings.EqualFold(app.Host, chat.Host) {
			add("%sAPP_URL and %sCHAT_URL must be different hosts", Prefix, Prefix)
		}
		for _, u := range []*url.URL{app, chat} {
			if u.Scheme != "https" && !Loopback(u.Hostname()) {
				add("%s: only https is allowed for a public address", u)
			}
		}
		if c.Dev.Enabled() && (!Loopback(app.Hostname()) || !Loopback(chat.Hostname())) {
			add("the dev product works only while the server's addresses are on this machine (*.localhost)")
		}
	}
	if c.BackgroundPeriod < minBackgroundPeriod || c.BackgroundPeriod > maxBackgroundPeriod {
		add("%sBACKGROUND_PERIOD: want %s to %s", Prefix, minBackgroundPeriod, maxBackgroundPeriod)
	}
	if len(c.Products()) == 0 {
		add("no product is set: %sAMOCRM_CLIENT_ID or %sKOMMO_CLIENT_ID is needed", Prefix, Prefix)
	}
	for _, p := range c.Products() {
		name := Prefix + strings.ToUpper(p.Name) + "_"
		if n := len(p.ClientSecrets); n < 1 || n > 2 {
			add("%sCLIENT_SECRET: one secret, or two while it is rotated", name)
		}
		if p.ChannelID == "" || p.ChannelSecret == "" {
			add("%sCHANNEL_ID and %sCHANNEL_SECRET are needed", name, name)
		}
		if len(p.Zones) == 0 || p.AmojoURL == "" || p.ConsentURL == "" {
			add("%sZONES, %sAMOJO_URL and %sCONSENT_URL are needed", name, name, name)
		}
	}
	c.Media.check(c.Dev.Enabled(), add)
	return errors.Join(bad...)
}

func base(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case s == "":
		return nil, errors.New("is needed, for example https://app.example.org")
	case err != nil:
		return nil, err
	case u.Scheme != "https" && u.Scheme != "http", u.Host == "", u.User != nil, u.Path != "", u.RawQuery != "", u.Fragment != "":
		return nil, fmt.Errorf("%q: want scheme and host only, like https://app.example.org", s)
	}
	return u, nil
}

// Loopback reports whether a host name or address is this machine.
func Loopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// Secrets lists every secret value, for scans of what must not hold one.
func (c Config) Secrets() []string {
	var list []string
	for _, p := range []Product{c.AmoCRM, c.Kommo, c.Dev} {
		list = append(list, p.ClientSecrets...)
		list = append(list, p.ChannelSecret)
	}
	list = append(list, c.SMTP.Password, c.Media.S3.Secret)
	var found []string
	for _, s := range list {
		if s != "" {
			found = append(found, s)
		}
	}
	return found
}

func hidden(set bool) string {
	if set {
		return "(set)"
	}
	return "(not set)"
}

// Redacted shows the settings, one a line, secrets only as set or not set.
func (c Config) Redacted() string {
	var b strings.Builder
	line := func(name, value string) { fmt.Fprintf(&b, "%s%s=%s\n", Prefix, name, value) }
	line("LISTEN", c.Listen)
	line("APP_URL", c.AppURL)
	line("CHAT_URL", c.ChatURL)
	line("TRUST_PROXY", fmt.Sprint(c.TrustProxy))
	database := c.Database
	if u, err := url.Parse(database); err == nil && u.User != nil {
		database = u.Redacted()
	}
	line("DATABASE", database)
	line("KEY_FILE", c.KeyFile)
	line("SIGNUP", fmt.Sprint(c.SignUp))
	line("LOG_LEVEL", c.LogLevel)
	line("STOP_TIMEOUT", c.StopTimeout.String())
	c.Media.show(line)
	line("SUPPORT_EMAIL", c.Support.Email)
	line("SUPPORT_PHONE", c.Support.Phone)
	line("SUPPORT_LINK", c.Support.Link)
	line("SUPPORT_EMAIL_INTL", c.Support.EmailIntl)
	line("SUPPORT_PHONE_INTL", c.Support.PhoneIntl)
	line("BACKGROUND_PERIOD", c.BackgroundPeriod.String())
	line("SMTP_ADDR", c.SMTP.Addr)
	line("SMTP_USER", c.SMTP.User)
	line("SMTP_PASSWORD", hidden(c.SMTP.Password != ""))
	line("SMTP_FROM", c.SMTP.From)
	for _, p := range c.Products() {
		name := strings.ToUpper(p.Name) + "_"
		line(name+"ZONES", strings.Join(p.Zones, ","))
		line(name+"AMOJO_URL", p.AmojoURL)
		line(name+"CONSENT_URL", p.ConsentURL)
		line(name+"CLIENT_ID", p.ClientID)
		line(name+"CLIENT_SECRET", fmt.Sprintf("(%d set)", len(p.ClientSecrets)))
		line(name+"WIDGET_CODE", p.WidgetCode)
		line(name+"MULTIPLE_SOURCES", fmt.Sprint(p.MultipleSources))
		line(name+"CHANNEL_ID", p.ChannelID)
		line(name+"CHANNEL_SECRET", hidden(p.ChannelSecret != ""))
		line(name+"CHANNEL_CODE", p.ChannelCode)
		line(name+"BOT_ID", p.BotID)
		line(name+"CHANNEL_TITLE", p.ChannelTitle)
		line(name+"CHANNEL_NAME", p.ChannelName)
		line(name+"CHANNEL_ACCOUNTS", strings.Trim(fmt.Sprint(p.ChannelAccounts), "[]"))
		line(name+"CHANNEL_PUBLIC", fmt.Sprint(p.ChannelPublic))
		line(name+"LANGUAGE", p.Language)
	}
	return b.String()
}
