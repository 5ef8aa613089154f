package store

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/greeting"
	"leadline/backend/onlinechat"
)

// echo is a bot that repeats what it hears until it hears "bye".
func echo(greeted *conversation.Greeted) *conversation.Bot {
	return &conversation.Bot{Name: "Lia", Greeted: greeted, Next: func(state json.RawMessage, reply string) conversation.BotTurn {
		var n int
		_ = json.Unmarshal(state, &n)
		t := conversation.BotTurn{State: fmt.Appendf(nil, "%d", n+1), Says: []conversation.BotSay{{Text: fmt.Sprintf("%d %s", n, reply)}}}
		t.Over = reply == "bye"
		t.Close = t.Over
		return t
	}}
}

func (w *world) greeted(at time.Time, texts ...string) *conversation.Greeted {
	g := &conversation.Greeted{At: at.UnixMilli(), Turn: conversation.BotTurn{State: json.RawMessage("0")}}
	for _, text := range texts {
		g.IDs = append(g.IDs, chatid.MessageID(w.id()))
		g.Turn.Says = append(g.Turn.Says, conversation.BotSay{Text: text, Markup: &conversation.Markup{Buttons: [][]conversation.Button{{{Text: "Go"}}}}})
	}
	return g
}

func (w *world) botWrites(v chatid.VisitorID, text string, b *conversation.Bot) conversation.NewInbound {
	in := w.inbound(v, text)
	in.Bot, in.NewID = b, w.id
	return in
}

func (w *world) said(t *testing.T, id chatid.ConversationID) string {
	t.Helper()
	list, err := w.Conversations().Before(testContext, id, conversation.Place{}, 50)
	must(t, err)
	var out []string
	for _, m := range list {
		out = append(out, string(m.Direction[:1])+":"+m.Kind[:1]+":"+m.Text)
	}
	return strings.Join(out, " | ")
}

// BOT-11, C §3.4.3: greeting, message and reply are one act, in this order, and once.
func TestBotSpeaksWithTheMessage(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		g := w.greeted(start.Add(-time.Minute), "Hello", "How can I help?")
		in := w.botWrites("v1", "one", echo(g))
		in.Press = &conversation.Press{Message: g.IDs[1], Text: "Go"}
		first := w.write(t, in)
		equal(t, "the visitor's", first.Message.Text, "one")
		id := first.Message.Conversation
		equal(t, "transcript", w.said(t, id), "o:t:Hello | o:t:How can I help? | i:t:one | o:t:0 one")
		list, err := w.Conversations().Before(testContext, id, conversation.Place{}, 50)
		must(t, err)
		equal(t, "time of the greeting", list[0].At, start.Add(-time.Minute).UnixMilli())
		equal(t, "its id", list[0].ID, g.IDs[0])
		for _, m := range list {
			equal(t, "ByBot of "+m.Text, m.ByBot(), m.Direction == conversation.Outbound)
		}
		if again := w.write(t, in); !again.Duplicate {
			t.Errorf("a repeat = %+v", again)
		}
		jobs := w.jobs(t, *first.Claim)
		equal(t, "jobs", len(jobs), 4)
		for i, want := range []conversation.MessageJob{{Bot: true, Silent: true, Text: "Hello"}, {Bot: true, Silent: true, Text: "How can I help?"}, {Text: "one"}, {Bot: true, Silent: true, Text: "0 one"}} {
			j := payload[conversation.MessageJob](t, &jobs[i], conversation.JobMessage)
			if j.Bot != want.Bot || j.Silent != want.Silent || j.Text != want.Text || (j.Author != nil && j.Author.Name == "Lia") != want.Bot || j.Visitor != "v1" {
				t.Errorf("job %d = %+v", i, j)
			}
		}
		second := w.write(t, w.botWrites("v1", "bye", echo(nil)))
		w.write(t, w.botWrites("v1", "still there?", echo(w.greeted(start, "Hello again"))))
		equal(t, "after the end", w.said(t, second.Message.Conversation),
			"o:t:Hello | o:t:How can I help? | i:t:one | o:t:0 one | i:t:bye | o:t:1 bye | o:e: | i:t:still there?")
		n, err := w.Conversations().Unread(testContext, id)
		must(t, err)
		equal(t, "unread", n, 0)
	})
}

// BOT-13, and a visitor who saw no greeting: no bot.
func TestBotIsSilent(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ungreeted := w.write(t, w.botWrites("v1", "one", echo(nil)))
		equal(t, "without a greeting", w.said(t, ungreeted.Message.Conversation), "i:t:one")
		first := w.write(t, w.botWrites("v2", "one", echo(w.greeted(start, "Hello"))))
		id := first.Message.Conversation
		_, err := w.Conversations().SaveOutbound(testContext, conversation.NewOutbound{
			Message:      conversation.Message{ID: chatid.MessageID(w.id()), Account: w.account, Ref: "r1", At: start.Add(time.Second).UnixMilli(), Direction: conversation.Outbound, Kind: "text", Text: "Oleg"},
			Conversation: id, NewConversation: chatid.ConversationID(w.id()), Holder: w.holder(),
		})
		must(t, err)
		w.now = w.now.Add(time.Minute)
		w.write(t, w.botWrites("v2", "two", echo(nil)))
		w.write(t, w.botWrites("v2", "three", echo(nil)))
		equal(t, "after an operator", w.said(t, id), "o:t:Hello | i:t:one | o:t:0 one | o:t:Oleg | i:t:two | i:t:three")
		untold := w.greeted(start, "Hello")
		untold.Untold = true
		third := w.write(t, w.botWrites("v3", "one", echo(untold)))
		equal(t, "jobs of an untold greeting", len(w.jobs(t, *third.Claim)), 2)
	})
}

func TestGreetingSettings(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		_, _, err := w.OnlineChats().EnsureFirst(testContext, onlinechat.Chat{ID: chat, Account: w.account, Name: "Main", CreatedAt: start},
			onlinechat.Button{ID: chatid.ButtonID(w.id()), Account: w.account, Hash: "h", Chat: chat, CreatedAt: start})
		must(t, err)
		if _, err := w.Greetings().Greeting(testContext, w.account, chat); err == nil {
			t.Error("a chat without a bot has one")
		}
		for _, want := range []greeting.Settings{
			{Account: w.account, Chat: chat, Bot: json.RawMessage(" [ {\"question\":[]} ] "), On: true, Name: "Lia", ChangedAt: start},
			{Account: w.account, Chat: chat, Untold: true, LeavesIncoming: true, ChangedAt: start.Add(time.Hour)},
		} {
			must(t, w.Greetings().SetGreeting(testContext, want))
			got, err := w.Greetings().Greeting(testContext, w.account, chat)
			must(t, err)
			equal(t, "settings", got, want)
			c, err := w.OnlineChats().Chat(testContext, chat)
			must(t, err)
			equal(t, "Greets", c.Greets, want.On)
		}
		if err := w.Greetings().SetGreeting(testContext, greeting.Settings{Account: "another", Chat: chat}); err == nil {
			t.Error("another account's bot was stored")
		}
	})
}
