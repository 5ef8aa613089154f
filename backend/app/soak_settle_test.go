package app

import (
	"cmp"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"leadline/backend/config"
	"leadline/backend/sandbox"
)

// settle waits until everything has found its end, and compares.
func (s *soak) settle() {
	s.t.Helper()
	parked := map[string]bool{}
	if !s.wait("each message to arrive or to be parked", func() (missing []string) {
		parked = s.parkedIDs()
		for _, c := range s.people {
			if wrote := c.written(); c.arrived(wrote)+among(wrote, parked) != len(wrote) {
				missing = append(missing, fmt.Sprintf("conversation %d", c.n))
			}
		}
		return missing
	}) {
		return
	}
	s.compareParked(parked)
	if !s.wait("what was parked, after it was sent again", func() (missing []string) {
		for _, c := range s.people {
			if wrote := c.written(); c.arrived(wrote) != len(wrote) {
				missing = append(missing, fmt.Sprintf("conversation %d", c.n))
			}
		}
		return missing
	}) {
		return
	}

	s.hooks = slices.DeleteFunc(s.box.Hooks(), func(h sandbox.HookRecord) bool { return h.Kind != "reaction" })
	// What hooks lost while nothing else went wrong is found after the next outage.
	s.stop()
	s.start()
	reports := func() (missing []string) {
		for _, c := range s.people {
			missing = append(missing, c.differences()...)
		}
		return missing
	}
	if !s.wait("both sides to be equal", reports) {
		return
	}
	for _, c := range s.people {
		c.seen()
	}
	s.wait("all read and nothing left to do", func() (missing []string) {
		for _, c := range s.people {
			missing = append(missing, c.unread()...)
		}
		return append(missing, s.unfinished()...)
	})
	// A last look: nothing may have come a second time meanwhile.
	for _, d := range reports() {
		s.t.Error(d)
	}
	for _, a := range s.box.Accounts() {
		if n := len(s.box.Chats(a.ID)); n != len(s.people)/soakAccounts {
			s.t.Errorf("account %d has %d chats, want one for each of %d conversations", a.ID, n, len(s.people)/soakAccounts)
		}
	}
	s.noBreaches()
	s.stop()
}

func among(list []message, set map[string]bool) (n int) {
	for _, m := range list {
		if set[m.ID] {
			n++
		}
	}
	return n
}

// beside opens the database next to the running server.
func (s *soak) beside(look func(*App)) {
	s.t.Helper()
	cfg, err := config.Load(s.environ)
	if err != nil {
		s.t.Fatal(err)
	}
	a, err := New(s.t.Context(), cfg, Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		s.t.Fatal(err)
	}
	look(a)
	if err := a.Close(); err != nil {
		s.t.Error(err)
	}
}

// parkedIDs are the messages that the host's tool lists as parked.
func (s *soak) parkedIDs() map[string]bool {
	s.t.Helper()
	ids := map[string]bool{}
	cfg, err := config.Load(s.environ)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, account := range s.box.Accounts() {
		p, err := OpenParking(s.t.Context(), cfg, slog.New(slog.DiscardHandler), account.ID)
		if err != nil {
			s.t.Fatal(err)
		}
		list, err := p.List(s.t.Context())
		if err != nil {
			s.t.Error(err)
		}
		for _, m := range list {
			ids[string(m.Message)] = true
		}
		if err := p.Close(); err != nil {
			s.t.Error(err)
		}
	}
	return ids
}

// compareParked holds that only conversations that were refused have parked
// messages, that their visitors see exactly those as failed, and sends all again.
func (s *soak) compareParked(parked map[string]bool) {
	s.t.Helper()
	for _, c := range s.people {
		n := 0
		for _, m := range c.v.all() {
			if failed := m.Status == "error"; failed != parked[m.ID] {
				s.t.Errorf("conversation %d: %q is shown as %s, parked: %v", c.n, m.Text, m.Status, parked[m.ID])
			}
			if parked[m.ID] {
				n++
			}
		}
		if n > 0 && !slices.Contains(s.single, c.n) {
			s.t.Errorf("conversation %d has %d parked messages, and none was refused", c.n, n)
		}
	}
	s.counts["parked and sent again"] = len(parked)
	for _, a := range s.box.Accounts() {
		if got := s.send("POST", s.appURL+"/widget/v1/parked/all/resend", s.admin(a), map[string]string{}); got.status != 200 {
			s.t.Errorf("resend all: %d %s", got.status, got.body)
		}
	}
}

// unfinished tells what the outbox, the healing and the hooks have left.
func (s *soak) unfinished() (left []string) {
	s.t.Helper()
	s.beside(func(a *App) {
		if at, due, err := a.store.Outbox().NextDue(s.t.Context()); due || err != nil {
			left = append(left, fmt.Sprintf("a job, due at %v, %v", at, err))
		}
		if gaps, err := a.store.Gaps().Gaps(s.t.Context()); len(gaps) > 0 || err != nil {
			left = append(left, fmt.Sprintf("%d gaps, %v", len(gaps), err))
		}
	})
	if n := len(slices.DeleteFunc(s.box.Hooks(), func(h sandbox.HookRecord) bool { return h.Outcome != "waiting" || h.Kind == "crm" })); n > 0 {
		left = append(left, fmt.Sprintf("%d hooks on their way", n))
	}
	return left
}

// line is a message as either side has it.
type line struct {
	direction, kind, text, name string
	at                          int64
	edited                      bool
	visitor                     string // their reaction
}

func (l line) String() string {
	return fmt.Sprintf("%s %s %q %s at %d, edited %v, reaction %q", l.direction, l.kind, l.text, l.name, l.at, l.edited, l.visitor)
}

