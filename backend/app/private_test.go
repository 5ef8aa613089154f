package app

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"leadline/backend/account"
	"leadline/backend/sandbox"
	"leadline/backend/team"
)

// longLived makes a long-lived token in the CRM.
func (w *world) longLived(account, user int64, days int) string {
	w.t.Helper()
	token, err := w.box.LongLived(account, user, clientID, time.Duration(days)*24*time.Hour)
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

func (g *guest) bring(host, token string) answer {
	g.w.t.Helper()
	return g.act("/connect/token", url.Values{"host": {host}, "token": {token}})
}

// TestPrivateByToken: an account is connected by a long-lived token, without the
// widget, chats as any other, and is told of the token's end (design.md §3.6).
func TestPrivateByToken(t *testing.T) {
	t.Parallel()
	var c clock
	w := newWorld(t, setup{login: true, now: c.now, sandbox: withSecondAccount})
	g := w.member(login)
	g.shows(g.get("/console"), 200, `href="/console/connect"`)
	g.shows(g.get("/console/connect"), 200, "company.amocrm.ru")

	token := w.longLived(accountID, 0, 30)
	for what, one := range map[string]struct {
		host, token, says string
		status            int
	}{
		"another account's":   {crmHost, w.longLived(secondID, 0, 30), "does not take this token", 422},
		"an agent's":          {crmHost, w.longLived(accountID, agentID, 30), "does not administer", 403},
		"no token":            {crmHost, "nonsense", "does not take this token", 422},
		"nothing":             {crmHost, "", "does not take this token", 422},
		"a host of nobody":    {"nobody.amocrm.ru", token, "no such account", 422},
		"a host of elsewhere": {"democo.amocrm.ru.evil.example", token, "no such account", 422},
		"no host":             {"", token, "no such account", 422},
		"an address inside":   {"127.0.0.1", token, "no such account", 422},
	} {
		a := g.bring(one.host, one.token)
		if a.status != one.status || !strings.Contains(string(a.body), one.says) || !strings.Contains(string(a.body), `aria-invalid="true"`) {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
		if one.token != "" && one.token != "nonsense" && strings.Contains(string(a.body), one.token) {
			t.Errorf("%s: the token is sent back", what)
		}
	}
	g.shows(g.bring(crmHost, strings.Repeat("x", 9<<10)), 413, "")
	if list, err := w.app.store.Accounts().OfTeam(t.Context(), w.user(login).Team); err != nil || len(list) != 0 {
		t.Errorf("a refused token left %+v, %v", list, err)
	}

	// As people paste it.
	a := g.bring(" https://Democo.amocrm.ru/leads/ ", "\n"+token[:40]+"\r\n"+token[40:]+" ")
	if a.status != http.StatusSeeOther || a.header.Get("Location") != w.page()+"?done=connect" {
		t.Fatalf("connect: %d %v %s", a.status, a.header, a.body)
	}
	g.root = w.page()
	g.shows(g.get(g.root+"?done=connect"), 200, "Access to the account is granted")
	g.shows(g.get(g.root), 200, "The account is connected")
	g.shows(g.get(g.root), 200, "The token ends")
	one, _ := w.account()
	if one.State != account.Connected || one.Team != w.user(login).Team || w.chatName() != "Website chat" {
		t.Errorf("the account is %+v, chat %q", one, w.chatName())
	}
	// It chats.
	buttons, err := w.app.chats.Buttons(t.Context(), one.ID)
	if err != nil || len(buttons) != 1 {
		t.Fatal(buttons, err)
	}
	v := w.visit(string(buttons[0].Key), buttons[0].Hash)
	v.write(uuidN(1), "Do you ship to Porto?")
	w.eventually("the message", func() bool { return len(w.inbox(sandbox.Inbound)) == 1 })

	// A member's look; a viewer brings nothing.
	w.hire("view@example.org", team.Viewer)
	viewer := w.member("view@example.org")
	viewer.shows(viewer.bring(crmHost, token), 403, "your role in the team is viewer")
	if strings.Contains(string(viewer.get("/console/connect").body), "textarea") {
		t.Error("a viewer is shown the form")
	}
	viewer.shows(viewer.get("/console/connect/consent?product=amocrm"), 403, "viewer")

	// Another team does not get it, though it has a token.
	if _, err := w.app.Teams.Add(t.Context(), "stranger@example.org", password, "", team.Owner); err != nil {
		t.Fatal(err)
	}
	stranger := w.member("stranger@example.org")
	stranger.shows(stranger.bring("democo", w.longLived(accountID, 0, 30)), 409, "a***@e***.org")

	// At its end the admin is told, chatting goes on, nothing is exchanged; another one mends it.
	c.advance(w.box, 29*24*time.Hour)
	g = w.member(login)
	g.root = w.page()
	g.shows(g.get(g.root), 200, `class="console__health_bad"`)
	c.advance(w.box, 24*time.Hour)
	g = w.member(login)
	g.root = w.page()
	if _, err := w.app.Accounts.IsAdmin(t.Context(), one, adminID); err == nil {
		t.Error("a token that has ended is used")
	}
	g.shows(g.get(g.root), 200, "The CRM has withdrawn access")
	g.shows(g.get(g.root), 200, `href="/console/connect?host=democo.amocrm.ru"`)
	if a := g.bring(crmHost, w.longLived(accountID, 0, 365)); a.status != http.StatusSeeOther {
		t.Fatalf("another token: %d %s", a.status, a.body)
	}
	g.shows(g.get(g.root), 200, "The account is connected")

	// Off, with a confirmation, and on again with what was there.
	page := g.get(g.root)
	g.shows(page, 200, "<summary")
	g.done(g.post(g.root+"/disconnect", url.Values{"csrf": {g.csrf(g.root)}}), "disconnect")
	g.shows(g.get(g.root), 200, "The account is disconnected")
	if len(w.box.Connections()) != 0 {
		t.Error("the channel is still connected")
	}
	if a := g.bring(crmHost, w.longLived(accountID, 0, 365)); a.status != http.StatusSeeOther || w.chatName() != "Website chat" {
		t.Errorf("on again: %d %s", a.status, a.body)
	}
	g.shows(g.get(g.root+"/activity"), 200, "Disconnection of the account")
	g.shows(g.get("/console/team/activity"), 200, "Connection of an account")

	for _, secret := range []string{token, token[40:]} {
		if strings.Contains(w.logs.String(), secret) {
			t.Error("a token stands in the log")
		}
	}
	for _, file := range []string{"", "-wal"} {
		raw, err := os.ReadFile(strings.TrimPrefix(w.cfg.Database, "sqlite:") + file)
		if err != nil || strings.Contains(string(raw), token[40:]) {
			t.Errorf("a token stands in the database%s in clear, or %v", file, err)
		}
	}
	for _, days := range []int{0, 1831} {
		if _, err := w.box.LongLived(accountID, 0, clientID, time.Duration(days)*24*time.Hour); !errors.Is(err, sandbox.ErrTokenLife) {
			t.Errorf("a token for %d days: %v", days, err)
		}
	}
	for _, b := range w.box.Breaches() {
		if b.Rule != "C §7 authorisation" { // of the tokens above that are another account's
			t.Errorf("breach of %s: %s", b.Rule, b.Detail)
		}
	}
}

// TestPrivateByConsent: the console sends an administrator to the consent page; what
// comes back counts for that session alone.
func TestPrivateByConsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true, sandbox: withSecondAccount})
	g := w.member(login)
	start := func(g *guest) string {
		t.Helper()
		a := g.get("/console/connect/consent?product=amocrm")
		to, err := url.Parse(a.header.Get("Location"))
		if a.status != http.StatusFound || err != nil || to.Host != "www.amocrm.ru" || to.Path != "/oauth" {
			t.Fatalf("start: %d %v", a.status, a.header)
		}
		return to.Query().Get("state")
	}
	answer := func(state string, allow bool) string {
		t.Helper()
		to, err := w.box.Consent(accountID, clientID, state, allow)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimPrefix(to, appURL)
	}
	g.shows(g.get("/console/connect/consent?product=nonsense"), 404, "")
	if a := g.get(answer(start(g), false)); a.header.Get("Location") != "/console/connect?denied=1" {
		t.Errorf("denied: %d %v", a.status, a.header)
	}
	g.shows(g.get("/console/connect?denied=1"), 200, "Access was not granted in the CRM")

	// The answer in another browser, of another session, of another login.
	state := start(g)
	w.hire("other@example.org", team.Admin)
	for what, browser := range map[string]*guest{"nobody": w.somebody(), "another session": w.member(login), "another login": w.member("other@example.org")} {
		if a := browser.get(answer(state, true)); a.status != 400 {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
	}
	if a := g.get("/oauth/amocrm/callback?error=access_denied&state=" + url.QueryEscape("a.b.c")); a.status != 200 {
		t.Errorf("denied with a state of nobody: %d", a.status)
	}
	if _, there := w.account(); there {
		t.Error("a refused answer authorised the account")
	}

	if a := g.get(answer(state, true)); a.status != http.StatusSeeOther || a.header.Get("Location") != "/console?done=connect" {
		t.Fatalf("granted: %d %s", a.status, a.body)
	}
	w.until("the account", func() bool { a, ok := w.account(); return ok && a.State == account.Connected })
	g.root = w.page()
	g.shows(g.get("/console"), 200, `href="`+w.page()+`"`)
	g.shows(g.get(g.root), 200, "The account is connected")
	if page := string(g.get(g.root).body); strings.Contains(page, "The token ends") {
		t.Error("tokens that are exchanged are told to end")
	}
	if w.chatName() != "Website chat" {
		t.Errorf("the first chat is %q", w.chatName())
	}

	// Another team that goes the same way is told on its list, and gets nothing.
	if _, err := w.app.Teams.Add(t.Context(), "stranger@example.org", password, "", team.Owner); err != nil {
		t.Fatal(err)
	}
	stranger := w.member("stranger@example.org")
	if a := stranger.get(answer(start(stranger), true)); a.status != http.StatusSeeOther {
		t.Fatalf("another team: %d %s", a.status, a.body)
	}
	w.until("the refusal", func() bool {
		return strings.Contains(string(stranger.get("/console").body), "It belongs to another team")
	})
	if a, _ := w.account(); a.Team != w.user(login).Team || a.State != account.Connected {
		t.Errorf("the account is %+v", a)
	}
	w.noBreaches()
}
