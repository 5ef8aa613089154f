package app

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"leadline/backend/sandbox"
)

// call is a call-back as the widget reads it (docs/http-api.md, "Background work").
type call struct {
	ID, State, Phone, Name, Header, Text, Link string
	Mine                                       bool
	At, Responsible                            int64
	Element                                    *struct {
		ID   int64
		Type int
	}
}

type incident struct{ ID, Header, Text, Link string }

type background struct {
	Period int
	Errors []incident
	Calls  []call
}

// asks is one question of a CRM user's browser.
func (w *world) asks(user int64, body map[string]any) (b background) {
	w.t.Helper()
	if body == nil {
		body = map[string]any{}
	}
	if body["language"] == nil {
		body["language"] = "en"
	}
	var a answer
	w.until("the rate to allow a question", func() bool { // only who asks in a loop waits here
		a = w.send("POST", appURL+"/widget/v1/background", w.widgetHeaders(user), body)
		return a.status != http.StatusTooManyRequests
	})
	if a.status != http.StatusOK {
		w.t.Fatalf("background: %d %s", a.status, a.body)
	}
	readable(w.t, a, "https://"+crmHost)
	a.into(w.t, &b)
	return b
}

// online is the map that showUserStatus() gives (W §5.9).
func online(users ...int64) map[string]any {
	m := map[string]bool{strconv.Itoa(adminID): false, strconv.Itoa(agentID): false}
	for _, u := range users {
		m[strconv.FormatInt(u, 10)] = true
	}
	return map[string]any{"operators": m}
}

// does tells what a user does about a call-back, on top of a report.
func does(report map[string]any, id, state string) map[string]any {
	report["calls"] = []map[string]string{{"id": id, "state": state}}
	return report
}

// callMe sends the call-back form.
func (v *visitor) callMe(body map[string]any) answer {
	v.w.t.Helper()
	return v.w.send("POST", v.base+"/v1/callbacks", v.auth(), body)
}

// TestCallBack is the whole way: the form, the message in the inbox, the widget of
// the responsible user, done.
func TestCallBack(t *testing.T) {
	t.Parallel()
	callBack(t, setup{})
}

func TestCallBackOnPostgres(t *testing.T) {
	t.Parallel()
	callBack(t, setup{config: onPostgres(t)})
}