// inLine orders by time; what has the same millisecond keeps its order within one
// direction, which is all that two clocks can tell.
func inLine(list []line) []line {
	slices.SortStableFunc(list, func(a, b line) int { return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.direction, b.direction)) })
	return list
}

// there is the conversation as operators have it.
func (c *talker) there() (list []line) {
	for _, m := range c.s.box.ChatMessages(c.chat.ID) {
		l := line{direction: m.Direction, kind: m.Type, text: m.Text, name: m.FileName, at: m.Msec, edited: m.Edited}
		if m.Direction == sandbox.Outbound {
			l.visitor = m.Reactions[c.chat.Participant]
		}
		list = append(list, l)
	}
	return inLine(list)
}

// here makes lines of what the visitor has, in the order of the transcript.
func here(messages []message) (list []line) {
	slices.SortFunc(messages, func(a, b message) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Seq, b.Seq)) })
	for _, m := range messages {
		l := line{direction: m.Direction, kind: m.Kind, text: m.Text, at: m.At, edited: m.EditedAt != 0}
		if m.File != nil {
			l.name = m.File.Name
		}
		if i := slices.IndexFunc(m.Reactions, func(r struct{ Emoji, By string }) bool { return r.By == "visitor" }); i >= 0 && m.Direction == "outbound" {
			l.visitor = m.Reactions[i].Emoji
		}
		list = append(list, l)
	}
	return inLine(list)
}

// differences tells what is not the same here, there, on the visitor's stream, and
// in what both sides did.
func (c *talker) differences() (list []string) {
	say := func(format string, args ...any) {
		list = append(list, fmt.Sprintf("conversation %d: ", c.n)+fmt.Sprintf(format, args...))
	}
	history := c.v.all()
	there, mine := c.there(), here(history)
	if d := firstDifference(there, mine); d != "" {
		say("the CRM and the history: %s", d)
	}
	c.stream.mu.Lock()
	var streamed []message
	for _, m := range c.stream.byID {
		streamed = append(streamed, m)
	}
	c.stream.mu.Unlock()
	if d := firstDifference(mine, here(streamed)); d != "" {
		say("the history and the stream: %s", d)
	}
	var inbound, outbound, wrote, said []string
	for _, l := range there {
		if l.direction == sandbox.Inbound {
			inbound = append(inbound, l.text)
		} else {
			outbound = append(outbound, l.text)
		}
	}
	for _, m := range c.written() {
		wrote = append(wrote, m.Text)
	}
	for _, m := range c.said {
		said = append(said, m.Text)
	}
	if !slices.Equal(inbound, wrote) {
		say("the CRM has of the visitor %q, acknowledged was %q", inbound, wrote)
	}
	if !slices.Equal(outbound, said) {
		say("the CRM has of its operators %q, they wrote %q", outbound, said)
	}
	for _, m := range history {
		if want := c.reacted[m.ID]; m.Direction == "outbound" && !slices.ContainsFunc(m.Reactions, func(r struct{ Emoji, By string }) bool { return r.By == "visitor" && r.Emoji == want }) && want != "" {
			say("the visitor's reaction %s to %q is gone", want, m.Text)
		}
		if m.File != nil && m.File.State != "ready" {
			say("the file of %q is %s", m.Text, m.File.State)
		}
		if m.Status == "error" {
			say("%q is shown as failed", m.Text)
		}
	}
	return append(list, c.operatorReactions(history)...)
}

// operatorReactions compares those whose hooks were answered: the history method
// does not tell reactions (C §3.8), so one that a hook lost is lost.
func (c *talker) operatorReactions(history []message) (list []string) {
	for _, m := range c.s.box.ChatMessages(c.chat.ID) {
		want := c.operators[m.ID]
		if len(want) == 0 {
			continue
		}
		i := slices.IndexFunc(history, func(x message) bool { return x.ID == m.MsgID })
		var got []string
		if i >= 0 {
			for _, r := range history[i].Reactions {
				got = append(got, r.Emoji)
			}
		}
		if delivered := c.s.delivered(m.ID); len(got) > 1 || delivered && !slices.Equal(got, want) || len(got) == 1 && got[0] != want[0] {
			list = append(list, fmt.Sprintf("conversation %d: operators reacted to %q with %q, here is %q, hook delivered: %v", c.n, m.Text, want, got, delivered))
		}
	}
	return list
}

// delivered tells whether a reaction's hook was answered with 200.
func (s *soak) delivered(message string) bool {
	return slices.ContainsFunc(s.hooks, func(h sandbox.HookRecord) bool {
		return h.Kind == "reaction" && h.MessageID == message && h.Outcome == "delivered"
	})
}

func firstDifference(a, b []line) string {
	for i := range max(len(a), len(b)) {
		switch {
		case i >= len(a):
			return fmt.Sprintf("only the second has %v", b[i])
		case i >= len(b):
			return fmt.Sprintf("only the first has %v", a[i])
		case a[i] != b[i]:
			return fmt.Sprintf("number %d is %v and %v", i, a[i], b[i])
		}
	}
	return ""
}

// seen reports that the visitor has read everything.
func (c *talker) seen() {
	last := int64(0)
	for _, m := range c.v.all() {
		last = max(last, m.Seq)
	}
	c.v.receipt(last, last)
}

// unread are operators' messages whose status is not "read", or went back.
func (c *talker) unread() (list []string) {
	for _, m := range c.s.box.ChatMessages(c.chat.ID) {
		if m.FromCRM && m.Status != 2 {
			list = append(list, fmt.Sprintf("conversation %d: %q has status %d", c.n, m.Text, m.Status))
		}
		if !slices.IsSorted(m.Statuses) {
			c.s.t.Errorf("conversation %d: the statuses of %q went back: %v", c.n, m.Text, m.Statuses)
		}
	}
	return list
}
