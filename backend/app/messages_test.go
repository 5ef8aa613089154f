package app

import (
	"fmt"
	"slices"
	"testing"

	"leadline/backend/sandbox"
)

// TestMessagesBothWays is the plain way over HTTP: visitor, backend, sandbox,
// hook, visitor, with the statuses that the operator sees.
func TestMessagesBothWays(t *testing.T) {
	t.Parallel()
	messagesBothWays(t, setup{login: true})
}

func messagesBothWays(t *testing.T, s setup) {
	t.Helper()
	w := newWorld(t, s)
	v := w.visit(w.connected())
	stream := v.listen()

	sent := v.write(uuidN(1), "Is it still available?")
	if sent.Status != "sent" || sent.Direction != "inbound" {
		t.Errorf("accepted as %+v", sent)
	}
	w.eventually("the message in the inbox", func() bool { return len(w.inbox(sandbox.Inbound)) == 1 })
	chat := w.box.Chats(accountID)[0]
	if got := w.box.Messages(accountID)[0]; got.MsgID != sent.ID || got.Msec != sent.At {
		t.Errorf("the CRM has msgid %s at %d, want %s at %d (C §3.4.2)", got.MsgID, got.Msec, sent.ID, sent.At)
	}
	// The same client id again is the same message (exactly once).
	if again := v.write(uuidN(1), "Is it still available?"); again.ID != sent.ID {
		t.Errorf("a resend became message %s, want %s", again.ID, sent.ID)
	}

	said, err := w.box.OperatorSay(accountID, chat.ID, "Yes, two left.")
	if err != nil {
		t.Fatal(err)
	}
	w.until("the answer on the stream", func() bool { _, ok := stream.find("Yes, two left."); return ok })
	got, _ := stream.find("Yes, two left.")
	if got.Direction != "outbound" || got.Author == nil || got.Author.Name != "Oleg Admin" || got.At != said.Msec {
		t.Errorf("the visitor got %+v, want the operator's words at %d", got, said.Msec)
	}
	v.receipt(got.Seq, 0)
	w.eventually("status 1 (C §3.5)", func() bool { m, _ := w.box.Message(said.ID); return m.Status == 1 })
	v.receipt(got.Seq, got.Seq)
	v.receipt(got.Seq, got.Seq) // a repeat reports nothing
	w.eventually("status 2", func() bool { m, _ := w.box.Message(said.ID); return m.Status == 2 })
	if m, _ := w.box.Message(said.ID); !slices.Equal(m.Statuses, []int64{1, 2}) {
		t.Errorf("statuses %v reached the CRM, want each once", m.Statuses)
	}

	if h := v.history(); len(h) != 2 || h[0].Text != "Is it still available?" || h[1].Text != "Yes, two left." {
		t.Errorf("history = %+v", h)
	}
	w.noBreaches()
}

// TestFaultsLoseAndDoubleNothing writes through every fault of the issue at
// once; in the end each message stands once and in order on both sides.
func TestFaultsLoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	for _, duplicate := range []int{400, 200, 409} { // C §3.4.5: all three answers to a repeated msgid
		t.Run(fmt.Sprintf("a repeated msgid is answered %d", duplicate), func(t *testing.T) {
			t.Parallel()
			loseAndDoubleNothing(t, setup{login: true}, duplicate)
		})
	}
}

