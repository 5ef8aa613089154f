package app

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"leadline/backend/onlinechat"
	"leadline/backend/sandbox"
)

// form is what a page's form sends.
func (g *guest) form(page string, fields url.Values) url.Values {
	g.w.t.Helper()
	f := url.Values{"csrf": {g.csrf(page)}}
	for k, v := range fields {
		f[k] = v
	}
	return f
}

// saves sends a form and wants the page that follows to tell of it.
func (g *guest) saves(path string, form url.Values, done string) answer {
	g.w.t.Helper()
	a := g.post(path, form)
	if a.status != http.StatusSeeOther {
		g.w.t.Fatalf("%s: %d, want to be saved:\n%s", path, a.status, a.body)
	}
	page := g.get(a.header.Get("Location"))
	g.shows(page, 200, done)
	return page
}

// logged gives the acts and outcomes of the account's log, the newest first.
func (w *world) logged(n int) (list []string) {
	w.t.Helper()
	a, _ := w.account()
	log, err := w.app.store.Console().Entries(w.t.Context(), a.ID, "", n)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range log {
		list = append(list, string(e.Act)+" "+e.Outcome)
	}
	return list
}

// TestConsoleListOfChats: O §6.1, both roots: columns, one chat per pipeline (SET-1),
// the code that is copied once an address is given (EMB-24), and removal.
func TestConsoleListOfChats(t *testing.T) {
	t.Parallel()
	w := newWorld(t, manyPipelines())
	w.connected()
	g := w.guest(adminID)
	list := g.root + "/chats"
	first := g.chatPage()
	g.shows(g.get(list), 200, `href="`+first+`/code"`)
	for _, column := range []string{"Name", "CRM Plugin", "Business-card site", "Conversations", "External ID", "Embed code"} {
		g.shows(g.get(list), 200, `scope="col">`+column+"<")
	}
	g.shows(g.get(list), 200, "Button 1001")

	// Another chat for the pipeline that has none.
	g.shows(g.get(list), 200, fmt.Sprintf(`<option value="%d">Repairs</option>`, repairs))
	add := func(pipeline, name string) url.Values {
		return g.form(list, url.Values{"pipeline": {pipeline}, "name": {name}})
	}
	number := fmt.Sprint(repairs)
	g.shows(g.post(list, add("nonsense", "Kept")), 422, `value="Kept"`)
	g.shows(g.post(list, add("999999", "Kept")), 422, "There is no such pipeline")
	g.shows(g.post(list, add(number, strings.Repeat("x\a", 60))), 422, `id="new-name-error"`)
	g.saves(list, add(number, "Repair <b> desk"), "The chat is added")
	page := string(g.get(list).body)
	if !strings.Contains(page, "Repair &lt;b&gt; desk") || !strings.Contains(page, "Every pipeline has its online chat") {
		t.Errorf("the list after the second chat:\n%s", page)
	}
	if s := w.sources()["Repair <b> desk"]; s.PipelineID != repairs {
		t.Errorf("sources %+v", w.sources())
	}
	g.shows(g.post(list, add(number, "A third one")), 409, "has its online chat already")

	// Nothing is copied before an address is given; then all variants in both dialects (EMB-6).
	a, _ := w.account()
	chats, err := w.app.chats.Chats(t.Context(), a.ID)
	if err != nil || len(chats) != 2 {
		t.Fatal(chats, err)
	}
	second := list + "/" + string(chats[1].ID)
	code := second + "/code"
	if body := string(g.get(code).body); strings.Contains(body, "js-copy") || strings.Contains(body, "win[obj]") {
		t.Error("there is a code to copy without an address")
	}
	g.shows(g.post(code, g.form(code, url.Values{"sites": {" "}})), 422, `id="sites-error"`)
	shown := html.UnescapeString(string(g.saves(code, g.form(code, url.Values{"sites": {"https://Shop.example.test/lamps"}}), "The sites are saved").body))
	for _, names := range []string{`"amoSocialButton", "amo_social_button"`, `"crmPlugin", "crm_plugin"`} {
		if n := strings.Count(shown, names); n != 3 {
			t.Errorf("%d snippets with %s, want 3", n, names)
		}
	}
	for text, n := range map[string]int{"inline: false": 2, "inline: true": 4, `"Config"] || {}).hidden = true`: 2} {
		if got := strings.Count(shown, text); got != n {
			t.Errorf("%d snippets with %s, want %d", got, text, n)
		}
	}
	row := html.UnescapeString(string(g.get(list).body))
	if n := strings.Count(row, "data-text="); n != 1 || !strings.Contains(row, `"Config"] || {}).hidden = true`) {
		t.Errorf("%d rows have a code to copy, want that of the configured chat, of the variant online chat only", n)
	}
	// In an application no address is needed.
	g.saves(first+"/code", g.form(first+"/code", url.Values{"sites": {""}, "in_app": {"1"}}), "The sites are saved")
	g.shows(g.get(first+"/code"), 200, "inline: false")

	// A second button for one chat.
	add2 := g.form(second, url.Values{"chat": {string(chats[1].ID)}})
	g.saves(g.root+"/buttons", add2, "The button is added")
	g.shows(g.get(list), 200, ">+1</a>")
	g.shows(g.get(code), 200, "Button 1003")
	g.shows(g.post(g.root+"/buttons", g.form(second, url.Values{"chat": {uuidN(9)}})), 404, "")

	// Removed with its source; the last one stays.
	g.saves(second+"/remove", g.form(second, nil), "The chat is removed")
	if s, there := w.sources()["Repair <b> desk"]; there {
		t.Errorf("its source is still there: %+v", s)
	}
	g.shows(g.get(second), 404, "")
	g.shows(g.post(first+"/remove", g.form(first, nil)), 409, "keeps at least one online chat")
	want := "remove_chat last_chat, remove_chat done, add_button not_found, add_button done, set_sites done, set_sites done, set_sites invalid_request, " +
		"add_chat pipeline_has_chat, add_chat done, add_chat invalid_request, add_chat no_such_pipeline"
	if got := strings.Join(w.logged(50), ", "); got != want {
		t.Errorf("log\n%s\nwant\n%s", got, want)
	}
}

