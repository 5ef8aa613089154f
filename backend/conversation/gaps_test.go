package conversation

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// gapBook keeps gaps as GapStore promises, and the heal jobs that are asked for; it
// outlives a Healer, as a database does a process.
type gapBook struct {
	record
	mu      sync.Mutex
	gaps    map[chatid.AccountID]Gap
	alive   time.Time
	threads []Conversation
	asked   []chatid.ConversationID
	since   []time.Time
	at      []time.Time // when it was asked for
	away    bool        // the store is out of order
}

func newGapBook(accounts ...chatid.AccountID) *gapBook {
	b := &gapBook{gaps: map[chatid.AccountID]Gap{}}
	for _, a := range accounts {
		b.gaps[a] = Gap{Account: a}
	}
	return b
}

func (b *gapBook) lock() (func(), error) {
	b.mu.Lock()
	if b.away {
		return b.mu.Unlock, fault.New(fault.Unavailable, "storage_unavailable")
	}
	return b.mu.Unlock, nil
}

func (b *gapBook) NoteGap(_ context.Context, a chatid.AccountID, since, at time.Time) error {
	unlock, err := b.lock()
	defer unlock()
	if err != nil {
		return err
	}
	for id, g := range b.gaps {
		if a != "" && a != id {
			continue
		}
		if g.Since.IsZero() || since.Before(g.Since) {
			g.Since = since
		}
		if at.After(g.At) {
			g.At = at
		}
		b.gaps[id] = g
	}
	return nil
}

func (b *gapBook) Gaps(context.Context) (list []Gap, err error) {
	unlock, err := b.lock()
	defer unlock()
	for _, g := range b.gaps {
		if !g.Since.IsZero() {
			list = append(list, g)
		}
	}
	return list, err
}

func (b *gapBook) CloseGap(_ context.Context, g Gap) error {
	unlock, err := b.lock()
	defer unlock()
	if now := b.gaps[g.Account]; err == nil && now == g {
		b.gaps[g.Account] = Gap{Account: g.Account, At: g.At}
	}
	return err
}

func (b *gapBook) Unhealed(_ context.Context, g Gap, _ time.Time, after chatid.ConversationID, limit int) (list []Conversation, err error) {
	unlock, err := b.lock()
	defer unlock()
	for _, c := range b.threads {
		if c.Account == g.Account && c.ID > after && !slices.Contains(b.asked, c.ID) && len(list) < limit {
			list = append(list, c)
		}
	}
	return list, err
}

func (b *gapBook) Alive(context.Context) (time.Time, error) {
	unlock, err := b.lock()
	defer unlock()
	return b.alive, err
}

func (b *gapBook) SetAlive(_ context.Context, at time.Time) error {
	unlock, err := b.lock()
	defer unlock()
	if err == nil {
		b.alive = at
	}
	return err
}

func (b *gapBook) AddTask(_ context.Context, t Task) (Saved, error) {
	unlock, err := b.lock()
	defer unlock()
	if err != nil {
		return Saved{}, err
	}
	b.asked = append(b.asked, t.Conversation)
	b.since = append(b.since, time.UnixMilli(t.Payload.(HealJob).Since).UTC())
	b.at = append(b.at, time.Now())
	return Saved{}, nil
}

func (b *gapBook) fail(yes bool) { b.mu.Lock(); b.away = yes; b.mu.Unlock() }

func (b *gapBook) conversations(a chatid.AccountID, n int) {
	for i := range n {
		b.threads = append(b.threads, Conversation{ID: chatid.ConversationID(fmt.Sprintf("%s-%03d", a, i)), Account: a, ChatRef: "r", Visitor: "v"})
	}
}

// looked is what a test sees of a book while a Healer works with it.
type looked struct {
	asked     []chatid.ConversationID
	since, at []time.Time
	alive     time.Time
}

