package app

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/sandbox"
)

// TestGapAfterAnOutage: what operators wrote while the server was down reaches
// the visitor once, in its place, and is reported (design.md §2).
func TestGapAfterAnOutage(t *testing.T) {
	t.Parallel()
	gapAfterAnOutage(t, setup{})
}

func gapAfterAnOutage(t *testing.T, s setup) {
	t.Helper()
	w, v, chat := opened(t, s)
	say := func(text string) sandbox.Message {
		t.Helper()
		m, err := w.box.OperatorSay(accountID, chat.ID, text)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	say("before")
	w.until("the message before", func() bool { return slices.Contains(v.outbound(), "before") })
	w.stopApp()
	lost := say("lost one")
	say("lost two")
	w.failedHooks(2)
	w.startAgain(nil)
	w.until("what was lost", func() bool { return len(v.outbound()) == 3 })
	say("after")
	w.until("the message after", func() bool { return len(v.outbound()) >= 4 })
	if got, want := v.outbound(), []string{"before", "lost one", "lost two", "after"}; !slices.Equal(got, want) {
		t.Errorf("the visitor has %q, want %q", got, want)
	}
	h := v.history()
	last := h[len(h)-1]
	v.receipt(last.Seq, last.Seq)
	w.eventually("the status of a healed message", func() bool { m, _ := w.box.Message(lost.ID); return m.Status == 2 })
	w.noBreaches()
}

// TestGapOfManyConversations: each that was going on is asked for, at a pace.
func TestGapOfManyConversations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	button, hash := w.connected()
	const people = 12
	var all []*visitor
	for i := range people {
		v := w.visit(button, hash)
		v.write(uuidN(i+1), fmt.Sprintf("visitor %d", i))
		all = append(all, v)
	}
	w.eventually("the messages", func() bool { return len(w.box.Chats(accountID)) == people })
	w.stopApp()
	want := map[string]string{}
	for _, c := range w.box.Chats(accountID) {
		list := w.box.ChatMessages(c.ID)
		want[list[0].Text] = "for " + list[0].Text
		if _, err := w.box.OperatorSay(accountID, c.ID, "for "+list[0].Text); err != nil {
			t.Fatal(err)
		}
	}
	w.failedHooks(people)
	w.startAgain(nil)
	for i, v := range all {
		mine := fmt.Sprintf("visitor %d", i)
		w.until("the answer to "+mine, func() bool { return slices.Equal(v.outbound(), []string{want[mine]}) })
	}
	asked := len(w.histories())
	if asked < people || asked > 2*people {
		t.Errorf("the history was asked %d times for %d conversations", asked, people)
	}
	w.noBreaches()
}

// TestGapOfADeadScope: nobody says that a channel was cut off; the first refusal
// connects it anew, and the history gives what operators wrote meanwhile (C §5.2).
func TestGapOfADeadScope(t *testing.T) {
	t.Parallel()
	w, v, chat := opened(t, setup{})
	if !w.box.DropConnection(scope) {
		t.Fatal("there was no connection")
	}
	if _, err := w.box.OperatorSay(accountID, chat.ID, "written into the void"); err != nil {
		t.Fatal(err)
	}
	v.write(uuidN(2), "are you there?")
	w.eventually("the visitor's message", func() bool { return len(w.inbox(sandbox.Inbound)) == 2 })
	w.until("the operator's", func() bool { return slices.Equal(v.outbound(), []string{"written into the void"}) })
}

// TestOldHooksBecomeWhole: v1 hooks reach the visitor, the account is connected
// with v2, and the history gives the messages the ids by which their status is
// reported (C §4.7, design.md §2).
func TestOldHooksBecomeWhole(t *testing.T) {
	t.Parallel()
	w, v, chat := opened(t, setup{})
	w.box.SetVariants(func(v *sandbox.Variants) { v.HookVersion = "v1" })
	said, err := w.box.OperatorSay(accountID, chat.ID, "in the old form")
	if err != nil {
		t.Fatal(err)
	}
	w.until("the old hook's message", func() bool { return slices.Contains(v.outbound(), "in the old form") })
	// It is read at once; nothing can be reported until the history tells its id.
	h := v.history()
	v.receipt(h[len(h)-1].Seq, h[len(h)-1].Seq)
	w.eventually("the status of the old hook's message", func() bool { m, _ := w.box.Message(said.ID); return m.Status == 2 })
	if got := v.outbound(); !slices.Equal(got, []string{"in the old form"}) {
		t.Errorf("the visitor has %q: the history doubled it", got)
	}
	w.noBreaches()
}

