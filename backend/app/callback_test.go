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
