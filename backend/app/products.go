package app

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"strings"
	"time"

	"leadline/backend/account"
	"leadline/backend/amocrm"
	"leadline/backend/amojo"
	"leadline/backend/auth"
	"leadline/backend/bridge"
	"leadline/backend/chatid"
	"leadline/backend/config"
	"leadline/backend/httpapi"
	"leadline/backend/onlinechat"
	"leadline/backend/team"
)

// redirectURI is where the product's CRM sends authorisation codes.
func redirectURI(cfg config.Config, p config.Product) string {
	return cfg.AppURL + "/oauth/" + p.Name + "/callback"
}

func bridgeProducts(cfg config.Config) bridge.Products {
	var list []bridge.Product
	for _, p := range cfg.Products() {
		var zones []amocrm.Zone
		for _, z := range p.Zones {
			zones = append(zones, amocrm.Zone{Suffix: z, Scheme: p.Scheme})
		}
		list = append(list, bridge.Product{
			Name:    p.Name,
			Channel: amojo.Channel{ID: chatid.ChannelID(p.ChannelID), Secret: p.ChannelSecret, BaseURL: p.AmojoURL},
			Title:   p.ChannelTitle,
			OAuth: amocrm.Integration{
				ClientID: p.ClientID, Secrets: p.ClientSecrets, RedirectURI: redirectURI(cfg, p),
				ConsentURL: p.ConsentURL, Zones: zones,
			},
			MultipleSources: p.MultipleSources, ChannelCode: p.ChannelCode, Language: p.Language, BotID: chatid.UserRef(p.BotID),
		})
	}
	return bridge.NewProducts(list)
}

func edgeProducts(cfg config.Config, now func() time.Time) map[string]httpapi.Product {
	m := map[string]httpapi.Product{}
	for _, p := range cfg.Products() {
		var zones []auth.Zone
		for _, z := range p.Zones {
			zones = append(zones, auth.Zone{Suffix: z, Scheme: p.Scheme})
		}
		m[p.Name] = httpapi.Product{Name: p.Name, ClientID: p.ClientID, WidgetCode: p.WidgetCode, Verifier: &auth.DisposableVerifier{
			Secrets: p.ClientSecrets, Audience: cfg.AppURL, ClientUUID: p.ClientID, Zones: zones,
			Now: now, Leeway: auth.DefaultLeeway,
		}}
	}
	return m
}

// transport dials names below localhost on this machine, where no resolver
// knows them, and keeps enough idle connections for all lanes.
func transport() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}
	t.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if host, port, err := net.SplitHostPort(addr); err == nil && strings.HasSuffix(host, ".localhost") {
			addr = net.JoinHostPort("127.0.0.1", port)
		}
		return dialer.DialContext(ctx, network, addr)
	}
	t.MaxIdleConnsPerHost = 64
	t.MaxIdleConns = 256
	t.ResponseHeaderTimeout = 15 * time.Second
	t.Proxy = http.ProxyFromEnvironment
	return t
}

// firstChats makes an account's first online chat for the account service.
type firstChats struct{ chats *onlinechat.Service }

// firstNames is what the first chat is called; its owner may rename it.
var firstNames = map[string]string{"ru": "Чат на сайте", "en": "Website chat", "es": "Chat del sitio", "pt": "Chat do site"}

func (f firstChats) First(ctx context.Context, a chatid.AccountID, locale string) (account.Source, error) {
	name, ok := firstNames[locale]
	if !ok {
		name, locale = firstNames["en"], "en"
	}
	c, _, err := f.chats.EnsureFirst(ctx, a, name, locale)
	return account.Source{Chat: c.ID, Name: c.Name, ExternalID: c.SourceExternalID, Pipeline: c.Pipeline, Known: c.SourceID != 0}, err
}

func (f firstChats) SetSource(ctx context.Context, c chatid.ChatID, id chatid.SourceID) error {
	return f.chats.SetSource(ctx, c, id)
}

// logins tells the account service whose logins are whose.
type logins struct {
	store team.Store
	teams *team.Service
}

func (l logins) TellTransfer(ctx context.Context, a account.Account, t account.Transfer) error {
	return l.teams.TellTransfer(ctx, t.From, t.User, httpapi.ConsolePath(a.ID), cmp.Or(a.Name, a.Host), t.EndsAt())
}

func (l logins) OwnerMasked(ctx context.Context, t chatid.TeamID) (string, error) {
	u, err := l.store.OwnerOf(ctx, t)
	return team.Masked(u.Email), err
}

func (l logins) Email(ctx context.Context, id chatid.UserID) (string, error) {
	u, err := l.store.User(ctx, id)
	return u.Email, err
}
