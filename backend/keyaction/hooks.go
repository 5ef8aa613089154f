package keyaction

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"time"

	"leadline/backend/chatid"
)

const (
	// hookTries bounds the tries of one hook: with pauses of 15 s, doubled up to ten
	// minutes, they are about half an hour.
	hookTries     = 6
	hookFirstWait = 15 * time.Second
	hookMostWait  = 10 * time.Minute
	// hookLease is how long a claimed hook is its sender's; hookTime bounds one try.
	hookLease = time.Minute
	hookTime  = 20 * time.Second
	// hookAtOnce are sent at a time. An account that has hookOfOne of them in the air gets
	// no more: whoever lets theirs hang delays nobody else's.
	hookAtOnce = 8
	hookOfOne  = 2
	// hookPause is the least between two looks at what is due.
	hookPause = 100 * time.Millisecond
	// hookPoll finds what another instance stored or gave up.
	hookPoll = 15 * time.Second

	// pruneEvery is how often old lines are forgotten, those older than KeepFor and
	// beyond maxLines of an account.
	pruneEvery = time.Hour
	maxLines   = 20_000
)

// KeepFor is how long it is remembered what happened.
const KeepFor = 400 * 24 * time.Hour

// Poster posts JSON to an address that somebody outside chose. again tells whether
// another try may help.
type Poster interface {
	PostJSON(ctx context.Context, address string, body []byte) (again bool, err error)
}

// Hooks keeps hooks that are to be sent.
type Hooks interface {
	// ClaimHooks gives up to n hooks that are due, up to ofOne of each account and none of
	// those to skip; each is the caller's until until, and that counts as a try.
	ClaimHooks(ctx context.Context, now, until time.Time, n, ofOne int, skip []chatid.AccountID) ([]Fired, error)
	// SetHook stores how a claimed hook ended, or when to try again (Waiting).
	SetHook(ctx context.Context, a chatid.AccountID, id string, st State, problem string, due time.Time) error
}

// hookBody is what a hook tells; what the page said is the browser's word.
type hookBody struct {
	Event  string `json:"event"`
	ID     string `json:"id"`
	Action struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"action"`
	FiredAt    time.Time        `json:"fired_at"`
	Conditions []Condition      `json:"conditions"`
	Page       Page             `json:"page"`
	Visitor    chatid.VisitorID `json:"visitor,omitempty"`
	LeadID     int64            `json:"lead_id,omitempty"`
}

func (s *Service) wake() {
	select {
	case s.hooks <- struct{}{}:
	default:
	}
}

// Run sends hooks, and forgets what is old, until ctx ends.
func (s *Service) Run(ctx context.Context) {
	prune := time.NewTicker(pruneEvery)
	defer prune.Stop()
	poll := time.NewTimer(0)
	defer poll.Stop()
	soon := true
	air := inAir{of: map[chatid.AccountID]int{}, ended: make(chan chatid.AccountID, hookAtOnce)}
	defer air.land()
	for {
		select {
		case <-ctx.Done():
			return
		case <-prune.C:
			if err := s.Store.Prune(ctx, s.Now().Add(-KeepFor), maxLines); err != nil && ctx.Err() == nil {
				s.Logger.Error("forget key actions", "error", err)
			}
			continue
		case a := <-air.ended:
			air.landed(a)
		case <-s.hooks:
		case <-poll.C:
			err := s.sendDue(ctx, &air)
			if err == nil {
				err = s.handLate(ctx)
			}
			if err != nil && ctx.Err() == nil {
				s.Logger.Error("follow up key actions", "error", err)
			}
			soon = false
			poll.Reset(hookPoll)
			continue
		}
		if !soon { // there may be something to send, or room for it
			soon = true
			poll.Reset(hookPause)
		}
	}
}

// inAir counts the hooks that are being sent, by account.
type inAir struct {
	of    map[chatid.AccountID]int
	all   int
	ended chan chatid.AccountID
}

func (i *inAir) landed(a chatid.AccountID) {
	i.all--
	if i.of[a]--; i.of[a] == 0 {
		delete(i.of, a)
	}
}

// land waits for all of them.
func (i *inAir) land() {
	for i.all > 0 {
		i.landed(<-i.ended)
	}
}

// full lists the accounts that have as many as they may.
func (i *inAir) full() (list []chatid.AccountID) {
	for a, n := range i.of {
		if n >= hookOfOne {
			list = append(list, a)
		}
	}
	return list
}

// handLate hands over what an error or a sudden end kept from it. Work that was handed
// over twice is done once: the desk marks what it did.
func (s *Service) handLate(ctx context.Context) error {
	list, err := s.Store.Unhanded(ctx, s.Now().Add(-hookLease), 100)
	for i := 0; i < len(list) && err == nil; i++ {
		err = s.hand(ctx, list[i])
	}
	return err
}

// sendDue begins to send what is due, as far as there is room.
func (s *Service) sendDue(ctx context.Context, air *inAir) error {
	room := hookAtOnce - air.all
	if room == 0 {
		return nil
	}
	now := s.Now()
	list, err := s.Store.ClaimHooks(ctx, now, now.Add(hookLease), room, hookOfOne, air.full())
	for _, f := range list {
		air.all++
		air.of[f.Account]++
		go func() {
			defer func() { air.ended <- f.Account }()
			s.send(ctx, f)
		}()
	}
	return err
}

func (s *Service) send(ctx context.Context, f Fired) {
	log := s.Logger.With("account_id", string(f.Account), "fired_id", f.ID, "attempt", f.Tries)
	body := hookBody{Event: "key_action", ID: f.ID, FiredAt: f.At.UTC(), Conditions: f.Why, Page: f.Page, Visitor: f.Visitor, LeadID: f.Lead}
	body.Action.ID, body.Action.Name = f.Action, f.Name
	raw, err := json.Marshal(body)
	again := false
	if err == nil {
		within, cancel := context.WithTimeout(ctx, hookTime)
		again, err = s.Poster.PostJSON(within, f.Hook, raw)
		cancel()
	}
	if ctx.Err() != nil && err != nil {
		return // we stop: its lease ends by itself
	}
	st, problem, due := Done, "", time.Time{}
	switch {
	case err != nil && again && f.Tries < hookTries:
		wait := min(hookFirstWait<<max(f.Tries-1, 0), hookMostWait)
		st, due = Waiting, s.Now().Add(wait+rand.N(wait/4)) //nolint:gosec // spreads load, guards nothing
	case err != nil:
		st, problem = Failed, "hook_failed"
	}
	if err != nil {
		log.Warn("send hook of a key action", "error", err)
	}
	if err := s.Store.SetHook(context.WithoutCancel(ctx), f.Account, f.ID, st, problem, due); err != nil {
		log.Error("note the end of a hook", "error", err)
	}
}