func (b *gapBook) look() looked {
	b.mu.Lock()
	defer b.mu.Unlock()
	return looked{slices.Clone(b.asked), slices.Clone(b.since), slices.Clone(b.at), b.alive}
}

// open tells the gaps that are not closed.
func (b *gapBook) open() int {
	list, _ := b.Gaps(context.Background())
	return len(list)
}

// run starts a Healer as app does; stop ends it, as a restart would.
func (b *gapBook) run(t *testing.T) (h *Healer, stop func()) {
	t.Helper()
	s := NewService(b, b, b, func() string { return "id" }, time.Now)
	h = NewHealer(b, s, time.Now, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	h.Start(ctx)
	done := make(chan struct{})
	go func() { defer close(done); h.Run(ctx) }()
	return h, func() { cancel(); <-done }
}

// design.md §2: after an outage the history of what was going on is asked, at a pace.
func TestGapSinceTheServerServedLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newGapBook("a", "b")
		b.conversations("a", 3)
		b.conversations("b", 1)
		b.alive = time.Now().UTC()
		last := b.look().alive
		time.Sleep(time.Hour) // the outage
		_, stop := b.run(t)
		defer stop()
		if b.open() != 2 {
			t.Errorf("%d gaps before anything is answered, want one per account", b.open())
		}
		time.Sleep(5 * time.Second)
		if len(b.look().asked) != 4 || b.open() != 0 {
			t.Fatalf("asked for %v, %d gaps open", b.look().asked, b.open())
		}
		for i, since := range b.look().since {
			// A hook may have been on its way, or in the slow stream, before.
			if !since.Equal(last.Add(-healMargin)) {
				t.Errorf("%s is asked since %v, want %v before %v", b.look().asked[i], since, healMargin, last)
			}
		}
		var of []time.Time
		for i, id := range b.look().asked {
			if id[0] == 'a' {
				of = append(of, b.look().at[i])
			}
		}
		if d := of[2].Sub(of[0]); d != 2*healEvery {
			t.Errorf("three of one account are asked for within %v, want %v", d, 2*healEvery)
		}
		if d := time.Since(b.look().alive); d > aliveEvery {
			t.Errorf("alive %v ago", d)
		}
		// Nothing was lost since: nothing more is asked.
		time.Sleep(time.Hour)
		if len(b.look().asked) != 4 {
			t.Errorf("asked again: %v", b.look().asked)
		}
		if d := time.Since(b.look().alive); d > aliveEvery {
			t.Errorf("alive %v ago", d)
		}
	})
}

func TestFirstStartHasNoGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newGapBook("a")
		b.conversations("a", 1)
		_, stop := b.run(t)
		defer stop()
		time.Sleep(time.Minute)
		if len(b.look().asked) != 0 || b.open() != 0 || b.look().alive.IsZero() {
			t.Errorf("asked %v, %d gaps, alive %v", b.look().asked, b.open(), b.look().alive)
		}
	})
}

// What was lost twice is healed once, from the earlier time.
func TestGapsAreMerged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newGapBook("a", "b")
		b.conversations("a", 2)
		b.conversations("b", 1)
		time.Sleep(time.Hour)
		h, stop := b.run(t)
		defer stop()
		synctest.Wait()
		early := time.Now().UTC().Add(-30 * time.Minute)
		b.fail(true) // neither can be stored alone
		h.Lost("a", early.Add(time.Minute))
		h.Lost("a", early)
		h.Lost("a", early.Add(2*time.Minute))
		synctest.Wait()
		b.fail(false)
		time.Sleep(2 * aliveEvery)
		if len(b.look().asked) != 2 || !b.look().since[0].Equal(early.Add(-healMargin)) || b.open() != 0 {
			t.Errorf("asked for %v since %v, %d gaps open; want a's two since %v", b.look().asked, b.look().since, b.open(), early)
		}
	})
}

