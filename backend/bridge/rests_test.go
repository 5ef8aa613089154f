package bridge

import (
	"testing"
	"time"

	"leadline/backend/outbox"
)

// TestPauseIsOfTheAccount: what one conversation went through does not prolong the
// pause of all the others (design.md §2: one stuck conversation delays no other).
func TestPauseIsOfTheAccount(t *testing.T) {
	t.Parallel()
	s := &service{message: 429}
	b := newBridge(t, &people{account: connectedAccount(), chat: chatRef}, serve(t, s))
	now := testNow
	b.now = func() time.Time { return now }
	pause := func(attempts int) time.Duration {
		t.Helper()
		o := b.Handle(t.Context(), messageJob(attempts, false))
		if o.Verdict != outbox.Later || !o.PauseAccount || o.Counted {
			t.Fatalf("429 ended in %+v", o)
		}
		return o.At.Sub(now)
	}
	if d := pause(9); d != pauseMin {
		t.Errorf("a job that failed nine times alone pauses its account for %v, want %v", d, pauseMin)
	}
	now = now.Add(time.Second)
	if d := pause(0); d != pauseMin-time.Second {
		t.Errorf("another one of the same moment pauses it for %v more", d)
	}
	// It grows while nothing is taken, and begins anew afterwards.
	last := time.Duration(0)
	for range 12 {
		now = now.Add(time.Hour)
		last = pause(0)
	}
	if last < 150*time.Second || last > 5*time.Minute {
		t.Errorf("after many pauses in a row one lasts %v", last)
	}
	now = now.Add(time.Hour)
	s.message = 200
	if o := b.Handle(t.Context(), messageJob(0, false)); o.Verdict != outbox.Done {
		t.Fatalf("200 ended in %+v", o)
	}
	s.message = 429
	if d := pause(0); d != pauseMin {
		t.Errorf("after a success the account pauses for %v, want %v", d, pauseMin)
	}
}
