package sandbox

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

const tokenURL = "https://democo.amocrm.ru/oauth2/access_token"

func tokenBody(change ...string) string {
	m := map[string]string{
		"client_id": testClient, "client_secret": testKey, "redirect_uri": "https://widget.example.test/oauth",
	}
	for i := 0; i+1 < len(change); i += 2 {
		m[change[i]] = change[i+1]
	}
	return string(marshal(m))
}

// installed installs the integration and returns the webhook's query.
func (b *bench) installed() url.Values {
	b.t.Helper()
	before := len(b.rc.all())
	if err := b.box.Install(testAccount, testClient); err != nil {
		b.t.Fatal(err)
	}
	b.wait("the installation webhook", func() bool { return len(b.rc.all()) > before })
	return query(b.t, b.rc.all()[before])
}

func query(t *testing.T, r received) url.Values {
	t.Helper()
	u, err := url.Parse(r.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

func (b *bench) exchange(body string, want int) (access, refresh string) {
	b.t.Helper()
	a := b.must(request("POST", tokenURL, body, "Content-Type", "application/json"), want)
	if want != 200 {
		return "", ""
	}
	if a.field(b.t, "token_type") != "Bearer" || a.field(b.t, "expires_in") != 86400.0 {
		b.t.Errorf("answer %s", a.body)
	}
	return a.field(b.t, "access_token").(string), a.field(b.t, "refresh_token").(string)
}

func (b *bench) api(method, path, token, body string, want int) answer {
	b.t.Helper()
	return b.must(request(method, "https://democo.amocrm.ru"+path, body, "Authorization", "Bearer "+token, "Content-Type", "application/json"), want)
}

// TestInstall is W §8.6: webhook, exchange once, account, refresh once.
func TestInstall(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	q := b.installed()
	if q.Get("referer") != "democo.amocrm.ru" || q.Get("platform") != "1" || q.Get("client_id") != testClient || q.Get("from_widget") != "1" || q.Has("state") {
		t.Errorf("webhook %v", q)
	}
	access, refresh := b.exchange(tokenBody("grant_type", "authorization_code", "code", q.Get("code")), 200)
	a := b.api("GET", "/api/v4/account", access, "", 200)
	if a.field(t, "amojo_id") != nil || a.field(t, "id") != float64(testAccount) || a.header.Get("Content-Type") != "application/hal+json" {
		t.Errorf("account without the parameter: %s", a.body)
	}
	a = b.api("GET", "/api/v4/account?with=amojo_id", access, "", 200)
	if a.field(t, "amojo_id") != testAmojo || a.field(t, "current_user_id") != 9000002.0 {
		t.Errorf("account %s", a.body)
	}
	access2, _ := b.exchange(tokenBody("grant_type", "refresh_token", "refresh_token", refresh), 200)
	b.api("GET", "/api/v4/account", access2, "", 200)
	b.noBreach()
	b.exchange(tokenBody("grant_type", "refresh_token", "refresh_token", refresh), 400) // void at once at amoCRM
	b.exchange(tokenBody("grant_type", "authorization_code", "code", q.Get("code")), 400)
	for _, h := range b.box.Hooks() {
		if strings.Contains(h.URL, "code") {
			t.Errorf("a code stands in the record: %s", h.URL)
		}
	}
	for _, e := range b.box.Traffic() {
		if strings.Contains(e.Body+e.Answer+e.Query, testKey) || strings.Contains(e.Body+e.Answer, refresh) {
			t.Error("a secret stands in the log")
		}
	}
}

// TestExchangeChecks changes one thing at a time.
func TestExchangeChecks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	code := b.installed().Get("code")
	for _, bad := range [][]string{
		{"redirect_uri", "https://widget.example.test/oauth/"}, {"client_secret", "wrong"}, {"client_id", "wrong"},
		{"grant_type", "password"}, {"code", "wrong"}, {"code", ""}, {"extra", "field"}, {"refresh_token", "with a code"},
	} {
		b.exchange(tokenBody(append([]string{"grant_type", "authorization_code", "code", code}, bad...)...), 400)
	}
	b.must(request("POST", tokenURL, "grant_type=authorization_code", "Content-Type", "application/x-www-form-urlencoded"), 400)
	b.box.ResetBreaches()
	b.box.Advance(20*time.Minute + time.Second)
	b.exchange(tokenBody("grant_type", "authorization_code", "code", code), 400)
	b.noBreach()
}

// TestKommoRefresh is W §8.6 [K]: the old refresh token is valid until the new pair is used.
func TestKommoRefresh(t *testing.T) {
	t.Parallel()
	cfg := testConfig()
	cfg.Integrations[0].Product = ProductKommo
	b := startBench(t, cfg, "")
	link, err := b.box.Consent(31000009, testClient, "s", true)
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(link)
	if u.Query().Get("platform") != "2" || u.Query().Get("referer") != "shopco.kommo.com" || u.Query().Get("state") != "s" {
		t.Errorf("redirect to %s", link)
	}
	get := func(body string, want int) answer {
		return b.must(request("POST", "https://shopco.kommo.com/oauth2/access_token", body, "Content-Type", "application/json"), want)
	}
	first := get(tokenBody("grant_type", "authorization_code", "code", u.Query().Get("code")), 200).field(t, "refresh_token").(string)
	again := tokenBody("grant_type", "refresh_token", "refresh_token", first)
	get(again, 200)
	access := get(again, 200).field(t, "access_token").(string) // the first new pair was lost
	b.must(request("GET", "https://shopco.kommo.com/api/v4/account", "", "Authorization", "Bearer "+access), 200)
	get(again, 400) // now it is void
}

// TestConsentPage goes the way of a browser.
func TestConsentPage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	page := b.must(request("GET", "https://www.amocrm.ru/oauth?client_id="+testClient+"&state=a%22b&mode=popup", ""), 200)
	if s := string(page.body); !strings.Contains(s, `value="a&#34;b"`) || !strings.Contains(s, `value="31000001"`) || strings.Contains(s, "31000009") {
		t.Errorf("page %s", s)
	}
	form := url.Values{"client_id": {testClient}, "state": {`a"b`}, "account": {"31000001"}, "decision": {"allow"}}
	post := func() url.Values {
		a := b.must(request("POST", "https://www.amocrm.ru/oauth", form.Encode(), "Content-Type", "application/x-www-form-urlencoded"), 302)
		u, _ := url.Parse(a.header.Get("Location"))
		if u.Host != "widget.example.test" || u.Path != "/oauth" {
			t.Errorf("redirect to %s", u)
		}
		return u.Query()
	}
	q := post()
	if q.Get("state") != `a"b` || q.Get("code") == "" || q.Has("from_widget") {
		t.Errorf("query %v", q)
	}
	b.exchange(tokenBody("grant_type", "authorization_code", "code", q.Get("code")), 200)
	form.Set("decision", "deny")
	if q = post(); q.Get("error") != "access_denied" || q.Has("code") || q.Get("state") != `a"b` {
		t.Errorf("query %v", q)
	}
	b.must(request("GET", "https://www.amocrm.ru/oauth?client_id=other", ""), 400)
}

