package app

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"leadline/backend/account"
	"leadline/backend/config"
	"leadline/backend/sandbox"
)

const callback = appURL + "/oauth/amocrm/callback"

// TestInstallWebhookIsAnsweredAtOnce: the CRM waits 3 s and never repeats, so the
// code is stored before the answer and exchanged later, also after a restart
// (W §8.6).
func TestInstallWebhookIsAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	w.box.SetFaults(func(f *sandbox.Faults) { f.APIStatus, f.APICount = 503, -1; f.APIDelayMS = 5000 })
	if err := w.box.Install(accountID, clientID); err != nil {
		t.Fatal(err)
	}
	var hook sandbox.HookRecord
	w.eventually("the webhook's answer", func() bool {
		for _, h := range w.box.Hooks() {
			if h.Kind == "install" && h.Outcome != "waiting" {
				hook = h
				return true
			}
		}
		return false
	})
	if hook.Outcome != "delivered" || hook.Status != http.StatusOK || hook.DurationMS > 1500 {
		t.Errorf("the webhook was %s with %d after %d ms, want 200 at once", hook.Outcome, hook.Status, hook.DurationMS)
	}
	if a, ok := w.account(); ok {
		t.Fatalf("there is an account already: %+v", a)
	}
	w.restart()
	w.box.SetFaults(func(f *sandbox.Faults) { *f = sandbox.Faults{} })
	a := w.authorised()
	if a.State != account.Installed || a.Host != crmHost || a.Name != "Demo company" || a.AmojoID != amojoID {
		t.Errorf("stored as %+v", a)
	}
	w.until("no code", func() bool { return w.grants() == 0 })
	w.noBreaches()
}

// grants counts the codes that wait to be exchanged.
func (w *world) grants() int {
	w.t.Helper()
	list, err := w.app.store.Accounts().Grants(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return len(list)
}

// TestCallbackRefuses what is not ours: the secret must be posted to nobody but
// hosts of the product (W §8.6).
func TestCallbackRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	good := url.Values{"code": {"def50200"}, "referer": {crmHost}, "client_id": {clientID}, "platform": {"1"}, "from_widget": {"1"}}
	for _, c := range []struct {
		name, key, value string
		status           int
		path             string
	}{
		{"foreign host", "referer", "evil.test", 400, callback},
		{"zone in the middle", "referer", "democo.amocrm.ru.evil.test", 400, callback},
		{"look-alike", "referer", "evil-amocrm.ru", 400, callback},
		{"zone itself", "referer", "amocrm.ru", 400, callback},
		{"two labels", "referer", "a.b.amocrm.ru", 400, callback},
		{"port", "referer", "democo.amocrm.ru:8443", 400, callback},
		{"path", "referer", "democo.amocrm.ru/evil", 400, callback},
		{"user", "referer", "evil.test@democo.amocrm.ru", 400, callback},
		{"user behind", "referer", "democo.amocrm.ru@evil.test", 400, callback},
		{"fragment", "referer", "evil.test#.amocrm.ru", 400, callback},
		{"no host", "referer", "", 400, callback},
		{"another integration", "client_id", "3f1c2a9e-6d5b-4c1e-8a77-0c9d4e5f6a7c", 400, callback},
		{"no code", "code", "", 400, callback},
		{"endless code", "code", strings.Repeat("a", 5000), 400, callback},
		{"forged state", "state", "eyJhbGciOiJIUzI1NiJ9.e30.c2ln", 400, callback},
		{"refusal by the admin", "error", "access_denied", 200, callback},
		{"unknown product", "platform", "1", 404, appURL + "/oauth/other/callback"},
		{"product not in use", "platform", "1", 404, appURL + "/oauth/kommo/callback"},
	} {
		q := url.Values{}
		for k, v := range good {
			q[k] = v
		}
		q.Set(c.key, c.value)
		a := w.send("GET", c.path+"?"+q.Encode(), nil, nil)
		if a.status != c.status || !strings.Contains(string(a.body), "<h1") || a.header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s: %d %s, want the page of a refusal with %d", c.name, a.status, a.body, c.status)
		}
		if strings.Contains(string(a.body), "evil") {
			t.Errorf("%s: the page repeats what came", c.name)
		}
	}
	if w.grants() != 0 || w.exchanges() != 0 {
		t.Errorf("%d codes stored, %d exchanges, want none", w.grants(), w.exchanges())
	}
	for _, path := range []string{"/oauth/other/start?account=1", "/oauth/amocrm/start", "/oauth/amocrm/start?account=-1", "/oauth/amocrm/start?account=x"} {
		if a := w.send("GET", appURL+path, nil, nil); a.status != 404 || a.header.Get("Location") != "" {
			t.Errorf("%s: %d to %q, want 404", path, a.status, a.header.Get("Location"))
		}
	}
}

