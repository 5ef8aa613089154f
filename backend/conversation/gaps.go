package conversation

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"leadline/backend/chatid"
)

// Gap is a time in which hooks of an account may have been lost.
type Gap struct {
	Account   chatid.AccountID
	Since, At time.Time
}

// GapStore keeps gaps until they are healed, and the time that the server was last
// seen serving.
type GapStore interface {
	// NoteGap stores that hooks may be lost in [since, at]; of gaps that are not
	// healed yet the earliest beginning and the latest end stay. An empty account
	// means all that are connected, or were until something broke.
	NoteGap(ctx context.Context, a chatid.AccountID, since, at time.Time) error
	// Gaps lists those of connected accounts.
	Gaps(ctx context.Context) ([]Gap, error)
	// CloseGap removes one, unless it has grown since it was read.
	CloseGap(ctx context.Context, g Gap) error
	// Unhealed lists up to limit conversations of the gap's account in which
	// something was said since, and whose history was not read since the gap ended,
	// by id after the given one.
	Unhealed(ctx context.Context, g Gap, since time.Time, after chatid.ConversationID, limit int) ([]Conversation, error)
	// Alive is when some instance was last seen serving; zero for never.
	Alive(ctx context.Context) (time.Time, error)
	SetAlive(ctx context.Context, at time.Time) error
}

const (
	// aliveEvery is how often a serving instance says so.
	aliveEvery = 10 * time.Second
	// activeFor is how long before a gap something must have been said for a
	// conversation to be asked for; older ones are when their visitor returns.
	activeFor = 7 * 24 * time.Hour
	healPage  = 100
	// healEvery is the pace at which one account's conversations are asked for: its
	// share of what the chats service may bear (C §5.1) beside the messages.
	healEvery = 200 * time.Millisecond
	// gapsAtOnce bounds the accounts that are healed at a time.
	gapsAtOnce = 16
)

// Healer closes gaps: it asks the history of every conversation that was going on,
// at a pace, and remembers over a restart what is left to ask.
//
// Chats that operators began meanwhile are not found so: only events of talks name
// them.
type Healer struct {
	store   GapStore
	service *Service
	now     func() time.Time
	log     *slog.Logger
	wake    chan struct{}

	mu   sync.Mutex
	lost map[chatid.AccountID]time.Time // not stored yet
	busy map[chatid.AccountID]bool
}

// NewHealer wires a healer; Start must be called, and Run must run.
func NewHealer(s GapStore, c *Service, now func() time.Time, log *slog.Logger) *Healer {
	return &Healer{
		store: s, service: c, now: now, log: log, wake: make(chan struct{}, 1),
		lost: map[chatid.AccountID]time.Time{}, busy: map[chatid.AccountID]bool{},
	}
}

// Lost notes that hooks of an account may have been lost since a time. It never
// blocks; while the store is out of order it is remembered in memory.
func (h *Healer) Lost(a chatid.AccountID, since time.Time) {
	h.mu.Lock()
	if t, ok := h.lost[a]; !ok || since.Before(t) {
		h.lost[a] = since
	}
	h.mu.Unlock()
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// Start notes the gap since the server served last. Call it when the listener
// takes connections and before one is answered: a visitor who comes back must see
// that there is a gap.
func (h *Healer) Start(ctx context.Context) {
	if at, err := h.store.Alive(ctx); err != nil {
		h.log.Error("read when the server served last", "error", err)
	} else if !at.IsZero() {
		h.Lost("", at)
	}
	h.note(ctx)
}

// Run heals what there is until ctx ends, and notes that the server serves.
func (h *Healer) Run(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	tick := time.NewTicker(aliveEvery)
	defer tick.Stop()
	for {
		h.note(ctx)
		if err := h.store.SetAlive(ctx, h.now()); err != nil && ctx.Err() == nil {
			h.log.Error("note that the server serves", "error", err)
		}
		gaps, err := h.store.Gaps(ctx)
		if err != nil && ctx.Err() == nil {
			h.log.Error("read gaps", "error", err)
		}
		for _, g := range gaps {
			if h.begin(g.Account) {
				running.Go(func() {
					defer h.end(g.Account)
					if err := h.heal(ctx, g); err != nil && ctx.Err() == nil {
						h.log.Warn("heal gap", "account_id", string(g.Account), "error", err)
					}
				})
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-h.wake:
		}
	}
}

// note stores what was lost; what cannot be stored is tried again.
func (h *Healer) note(ctx context.Context) {
	h.mu.Lock()
	lost := h.lost
	h.lost = map[chatid.AccountID]time.Time{}
	h.mu.Unlock()
	for a, since := range lost {
		if err := h.store.NoteGap(ctx, a, since, h.now()); err != nil {
			h.mu.Lock()
			if t, ok := h.lost[a]; !ok || since.Before(t) {
				h.lost[a] = since
			}
			h.mu.Unlock()
			if ctx.Err() == nil {
				h.log.Error("note gap", "account_id", string(a), "error", err)
			}
		}
	}
}

func (h *Healer) begin(a chatid.AccountID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.busy[a] || len(h.busy) >= gapsAtOnce {
		return false
	}
	h.busy[a] = true
	return true
}

func (h *Healer) end(a chatid.AccountID) {
	h.mu.Lock()
	delete(h.busy, a)
	h.mu.Unlock()
}

// heal asks for one account's conversations, one after the other.
func (h *Healer) heal(ctx context.Context, g Gap) error {
	pace := time.NewTicker(healEvery)
	defer pace.Stop()
	n := 0
	for after := chatid.ConversationID(""); ; {
		list, err := h.store.Unhealed(ctx, g, g.Since.Add(-activeFor), after, healPage)
		if err != nil {
			return err
		}
		for _, c := range list {
			if err := h.service.HealOne(ctx, c, g.Since); err != nil {
				return err
			}
			n, after = n+1, c.ID
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-pace.C:
			}
		}
		if len(list) < healPage {
			break
		}
	}
	if n > 0 {
		h.log.Info("asked for what operators wrote while hooks were lost", "account_id", string(g.Account), "conversations", n, "since", g.Since)
	}
	return h.store.CloseGap(ctx, g)
}
