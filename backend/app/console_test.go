package app

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"leadline/backend/account"
	"leadline/backend/chatid"
	"leadline/backend/config"
	"leadline/backend/console"
	"leadline/backend/sandbox"
)

// guest is somebody at the console's pages: a browser that keeps cookies.
type guest struct {
	w       *world
	root    string // path of the overview
	cookies map[string]*http.Cookie
}

// ticket buys a ticket for a user of the account.
func (w *world) ticket(user int64) (frame, ticket string) {
	w.t.Helper()
	var out struct{ URL, Ticket string }
	a := w.send("POST", appURL+"/widget/v1/console", w.widgetHeaders(user), map[string]string{})
	if a.status != http.StatusOK {
		w.t.Fatalf("ticket: %d %s", a.status, a.body)
	}
	readable(w.t, a, "https://"+crmHost)
	a.into(w.t, &out)
	return out.URL, out.Ticket
}

// guest begins a session for a user of the account.
func (w *world) guest(user int64) *guest {
	w.t.Helper()
	frame, ticket := w.ticket(user)
	g := &guest{w: w, root: strings.TrimPrefix(frame, appURL), cookies: map[string]*http.Cookie{}}
	if a := g.begin(ticket, nil); a.status != http.StatusOK {
		w.t.Fatalf("session: %d %s", a.status, a.body)
	}
	return g
}

func (g *guest) begin(ticket string, header map[string]string) answer {
	g.w.t.Helper()
	h := map[string]string{"Origin": appURL}
	for k, v := range header {
		h[k] = v
	}
	a := g.w.send("POST", appURL+g.root+"/session", h, map[string]string{"ticket": ticket, "language": "en", "scheme": "dark"})
	g.keep(a)
	return a
}

func (g *guest) keep(a answer) {
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		g.cookies[c.Name] = c
	}
}

func (g *guest) cookie() string {
	var list []string
	for _, c := range g.cookies {
		list = append(list, c.Name+"="+c.Value)
	}
	return strings.Join(list, "; ")
}

func (g *guest) get(path string) answer {
	g.w.t.Helper()
	return g.w.send("GET", appURL+path, map[string]string{"Cookie": g.cookie()}, nil)
}

// post sends a form as a browser does that stands on our page.
func (g *guest) post(path string, form url.Values) answer {
	g.w.t.Helper()
	return g.postFrom(appURL, path, form)
}

func (g *guest) postFrom(origin, path string, form url.Values) answer {
	g.w.t.Helper()
	h := map[string]string{"Cookie": g.cookie(), "Content-Type": "application/x-www-form-urlencoded", "Origin": origin}
	a := g.w.send("POST", appURL+path, h, form.Encode())
	g.keep(a)
	return a
}

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// csrf reads what the forms of a page carry.
func (g *guest) csrf(path string) string {
	g.w.t.Helper()
	a := g.get(path)
	m := csrfField.FindSubmatch(a.body)
	if m == nil {
		g.w.t.Fatalf("%s has no form: %d %s", path, a.status, a.body)
	}
	return string(m[1])
}

// chatPage is the path of the account's first chat.
func (g *guest) chatPage() string {
	g.w.t.Helper()
	m := regexp.MustCompile(`href="(` + g.root + `/chats/[0-9a-f-]{36})"`).FindSubmatch(g.get(g.root + "/chats").body)
	if m == nil {
		g.w.t.Fatal("the list has no chat")
	}
	return string(m[1])
}

func (w *world) chatName() string {
	w.t.Helper()
	a, _ := w.account()
	list, err := w.app.store.OnlineChats().Chats(w.t.Context(), a.ID)
	if err != nil || len(list) == 0 {
		w.t.Fatal(list, err)
	}
	return list[0].Name
}

