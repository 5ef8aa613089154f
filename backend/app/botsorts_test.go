package app

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"leadline/backend/greeting"
	"leadline/backend/sandbox"
)

const (
	greets  = `{"handler":"show","params":{"type":"text","value":"What do you need?"}}`
	replies = `{"handler":"show","params":{"type":"text","value":"Noted."}}`
	again   = `{"handler":"wait_answer","params":{"type":"answer","step":0}}`
)

// silently is a show that leaves an incoming lead as it is.
func silently(show string) string {
	return strings.Replace(show, `"value"`, `"accept_unsorted":false,"value"`, 1)
}

// action is a handler of the vendor's.
func action(name, params string) string {
	return `{"handler":"action","params":{"name":"` + name + `","params":` + params + `}}`
}

// twoParts is a bot of one step, which listens again and again.
func twoParts(question, answer string) string {
	return `[{"question":[` + question + `],"answer":[` + answer + `,` + again + `]}]`
}

// greetedVisitor opens the chat, writes what they were greeted with and gives the chat in
// the CRM.
func (w *world) greetedVisitor(button, hash string, n int) (v *visitor, chat sandbox.Chat) {
	w.t.Helper()
	v = w.visit(button, hash)
	g := v.greeting(map[string]any{})
	text := fmt.Sprintf("visitor %d", n)
	for range 2 { // a resend changes nothing
		w.send("POST", v.base+"/v1/messages", v.auth(), map[string]any{"client_id": uuidN(100 * n), "text": text, "greeting": g.Token}).wants(w.t, "writing", http.StatusOK, "")
	}
	w.eventually("the chat", func() bool {
		for _, m := range w.box.Messages(accountID) {
			if m.Text != text {
				continue
			}
			for _, c := range w.box.Chats(accountID) {
				if c.ID == m.ChatID && c.LeadID != 0 {
					chat = c
					return true
				}
			}
		}
		return false
	})
	return v, chat
}

// lead is one of the account's; the zero one for one that is gone.
func (w *world) lead(id int64) sandbox.Lead {
	for _, l := range w.box.Leads(accountID) {
		if l.ID == id {
			return l
		}
	}
	return sandbox.Lead{}
}

// sortings counts the requests that accept, decline or link incoming leads.
func (w *world) sortings() int {
	return w.asked("POST", "/leads/unsorted/") + w.asked("DELETE", "/leads/unsorted/")
}

// settled waits until the CRM has all that a visitor and the bot said, and no card work is due.
func (w *world) settled(chat sandbox.Chat, messages int) {
	w.t.Helper()
	w.eventually("all messages over there", func() bool { return len(w.box.ChatMessages(chat.ID)) >= messages })
	w.until("the lead to be known here", func() bool {
		c, err := w.conversation(chat)
		if err != nil {
			return false
		}
		cards, err := w.app.store.Conversations().Cards(w.t.Context(), c.Account, c.ID)
		return err == nil && cards.Lead == chat.LeadID
	})
	w.idle()
}

