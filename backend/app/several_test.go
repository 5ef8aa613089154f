package app

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/gobwas/ws/wsutil"

	"leadline/backend/chatid"
	"leadline/backend/sandbox"
)

// several lets the visitors of the account's chat hold several conversations.
func (w *world) several() {
	w.t.Helper()
	a, err := w.app.store.Accounts().ByCRM(w.t.Context(), "amocrm", chatid.CRMAccountID(accountID))
	if err != nil {
		w.t.Fatal(err)
	}
	list, err := w.app.chats.Chats(w.t.Context(), a.ID)
	if err != nil || len(list) == 0 {
		w.t.Fatalf("chats %v, %v", list, err)
	}
	if err := w.app.chats.SetSeveral(w.t.Context(), a.ID, list[0].ID, true); err != nil {
		w.t.Fatal(err)
	}
}

type listed struct {
	ID, Number string
	Unread     int
	Last       message
}

// conversations is the visitor's list.
func (v *visitor) conversations() []listed {
	v.w.t.Helper()
	var got struct{ Conversations []listed }
	a := v.w.send("GET", v.base+"/v1/conversations", v.auth(), nil)
	a.into(v.w.t, &got)
	return got.Conversations
}

// in writes into one of several conversations.
func (v *visitor) in(conversation, clientID, text string) answer {
	v.w.t.Helper()
	return v.w.send("POST", v.base+"/v1/messages?conversation="+conversation, v.auth(), map[string]any{"client_id": clientID, "text": text})
}

// TestSeveralConversations: O §6.4, CON-2 to CON-7, from the visitor's browser to the
// operator and back.
func TestSeveralConversations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	button, hash := w.connected()
	w.several()
	v := w.visit(button, hash)
	if got := v.conversations(); len(got) != 0 { // CON-6
		t.Fatalf("listed before the first message: %+v", got)
	}
	lamp, cup := uuidN(101), uuidN(102)
	v.in(lamp, uuidN(1), "about the lamp").wants(t, "writing", http.StatusOK, "")
	v.in(cup, uuidN(2), "about the cup").wants(t, "writing", http.StatusOK, "")
	w.eventually("both over there", func() bool { return len(w.box.Chats(accountID)) == 2 })
	got := v.conversations()
	if len(got) != 2 || got[0].ID != cup || got[0].Number != "A2" || got[1].Number != "A1" || got[1].Last.Text != "about the lamp" { // CON-5
		t.Fatalf("list %+v", got)
	}

	// The stream of one tells of the other only that something happened.
	s, err := w.dialWS(chatURL)
	if err != nil {
		t.Fatal(err)
	}
	hello, _ := json.Marshal(map[string]any{"token": v.token, "cursor": 0, "conversation": cup})
	if err := wsutil.WriteClientText(s.conn, hello); err != nil {
		t.Fatal(err)
	}
	for _, f := range s.upTo("ready") {
		if f.Type == "message" && f.Message.Text != "about the cup" {
			t.Errorf("the stream of the cup says %q", f.Message.Text)
		}
	}
	chatOf := func(text string) (found sandbox.Chat) {
		t.Helper()
		for _, m := range w.box.Messages(accountID) {
			for _, c := range w.box.Chats(accountID) {
				if m.Text == text && m.ChatID == c.ID {
					return c
				}
			}
		}
		t.Fatalf("no chat of %q", text)
		return found
	}
	if _, err := w.box.OperatorSay(accountID, chatOf("about the lamp").ID, "Brass or steel?"); err != nil {
		t.Fatal(err)
	}
	for _, f := range s.upTo("conversations") {
		if f.Message.Text == "Brass or steel?" {
			t.Error("the stream of the cup carries the lamp's message")
		}
	}
	w.until("it is unread", func() bool {
		return slices.ContainsFunc(v.conversations(), func(l listed) bool { return l.ID == lamp && l.Unread == 1 && l.Last.Text == "Brass or steel?" })
	})

	// CON-3, CON-7: what was ended is over.
	if a := w.send("POST", chatURL+"/v1/conversation/end?conversation="+lamp, v.auth(), map[string]string{}); a.status != http.StatusNoContent {
		t.Fatalf("end: %d %s", a.status, a.body)
	}
	if got := v.conversations(); len(got) != 1 || got[0].ID != cup {
		t.Fatalf("list after the end %+v", got)
	}
	v.in(lamp, uuidN(3), "one more thing").wants(t, "writing after the end", http.StatusConflict, "conversation_ended")
	if _, err := w.box.OperatorSay(accountID, chatOf("about the lamp").ID, "Are you there?"); err != nil {
		t.Fatal(err)
	}
	w.eventually("the operator is told", func() bool {
		return slices.ContainsFunc(w.box.Messages(accountID), func(m sandbox.Message) bool { return m.Text == "Are you there?" && m.Status == -1 })
	})
	// SEC-4: the id alone shows nothing to another visitor.
	stranger := w.visit(button, hash)
	stranger.in(cup, uuidN(4), "let me in").wants(t, "writing into somebody's", http.StatusForbidden, "token_invalid")
	a := w.send("GET", chatURL+"/v1/messages?conversation="+cup, stranger.auth(), nil)
	var h struct{ Messages []message }
	if a.into(t, &h); len(h.Messages) != 0 {
		t.Errorf("somebody else reads %+v", h.Messages)
	}
	w.send("GET", chatURL+"/v1/messages?conversation=x", v.auth(), nil).wants(t, "no id", http.StatusUnprocessableEntity, "invalid_request")
	w.noBreaches()
}
