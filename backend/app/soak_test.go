package app

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"leadline/backend/sandbox"
	"leadline/backend/store/pgtest"
)

// soakFor and soakSeed are the environment of the long form (`make check-long`): how
// long people write, and whose throws come again.
const (
	soakFor  = "LEADLINE_SOAK"
	soakSeed = "LEADLINE_SOAK_SEED"
)

const soakAccounts = 5

// soak is many conversations in several accounts while everything goes wrong.
type soak struct {
	*mortal
	gate     *failingGate
	seed     uint64
	pace     time.Duration // between two words of one person, about
	phase    time.Duration // how long one kind of trouble lasts
	patience time.Duration // for what must come in the end
	promptly time.Duration // for what must not wait for others: leases and short pauses, no more
	people   []*talker
	single   []int // numbers of the conversations that fail by themselves: one refused, one cut
	picture  []byte
	hooks    []sandbox.HookRecord // of reactions, when all was said

	mu     sync.Mutex
	counts map[string]int
	last   int64 // of the sandbox's traffic that was counted
}

func (s *soak) count(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[what]++
}

// TestSoak: visitors and operators of five accounts write, quote, edit, react and
// send files while the chats service fails at random, hooks are lost, repeated and
// late, single conversations and whole accounts are stuck, and the server is killed
// at random moments. No healthy conversation waits for a stuck one, and in the end
// the CRM and the visitors have the same, each message once and in order (design.md
// §2). A few seconds with few conversations; minutes with 200 by `make check-long`.
func TestSoak(t *testing.T) {
	t.Parallel()
	runSoak(t, "", 6, 9*time.Second)
}

// TestSoakOnPostgres is the same on the other database; the short form is shorter,
// since the claims of a killed server end by their leases there.
func TestSoakOnPostgres(t *testing.T) {
	t.Parallel()
	runSoak(t, pgtest.DSN(t, nil), 3, 5*time.Second)
}

func runSoak(t *testing.T, database string, each int, length time.Duration) {
	t.Helper()
	phase, pace := 3*time.Second, 800*time.Millisecond
	if v := os.Getenv(soakFor); v != "" {
		d, err := time.ParseDuration(v)
		if err != nil {
			t.Fatalf("%s: %v", soakFor, err)
		}
		length, phase, pace, each = d, 12*time.Second, 5*time.Second, 40
	}
	seed := uint64(time.Now().UnixNano()) //nolint:gosec // any number will do
	if v := os.Getenv(soakSeed); v != "" {
		n, err := strconv.ParseUint(v, 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", soakSeed, err)
		}
		seed = n
	}
	t.Logf("%s=%d", soakSeed, seed)

	g := &failingGate{counts: map[string]int{}}
	s := &soak{
		gate: g, seed: seed, pace: pace, phase: phase, patience: 5 * time.Minute, promptly: time.Minute, // longer than any wait, than a lease
		picture: sample(t, "glass.png"), counts: map[string]int{}, single: []int{each, 2 * each},
	}
	s.mortal = newMortal(t, mortalSetup{
		accounts: moreAccounts(soakAccounts - 1), database: database,
		between: func(next http.Handler) http.Handler { g.next = next; return g },
	})
	dice := s.dicer(0)
	s.box.SetVariants(func(v *sandbox.Variants) { v.DuplicateMsgID = []int{400, 200, 409}[dice.IntN(3)] })
	s.start()
	begun := time.Now()
	s.gather(each)
	if t.Failed() {
		return
	}

	patience, giveUp := context.WithTimeout(t.Context(), length+s.patience)
	defer giveUp()
	done, finish := context.WithTimeout(t.Context(), length)
	defer finish()
	var acting sync.WaitGroup
	for _, c := range s.people {
		acting.Go(func() { c.talk(done, patience) })
		acting.Go(func() {
			reading := s.dicer(len(s.people) + c.n) // throws of its own: the same visitor writes meanwhile
			for c.between(done, reading) {
				c.read()
			}
		})
	}
	for i := range soakAccounts {
		acting.Go(func() { s.operate(done, s.people[i*each:(i+1)*each], s.dicer(-1-i)) })
	}
	for round := 0; done.Err() == nil && !t.Failed(); round++ {
		s.storm(done, dice)
		s.stuck(done, dice, round)
	}
	finish()
	s.calm()
	acting.Wait()
	s.tally()
	if !t.Failed() {
		s.settle()
	}
	s.summary(begun)
}

