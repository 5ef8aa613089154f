package app

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"leadline/backend/sandbox"
)

// TestKilledServerLosesAndDoublesNothing kills the server six times, with
// SIGKILL and at seeded moments, while visitors and operators write: what was
// acknowledged stands once and in order on the other side (design.md §2).
func TestKilledServerLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	const visitors, each, kills = 8, 40, 6
	m := newMortal(t, mortalSetup{})
	m.start()
	button, hash := m.connect(m.box.Accounts()[0])
	people := make([]*visitor, visitors)
	for i := range people {
		people[i] = &visitor{w: m.world, base: m.chatURL, button: button}
		people[i].session(people[i].ticket(hash), "")
		people[i].write(uuidN(1000*i), fmt.Sprintf("visitor %d message 0", i))
	}
	m.eventually("a chat of each visitor", func() bool { return len(m.box.Chats(accountID)) == visitors })

	var acknowledged atomic.Int64
	var writing sync.WaitGroup
	for i, v := range people {
		writing.Go(func() {
			for n := 1; n < each; n++ {
				id, text := uuidN(1000*i+n), fmt.Sprintf("visitor %d message %d", i, n)
				if !v.insist(id, text) {
					t.Errorf("%q was not taken", text)
					return
				}
				acknowledged.Add(1)
			}
		})
	}
	stop := make(chan struct{})
	var saying sync.WaitGroup
	saying.Go(func() {
		tick := time.NewTicker(4 * time.Millisecond) // people type; the server is up or not
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			chat := m.box.Chats(accountID)[n%visitors].ID
			if _, err := m.box.OperatorSay(accountID, chat, fmt.Sprintf("operator %d", n)); err != nil {
				t.Error(err)
			}
		}
	})

	dice := rand.New(rand.NewPCG(7, 11))
	for k := range kills {
		// In turn: killed with everything waiting, in the middle of deliveries, and
		// with answers on their way.
		m.box.SetFaults(func(f *sandbox.Faults) {
			f.AmojoStatus, f.AmojoCount, f.AmojoDelayMS, f.AmojoCutAfter = 0, 0, 0, 0
			switch k % 3 {
			case 0:
				f.AmojoStatus, f.AmojoCount = 503, -1
			case 1:
				f.AmojoDelayMS = 100
			case 2:
				f.AmojoDelayMS, f.AmojoCutAfter = 20, 3
			}
		})
		next := min(acknowledged.Load()+8+dice.Int64N(40), visitors*(each-1))
		m.until("the next kill", func() bool { return t.Failed() || acknowledged.Load() >= next })
		m.kill()
		m.start()
	}
	m.box.SetFaults(func(f *sandbox.Faults) { *f = sandbox.Faults{} })
	writing.Wait()
	close(stop)
	saying.Wait()
	if t.Failed() {
		return
	}
	m.eventually("all messages in the inbox and all hooks sent", func() bool {
		// The CRM's own webhooks are repeated after minutes; nothing depends on them.
		waiting := slices.ContainsFunc(m.box.Hooks(), func(h sandbox.HookRecord) bool { return h.Outcome == "waiting" && h.Kind != "crm" })
		return !waiting && len(m.inbox(sandbox.Inbound)) >= visitors*each
	})
	m.compare(people, each)
	m.noBreaches()
}

// insist writes like visitor.write, but may be called beside the test's own
// goroutine: it reports instead of ending the test.
func (v *visitor) insist(clientID, text string) bool {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.After(60 * time.Second)
	for {
		a, err := v.w.trySend("POST", v.base+"/v1/messages", v.auth(), map[string]any{"client_id": clientID, "text": text})
		if err == nil && a.status == http.StatusOK {
			return true
		}
		if err == nil && a.status < 500 && a.status != http.StatusTooManyRequests {
			v.w.t.Errorf("write %q: %d %s", text, a.status, a.body)
			return false
		}
		select {
		case <-tick.C:
		case <-end:
			return false
		}
	}
}

// compare holds both sides against each other, conversation by conversation.
func (m *mortal) compare(people []*visitor, each int) {
	m.t.Helper()
	delivered := map[string]string{} // amojo message id → hook's outcome
	for _, h := range m.box.Hooks() {
		if h.Kind == "message" {
			delivered[h.MessageID] = h.Outcome
		}
	}
	answered := 0
	for i, v := range people {
		var want []string
		for n := range each {
			want = append(want, fmt.Sprintf("visitor %d message %d", i, n))
		}
		var chat string
		for _, msg := range m.box.Messages(accountID) {
			if msg.Text == want[0] {
				chat = msg.ChatID
			}
		}
		there := m.box.ChatMessages(chat)
		slices.SortFunc(there, func(a, b sandbox.Message) int { return int(a.Seq - b.Seq) })
		var arrived []string
		for _, msg := range there {
			if msg.Direction == sandbox.Inbound {
				arrived = append(arrived, msg.Text)
			}
		}
		if !slices.Equal(arrived, want) {
			m.t.Errorf("conversation %d arrived as %q", i, arrived)
		}
		if shown := textsOf(there, sandbox.Inbound); !slices.Equal(shown, want) {
			m.t.Errorf("conversation %d is shown as %q", i, shown)
		}
		here := map[string]int{}
		var own []string
		for _, msg := range v.all() {
			here[msg.Text]++
			if msg.Direction == "inbound" {
				own = append(own, msg.Text)
			}
		}
		if !slices.Equal(own, want) {
			m.t.Errorf("the history of visitor %d has %q", i, own)
		}
		for _, msg := range there {
			if !msg.FromCRM {
				continue
			}
			n := here[msg.Text]
			// A hook that was cut off may have been stored, but never twice.
			if n > 1 || delivered[msg.ID] == "delivered" && n != 1 {
				m.t.Errorf("%q stands %d times in the history; its hook was %s", msg.Text, n, delivered[msg.ID])
			}
			if delivered[msg.ID] == "delivered" {
				answered++
			}
		}
	}
	if answered == 0 {
		m.t.Error("no hook was answered: nothing was tested")
	}
	m.t.Logf("%d hooks answered with 200", answered)
}

// all reads the whole transcript, page by page.
func (v *visitor) all() []message {
	v.w.t.Helper()
	var list []message
	before := ""
	for {
		h := v.page("limit=100" + before)
		list = append(h.Messages, list...)
		if !h.More || len(h.Messages) == 0 {
			return list
		}
		before = fmt.Sprintf("&before=%d.%d", h.Messages[0].At, h.Messages[0].Seq)
	}
}

// transcript is one page of a history.
type transcript struct {
	Messages []message
	Cursor   int64
	More     bool
}

// page reads one page, as soon as the visitor's budget of requests allows.
func (v *visitor) page(query string) (p transcript) {
	v.w.t.Helper()
	until(v.w.t, "a page of history", func() bool {
		a := v.w.send("GET", v.base+"/v1/messages?"+query, v.auth(), nil)
		if a.status == http.StatusTooManyRequests {
			return false
		}
		if a.status != http.StatusOK {
			v.w.t.Fatalf("history: %d %s", a.status, a.body)
		}
		a.into(v.w.t, &p)
		return true
	})
	return p
}
