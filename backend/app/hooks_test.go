package app

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"leadline/backend/account"
	"leadline/backend/chatid"
	"leadline/backend/sandbox"
)

// hookSignature is C §4.1, made by the test's own hand.
func hookSignature(secret, body string) string {
	m := hmac.New(sha1.New, []byte(secret))
	m.Write([]byte(body))
	return hex.EncodeToString(m.Sum(nil))
}

// hook posts a hook with a signature and gives the status.
func (w *world) hook(scopeID, body, signature string) int {
	w.t.Helper()
	return w.send("POST", appURL+"/hooks/amojo/"+scopeID, map[string]string{"X-Signature": signature}, body).status
}

// hookText is a text message of C §4.3 with only what is always there.
func hookText(amojo, chat, conversation, id, text string, at int64) string {
	conv := map[string]any{"id": chat}
	if conversation != "" {
		conv["client_id"] = conversation
	}
	raw, _ := json.Marshal(map[string]any{"account_id": amojo, "time": at / 1000, "message": map[string]any{
		"receiver": map[string]any{"id": "e2a9d7c1-04b6-4c8f-9d35-6f1b8e20a473"}, "sender": map[string]any{"id": "3c8e5a70-1d42-4f9b-b6e3-90a7d2c4f815"},
		"conversation": conv, "timestamp": at / 1000, "msec_timestamp": at,
		"message": map[string]any{"id": id, "type": "text", "text": text, "markup": nil, "tag": "", "media": ""},
	}})
	return string(raw)
}

// opened is a world with one visitor whose first message stands in the inbox.
func opened(t *testing.T, s setup) (w *world, v *visitor, chat sandbox.Chat) {
	t.Helper()
	s.login = true
	w = newWorld(t, s)
	v = w.visit(w.connected())
	v.write(uuidN(1), "hello")
	w.eventually("the first message", func() bool { return len(w.inbox(sandbox.Inbound)) == 1 })
	return w, v, w.box.Chats(accountID)[0]
}

// outbound are the operators' texts in the visitor's history.
func (v *visitor) outbound() []string {
	v.w.t.Helper()
	list := []string{}
	for _, m := range v.all() {
		if m.Direction == "outbound" {
			list = append(list, m.Text)
		}
	}
	return list
}

// TestHookSignature: C §4.1 and docs/http-api.md §2.
func TestHookSignature(t *testing.T) {
	t.Parallel()
	w, v, chat := opened(t, setup{})
	text := func(n int) string {
		return hookText(amojoID, chat.ID, chat.ConversationID, uuidN(100+n), fmt.Sprintf("hook %d", n), 1767225600000+int64(n))
	}
	sign := func(body string) string { return hookSignature(channelSecret, body) }
	other := channelID + "_" + "8d9e2c44-61f3-4f0a-8b27-93c5e0a4d6b2"
	foreign := "1b7c1f0e-3a55-4b1d-9a60-5d2f4c8e1a11_" + amojoID
	large := strings.Repeat(" ", 256<<10) + text(9)
	for _, c := range []struct {
		name, scope, body, signature string
		status                       int
	}{
		{"line feed after what was signed", scope, text(1) + "\n", sign(text(1)), 200},
		{"no line feed", scope, text(2), sign(text(2)), 200},
		{"line feed signed too", scope, text(3) + "\n", sign(text(3) + "\n"), 200},
		{"carriage return and line feed", scope, text(4) + "\r\n", sign(text(4)), 200},
		{"upper-case hex", scope, text(5), strings.ToUpper(sign(text(5))), 200},
		{"no signature", scope, text(6), "", 403},
		{"signature of other bytes", scope, text(6), sign(text(7)), 403},
		{"signed by another secret", scope, text(6), hookSignature(clientSecret, text(6)), 403},
		{"not hex", scope, text(6), strings.Repeat("z", 40), 403},
		{"no JSON and not signed", scope, "nonsense", sign("x"), 403},
		{"scope of another channel", foreign, text(6), sign(text(6)), 403},
		{"scope of another account", other, text(6), sign(text(6)), 403},
		{"no scope at all", "nonsense", text(6), sign(text(6)), 403},
		{"too large", scope, large, sign(large), 413},
		{"signed, but no JSON", scope, "nonsense", sign("nonsense"), 400},
		{"signed, but no object", scope, "[]", sign("[]"), 400},
		{"unknown kind (C §4.2)", scope, `{"account_id":"` + amojoID + `","action":{"dance":{}}}`, sign(`{"account_id":"` + amojoID + `","action":{"dance":{}}}`), 200},
		{"typing", scope, `{"account_id":"7d9e2c44-61f3-4f0a-8b27-93c5e0a4d6b2","time":1767225601,"action":{"typing":{"user":{"id":"3c8e5a70-1d42-4f9b-b6e3-90a7d2c4f815"},"conversation":{"id":"5f0c2d1e-7b64-4a39-8c0d-2e9b1f6a7c55","client_id":"c-1"},"expired_at":1767225606}}}` + "\n",
			"caec0388984f71a7994955a381388943c9da437e", 200}, // the vector of C §2.3
	} {
		if got := w.hook(c.scope, c.body, c.signature); got != c.status {
			t.Errorf("%s: answered %d, want %d", c.name, got, c.status)
		}
	}
	if got, want := v.outbound(), []string{"hook 1", "hook 2", "hook 3", "hook 4", "hook 5"}; !slices.Equal(got, want) {
		t.Errorf("the visitor has %q, want %q", got, want)
	}
	if w.send("GET", appURL+"/hooks/amojo/"+scope, nil, nil).status != http.StatusMethodNotAllowed {
		t.Error("a hook's address answers GET")
	}
	if w.send("POST", chatURL+"/hooks/amojo/"+scope, nil, "{}").status != http.StatusNotFound {
		t.Error("the visitors' host takes hooks")
	}
}

