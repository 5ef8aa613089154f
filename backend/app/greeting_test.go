package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"leadline/backend/chatid"
	"leadline/backend/config"
	"leadline/backend/conversation"
	"leadline/backend/greeting"
	"leadline/backend/sandbox"
)

// consultant is a greeting bot of two languages (O §4.3, §4.4).
const consultant = `{
	"0": {"question": [
		{"handler": "conditions", "params": {"logic": "and", "conditions": [{"term1": "{{bot_params.locale}}", "term2": "pt", "operation": "="}],
			"result": [{"handler": "goto", "params": {"type": "question", "step": 1}}]}},
		{"handler": "goto", "params": {"type": "question", "step": 2}}]},
	"1": {"question": [
			{"handler": "show", "params": {"type": "text", "value": "Olá, {{bot_params.username}}!"}},
			{"handler": "show", "params": {"type": "buttons", "value": "Em que podemos ajudar?", "buttons": ["Preços", "Suporte"]}},
			{"handler": "wait_answer", "params": {"type": "answer", "step": 1}}],
		"answer": [{"handler": "buttons", "params": [
			{"value": "Preços", "params": [{"handler": "goto", "params": {"type": "question", "step": 3}}]},
			{"regex": "/suporte/iu", "params": [{"handler": "goto", "params": {"type": "question", "step": 4}}]}]}]},
	"2": {"question": [{"handler": "show", "params": {"type": "text", "value": "Hello! Ask us anything."}}]},
	"3": {"question": [
			{"handler": "show", "params": {"type": "buttons_url", "value": "Nossos planos:", "buttons": [{"text": "Abrir", "url": "https://shop.example/plans"}]}},
			{"handler": "show", "params": {"type": "text", "value": "Qual é o seu e-mail?"}}],
		"answer": [{"handler": "show", "params": {"type": "text", "value": "Escrevemos para {{message_text.email}}."}},
			{"handler": "wait_answer", "params": {"type": "answer", "step": 3}}]},
	"4": {"question": [{"handler": "show", "params": {"type": "text", "value": "Um engenheiro já vem."}}]}
}`

// greets gives the account's chat a bot, and switches the greeting on at its buttons: the
// bot's part alone, without a bubble.
func (w *world) greets(bot string, change func(*greeting.Settings)) {
	w.t.Helper()
	a, ok := w.account()
	if !ok {
		w.t.Fatal("no account")
	}
	set := greeting.Settings{Account: a.ID, Chat: w.firstChat(), Bot: json.RawMessage(bot), On: true}
	if change != nil {
		change(&set)
	}
	if err := w.app.greets(w.t.Context(), set); err != nil {
		w.t.Fatal(err)
	}
}

// greets stores a chat's bot and switches the greeting on at all buttons.
func (a *App) greets(ctx context.Context, set greeting.Settings) error {
	if problems, err := a.greetings.SetBot(ctx, set); err != nil {
		return fmt.Errorf("set bot: %w %v", err, problems)
	}
	list, err := a.chats.Buttons(ctx, set.Account)
	for _, b := range list {
		b.Look.Greeting.Enabled, b.Look.Greeting.Bubble = true, false
		err = errors.Join(err, a.chats.SetLook(ctx, set.Account, b.Key, b.Look))
	}
	return err
}

type greeted struct {
	Messages []message
	Token    string
}

// greeting is what the panel gets when it is opened.
func (v *visitor) greeting(body map[string]any) (g greeted) {
	v.w.t.Helper()
	a := v.w.send("POST", v.base+"/v1/greeting", v.auth(), body)
	if a.status != http.StatusOK {
		v.w.t.Fatalf("greeting: %d %s", a.status, a.body)
	}
	a.into(v.w.t, &g)
	return g
}

func shownTexts(list []message) (out []string) {
	for _, m := range list {
		out = append(out, m.Text)
	}
	return out
}