// TestBotAcceptsIncomingLeads: O §4.3, show. What the bot says accepts the incoming lead,
// once, but where the handler or the chat's setting says otherwise. What the CRM refuses
// holds up neither messages nor other work.
func TestBotAcceptsIncomingLeads(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	button, hash := w.connected()
	w.eventually("the webhook", func() bool { return len(w.box.Webhooks(accountID)) == 1 })
	tag := action("set_tag", `{"type":2,"value":"greeted"}`)
	faults := func(change func(*sandbox.Faults)) func() {
		w.box.SetFaults(change)
		return func() { w.box.SetFaults(func(f *sandbox.Faults) { *f = sandbox.Faults{} }) }
	}
	const onSorting = "/leads/unsorted/" // the list has no slash behind it
	n := 0
	for _, tt := range []struct {
		name     string
		bot      string
		set      func(*greeting.Settings)
		faults   func(*sandbox.Faults)
		messages int // those of the CRM once the visitor has written twice
		accepted bool
		asked    int // requests that sort
	}{
		{name: "a greeting accepts", bot: twoParts(greets+","+tag, replies), messages: 5, accepted: true, asked: 1},
		{name: "told to leave it", bot: twoParts(silently(greets)+","+tag, silently(replies)), messages: 5},
		{name: "a reply accepts", bot: twoParts(silently(greets)+","+tag, replies), messages: 5, accepted: true, asked: 1},
		{name: "the chat leaves them", bot: twoParts(greets+","+tag, replies), set: func(s *greeting.Settings) { s.LeavesIncoming = true }, messages: 5},
		{name: "the chat leaves them, the bot does not", bot: twoParts(greets+","+tag+","+action("unsorted", `{"value":"accept"}`), replies),
			set: func(s *greeting.Settings) { s.LeavesIncoming = true }, messages: 5, accepted: true, asked: 1},
		{name: "a greeting that the CRM does not see accepts nothing", bot: twoParts(greets+","+tag, silently(replies)),
			set: func(s *greeting.Settings) { s.Untold = true }, messages: 4},
		{name: "a reply does behind such a greeting", bot: twoParts(greets+","+tag, replies),
			set: func(s *greeting.Settings) { s.Untold = true }, messages: 4, accepted: true, asked: 1},
		{name: "not allowed", bot: twoParts(greets+","+tag, replies), messages: 5, asked: 1,
			faults: func(f *sandbox.Faults) { f.APIStatus, f.APICount, f.APIPath = 403, 1, onSorting }},
		{name: "refused", bot: twoParts(greets+","+tag, replies), messages: 5, asked: 1,
			faults: func(f *sandbox.Faults) { f.APIStatus, f.APICount, f.APIPath = 400, 1, onSorting }},
		{name: "the list of incoming leads is not allowed", bot: twoParts(greets+","+tag, replies), messages: 5,
			faults: func(f *sandbox.Faults) { f.APIStatus, f.APICount, f.APIPath = 403, -1, "/leads/unsorted" }},
		{name: "sorted by somebody meanwhile", bot: twoParts(greets+","+tag, replies), messages: 5, asked: 1,
			faults: func(f *sandbox.Faults) { f.APIStatus, f.APICount, f.APIPath = 404, 1, onSorting }},
		{name: "an answer that was lost", bot: twoParts(greets+","+tag, replies), messages: 5, accepted: true, asked: 1,
			faults: func(f *sandbox.Faults) { f.APICutAfter, f.APIPath = 1, onSorting }},
		{name: "an outage", bot: twoParts(greets+","+tag, replies), messages: 5, accepted: true, asked: 2,
			faults: func(f *sandbox.Faults) { f.APIStatus, f.APICount, f.APIPath = 503, 1, onSorting }},
	} {
		n++
		w.greets(tt.bot, tt.set)
		before, over := w.sortings(), func() {}
		if tt.faults != nil {
			over = faults(tt.faults)
		}
		v, chat := w.greetedVisitor(button, hash, n)
		v.write(uuidN(100*n+1), "and more")
		w.settled(chat, tt.messages)
		over()
		l := w.lead(chat.LeadID)
		if l.Unsorted == tt.accepted || l.ID == 0 {
			t.Errorf("%s: the lead is %+v", tt.name, l)
		}
		if !slices.Equal(l.Tags, []string{"greeted"}) {
			t.Errorf("%s: other work of the bot came to the tags %q", tt.name, l.Tags)
		}
		if got := w.sortings() - before; got != tt.asked {
			t.Errorf("%s: %d requests, want %d", tt.name, got, tt.asked)
		}
		if got := w.box.ChatMessages(chat.ID); len(got) != tt.messages {
			t.Errorf("%s: the CRM has %d messages, want %d", tt.name, len(got), tt.messages)
		}
		if t.Failed() {
			return
		}
	}
	for _, want := range []string{"the CRM let a greeting bot not sort an incoming lead", "a greeting bot found no incoming lead to sort", "a greeting bot sorted an incoming lead"} {
		if !strings.Contains(w.logs.String(), want) {
			t.Errorf("the log does not say %q", want)
		}
	}
	// After a restart, and with more words of the bot, nothing is asked again.
	w.greets(twoParts(greets, replies), nil)
	v, chat := w.greetedVisitor(button, hash, 50)
	w.settled(chat, 3)
	before := w.sortings()
	w.restart()
	v.write(uuidN(5002), "once more")
	w.settled(chat, 5)
	if got := w.sortings() - before; got != 0 || w.lead(chat.LeadID).Unsorted {
		t.Errorf("%d more requests; lead %+v", got, w.lead(chat.LeadID))
	}
}

