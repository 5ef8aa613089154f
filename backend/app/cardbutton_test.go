package app

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestCardButton: a page's own button works there and nowhere else, and is none of the
// account's buttons.
func TestCardButton(t *testing.T) {
	t.Parallel()
	var c clock
	w := newWorld(t, setup{login: true, now: c.now})
	shopButton, shopHash := w.connected()
	g := w.guest(adminID)
	page := g.addCard("Harbour lamps", "harbour-lamps")
	body := w.card("harbour-lamps", nil).body
	m := regexp.MustCompile(`"hash":"([0-9a-f]{64})","id":"(\d+)"`).FindSubmatch(body)
	if m == nil {
		t.Fatalf("no button on the page: %s", body)
	}
	button, hash := string(m[2]), string(m[1])
	for origin, want := range map[string]int{"": 200, chatURL: 200, appURL: 403, shopURL: 403, "null": 403} {
		if a := w.config(button, hash, origin); a.status != want {
			t.Errorf("the page's button from %q: %d, want %d", origin, a.status, want)
		}
	}
	foreign := w.send("GET", chatURL+"/v1/buttons/"+button+"/config?hash="+hash, map[string]string{"Sec-Fetch-Site": "cross-site"}, nil)
	foreign.wants(t, "from another site without an origin", http.StatusForbidden, "origin_not_trusted")
	frame := w.send("GET", chatURL+"/v1/frame/"+button, nil, nil)
	if csp := frame.header.Get("Content-Security-Policy"); !strings.HasSuffix(csp, "frame-ancestors "+chatURL) {
		t.Errorf("the panel may stand in %q", csp)
	}
	if a := w.config(shopButton, shopHash, shopURL); a.status != http.StatusOK {
		t.Errorf("the site's button: %d", a.status)
	}
	list, err := w.app.chats.Buttons(t.Context(), w.mustAccount())
	if err != nil || len(list) != 1 {
		t.Errorf("the account's buttons: %v, %v", list, err)
	}
	cards, err := w.app.cardPages.CardsOf(t.Context(), w.mustAccount())
	if err != nil || len(cards) != 1 || string(cards[0].Chat) == "" {
		t.Errorf("the account's pages: %v, %v", cards, err)
	}

	// BOT-10: the page has a switch of its own for the bot.
	w.greets(consultant, nil)
	for _, on := range []bool{true, false, true} {
		g.mustSave(page, "welcome", map[bool]string{true: "on", false: ""}[on])
		var opened struct{ Ticket string }
		w.config(button, hash, chatURL).into(t, &opened)
		var session struct{ Greets bool }
		w.send("POST", chatURL+"/v1/session", nil, map[string]string{"button_id": button, "ticket": opened.Ticket}).into(t, &session)
		if session.Greets != on {
			t.Errorf("the bot greets: %v, with the page's switch %v", session.Greets, on)
		}
	}

	// O §5: key actions watch the page's visitors, too; its editor leads to them, and they back to it.
	actions := g.root + "/buttons/" + button + "/actions"
	g.shows(g.get(page), 200, `href="`+actions+`"`)
	g.shows(g.get(actions), 200, `href="`+page+`">Back to the card page`)
	action := url.Values{"csrf": {g.csrf(actions + "/new")}, "name": {"Asked"}, "constraint": {"1"}, "hook": {"ASKED"}, "greeting": {"1"}, "task_hours": {"24"}}
	if a := g.post(actions+"/new", action); a.status != http.StatusSeeOther {
		t.Errorf("saving a key action of the page: %d %s", a.status, a.body)
	}
	if a := w.config(button, hash, chatURL); !strings.Contains(string(a.body), `"actions":true`) {
		t.Errorf("the page does not watch for its key action: %s", a.body)
	}
	if a := w.config(shopButton, shopHash, shopURL); strings.Contains(string(a.body), `"actions":true`) {
		t.Errorf("the site watches for the page's key action: %s", a.body)
	}
	agent := w.guest(agentID)
	agent.shows(agent.get(actions+"/new"), 403, "")
	g.shows(g.get(g.root+"/buttons/"+button), 404, "")

	// Without its chat the page stays, and so it does where the account is switched off.
	g.mustSave(page, "blocks", "0")
	without := w.card("harbour-lamps", nil)
	if without.status != http.StatusOK || strings.Contains(string(without.body), "<script") || strings.Contains(without.header.Get("Content-Security-Policy"), "script-src") {
		t.Errorf("without a chat: %d %s", without.status, without.body)
	}
	if a := w.config(button, hash, chatURL); a.status != http.StatusOK || !strings.Contains(string(a.body), `"chat":null`) {
		t.Errorf("the button without a chat: %d %s", a.status, a.body)
	}
	g.mustSave(page, "blocks", "1", "b0.kind", "chat", "chat", string(cards[0].Chat))
	if a := w.send("POST", appURL+"/widget/v1/disconnect", w.widgetHeaders(adminID), map[string]string{}); a.status != http.StatusOK {
		t.Fatalf("disconnect: %d %s", a.status, a.body)
	}
	if off := w.card("harbour-lamps", nil); off.status != http.StatusOK || strings.Contains(string(off.body), `id="chat"`) {
		t.Errorf("of an account that is off: %d", off.status)
	}

	// An address that was given up is kept for 90 days.
	g.mustSave(page, "slug", "new-lamps")
	c.shift.Add(int64(90*24*time.Hour - time.Minute))
	if a := w.card("harbour-lamps", nil); a.status != http.StatusFound {
		t.Errorf("the old address after 89 days: %d", a.status)
	}
	c.shift.Add(int64(2 * time.Minute))
	if a := w.card("harbour-lamps", nil); a.status != http.StatusNotFound {
		t.Errorf("the old address after 90 days: %d", a.status)
	}
}