// seen is a message as the operator's inbox has it.
func seen(m sandbox.Message) string {
	who := "visitor"
	if m.Direction == sandbox.Outbound {
		who = "operator"
		if m.SenderID == "9b2f4d6e-0a1c-4e3f-8d5b-7c6a9e8f0d1b" {
			who = "bot"
		}
	}
	return fmt.Sprintf("%s %v %s", who, m.Silent, m.Text)
}

// TestGreetingBot: BOT-1, BOT-5, BOT-11, BOT-13, C §3.4.3, §3.4.8. From the greeting
// that is stored nowhere to the operator who takes over; a restart comes in between.
func TestGreetingBot(t *testing.T) {
	t.Parallel()
	for name, echoes := range map[string]bool{"as documented": false, "imports come back as hooks": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{login: true})
			w.box.SetVariants(func(v *sandbox.Variants) { v.HooksForImports = echoes })
			button, hash := w.connected()
			w.greets(consultant, nil)
			v := w.visit(button, hash)
			if got := shownTexts(v.greeting(map[string]any{}).Messages); !slices.Equal(got, []string{"Hello! Ask us anything."}) {
				t.Errorf("greeting of a page that says nothing: %q", got)
			}
			meta := map[string]any{"bot_params": map[string]any{"locale": "pt", "username": "Ana {{contact.name}}"}}
			g := v.greeting(map[string]any{"meta": meta})
			if got := shownTexts(g.Messages); !slices.Equal(got, []string{"Olá, Ana {{contact.name}}!", "Em que podemos ajudar?"}) {
				t.Fatalf("greeting %q", got)
			}
			// BOT-11: nothing is made of it.
			if len(v.history()) != 0 || len(w.box.Chats(accountID)) != 0 || len(w.box.Leads(accountID)) != 0 {
				t.Fatal("a greeting alone made something")
			}
			raw, _ := json.Marshal(meta)
			v.tells(string(raw)).wants(t, "meta", http.StatusNoContent, "")
			press := map[string]any{
				"client_id": uuidN(1), "greeting": g.Token, "contact": map[string]string{"phone": "+79990001122"},
				"press": map[string]string{"message": g.Messages[1].ID, "text": "Preços"},
			}
			for range 2 { // a resend changes nothing
				w.send("POST", v.base+"/v1/messages", v.auth(), press).wants(t, "pressing", http.StatusOK, "")
			}
			want := []string{
				"bot true Olá, Ana {{contact.name}}!", "bot true Em que podemos ajudar?\n▸ Preços\n▸ Suporte", "visitor false Preços",
				"bot true Nossos planos:\n▸ Abrir: https://shop.example/plans", "bot true Qual é o seu e-mail?",
			}
			w.eventually("all of it over there", func() bool { return len(w.box.Messages(accountID)) >= len(want) })
			w.restart()
			v.write(uuidN(2), "ana@example.org, obrigada")
			want = append(want, "visitor false ana@example.org, obrigada", "bot true Escrevemos para ana@example.org.")
			w.eventually("the turn after the restart", func() bool { return len(w.box.Messages(accountID)) >= len(want) })
			got := []string{}
			chat := w.box.Chats(accountID)[0].ID
			for _, m := range w.box.ChatMessages(chat) {
				got = append(got, seen(m))
			}
			if !slices.Equal(got, want) {
				t.Errorf("the inbox has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if leads := w.box.Leads(accountID); len(leads) != 1 {
				t.Errorf("%d leads, want the visitor's", len(leads))
			}
			own := []string{"Olá, Ana {{contact.name}}!", "Em que podemos ajudar?", "Preços", "Nossos planos:", "Qual é o seu e-mail?", "ana@example.org, obrigada", "Escrevemos para ana@example.org."}
			if got := inOrder(v.history()); !slices.Equal(got, own) {
				t.Errorf("the visitor has %q, want %q", got, own)
			}
			if id := v.history()[1].ID; id != g.Messages[1].ID {
				t.Errorf("the stored greeting is %s, the shown one %s", id, g.Messages[1].ID)
			}
			if g := v.greeting(map[string]any{"meta": meta}); len(g.Messages) != 0 || g.Token != "" {
				t.Errorf("greeted again: %+v", g)
			}

			// BOT-13: an operator has taken over.
			if _, err := w.box.OperatorSay(accountID, chat, "Oleg here."); err != nil {
				t.Fatal(err)
			}
			w.until("the operator's words", func() bool { return slices.Contains(inOrder(v.history()), "Oleg here.") })
			v.write(uuidN(3), "oi@example.org")
			w.eventually("the visitor's words over there", func() bool { return len(w.box.ChatMessages(chat)) >= len(want)+2 })
			v.write(uuidN(4), "e agora?")
			w.eventually("more of them", func() bool { return len(w.box.ChatMessages(chat)) >= len(want)+3 })
			if got := inOrder(v.history()); !slices.Equal(got, append(own, "Oleg here.", "oi@example.org", "e agora?")) {
				t.Errorf("after the operator wrote the visitor has %q", got)
			}
			w.noBreaches()
		})
	}
}