// histories are the requests for a chat's history so far.
func (w *world) histories() []sandbox.Exchange {
	return slices.DeleteFunc(w.box.Traffic(), func(e sandbox.Exchange) bool { return !strings.HasSuffix(e.Path, "/history") })
}

// failedHooks waits until n hooks found nobody.
func (w *world) failedHooks(n int) {
	w.t.Helper()
	w.eventually("the hooks to fail", func() bool {
		failed := 0
		for _, h := range w.box.Hooks() {
			if h.Kind == "message" && h.Outcome == "failed" {
				failed++
			}
		}
		return failed >= n
	})
}

// startAgain starts the server that was stopped.
func (w *world) startAgain(now func() time.Time) {
	w.t.Helper()
	w.transport.CloseIdleConnections()
	w.startApp(now)
}

// TestReturnHealsWhatIsOlder: a conversation in which nothing was said for long is
// asked for when its visitor comes back (design.md §2).
func TestReturnHealsWhatIsOlder(t *testing.T) {
	t.Parallel()
	var c clock
	w, v, chat := opened(t, setup{now: c.now})
	w.stopApp()
	c.advance(w.box, 20*24*time.Hour)
	w.startAgain(c.now)
	healed := func() bool {
		gaps, err := w.app.store.Gaps().Gaps(t.Context())
		return err == nil && len(gaps) == 0
	}
	w.until("the gap of twenty days to be asked for", func() bool { return len(w.histories()) == 1 && healed() })
	w.stopApp()
	if _, err := w.box.OperatorSay(accountID, chat.ID, "are you still interested?"); err != nil {
		t.Fatal(err)
	}
	w.failedHooks(1)
	c.advance(w.box, time.Minute)
	w.startAgain(c.now)
	w.until("the gap to be closed", healed)
	if n := len(w.histories()); n != 1 {
		t.Errorf("a conversation without a word in weeks was asked for %d times before its visitor came", n-1)
	}
	// The page begins a session anew: streams want a ticket of the last day.
	button, err := w.app.store.OnlineChats().Button(t.Context(), chatid.ButtonKey(v.button))
	if err != nil {
		t.Fatal(err)
	}
	v.session(v.ticket(button.Hash), v.token)
	stream := v.listen()
	w.until("what was written meanwhile", func() bool { _, ok := stream.find("are you still interested?"); return ok })
	w.noBreaches()
}

// TestGapInAFormerChat: an operator who writes in a chat that the conversation has
// left, while hooks are lost, is heard too.
func TestGapInAFormerChat(t *testing.T) {
	t.Parallel()
	w, v, first := opened(t, setup{})
	stream := v.listen()
	said, err := w.box.BeginChat(scope, sandbox.FirstMessage{ContactID: w.cardOf(first), Phone: "+79990001122", Content: sandbox.Content{Type: "text", Text: "in a new chat"}})
	if err != nil {
		t.Fatal(err)
	}
	w.until("the new chat", func() bool { _, ok := stream.find("in a new chat"); return ok })
	w.stopApp()
	for _, chat := range []string{first.ID, said.ChatID} {
		if _, err := w.box.OperatorSay(accountID, chat, "lost in "+chat); err != nil {
			t.Fatal(err)
		}
	}
	w.failedHooks(2)
	w.startAgain(nil)
	w.until("both", func() bool {
		_, one := stream.find("lost in " + first.ID)
		_, two := stream.find("lost in " + said.ChatID)
		return one && two
	})
	// Reading what is old moves the conversation nowhere.
	v.write(uuidN(2), "answer")
	w.eventually("the answer in the present chat", func() bool {
		return slices.Equal(textsOf(w.box.ChatMessages(said.ChatID), sandbox.Inbound), []string{"answer"})
	})
	w.noBreaches()
}