// TestHookRepeats: a hundred repeats of each hook, in parallel and in any
// order, have the effect of one (design.md §2).
func TestHookRepeats(t *testing.T) {
	t.Parallel()
	w, v, chat := opened(t, setup{})
	bodies := []string{
		hookText(amojoID, chat.ID, chat.ConversationID, uuidN(201), "once", 1767225600001),
		hookText(amojoID, chat.ID, chat.ConversationID, uuidN(202), "and once", 1767225600002),
	}
	var all sync.WaitGroup
	slots := make(chan struct{}, 16)
	for n := range 200 {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			body := bodies[n%2]
			a, err := w.trySend("POST", appURL+"/hooks/amojo/"+scope, map[string]string{"X-Signature": hookSignature(channelSecret, body)}, body)
			if err != nil || a.status != http.StatusOK {
				t.Errorf("repeat %d: %d %v", n, a.status, err)
			}
		})
	}
	all.Wait()
	var out []message
	for _, m := range v.all() {
		if m.Direction == "outbound" {
			out = append(out, m)
		}
	}
	if len(out) != 2 || out[0].Text != "once" || out[1].Text != "and once" {
		t.Fatalf("history has %+v", out)
	}
	// No repeat took a number.
	before := max(out[0].Seq, out[1].Seq)
	next := v.write(uuidN(2), "next")
	if next.Seq != before+1 {
		t.Errorf("the next message has seq %d after %d: repeats took numbers", next.Seq, before)
	}
}

// TestHookForms: what may be left out of a hook may be left out in every
// combination, with and without the line feed (C §4.3).
func TestHookForms(t *testing.T) {
	t.Parallel()
	w, v, chat := opened(t, setup{})
	fields := []string{"source", "name", "phone", "email", "client_id"}
	var want []string
	for set := range 1 << len(fields) {
		w.box.SetVariants(func(x *sandbox.Variants) {
			x.HookNoNewline, x.HookOmit = set%2 == 1, nil
			for i, f := range fields {
				if set>>i&1 == 1 {
					x.HookOmit = append(x.HookOmit, f)
				}
			}
		})
		text := fmt.Sprintf("form %d", set)
		want = append(want, text)
		m, err := w.box.OperatorSend(accountID, chat.ID, agentID, sandbox.Content{Text: text})
		if err != nil {
			t.Fatal(err)
		}
		w.eventually("the hook", func() bool { return w.hookOutcome(m.ID) == "delivered" })
	}
	if got := v.outbound(); !slices.Equal(got, want) {
		t.Errorf("the visitor has %q, want %q", got, want)
	}
	w.noBreaches()
}

