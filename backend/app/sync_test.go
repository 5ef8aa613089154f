package app

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"leadline/backend/account"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/sandbox"
)

// following is a world whose account is connected and has our webhook, with one
// visitor whose message stands in the inbox.
func following(t *testing.T, s setup) (w *world, v *visitor, chat sandbox.Chat) {
	t.Helper()
	s.login = true
	w = newWorld(t, s)
	v, chat, _ = w.followed()
	return w, v, chat
}

// followed connects the world and has a visitor write the first message; hash is
// that of the visitor's embed code.
func (w *world) followed() (v *visitor, chat sandbox.Chat, hash string) {
	w.t.Helper()
	button, hash := w.connected()
	w.eventually("the webhook", func() bool { return len(w.box.Webhooks(accountID)) == 1 })
	v = w.visit(button, hash)
	v.write(uuidN(1), "hello")
	w.eventually("the first message", func() bool { return len(w.inbox(sandbox.Inbound)) == 1 })
	chat = w.box.Chats(accountID)[0]
	w.until("the talk", func() bool { c, err := w.conversation(chat); return err == nil && c.Talk != 0 })
	return v, chat, hash
}

// conversation is ours of a chat.
func (w *world) conversation(chat sandbox.Chat) (conversation.Conversation, error) {
	a, _ := w.account()
	return w.app.store.Conversations().ByChat(w.t.Context(), a.ID, chatid.ChatRef(chat.ID))
}

// statuses are those of the visitor's own messages, oldest first.
func (v *visitor) statuses() (list []string) {
	v.w.t.Helper()
	for _, m := range v.history() {
		if m.Direction == "inbound" {
			list = append(list, m.Status)
		}
	}
	return list
}

// ends counts the lines that tell of an end.
func (v *visitor) ends() (n int) {
	v.w.t.Helper()
	for _, m := range v.history() {
		if m.Kind == "ended" {
			n++
		}
	}
	return n
}

// crmHooks counts the webhooks of one event that were answered well.
func (w *world) crmHooks(event string) (n int) {
	for _, h := range w.box.Hooks() {
		if h.Kind == "crm" && h.Event == event && h.Outcome == "delivered" {
			n++
		}
	}
	return n
}

// asked counts the requests to API v4 below a path.
func (w *world) asked(method, path string) (n int) {
	for _, e := range w.box.Traffic() {
		if e.Area == "api" && e.Method == method && strings.HasPrefix(e.Path, "/api/v4"+path) {
			n++
		}
	}
	return n
}

// TestTalkIsFollowed: what operators do with a talk reaches the visitor (C §7.2,
// design.md §2), and the visitor's end reaches them.
func TestTalkIsFollowed(t *testing.T) {
	t.Parallel()
	talkIsFollowed(t, setup{})
}

func TestTalkIsFollowedOnPostgres(t *testing.T) {
	t.Parallel()
	talkIsFollowed(t, setup{config: onPostgres(t)})
}

func talkIsFollowed(t *testing.T, s setup) {
	t.Helper()
	w, v, chat := following(t, s)
	stream := v.listen()
	if got := v.statuses(); !slices.Equal(got, []string{"sent"}) {
		t.Errorf("before anybody looked: %q", got)
	}
	// The operator opens the chat.
	if err := w.box.MarkRead(accountID, chat.ID); err != nil {
		t.Fatal(err)
	}
	w.until("read on the stream", func() bool { m, ok := stream.find("hello"); return ok && m.Status == "read" })
	v.write(uuidN(2), "one more")
	w.eventually("the second message", func() bool { return len(w.inbox(sandbox.Inbound)) == 2 })
	w.eventually("its event", func() bool { return w.crmHooks("update_talk") >= 2 })
	w.until("the talk to be read anew", func() bool { return w.asked("GET", "/talks/") >= 3 })
	if got := v.statuses(); !slices.Equal(got, []string{"read", "sent"}) {
		t.Errorf("after another message: %q, want the new one unread", got)
	}

	// The operator closes the talk; the next message opens another.
	if err := w.box.CloseTalk(accountID, chat.ID); err != nil {
		t.Fatal(err)
	}
	w.until("the end", func() bool { return v.ends() == 1 })
	first, _ := w.conversation(chat)
	if first.EndedAt.IsZero() {
		t.Error("the conversation goes on after its talk was closed")
	}
	v.write(uuidN(3), "I forgot something")
	w.until("the next talk", func() bool { c, _ := w.conversation(chat); return c.Talk > first.Talk })
	if c, _ := w.conversation(chat); !c.EndedAt.IsZero() || v.ends() != 1 {
		t.Errorf("after the next message: ended at %v, %d ends", c.EndedAt, v.ends())
	}

	// The visitor ends it.
	if len(w.box.ImBox(accountID)) != 1 {
		t.Fatalf("imBox %+v", w.box.ImBox(accountID))
	}
	if a := w.send("POST", chatURL+"/v1/conversation/end", v.auth(), map[string]any{}); a.status != http.StatusNoContent {
		t.Fatalf("end: %d %s", a.status, a.body)
	}
	w.eventually("an empty imBox", func() bool { return len(w.box.ImBox(accountID)) == 0 })
	talks := w.box.Talks(accountID)
	if len(talks) != 2 || talks[1].InWork {
		t.Errorf("talks %+v", talks)
	}
	w.until("its event", func() bool { return w.asked("GET", "/talks/") >= 6 })
	if n := v.ends(); n != 2 {
		t.Errorf("%d ends in the transcript, want one for each side's", n)
	}
	c, err := w.conversation(chat)
	if err != nil || c.EndedAt.IsZero() {
		t.Errorf("%+v %v", c, err)
	}
	a, _ := w.account()
	ofContact, err := w.app.store.Conversations().OfContact(t.Context(), a.ID, chatid.ContactID(chat.ContactID), 10)
	if err != nil || len(ofContact) != 1 {
		t.Errorf("conversations of the contact: %+v %v", ofContact, err)
	}
	w.noBreaches()
}

