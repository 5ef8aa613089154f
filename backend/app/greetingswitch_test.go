package app

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"leadline/backend/chatid"
)

// TestOneSwitchGreets: BOT-9, BOT-10. A button's switch governs its bubble and the bot
// that its chat shares with other buttons and card pages; the bot's page has the same
// switches, and is locked where all are off.
func TestOneSwitchGreets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	shop, shopHash := w.connected()
	w.greets(consultant, nil)
	g := w.guest(adminID)
	a := w.mustAccount()
	landing, err := w.app.chats.AddButton(t.Context(), a, w.firstChat(), "Landing", "en")
	if err != nil {
		t.Fatal(err)
	}
	card, err := w.app.cardPages.Add(t.Context(), a, "Harbour lamps", "harbour-lamps", "en")
	if err != nil {
		t.Fatal(err)
	}
	type spot struct{ key, hash, origin string }
	spots := map[string]spot{
		"shop":    {shop, shopHash, shopURL},
		"landing": {string(landing.Key), landing.Hash, shopURL},
		"card":    {string(card.Button), card.Hash, chatURL},
	}
	check := func(when string, bubbles, bots []string) {
		t.Helper()
		for name, s := range spots {
			var config struct {
				Ticket string
				Extras struct{ Greeting string }
			}
			w.config(s.key, s.hash, s.origin).into(t, &config)
			if bubble := config.Extras.Greeting != ""; bubble != slices.Contains(bubbles, name) {
				t.Errorf("%s: a bubble at %s: %v", when, name, bubble)
			}
			var session struct {
				Token  string
				Greets bool
			}
			w.send("POST", chatURL+"/v1/session", nil, map[string]string{"button_id": s.key, "ticket": config.Ticket}).into(t, &session)
			bot := slices.Contains(bots, name)
			if session.Greets != bot {
				t.Errorf("%s: the bot at %s: %v", when, name, session.Greets)
			}
			// Who asks though the panel would not, gets nothing either.
			v := &visitor{w: w, base: chatURL, token: session.Token}
			said := v.greeting(map[string]any{}).Messages
			if (len(said) > 0) != bot {
				t.Errorf("%s: the bot says at %s: %v", when, name, shownTexts(said))
			}
		}
	}
	page := g.chatPage() + "/bot"
	settings := func(at ...string) {
		t.Helper()
		g.saves(page+"/settings", g.form(page, url.Values{"at": at, "import": {"1"}, "name": {""}}), "The settings of the bot are saved")
	}
	look := func(changes ...string) {
		t.Helper()
		form := g.root + "/buttons/" + shop
		g.saves(form+"/look", g.lookForm(form, changes...), "The look is saved")
	}

	check("the shop's button without a bubble, the page as it is new", []string{"card"}, []string{"shop", "card"})
	look("greet", "1")
	check("with one", []string{"shop", "card"}, []string{"shop", "card"})
	shown := g.get(page)
	for _, want := range []string{`value="` + shop + `" checked`, `value="` + string(landing.Key) + `">`, `value="` + string(card.Button) + `" checked`, ">Landing<", ">Harbour lamps<", "One switch for the whole greeting"} {
		g.shows(shown, 200, want)
	}
	g.shows(g.get(g.root+"/buttons/"+shop), 200, "One switch for the whole greeting")
	settings(string(landing.Key))
	check("by the bot's page", []string{"landing"}, []string{"landing"})
	g.shows(g.get(g.root+"/activity"), 200, "Landing")

	// Of the bot that somebody meets, the switch of another button says nothing.
	v := w.visit(string(landing.Key), landing.Hash)
	greeting := v.greeting(map[string]any{})
	if a := v.w.send("POST", v.base+"/v1/messages", v.auth(), map[string]any{"client_id": uuidN(1), "text": "Hi", "greeting": greeting.Token}); a.status != http.StatusOK {
		t.Fatalf("a message: %d %s", a.status, a.body)
	}
	if got := shownTexts(v.history()); len(got) < 2 || got[0] != "Hello! Ask us anything." {
		t.Errorf("the conversation is %q", got)
	}

	settings(string(chatid.ButtonKey("999999"))) // no button of the chat
	check("everywhere off", nil, nil)
	locked := g.get(page)
	g.shows(locked, 200, "The greeting is off wherever this chat stands")
	g.shows(g.post(page, g.form(page, url.Values{"bot": {twoSteps}})), 409, "switch it on")
	if !strings.Contains(string(locked.body), "readonly") {
		t.Error("a bot that greets nowhere can be changed")
	}
	if got := string(w.bot().Bot); got != consultant {
		t.Errorf("the bot that nobody changed is %s", got)
	}
	look("greet", "1", "bubble", "")
	check("by the button's page, without a bubble", nil, []string{"shop"})
	w.noBreaches()
}
