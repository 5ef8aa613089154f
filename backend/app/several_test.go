package app

import (
	"encoding/json"
	"fmt"
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
	w.allows(true)
}

func (w *world) allows(several bool) {
	w.t.Helper()
	a, err := w.app.store.Accounts().ByCRM(w.t.Context(), "amocrm", chatid.CRMAccountID(accountID))
	if err != nil {
		w.t.Fatal(err)
	}
	list, err := w.app.chats.Chats(w.t.Context(), a.ID)
	if err != nil || len(list) == 0 {
		w.t.Fatalf("chats %v, %v", list, err)
	}
	if err := w.app.chats.SetSeveral(w.t.Context(), a.ID, list[0].ID, several); err != nil {
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
	w.eventually("the webhook", func() bool { return len(w.box.Webhooks(accountID)) == 1 })
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
	// Gone from the operators' inbox, kept in the lead's card.
	ended := chatOf("about the lamp")
	w.eventually("the inbox without it", func() bool {
		in := w.box.ImBox(accountID)
		return len(in) == 1 && in[0].Talk.ChatID == chatOf("about the cup").ID
	})
	card, err := w.box.LeadCard(accountID, ended.LeadID)
	if err != nil || !slices.Contains(card.Chats, sandbox.CardChat{ChatID: ended.ID, TalkID: ended.TalkID, Messages: 2}) {
		t.Errorf("the lead's card shows %+v, %v", card.Chats, err)
	}
	// CON-4, CON-7: the operator's words are refused, with a reason.
	if _, err := w.box.OperatorSay(accountID, ended.ID, "Are you there?"); err != nil {
		t.Fatal(err)
	}
	var refused sandbox.Message
	w.eventually("the operator is told", func() bool {
		i := slices.IndexFunc(w.box.Messages(accountID), func(m sandbox.Message) bool { return m.Text == "Are you there?" && m.Status == -1 })
		if i >= 0 {
			refused = w.box.Messages(accountID)[i]
		}
		return i >= 0
	})
	if refused.ErrorCode < 901 || refused.ErrorCode > 905 || refused.Error == "" {
		t.Errorf("refused with %d %q", refused.ErrorCode, refused.Error)
	}
	// SEC-4: the id alone shows nothing to another visitor.
	stranger := w.visit(button, hash)
	stranger.in(cup, uuidN(4), "let me in").wants(t, "writing into somebody's", http.StatusForbidden, "token_invalid")
	a := w.send("GET", chatURL+"/v1/messages?conversation="+cup, stranger.auth(), nil)
	var h struct{ Messages []message }
	if a.into(t, &h); len(h.Messages) != 0 {
		t.Errorf("somebody else reads %+v", h.Messages)
	}
	w.send("GET", chatURL+"/v1/messages?conversation=x", v.auth(), nil).wants(t, "no id", http.StatusUnprocessableEntity, "invalid_request")

	// CON-8: with one conversation the newest that is open goes on; the others are the CRM's alone.
	v.in(uuidN(103), uuidN(5), "about the vase").wants(t, "writing", http.StatusOK, "")
	w.allows(false)
	v.session(v.ticket(hash), v.token)
	v.write(uuidN(6), "two of them")
	w.eventually("the newest goes on", func() bool {
		return slices.ContainsFunc(w.box.Messages(accountID), func(m sandbox.Message) bool { return m.Text == "two of them" })
	})
	if got, want := chatOf("two of them").ID, chatOf("about the vase").ID; got != want {
		t.Errorf("went on in %s, want %s", got, want)
	}
	if in := w.box.ImBox(accountID); len(in) != 2 {
		t.Errorf("the inbox holds %+v, want the cup's and the vase's", in)
	}
	w.noBreaches()
}

// TestEndedByTheVisitorOnce: with one conversation all goes into one (CON-1). Who
// ends it and writes right away goes on in it, in another talk (CON-9), and is told of the end
// once, though the CRM said meanwhile that the talk was open, and tells of its end later.
func TestEndedByTheVisitorOnce(t *testing.T) {
	t.Parallel()
	w, v, chat := following(t, setup{})
	first, err := w.conversation(chat)
	if err != nil {
		t.Fatal(err)
	}
	talk := fmt.Sprint("/talks/", first.Talk)
	w.box.SetFaults(func(f *sandbox.Faults) {
		f.APIStatus, f.APICount, f.APIPath = http.StatusServiceUnavailable, -1, talk+"/close"
	})
	w.send("POST", chatURL+"/v1/conversation/end", v.auth(), map[string]any{}).wants(t, "end", http.StatusNoContent, "")
	v.write(uuidN(2), "one more thing")
	w.until("a try to close it", func() bool { return w.asked("POST", talk+"/close") > 0 })
	if err := w.box.MarkRead(accountID, chat.ID); err != nil {
		t.Fatal(err)
	}
	w.until("an answer of the CRM that it is open", func() bool { return v.statuses()[0] == "read" })
	reads := w.asked("GET", talk)
	w.box.SetFaults(func(f *sandbox.Faults) { *f = sandbox.Faults{} })
	w.until("what the CRM says of its end, and of the next talk", func() bool {
		c, err := w.conversation(chat)
		return err == nil && c.Talk > first.Talk && w.asked("GET", talk) > reads
	})
	if c, err := w.conversation(chat); err != nil || !c.EndedAt.IsZero() || v.ends() != 1 {
		t.Errorf("ended at %v, %d ends told, %v", c.EndedAt, v.ends(), err)
	}
	if in := w.box.ImBox(accountID); len(in) != 1 || in[0].Talk.ChatID != chat.ID || len(w.box.Chats(accountID)) != 1 {
		t.Errorf("the inbox holds %+v, and there are %d chats", in, len(w.box.Chats(accountID)))
	}
	w.noBreaches()
}
