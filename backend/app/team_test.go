package app

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"leadline/backend/config"
	"leadline/backend/team"
)

// lastMail is the token of the last mail to an address.
func (w *world) lastMail(to string) string {
	w.t.Helper()
	list := w.mail.all()
	for n := len(list) - 1; n >= 0; n-- {
		if list[n].to == to {
			return list[n].token
		}
	}
	w.t.Fatalf("no mail to %s", to)
	return ""
}

// accept sends the form of an invitation's page.
func (g *guest) accept(token, password string) answer {
	g.w.t.Helper()
	return g.post("/join", url.Values{"token": {token}, "password": {password}})
}

// act sends a form of the team's pages.
func (g *guest) act(path string, form url.Values) answer {
	g.w.t.Helper()
	form.Set("csrf", g.csrf("/console"))
	return g.post("/console"+path, form)
}

// done checks that an act went well.
func (g *guest) done(a answer, act string) {
	g.w.t.Helper()
	if at := a.header.Get("Location"); a.status != http.StatusSeeOther || !strings.HasSuffix(at, "?done="+act) {
		g.w.t.Errorf("%s: %d %s %s", act, a.status, at, a.body)
		return
	}
	g.w.t.Run(act, func(t *testing.T) {
		if page := g.get(a.header.Get("Location")); !strings.Contains(string(page.body), "console__notice_good") {
			t.Errorf("the page does not tell: %s", page.body)
		}
	})
}