// TestConsoleOneSource: where the CRM keeps a single source there is one chat, and the
// page says so.
func TestConsoleOneSource(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true, sandbox: twoPipelines})
	w.connected()
	g := w.guest(adminID)
	g.shows(g.get(g.root+"/chats"), 200, "keeps one source for all chats")
	agent := w.guest(agentID)
	if body := string(agent.get(agent.root + "/chats").body); strings.Contains(body, "<form") || strings.Contains(body, "Add an online chat") {
		t.Error("who may only look is shown forms")
	}
}

// TestConsoleConversations: the pencil of the list and the chat's page (O §6.4, SET-2).
func TestConsoleConversations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	button, hash := w.connected()
	v := w.visit(button, hash)
	v.write(uuidN(1), "first")
	g := w.guest(adminID)
	list, page := g.root+"/chats", g.chatPage()
	g.shows(g.get(list), 200, "One active")
	g.shows(g.post(page+"/several", g.form(page, url.Values{"mode": {"many"}})), 422, "")
	g.saves(page+"/several", g.form(page, url.Values{"mode": {"multiple"}, "from": {"list"}}), "The conversations are changed")
	g.shows(g.get(list), 200, "Multiple")
	if got := v.conversations(); len(got) != 1 || got[0].Number != "A1" {
		t.Errorf("the conversation that went on is %+v", got)
	}
	v.in(uuidN(101), uuidN(2), "another").wants(t, "another conversation", 200, "")
	// CON-8: the newest goes on.
	g.saves(page+"/several", g.form(page, url.Values{"mode": {"one"}}), "The conversations are changed")
	v.session(v.ticket(hash), v.token)
	if got := v.history(); len(got) != 1 || got[0].Text != "another" {
		t.Errorf("one conversation goes on with %+v", got)
	}
}

