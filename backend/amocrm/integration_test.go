package amocrm

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

// The keys of W §8.11.
var (
	testSecret = strings.Repeat("TestOnly", 8)
	testClient = "3f1c2a9e-6d5b-4c1e-8a77-0c9d4e5f6a7b"
)

func integration() Integration {
	return Integration{
		ClientID: testClient, Secrets: []string{testSecret, "former"}, RedirectURI: "https://widget.example.test/oauth/amocrm/callback",
		ConsentURL: "https://www.amocrm.ru/oauth",
		Zones:      []Zone{{"amocrm.ru", "https"}, {"amocrm.com", "https"}, {"amocrm.localhost:9000", "http"}},
	}
}

// W §8.6: the referer is untrusted; W §8.4: exactly one label before the zone.
func TestAddress(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, base, subdomain string }{
		{"democo.amocrm.ru", "https://democo.amocrm.ru", "democo"},
		{"DemoCo.AmoCRM.com", "https://democo.amocrm.com", "democo"},
		{"a-1.amocrm.localhost:9000", "http://a-1.amocrm.localhost:9000", "a-1"},
	} {
		a, err := integration().Address(tt.in)
		if err != nil || a.Base() != tt.base || a.Subdomain() != tt.subdomain {
			t.Errorf("Address(%q) = %s, %s, %v; want %s, %s", tt.in, a.Base(), a.Subdomain(), err, tt.base, tt.subdomain)
		}
	}
	for _, in := range []string{
		"", "amocrm.ru", ".amocrm.ru", "a.b.amocrm.ru", "evilamocrm.ru", "democo.amocrm.ru.evil.test", "democo.amocrm.ru:443", "democo.amocrm.ru:9000",
		"https://democo.amocrm.ru", "democo.amocrm.ru/", "democo.amocrm.ru.", "x@democo.amocrm.ru", "evil.test#.amocrm.ru", "evil.test/.amocrm.ru", "a?b.amocrm.ru",
		"-a.amocrm.ru", "a-.amocrm.ru", "a_b.amocrm.ru", "де.amocrm.ru", "a b.amocrm.ru", "democo.amocrm.localhost", "democo.amocrm.localhost:9001", "democo.kommo.com",
		strings.Repeat("a", 64) + ".amocrm.ru", strings.Repeat("a", 300) + ".amocrm.ru",
	} {
		if a, err := integration().Address(in); err == nil {
			t.Errorf("Address(%q) took it as %s", in, a.Base())
		}
	}
}

func TestAPIAddress(t *testing.T) {
	t.Parallel()
	token := func(claims string) string {
		return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".sig"
	}
	if a, ok := integration().APIAddress(token(`{"api_domain":"api-b.amocrm.ru"}`)); !ok || a.Base() != "https://api-b.amocrm.ru" {
		t.Errorf("APIAddress = %s, %v", a.Base(), ok)
	}
	for _, bad := range []string{"", "a.b", "a.b.c", token(`{}`), token(`{"api_domain":"evil.test"}`), token(`{"api_domain":1}`), token(`[]`)} {
		if _, ok := integration().APIAddress(bad); ok {
			t.Errorf("APIAddress(%q) took it", bad)
		}
	}
}

func TestConsent(t *testing.T) {
	t.Parallel()
	// W §8.6, consent link.
	want := "https://www.amocrm.ru/oauth?client_id=3f1c2a9e-6d5b-4c1e-8a77-0c9d4e5f6a7b&mode=popup&state=a%26b"
	if got := integration().Consent("a&b"); got != want {
		t.Errorf("Consent = %s, want %s", got, want)
	}
}

func TestIntegrationHidesItsSecrets(t *testing.T) {
	t.Parallel()
	for _, s := range []string{fmt.Sprintf("%+v", integration()), fmt.Sprintf("%#v", integration()),
		fmt.Sprintf("%+v", Tokens{Access: testSecret, Refresh: testSecret}), fmt.Sprintf("%#v", Tokens{Access: testSecret})} {
		if strings.Contains(s, testSecret) {
			t.Errorf("printed value shows a secret: %s", s)
		}
	}
}

// W §8.7 with the vectors of W §8.11.
func TestDisabledHook(t *testing.T) {
	t.Parallel()
	const first, second = "129e61487f0e55298284fefb127ce5256cd81c508cb5d39dbb5f36d11f71fcdf", "79327716ead47d8168d406330cdbd2c1ad918af06d15e4dcab8a94d01657be01"
	if got := SignDisabled(testSecret, testClient, 31000001); got != first {
		t.Errorf("SignDisabled = %s, want %s", got, first)
	}
	if got := SignDisabled(testSecret, testClient, 31000002); got != second {
		t.Errorf("SignDisabled = %s, want %s", got, second)
	}
	for _, tt := range []struct {
		name      string
		secrets   []string
		client    string
		signature string
		want      bool
	}{
		{"newest secret", []string{testSecret, "former"}, testClient, first, true},
		{"former secret", []string{"newest", testSecret}, testClient, first, true},
		{"other secret", []string{"newest"}, testClient, first, false},
		{"no secret", nil, testClient, first, false},
		{"empty secret", []string{""}, testClient, SignDisabled("", testClient, 31000001), false},
		{"signature of another account", []string{testSecret}, testClient, second, false},
		{"another integration", []string{testSecret}, "x", first, false},
		{"none", []string{testSecret}, testClient, "", false},
		{"upper case", []string{testSecret}, testClient, strings.ToUpper(first), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := VerifyDisabled(tt.secrets, tt.client, 31000001, tt.signature); got != tt.want {
				t.Errorf("VerifyDisabled = %v, want %v", got, tt.want)
			}
		})
	}
}