// TestTeam: members, invitations, roles, and what is in the log of it.
func TestTeam(t *testing.T) {
	t.Parallel()
	var c clock
	w := newWorld(t, setup{login: true, now: c.now})
	owner := w.member(login)
	owner.shows(owner.get("/console/team"), 200, login)

	// An invitation: its link works for a week, once, for a person without a login.
	owner.done(owner.act("/team/invite", url.Values{"email": {" Boris@Example.org "}, "role": {"admin"}}), "invite")
	owner.shows(owner.get("/console/team"), 200, "boris@example.org")
	first := w.lastMail("boris@example.org")
	owner.done(owner.act("/team/invite", url.Values{"email": {"boris@example.org"}, "role": {"admin"}}), "invite")
	token := w.lastMail("boris@example.org")
	nobody := w.somebody()
	for what, dead := range map[string]string{"an earlier link": first, "nonsense": "AAAA", "nothing": "", "far too much": strings.Repeat("A", 5000)} {
		if a := nobody.accept(dead, password); a.status != 422 || !strings.Contains(string(a.body), "does not work") {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
	}
	if a := nobody.accept(token, "short"); a.status != 422 || !strings.Contains(string(a.body), `value="`+token+`"`) {
		t.Errorf("a weak password: %d %s", a.status, a.body)
	}
	if a := nobody.accept(token, password); a.status != 200 || !strings.Contains(string(a.body), `href="/console"`) {
		t.Fatalf("accepted: %d %s", a.status, a.body)
	}
	if a := nobody.accept(token, password); a.status != 422 {
		t.Errorf("accepted twice: %d", a.status)
	}
	boris := w.member("boris@example.org")

	// An administrator invites and manages all but owners.
	boris.shows(boris.act("/team/invite", url.Values{"email": {"x@example.org"}, "role": {"owner"}}), 403, "Only an owner")
	boris.done(boris.act("/team/invite", url.Values{"email": {"vera@example.org"}, "role": {"viewer"}}), "invite")
	if nobody.accept(w.lastMail("vera@example.org"), password).status != 200 {
		t.Fatal("the second invitation does not work")
	}
	vera := w.member("vera@example.org")
	id := func(email string) string {
		u, err := w.app.store.Teams().UserByEmail(t.Context(), email)
		if err != nil {
			t.Fatal(err)
		}
		return string(u.ID)
	}
	boris.shows(boris.act("/team/members/"+id(login)+"/role", url.Values{"role": {"viewer"}}), 403, "Only an owner")
	boris.shows(boris.act("/team/members/"+id(login)+"/remove", url.Values{}), 403, "Only an owner")
	boris.shows(boris.act("/team/members/"+id("vera@example.org")+"/role", url.Values{"role": {"owner"}}), 403, "Only an owner")
	// Viewers look.
	page := vera.get("/console/team")
	vera.shows(page, 200, "your role in the team is viewer")
	if strings.Contains(string(page.body), `action="/console/team`) {
		t.Error("a viewer is shown the team's forms")
	}
	for path, form := range map[string]url.Values{
		"/team/invite":                           {"email": {"x@example.org"}, "role": {"viewer"}},
		"/team/members/" + id(login) + "/role":   {"role": {"viewer"}},
		"/team/members/" + id(login) + "/remove": {},
		"/team/invites/" + uuidN(1) + "/revoke":  {},
	} {
		vera.shows(vera.act(path, form), 403, "your role in the team is viewer")
	}
	// What stands in the way.
	owner.shows(owner.act("/team/invite", url.Values{"email": {"vera@example.org"}, "role": {"viewer"}}), 409, "belongs to a member")
	owner.shows(owner.act("/team/invite", url.Values{"email": {"no address"}, "role": {"viewer"}}), 422, `aria-invalid="true"`)
	owner.shows(owner.act("/team/invite", url.Values{"email": {"x@example.org"}, "role": {"king"}}), 422, "")
	owner.shows(owner.act("/team/members/"+id(login)+"/role", url.Values{"role": {"admin"}}), 409, "needs an owner")
	owner.shows(owner.act("/team/members/"+id(login)+"/remove", url.Values{}), 409, "needs an owner")
	owner.shows(owner.act("/team/members/"+id(login)+"/role", url.Values{"role": {"king"}}), 422, "")
	owner.shows(owner.act("/team/members/"+uuidN(9)+"/remove", url.Values{}), 404, "")
	owner.shows(owner.act("/team/invites/"+uuidN(9)+"/revoke", url.Values{}), 404, "")
	// Another team's members are not there.
	if _, err := w.app.Teams.Add(t.Context(), "stranger@example.org", password, "", team.Owner); err != nil {
		t.Fatal(err)
	}
	owner.shows(owner.act("/team/members/"+id("stranger@example.org")+"/remove", url.Values{}), 404, "")

	// A role counts at once; so does a removal, and the address is free again.
	owner.done(owner.act("/team/members/"+id("vera@example.org")+"/role", url.Values{"role": {"admin"}}), "set_role")
	vera.shows(vera.get("/console/team"), 200, "Invite somebody")
	owner.done(owner.act("/team/members/"+id("vera@example.org")+"/remove", url.Values{}), "remove_member")
	if vera.get("/console/session").status != 401 || vera.signIn("vera@example.org", password, "").status != 422 {
		t.Error("who was removed is still there")
	}
	owner.done(owner.act("/team/invite", url.Values{"email": {"vera@example.org"}, "role": {"viewer"}}), "invite")
	late := w.lastMail("vera@example.org")
	c.shift.Add(int64(7*24*time.Hour + time.Second))
	if a := nobody.accept(late, password); a.status != 422 {
		t.Errorf("an invitation of a week ago: %d", a.status)
	}
	owner = w.member(login)
	if strings.Contains(string(owner.get("/console/team").body), "vera@example.org") {
		t.Error("an old invitation is still shown")
	}
	// A withdrawn one.
	owner.done(owner.act("/team/invite", url.Values{"email": {"vera@example.org"}, "role": {"viewer"}}), "invite")
	m := regexp.MustCompile(`/team/invites/([0-9a-f-]{36})/revoke`).FindSubmatch(owner.get("/console/team").body)
	if m == nil {
		t.Fatal("the page has no invitation")
	}
	owner.done(owner.act("/team/invites/"+string(m[1])+"/revoke", url.Values{}), "revoke")
	if a := nobody.accept(w.lastMail("vera@example.org"), password); a.status != 422 {
		t.Errorf("a withdrawn invitation: %d", a.status)
	}

	// Who has a login brings its password, and a team that is not in use.
	owner.done(owner.act("/team/invite", url.Values{"email": {"stranger@example.org"}, "role": {"viewer"}}), "invite")
	token = w.lastMail("stranger@example.org")
	if a := nobody.accept(token, "not the password"); a.status != 422 || !strings.Contains(string(a.body), "password is wrong") {
		t.Errorf("another password: %d %s", a.status, a.body)
	}
	other, err := w.app.store.Teams().UserByEmail(t.Context(), "stranger@example.org")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.app.Teams.Add(t.Context(), "second@example.org", password, other.Team, team.Viewer); err != nil {
		t.Fatal(err)
	}
	if a := nobody.accept(token, password); a.status != 409 || !strings.Contains(string(a.body), "another team") {
		t.Errorf("from a team in use: %d %s", a.status, a.body)
	}

	// All of it in the log, by the login.
	log := string(owner.get("/console/team/activity").body)
	for _, line := range []string{
		"boris@example.org: admin", "vera@example.org: viewer", "vera@example.org: viewer → admin", "Removal of a member", "Joined the team", "did not work",
	} {
		if !strings.Contains(log, line) {
			t.Errorf("the log has no %q:\n%s", line, log)
		}
	}
	for _, m := range w.mail.all() {
		if strings.Contains(w.logs.String(), m.token) {
			t.Error("a link's token stands in the log")
		}
	}
	// Forms of nobody, of others, from elsewhere.
	csrf := owner.csrf("/console")
	for what, try := range map[string]func() answer{
		"no token": func() answer {
			return owner.post("/console/team/invite", url.Values{"email": {"y@example.org"}, "role": {"viewer"}})
		},
		"others'": func() answer {
			return owner.post("/console/team/invite", url.Values{"csrf": {w.member("boris@example.org").csrf("/console")}, "email": {"y@example.org"}, "role": {"viewer"}})
		},
		"another page": func() answer {
			return owner.postFrom("https://"+crmHost, "/console/team/invite", url.Values{"csrf": {csrf}, "email": {"y@example.org"}, "role": {"viewer"}})
		},
	} {
		if a := try(); a.status != 403 {
			t.Errorf("a form with %s: %d", what, a.status)
		}
	}
	owner.shows(w.somebody().post("/console/team/invite", url.Values{"csrf": {csrf}}), 401, "Sign in")
	owner.shows(owner.post("/console/team/invite", url.Values{"csrf": {csrf}, "email": {strings.Repeat("x", 17<<10)}}), 413, "")
	limited := false
	for range 30 {
		limited = limited || owner.post("/console/team/invite", url.Values{"csrf": {csrf}, "email": {newID() + "@example.org"}, "role": {"viewer"}}).status == 429
	}
	if !limited {
		t.Error("invitations are not limited")
	}
}

// TestProfile: the own password and language.
func TestProfile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	w.hire("view@example.org", team.Viewer)
	g, elsewhere := w.member("view@example.org"), w.member("view@example.org")
	change := func(old, fresh string) answer {
		return g.act("/profile/password", url.Values{"old": {old}, "password": {fresh}})
	}
	g.shows(change("not the password", "another password"), 422, "present password is wrong")
	g.shows(change(strings.Repeat("x", 300), "another password"), 422, "present password is wrong")
	g.shows(change(password, "short"), 422, "aria-invalid")
	before := g.cookie()
	g.done(change(password, "another password"), "change_password")
	if g.cookie() == before || elsewhere.get("/console/session").status != 401 || g.get("/console/session").status != 204 {
		t.Error("a change of the password ends all sessions but a new one here")
	}
	if w.send("GET", appURL+"/console/session", map[string]string{"Cookie": before}, nil).status != 401 {
		t.Error("the session before the change goes on")
	}
	if a := w.somebody().signIn("view@example.org", "another password", ""); a.status != http.StatusSeeOther {
		t.Errorf("the new password: %d", a.status)
	}
	if a := g.act("/profile/language", url.Values{"language": {"pt"}}); a.status != http.StatusSeeOther {
		t.Errorf("language: %d", a.status)
	}
	g.shows(g.get("/console/profile"), 200, `<html lang="pt"`)
	g.shows(g.act("/profile/language", url.Values{"language": {"xx"}}), 422, "")
	g.act("/profile/language", url.Values{"language": {""}})
	g.shows(g.get("/console/profile"), 200, `<html lang="en"`)
	limited := false
	for range 12 {
		limited = limited || change("a guess at it", "another password").status == 429
	}
	if !limited {
		t.Error("guesses at the present password are not limited")
	}
}

