package bridge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/media"
)

// shelf holds the waiting files in memory; the store's own are tested there.
type shelf struct {
	mu     sync.Mutex
	due    map[chatid.FileID]time.Time
	file   map[chatid.FileID]conversation.Fetch
	order  []chatid.FileID
	ended  map[chatid.FileID]string // reason, "" for ready
	waits  []time.Duration          // of FetchLater, in order
	faster bool                     // somebody else is
}

func newShelf(origins ...string) *shelf {
	s := &shelf{due: map[chatid.FileID]time.Time{}, file: map[chatid.FileID]conversation.Fetch{}, ended: map[chatid.FileID]string{}}
	for i, o := range origins {
		id := chatid.FileID(fmt.Sprintf("f-%03d", i))
		s.file[id] = conversation.Fetch{File: conversation.File{ID: id, Origin: o, Kind: "picture", Name: "cat.jpg", State: conversation.FileLoading}}
		s.due[id] = time.Now()
		s.order = append(s.order, id)
	}
	return s
}

func (s *shelf) ClaimFetches(_ context.Context, lease time.Duration, n int) ([]conversation.Fetch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []conversation.Fetch
	for _, id := range s.order {
		if at, ok := s.due[id]; ok && len(list) < n && !at.After(time.Now()) {
			s.due[id] = time.Now().Add(lease)
			list = append(list, s.file[id])
		}
	}
	return list, nil
}

func (s *shelf) NextFetch(context.Context) (time.Duration, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next, ok := time.Time{}, false
	for _, at := range s.due {
		if !ok || at.Before(next) {
			next, ok = at, true
		}
	}
	return max(0, time.Until(next)), ok, nil
}

func (s *shelf) RenewFetch(_ context.Context, f conversation.Fetch, lease time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, claimed := s.due[f.File.ID]; claimed {
		s.due[f.File.ID] = time.Now().Add(lease)
	}
	return nil
}

func (s *shelf) FetchLater(_ context.Context, f conversation.Fetch, after time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.file[f.File.ID], s.due[f.File.ID] = f, time.Now().Add(after)
	s.waits = append(s.waits, after)
	return nil
}

func (s *shelf) Fetched(_ context.Context, f conversation.Fetch, reason string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.due, f.File.ID)
	s.ended[f.File.ID] = reason
	if (f.File.State == conversation.FileFailed) != (reason != "") {
		s.ended[f.File.ID] = "state " + string(f.File.State) + " with the reason " + reason
	}
	return !s.faster, nil
}

// source answers by address.
type source struct {
	mu        sync.Mutex
	answer    func(ctx context.Context, address string) error
	calls     map[string]int
	running   int
	most      int
	discarded int
}

func (s *source) Import(ctx context.Context, address string, in media.Incoming) (media.Item, error) {
	s.mu.Lock()
	if s.calls == nil {
		s.calls = map[string]int{}
	}
	s.calls[address]++
	s.running++
	s.most = max(s.most, s.running)
	s.mu.Unlock()
	err := s.answer(ctx, address)
	s.mu.Lock()
	s.running--
	s.mu.Unlock()
	return media.Item{Key: media.NewKey(), Info: media.Info{Kind: media.Picture, Name: in.Name, Size: 3}}, err
}

// counts gives the most at once and how many addresses were tried.
func (s *source) counts() (most, tried int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most, len(s.calls)
}

func (s *source) Discard(context.Context, media.Item) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.discarded++
	return nil
}

// fetchAll runs until everything has an end, or for long.
func fetchAll(t *testing.T, s *shelf, m *source, long time.Duration) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	f := NewFetches(s, m, slog.New(slog.DiscardHandler))
	done := make(chan struct{})
	go func() { defer close(done); f.Run(ctx) }()
	time.Sleep(long) // the bubble's clock: it passes at once
	cancel()
	<-done
}

// TestFetchOutcomes: what may pass is tried again for about an hour, what will not
// ends at once, and the operator's text fits.
func TestFetchOutcomes(t *testing.T) {
	t.Parallel()
	status := func(n int) error { return &media.FetchError{Reason: media.BadStatus, Status: n} }
	for _, c := range []struct {
		name   string
		err    error
		calls  int
		reason string
	}{
		{"a good file", nil, 1, ""},
		{"not there", status(404), 1, "delivery.file_unavailable"},
		{"not for us", status(403), 1, "delivery.file_unavailable"},
		{"an address inside", &media.FetchError{Reason: media.RefusedAddress}, 1, "delivery.file_unavailable"},
		{"too large by its header", &media.FetchError{Reason: media.TooLarge}, 1, "delivery.file_too_large"},
		{"too large for its kind", fault.New(fault.TooLarge, "file_too_large"), 1, "delivery.file_too_large"},
		{"empty", fault.New(fault.Invalid, "file_empty"), 1, "delivery.file_refused"},
		{"a host that is broken", status(503), 10, "delivery.file_unavailable"},
		{"a host that is busy", status(429), 10, "delivery.file_unavailable"},
		{"nobody there", &media.FetchError{Reason: media.Unreachable}, 10, "delivery.file_unavailable"},
		{"too slow", &media.FetchError{Reason: media.TimedOut}, 10, "delivery.file_unavailable"},
		{"something that nobody knows", errors.New("odd"), 10, "delivery.file_unavailable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, m := newShelf("https://files.example/cat.jpg"), &source{answer: func(context.Context, string) error { return c.err }}
				fetchAll(t, s, m, 3*time.Hour)
				if got, ended := s.ended["f-000"]; !ended || got != c.reason {
					t.Errorf("ended %v with %q, want %q", ended, got, c.reason)
				}
				if n := m.calls["https://files.example/cat.jpg"]; n != c.calls {
					t.Errorf("%d tries, want %d", n, c.calls)
				}
				var sum time.Duration
				for _, w := range s.waits {
					sum += w
				}
				if c.calls > 1 && (sum < 40*time.Minute || sum > 80*time.Minute) {
					t.Errorf("given up after %s, want about an hour (%v)", sum, s.waits)
				}
			})
		})
	}
}