// shows checks a page: its status, some of its text, and what every page of the
// console carries (design.md §10).
func (g *guest) shows(a answer, status int, text string) {
	g.w.t.Helper()
	if a.status != status || !strings.Contains(string(a.body), text) {
		g.w.t.Errorf("page %d, want %d with %q:\n%s", a.status, status, text, a.body)
	}
	ancestors := "frame-ancestors https://" + crmHost
	if strings.HasPrefix(g.root, "/console") {
		ancestors = "frame-ancestors 'none'"
	}
	csp := a.header.Get("Content-Security-Policy")
	if !strings.HasSuffix(csp, ancestors) || !strings.HasPrefix(csp, "default-src 'none'; ") || strings.Contains(csp, "unsafe") {
		g.w.t.Errorf("Content-Security-Policy %q, want %q and nothing unsafe", csp, ancestors)
	}
	if a.header.Get("Cache-Control") != "no-store" || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
		g.w.t.Errorf("headers %v", a.header)
	}
}

// TestConsoleWrites: the acts of the pages, their log, and what is wrong with what was typed.
func TestConsoleWrites(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true, config: func(c *config.Config) { c.AmoCRM.MultipleSources = true }})
	v := w.visit(w.connected())
	g := w.guest(adminID)
	page := g.chatPage()
	csrf := g.csrf(page)

	// A name, in the CRM too.
	g.shows(g.post(page+"/name", url.Values{"csrf": {csrf}, "name": {"  "}}), 422, `aria-invalid="true"`)
	g.shows(g.post(page+"/name", url.Values{"csrf": {csrf}, "name": {strings.Repeat("x", 121)}}), 422, strings.Repeat("x", 121))
	if a := g.post(page+"/name", url.Values{"csrf": {csrf}, "name": {`Lamps & "Light" <b>`}}); a.status != http.StatusSeeOther {
		t.Fatalf("rename: %d %s", a.status, a.body)
	}
	g.shows(g.get(page+"?done=rename_chat"), 200, "The name is saved")
	g.shows(g.get(page), 200, `value="Lamps &amp; &#34;Light&#34; &lt;b&gt;"`)
	named := false
	for _, src := range w.box.Sources(accountID, clientID) {
		named = named || src.Name == `Lamps & "Light" <b>`
	}
	if !named || w.chatName() != `Lamps & "Light" <b>` {
		t.Errorf("sources %+v, chat %q", w.box.Sources(accountID, clientID), w.chatName())
	}

	// Sites, as people paste them (EMB-24).
	g.shows(g.post(page+"/code", url.Values{"csrf": {csrf}, "sites": {"shop.example\nnot a host!"}}), 422, "not a host!")
	if a := g.post(page+"/code", url.Values{"csrf": {csrf}, "sites": {"https://Shop.example/lamps\r\n*.market.example, other.example"}, "in_app": {"1"}}); a.status != http.StatusSeeOther {
		t.Fatalf("sites: %d %s", a.status, a.body)
	}
	b, err := w.app.chats.Button(t.Context(), chatid.ButtonKey(v.button))
	if err != nil || strings.Join(b.TrustedSites, " ") != "shop.example *.market.example other.example" || !b.InApp {
		t.Errorf("sites %q, in an application %v, %v", b.TrustedSites, b.InApp, err)
	}
	if err := w.app.chats.Trust(t.Context(), b.Key, nil, false); err != nil {
		t.Fatal(err)
	}

	// Parked messages: never their text.
	v.write(uuidN(1), "first")
	w.eventually("the first message", func() bool { return len(w.inbox(sandbox.Inbound)) == 1 })
	one := v.refuse(uuidN(2), "a secret of the visitor")
	two := v.refuse(uuidN(3), "another secret")
	list := g.get(g.root)
	g.shows(list, 200, "2 messages were not delivered.")
	if strings.Contains(string(list.body), "secret") {
		t.Error("the page shows what visitors wrote")
	}
	if a := g.post(g.root+"/parked/"+one.ID+"/resend", url.Values{"csrf": {csrf}}); a.header.Get("Location") != g.root+"?done=resend" {
		t.Errorf("resend: %d %s", a.status, a.body)
	}
	w.eventually("the resent message", func() bool { return len(w.inbox(sandbox.Inbound)) == 2 })
	g.shows(g.post(g.root+"/parked/"+one.ID+"/drop", url.Values{"csrf": {csrf}}), 409, "decided about this message already")
	if a := g.post(g.root+"/parked/"+two.ID+"/drop", url.Values{"csrf": {csrf}}); a.header.Get("Location") != g.root+"?done=drop" {
		t.Errorf("drop: %d %s", a.status, a.body)
	}
	g.shows(g.get(g.root+"?done=drop"), 200, "The message is given up")
	v.refuse(uuidN(4), "a third")
	g.post(g.root+"/parked/all/resend", url.Values{"csrf": {csrf}})
	g.shows(g.get(g.root+"?done=resend_all"), 200, "None: everything")
	g.shows(g.post(g.root+"/parked/nonsense/drop", url.Values{"csrf": {csrf}}), 404, "")
	g.shows(g.get(g.root+"?before=nonsense"), 422, "")
	g.shows(g.get(g.root+"/chats/"+uuidN(9)), 404, "")

	// All of it is in the log, by the CRM's user.
	a, _ := w.account()
	entries, _, err := console.NewService(w.app.store.Console(), newID, time.Now, w.app.log).Log(t.Context(), a.ID, "", 50)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		if e.CRMUser != adminID {
			t.Errorf("%+v is not the admin's", e)
		}
		got = append(got, string(e.Act)+" "+e.Outcome)
	}
	want := "resend_all done, drop done, drop not_found, resend done, set_sites done, set_sites invalid_request, rename_chat done, rename_chat invalid_request, rename_chat invalid_request"
	if strings.Join(got, ", ") != want {
		t.Errorf("the log is\n%s, want\n%s", strings.Join(got, ", "), want)
	}
	w.until("the CRM's users", func() bool { return strings.Contains(string(g.get(g.root+"/activity").body), "Oleg Admin") })
	activity := g.get(g.root + "/activity")
	g.shows(activity, 200, "Renaming of an online chat")
	g.shows(activity, 200, "Website chat → Lamps &amp; &#34;Light&#34; &lt;b&gt;")
	g.shows(activity, 200, ": shop.example, *.market.example, other.example")
	g.shows(activity, 200, "(you)")
	w.noBreaches()
}

