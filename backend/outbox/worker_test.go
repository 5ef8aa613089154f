package outbox

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"leadline/backend/chatid"
)

// memory is a Store in memory: lanes with jobs, due times and tokens. That the
// real stores keep the same contract is their conformance suite's business.
type memory struct {
	mu     sync.Mutex
	lanes  map[chatid.ConversationID]*memLane
	paused map[chatid.AccountID]time.Time
	tokens int
	order  []string // settled jobs, "lane/seq verdict"
}

type memLane struct {
	account chatid.AccountID
	jobs    []Job
	due     time.Time
	token   string
}

func newMemory() *memory {
	return &memory{lanes: map[chatid.ConversationID]*memLane{}, paused: map[chatid.AccountID]time.Time{}}
}

func (m *memory) add(account, lane string, n int) {
	l := &memLane{account: chatid.AccountID(account), due: time.Now()}
	for i := range n {
		l.jobs = append(l.jobs, Job{Lane: chatid.ConversationID(lane), Account: l.account, Seq: int64(i + 1)})
	}
	m.lanes[chatid.ConversationID(lane)] = l
}

func (m *memory) ClaimDue(_ context.Context, now time.Time, lease time.Duration, n int, skip []chatid.AccountID) ([]Claim, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []Claim
	for id, l := range m.lanes {
		if len(list) == n || len(l.jobs) == 0 || l.due.After(now) || m.paused[l.account].After(now) || slices.Contains(skip, l.account) {
			continue
		}
		c := Claim{Lane: id, Account: l.account, Until: now.Add(lease), Recovered: l.token != ""}
		m.tokens++
		c.Token = fmt.Sprint("t", m.tokens)
		l.token, l.due = c.Token, c.Until
		list = append(list, c)
	}
	return list, nil
}

func (m *memory) NextDue(context.Context) (at time.Time, ok bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, l := range m.lanes {
		due := l.due
		if p := m.paused[l.account]; p.After(due) {
			due = p
		}
		if len(l.jobs) > 0 && (!ok || due.Before(at)) {
			at, ok = due, true
		}
	}
	return at, ok, nil
}

func (m *memory) Jobs(_ context.Context, c Claim, limit int) ([]Job, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	jobs := m.lanes[c.Lane].jobs
	return slices.Clone(jobs[:min(limit, len(jobs))]), nil
}

func (m *memory) Renew(_ context.Context, c Claim, until time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.lanes[c.Lane]
	if l.token != c.Token {
		return ErrLost
	}
	l.due = until
	return nil
}

func (m *memory) Settle(_ context.Context, c Claim, j Job, o Outcome) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.lanes[c.Lane]
	if l.token != c.Token {
		return false, ErrLost
	}
	m.order = append(m.order, fmt.Sprintf("%s/%d %d", c.Lane, j.Seq, o.Verdict))
	if o.Verdict == Later {
		l.token, l.due = "", o.At
		if o.Counted {
			l.jobs[0].Attempts++
		}
		l.jobs[0].Uncertain = o.Uncertain
		if o.PauseAccount {
			m.paused[l.account] = o.At
		}
		return false, nil
	}
	l.jobs = l.jobs[1:]
	if len(l.jobs) == 0 {
		l.token = ""
	}
	return len(l.jobs) > 0, nil
}

func (m *memory) Adopt(context.Context) error { return nil }

func (m *memory) Release(_ context.Context, c Claim) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l := m.lanes[c.Lane]; l.token == c.Token {
		l.token, l.due = "", time.Now()
	}
	return nil
}

type handlerFunc func(ctx context.Context, j Job) Outcome

func (f handlerFunc) Handle(ctx context.Context, j Job) Outcome { return f(ctx, j) }

// run starts a worker in the bubble and returns how to stop it.
func run(m *memory, cfg Config, h handlerFunc) (w *Worker, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	w = NewWorker(m, h, cfg)
	done := make(chan struct{})
	go func() { w.Run(ctx); close(done) }()
	return w, func() { cancel(); <-done }
}

func TestLaneKeepsItsOrderThroughFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.add("a", "one", 4)
		var got []int64
		_, stop := run(m, Config{}, func(_ context.Context, j Job) Outcome {
			if j.Seq == 2 && j.Attempts < 3 {
				return Outcome{Verdict: Later, Counted: true, At: time.Now().Add(Backoff(j.Attempts))}
			}
			got = append(got, j.Seq)
			return Outcome{Verdict: Done}
		})
		time.Sleep(time.Minute)
		synctest.Wait()
		stop()
		if want := []int64{1, 2, 3, 4}; !slices.Equal(got, want) {
			t.Errorf("delivered %v, want %v", got, want)
		}
	})
}

func TestOneStuckLaneDelaysNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.add("a", "stuck", 1)
		m.add("a", "free", 3)
		done := map[chatid.ConversationID]int{}
		var mu sync.Mutex
		_, stop := run(m, Config{}, func(_ context.Context, j Job) Outcome {
			if j.Lane == "stuck" {
				return Outcome{Verdict: Later, Counted: true, At: time.Now().Add(time.Hour)}
			}
			mu.Lock()
			done[j.Lane]++
			mu.Unlock()
			return Outcome{Verdict: Done}
		})
		synctest.Wait()
		stop()
		if done["free"] != 3 {
			t.Errorf("the free lane delivered %d of 3 without a wait", done["free"])
		}
	})
}