// TestDeadCodeIsForgotten: a code that the CRM refuses is not tried for ever, and
// the next one works.
func TestDeadCodeIsForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	a := w.send("GET", callback+"?code=def50200&referer="+crmHost+"&client_id="+clientID, nil, nil)
	if a.status != http.StatusOK {
		t.Fatalf("callback: %d", a.status)
	}
	w.eventually("the refusal", func() bool { return w.exchanges() == 1 })
	w.until("no code", func() bool { return w.grants() == 0 })
	w.installed()
}

// TestRefreshHappensOnce: refresh tokens work once, so many users of an expired
// access token share one exchange (W §8.6).
func TestRefreshHappensOnce(t *testing.T) {
	t.Parallel()
	var c clock
	w := newWorld(t, setup{now: c.now})
	a := w.installed()
	old, err := w.app.Accounts.Access(t.Context(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	w.until("no code", func() bool { return w.grants() == 0 })
	before := w.exchanges()
	c.advance(w.box, 25*time.Hour)
	var mu sync.Mutex
	got := map[string]int{}
	parallel(t, 30, func(int) {
		access, err := w.app.Accounts.Access(t.Context(), a.ID)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		got[access]++
	})
	if len(got) != 1 || got[old] != 0 {
		t.Errorf("%d different tokens (%d users got the expired one), want one new", len(got), got[old])
	}
	if n := w.exchanges() - before; n != 1 {
		t.Errorf("%d refresh requests, want 1", n)
	}
	w.noBreaches()
}

// TestTokensAreSealed: neither the database's files nor the log hold a token, a
// code or a password in clear.
func TestTokensAreSealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	w.box.SetVariants(func(v *sandbox.Variants) { v.InstallMoment = "never" })
	if a := w.connect(); a.status != http.StatusAccepted {
		t.Fatalf("connect: %d %s", a.status, a.body)
	}
	// Hold the exchange, so that the code itself lies in the database.
	w.box.SetFaults(func(f *sandbox.Faults) { f.APIStatus, f.APICount = 503, 1 })
	back := w.grant(w.state().ConsentURL)
	secrets := map[string]string{
		"code": back.Query().Get("code"), "state": back.Query().Get("state"), "password": password,
		"client secret": clientSecret, "channel secret": channelSecret,
	}
	scan := func() {
		t.Helper()
		path := strings.TrimPrefix(w.cfg.Database, "sqlite:")
		files, err := filepath.Glob(path + "*")
		if err != nil || len(files) == 0 {
			t.Fatalf("files of the database: %v %v", files, err)
		}
		var all strings.Builder
		for _, f := range files {
			raw, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(raw)
		}
		if !strings.Contains(all.String(), login) {
			t.Fatal("the files do not even hold the login: the scan sees nothing")
		}
		for name, s := range secrets {
			if s == "" {
				t.Errorf("no %s to look for", name)
				continue
			}
			if strings.Contains(all.String(), s) {
				t.Errorf("the %s stands in the database in clear", name)
			}
			if strings.Contains(w.logs.String(), s) {
				t.Errorf("the %s stands in the log", name)
			}
		}
	}
	w.until("the code on disk", func() bool { return w.grants() == 1 })
	scan()
	w.becomes("connected")
	a, _ := w.account()
	pair, err := w.app.store.Accounts().Tokens(t.Context(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	secrets["access token"], secrets["refresh token"] = pair.Access, pair.Refresh
	secrets["access token's signature"] = pair.Access[strings.LastIndexByte(pair.Access, '.')+1:]
	scan()
	w.noBreaches()
}

// TestTwoClientSecrets: while the secret is being rotated the CRM may sign with
// the older one; requests of ours carry the newest.
func TestTwoClientSecrets(t *testing.T) {
	t.Parallel()
	const other = "OtherOnlyOtherOnlyOtherOnlyOtherOnlyOtherOnlyOtherOnlyOtherOnly1"
	t.Run("ours is first", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, setup{login: true, config: func(c *config.Config) { c.AmoCRM.ClientSecrets = []string{clientSecret, other} }})
		w.connected()
		w.noBreaches()
	})
	t.Run("ours is second", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, setup{login: true, config: func(c *config.Config) { c.AmoCRM.ClientSecrets = []string{other, clientSecret} }})
		if a := w.connect(); a.status != http.StatusAccepted {
			t.Errorf("a token signed with the older secret: %d %s", a.status, a.body)
		}
		if a := w.send("GET", disabled(clientSecret), nil, nil); a.status != http.StatusOK {
			t.Errorf("a hook signed with the older secret: %d", a.status)
		}
	})
	t.Run("ours is gone", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, setup{login: true, config: func(c *config.Config) { c.AmoCRM.ClientSecrets = []string{other} }})
		if a := w.connect(); a.status != http.StatusUnauthorized {
			t.Errorf("a token signed with no secret of ours: %d %s", a.status, a.body)
		}
		if a := w.send("GET", disabled(clientSecret), nil, nil); a.status != http.StatusForbidden {
			t.Errorf("a hook signed with no secret of ours: %d", a.status)
		}
	})
}

