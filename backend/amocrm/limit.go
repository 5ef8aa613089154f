package amocrm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// DefaultRate is how many requests a second go to one account, and out of one
// integration. Seven are allowed (C §7.8, W §8.9); they are counted as they
// arrive, so a little is left for the network's unevenness.
const DefaultRate = 6.5

const (
	// backgroundShare of each rate is all that background calls get: an admin who
	// presses a button never waits behind a synchronisation.
	backgroundShare = 0.7
	// firstRest and longestRest bound how long an account is left alone that said
	// 429 without a Retry-After; each further 429 doubles it.
	firstRest   = time.Second
	longestRest = time.Minute
	// blockedRest is the rest after a block, which going on asking prolongs.
	blockedRest = time.Minute
	// idleAfter is when an account's state is forgotten.
	idleAfter = 2 * time.Minute
)

// RestError means that nothing was sent, because the account or the integration
// is at its limit for longer than the caller can wait.
type RestError struct {
	Op  string
	For time.Duration // from now; a guess when the limit is only a long queue
}

// Error is the text for the log.
func (e *RestError) Error() string {
	return fmt.Sprintf("amocrm: %s: not sent: at the limit of requests for %v", e.Op, e.For.Round(time.Millisecond))
}

// Rest tells whether err asks the caller to leave the account alone, and for how
// long: too many requests, a block, or a call that was held back for either.
func Rest(err error) (time.Duration, bool) {
	if r, ok := errors.AsType[*RestError](err); ok {
		return r.For, true
	}
	if e, ok := errors.AsType[*APIError](err); ok && (e.Status == http.StatusTooManyRequests || e.Blocked()) {
		return e.RetryAfter, true
	}
	return 0, false
}

type backgroundKey struct{}

// Background marks the calls of a context as such that nobody waits for. They
// leave a share of each rate to the others.
func Background(ctx context.Context) context.Context {
	return context.WithValue(ctx, backgroundKey{}, true)
}

// gate is the limit of one account or one integration.
type gate struct {
	all, background *rate.Limiter
	restUntil       time.Time
	strikes         int // refusals in a row
	usedAt          time.Time
}

// limits holds the gates by key. An account is its host: API v4 must be asked
// there (C §7).
type limits struct {
	perAccount, perIntegration float64

	mu       sync.Mutex
	gates    map[string]*gate
	sweptAt  time.Time
	interval time.Duration
}

func newLimits(perAccount, perIntegration float64) *limits {
	return &limits{perAccount: orDefault(perAccount), perIntegration: orDefault(perIntegration), gates: map[string]*gate{}, interval: idleAfter}
}

func orDefault(perSecond float64) float64 {
	if perSecond <= 0 {
		return DefaultRate
	}
	return perSecond
}

// gate finds or makes the gate of a key. l.mu is held.
func (l *limits) gate(key string, perSecond float64, now time.Time) *gate {
	if now.Sub(l.sweptAt) >= l.interval {
		// Hosts come from outside too: what is idle must not pile up.
		for k, g := range l.gates {
			if now.Sub(g.usedAt) >= idleAfter && now.After(g.restUntil) {
				delete(l.gates, k)
			}
		}
		l.sweptAt = now
	}
	g := l.gates[key]
	if g == nil {
		// A burst of one keeps any second within the rate.
		g = &gate{all: rate.NewLimiter(rate.Limit(perSecond), 1), background: rate.NewLimiter(rate.Limit(perSecond*backgroundShare), 1)}
		l.gates[key] = g
	}
	g.usedAt = now
	return g
}

// wait holds a call back until it may go out. The end of ctx is where patience
// ends; a wait that is known to last longer is a *RestError at once.
func (l *limits) wait(ctx context.Context, op string, at Address) error {
	for {
		now := time.Now()
		l.mu.Lock()
		account := l.gate("account "+at.host, l.perAccount, now)
		integration := l.gate("integration "+at.client, l.perIntegration, now)
		rest := account.restUntil.Sub(now)
		l.mu.Unlock()
		if rest > 0 {
			if err := sleep(ctx, op, rest); err != nil {
				return err
			}
			continue // someone may have been refused meanwhile
		}
		queue := []*rate.Limiter{account.all, integration.all}
		if ctx.Value(backgroundKey{}) != nil {
			queue = []*rate.Limiter{account.background, integration.background, account.all, integration.all}
		}
		for _, q := range queue {
			if err := q.Wait(ctx); err != nil {
				if ctx.Err() != nil {
					return fmt.Errorf("amocrm: %s: not sent: %w", op, ctx.Err())
				}
				return &RestError{Op: op, For: firstRest}
			}
		}
		l.mu.Lock()
		resting := time.Now().Before(account.restUntil)
		l.mu.Unlock()
		if !resting {
			return nil
		}
	}
}

// sleep waits for d, or says at once that the caller cannot.
func sleep(ctx context.Context, op string, d time.Duration) error {
	if end, ok := ctx.Deadline(); ok && time.Until(end) < d {
		return &RestError{Op: op, For: d}
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("amocrm: %s: not sent: %w", op, ctx.Err())
	case <-t.C:
		return nil
	}
}

// answered learns from an answer: e is nil for a success. It writes into
// e.RetryAfter for how long the account will be left alone.
func (l *limits) answered(at Address, e *APIError) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.gate("account "+at.host, l.perAccount, now)
	switch {
	case e == nil || e.Status != http.StatusTooManyRequests && !e.Blocked():
		// Any other answer shows that requests are being served.
		g.strikes = 0
		return
	case e.Blocked():
		e.RetryAfter = max(e.RetryAfter, blockedRest)
	case e.RetryAfter == 0:
		e.RetryAfter = min(firstRest<<min(g.strikes, 10), longestRest)
	}
	g.strikes++
	if until := now.Add(e.RetryAfter); until.After(g.restUntil) {
		g.restUntil = until
	}
}

// blockPage tells the page of a block from API v4's own refusals, which are
// problem+json: persistent excess ends in 403 for the address or the account
// (C §5.1). What the page looks like is not documented.
func blockPage(res *http.Response, body []byte) bool {
	if res.StatusCode != http.StatusForbidden {
		return false
	}
	text := strings.ToLower(string(body[:min(len(body), 4096)]))
	return strings.HasPrefix(strings.TrimSpace(text), "<") || strings.Contains(res.Header.Get("Content-Type"), "text/html") ||
		strings.Contains(text, "blocked")
}
