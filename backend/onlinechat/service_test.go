package onlinechat

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// TestAdmits is EMB-24.
func TestAdmits(t *testing.T) {
	t.Parallel()
	listed := []string{"shop.example", "*.market.example", "localhost"}
	for _, c := range []struct {
		origin string
		sites  []string
		inApp  bool
		want   bool
	}{
		// The list.
		{"https://shop.example", listed, false, true},
		{"https://SHOP.example", listed, false, true},
		{"https://www.shop.example", listed, false, true},
		{"https://shop.example:8443", listed, false, true},
		{"https://blog.shop.example", listed, false, false},
		{"https://www.www.shop.example", listed, false, false},
		{"https://other.example", listed, false, false},
		{"https://evilshop.example", listed, false, false},
		{"https://shop.example.evil.test", listed, false, false},
		// "*." takes what lies below, not the name itself.
		{"https://a.market.example", listed, false, true},
		{"https://a.b.market.example:444", listed, false, true},
		{"https://market.example", listed, false, false},
		{"https://evilmarket.example", listed, false, false},
		// Plain http only on this machine.
		{"http://shop.example", listed, false, false},
		{"http://localhost", listed, false, true},
		{"http://localhost:3000", listed, false, true},
		{"http://localhost:3000", nil, false, true},
		{"http://shop.localhost", nil, false, true},
		{"http://127.0.0.1:8080", nil, false, true},
		{"http://[::1]:8080", nil, false, true},
		{"http://127.0.0.1.evil.test", nil, false, false},
		{"http://localhost.evil.test", nil, false, false},
		{"http://192.168.0.1", nil, false, false},
		// No list: any https site.
		{"https://anywhere.example", nil, false, true},
		{"https://пример.example", nil, false, true},
		// Applications.
		{"null", nil, true, true},
		{"null", listed, true, true},
		{"null", nil, false, false},
		{"null", listed, false, false},
		{"https://other.example", listed, true, false},
		// What is no origin.
		{"", nil, true, false},
		{"shop.example", nil, false, false},
		{"//shop.example", nil, false, false},
		{"https://", nil, false, false},
		{"https://shop.example/", listed, false, false},
		{"https://shop.example/path", listed, false, false},
		{"https://shop.example?q", listed, false, false},
		{"https://shop.example#f", listed, false, false},
		{"https://user@shop.example", listed, false, false},
		{"ftp://shop.example", listed, false, false},
		{"javascript://shop.example", listed, false, false},
		{"file://", nil, true, false},
		{"chrome-extension://abcdef", nil, false, false},
		{"https://shop.example https://evil.test", listed, false, false},
	} {
		if got := (Button{TrustedSites: c.sites, InApp: c.inApp}).Admits(c.origin); got != c.want {
			t.Errorf("%v (in app %v) admits %q: %v, want %v", c.sites, c.inApp, c.origin, got, c.want)
		}
	}
}

// TestAncestors: the panel's frame-ancestors say the same as Admits.
func TestAncestors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		button Button
		want   []string
	}{
		{Button{InApp: true}, []string{"*"}},
		{Button{InApp: true, TrustedSites: []string{"shop.example"}}, []string{"*"}},
		{Button{}, []string{"https:", "http://localhost:*", "http://127.0.0.1:*", "http://*.localhost:*"}},
		{Button{TrustedSites: []string{"shop.example"}}, []string{"https://shop.example:*", "https://www.shop.example:*"}},
		{Button{TrustedSites: []string{"*.shop.example"}}, []string{"https://*.shop.example:*"}},
		{Button{TrustedSites: []string{"localhost"}}, []string{"https://localhost:*", "https://www.localhost:*", "http://localhost:*"}},
	} {
		if got := c.button.Ancestors(); !slices.Equal(got, c.want) {
			t.Errorf("%+v has ancestors %q, want %q", c.button, got, c.want)
		}
	}
}

// kept notes what reached the store; what a test does not use is not there.
type kept struct {
	Store
	chat   Chat
	button Button
	sites  []string
	saved  bool
	reach  Reach
}

func (k *kept) SetReach(_ context.Context, _ chatid.AccountID, _ chatid.ChatID, r Reach) error {
	k.reach = r
	return nil
}

func (k *kept) EnsureFirst(_ context.Context, c Chat, b Button) (Chat, Button, error) {
	k.chat, k.button = c, b
	return c, b, nil
}