// TestLostWebhooks: without any, the open talks are polled (design.md §2).
func TestLostWebhooks(t *testing.T) {
	t.Parallel()
	var c clock
	w, v, chat := following(t, setup{now: c.now})
	w.box.SetFaults(func(f *sandbox.Faults) { f.CRMHookDrop = -1 })
	if err := w.box.MarkRead(accountID, chat.ID); err != nil {
		t.Fatal(err)
	}
	c.advance(w.box, 11*time.Minute)
	w.until("read, by polling", func() bool { return slices.Equal(v.statuses(), []string{"read"}) })
	if err := w.box.CloseTalk(accountID, chat.ID); err != nil {
		t.Fatal(err)
	}
	c.advance(w.box, 2*time.Minute)
	w.until("the end, by polling", func() bool { return v.ends() == 1 })
	w.noBreaches()
}

// TestLostHookIsHealed: a hook of the chats service comes once; an event of the
// talk makes the history be read (design.md §2).
func TestLostHookIsHealed(t *testing.T) {
	t.Parallel()
	var c clock
	w, v, chat := following(t, setup{now: c.now})
	c.advance(w.box, 5*time.Minute)
	w.box.SetFaults(func(f *sandbox.Faults) { f.HookDrop = 1 })
	v.write(uuidN(2), "are you there?")
	w.eventually("the question", func() bool { return len(w.inbox(sandbox.Inbound)) == 2 })
	if _, err := w.box.OperatorSay(accountID, chat.ID, "We are."); err != nil {
		t.Fatal(err)
	}
	w.until("the answer", func() bool { return slices.Equal(v.outbound(), []string{"We are."}) })
	w.noBreaches()
}

// TestCRMHookRefusals: docs/http-api.md §2.
func TestCRMHookRefusals(t *testing.T) {
	t.Parallel()
	w, _, _ := following(t, setup{})
	address := w.box.Webhooks(accountID)[0].Destination
	parts, err := url.Parse(address)
	if err != nil || parts.Scheme+"://"+parts.Host != appURL || !strings.HasPrefix(parts.Path, "/hooks/crm/") || len(strings.TrimPrefix(parts.Path, "/hooks/crm/")) != 64 {
		t.Fatalf("the CRM was given %s", address)
	}
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	post := func(at, body string) answer { return w.send("POST", at, form, body) }
	for _, c := range []struct {
		name, at, body string
		status         int
	}{
		{"ours", address, "talk[update][0][talk_id]=1", 200},
		{"no event", address, "", 200},
		{"not a form", address, "%zz", 200},
		{"a secret cut short", address[:len(address)-1], "talk[update][0][talk_id]=1", 404},
		{"another secret", appURL + "/hooks/crm/" + strings.Repeat("0", 64), "", 404},
		{"a long one", appURL + "/hooks/crm/" + strings.Repeat("0", 4000), "", 404},
		{"a body that is too large", address, strings.Repeat("a", 257<<10), 413},
	} {
		a := post(c.at, c.body)
		if a.status != c.status || a.status == 404 && len(a.body) != 0 {
			t.Errorf("%s: %d %s, want %d", c.name, a.status, a.body, c.status)
		}
	}
	if a := w.send("GET", address, nil, nil); a.status != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", a.status)
	}
	if a := post(strings.Replace(address, appURL, chatURL, 1), ""); a.status != http.StatusNotFound {
		t.Errorf("on the chat host: %d", a.status)
	}
	limited := false
	for range 40 { // who guesses is held up
		limited = limited || post(appURL+"/hooks/crm/"+strings.Repeat("1", 64), "").status == http.StatusTooManyRequests
	}
	if a := post(address, ""); !limited || a.status != http.StatusOK {
		t.Errorf("guesses were limited: %v; the CRM's own then got %d", limited, a.status)
	}
	if strings.Contains(w.logs.String(), strings.TrimPrefix(parts.Path, "/hooks/crm/")) {
		t.Error("the secret stands in the log")
	}
}