// TestConsoleForms: who may not write, and what is no form of ours.
func TestConsoleForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true, sandbox: withSecondAccount})
	w.connected()
	_, second := w.second()
	w.until("the second account", func() bool { return second().State == "connected" })
	before := w.chatName()
	admin, agent := w.guest(adminID), w.guest(agentID)
	page := admin.chatPage()
	good := url.Values{"csrf": {admin.csrf(page)}, "name": {"Changed"}}
	with := func(csrf string) url.Values { return url.Values{"csrf": {csrf}, "name": {"Changed"}} }

	// Who administers nothing reads, without the forms of those who do.
	agent.shows(agent.get(agent.root), 200, "not change anything")
	agent.shows(agent.get(page), 200, "readonly")
	if body := string(agent.get(page).body) + string(agent.get(agent.root).body); strings.Contains(body, "Save the name") || strings.Contains(body, "/parked/") {
		t.Error("who may only look is shown buttons")
	}
	agent.shows(agent.post(page+"/name", with(agent.csrf(page))), 403, "Only an administrator")
	agent.shows(agent.post(agent.root+"/parked/all/drop", with(agent.csrf(page))), 403, "Only an administrator")

	for what, try := range map[string]func() answer{
		"no token":             func() answer { return admin.post(page+"/name", url.Values{"name": {"Changed"}}) },
		"somebody else's":      func() answer { return admin.post(page+"/name", with(agent.csrf(page))) },
		"nonsense":             func() answer { return admin.post(page+"/name", with("a.b.c")) },
		"another page's":       func() answer { return admin.postFrom("https://"+crmHost, page+"/name", good) },
		"no origin":            func() answer { return admin.postFrom("", page+"/name", good) },
		"the origin null":      func() answer { return admin.postFrom("null", page+"/name", good) },
		"the session's cookie": func() answer { return admin.post(page+"/name", with(strings.SplitN(admin.cookie(), "=", 2)[1])) },
	} {
		if a := try(); a.status != 403 || !strings.Contains(string(a.body), "open for too long") {
			t.Errorf("a form with %s: %d %s", what, a.status, a.body)
		}
	}
	if a := admin.post(page+"/name", url.Values{"csrf": good["csrf"], "name": {strings.Repeat("x", 17<<10)}}); a.status != 413 {
		t.Errorf("a form of 17 KiB: %d", a.status)
	}

	// A chat of another account is not there, in no way of asking.
	b, err := w.app.store.Accounts().ByCRM(t.Context(), "amocrm", secondID)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := w.app.chats.Chats(t.Context(), b.ID)
	if err != nil || len(foreign) != 1 {
		t.Fatal(foreign, err)
	}
	admin.shows(admin.get(admin.root+"/chats/"+string(foreign[0].ID)), 404, "")
	admin.shows(admin.post(admin.root+"/chats/"+string(foreign[0].ID)+"/name", good), 404, "")
	if a := admin.get("/embed/" + string(b.ID)); a.status != 401 || !strings.HasSuffix(a.header.Get("Content-Security-Policy"), "frame-ancestors https://second.amocrm.ru") {
		t.Errorf("another account's page: %d %s", a.status, a.header.Get("Content-Security-Policy"))
	}
	for _, path := range []string{"/embed/" + uuidN(77), "/embed/nonsense", "/console/" + uuidN(77)} {
		if a := admin.get(path); a.status != 404 || !strings.HasSuffix(a.header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("%s: %d %s", path, a.status, a.header.Get("Content-Security-Policy"))
		}
	}
	if now := w.chatName(); now != before {
		t.Errorf("a refused form changed the name to %q", now)
	}
	var limited atomic.Bool
	parallel(t, 60, func(int) { // at once: one more is allowed each second
		if admin.post(page+"/code", url.Values{"csrf": good["csrf"]}).status == 429 {
			limited.Store(true)
		}
	})
	if !limited.Load() {
		t.Error("writes are not limited")
	}
}