// A fault of our own costs the file no try, however long it lasts.
func TestFetchOwnFault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		full := true
		s := newShelf("https://files.example/cat.jpg")
		m := &source{answer: func(context.Context, string) error {
			if full {
				return fault.New(fault.Unavailable, "storage_unavailable")
			}
			return nil
		}}
		fetchAll(t, s, m, 2*time.Hour)
		if len(s.ended) != 0 || s.file["f-000"].Attempts != 0 {
			t.Errorf("a full disk ended it (%v) or cost %d tries", s.ended, s.file["f-000"].Attempts)
		}
		full = false
		fetchAll(t, s, m, time.Minute)
		if got, ended := s.ended["f-000"]; !ended || got != "" {
			t.Errorf("ended %v with %q", ended, got)
		}
	})
}

// A file whose tries the server never lived to end is not tried for ever.
func TestFetchThatEndsTheServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShelf("https://files.example/bomb.png", "https://files.example/cat.jpg")
		bomb := s.file["f-000"]
		bomb.Attempts = fetchTries // as counted at each start after a sudden end
		s.file["f-000"] = bomb
		m := &source{answer: func(_ context.Context, address string) error {
			if address == "https://files.example/bomb.png" {
				t.Error("it was tried once more")
			}
			return nil
		}}
		fetchAll(t, s, m, time.Minute)
		if s.ended["f-000"] != "delivery.file_unavailable" {
			t.Errorf("ended with %q", s.ended["f-000"])
		}
		if reason, ended := s.ended["f-001"]; !ended || reason != "" {
			t.Errorf("the other file ended %v with %q", ended, reason)
		}
	})
}

// A try that takes longer than a claim lasts is not begun a second time.
func TestFetchTakesLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShelf("https://files.example/film.mp4")
		m := &source{answer: func(context.Context, string) error {
			time.Sleep(fetchTime - time.Second)
			return nil
		}}
		fetchAll(t, s, m, time.Hour)
		if m.calls["https://files.example/film.mp4"] != 1 || s.ended["f-000"] != "" {
			t.Errorf("fetched %v times, ended with %q", m.calls, s.ended["f-000"])
		}
	})
}

// One host that does not answer holds its own places and no others.
func TestFetchSlowHost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var origins []string
		for i := range 40 {
			origins = append(origins, fmt.Sprintf("https://slow.example/%d", i))
		}
		origins = append(origins, slices.Repeat([]string{"https://quick.example/1"}, 20)...)
		s := newShelf(origins...)
		m := &source{answer: func(ctx context.Context, address string) error {
			if address == "https://quick.example/1" {
				return nil
			}
			<-ctx.Done()
			return &media.FetchError{Reason: media.TimedOut}
		}}
		fetchAll(t, s, m, 10*time.Second)
		quick := 0
		for id, reason := range s.ended {
			if s.file[id].File.Origin == "https://quick.example/1" && reason == "" {
				quick++
			}
		}
		if quick != 20 || m.most > fetchAtOnce {
			t.Errorf("%d of 20 quick files came in ten seconds, %d at once", quick, m.most)
		}
		// Stopped in the middle: nobody lost a try by that.
		for id, f := range s.file {
			if f.Attempts != 0 {
				t.Errorf("%s has %d tries", id, f.Attempts)
			}
		}
	})
}

// What somebody else stored first is not kept twice; a wake-up is heard at once.
func TestFetchWake(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, m := newShelf(), &source{answer: func(context.Context, string) error { return nil }}
		s.faster = true
		ctx, cancel := context.WithCancel(t.Context())
		f := NewFetches(s, m, slog.New(slog.DiscardHandler))
		done := make(chan struct{})
		go func() { defer close(done); f.Run(ctx) }()
		time.Sleep(time.Second)
		one := newShelf("https://files.example/cat.jpg")
		s.mu.Lock()
		s.due, s.file, s.order = one.due, one.file, one.order
		s.mu.Unlock()
		f.Wake()
		synctest.Wait()
		if _, ended := s.ended["f-000"]; !ended || m.discarded != 1 {
			t.Errorf("ended %v, %d discarded, want both at once", ended, m.discarded)
		}
		cancel()
		<-done
	})
}