// moreAccounts are n companies beside the first.
func moreAccounts(n int) (list []sandbox.Account) {
	for i := 1; i <= n; i++ {
		list = append(list, sandbox.Account{
			ID: accountID + int64(i), Product: sandbox.ProductDev, Subdomain: fmt.Sprintf("company%d", i), Name: fmt.Sprintf("Company %d", i),
			AmojoID: fmt.Sprintf("8e9e2c44-61f3-4f0a-8b27-93c5e0a4d6%02d", i), Language: "en",
			Users: []sandbox.User{{
				ID: adminID + int64(1000*i), Name: fmt.Sprintf("Admin %d", i), Login: fmt.Sprintf("admin%d@example.org", i),
				AmojoID: fmt.Sprintf("6c8e5a70-1d42-4f9b-b6e3-90a7d2c4f8%02d", i), Language: "en", Admin: true,
			}},
			Pipelines: []sandbox.Pipeline{{ID: 1300 + int64(100*i), Name: "Main"}},
		})
	}
	return list
}

// gather connects the accounts, and lets every visitor write the first message,
// while the chats service fails already.
func (s *soak) gather(each int) {
	s.t.Helper()
	for _, a := range s.box.Accounts() {
		button, hash := s.connect(a)
		for range each {
			c := &talker{
				s: s, n: len(s.people), account: a, dice: s.dicer(1 + len(s.people)),
				v:       &visitor{w: s.world, base: s.chatURL, button: button, address: address(len(s.people))},
				reacted: map[string]string{}, operators: map[string][]string{},
			}
			c.v.session(c.v.ticket(hash), "")
			s.people = append(s.people, c)
		}
	}
	s.box.SetFaults(s.trouble)
	for _, c := range s.people {
		if !c.write(s.t.Context(), map[string]any{}) {
			return
		}
		c.stream = c.v.listen()
	}
	s.wait("a chat of each visitor", func() (missing []string) {
		known := map[string]sandbox.Chat{}
		for _, a := range s.box.Accounts() {
			for _, chat := range s.box.Chats(a.ID) {
				for _, m := range s.box.ChatMessages(chat.ID) {
					known[m.MsgID] = chat
				}
			}
		}
		for _, c := range s.people {
			if c.chat = known[c.wrote[0].ID]; c.chat.ID == "" {
				missing = append(missing, strconv.Itoa(c.n))
			}
		}
		return missing
	})
}

// wait asks again and again until nothing is missing, for as long as patience lasts.
func (s *soak) wait(what string, missing func() []string) bool {
	s.t.Helper()
	return s.within(s.patience, what, missing)
}

func (s *soak) within(d time.Duration, what string, missing func() []string) bool {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), d)
	defer cancel()
	for {
		left := missing()
		if len(left) == 0 {
			return true
		}
		if !pause(ctx, 250*time.Millisecond) {
			s.t.Errorf("waited %v for %s; missing: %s", d, what, strings.Join(left[:min(len(left), 20)], "; "))
			return false
		}
	}
}

// trouble is what goes wrong at random in a storm.
func (s *soak) trouble(f *sandbox.Faults) {
	f.RandomSeed = s.seed
	f.Random503, f.Random429, f.RandomCutBefore, f.RandomCutAfter = 0.04, 0.01, 0.04, 0.04
	f.RandomSlow, f.RandomSlowMS = 0.05, 300
	f.RandomHookDrop, f.RandomHookCopy, f.RandomHookDelay, f.RandomHookDelayMS = 0.04, 0.08, 0.08, 700
}

// storm lets everything fail at random, and kills the server at a random moment.
func (s *soak) storm(done context.Context, dice interface{ Float64() float64 }) {
	s.box.SetFaults(s.trouble)
	at := time.Duration(dice.Float64() * float64(s.phase))
	pause(done, at)
	s.killed()
	pause(done, s.phase-at)
	s.tally()
}