// TestConsoleReach: hours, days off, words and what to leave, and what visitors learn of it.
func TestConsoleReach(t *testing.T) {
	t.Parallel()
	var c clock
	w := newWorld(t, setup{login: true, now: c.now})
	button, hash := w.connected()
	g := w.guest(adminID)
	page := g.chatPage()
	today := time.Now().UTC()
	week := func(change func(url.Values)) url.Values {
		f := g.form(page, url.Values{"hours": {"1"}, "zone": {"UTC"}, "online_text": {""}, "away_text": {"Back at {time}, <b>"}, "ask": {"phone"}})
		for _, d := range []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} {
			f.Set(d, "0:00-24:00")
		}
		f["off_from"], f["off_to"] = []string{today.AddDate(0, 0, -1).Format(time.DateOnly), ""}, []string{today.AddDate(0, 0, 2).Format(time.DateOnly), ""}
		change(f)
		return f
	}
	for name, tt := range map[string]struct {
		change func(url.Values)
		beside string
	}{
		"an unknown zone":   {func(f url.Values) { f.Set("zone", "Mars/Olympus") }, `id="zone-error"`},
		"no hours":          {func(f url.Values) { f.Set("tue", "whenever") }, `id="tue-error"`},
		"a day off of none": {func(f url.Values) { f["off_from"][0] = "" }, "Check the days off"},
		"a long text":       {func(f url.Values) { f.Set("away_text", strings.Repeat("y", 121)) }, strings.Repeat("y", 121)},
		"an unknown wish":   {func(f url.Values) { f.Set("ask", "address") }, "open for too long"},
	} {
		a := g.post(page+"/reach", week(tt.change))
		g.shows(a, 422, tt.beside)
		if !strings.Contains(string(a.body), "0:00-24:00") {
			t.Errorf("%s: what was typed is gone", name)
		}
	}
	g.saves(page+"/reach", week(func(url.Values) {}), "It is saved when you answer")
	g.shows(g.get(page), 200, `value="00:00-24:00"`)

	v := w.visit(button, hash)
	var s struct {
		Availability struct {
			State string
			Back  time.Time
		}
		Strings  map[string]string
		Ask      string
		CallBack bool
	}
	w.send("POST", chatURL+"/v1/session", nil, map[string]string{"button_id": button, "ticket": v.ticket(hash)}).into(t, &s)
	back := time.Date(today.Year(), today.Month(), today.Day()+3, 0, 0, 0, 0, time.UTC)
	if s.Availability.State != "away" || !s.Availability.Back.Equal(back) || s.Strings["status.back"] != "Back at {time}, <b>" || s.Strings["status.away"] != "" || s.Ask != "phone" || s.CallBack {
		t.Errorf("a visitor learns %+v, want away until %s", s, back)
	}
	// The host's command changes the hours and keeps the days off.
	a, _ := w.account()
	err := w.app.manageChats(t.Context(), a.Product, int64(a.CRMID), func(c *Chats) error {
		chats, err := c.List(t.Context())
		if err == nil {
			err = c.SetHours(t.Context(), string(chats[0].ID), "UTC", "mon 09:00-10:00")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	g.shows(g.get(page), 200, `value="`+today.AddDate(0, 0, 2).Format(time.DateOnly)+`"`)
	g.saves(page+"/reach", g.form(page, url.Values{"ask": {"nothing"}, "callbacks": {"1"}}), "It is saved when you answer")
	s.Availability.State, s.Ask, s.Strings = "", "", nil
	w.until("no hours", func() bool {
		w.send("POST", chatURL+"/v1/session", nil, map[string]string{"button_id": button, "ticket": v.ticket(hash)}).into(t, &s)
		c.shift.Add(int64(time.Second)) // what was found is remembered for some seconds
		return s.Availability.State == "unknown"
	})
	if s.Ask != "" || len(s.Strings) != 0 || !s.CallBack {
		t.Errorf("after it was taken back a visitor learns %+v", s)
	}
}

// TestConsoleIdentity: SEC-2, SEC-3 and design.md §10: choosing, the warnings, keys.
func TestConsoleIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	w.connected()
	g := w.guest(adminID)
	list, page := g.root+"/chats", g.chatPage()
	mode := func(m string) url.Values { return g.form(page, url.Values{"mode": {m}}) }
	g.shows(g.get(page), 200, "Please choose how your site proves")
	g.shows(g.get(list), 200, "Choose how your site proves")
	g.shows(g.post(page+"/identity/mode", mode("open")), 422, "")
	g.saves(page+"/identity/mode", mode("optional"), "The choice is saved")
	if body := string(g.get(page).body) + string(g.get(list).body); strings.Contains(body, "hoose how your site proves") {
		t.Error("it is asked again after the choice")
	}
	g.saves(page+"/identity/mode", mode("vendor"), "The choice is saved")
	for range 2 { // permanent
		g.shows(g.get(page), 200, "Careful: whoever knows")
		g.shows(g.get(list), 200, "Whoever knows a customer&#39;s id")
	}
	g.saves(page+"/identity/mode", mode("signed"), "The choice is saved")

	// A secret is shown once, and there are two at most.
	secret := regexp.MustCompile(`id="secret" value="([0-9a-f]{64})"`)
	a := g.post(page+"/identity/secret", g.form(page, nil))
	m := secret.FindSubmatch(a.body)
	g.shows(a, 200, "shown this once")
	if m == nil {
		t.Fatal("no secret is shown")
	}
	if strings.Contains(string(g.get(page).body), string(m[1])) || strings.Contains(w.logs.String(), string(m[1])) {
		t.Error("the secret is shown again, or logged")
	}
	g.shows(g.post(page+"/identity/secret", g.form(page, nil)), 200, "shown this once")
	if strings.Contains(string(g.get(page).body), "Make a secret") {
		t.Error("a third secret is offered")
	}
	g.shows(g.post(page+"/identity/secret", g.form(page, nil)), 409, "keys of this kind already")

	// Public keys; a private one is not given back.
	key := func(text, name string) url.Values { return g.form(page, url.Values{"key": {text}, "kid": {name}}) }
	g.shows(g.post(page+"/identity/key", key("no key", "")), 422, `id="key-error"`)
	private := "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n-----END PRIVATE KEY-----\n"
	a = g.post(page+"/identity/key", key(private, ""))
	g.shows(a, 422, "This is a private key")
	if strings.Contains(string(a.body), "MC4CAQAwBQYDK2Vw") {
		t.Error("the page carries a private key")
	}
	// The public key of RFC 8410, §10.1.
	public := "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n"
	g.shows(g.post(page+"/identity/key", key(public, "a name!")), 422, "letters, figures")
	g.saves(page+"/identity/key", key(public, "shop-2026"), "The key is added")
	g.shows(g.get(page), 200, "shop-2026 (EdDSA)")
	g.shows(g.post(page+"/identity/key", key(public, "shop-2026")), 409, "key with that name already")
	g.saves(page+"/identity/drop", g.form(page, url.Values{"kid": {"shop-2026"}}), "It is dropped")
	g.shows(g.post(page+"/identity/drop", g.form(page, url.Values{"kid": {"shop-2026"}})), 404, "")
	chats := w.identities()
	if len(chats) != 1 || chats[0].Mode != onlinechat.Signed || len(chats[0].Keys) != 2 {
		t.Errorf("in the end %+v", chats)
	}
}

func (w *world) identities() (list []ChatIdentity) {
	w.t.Helper()
	a, _ := w.account()
	err := w.app.manageChats(w.t.Context(), a.Product, int64(a.CRMID), func(c *Chats) (err error) {
		list, err = c.Identities(w.t.Context())
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// TestConsoleExternalID: the field is one of those that the CRM has (O §6.1, VIS-3).
func TestConsoleExternalID(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	w.connected()
	field := w.idField(sandbox.CardContacts, "text")
	g := w.guest(adminID)
	page := g.chatPage()
	value := fmt.Sprintf("contact.%d", field.ID)
	g.shows(g.get(page), 200, `<option value="`+value+`" translate="no">Site id</option>`)
	choose := func(v string) url.Values { return g.form(page, url.Values{"field": {v}}) }
	g.shows(g.post(page+"/external", choose("contact.1")), 422, "has no such field")
	g.shows(g.post(page+"/external", choose("company."+fmt.Sprint(field.ID))), 422, "has no such field")
	g.saves(page+"/external", choose(value), "The field is saved")
	g.shows(g.get(page), 200, `<option value="`+value+`" selected translate="no">Site id</option>`)
	g.shows(g.get(g.root+"/chats"), 200, "Contact: Site id")
	g.saves(page+"/external", choose(""), "The field is saved")
	g.shows(g.get(g.root+"/chats"), 200, "Choose a field")
}