func TestOneAccountCannotTakeAllWorkers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		for i := range 20 {
			m.add("slow", fmt.Sprint("slow", i), 1)
		}
		m.add("quick", "quick", 1)
		var mu sync.Mutex
		busy, most, quickAt := 0, 0, time.Time{}
		start := time.Now()
		_, stop := run(m, Config{Workers: 8, PerAccount: 3}, func(_ context.Context, j Job) Outcome {
			if j.Account == "quick" {
				mu.Lock()
				quickAt = time.Now()
				mu.Unlock()
				return Outcome{Verdict: Done}
			}
			mu.Lock()
			busy++
			most = max(most, busy)
			mu.Unlock()
			time.Sleep(10 * time.Second) // an account whose calls hang
			mu.Lock()
			busy--
			mu.Unlock()
			return Outcome{Verdict: Done}
		})
		time.Sleep(5 * time.Second)
		synctest.Wait()
		mu.Lock()
		if most > 3 {
			t.Errorf("%d lanes of one account at a time, want at most 3", most)
		}
		// The poller's room may be full of the slow account's lanes for one
		// interval; not longer than that.
		if quickAt.IsZero() || quickAt.Sub(start) > 2*time.Second {
			t.Errorf("the quick account waited %v for the slow one", quickAt.Sub(start))
		}
		mu.Unlock()
		time.Sleep(2 * time.Minute)
		stop()
	})
}

func TestPausedAccountRestsAsAWhole(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.add("a", "one", 2)
		start := time.Now()
		var at []time.Duration
		_, stop := run(m, Config{}, func(_ context.Context, _ Job) Outcome {
			at = append(at, time.Since(start))
			if len(at) == 1 {
				return Outcome{Verdict: Later, PauseAccount: true, At: time.Now().Add(30 * time.Second)}
			}
			return Outcome{Verdict: Done}
		})
		time.Sleep(time.Minute)
		synctest.Wait()
		stop()
		if len(at) != 3 || at[1] < 30*time.Second || at[1] > 32*time.Second {
			t.Errorf("tries at %v, want the second 30 s after the first", at)
		}
	})
}

func TestVanishedHolderLeavesAnUncertainJob(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.add("a", "one", 2)
		// Somebody claimed the lane and was killed.
		if _, err := m.ClaimDue(t.Context(), time.Now(), 30*time.Second, 1, nil); err != nil {
			t.Fatal(err)
		}
		var uncertain []bool
		_, stop := run(m, Config{}, func(_ context.Context, j Job) Outcome {
			uncertain = append(uncertain, j.Uncertain)
			return Outcome{Verdict: Done}
		})
		time.Sleep(time.Minute)
		synctest.Wait()
		stop()
		if want := []bool{true, false}; !slices.Equal(uncertain, want) {
			t.Errorf("uncertain = %v, want %v: only the first may have arrived", uncertain, want)
		}
	})
}

func TestStopGivesLanesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.add("a", "running", 2)
		for i := range 5 {
			m.add("a", fmt.Sprint("waiting", i), 1)
		}
		w, stop := run(m, Config{Workers: 1, PerAccount: 1}, func(_ context.Context, _ Job) Outcome {
			time.Sleep(3 * time.Second)
			return Outcome{Verdict: Done}
		})
		time.Sleep(time.Second)
		stop()
		m.mu.Lock()
		for id, l := range m.lanes {
			if l.token != "" {
				t.Errorf("lane %s still has a token", id)
			}
		}
		if len(m.order) != 1 {
			t.Errorf("settled %v, want exactly the try that was running", m.order)
		}
		m.mu.Unlock()
		// What is handed over too late goes back at once.
		m.add("a", "late", 1)
		claims, err := m.ClaimDue(t.Context(), time.Now(), time.Minute, 100, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range claims {
			w.Take(c, Job{Lane: c.Lane, Account: c.Account, Seq: 1})
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.lanes["late"].token != "" {
			t.Error("a lane handed to a stopped worker was kept")
		}
	})
}

func TestLongTriesKeepTheirLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.add("a", "one", 6)
		n := 0
		_, stop := run(m, Config{Lease: 30 * time.Second, HandleTimeout: 12 * time.Second}, func(ctx context.Context, _ Job) Outcome {
			n++
			time.Sleep(11 * time.Second)
			if end, ok := ctx.Deadline(); !ok || time.Until(end) < 0 {
				t.Error("the try's context ended before the try's time was up")
			}
			return Outcome{Verdict: Done}
		})
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		stop()
		if n != 6 {
			t.Errorf("%d tries for 6 jobs: the lease was lost on the way", n)
		}
	})
}

func TestBackoffGrowsAndStaysInBounds(t *testing.T) {
	t.Parallel()
	for attempts, want := range map[int]time.Duration{0: time.Second, 1: 2 * time.Second, 5: 32 * time.Second, 8: 256 * time.Second, 9: 5 * time.Minute, 60: 5 * time.Minute} {
		for range 50 {
			if got := Backoff(attempts); got < want/2 || got > want {
				t.Fatalf("Backoff(%d) = %v, want %v to %v", attempts, got, want/2, want)
			}
		}
	}
}