// A restart in the middle goes on with what is left.
func TestHealingSurvivesARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newGapBook("a")
		b.conversations("a", healPage+50)
		b.alive = time.Now().UTC()
		time.Sleep(time.Minute)
		last := b.look().alive
		_, stop := b.run(t)
		time.Sleep(10*healEvery + healEvery/2)
		stop()
		before := len(b.look().asked)
		if before == 0 || before > 12 || b.open() != 1 {
			t.Fatalf("asked for %d, %d gaps open", before, b.open())
		}
		_, stop = b.run(t)
		defer stop()
		time.Sleep(time.Minute)
		if len(b.look().asked) != healPage+50 || b.open() != 0 {
			t.Errorf("asked for %d of %d, %d gaps open", len(b.look().asked), healPage+50, b.open())
		}
		for i, since := range b.look().since {
			if !since.Equal(last.Add(-healMargin)) {
				t.Fatalf("%s is asked since %v, want %v: the gap began before the first start", b.look().asked[i], since, last.Add(-healMargin))
			}
		}
	})
}

// Lost never waits, and forgets nothing while the store is out of order.
func TestLostWhileTheStoreIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newGapBook("a")
		b.conversations("a", 1)
		h, stop := b.run(t)
		defer stop()
		synctest.Wait()
		b.fail(true)
		since := time.Now().UTC()
		for range 1000 {
			h.Lost("a", since)
		}
		if d := time.Since(since); d != 0 {
			t.Errorf("Lost waited %v", d)
		}
		time.Sleep(time.Hour)
		if len(b.look().asked) != 0 {
			t.Fatalf("asked %v of a store that is away", b.look().asked)
		}
		b.fail(false)
		time.Sleep(2 * aliveEvery)
		if len(b.look().asked) != 1 || !b.look().since[0].Equal(since.Add(-healMargin)) || b.open() != 0 {
			t.Errorf("asked for %v since %v, %d gaps open", b.look().asked, b.look().since, b.open())
		}
	})
}

// An account that is slow to heal delays no other (design.md §2).
func TestAccountsAreHealedBesideEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newGapBook("a", "b")
		b.conversations("a", 500)
		b.conversations("b", 2)
		h, stop := b.run(t)
		defer stop()
		h.Lost("a", time.Now())
		time.Sleep(aliveEvery)
		h.Lost("b", time.Now())
		time.Sleep(time.Second)
		n := 0
		for _, id := range b.look().asked {
			if id[0] == 'b' {
				n++
			}
		}
		if n != 2 {
			t.Errorf("%d of b's conversations are asked for, want 2", n)
		}
	})
}

// TestReturned: a visitor who comes back after a gap is asked for, from where their
// history was last read.
func TestReturned(t *testing.T) {
	t.Parallel()
	made, healed := time.UnixMilli(1767000000000).UTC(), time.UnixMilli(1767100000000).UTC()
	for name, c := range map[string]struct {
		thread Conversation
		want   time.Time // zero: nothing is asked
	}{
		"no gap":                      {Conversation{ID: "c", ChatRef: "r", CreatedAt: made}, time.Time{}},
		"a gap":                       {Conversation{ID: "c", ChatRef: "r", CreatedAt: made, HealedAt: healed, Gap: true}, healed},
		"a gap, never read":           {Conversation{ID: "c", ChatRef: "r", CreatedAt: made, Gap: true}, made},
		"a gap, unknown to the chats": {Conversation{ID: "c", CreatedAt: made, Gap: true}, time.Time{}},
	} {
		b := newGapBook()
		s := NewService(b, b, b, func() string { return "id" }, time.Now)
		s.returned(t.Context(), c.thread)
		if c.want.IsZero() {
			if len(b.look().asked) != 0 {
				t.Errorf("%s: asked %v", name, b.look().asked)
			}
			continue
		}
		if len(b.look().asked) != 1 || !b.look().since[0].Equal(c.want.Add(-healMargin)) {
			t.Errorf("%s: asked since %v, want %v before %v", name, b.look().since, healMargin, c.want)
		}
	}
}
