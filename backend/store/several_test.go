package store

import (
	"fmt"
	"testing"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/onlinechat"
)

// carrying stores the online chat that the visitors of these tests write in.
func (w *world) carrying(t *testing.T, several bool) {
	t.Helper()
	_, err := w.OnlineChats().AddChat(testContext, onlinechat.Chat{ID: chat, Account: w.account, Name: "Shop", SourceExternalID: "main", Several: several, CreatedAt: w.now},
		onlinechat.Button{ID: "00000000-0000-7000-8000-00000000b001", Account: w.account, Hash: "h", Chat: chat, CreatedAt: w.now})
	must(t, err)
}

// in is a message to one of several conversations.
func (w *world) in(v chatid.VisitorID, c chatid.ConversationID, text string) conversation.NewInbound {
	in := w.inbound(v, text)
	in.Several, in.Conversation = true, c
	return in
}

// listed is the visitor's list: number and id of each.
func (w *world) listed(t *testing.T, v chatid.VisitorID) []string {
	t.Helper()
	list, err := w.Conversations().Open(testContext, w.account, chat, v)
	must(t, err)
	out := []string{}
	for _, c := range list {
		out = append(out, conversation.NumberName(c.Number)+" "+string(c.ID))
	}
	return out
}

// CON-2, CON-5, CON-6: a conversation opens with its first message, under a number
// of its chat; each has its own messages.
func TestSeveralConversationsOfAVisitor(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.carrying(t, true)
		equal(t, "before the first message", w.listed(t, "v1"), []string{})
		first := w.write(t, w.in("v1", "c1", "lamp"))
		w.now = w.now.Add(time.Minute)
		w.write(t, w.in("v2", "c2", "somebody else's"))
		second := w.in("v1", "c3", "cup")
		w.write(t, second)
		equal(t, "list", w.listed(t, "v1"), []string{"A3 c3", "A1 c1"})
		if first.Message.Conversation != "c1" || !w.write(t, second).Duplicate {
			t.Errorf("stored in %s, or the repeat is another message", first.Message.Conversation)
		}
		w.now = w.now.Add(time.Minute)
		w.write(t, w.in("v1", "c1", "and a shade"))
		equal(t, "list by who spoke last", w.listed(t, "v1"), []string{"A1 c1", "A3 c3"})
		texts := []string{}
		for _, m := range w.all(t, "c1") {
			texts = append(texts, m.Text)
		}
		equal(t, "messages of c1", texts, []string{"lamp", "and a shade"})
		// Another visitor's conversation is nobody's to write into or to read.
		if _, err := w.Conversations().SaveInbound(testContext, w.in("v2", "c1", "let me in")); !fault.Is(err, fault.Denied) {
			t.Errorf("wrote into somebody's conversation: %v", err)
		}
		list, err := w.Conversations().Since(testContext, conversation.Who{Account: w.account, Chat: chat, Visitor: "v2", Conversation: "c1"}, 0, 10)
		if err != nil || len(list) != 0 {
			t.Errorf("read somebody's conversation: %v, %v", list, err)
		}
	})
}

// CON-3, CON-4, CON-7: what was ended is off the list, and neither side goes on.
func TestAnEndedOneOfSeveralIsOver(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.carrying(t, true)
		said := w.in("v1", "c1", "lamp")
		asked := w.write(t, said)
		w.write(t, w.in("v1", "c2", "cup"))
		w.drain(t, *asked.Claim)
		before := w.outbound("c1", "written before the end")
		w.now = w.now.Add(time.Minute)
		ended, err := w.Conversations().SaveEnd(testContext, conversation.End{Account: w.account, Conversation: "c1", ID: "e1", ByVisitor: true, Holder: w.holder()})
		must(t, err)
		equal(t, "list", w.listed(t, "v1"), []string{"A2 c2"})
		w.drain(t, *ended.Claim)
		w.now = w.now.Add(time.Minute)
		if !w.write(t, said).Duplicate {
			t.Error("a repeat of what was stored before the end is refused")
		}
		if _, err := w.Conversations().SaveInbound(testContext, w.in("v1", "c1", "one more thing")); fault.CodeOf(err) != "conversation_ended" {
			t.Errorf("written after the end: %v", err)
		}
		late := w.receive(t, w.outbound("c1", "are you there?"))
		if late.Message.Status != conversation.Failed || late.Message.ErrorCode != conversation.EndedText {
			t.Errorf("operator's message after the end: %+v", late.Message)
		}
		job := payload[conversation.StatusJob](t, late.Job, conversation.JobStatus)
		equal(t, "report", job, conversation.StatusJob{Ref: late.Message.Ref, Status: conversation.Failed, Code: 904, Text: conversation.EndedText})
		w.drain(t, *late.Claim)
		if s := w.receive(t, before); s.Message.Status != conversation.Stored {
			t.Errorf("what was written before the end is refused: %+v", s.Message)
		}
		equal(t, "list after late messages", w.listed(t, "v1"), []string{"A2 c2"})
	})
}

// CON-8: with one, the newest open conversation goes on; with several, those that
// are open get numbers.
func TestChangingBetweenOneAndSeveral(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.carrying(t, false)
		only := w.write(t, w.inbound("v1", "hello")).Message.Conversation
		w.write(t, w.inbound("v2", "hello"))
		set := func(several bool) {
			t.Helper()
			must(t, w.OnlineChats().SetSeveral(testContext, w.account, chat, several))
		}
		set(true)
		set(true) // changes nothing
		if c, err := w.OnlineChats().Chat(testContext, chat); err != nil || !c.Several {
			t.Errorf("the chat is %+v, %v", c, err)
		}
		equal(t, "numbered", w.listed(t, "v1"), []string{"A1 " + string(only)})
		w.now = w.now.Add(time.Minute)
		w.write(t, w.in("v1", "c9", "another"))
		equal(t, "both", w.listed(t, "v1"), []string{"A3 c9", "A1 " + string(only)})
		set(false)
		if s := w.write(t, w.inbound("v1", "goes on")); s.Message.Conversation != "c9" {
			t.Errorf("goes on in %s", s.Message.Conversation)
		}
		c, err := w.Conversations().ConversationOf(testContext, w.account, chat, "v1")
		if must(t, err); c.ID != "c9" {
			t.Errorf("the one is %s", c.ID)
		}
		if err := w.OnlineChats().SetSeveral(testContext, w.account, "none", true); !fault.Is(err, fault.NotFound) {
			t.Errorf("a chat that is not there: %v", err)
		}
	})
}

func TestAVisitorHoldsSoManyConversations(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.carrying(t, true)
		for i := range conversation.MaxOpen {
			w.write(t, w.in("v1", chatid.ConversationID(fmt.Sprint("c", i)), "hello"))
		}
		if _, err := w.Conversations().SaveInbound(testContext, w.in("v1", "more", "hello")); fault.CodeOf(err) != "too_many_conversations" {
			t.Errorf("one more: %v", err)
		}
		_, err := w.Conversations().SaveEnd(testContext, conversation.End{Account: w.account, Conversation: "c3", ID: "e1", Holder: w.holder()})
		must(t, err)
		w.write(t, w.in("v1", "more", "hello"))
	})
}