// hookOutcome is what became of the hook of a message.
func (w *world) hookOutcome(id string) string {
	for _, h := range w.box.Hooks() {
		if h.MessageID == id {
			return h.Outcome
		}
	}
	return ""
}

// TestOperatorIsToldWhatCannotBeShown: C §3.5, codes 904 and 905.
func TestOperatorIsToldWhatCannotBeShown(t *testing.T) {
	t.Parallel()
	w, v, chat := opened(t, setup{})
	first, err := w.box.WriteFirst(scope, "+79990001122", "", "Good day!")
	if err != nil {
		t.Fatal(err)
	}
	file, err := w.box.OperatorSend(accountID, chat.ID, 0, sandbox.Content{Type: "picture", Media: "https://amojo.amocrm.ru/attachments/15.jpg", Text: "the offer"})
	if err != nil {
		t.Fatal(err)
	}
	sticker, err := w.box.OperatorSend(accountID, chat.ID, 0, sandbox.Content{Type: "sticker", Media: "https://amojo.amocrm.ru/attachments/1.webp"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, id string
		code     int64
	}{{"written first to nobody we know", first.ID, 904}, {"a picture", file.ID, 905}, {"a sticker", sticker.ID, 905}} {
		w.eventually(c.name+": status -1", func() bool { m, _ := w.box.Message(c.id); return m.Status == -1 })
		m, _ := w.box.Message(c.id)
		if m.ErrorCode != c.code || m.Error == "" || strings.Contains(m.Error, "delivery.") || !slices.Equal(m.Statuses, []int64{-1}) {
			t.Errorf("%s: statuses %v, code %d, text %q; want -1 once, %d and a sentence", c.name, m.Statuses, m.ErrorCode, m.Error, c.code)
		}
	}
	// The visitor reads nothing of a stranger's thread.
	for _, text := range v.outbound() {
		if text == "Good day!" {
			t.Error("a message for somebody else reached the visitor")
		}
	}
	w.noBreaches()
}

// TestHookV1: the old form is delivered once, and connecting anew asks for v2 (C §4.7).
func TestHookV1(t *testing.T) {
	t.Parallel()
	w, v, chat := opened(t, setup{})
	connects := func() (n int) {
		for _, e := range w.box.Traffic() {
			if strings.HasSuffix(e.Path, "/connect") && e.Status == http.StatusOK {
				n++
			}
		}
		return n
	}
	before := connects() // one or two: the widget asks again while tokens are on their way
	w.box.SetVariants(func(x *sandbox.Variants) { x.HookVersion = "v1" })
	w.box.SetFaults(func(f *sandbox.Faults) { f.HookCopies = 3 })
	if _, err := w.box.OperatorSay(accountID, chat.ID, "in the old form"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.box.OperatorSay(accountID, chat.ID, "in the old form"); err != nil { // the same words, later
		t.Fatal(err)
	}
	w.eventually("all copies", func() bool {
		n := 0
		for _, h := range w.box.Hooks() {
			if h.Kind == "message" && h.Outcome == "delivered" {
				n++
			}
		}
		return n == 8
	})
	if got, want := v.outbound(), []string{"in the old form", "in the old form"}; !slices.Equal(got, want) {
		t.Errorf("the visitor has %q, want %q", got, want)
	}
	w.eventually("another connect", func() bool { return connects() > before })
	w.box.SetVariants(func(x *sandbox.Variants) { x.HookVersion = "" })
	if c := w.box.Connections()[0]; c.HookVersion != "v2" {
		t.Errorf("the connection asks for %s", c.HookVersion)
	}
	// A receipt of a v1 message reports nothing: it has no id over there.
	all := v.all()
	v.receipt(all[len(all)-1].Seq, all[len(all)-1].Seq)
	said, err := w.box.OperatorSay(accountID, chat.ID, "in the new form")
	if err != nil {
		t.Fatal(err)
	}
	w.until("the new form", func() bool { return slices.Contains(v.outbound(), "in the new form") })
	all = v.all()
	v.receipt(all[len(all)-1].Seq, 0)
	w.eventually("its status", func() bool { m, _ := w.box.Message(said.ID); return m.Status == 1 })
	w.noBreaches()
}

// TestHooksWhileDeliveriesFail: hooks are stored and answered while nothing
// can be sent, and what they report goes out afterwards.
func TestHooksWhileDeliveriesFail(t *testing.T) {
	t.Parallel()
	w, v, chat := opened(t, setup{})
	w.box.SetFaults(func(f *sandbox.Faults) { f.AmojoStatus, f.AmojoCount = 503, -1 })
	v.write(uuidN(2), "waits")
	said, err := w.box.OperatorSay(accountID, chat.ID, "still here")
	if err != nil {
		t.Fatal(err)
	}
	w.eventually("the hook", func() bool { return w.hookOutcome(said.ID) == "delivered" })
	if got := v.outbound(); !slices.Equal(got, []string{"still here"}) {
		t.Errorf("the visitor has %q", got)
	}
	all := v.all()
	v.receipt(all[len(all)-1].Seq, all[len(all)-1].Seq)
	w.box.SetFaults(func(f *sandbox.Faults) { f.AmojoCount = 0 })
	w.eventually("the message and the status", func() bool {
		m, _ := w.box.Message(said.ID)
		return m.Status == 2 && len(w.inbox(sandbox.Inbound)) == 2
	})
	w.noBreaches()
}

// TestHookOfADisconnectedAccount: a hook may still come; the operator is told
// -1/902 if the service lets us (C §5.2), and nothing waits for ever.
func TestHookOfADisconnectedAccount(t *testing.T) {
	t.Parallel()
	w, v, chat := opened(t, setup{})
	if a := w.send("POST", appURL+"/widget/v1/disconnect", w.widgetHeaders(adminID), map[string]string{}); a.status != http.StatusOK {
		t.Fatalf("disconnect: %d %s", a.status, a.body)
	}
	body := hookText(amojoID, chat.ID, chat.ConversationID, uuidN(301), "too late", 1767225600001)
	if got := w.hook(scope, body, hookSignature(channelSecret, body)); got != http.StatusOK {
		t.Fatalf("answered %d", got)
	}
	w.eventually("one try to report", func() bool {
		return slices.ContainsFunc(w.box.Traffic(), func(e sandbox.Exchange) bool {
			return strings.HasSuffix(e.Path, uuidN(301)+"/delivery_status") && strings.Contains(e.Body, `"error_code":902`)
		})
	})
	if a := w.send("POST", chatURL+"/v1/messages", v.auth(), map[string]string{"client_id": uuidN(9), "text": "hello?"}); a.status != http.StatusForbidden || a.code() != "chat_unavailable" {
		t.Errorf("writing to a disconnected account: %d %s", a.status, a.body)
	}
}

// TestHooksOfTwoAccounts: the same ids in the hooks of two accounts stay apart.
func TestHooksOfTwoAccounts(t *testing.T) {
	t.Parallel()
	w, v, chat := opened(t, setup{})
	const otherAmojo = "8d9e2c44-61f3-4f0a-8b27-93c5e0a4d6b2"
	otherScope := channelID + "_" + otherAmojo
	store := w.app.store.Accounts()
	second, err := store.Upsert(t.Context(), account.Account{ID: "second", Product: "amocrm", CRMID: accountID + 1, AmojoID: otherAmojo, Host: "second.amocrm.ru", State: account.Installed})
	if err != nil {
		t.Fatal(err)
	}
	user, err := w.app.Teams.Add(t.Context(), "boris@example.org", password, "", "owner")
	if err != nil {
		t.Fatal(err)
	}
	if err := store.SetConnected(t.Context(), second.ID, user.Team, user.ID, otherAmojo, chatid.ScopeID(otherScope), second.CreatedAt); err != nil {
		t.Fatal(err)
	}
	mine := hookText(amojoID, chat.ID, chat.ConversationID, uuidN(401), "mine", 1767225600001)
	theirs := hookText(otherAmojo, chat.ID, chat.ConversationID, uuidN(401), "theirs", 1767225600002)
	for _, h := range []struct{ scope, body string }{{otherScope, theirs}, {scope, mine}} {
		if got := w.hook(h.scope, h.body, hookSignature(channelSecret, h.body)); got != http.StatusOK {
			t.Errorf("answered %d", got)
		}
	}
	if got := v.outbound(); !slices.Equal(got, []string{"mine"}) {
		t.Errorf("the visitor has %q, want only what was said in the own account", got)
	}
	if bytes.Contains([]byte(w.logs.String()), []byte("theirs")) {
		t.Error("a message's text stands in the log")
	}
}