// TestUninstall is W §1.6 and §8.7.
func TestUninstall(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	q := b.installed()
	access, refresh := b.exchange(tokenBody("grant_type", "authorization_code", "code", q.Get("code")), 200)
	b.connect()
	if err := b.box.Uninstall(testAccount, testClient); err != nil {
		t.Fatal(err)
	}
	b.wait("the disabled hook", func() bool { return len(b.rc.all()) == 2 })
	got := query(t, b.rc.all()[1])
	want := url.Values{"account_id": {"31000001"}, "client_uuid": {testClient}, "signature": {"129e61487f0e55298284fefb127ce5256cd81c508cb5d39dbb5f36d11f71fcdf"}}
	if got.Encode() != want.Encode() {
		t.Errorf("hook %v, want %v", got, want)
	}
	b.api("GET", "/api/v4/account", access, "", 401)
	b.exchange(tokenBody("grant_type", "refresh_token", "refresh_token", refresh), 400)
	if n := len(b.box.Connections()); n != 0 {
		t.Errorf("%d connections, want none", n)
	}
	b.noBreach()
	b.installed() // again, with a new code
}

// TestInstallMoments are the orders of design 3.2.
func TestInstallMoments(t *testing.T) {
	t.Parallel()
	for _, moment := range []string{"install", "save", "late", "never"} {
		t.Run(moment, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.box.SetVariants(func(v *Variants) { v.InstallMoment = moment })
			press := func(at string) { b.box.World().Pressed(testAccount, 9000002, testClient, at) }
			hooks := func(n int) {
				b.wait(fmt.Sprintf("%d webhooks", n), func() bool { return len(b.rc.all()) == n })
			}
			press("install")
			if moment == "install" {
				hooks(1)
			}
			if n := len(b.box.Hooks()); moment != "install" && n != 0 {
				t.Errorf("%d webhooks after install", n)
			}
			press("save")
			press("save")
			if moment == "late" {
				if n := b.box.ReleaseInstallHooks(); n != 1 {
					t.Errorf("%d waited, want 1", n)
				}
			}
			if moment == "never" {
				if err := b.box.Close(); err != nil { // nothing is left running
					t.Fatal(err)
				}
				hooks(0)
				return
			}
			hooks(1)
		})
	}
}

// TestTokenVariants: what the page gets while the integration is not installed.
func TestTokenVariants(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := b.box.World()
	for variant, want := range map[string]int{"": 200, "issued": 200, "401": 401, "empty": 200} {
		b.box.SetVariants(func(v *Variants) { v.DisposableToken = variant })
		token, status := w.DisposableToken(testAccount, 9000002, testClient)
		if status != want || (token == "") != (variant == "401" || variant == "empty") {
			t.Errorf("variant %q: status %d, token %q", variant, status, token)
		}
	}
	b.box.SetVariants(func(v *Variants) { v.DisposableToken = "401" })
	b.installed()
	if _, status := w.DisposableToken(testAccount, 9000002, testClient); status != 200 {
		t.Errorf("status %d after installation, want 200", status)
	}
	if _, status := w.DisposableToken(testAccount, 1, testClient); status != 404 {
		t.Errorf("status %d for a stranger, want 404", status)
	}
}