// TestConsoleHealth: each state of the connection in words, with where it is mended.
func TestConsoleHealth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true, still: true})
	w.connected()
	g := w.guest(adminID)
	a, _ := w.account()
	window := `href="https://` + crmHost + `/settings/widgets/#` + widget + `"`
	consent := `href="` + appURL + `/oauth/amocrm/start?account=31000001"`
	for _, c := range []struct {
		state        account.State
		reason, says string
		links        string
	}{
		{account.Connected, "", "nothing to do", ""},
		{account.Disconnected, "", "Visitors&#39; messages do not arrive", window},
		{account.Broken, "authorisation", "grant access again", consent},
		{account.Broken, "channel", "connect the account again", window},
		{account.Broken, "channel_private", "have this account added", window},
		{account.Broken, "clock_or_secret", "has been alerted", ""},
		{account.Broken, "unpaid", "paid for", ""},
		{account.Broken, "news_of_tomorrow", "The connection is broken", ""},
	} {
		if err := w.app.store.Accounts().SetState(t.Context(), a.ID, c.state, c.reason, time.Now()); err != nil {
			t.Fatal(err)
		}
		page := g.get(g.root)
		g.shows(page, 200, c.says)
		for _, link := range []string{window, consent} {
			if got := strings.Contains(string(page.body), link); got != (link == c.links) {
				t.Errorf("%s %s: the link %s is there %v", c.state, c.reason, link, got)
			}
		}
	}
}
