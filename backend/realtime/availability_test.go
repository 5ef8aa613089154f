package realtime

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"leadline/backend/chatid"
)

// somebody answers visitors, or not.
type somebody struct {
	mu   sync.Mutex
	now  Availability
	err  error
	asks int
}

func (s *somebody) set(state, back string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now, s.err = Availability{state, back}, err
}

func (s *somebody) tell(context.Context, Session) (Availability, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asks++
	return s.now, s.err
}

// await reads up to the next frame of the kind, and fails on others but pings.
func await(t *testing.T, b browser, kind string) frame {
	t.Helper()
	for {
		f, err := b.next()
		if err != nil {
			t.Fatalf("waiting for %q: %v", kind, err)
		}
		if f.Type == kind {
			return f
		}
		if f.Type != "ping" {
			t.Fatalf("got %+v, waiting for %q", f, kind)
		}
	}
}

// TestStreamTellsWhetherSomebodyAnswers: at the beginning, then when it changes, by
// a hint or by the next ping.
func TestStreamTellsWhetherSomebodyAnswers(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*fixture, *testing.T) browser{
		"WebSocket":    func(f *fixture, t *testing.T) browser { return f.open(t, "anna", 0) },
		"event stream": func(f *fixture, t *testing.T) browser { return f.openEvents(t, "anna", 0) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			who := &somebody{}
			who.set("away", "2026-03-02T06:00:00Z", nil)
			f := start(t, Config{Availability: who.tell, PingEvery: 50 * time.Millisecond, SilentFor: patience})
			b := open(f, t)
			if got := await(t, b, "availability"); got.State != "away" || got.Back != "2026-03-02T06:00:00Z" {
				t.Errorf("began with %+v", got)
			}
			await(t, b, "ready")
			who.set("online", "", nil)
			f.hub.Publish(Hint{Availability: true}, AccountTopic(""))
			if got := await(t, b, "availability"); got.State != "online" || got.Back != "" {
				t.Errorf("told %+v", got)
			}
			// Nobody hints, and it is told with a ping; what cannot be read is not told.
			who.set("", "", errors.New("database is away"))
			await(t, b, "ping")
			await(t, b, "ping")
			who.set("unknown", "", nil)
			if got := await(t, b, "availability"); got.State != "unknown" {
				t.Errorf("told %+v", got)
			}
			// A hint without news is no frame, and reads no messages.
			f.hub.Publish(f.source.add("anna"), VisitorTopic("anna"))
			for range 3 {
				f.hub.Publish(Hint{Availability: true}, AccountTopic(""))
			}
			await(t, b, "message")
			await(t, b, "ping")
		})
	}
}

// TestHintOfAvailabilityReadsNothing: ten thousand streams must not look for
// messages because an operator came.
func TestHintOfAvailabilityReadsNothing(t *testing.T) {
	t.Parallel()
	who := &somebody{}
	who.set("online", "", nil)
	f := start(t, Config{Availability: who.tell})
	b := f.open(t, "anna", 0)
	await(t, b, "availability")
	await(t, b, "ready")
	reads := func() int { f.source.mu.Lock(); defer f.source.mu.Unlock(); return f.source.reads }
	before := reads()
	who.set("away", "", nil)
	f.hub.Publish(Hint{Availability: true}, AccountTopic(chatid.AccountID("")))
	await(t, b, "availability")
	if n := reads() - before; n != 0 {
		t.Errorf("messages were read %d times", n)
	}
}

// TestPollTellsWhetherSomebodyAnswers with each answer, which that alone does not end.
func TestPollTellsWhetherSomebodyAnswers(t *testing.T) {
	t.Parallel()
	who := &somebody{}
	who.set("online", "", nil)
	f := start(t, Config{Availability: who.tell})
	got := f.poll(t, "anna", 0, 0)
	if len(got) != 2 || got[0].Type != "availability" || got[0].State != "online" || got[1].Type != "ready" {
		t.Fatalf("a look: %v", kinds(got))
	}
	answer := f.waiting(t, "anna", 0)
	f.hub.Publish(f.source.add("anna"), VisitorTopic("anna"))
	got = <-answer
	if n := len(got); n < 3 || got[0].Type != "availability" || got[n-1].Type != "message" && got[n-1].Type != "ready" {
		t.Errorf("an answer that waited: %v", kinds(got))
	}
}
