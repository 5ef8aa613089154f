package store

import (
	"encoding/json"
	"testing"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
)

// asking is a bot that asks when it hears "ask", and says what it is resumed with.
func asking(g *conversation.Greeted) *conversation.Bot {
	return &conversation.Bot{Name: "Lia", Greeted: g, Next: func(state json.RawMessage, reply string) conversation.BotTurn {
		if reply == "ask" {
			return conversation.BotTurn{State: json.RawMessage(`"asking"`), Ask: json.RawMessage(`{"url":"https://x.example"}`)}
		}
		return conversation.BotTurn{State: state, Says: []conversation.BotSay{{Text: "heard " + reply}}}
	}}
}

// TestBotAsks: widget_request of O §4.3. A request is stored with the turn, sent by one,
// answered once, and given up when nobody answers.
func TestBotAsks(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		asks := w.GreetingAsks()
		claim := func(now time.Time, want int) string {
			t.Helper()
			list, err := asks.ClaimAsks(testContext, now, now.Add(time.Minute), 8, 2, nil)
			must(t, err)
			if len(list) != want {
				t.Fatalf("claimed %+v, want %d", list, want)
			}
			if want == 0 {
				return ""
			}
			return list[0].ID + string(list[0].Ask)
		}
		first := w.write(t, w.botWrites("v1", "hi", asking(w.greeted(start))))
		id := first.Message.Conversation
		claim(w.now, 0)
		w.write(t, w.botWrites("v1", "ask", asking(nil)))
		list, err := asks.ClaimAsks(testContext, w.now, w.now.Add(time.Minute), 8, 2, nil)
		must(t, err)
		if len(list) != 1 || string(list[0].Ask) != `{"url":"https://x.example"}` || list[0].Conversation != id || list[0].ID == "" {
			t.Fatalf("claimed %+v", list)
		}
		ask := list[0]
		claim(w.now, 0) // it is somebody's
		if list, err := asks.ClaimAsks(testContext, w.now.Add(2*time.Minute), w.now.Add(3*time.Minute), 8, 2, []chatid.AccountID{w.account}); err != nil || len(list) != 0 {
			t.Errorf("of an account to skip: %+v, %v", list, err)
		}
		claim(w.now.Add(2*time.Minute), 1) // who vanished
		must(t, asks.AskSent(testContext, ask, w.now.Add(10*time.Minute)))
		claim(w.now.Add(9*time.Minute), 0)
		if got := claim(w.now.Add(10*time.Minute), 1); got != ask.ID { // to be given up
			t.Errorf("given up %q", got)
		}
		// Meanwhile the visitor writes, and the bot stays where it is.
		w.write(t, w.botWrites("v1", "well?", asking(nil)))

		resume := func(c chatid.ConversationID, ask string) error {
			v := first.Visitor
			_, err := w.Conversations().SaveBotTurn(testContext, conversation.NewBotTurn{
				Account: w.account, Chat: chat, Visitor: v, Conversation: c, Ask: ask, Bot: asking(nil), NewID: w.id, Holder: w.holder(),
				Next: func(state json.RawMessage, said string) conversation.BotTurn {
					return conversation.BotTurn{State: json.RawMessage(`"on"`), Says: []conversation.BotSay{{Text: "resumed from " + string(state) + " after " + said}}}
				},
			})
			return err
		}
		for name, err := range map[string]error{"another request": resume(id, w.id()), "no request": resume(id, ""), "no conversation": resume(chatid.ConversationID(w.id()), ask.ID)} {
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		must(t, resume(id, ask.ID))
		if err := resume(id, ask.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("answered twice: %v", err)
		}
		claim(w.now.Add(time.Hour), 0)
		w.write(t, w.botWrites("v1", "bye", asking(nil)))
		// One account's do not take all the room.
		for _, v := range []chatid.VisitorID{"v2", "v3", "v4"} {
			w.write(t, w.botWrites(v, "hi", asking(w.greeted(start))))
			w.write(t, w.botWrites(v, "ask", asking(nil)))
		}
		claim(w.now, 2)
		want := `i:t:hi | o:t:heard hi | i:t:ask | i:t:well? | o:t:resumed from "asking" after well? | i:t:bye | o:t:heard bye`
		if got := w.said(t, id); got != want {
			t.Errorf("the transcript is\n%s\nwant\n%s", got, want)
		}
	})
}
