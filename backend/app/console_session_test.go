package app

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"leadline/backend/account"
)

// TestConsoleSession: the frame's cookie is what design.md §10 says, one disposable
// token buys several tickets (W §8.2, replay), and each is good once.
func TestConsoleSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	w.connected()
	g := w.guest(adminID)
	if len(g.cookies) != 1 {
		t.Fatalf("cookies %v", g.cookies)
	}
	for name, c := range g.cookies {
		if !strings.HasPrefix(name, "__Host-") || c.Path != "/" || c.Domain != "" || !c.Secure || !c.HttpOnly || !c.Partitioned ||
			c.SameSite != http.SameSiteNoneMode || c.MaxAge != 25*60 {
			t.Errorf("the cookie is %s", c.Raw)
		}
	}
	g.shows(g.get(g.root), 200, "The account is connected")
	g.shows(g.get(g.root+"/activity"), 200, "Nothing has been changed yet")
	if a := g.get(g.root + "/session"); a.status != http.StatusNoContent {
		t.Errorf("the session is %d", a.status)
	}
	headers := w.widgetHeaders(adminID)
	tickets := map[string]bool{}
	for range 5 {
		var out struct{ Ticket string }
		w.send("POST", appURL+"/widget/v1/console", headers, map[string]string{}).into(t, &out)
		tickets[out.Ticket] = true
		if a := g.begin(out.Ticket, nil); a.status != 200 {
			t.Errorf("a ticket of the same token: %d %s", a.status, a.body)
		}
		if a := g.begin(out.Ticket, nil); a.status != 401 || a.code() != "ticket_invalid" {
			t.Errorf("a used ticket: %d %s, want 401 ticket_invalid", a.status, a.body)
		}
	}
	if len(tickets) != 5 {
		t.Errorf("%d different tickets of 5", len(tickets))
	}
	// Of two that bring one ticket at once, one is let in.
	_, ticket := w.ticket(adminID)
	in := make(chan int, 8)
	parallel(t, 8, func(int) {
		a, err := w.trySend("POST", appURL+g.root+"/session", map[string]string{"Origin": appURL}, map[string]string{"ticket": ticket})
		if err != nil {
			t.Error(err)
		}
		in <- a.status
	})
	close(in)
	let := 0
	for status := range in {
		if status == 200 {
			let++
		}
	}
	if let != 1 {
		t.Errorf("%d of 8 were let in by one ticket", let)
	}
	if strings.Contains(w.logs.String(), ticket) {
		t.Error("a ticket stands in the log")
	}
}

// TestConsoleRefusesTickets: of other accounts, former addresses, other times and
// other kinds; and requests that come from another page.
func TestConsoleRefusesTickets(t *testing.T) {
	t.Parallel()
	var c clock
	w := newWorld(t, setup{login: true, now: c.now, sandbox: withSecondAccount})
	w.connected()
	_, second := w.second()
	w.until("the second account", func() bool { return second().State == "connected" })
	g := w.guest(adminID)

	refusedAs := func(what string, a answer, status int, code string) {
		t.Helper()
		if a.status != status || a.code() != code {
			t.Errorf("%s: %d %s, want %d %s", what, a.status, a.body, status, code)
		}
		if a.header.Get("Set-Cookie") != "" || a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: headers %v", what, a.header)
		}
	}
	// The second account's ticket is worth nothing at the first one's address.
	token, err := w.box.DisposableToken(secondID, 0, clientID)
	if err != nil {
		t.Fatal(err)
	}
	var other struct{ URL, Ticket string }
	w.send("POST", appURL+"/widget/v1/console", map[string]string{"X-Auth-Token": token, "Origin": "https://second.amocrm.ru"}, map[string]string{}).into(t, &other)
	refusedAs("another account's ticket", g.begin(other.Ticket, nil), 401, "ticket_invalid")

	_, ticket := w.ticket(adminID)
	refusedAs("from the CRM's page itself", g.begin(ticket, map[string]string{"Origin": "https://" + crmHost}), 403, "origin_not_trusted")
	refusedAs("from nowhere", g.begin(ticket, map[string]string{"Origin": "null"}), 403, "origin_not_trusted")
	refusedAs("no ticket", g.begin("", nil), 422, "invalid_request")
	refusedAs("no token of ours", g.begin("a.b.c", nil), 401, "ticket_invalid")
	refusedAs("a session for a ticket", g.begin(strings.SplitN(g.cookie(), "=", 2)[1], nil), 401, "ticket_invalid")
	refusedAs("too much", w.send("POST", appURL+g.root+"/session", map[string]string{"Origin": appURL}, map[string]string{"ticket": strings.Repeat("a", 9<<10)}), 413, "body_too_large")

	// 60 s at most.
	c.advance(w.box, 61*time.Second)
	refusedAs("a ticket of a minute ago", g.begin(ticket, nil), 401, "ticket_invalid")

	// The account was renamed after the ticket was bought, and with it the session ends.
	_, ticket = w.ticket(adminID)
	a, _ := w.account()
	if _, err := w.app.store.Accounts().Upsert(t.Context(), account.Account{ID: a.ID, Product: a.Product, CRMID: a.CRMID, Host: "renamed.amocrm.ru", State: a.State}); err != nil {
		t.Fatal(err)
	}
	refusedAs("a ticket of the former address", g.begin(ticket, nil), 401, "ticket_invalid")
	start := g.get(g.root)
	if start.status != 401 || !strings.HasSuffix(start.header.Get("Content-Security-Policy"), "frame-ancestors https://renamed.amocrm.ru") ||
		!strings.Contains(string(start.body), `data-parent="https://renamed.amocrm.ru"`) {
		t.Errorf("the page after the renaming: %d, %s\n%s", start.status, start.header.Get("Content-Security-Policy"), start.body)
	}

	// Who is known to nobody gets no ticket.
	third := newWorld(t, setup{login: true})
	refused(t, third.send("POST", appURL+"/widget/v1/console", third.widgetHeaders(adminID), map[string]string{}), 409, "not_connected")
	refused(t, third.send("POST", appURL+"/widget/v1/console", map[string]string{"Origin": "https://" + crmHost}, map[string]string{}), 401, "token_missing")
	for range 40 {
		third.send("POST", appURL+"/widget/v1/console", third.widgetHeaders(adminID), map[string]string{})
	}
	refused(t, third.send("POST", appURL+"/widget/v1/console", third.widgetHeaders(adminID), map[string]string{}), 429, "too_many_attempts")
}