// disabled is the address of a signed disable hook (W §8.7).
func disabled(secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%s|%d", clientID, accountID)
	return disabledWith("client_uuid", hex.EncodeToString(mac.Sum(nil)))
}

func disabledWith(idName, signature string) string {
	q := url.Values{"account_id": {fmt.Sprint(accountID)}, idName: {clientID}}
	if signature != "" {
		q.Set("signature", signature)
	}
	return appURL + "/oauth/amocrm/disabled?" + q.Encode()
}

// TestUninstall: the hook, signed or not, ends in a disconnected account without
// tokens, and visitors are told; installing anew brings everything back.
func TestUninstall(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"signed", "unsigned"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{login: true})
			// What W §7.4 says: the platform does not disconnect, we must.
			w.box.SetVariants(func(v *sandbox.Variants) { v.DisabledHook, v.KeepConnection = mode, true })
			v := w.visit(w.connected())
			v.write(uuidN(1), "before")
			w.eventually("the message", func() bool { return len(w.inbox(sandbox.Inbound)) == 1 })
			if err := w.box.Uninstall(accountID, clientID); err != nil {
				t.Fatal(err)
			}
			w.becomes("disconnected")
			w.until("no tokens", func() bool { a, _ := w.account(); return !a.HasTokens })
			w.eventually("the channel off", func() bool { return len(w.box.Connections()) == 0 })
			a := w.send("POST", chatURL+"/v1/messages", v.auth(), map[string]string{"client_id": uuidN(2), "text": "after"})
			if a.status != http.StatusForbidden || a.code() != "chat_unavailable" {
				t.Errorf("a message after: %d %s, want 403 chat_unavailable", a.status, a.body)
			}
			if h := v.history(); len(h) != 1 {
				t.Errorf("%d messages in the history, want the one from before", len(h))
			}
			if a := w.send("GET", disabled(clientSecret), nil, nil); a.status != http.StatusOK {
				t.Errorf("the hook again: %d", a.status)
			}
			w.connected()
			v.write(uuidN(3), "again")
			w.eventually("the message", func() bool { return len(w.inbox(sandbox.Inbound)) == 2 })
			// A replay of the old hook changes nothing (W §8.7).
			if a := w.send("GET", disabled(clientSecret), nil, nil); a.status != http.StatusOK {
				t.Errorf("a replay: %d", a.status)
			}
			if c := w.state(); c.State != "connected" || len(w.box.Connections()) != 1 {
				t.Errorf("after a replay the widget reads %+v", c)
			}
			w.noBreaches()
		})
	}
}