func callBack(t *testing.T, s setup) {
	t.Helper()
	w, v, _ := following(t, s)
	before := time.Now().Unix()
	form := map[string]any{"client_id": uuidN(7), "phone": "+1 (555) 010-0123", "name": "Anna", "text": "After six, please", "locale": "en"}
	a := v.callMe(form)
	var first, again struct{ Message message }
	a.into(t, &first)
	const said = "Please call me back: +15550100123\nAfter six, please"
	if a.status != http.StatusOK || first.Message.Text != said || first.Message.Direction != "inbound" || first.Message.Status != "sent" {
		t.Fatalf("the form: %d %s", a.status, a.body)
	}
	// The same again is the same.
	v.callMe(form).into(t, &again)
	if again.Message.ID != first.Message.ID {
		t.Errorf("a resend became message %s, want %s", again.Message.ID, first.Message.ID)
	}
	form["client_id"] = uuidN(8)
	v.callMe(form).wants(t, "a second one", 409, "callback_waiting")

	w.eventually("the message in the inbox", func() bool { return len(w.inbox(sandbox.Inbound)) == 2 })
	if got := w.inbox(sandbox.Inbound)[1]; got != said {
		t.Errorf("the operators read %q", got)
	}
	if sent := w.sentMessages(); !strings.Contains(sent, `"phone":"+15550100123"`) {
		t.Errorf("the visitor's profile has no phone: %s", sent)
	}

	// The lead's responsible user is the administrator (the sandbox's rule); who is
	// not responsible hears nothing while that one is online.
	lead := w.box.Leads(accountID)[0]
	var mine background
	w.until("the responsible user to be known", func() bool {
		mine = w.asks(adminID, online(adminID, agentID))
		return len(mine.Calls) == 1 && mine.Calls[0].Responsible == lead.UserID
	})
	c := mine.Calls[0]
	if c.State != "waiting" || c.Mine || c.Phone != "+15550100123" || c.Name != "Anna" || c.Header == "" ||
		!strings.Contains(c.Text, "+15550100123") || !strings.Contains(c.Text, "After six, please") || c.At < before || c.At > time.Now().Unix()+1 {
		t.Errorf("the responsible user reads %+v", c)
	}
	if c.Element == nil || c.Element.ID != lead.ID || c.Element.Type != 2 || c.Link != "https://"+crmHost+"/leads/detail/"+strconv.FormatInt(lead.ID, 10) {
		t.Errorf("it leads to %+v %s, want lead %d", c.Element, c.Link, lead.ID)
	}
	if got := w.asks(agentID, online(adminID, agentID)); len(got.Calls) != 0 {
		t.Errorf("another user hears of it: %+v", got.Calls)
	}
	// Without the responsible user it is for who is online.
	if got := w.asks(agentID, online(agentID)); len(got.Calls) != 1 {
		t.Errorf("with the responsible user away the other one hears of %+v", got.Calls)
	}

	// The other one takes it, tells so again, and is done.
	if got := w.asks(agentID, does(online(agentID), c.ID, "taken")); len(got.Calls) != 1 || got.Calls[0].State != "taken" || !got.Calls[0].Mine {
		t.Errorf("after taking it: %+v", got.Calls)
	}
	if got := w.asks(adminID, does(online(adminID, agentID), c.ID, "taken")); len(got.Calls) != 0 {
		t.Errorf("a second user took it too: %+v", got.Calls)
	}
	w.restart()
	if got := w.asks(agentID, nil); len(got.Calls) != 1 || !got.Calls[0].Mine {
		t.Errorf("after a restart: %+v", got.Calls)
	}
	if got := w.asks(adminID, does(online(adminID), c.ID, "done")); len(got.Calls) != 0 {
		t.Errorf("after a stranger's done: %+v", got.Calls)
	}
	if got := w.asks(agentID, does(online(agentID), c.ID, "released")); len(got.Calls) != 1 || got.Calls[0].Mine {
		t.Errorf("given back, with nobody else there: %+v", got.Calls)
	}
	if got := w.asks(agentID, online(adminID, agentID)); len(got.Calls) != 0 {
		t.Errorf("given back, with another one there, it is offered again: %+v", got.Calls)
	}
	if got := w.asks(adminID, does(online(adminID, agentID), c.ID, "taken")); len(got.Calls) != 1 || !got.Calls[0].Mine {
		t.Errorf("taken after it was given back: %+v", got.Calls)
	}
	if got := w.asks(adminID, does(online(adminID), c.ID, "done")); len(got.Calls) != 0 {
		t.Errorf("after done: %+v", got.Calls)
	}
	// Then the visitor may ask again.
	if a := v.callMe(form); a.status != http.StatusOK {
		t.Errorf("a new one after the first was done: %d %s", a.status, a.body)
	}
	w.noBreaches()
}