// TestGreetingStaysOutOfTheCRM: the import switched off, and a message without the
// greeting that its visitor saw.
func TestGreetingStaysOutOfTheCRM(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	button, hash := w.connected()
	w.greets(consultant, func(s *greeting.Settings) { s.Untold, s.Name = true, "Lia" })
	v := w.visit(button, hash)
	g := v.greeting(map[string]any{})
	if a := g.Messages[0].Author; a == nil || a.Name != "Lia" {
		t.Errorf("who greets is %+v", a)
	}
	w.send("POST", v.base+"/v1/messages", v.auth(), map[string]any{"client_id": uuidN(1), "text": "Do you ship?", "greeting": g.Token}).wants(t, "writing", http.StatusOK, "")
	other := w.visit(button, hash)
	// Somebody else's greeting is none, and what cannot be read is none.
	other.greeting(map[string]any{})
	w.send("POST", v.base+"/v1/messages", other.auth(), map[string]any{"client_id": uuidN(2), "text": "Hi", "greeting": g.Token}).wants(t, "another's greeting", http.StatusOK, "")
	third := w.visit(button, hash)
	w.send("POST", v.base+"/v1/messages", third.auth(), map[string]any{
		"client_id": uuidN(3), "press": map[string]string{"message": uuidN(9), "text": "Prices"}, "greeting": "x.y.z",
	}).wants(t, "a greeting that ran out", http.StatusOK, "")
	w.eventually("three messages", func() bool { return len(w.box.Messages(accountID)) >= 3 })
	for _, m := range w.box.Messages(accountID) {
		if m.Direction != sandbox.Inbound {
			t.Errorf("the CRM has %q", m.Text)
		}
	}
	for who, want := range map[*visitor][]string{v: {"Hello! Ask us anything.", "Do you ship?"}, other: {"Hi"}, third: {"Prices"}} {
		if got := inOrder(who.history()); !slices.Equal(got, want) {
			t.Errorf("the visitor has %q, want %q", got, want)
		}
	}
	w.noBreaches()
}