// TestWorkThatWaitsIsOvertaken: where the CRM lets nobody change an incoming lead (C
// §7.5), what sorts it goes before the work that waits for that; and a lead that never was
// an incoming one is left alone.
func TestWorkThatWaitsIsOvertaken(t *testing.T) {
	t.Parallel()
	for name, variants := range map[string]func(*sandbox.Variants){
		"cards refused": func(v *sandbox.Variants) { v.UnsortedCards = "refused" },
		"cards hidden":  func(v *sandbox.Variants) { v.UnsortedCards = "hidden" },
		"no incoming":   nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{login: true, sandbox: func(c *sandbox.Config) { c.Accounts[0].UnsortedOff = variants == nil }})
			if variants != nil {
				w.box.SetVariants(variants)
			}
			button, hash := w.connected()
			w.eventually("the webhook", func() bool { return len(w.box.Webhooks(accountID)) == 1 })
			w.greets(twoParts(silently(greets)+","+action("set_tag", `{"type":2,"value":"one"}`), replies+","+action("set_tag", `{"type":2,"value":"two"}`)), nil)
			v, chat := w.greetedVisitor(button, hash, 1)
			w.eventually("both tags", func() bool { return slices.Equal(w.lead(chat.LeadID).Tags, []string{"one", "two"}) })
			if l := w.lead(chat.LeadID); l.Unsorted {
				t.Errorf("the lead is %+v", l)
			}
			if got, want := w.sortings(), map[bool]int{true: 0, false: 1}[variants == nil]; got != want {
				t.Errorf("%d requests, want %d", got, want)
			}
			if got := inOrder(v.history()); !slices.Equal(got, []string{"What do you need?", "visitor 1", "Noted."}) {
				t.Errorf("the visitor has %q", got)
			}
		})
	}
}

// TestBotSortsIncomingLeads: O §4.3, the actions unsorted and link_to_unsorted.
func TestBotSortsIncomingLeads(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	button, hash := w.connected()
	w.eventually("the webhook", func() bool { return len(w.box.Webhooks(accountID)) == 1 })

	w.greets(twoParts(silently(greets), silently(replies)+","+action("unsorted", `{"value":"decline"}`)), nil)
	_, chat := w.greetedVisitor(button, hash, 1)
	w.eventually("the lead to be gone", func() bool { return w.lead(chat.LeadID).ID == 0 })
	w.idle()

	w.greets(twoParts(greets, replies), nil)
	_, known := w.greetedVisitor(button, hash, 2)
	w.eventually("a lead to link to", func() bool { return !w.lead(known.LeadID).Unsorted })
	w.settled(known, 3)

	// What comes behind the link is about the other lead.
	link := action("link_to_unsorted", fmt.Sprintf(`{"entity_type":2,"entity_id":"%d","contact_id":%d}`, known.LeadID, known.ContactID))
	w.greets(twoParts(silently(greets), silently(replies)+","+link+","+action("set_tag", `{"type":2,"value":"linked"}`)), nil)
	_, third := w.greetedVisitor(button, hash, 3)
	w.eventually("the tag on the other lead", func() bool { return slices.Equal(w.lead(known.LeadID).Tags, []string{"linked"}) })
	for _, c := range w.box.Chats(accountID) {
		if c.ID == third.ID && (c.LeadID != known.LeadID || c.ContactID != known.ContactID) {
			t.Errorf("the chat is %+v", c)
		}
	}
	if w.lead(third.LeadID).ID != 0 {
		t.Error("the incoming lead is still there")
	}

	// A lead that the account has not.
	w.greets(twoParts(silently(greets), silently(replies)+","+action("link_to_unsorted", `{"entity_type":2,"entity_id":1}`)), nil)
	_, fourth := w.greetedVisitor(button, hash, 4)
	w.settled(fourth, 3)
	if l := w.lead(fourth.LeadID); !l.Unsorted {
		t.Errorf("the lead is %+v", l)
	}
	if got := w.sortings(); got != 4 {
		t.Errorf("%d requests, want 4: decline, accept, two links", got)
	}
}