// TestSignUpAtTheConsole: logins are made and passwords replaced without the widget.
func TestSignUpAtTheConsole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	g := w.somebody()
	g.shows(g.get("/console"), 200, `href="/console/sign-up"`)
	g.shows(g.get("/console/sign-up"), 200, "Make the login")
	up := func(email, password string) answer {
		return g.post("/console/sign-up", url.Values{"email": {email}, "password": {password}})
	}
	g.shows(up("no address", password), 422, "aria-invalid")
	g.shows(up("new@example.org", "short"), 422, "aria-invalid")
	known, fresh := up(login, password), up("new@example.org", password)
	if known.status != 202 || string(known.body) != string(fresh.body) {
		t.Errorf("a known address is told apart: %d %s\n%s", known.status, known.body, fresh.body)
	}
	g.shows(fresh, 202, "Look into your mailbox")
	g.shows(g.signIn("new@example.org", password, ""), 422, "not confirmed")
	if a := g.post("/verify-email", url.Values{"token": {w.lastMail("new@example.org")}}); a.status != 200 || !strings.Contains(string(a.body), `href="/console"`) {
		t.Errorf("verified: %d %s", a.status, a.body)
	}
	if a := g.signIn("new@example.org", password, ""); a.status != http.StatusSeeOther {
		t.Errorf("sign in: %d", a.status)
	}
	g = w.somebody()
	forgotten := func(email string) answer { return g.post("/console/forgotten", url.Values{"email": {email}}) }
	g.shows(g.get("/console/forgotten"), 200, "Send the letter")
	g.shows(forgotten("no address"), 422, "aria-invalid")
	known, unknown := forgotten(login), forgotten("nobody@example.org")
	if known.status != 202 || string(known.body) != string(unknown.body) {
		t.Errorf("a known address is told apart: %d %s", known.status, known.body)
	}
	if a := g.post("/reset-password", url.Values{"token": {w.lastMail(login)}, "password": {"another password"}}); a.status != 200 || !strings.Contains(string(a.body), `href="/console"`) {
		t.Errorf("reset: %d %s", a.status, a.body)
	}
	for path, form := range map[string]url.Values{
		"/console/sign-up": {"email": {"z@example.org"}, "password": {password}}, "/console/forgotten": {"email": {"z@example.org"}},
	} {
		if a := g.postFrom("https://"+crmHost, path, form); a.status != 403 {
			t.Errorf("%s from another page: %d", path, a.status)
		}
		form.Set("email", strings.Repeat("x", 9<<10))
		if a := g.post(path, form); a.status != 413 {
			t.Errorf("%s with 9 KiB: %d", path, a.status)
		}
		limited := false
		for range 15 {
			form.Set("email", newID()+"@example.org")
			limited = limited || g.post(path, form).status == 429
		}
		if !limited {
			t.Errorf("%s is not limited", path)
		}
	}
	closed := newWorld(t, setup{config: func(c *config.Config) { c.SignUp = false }})
	g = closed.somebody()
	if strings.Contains(string(g.get("/console").body), "sign-up") || g.get("/console/sign-up").status != 404 ||
		g.post("/console/sign-up", url.Values{"email": {"z@example.org"}, "password": {password}}).status != 403 {
		t.Error("logins can be made where that is closed")
	}
}
