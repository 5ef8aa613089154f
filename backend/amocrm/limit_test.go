package amocrm

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func account(name string) Address {
	return Address{"https", name + ".amocrm.ru", name, "integration-1"}
}

// sent counts when calls were let through, by the bubble's clock.
type sent struct {
	mu sync.Mutex
	at []time.Time
}

func (s *sent) add() { s.mu.Lock(); s.at = append(s.at, time.Now()); s.mu.Unlock() }

// most is the largest number within any second.
func (s *sent) most() int {
	best := 0
	for i := range s.at {
		n := 0
		for _, t := range s.at[i:] {
			if t.Sub(s.at[i]) < time.Second {
				n++
			}
		}
		best = max(best, n)
	}
	return best
}

// W §8.9 and C §7.8: at most seven a second, to one account and out of one
// integration.
func TestRatesAreKept(t *testing.T) {
	t.Parallel()
	for _, accounts := range []int{1, 20} {
		synctest.Test(t, func(t *testing.T) {
			l := newLimits(0, 0)
			var s sent
			var wg sync.WaitGroup
			start := time.Now()
			for n := range 60 {
				wg.Go(func() {
					if err := l.wait(t.Context(), "x", account(strconv.Itoa(n%accounts))); err != nil {
						t.Error(err)
					}
					s.add()
				})
			}
			wg.Wait()
			if got := s.most(); got > 7 {
				t.Errorf("%d accounts: %d calls within a second", accounts, got)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("%d accounts: 60 calls took %v", accounts, took)
			}
		})
	}
}

func TestAccountsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimits(1, 1000)
		for range 5 {
			go func() { _ = l.wait(t.Context(), "x", account("busy")) }()
		}
		synctest.Wait()
		start := time.Now()
		if err := l.wait(t.Context(), "x", account("calm")); err != nil || time.Since(start) > 10*time.Millisecond {
			t.Errorf("waited %v, %v", time.Since(start), err)
		}
		time.Sleep(10 * time.Second) // lets the busy ones end
	})
}

// An admin's call goes ahead of any number of background calls.
func TestBackgroundLeavesAShare(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimits(0, 0)
		ctx, stop := context.WithCancel(Background(t.Context()))
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() { _ = l.wait(ctx, "x", account("a")) }) // ends with stop
		}
		time.Sleep(3 * time.Second)
		for range 10 {
			start := time.Now()
			if err := l.wait(t.Context(), "x", account("a")); err != nil || time.Since(start) > 400*time.Millisecond {
				t.Errorf("waited %v, %v", time.Since(start), err)
			}
			time.Sleep(2 * time.Second)
		}
		stop()
		wg.Wait()
	})
}

func TestWaitEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimits(0.1, 1000)
		if err := l.wait(t.Context(), "x", account("a")); err != nil {
			t.Fatal(err)
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		err := l.wait(short, "read x", account("a"))
		if d, ok := Rest(err); !ok || d <= 0 || time.Since(start) != 0 {
			t.Errorf("a wait beyond the deadline: %v after %v, want a rest at once", err, time.Since(start))
		}
		gone, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, leave)
		if err := l.wait(gone, "read x", account("a")); !errors.Is(err, context.Canceled) || time.Since(start) != time.Second {
			t.Errorf("a caller who left: %v after %v", err, time.Since(start))
		}
	})
}

// 429: Retry-After, else a second that doubles; the queue stays a queue.
func TestAccountRestsAfter429(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimits(0, 0)
		refuse := func(after time.Duration) time.Duration {
			e := &APIError{Status: 429, RetryAfter: after}
			l.answered(account("a"), e)
			if d, ok := Rest(e); !ok || d != e.RetryAfter {
				t.Errorf("Rest = %v, %v", d, ok)
			}
			return e.RetryAfter
		}
		for n, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
			if got := refuse(0); got != want*time.Second {
				t.Errorf("rest %d is %v, want %v s", n, got, want)
			}
		}
		short, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		var rest *RestError
		if err := l.wait(short, "read x", account("a")); !errors.As(err, &rest) || rest.For != time.Minute {
			t.Errorf("call of a resting account = %v", err)
		}
		if err := l.wait(short, "read x", account("b")); err != nil {
			t.Errorf("another account rests too: %v", err)
		}
		start := time.Now()
		var s sent
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if err := l.wait(t.Context(), "read x", account("a")); err != nil {
					t.Error(err)
				}
				s.add()
			})
		}
		wg.Wait()
		if first := s.at[0].Sub(start); first < time.Minute || first > time.Minute+time.Second || s.most() > 7 {
			t.Errorf("first call after %v, %d within a second", first, s.most())
		}
		l.answered(account("a"), nil)
		if got := refuse(7 * time.Second); got != 7*time.Second {
			t.Errorf("rest = %v, want the CRM's 7 s", got)
		}
		l.answered(account("a"), &APIError{Status: 404})
		if got := refuse(0); got != time.Second {
			t.Errorf("rest after an answer in between = %v, want 1 s", got)
		}
	})
}

func TestIdleAccountsAreForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimits(1000, 1e6)
		for n := range 500 {
			_ = l.wait(t.Context(), "x", account(strconv.Itoa(n)))
		}
		l.answered(account("resting"), &APIError{Status: 429, RetryAfter: time.Hour})
		time.Sleep(10 * time.Minute)
		_ = l.wait(t.Context(), "x", account("new"))
		if n := len(l.gates); n != 3 {
			t.Errorf("%d gates are kept, want those of the resting account, the new one and the integration", n)
		}
	})
}

// C §5.1: persistent excess ends in 403 for the address or the account; the
// typed answers tell a caller to pause.
func TestAnswersThatPauseAnAccount(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, contentType, body string
		status                  int
		blocked, unpaid         bool
		rest                    time.Duration // 0: none
	}{
		{"too many", "application/problem+json", `{"title":"Too Many Requests","status":429}`, 429, false, false, time.Second},
		{"blocked, a page", "text/html", "<!doctype html>", 403, true, false, time.Minute},
		{"blocked, no type", "", "\n <html>", 403, true, false, time.Minute},
		{"blocked, in words", "application/problem+json", `{"title":"Forbidden","status":403,"detail":"Your account has been Blocked"}`, 403, true, false, time.Minute},
		{"not an administrator", "application/problem+json", `{"title":"Forbidden","status":403,"detail":"Access denied"}`, 403, false, false, 0},
		{"not paid", "application/problem+json", `{"title":"Payment Required","status":402}`, 402, false, true, 0},
		{"their trouble", "text/html", "<html>", 502, false, false, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			c, at := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				calls++
				w.Header().Set("Content-Type", tt.contentType)
				w.WriteHeader(tt.status)
				io.WriteString(w, tt.body)
			})
			_, err := c.Sources(t.Context(), at, "AT")
			e, ok := errors.AsType[*APIError](err)
			if !ok || e.Blocked() != tt.blocked || e.Unpaid() != tt.unpaid {
				t.Fatalf("error = %v, Blocked %v, Unpaid %v", err, e.Blocked(), e.Unpaid())
			}
			d, rests := Rest(err)
			if d != tt.rest || rests != (tt.rest > 0) {
				t.Errorf("Rest = %v, %v; want %v", d, rests, tt.rest)
			}
			c.timeout = 100 * time.Millisecond
			_, err = c.Sources(t.Context(), at, "AT")
			if _, held := errors.AsType[*RestError](err); held != rests || held && calls != 1 {
				t.Errorf("next call = %v after %d requests", err, calls)
			}
		})
	}
}