// TestWebhookOfAnAccount: it is made, made again when it is missing or switched
// off, changed every month, and taken away with the account.
func TestWebhookOfAnAccount(t *testing.T) {
	t.Parallel()
	var c clock
	w, _, _ := following(t, setup{now: c.now})
	first := w.box.Webhooks(accountID)[0]
	want := []string{"add_talk", "update_talk", "add_unsorted", "update_unsorted", "delete_unsorted", "update_contact", "delete_contact", "delete_lead"}
	if !slices.Equal(first.Settings, want) {
		t.Errorf("subscribed to %q, want %q", first.Settings, want)
	}
	a, _ := w.account()
	// Somebody removes it in the CRM.
	token, err := w.app.Accounts.Access(t.Context(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	gone := w.send("DELETE", "https://"+crmHost+"/api/v4/webhooks", map[string]string{"Authorization": "Bearer " + token}, map[string]string{"destination": first.Destination})
	if gone.status != http.StatusNoContent {
		t.Fatalf("DELETE: %d %s", gone.status, gone.body)
	}
	c.advance(w.box, 3*time.Hour)
	w.eventually("the webhook again", func() bool {
		l := w.box.Webhooks(accountID)
		return len(l) == 1 && l[0].Destination == first.Destination
	})
	c.advance(w.box, 31*24*time.Hour)
	w.eventually("a new address", func() bool {
		l := w.box.Webhooks(accountID)
		return len(l) == 1 && l[0].Destination != first.Destination
	})
	w.until("the former one to be refused", func() bool { return w.send("POST", first.Destination, nil, "x=1").status == http.StatusNotFound })
	second := w.box.Webhooks(accountID)[0]
	if got := w.send("POST", second.Destination, nil, "x=1"); got.status != http.StatusOK {
		t.Errorf("the new address: %d", got.status)
	}
	if got := w.send("POST", appURL+"/widget/v1/disconnect", w.widgetHeaders(adminID), map[string]string{}); got.status != http.StatusOK {
		t.Fatalf("disconnect: %d %s", got.status, got.body)
	}
	w.eventually("no webhook", func() bool { return len(w.box.Webhooks(accountID)) == 0 })
	w.until("its address to be refused", func() bool { return w.send("POST", second.Destination, nil, "x=1").status == http.StatusNotFound })
	w.connect()
	w.eventually("the webhook of the next connection", func() bool { return len(w.box.Webhooks(accountID)) == 1 })
	w.noBreaches()
}

// TestRemovedIntegrationLeavesNoAddress: after an uninstall nobody can take the
// webhook away, so its address is refused.
func TestRemovedIntegrationLeavesNoAddress(t *testing.T) {
	t.Parallel()
	w, _, _ := following(t, setup{})
	address := w.box.Webhooks(accountID)[0].Destination
	if err := w.box.Uninstall(accountID, clientID); err != nil {
		t.Fatal(err)
	}
	w.until("its address to be refused", func() bool { return w.send("POST", address, nil, "x=1").status == http.StatusNotFound })
}

// TestRenamedAccountIsFollowed: webhooks go on, and the CRM is asked at its new name.
func TestRenamedAccountIsFollowed(t *testing.T) {
	t.Parallel()
	w, v, chat := following(t, setup{})
	if !w.box.Rename(accountID, "newname") {
		t.Fatal("not renamed")
	}
	if err := w.box.MarkRead(accountID, chat.ID); err != nil {
		t.Fatal(err)
	}
	w.until("read", func() bool { return slices.Equal(v.statuses(), []string{"read"}) })
	if a, _ := w.account(); a.Host != "newname.amocrm.ru" || a.State != account.Connected {
		t.Errorf("the account is %s at %s", a.State, a.Host)
	}
	w.noBreaches()
}

// TestDeclinedIncomingLead: its talk is closed, the history stays, and the next
// message goes on (C §7.5).
func TestDeclinedIncomingLead(t *testing.T) {
	t.Parallel()
	w, v, _ := following(t, setup{})
	leads := w.box.IncomingLeads(accountID)
	if len(leads) != 1 {
		t.Fatalf("incoming leads %+v", leads)
	}
	if err := w.box.DeclineLead(accountID, leads[0].UID, 0); err != nil {
		t.Fatal(err)
	}
	w.until("the end", func() bool { return v.ends() == 1 })
	v.write(uuidN(2), "are you there?")
	w.eventually("the next incoming lead", func() bool { l := w.box.IncomingLeads(accountID); return len(l) == 1 && l[0].UID != leads[0].UID })
	if h := v.history(); len(h) != 3 || h[0].Text != "hello" || v.ends() != 1 {
		t.Errorf("history %+v", h)
	}
	w.noBreaches()
}

// TestLinkedIncomingLead: the conversation belongs to the contact that an operator
// chose, so that writing first to it reaches the visitor.
func TestLinkedIncomingLead(t *testing.T) {
	t.Parallel()
	w, _, chat := following(t, setup{})
	other := w.box.IncomingLeads(accountID)[0]
	if err := w.box.AcceptLead(accountID, other.UID, 0, 0); err != nil {
		t.Fatal(err)
	}
	person, err := w.box.AddContact(sandbox.Contact{Account: accountID, Name: "Anna Petrova"})
	if err != nil {
		t.Fatal(err)
	}
	a, _ := w.account()
	token, err := w.app.Accounts.Access(t.Context(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	moved := w.send("POST", "https://"+crmHost+"/api/v4/contacts/chats", map[string]string{"Authorization": "Bearer " + token}, []any{map[string]any{"contact_id": person.ID, "chat_id": chat.ID}})
	if moved.status != http.StatusOK {
		t.Fatalf("link: %d %s", moved.status, moved.body)
	}
	w.until("the contact", func() bool {
		list, err := w.app.store.Conversations().OfContact(t.Context(), a.ID, chatid.ContactID(person.ID), 10)
		return err == nil && len(list) == 1
	})
	w.noBreaches()
}

// TestOperatorsAreNamed: by the users of the account where a hook has none
// (variant hook_omit), and while they type.
func TestOperatorsAreNamed(t *testing.T) {
	t.Parallel()
	w, v, chat := following(t, setup{})
	a, _ := w.account()
	w.until("the operators", func() bool {
		list, err := w.app.store.Accounts().Operators(t.Context(), a.ID)
		return err == nil && len(list) == 2 && list[0].Name == "Oleg Admin" && list[0].User == adminID
	})
	w.box.SetVariants(func(v *sandbox.Variants) { v.HookOmit = []string{"name"} })
	if _, err := w.box.OperatorSend(accountID, chat.ID, agentID, sandbox.Content{Type: "text", Text: "Hi"}); err != nil {
		t.Fatal(err)
	}
	w.until("the answer", func() bool { return len(v.outbound()) == 1 })
	for _, m := range v.history() {
		if m.Text == "Hi" && (m.Author == nil || m.Author.Name != "Vera Agent") {
			t.Errorf("the author is %+v, want Vera Agent", m.Author)
		}
	}
	w.noBreaches()
}

// TestUnpaidAccount: its admin is told, and it is not asked again and again
// (C §7.2: 402); chatting goes on where the chats service takes messages.
func TestUnpaidAccount(t *testing.T) {
	t.Parallel()
	var c clock
	w, v, chat := following(t, setup{now: c.now})
	w.box.SetFaults(func(f *sandbox.Faults) { f.UnpaidAccount = accountID })
	if err := w.box.MarkRead(accountID, chat.ID); err != nil {
		t.Fatal(err)
	}
	w.until("the notice", func() bool { s := w.state(); return s.State == "broken" && s.Reason == "unpaid" })
	v.write(uuidN(2), "while it is unpaid")
	if got := v.statuses(); !slices.Equal(got, []string{"sent", "sent"}) {
		t.Errorf("statuses %q", got)
	}
	w.box.SetFaults(func(f *sandbox.Faults) { f.UnpaidAccount = 0 })
	c.advance(w.box, 11*time.Minute)
	w.becomes("connected")
	w.eventually("what was written meanwhile", func() bool { return len(w.inbox(sandbox.Inbound)) == 2 })
	if err := w.box.MarkRead(accountID, chat.ID); err != nil {
		t.Fatal(err)
	}
	w.until("both read", func() bool { return slices.Equal(v.statuses(), []string{"read", "read"}) })
	w.noBreaches()
}