func loseAndDoubleNothing(t *testing.T, s setup, duplicate int) {
	t.Helper()
	w := newWorld(t, s)
	w.box.SetVariants(func(v *sandbox.Variants) { v.DuplicateMsgID = duplicate })
	v := w.visit(w.connected())
	stream := v.listen()
	var want []string
	say := func(n int) {
		text := fmt.Sprintf("visitor %d", n)
		want = append(want, text)
		v.write(uuidN(n), text)
	}
	arrived := func() {
		t.Helper()
		w.eventually(fmt.Sprintf("%d messages in the inbox", len(want)), func() bool { return len(w.inbox(sandbox.Inbound)) >= len(want) })
	}

	// The very first message is cut after it was stored: its chat is not known.
	w.box.SetFaults(func(f *sandbox.Faults) { f.AmojoCutAfter = 1 })
	say(1)
	arrived()
	say(2)
	arrived()
	w.box.SetFaults(func(f *sandbox.Faults) { f.AmojoStatus, f.AmojoCount = 503, 2 })
	say(3)
	say(4)
	arrived()
	w.box.SetFaults(func(f *sandbox.Faults) { f.AmojoCutAfter = 2 })
	say(5)
	say(6)
	arrived()
	w.box.SetFaults(func(f *sandbox.Faults) { f.AmojoStatus, f.AmojoCount, f.AmojoRetryAfter = 429, 1, 1 })
	say(7)
	arrived()
	w.box.SetFaults(func(f *sandbox.Faults) { f.AmojoCutBefore = 1 })
	say(8)
	arrived()

	// Hooks: each twice, then held and let go in the reverse order.
	chat := w.box.Chats(accountID)[0].ID
	w.box.SetFaults(func(f *sandbox.Faults) { f.HookCopies = 2; f.HookHold = true })
	var answers []string
	for n := range 5 {
		text := fmt.Sprintf("operator %d", n)
		answers = append(answers, text)
		if _, err := w.box.OperatorSay(accountID, chat, text); err != nil {
			t.Fatal(err)
		}
	}
	w.box.SetFaults(func(f *sandbox.Faults) { f.HookHold = false })
	w.box.ReleaseHooks(true)
	w.until("all answers on the stream", func() bool { return len(stream.texts("outbound")) >= len(answers) })
	w.eventually("the repeats", func() bool {
		n := 0
		for _, h := range w.box.Hooks() {
			if h.Kind == "message" && h.Outcome == "delivered" {
				n++
			}
		}
		return n == 3*len(answers)
	})
	say(9) // behind everything else in its lane
	arrived()

	if got := w.inbox(sandbox.Inbound); !slices.Equal(got, want) {
		t.Errorf("the inbox has %q, want %q", got, want)
	}
	if got := stream.texts("outbound"); !slices.Equal(got, answers) {
		t.Errorf("the visitor has %q, want %q", got, answers)
	}
	if n := len(w.box.Chats(accountID)); n != 1 {
		t.Errorf("%d chats in the CRM, want one", n)
	}
	for _, m := range v.history() {
		if m.Status == "error" {
			t.Errorf("the visitor is told that %q failed, while it stands in the CRM", m.Text)
		}
	}
	if n := len(v.history()); n != len(want)+len(answers) {
		t.Errorf("%d messages in the history, want %d", n, len(want)+len(answers))
	}
	w.noBreaches()
}

// TestRefusedMessageIsShownToTheVisitor: a final refusal (400, not a repeat) is
// parked, the visitor is told, and the lane goes on.
func TestRefusedMessageIsShownToTheVisitor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	v := w.visit(w.connected())
	stream := v.listen()
	v.write(uuidN(1), "first")
	w.eventually("the first message", func() bool { return len(w.inbox(sandbox.Inbound)) == 1 })
	// Every answer of the next requests is 400: the message, and nothing else
	// needs one while history is read with the fault used up.
	w.box.SetFaults(func(f *sandbox.Faults) { f.AmojoStatus, f.AmojoCount = 400, 1 })
	v.write(uuidN(2), "refused")
	w.until("the error on the stream", func() bool { m, ok := stream.find("refused"); return ok && m.Status == "error" })
	m, _ := stream.find("refused")
	if m.Error == nil || m.Error.Code != "refused_by_crm" || m.Error.Message == "" {
		t.Errorf("the visitor is told %+v", m.Error)
	}
	v.write(uuidN(3), "third")
	w.eventually("the third message", func() bool { return len(w.inbox(sandbox.Inbound)) == 2 })
	if got, want := w.inbox(sandbox.Inbound), []string{"first", "third"}; !slices.Equal(got, want) {
		t.Errorf("the inbox has %q, want %q", got, want)
	}
}

// TestRestartKeepsEverything: the backend is stopped in order while the chats
// service is away, and delivers after it came back.
func TestRestartKeepsEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	v := w.visit(w.connected())
	v.write(uuidN(1), "one")
	w.eventually("the first message", func() bool { return len(w.inbox(sandbox.Inbound)) == 1 })
	w.box.SetFaults(func(f *sandbox.Faults) { f.AmojoStatus, f.AmojoCount = 503, -1 })
	v.write(uuidN(2), "two")
	v.write(uuidN(3), "three")
	w.restart()
	w.box.SetFaults(func(f *sandbox.Faults) { f.AmojoCount = 0 })
	v.write(uuidN(4), "four")
	w.eventually("all messages", func() bool { return len(w.inbox(sandbox.Inbound)) == 4 })
	if got, want := w.inbox(sandbox.Inbound), []string{"one", "two", "three", "four"}; !slices.Equal(got, want) {
		t.Errorf("the inbox has %q, want %q", got, want)
	}
	w.noBreaches()
}
