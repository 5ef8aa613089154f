package outbox

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"leadline/backend/chatid"
)

// Config sets a Worker's measures. Zero fields take the defaults named.
type Config struct {
	Workers    int           // lanes worked on at a time; 64
	PerAccount int           // of them, at most so many of one account; 16
	MaxQueued  int           // lanes held in memory; 50,000. More wait in the store
	Lease      time.Duration // 30 s
	// HandleTimeout bounds one try; 12 s. It must be well below Lease: a try
	// never outlives the claim that it runs under.
	HandleTimeout time.Duration
	// PollEvery is how long the store is left unasked at most; 1 s.
	PollEvery time.Duration
	// Settled is called after an outcome was stored, to tell streams; may be nil.
	Settled func(Job, Outcome)
	Now     func() time.Time
	Logger  *slog.Logger
}

func (c Config) withDefaults() Config {
	def := func(p *int, v int) {
		if *p == 0 {
			*p = v
		}
	}
	dur := func(p *time.Duration, v time.Duration) {
		if *p == 0 {
			*p = v
		}
	}
	def(&c.Workers, 64)
	def(&c.PerAccount, max(1, c.Workers/4))
	def(&c.MaxQueued, 50_000)
	dur(&c.Lease, 30*time.Second)
	dur(&c.HandleTimeout, 12*time.Second)
	dur(&c.PollEvery, time.Second)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Worker takes lanes, from whoever stored a job or from the store, and does
// their jobs in order.
type Worker struct {
	store   Store
	handler Handler
	cfg     Config
	wake    chan struct{}

	mu       sync.Mutex
	accounts map[chatid.AccountID]*accountQueue
	ring     []chatid.AccountID // accounts with waiting lanes, served in turn
	queued   int
	busy     int
	stopped  bool
	running  sync.WaitGroup
	ctx      context.Context
}

// accountQueue is what one account has waiting and in work, so that an account
// with many stuck lanes cannot take all workers.
type accountQueue struct {
	lanes  []*lane
	busy   int
	inRing bool
}

type lane struct {
	claim Claim
	jobs  []Job
}

// NewWorker makes a worker; Run starts it.
func NewWorker(s Store, h Handler, cfg Config) *Worker {
	return &Worker{
		store: s, handler: h, cfg: cfg.withDefaults(),
		wake:     make(chan struct{}, 1),
		accounts: map[chatid.AccountID]*accountQueue{},
	}
}

// Lease is how long a claim made for Take must last.
func (w *Worker) Lease() time.Duration { return w.cfg.Lease }

// Take hands over a lane that the caller claimed while storing j. It never
// blocks; what memory has no room for the store gives out again when the lease ends.
func (w *Worker) Take(c Claim, j Job) {
	w.enqueue(&lane{claim: c, jobs: []Job{j}})
}

// Wake makes the worker ask the store now, after a pause was lifted.
func (w *Worker) Wake() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Run works until ctx ends, then lets running tries finish, gives their lanes
// and all waiting ones back, and returns.
func (w *Worker) Run(ctx context.Context) {
	w.mu.Lock()
	w.ctx = ctx
	w.mu.Unlock()
	w.dispatch()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			w.stop()
			return
		case <-timer.C:
		case <-w.wake:
		}
		timer.Reset(w.poll(ctx))
	}
}

// poll claims what is due and tells how long to wait before the next look.
func (w *Worker) poll(ctx context.Context) time.Duration {
	room, full := w.room()
	if room <= 0 {
		return w.cfg.PollEvery
	}
	claims, err := w.store.ClaimDue(ctx, w.cfg.Now(), w.cfg.Lease, room, full)
	if err != nil {
		if ctx.Err() == nil {
			w.cfg.Logger.Error("outbox: claim due lanes", "error", err)
		}
		return w.cfg.PollEvery
	}
	for _, c := range claims {
		w.enqueue(&lane{claim: c})
	}
	if len(claims) == room {
		return 0
	}
	at, ok, err := w.store.NextDue(ctx)
	if err != nil || !ok {
		return w.cfg.PollEvery
	}
	return min(max(at.Sub(w.cfg.Now()), time.Millisecond), w.cfg.PollEvery)
}

// room is how many lanes the poller may fetch: enough to keep the workers busy,
// not so many that their leases run out in the queue. Accounts that have as many
// waiting as they may have in work are full and take no part.
func (w *Worker) room() (n int, full []chatid.AccountID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n = 2 * w.cfg.Workers
	for id, a := range w.accounts {
		if len(a.lanes) >= w.cfg.PerAccount {
			full = append(full, id)
		} else {
			n -= len(a.lanes)
		}
	}
	return n, full
}

func (w *Worker) enqueue(l *lane) {
	w.mu.Lock()
	if w.stopped {
		w.mu.Unlock()
		w.release(context.Background(), l)
		return
	}
	if w.queued >= w.cfg.MaxQueued {
		w.mu.Unlock()
		return
	}
	a := w.accounts[l.claim.Account]
	if a == nil {
		a = &accountQueue{}
		w.accounts[l.claim.Account] = a
	}
	a.lanes = append(a.lanes, l)
	w.queued++
	if !a.inRing {
		a.inRing = true
		w.ring = append(w.ring, l.claim.Account)
	}
	w.mu.Unlock()
	w.dispatch()
}