// TestConsoleEndsAndGoesOn: 25 minutes, whatever the browser keeps; a form that was
// open meanwhile is saved after a new ticket (W §8.3).
func TestConsoleEndsAndGoesOn(t *testing.T) {
	t.Parallel()
	var c clock
	w := newWorld(t, setup{login: true, now: c.now})
	w.connected()
	g := w.guest(adminID)
	page := g.chatPage()
	csrf := g.csrf(page)
	c.shift.Add(int64(24*time.Minute + 50*time.Second))
	g.shows(g.get(page), 200, "When you answer")
	c.shift.Add(int64(11 * time.Second))
	g.shows(g.get(page), 401, `data-next="`+page+`"`)
	if a := g.get(g.root + "/session"); a.status != 401 || a.code() != "session_over" {
		t.Errorf("the session after 25 minutes: %d %s", a.status, a.body)
	}
	g.shows(g.post(page+"/name", url.Values{"csrf": {csrf}, "name": {"Typed before"}}), 401, `data-next="`+page+`"`)
	if got := w.chatName(); got == "Typed before" {
		t.Error("an ended session saved a name")
	}
	_, ticket := w.ticket(adminID)
	g.begin(ticket, nil)
	if a := g.post(page+"/name", url.Values{"csrf": {csrf}, "name": {"Typed before"}}); a.status != http.StatusSeeOther || a.header.Get("Location") != page+"?done=rename_chat" {
		t.Errorf("saved with a new session: %d %s", a.status, a.body)
	}
	if got := w.chatName(); got != "Typed before" {
		t.Errorf("the chat is called %q", got)
	}
}

// TestConsoleTab: where the frame keeps no cookie, a code opens a tab, once, with a
// cookie of its own kind (design.md §10).
func TestConsoleTab(t *testing.T) {
	t.Parallel()
	var c clock
	w := newWorld(t, setup{login: true, now: c.now})
	w.connected()
	frame, ticket := w.ticket(adminID)
	g := &guest{w: w, root: strings.TrimPrefix(frame, appURL), cookies: map[string]*http.Cookie{}}
	var begun struct{ Tab string }
	g.begin(ticket, nil).into(t, &begun)
	tab := &guest{w: w, root: "/console/" + strings.TrimPrefix(g.root, "/embed/"), cookies: map[string]*http.Cookie{}}
	if a := tab.postFrom("https://"+crmHost, tab.root+"/open", url.Values{"code": {begun.Tab}}); a.status != 403 {
		t.Errorf("opened from another page: %d", a.status)
	}
	tab.shows(tab.get(tab.root), 401, "Sign in to Leadline")
	a := tab.post(tab.root+"/open", url.Values{"code": {begun.Tab}})
	if a.status != http.StatusSeeOther || a.header.Get("Location") != tab.root || len(tab.cookies) != 1 {
		t.Fatalf("open: %d %v", a.status, a.header)
	}
	for name, c := range tab.cookies {
		if !strings.HasPrefix(name, "__Host-") || c.Path != "/" || c.Domain != "" || !c.Secure || !c.HttpOnly || c.Partitioned || c.SameSite != http.SameSiteLaxMode {
			t.Errorf("the cookie is %s", c.Raw)
		}
	}
	tab.shows(tab.get(tab.root), 200, "The account is connected")
	tab.shows(tab.post(tab.root+"/open", url.Values{"code": {begun.Tab}}), 401, "was used already")
	tab.shows(tab.post(tab.root+"/open", url.Values{"code": {ticket}}), 401, "was used already")
	if a := tab.get(g.root); a.status != 401 {
		t.Errorf("the tab's cookie in the frame: %d", a.status)
	}
	if a := g.begin(begun.Tab, nil); a.status != 401 {
		t.Errorf("a tab's code for a ticket: %d", a.status)
	}
	_, ticket = w.ticket(adminID)
	g.begin(ticket, nil).into(t, &begun)
	c.advance(w.box, 5*time.Minute+time.Second)
	tab.shows(tab.post(tab.root+"/open", url.Values{"code": {begun.Tab}}), 401, "too old")
}