// TestGreetingAndDuplicates: C §8.3, O BOT-11. A greeting is the chat's first message; whose
// profile then counts for duplicate control is not documented. Without a bot id nobody can have
// said it: the visitor's own message is the first.
func TestGreetingAndDuplicates(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, variant string
		noBot, joined bool
	}{
		{"nobody's profile counts after an import", "nobody", false, false},
		{"the receiver's counts", "receiver", false, true},
		{"that of the client's own first message counts", "client", false, true},
		{"without a bot id", "nobody", true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{login: true, config: func(c *config.Config) {
				if tt.noBot {
					c.AmoCRM.BotID = ""
				}
			}})
			w.box.SetVariants(func(v *sandbox.Variants) { v.DuplicateAfterImport = tt.variant })
			w.box.SetDuplicateControl(accountID, 0, true)
			known, err := w.box.AddContact(sandbox.Contact{Account: accountID, Name: "Ana", Phone: "+79990001122"})
			if err != nil {
				t.Fatal(err)
			}
			button, hash := w.connected()
			w.greets(consultant, nil)
			v := w.visit(button, hash)
			g := v.greeting(map[string]any{"meta": map[string]any{"bot_params": map[string]any{"locale": "pt"}}})
			w.send("POST", v.base+"/v1/messages", v.auth(), map[string]any{
				"client_id": uuidN(1), "text": "Preços", "greeting": g.Token, "contact": map[string]string{"phone": "+79990001122"},
			}).wants(t, "writing", http.StatusOK, "")
			v.write(uuidN(2), "ana@example.org")
			want := 7
			if tt.noBot {
				want = 2
			}
			w.eventually("all of it", func() bool { return len(w.box.Messages(accountID)) >= want })
			w.until("all of it delivered", func() bool {
				return !slices.ContainsFunc(w.stored(), func(m conversation.Message) bool { return m.Status == conversation.Stored })
			})
			if got := len(w.box.Messages(accountID)); got != want {
				t.Errorf("the CRM has %d messages, want %d", got, want)
			}
			if got := w.box.Chats(accountID)[0].ContactID; (got == known.ID) != tt.joined {
				t.Errorf("the chat is with contact %d, the known one is %d", got, known.ID)
			}
			if n := len(v.history()); n != 7 {
				t.Errorf("the visitor has %d messages", n)
			}
			w.noBreaches()
		})
	}
}

// TestGreetingInSeveralConversations: each is greeted by itself, and takes its own greeting only.
func TestGreetingInSeveralConversations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	button, hash := w.connected()
	w.several()
	w.greets(consultant, nil)
	v := w.visit(button, hash)
	lamp, cup := uuidN(101), uuidN(102)
	greet := func(conversation string) (g greeted) {
		w.send("POST", v.base+"/v1/greeting?conversation="+conversation, v.auth(), map[string]any{}).into(t, &g)
		return g
	}
	say := func(conversation, clientID, text, token string) {
		t.Helper()
		w.send("POST", v.base+"/v1/messages?conversation="+conversation, v.auth(), map[string]any{"client_id": clientID, "text": text, "greeting": token}).wants(t, text, http.StatusOK, "")
	}
	history := func(conversation string) []string {
		var h struct{ Messages []message }
		w.send("GET", v.base+"/v1/messages?conversation="+conversation, v.auth(), nil).into(t, &h)
		return inOrder(h.Messages)
	}
	g := greet(lamp)
	if len(g.Messages) != 1 || g.Messages[0].ID == greet(cup).Messages[0].ID {
		t.Fatalf("greetings %+v", g)
	}
	say(lamp, uuidN(1), "about the lamp", g.Token)
	say(cup, uuidN(2), "about the cup", g.Token)
	if got := greet(lamp); len(got.Messages) != 0 {
		t.Errorf("greeted again: %+v", got)
	}
	if got := history(lamp); !slices.Equal(got, []string{"Hello! Ask us anything.", "about the lamp"}) {
		t.Errorf("the lamp's has %q", got)
	}
	if got := history(cup); !slices.Equal(got, []string{"about the cup"}) {
		t.Errorf("the cup's has %q", got)
	}
	w.eventually("three messages", func() bool { return len(w.box.Messages(accountID)) >= 3 })
	w.noBreaches()
}

// stored are the messages of the account's newest chat, as we keep them.
func (w *world) stored() []conversation.Message {
	w.t.Helper()
	a, _ := w.account()
	c, err := w.app.store.Conversations().ByChat(w.t.Context(), a.ID, chatid.ChatRef(w.box.Chats(accountID)[0].ID))
	if err != nil {
		return []conversation.Message{{}}
	}
	list, err := w.app.store.Conversations().Before(w.t.Context(), c.ID, conversation.Place{}, 100)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}