// TestCallBackRefusals: docs/http-api.md, "Call-backs".
func TestCallBackRefusals(t *testing.T) {
	t.Parallel()
	var c clock
	w := newWorld(t, setup{login: true, now: c.now, still: true})
	button, hash := w.connected()
	v := w.visit(button, hash)
	n := 100
	form := func(change map[string]any) map[string]any {
		n++
		f := map[string]any{"client_id": uuidN(n), "phone": "+1 555 0100", "locale": "en"}
		for k, x := range change {
			f[k] = x
		}
		return f
	}
	fresh := func() *visitor { c.advance(w.box, time.Hour); return w.visit(button, hash) } // with budgets of its own
	for name, phone := range map[string]string{
		"none": "", "too few digits": "+1 23", "too many": strings.Repeat("1", 21), "words": "call me", "a letter": "+1 555 O100",
		"a plus inside": "555+0100", "two lines": "+1 555\n0100", "brackets alone": "()-.", "an address": "tel:+15550100",
	} {
		fresh().callMe(form(map[string]any{"phone": phone})).wants(t, "phone: "+name, 422, "bad_phone")
	}
	for name, change := range map[string]map[string]any{
		"no client id": {"client_id": ""}, "a client id that is none": {"client_id": strings.Repeat("x", 36)}, "a phone that is a number": {"phone": 15550100},
		"a long phone": {"phone": strings.Repeat("1", 65)}, "a long name": {"name": strings.Repeat("n", 257)},
	} {
		fresh().callMe(form(change)).wants(t, name, 422, "invalid_request")
	}
	fresh().callMe(form(map[string]any{"text": strings.Repeat("ж", 1001)})).wants(t, "a long text", 422, "text_too_long")
	w.send("POST", chatURL+"/v1/callbacks", nil, form(nil)).wants(t, "no token", 401, "token_missing")
	w.send("POST", chatURL+"/v1/callbacks", map[string]string{"Authorization": "Bearer x"}, form(nil)).wants(t, "a wrong token", 401, "token_invalid")
	w.send("POST", chatURL+"/v1/callbacks", map[string]string{"Authorization": "Bearer " + v.token, "Origin": shopURL}, form(nil)).wants(t, "from the site", 403, "origin_not_trusted")
	if h := v.history(); len(h) != 0 {
		t.Errorf("refused, and yet there is %+v", h)
	}
	// The longest that is taken; the words are the visitor's language's.
	a := fresh().callMe(form(map[string]any{"phone": "8 (999) 123-45-67", "text": strings.Repeat("ж", 1000), "locale": "ru"}))
	var m struct{ Message message }
	a.into(t, &m)
	if a.status != http.StatusOK || !strings.HasPrefix(m.Message.Text, "Пожалуйста, перезвоните мне: +79991234567\nж") {
		t.Errorf("a Russian form: %d %s", a.status, a.body)
	}

	v = fresh()
	code := ""
	for range 10 {
		a := v.callMe(form(map[string]any{"phone": "x"}))
		if code = a.code(); code != "bad_phone" {
			a.wants(t, "too many forms", 429, "too_many_callbacks")
			break
		}
	}
	if code == "bad_phone" {
		t.Error("ten forms in a row were not too many")
	}
	v = fresh()
	chat := w.firstChat()
	if err := w.app.manageChats(t.Context(), "", accountID, func(m *Chats) error { return m.SetCallBacks(t.Context(), string(chat), false) }); err != nil {
		t.Fatal(err)
	}
	v.callMe(form(nil)).wants(t, "switched off", 403, "callbacks_off")
	w.send("POST", appURL+"/widget/v1/disconnect", w.widgetHeaders(adminID), map[string]string{})
	v.callMe(form(nil)).wants(t, "a disconnected account", 403, "chat_unavailable")
}