// TestForgedDisableHook: only the CRM's own refusal of the tokens disconnects.
func TestForgedDisableHook(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	w.connected()
	for _, u := range []string{disabled(clientSecret), disabledWith("client_uuid", ""), disabledWith("client_id", "")} {
		if a := w.send("GET", u, nil, nil); a.status != http.StatusOK {
			t.Errorf("a hint: %d, want 200", a.status)
		}
	}
	wrong := []string{disabled("another secret"), disabledWith("client_uuid", strings.Repeat("0", 64)), disabledWith("client_uuid", "x")}
	for _, u := range wrong {
		if a := w.send("GET", u, nil, nil); a.status != http.StatusForbidden {
			t.Errorf("a wrong signature: %d, want 403", a.status)
		}
	}
	for _, q := range []string{"", "?account_id=31000001", "?account_id=x&client_uuid=" + clientID, "?account_id=31000001&client_uuid=other", "?account_id=-1&client_uuid=" + clientID} {
		if a := w.send("GET", appURL+"/oauth/amocrm/disabled"+q, nil, nil); a.status != http.StatusBadRequest {
			t.Errorf("hook %q: %d, want 400", q, a.status)
		}
	}
	if c := w.state(); c.State != "connected" || len(w.box.Connections()) != 1 {
		t.Errorf("hints about working tokens changed %+v", c)
	}
	// An outage is no refusal: nothing is thrown away because of it.
	w.box.SetFaults(func(f *sandbox.Faults) { f.APIStatus, f.APICount = 503, -1 })
	w.send("GET", disabled(clientSecret), nil, nil)
	w.box.SetFaults(func(f *sandbox.Faults) { f.APICount = 0 })
	// With dead tokens a wrong signature still does nothing.
	w.box.Revoke(accountID, clientID)
	for _, u := range wrong {
		w.send("GET", u, nil, nil)
	}
	if a, _ := w.account(); a.State != account.Connected || !a.HasTokens {
		t.Errorf("a hook with a wrong signature made it %s", a.State)
	}
	w.noBreaches()
}

// TestRevokedTokens: without OAuth the account is broken, chatting goes on, and a
// new consent repairs it (design.md §3.4).
func TestRevokedTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	v := w.visit(w.connected())
	stream := v.listen()
	w.box.Revoke(accountID, clientID)
	if a := w.connect(); a.status != http.StatusAccepted {
		t.Fatalf("connect with dead tokens: %d %s", a.status, a.body)
	}
	c := w.state()
	if c.State != "broken" || c.Reason != "authorisation" || c.ConsentURL == "" || len(c.Chats) != 1 {
		t.Fatalf("the widget reads %+v, want broken/authorisation with a consent_url and the snippet", c)
	}
	v.write(uuidN(1), "Is anybody there?")
	w.eventually("the message", func() bool { return len(w.inbox(sandbox.Inbound)) == 1 })
	if _, err := w.box.OperatorSay(accountID, w.box.Chats(accountID)[0].ID, "Yes"); err != nil {
		t.Fatal(err)
	}
	w.until("the answer", func() bool { _, ok := stream.find("Yes"); return ok })
	w.grant(c.ConsentURL)
	c = w.becomes("connected")
	if c.Reason != "" || c.ConsentURL != "" || len(c.Chats) != 1 {
		t.Errorf("repaired as %+v", c)
	}
	a, _ := w.account()
	if _, err := w.app.Accounts.Access(t.Context(), a.ID); err != nil {
		t.Errorf("no access after the consent: %v", err)
	}
	w.noBreaches()
}
