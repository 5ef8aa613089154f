package app

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"leadline/backend/sandbox"
	"leadline/backend/team"
)

// somebody is a browser at the console's own address, where nobody is signed in.
func (w *world) somebody() *guest {
	return &guest{w: w, root: "/console", cookies: map[string]*http.Cookie{}}
}

// signIn sends the form of the sign-in page.
func (g *guest) signIn(login, password, next string) answer {
	g.w.t.Helper()
	return g.post("/console", url.Values{"login": {login}, "password": {password}, "next": {next}})
}

// member is a browser in which a Leadline login is signed in.
func (w *world) member(login string) *guest {
	w.t.Helper()
	g := w.somebody()
	if a := g.signIn(login, password, ""); a.status != http.StatusSeeOther || a.header.Get("Location") != "/console" {
		w.t.Fatalf("sign in: %d %s", a.status, a.body)
	}
	return g
}

// hire adds somebody with a role to the team of the world's login.
func (w *world) hire(email string, role team.Role) team.User {
	w.t.Helper()
	boss, err := w.app.store.Teams().UserByEmail(w.t.Context(), login)
	if err != nil {
		w.t.Fatal(err)
	}
	u, err := w.app.Teams.Add(w.t.Context(), email, password, boss.Team, role)
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

// page is the path of the account's overview at the console's own address.
func (w *world) page() string {
	w.t.Helper()
	a, _ := w.account()
	return "/console/" + string(a.ID)
}

// TestLoginSession: the cookie is what design.md §10 says, nothing of it is in the
// log, and a session ends: when it is idle, when it is old, when its user signs out,
// when the password is another one.
func TestLoginSession(t *testing.T) {
	t.Parallel()
	var c clock
	w := newWorld(t, setup{login: true, now: c.now})
	w.connected()
	g := w.somebody()
	g.shows(g.get("/console"), 200, "Sign in to Leadline")
	g.shows(g.get(w.page()), 401, `name="next" value="`+w.page()+`"`)
	if a := g.get("/console/session"); a.status != 401 || a.code() != "session_over" {
		t.Errorf("the session of nobody: %d %s", a.status, a.body)
	}
	a := g.signIn(" Anna@Example.ORG ", password, w.page())
	if a.status != http.StatusSeeOther || a.header.Get("Location") != w.page() || len(g.cookies) != 1 {
		t.Fatalf("sign in: %d %v %s", a.status, a.header, a.body)
	}
	var secret string
	for name, c := range g.cookies {
		if !strings.HasPrefix(name, "__Host-") || c.Path != "/" || c.Domain != "" || !c.Secure || !c.HttpOnly || c.Partitioned || c.SameSite != http.SameSiteLaxMode {
			t.Errorf("the cookie is %s", c.Raw)
		}
		secret = c.Value
	}
	if g.get("/console/session").status != http.StatusNoContent || g.get(w.page()+"/session").status != http.StatusNoContent {
		t.Error("there is no session after signing in")
	}
	g.shows(g.get("/console"), 200, `href="`+w.page()+`"`)
	g.shows(g.get("/console"), 200, "The account is connected")
	for _, path := range []string{"", "/chats", "/activity"} {
		g.shows(g.get(w.page()+path), 200, "anna@example.org")
	}
	if w.send("GET", appURL+strings.Replace(w.page(), "/console/", "/embed/", 1), map[string]string{"Cookie": g.cookie()}, nil).status != 401 {
		t.Error("the session is taken inside the CRM")
	}

	// A new sign-in in the same browser ends the session before.
	old := g.cookie()
	g.signIn(login, password, "")
	if w.send("GET", appURL+"/console/session", map[string]string{"Cookie": old}, nil).status != 401 {
		t.Error("the former session goes on")
	}
	// Signed out: the cookie is worth nothing any more, wherever it was kept.
	old = g.cookie()
	if a := g.post("/console/sign-out", url.Values{"csrf": {g.csrf("/console")}}); a.status != http.StatusSeeOther {
		t.Errorf("sign out: %d %s", a.status, a.body)
	}
	if w.send("GET", appURL+"/console/session", map[string]string{"Cookie": old}, nil).status != 401 {
		t.Error("a session that was ended goes on")
	}
	// Used now and then it lives, idle it does not, and no session lives for ever.
	g = w.member(login)
	for range 13 {
		c.shift.Add(int64(11*time.Hour + 59*time.Minute))
		if g.get("/console/session").status != http.StatusNoContent {
			t.Fatal("a session that is used has ended")
		}
	}
	c.shift.Add(int64(12*time.Hour + time.Second))
	if g.get("/console/session").status != 401 {
		t.Error("a session of a week ago goes on")
	}
	g = w.member(login)
	c.shift.Add(int64(12*time.Hour + time.Second))
	if g.get("/console/session").status != 401 {
		t.Error("an idle session goes on")
	}
	// Another password ends all of them.
	g = w.member(login)
	if err := w.app.Teams.Forgotten(t.Context(), login, "en"); err != nil {
		t.Fatal(err)
	}
	mails := w.mail.all()
	if err := w.app.Teams.Reset(t.Context(), mails[len(mails)-1].token, "another password"); err != nil {
		t.Fatal(err)
	}
	if g.get("/console/session").status != 401 {
		t.Error("a session outlives its password")
	}
	for _, hidden := range []string{secret, password} {
		if strings.Contains(w.logs.String(), hidden) {
			t.Error("a secret stands in the log")
		}
	}
}

// TestLoginRefusals: the same answer for who is not known and for a wrong password,
// nothing for forms of other pages, and a limit for each login and address.
func TestLoginRefusals(t *testing.T) {
	t.Parallel()
	var c clock
	w := newWorld(t, setup{login: true, now: c.now})
	g := w.somebody()
	wrong, unknown := g.signIn(login, "not this one", ""), g.signIn("nobody@example.org", "not this one", "")
	g.shows(wrong, 422, "The e-mail or the password is wrong")
	if strings.ReplaceAll(string(wrong.body), login, "nobody@example.org") != string(unknown.body) || unknown.status != wrong.status {
		t.Errorf("who is not known is told apart:\n%s\n%s", wrong.body, unknown.body)
	}
	g.shows(g.signIn(login, strings.Repeat("x", 300), ""), 422, "The e-mail or the password is wrong")
	g.shows(g.signIn(strings.Repeat("x", 255), password, ""), 422, "")
	g.shows(g.signIn(login, strings.Repeat("x", 9<<10), ""), 413, "")
	for _, origin := range []string{"https://" + crmHost, "", "null"} {
		if a := g.postFrom(origin, "/console", url.Values{"login": {login}, "password": {password}}); a.status != 403 || a.header.Get("Set-Cookie") != "" {
			t.Errorf("signed in from %q: %d", origin, a.status)
		}
	}
	if err := w.app.Teams.SignUp(t.Context(), "new@example.org", password, "en"); err != nil {
		t.Fatal(err)
	}
	g.shows(g.signIn("new@example.org", password, ""), 422, "not confirmed")
	for _, next := range []string{"https://evil.example/", "//evil.example/", `/\evil.example`, "/console/../widget", "/consoles", "javascript:alert(1)", "/console/a\nb"} {
		c.shift.Add(int64(time.Minute)) // past the limit of a login
		if a := g.signIn(login, password, next); a.status != http.StatusSeeOther || a.header.Get("Location") != "/console" {
			t.Errorf("%q leads to %d %q", next, a.status, a.header.Get("Location"))
		}
	}
	limited := w.somebody()
	status := 0
	for range 12 {
		status = limited.signIn("victim@example.org", "guess number one", "").status
	}
	if status != 429 {
		t.Errorf("the twelfth guess is answered %d", status)
	}
	if a := w.somebody().signIn("other@example.org", "guess number one", ""); a.status == 429 {
		t.Error("the limit of one login is that of another")
	}
	for range 40 {
		status = limited.signIn(newID()+"@example.org", "guess number one", "").status
	}
	if status != 429 {
		t.Errorf("the limit of an address: %d", status)
	}
}

// TestLoginPages: the pages of an account take the session of a Leadline login. Roles
// decide who writes, teams what is there, and the log names the login.
func TestLoginPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true, sandbox: func(c *sandbox.Config) { withSecondAccount(c) }})
	w.connected()
	w.hire("view@example.org", team.Viewer)
	w.hire("admin@example.org", team.Admin)
	if _, err := w.app.Teams.Add(t.Context(), "stranger@example.org", password, "", team.Owner); err != nil {
		t.Fatal(err)
	}
	owner, admin, viewer, stranger := w.member(login), w.member("admin@example.org"), w.member("view@example.org"), w.member("stranger@example.org")
	for _, g := range []*guest{owner, admin, viewer, stranger} {
		g.root = w.page()
	}
	page := owner.chatPage()
	name := func(g *guest, csrf, name string) answer {
		return g.post(page+"/name", url.Values{"csrf": {csrf}, "name": {name}})
	}
	if a := name(owner, owner.csrf(page), "By the owner"); a.status != http.StatusSeeOther {
		t.Errorf("the owner: %d %s", a.status, a.body)
	}
	if a := name(admin, admin.csrf(page), "By the admin"); a.status != http.StatusSeeOther || w.chatName() != "By the admin" {
		t.Errorf("the admin: %d %s", a.status, a.body)
	}
	viewer.shows(viewer.get(page), 200, "your role in the team is viewer")
	if strings.Contains(string(viewer.get(page).body), "Save the name") {
		t.Error("a viewer is shown forms")
	}
	viewer.shows(name(viewer, viewer.csrf(page), "By the viewer"), 403, "your role in the team is viewer")
	viewer.shows(name(viewer, owner.csrf(page), "By the viewer"), 403, "open for too long")
	stranger.shows(stranger.get(page), 404, "")
	stranger.shows(stranger.get("/console"), 200, "No CRM account is connected yet")
	stranger.shows(name(stranger, stranger.csrf("/console"), "By a stranger"), 404, "")
	// A form of the accounts' list is none of an account, and the other way round.
	owner.shows(name(owner, owner.csrf("/console"), "By another form"), 403, "open for too long")
	owner.shows(owner.post("/console/sign-out", url.Values{"csrf": {owner.csrf(page)}}), 403, "open for too long")
	if a := owner.postFrom("https://"+crmHost, page+"/name", url.Values{"csrf": {owner.csrf(page)}, "name": {"From the CRM"}}); a.status != 403 {
		t.Errorf("from another page: %d", a.status)
	}
	if w.chatName() != "By the admin" {
		t.Errorf("the chat is called %q", w.chatName())
	}
	log := viewer.get(w.page() + "/activity")
	viewer.shows(log, 200, "admin@example.org")
	viewer.shows(log, 200, "By the owner → By the admin")
	if strings.Contains(string(log.body), "(you)") {
		t.Error("the viewer is told to have done what others did")
	}
	owner.shows(owner.get(w.page()+"/activity"), 200, "(you)")
}

// user is the user with an address.
func (w *world) user(email string) team.User {
	w.t.Helper()
	u, err := w.app.store.Teams().UserByEmail(w.t.Context(), email)
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}