// TestOperatorsRaceForACallBack: of many who take it at once one has it; without a
// sign of life it waits again, and a day later it is gone.
func TestOperatorsRaceForACallBack(t *testing.T) {
	t.Parallel()
	var c clock
	w := newWorld(t, setup{login: true, now: c.now, still: true})
	v := w.visit(w.connected())
	if a := v.callMe(map[string]any{"client_id": uuidN(1), "phone": "+1 555 0100", "locale": "en"}); a.status != http.StatusOK {
		t.Fatalf("the form: %d %s", a.status, a.body)
	}
	got := w.asks(agentID, online(adminID, agentID))
	if len(got.Calls) != 1 || got.Calls[0].Responsible != 0 || got.Calls[0].Element != nil || got.Calls[0].Link != "" || got.Calls[0].Name != "" {
		t.Fatalf("of a visitor whom the CRM has not told of yet: %+v", got.Calls)
	}
	id := got.Calls[0].ID
	users, answers := []int64{adminID, agentID}, [16]background{}
	parallel(t, len(answers), func(i int) { answers[i] = w.asks(users[i%2], does(online(adminID, agentID), id, "taken")) })
	holder := map[int64]int{}
	for i, a := range answers {
		if len(a.Calls) == 1 && a.Calls[0].Mine && a.Calls[0].State == "taken" {
			holder[users[i%2]]++
		} else if len(a.Calls) != 0 {
			t.Errorf("user %d reads %+v", users[i%2], a.Calls)
		}
	}
	if len(holder) != 1 || holder[adminID]+holder[agentID] != len(answers)/2 {
		t.Fatalf("it is taken by %v, want one of them each time", holder)
	}
	one, other := int64(adminID), int64(agentID)
	if holder[agentID] > 0 {
		one, other = other, one
	}
	sees := func(u int64) (n int) { return len(w.asks(u, online(adminID, agentID)).Calls) }

	c.advance(w.box, 9*time.Minute)
	w.asks(one, does(online(adminID, agentID), id, "taken")) // still calling
	c.advance(w.box, 9*time.Minute)
	if sees(other) != 0 || sees(one) != 1 {
		t.Error("it is not its holder's, who told so nine minutes ago")
	}
	c.advance(w.box, time.Minute)
	if sees(other) != 1 || sees(one) != 1 {
		t.Error("it does not wait again after ten minutes of silence")
	}
	if got := w.asks(other, does(online(other), id, "taken")); len(got.Calls) != 1 || !got.Calls[0].Mine {
		t.Errorf("the other one could not take it: %+v", got.Calls)
	}
	c.advance(w.box, 24*time.Hour)
	if sees(one) != 0 || sees(other) != 0 {
		t.Error("it is still there a day later")
	}
	if h := v.history(); len(h) != 1 || !strings.Contains(h[0].Text, "+15550100") {
		t.Errorf("the message is gone: %+v", h)
	}
	if a := v.callMe(map[string]any{"client_id": uuidN(2), "phone": "+1 555 0100"}); a.status != http.StatusOK {
		t.Errorf("a new one a day later: %d %s", a.status, a.body)
	}
}

// TestCallBacksOfAccountsAreApart: nobody sees or moves another account's.
func TestCallBacksOfAccountsAreApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true, sandbox: withSecondAccount})
	v := w.visit(w.connected())
	w.second()
	v.callMe(map[string]any{"client_id": uuidN(1), "phone": "+1 555 0100"})
	id := w.asks(adminID, nil).Calls[0].ID
	token, err := w.box.DisposableToken(secondID, 0, clientID)
	if err != nil {
		t.Fatal(err)
	}
	other := map[string]string{"X-Auth-Token": token, "Origin": "https://second.amocrm.ru"}
	for _, step := range []string{"taken", "released", "done"} {
		var b background
		w.send("POST", appURL+"/widget/v1/background", other, does(online(), id, step)).into(t, &b)
		if len(b.Calls) != 0 {
			t.Errorf("another account reads %+v", b.Calls)
		}
	}
	if got := w.asks(agentID, nil); len(got.Calls) != 1 || got.Calls[0].State != "waiting" {
		t.Errorf("after another account's steps: %+v", got.Calls)
	}
}

// TestCallBackOfOneOfSeveralConversations: each may have its own.
func TestCallBackOfOneOfSeveralConversations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true, still: true})
	button, hash := w.connected()
	chat := w.firstChat()
	if err := w.app.manageChats(t.Context(), "", accountID, func(m *Chats) error { return m.SetSeveral(t.Context(), string(chat), true) }); err != nil {
		t.Fatal(err)
	}
	v := w.visit(button, hash)
	for i, want := range []int{200, 409, 200} {
		conversation := uuidN(50 + i/2)
		a := w.send("POST", chatURL+"/v1/callbacks?conversation="+conversation, v.auth(), map[string]any{"client_id": uuidN(i), "phone": "+1 555 0100"})
		if a.status != want {
			t.Errorf("form %d, in %s: %d %s, want %d", i, conversation, a.status, a.body, want)
		}
	}
	if got := w.asks(agentID, nil); len(got.Calls) != 2 {
		t.Errorf("operators hear of %+v", got.Calls)
	}
}
