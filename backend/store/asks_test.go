package store

import (
	"strings"
	"testing"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
)

// keyboard is an operator's message with two buttons and a list under another one.
func (w *world) keyboard(t testing.TB, c chatid.ConversationID) (buttons, list conversation.Message) {
	t.Helper()
	in := w.outbound(c, "Your order 15")
	in.Message.Markup = &conversation.Markup{Buttons: [][]conversation.Button{{{Text: "Confirm"}, {Text: "See", URL: "https://example.org"}}}}
	other := w.outbound(c, "Choose")
	other.Message.Markup = &conversation.Markup{List: &conversation.List{Button: "Show", Sections: []conversation.Section{
		{Rows: []conversation.Row{{Callback: "row-1", Title: "One"}, {Callback: "row-2", Title: "Two"}}}}}}
	return w.receive(t, in).Message, w.receive(t, other).Message
}

// C §4.3: pressing says the button's text; a row goes back as its callback data.
func TestOnlyOfferedButtonsArePressed(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		c := w.known(t, "v1")
		buttons, list := w.keyboard(t, c)
		elsewhere, _ := w.keyboard(t, w.known(t, "v2"))
		press := func(p conversation.Press) conversation.NewInbound {
			in := w.inbound("v1", p.Text)
			in.Message.Callback, in.Press = p.Callback, &p
			return in
		}
		for name, p := range map[string]conversation.Press{
			"another text":             {Message: buttons.ID, Text: "Refuse"},
			"a link":                   {Message: buttons.ID, Text: "See"},
			"a callback of a keyboard": {Message: buttons.ID, Text: "Confirm", Callback: "row-1"},
			"another callback":         {Message: list.ID, Text: "One", Callback: "row-9"},
			"another row's title":      {Message: list.ID, Text: "One", Callback: "row-2"},
			"a row without callback":   {Message: list.ID, Text: "One"},
			"another conversation's":   {Message: elsewhere.ID, Text: "Confirm"},
			"no message":               {Message: "none", Text: "Confirm"},
		} {
			if _, err := w.Conversations().SaveInbound(testContext, press(p)); !fault.Is(err, fault.Invalid) || fault.CodeOf(err) != "no_such_button" {
				t.Errorf("%s: %v", name, err)
			}
		}
		equal(t, "messages after refusals", len(w.all(t, c)), 3)
		got := w.write(t, press(conversation.Press{Message: buttons.ID, Text: "Confirm"}))
		job := payload[conversation.MessageJob](t, got.Job, conversation.JobMessage)
		if job.Text != "Confirm" || job.Content != nil || job.Kind != "" {
			t.Errorf("button's job = %+v", job)
		}
		w.drain(t, *got.Claim)
		in := press(conversation.Press{Message: list.ID, Text: "Two", Callback: "row-2"})
		got = w.write(t, in)
		job = payload[conversation.MessageJob](t, got.Job, conversation.JobMessage)
		equal(t, "row's content", job.Content, &conversation.Content{Callback: "row-2"})
		equal(t, "row's text", job.Text, "Two")
		// Its repeat is found, also as one more press of a message that could vanish.
		in.Message.ID = chatid.MessageID(w.id())
		if r := w.write(t, in); !r.Duplicate {
			t.Errorf("repeat = %+v", r)
		}
	})
}

// C §3.4.7: the quoted message belongs to the same chat.
func TestQuotesAreTakenFromTheStore(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		own := w.delivered(t, "v1", "Is it there?", "r1")
		c := own.Conversation
		long := strings.Repeat("ж", 400)
		theirs := w.receive(t, w.outbound(c, long)).Message
		elsewhere := w.delivered(t, "v2", "other", "r2")
		failed := w.write(t, w.inbound("v1", "parked"))
		w.settle(t, *failed.Claim, *failed.Job, failedOutcome(failed.Message))
		ended, err := w.Conversations().SaveEnd(testContext, conversation.End{Account: w.account, Conversation: c, ID: "e1", Holder: w.holder()})
		must(t, err)
		reply := func(id chatid.MessageID) conversation.NewInbound {
			in := w.inbound("v1", "this one")
			in.ReplyTo = id
			return in
		}
		got := w.write(t, reply(theirs.ID))
		want := &conversation.Quote{ID: theirs.ID, Ref: theirs.Ref, Direction: conversation.Outbound, Kind: "text", Text: strings.Repeat("ж", 300), Author: "Anna", At: theirs.At}
		equal(t, "an operator's", got.Message.Quote, want)
		equal(t, "in the job", payload[conversation.MessageJob](t, got.Job, conversation.JobMessage).Content, &conversation.Content{Quote: want})
		equal(t, "stored", w.stored(t, got.Message.ID).Quote, want)
		w.drain(t, *got.Claim)
		got = w.write(t, reply(own.ID))
		equal(t, "one's own", got.Message.Quote, &conversation.Quote{ID: own.ID, Ref: "r1", Direction: conversation.Inbound, Kind: "text", Text: "Is it there?", At: own.At})
		for name, id := range map[string]chatid.MessageID{
			"another conversation's": elsewhere.ID, "none": "none",
			// The service has neither of these, and would refuse the message with them.
			"one that failed": failed.Message.ID, "the end": ended.Message.ID,
		} {
			if _, err := w.Conversations().SaveInbound(testContext, reply(id)); !fault.Is(err, fault.Invalid) || fault.CodeOf(err) != "no_such_message" {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