func (k *kept) SetTrustedSites(_ context.Context, _ chatid.ButtonKey, sites []string, _ bool) error {
	k.sites, k.saved = sites, true
	return nil
}

func (k *kept) Button(_ context.Context, key chatid.ButtonKey) (Button, error) {
	if key == "1001" {
		return Button{Key: key, Hash: strings.Repeat("a", 64)}, nil
	}
	return Button{}, fault.New(fault.NotFound, "row_not_found")
}

func service(k *kept) *Service {
	n := 0
	id := func() string { n++; return fmt.Sprintf("0198c0de-0000-7000-8000-%012d", n) }
	return NewService(k, id, func() string { return strings.Repeat("b", 64) }, func() time.Time { return time.Unix(1767225600, 0) })
}

func TestTrust(t *testing.T) {
	t.Parallel()
	k := &kept{}
	if err := service(k).Trust(t.Context(), "1001", []string{" Shop.Example ", "*.market.example", "xn--e1afmkfd.example", "localhost", "127.0.0.1"}, false); err != nil {
		t.Fatal(err)
	}
	if want := []string{"shop.example", "*.market.example", "xn--e1afmkfd.example", "localhost", "127.0.0.1"}; !slices.Equal(k.sites, want) {
		t.Errorf("stored %q, want %q", k.sites, want)
	}
	if err := service(k).Trust(t.Context(), "1001", slices.Repeat([]string{"shop.example"}, MaxTrustedSites), false); err != nil {
		t.Errorf("%d sites: %v", MaxTrustedSites, err)
	}
	for _, bad := range [][]string{
		{""}, {"*"}, {"*."}, {"*.*.example"}, {"a.*.example"}, {"https://shop.example"}, {"shop.example/path"}, {"shop.example:443"},
		{"shop example"}, {"shop.example; script-src *"}, {"shop.example,evil.test"}, {".shop.example"}, {"shop.example."}, {"shop..example"},
		{"пример.example"}, {"shop.example", "*"}, {strings.Repeat("a", 254)}, {"-shop.example"}, {"shop-.example"},
		slices.Repeat([]string{"shop.example"}, MaxTrustedSites+1),
	} {
		k := &kept{}
		if err := service(k).Trust(t.Context(), "1001", bad, false); fault.CodeOf(err) != "invalid_request" || k.saved {
			t.Errorf("Trust(%q) = %v (stored %v), want invalid_request", bad, err, k.saved)
		}
	}
}

// TestEnsureFirst: the source's external id fits the sources API (C §7.1: 36
// characters), and the button carries the chat.
func TestEnsureFirst(t *testing.T) {
	t.Parallel()
	k := &kept{}
	c, b, err := service(k).EnsureFirst(t.Context(), "account-1", "Website chat", "en")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(c.SourceExternalID); n == 0 || n > 36 || strings.Trim(c.SourceExternalID, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		t.Errorf("external id %q has %d characters, want 1 to 36 plain ones", c.SourceExternalID, n)
	}
	if b.Chat != c.ID || b.Account != "account-1" || c.Account != "account-1" || b.ID == chatid.ButtonID(c.ID) || len(b.Hash) != 64 {
		t.Errorf("chat %+v and button %+v do not belong together", c, b)
	}
	if b.InApp || len(b.TrustedSites) != 0 || b.Look != DefaultLook() || b.Locale != "en" || c.Pipeline != 0 {
		t.Errorf("the first button is %+v", b)
	}
}

// TestLookup: an unknown key and a wrong hash are told apart by nobody.
func TestLookup(t *testing.T) {
	t.Parallel()
	s := service(&kept{})
	if b, err := s.Lookup(t.Context(), "1001", strings.Repeat("a", 64)); err != nil || b.Key != "1001" {
		t.Errorf("the right pair: %+v, %v", b, err)
	}
	for _, c := range []struct{ key, hash string }{
		{"1001", strings.Repeat("b", 64)}, {"1001", ""}, {"1001", "a"}, {"1002", strings.Repeat("a", 64)},
		{"", ""}, {"-1", ""}, {"1001 ", strings.Repeat("a", 64)}, {"1e3", ""}, {"１００１", ""}, {strings.Repeat("1", 19), ""},
	} {
		if _, err := s.Lookup(t.Context(), chatid.ButtonKey(c.key), c.hash); err == nil || err.Error() != "not found: button_not_found" {
			t.Errorf("Lookup(%q, %q) = %v, want button_not_found", c.key, c.hash, err)
		}
	}
}