func (s *soak) killed() {
	s.t.Helper()
	s.kill()
	s.count("kills")
	s.start()
}

// stuck shuts the gate for one account, refuses all messages of one conversation and
// cuts those of another. Everybody else's must get through while it is shut: before
// and after the server is killed with all of it waiting.
func (s *soak) stuck(done context.Context, dice interface{ Float64() float64 }, round int) {
	if done.Err() != nil {
		return
	}
	s.box.SetFaults(func(f *sandbox.Faults) {
		s.trouble(f)
		f.Random503, f.Random429, f.RandomCutBefore, f.RandomCutAfter = 0, 0, 0, 0
	})
	accounts := s.box.Accounts()
	away := accounts[round%len(accounts)]
	how := []string{"hang", "503", "429", "cut"}[round%4]
	s.gate.shut(away.AmojoID, how, map[string]string{
		s.people[s.single[0]].chat.ConversationID: "400", s.people[s.single[1]].chat.ConversationID: "cut",
	})
	s.passes(done, away, how)
	if dice.Float64() < 0.5 {
		s.killed()
		s.passes(done, away, how+", after a kill")
	}
	s.gate.release()
	s.tally()
}

// passes holds that of every healthy conversation something that was written after
// the gate was shut arrives while the stuck account's messages still wait.
func (s *soak) passes(done context.Context, away sandbox.Account, how string) {
	s.t.Helper()
	healthy := map[*talker]int{}
	for _, c := range s.people {
		if c.account.ID != away.ID && !slices.Contains(s.single, c.n) {
			healthy[c] = len(c.written())
		}
	}
	s.within(s.promptly, "the other accounts' messages while one is stuck ("+how+")", func() (missing []string) {
		for c, from := range healthy {
			switch wrote := c.written(); {
			case len(wrote) > from && c.arrived(wrote[from:]) > 0:
				delete(healthy, c)
			case len(wrote) > from || done.Err() == nil:
				missing = append(missing, fmt.Sprintf("conversation %d", c.n))
			}
		}
		waiting := false
		for _, c := range s.people {
			if wrote := c.written(); c.account.ID == away.ID && c.arrived(wrote) < len(wrote) {
				waiting = true
			}
		}
		if !waiting && done.Err() == nil {
			missing = append(missing, "a message that is stuck")
		}
		return missing
	})
}

// arrived counts those messages that the CRM has.
func (c *talker) arrived(list []message) (n int) {
	have := map[string]bool{}
	for _, m := range c.s.box.ChatMessages(c.chat.ID) {
		have[m.MsgID] = true
	}
	for _, m := range list {
		if have[m.ID] {
			n++
		}
	}
	return n
}

// calm ends all trouble.
func (s *soak) calm() {
	s.gate.release()
	s.box.SetFaults(func(f *sandbox.Faults) { *f = sandbox.Faults{} })
}

// tally counts what the sandbox's faults did since the last time.
func (s *soak) tally() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.box.Traffic() {
		if e.ID > s.last && e.Verdict == sandbox.Faulted {
			s.counts[fmt.Sprintf("requests failed: %s %d %s", e.Rule, e.Status, e.Detail)]++
		}
		s.last = max(s.last, e.ID)
	}
}

func (s *soak) summary(begun time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for how, n := range s.gate.failed() {
		s.counts["requests stuck: "+how] = n
	}
	for _, h := range s.box.Hooks() {
		what := fmt.Sprintf("hooks %s (%s)", h.Outcome, h.Kind)
		if h.Outcome == "answered" {
			what += " " + strconv.Itoa(h.Status)
		}
		s.counts[what]++
		if h.Copy > 0 {
			s.counts["hooks repeated"]++
		}
	}
	var list []string
	for _, what := range slices.Sorted(maps.Keys(s.counts)) {
		list = append(list, fmt.Sprintf("%s %d", what, s.counts[what]))
	}
	s.t.Logf("%d conversations in %v: %s", len(s.people), time.Since(begun).Round(time.Second), strings.Join(list, ", "))
}
