package httpapi

import (
	"fmt"
	"testing"
	"time"
)

// TestLimits: a burst, then one more at a time, each caller and budget apart.
func TestLimits(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	l := newLimits(func() time.Time { return now })
	for n := range perLogin.burst {
		if d := l.take(perLogin, "anna"); d != 0 {
			t.Fatalf("try %d must wait %s", n, d)
		}
	}
	if d := l.take(perLogin, "anna"); d != perLogin.every {
		t.Errorf("after the burst: wait %s, want %s", d, perLogin.every)
	}
	if d := l.take(perLogin, "anna"); d != perLogin.every {
		t.Errorf("a refused try costs: wait %s", d)
	}
	if l.take(perLogin, "boris") != 0 || l.take(perAddress, "anna") != 0 {
		t.Error("another caller or budget pays for anna's tries")
	}
	now = now.Add(perLogin.every / 2)
	if d := l.take(perLogin, "anna"); d != perLogin.every/2 {
		t.Errorf("half-way: wait %s, want %s", d, perLogin.every/2)
	}
	now = now.Add(perLogin.every / 2)
	if d := l.take(perLogin, "anna"); d != 0 {
		t.Errorf("after the wait: %s", d)
	}
	if l.take(perLogin, "anna") == 0 {
		t.Error("one wait gave two tries")
	}
	now = now.Add(24 * time.Hour)
	for n := range perLogin.burst {
		if l.take(perLogin, "anna") != 0 {
			t.Fatalf("after a day: try %d refused", n)
		}
	}
	if l.take(perLogin, "anna") == 0 {
		t.Error("a day gave more than the burst")
	}
}

// TestLimitsForgetTheLeastUsed bounds memory, and keeps who is still trying.
func TestLimitsForgetTheLeastUsed(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	l := newLimits(func() time.Time { return now })
	for range perLogin.burst {
		l.take(perLogin, "guesser")
	}
	for n := range maxLimiters + 1000 {
		l.take(perAddress, fmt.Sprint(n))
		if n%10_000 == 0 && l.take(perLogin, "guesser") == 0 {
			t.Fatal("other callers freed the one who guesses")
		}
	}
	if len(l.keys) != maxLimiters || l.use.Len() != maxLimiters {
		t.Errorf("%d and %d callers are kept, want %d", len(l.keys), l.use.Len(), maxLimiters)
	}
}
