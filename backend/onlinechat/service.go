package onlinechat

import (
	"context"
	"crypto/subtle"
	"net"
	"net/url"
	"strings"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// Service makes and finds online chats and buttons.
type Service struct {
	// Sources must be set before chats are changed.
	Sources Sources
	// Fields must be set before a field for ids is chosen.
	Fields Fields

	store  Store
	newID  func() string
	secret func() string
	now    func() time.Time
}

// NewService wires a service; secret gives 64 random lower-case hex digits.
func NewService(s Store, newID, secret func() string, now func() time.Time) *Service {
	return &Service{store: s, newID: newID, secret: secret, now: now}
}

// EnsureFirst gives the account's first online chat and its button, making both
// when there is none. Repeating it changes nothing.
func (s *Service) EnsureFirst(ctx context.Context, a chatid.AccountID, name, locale string) (Chat, Button, error) {
	c, b := s.fresh(a, name, locale)
	return s.store.EnsureFirst(ctx, c, b)
}

// fresh is a chat that nobody has yet, and its button.
func (s *Service) fresh(a chatid.AccountID, name, locale string) (Chat, Button) {
	id := s.newID()
	return Chat{
			ID: chatid.ChatID(id), Account: a, Name: name,
			// "ll-" and 32 hex digits: within the 36 characters of the sources API.
			SourceExternalID: "ll-" + strings.ReplaceAll(id, "-", ""),
			CreatedAt:        s.now(),
		}, Button{
			ID: chatid.ButtonID(s.newID()), Account: a, Hash: s.secret(), Chat: chatid.ChatID(id),
			Locale: locale, Look: DefaultLook(), CreatedAt: s.now(),
		}
}

// Lookup finds a button by the pair in a site's snippet. fault.NotFound
// button_not_found for an unknown key and for a wrong hash alike.
func (s *Service) Lookup(ctx context.Context, key chatid.ButtonKey, hash string) (Button, error) {
	b, err := s.Button(ctx, key)
	if err != nil {
		return Button{}, err
	}
	if subtle.ConstantTimeCompare([]byte(b.Hash), []byte(hash)) != 1 {
		return Button{}, fault.New(fault.NotFound, "button_not_found")
	}
	return b, nil
}

// Button finds a button by its public number alone.
func (s *Service) Button(ctx context.Context, key chatid.ButtonKey) (Button, error) {
	notFound := fault.New(fault.NotFound, "button_not_found")
	if len(key) == 0 || len(key) > 18 || strings.Trim(string(key), "0123456789") != "" {
		return Button{}, notFound
	}
	b, err := s.store.Button(ctx, key)
	if fault.Is(err, fault.NotFound) {
		return Button{}, notFound
	}
	return b, err
}

// Chat finds an online chat by id.
func (s *Service) Chat(ctx context.Context, id chatid.ChatID) (Chat, error) {
	return s.store.Chat(ctx, id)
}

// Chats lists an account's chats; Buttons its buttons.
func (s *Service) Chats(ctx context.Context, a chatid.AccountID) ([]Chat, error) {
	return s.store.Chats(ctx, a)
}

// Buttons lists an account's buttons, oldest first.
func (s *Service) Buttons(ctx context.Context, a chatid.AccountID) ([]Button, error) {
	return s.store.Buttons(ctx, a)
}

// SetSeveral lets the visitors of a chat hold several conversations at a time, or one
// (O §6.4). fault.NotFound.
func (s *Service) SetSeveral(ctx context.Context, a chatid.AccountID, c chatid.ChatID, several bool) error {
	return s.store.SetSeveral(ctx, a, c, several)
}

// SetSource stores the CRM's number of the chat's source.
func (s *Service) SetSource(ctx context.Context, c chatid.ChatID, id chatid.SourceID) error {
	return s.store.SetSource(ctx, c, id)
}

// MaxTrustedSites bounds a button's list (EMB-24).
const MaxTrustedSites = 10

// Trust replaces the sites that may carry a button. fault.Invalid
// invalid_request for something that is no host name.
func (s *Service) Trust(ctx context.Context, key chatid.ButtonKey, sites []string, inApp bool) error {
	if len(sites) > MaxTrustedSites {
		return fault.New(fault.Invalid, "invalid_request")
	}
	clean := make([]string, 0, len(sites))
	for _, site := range sites {
		site = strings.ToLower(strings.TrimSpace(site))
		if !validHost(strings.TrimPrefix(site, "*.")) {
			return fault.New(fault.Invalid, "invalid_request")
		}
		clean = append(clean, site)
	}
	return s.store.SetTrustedSites(ctx, key, clean, inApp)
}

func validHost(h string) bool {
	if len(h) > 253 {
		return false
	}
	for label := range strings.SplitSeq(h, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" ||
			label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return true
}

// Admits reports whether a page of origin may carry the button (EMB-24): a
// host of the list, with or without "www.", or below a "*." entry; ports and
// schemes do not count, but http is for local hosts only. An empty list admits
// every site, "null" (an application's page) only with InApp.
func (b Button) Admits(origin string) bool {
	if origin == "null" {
		return b.InApp
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	host := strings.ToLower(u.Hostname())
	if u.Scheme != "https" && (u.Scheme != "http" || !local(host)) {
		return false
	}
	if len(b.TrustedSites) == 0 {
		return true
	}
	for _, site := range b.TrustedSites {
		if below, ok := strings.CutPrefix(site, "*."); ok {
			if strings.HasSuffix(host, "."+below) {
				return true
			}
		} else if host == site || host == "www."+site {
			return true
		}
	}
	return false
}

// Ancestors is the list of the panel's CSP frame-ancestors.
func (b Button) Ancestors() []string {
	if b.InApp {
		return []string{"*"}
	}
	if len(b.TrustedSites) == 0 {
		return []string{"https:", "http://localhost:*", "http://127.0.0.1:*", "http://*.localhost:*"}
	}
	var list []string
	for _, site := range b.TrustedSites {
		list = append(list, "https://"+site+":*")
		if !strings.HasPrefix(site, "*.") {
			list = append(list, "https://www."+site+":*")
		}
		if local(strings.TrimPrefix(site, "*.")) {
			list = append(list, "http://"+site+":*")
		}
	}
	return list
}

// local hosts never leave the machine, so plain http is as good as https there.
func local(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