// dispatch starts waiting lanes, one account after the other.
func (w *Worker) dispatch() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ctx == nil || w.stopped {
		return
	}
	for skipped := 0; w.busy < w.cfg.Workers && skipped < len(w.ring); {
		id := w.ring[0]
		w.ring = w.ring[1:]
		a := w.accounts[id]
		if a.busy >= w.cfg.PerAccount {
			w.ring = append(w.ring, id)
			skipped++
			continue
		}
		skipped = 0
		l := a.lanes[0]
		a.lanes[0] = nil
		a.lanes = a.lanes[1:]
		w.queued--
		if len(a.lanes) > 0 {
			w.ring = append(w.ring, id)
		} else {
			a.inRing = false
			a.lanes = nil
		}
		a.busy++
		w.busy++
		w.running.Add(1)
		go w.run(l)
	}
}

func (w *Worker) run(l *lane) {
	again := w.work(w.ctx, l)
	w.mu.Lock()
	a := w.accounts[l.claim.Account]
	a.busy--
	w.busy--
	if a.busy == 0 && len(a.lanes) == 0 && !again {
		delete(w.accounts, l.claim.Account)
	}
	w.mu.Unlock()
	if again {
		w.enqueue(l)
	} else {
		w.dispatch()
	}
	w.running.Done()
}

// turn is how many jobs a lane does before others of its account come first.
const turn = 32

// work does the lane's jobs in order. again tells that it wants another turn.
func (w *Worker) work(ctx context.Context, l *lane) (again bool) {
	// What is settled must be stored even when the server is stopping.
	keep := context.WithoutCancel(ctx)
	for range turn {
		if ctx.Err() != nil {
			w.release(keep, l)
			return false
		}
		if !w.renew(keep, l) {
			return false
		}
		if len(l.jobs) == 0 {
			jobs, err := w.store.Jobs(keep, l.claim, turn)
			if err != nil {
				w.cfg.Logger.Error("outbox: read jobs", "conversation_id", string(l.claim.Lane), "error", err)
				return false
			}
			if len(jobs) == 0 {
				w.release(keep, l)
				return false
			}
			l.jobs = jobs
		}
		j := l.jobs[0]
		l.jobs = l.jobs[1:]
		if l.claim.Recovered {
			j.Uncertain, l.claim.Recovered = true, false
		}
		more, ok := w.try(keep, l.claim, j)
		if !ok || !more {
			return false
		}
	}
	return true
}

// try handles one job and settles it. ctx outlives the stop of the worker. ok is false when the lane is no longer ours.
func (w *Worker) try(ctx context.Context, c Claim, j Job) (more, ok bool) {
	hctx, cancel := context.WithTimeout(ctx, w.cfg.HandleTimeout)
	o := w.handler.Handle(hctx, j)
	cancel()
	more, err := w.store.Settle(ctx, c, j, o)
	switch {
	case errors.Is(err, ErrLost):
		w.cfg.Logger.Warn("outbox: claim lost", "conversation_id", string(c.Lane), "seq", j.Seq)
		return false, false
	case err != nil:
		// The lease ends by itself and the job is tried again as uncertain.
		w.cfg.Logger.Error("outbox: settle job", "conversation_id", string(c.Lane), "seq", j.Seq, "error", err)
		return false, false
	}
	if w.cfg.Settled != nil {
		w.cfg.Settled(j, o)
	}
	if o.Verdict == Later {
		w.Wake()
		return false, true
	}
	return more, true
}

// renew keeps the lease longer than the next try can take.
func (w *Worker) renew(ctx context.Context, l *lane) bool {
	now := w.cfg.Now()
	if l.claim.Until.Sub(now) > w.cfg.HandleTimeout+w.cfg.Lease/4 {
		return true
	}
	until := now.Add(w.cfg.Lease)
	if err := w.store.Renew(ctx, l.claim, until); err != nil {
		w.cfg.Logger.Warn("outbox: renew claim", "conversation_id", string(l.claim.Lane), "error", err)
		return false
	}
	l.claim.Until = until
	return true
}

func (w *Worker) release(ctx context.Context, l *lane) {
	if err := w.store.Release(ctx, l.claim); err != nil && !errors.Is(err, ErrLost) {
		w.cfg.Logger.Warn("outbox: release lane", "conversation_id", string(l.claim.Lane), "error", err)
	}
}

// stop gives back what waits and waits for what runs.
func (w *Worker) stop() {
	w.mu.Lock()
	w.stopped = true
	var waiting []*lane
	for _, a := range w.accounts {
		waiting = append(waiting, a.lanes...)
		a.lanes = nil
	}
	w.ring, w.queued = nil, 0
	w.mu.Unlock()
	for _, l := range waiting {
		w.release(context.Background(), l)
	}
	w.running.Wait()
}
