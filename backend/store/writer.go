package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"

	"gorm.io/gorm"

	"leadline/backend/fault"
)

// maxBatch bounds the closures of one commit, and so what the first of them
// waits for the last.
const maxBatch = 256

// maxReruns bounds how often a closure that asked for it is run again.
const maxReruns = 4

// errRerun is what a closure returns when it met a rival's row and wants to
// begin anew, its own changes undone.
var errRerun = errors.New("store: run the transaction again")

// writer owns the only connection that writes to a SQLite file. Closures that
// wait at the same time share one transaction, hence one sync of the disk.
type writer struct {
	db   *gorm.DB // over pool
	pool *stmtPool
	log  *slog.Logger
	// changed is called after a commit that may have changed what memory keeps.
	changed func()
	// wary is how many batches more are run with savepoints.
	wary  int
	queue chan *request // unbuffered: what was taken will be answered
	quit  chan struct{}
	done  chan struct{}
}

type request struct {
	ctx    context.Context
	fn     func(*tx) error
	err    error
	answer chan error
}

func newWriter(db *gorm.DB, pool *stmtPool, log *slog.Logger, changed func()) *writer {
	w := &writer{
		db: db, pool: pool, log: log, changed: changed,
		queue: make(chan *request), quit: make(chan struct{}), done: make(chan struct{}),
	}
	go w.loop()
	return w
}

// Do runs fn in a transaction and returns when it is committed, synced, or
// undone. fn must be re-runnable and without effects outside the transaction:
// it may run several times. An error of fn undoes fn alone, although it shares
// its commit with others; a cancelled ctx keeps fn from starting and stops
// nothing that began.
func (w *writer) Do(ctx context.Context, fn func(*tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r := &request{ctx: ctx, fn: fn, answer: make(chan error, 1)}
	select {
	case w.queue <- r:
		return <-r.answer
	case <-ctx.Done():
		return ctx.Err()
	case <-w.quit:
		return fault.Wrap(fault.Unavailable, storageUnavailable, sql.ErrConnDone)
	}
}

// close finishes the running batch and refuses what comes later.
func (w *writer) close() error {
	close(w.quit)
	<-w.done
	return w.pool.close()
}

func (w *writer) loop() {
	defer close(w.done)
	batch := make([]*request, 0, maxBatch)
	for {
		select {
		case <-w.quit:
			return
		case r := <-w.queue:
			// Those whom the last commit answered may be about to ask again: they
			// get one turn of the processor, no time.
			runtime.Gosched()
			batch = w.fill(append(batch[:0], r))
		}
		w.run(batch)
		for _, r := range batch {
			r.answer <- r.err
		}
	}
}

// fill adds everybody who waits already; nobody is waited for.
func (w *writer) fill(batch []*request) []*request {
	for len(batch) < maxBatch {
		select {
		case r := <-w.queue:
			batch = append(batch, r)
		default:
			return batch
		}
	}
	return batch
}

// run is one transaction. It has a context of its own: a caller that leaves
// must not undo what others did.
func (w *writer) run(batch []*request) {
	ctx := context.Background()
	t := &tx{ctx: ctx, db: w.db.WithContext(ctx), pool: w.pool}
	if w.wary == 0 {
		again, err := w.attempt(t, batch, w.bare)
		if !again {
			w.lost(batch, err)
			return
		}
		w.wary = wariness
	} else {
		w.wary--
	}
	_, err := w.attempt(t, batch, w.guarded)
	w.lost(batch, err)
}

// wariness is after how many batches without a closure that fails savepoints are left
// out again. They keep a copy of every page that is changed after them.
const wariness = 16

// attempt runs the batch's closures by one, and commits. again tells that everything
// was undone for the sake of one closure; an error, that the transaction is lost (disk
// full), and nobody's part of it is kept.
func (w *writer) attempt(t *tx, batch []*request, one func(*tx, *request) (again bool, err error)) (again bool, err error) {
	if err = w.exec(t.ctx, "BEGIN IMMEDIATE"); err == nil {
		for _, r := range batch {
			if r.err = r.ctx.Err(); r.err != nil {
				continue
			}
			if again, err = one(t, r); again || err != nil {
				break
			}
		}
		if err == nil && !again {
			err = w.exec(t.ctx, "COMMIT")
		}
		if err != nil || again {
			_ = w.exec(t.ctx, "ROLLBACK") // SQLite may have done it by itself
		}
	}
	if w.pool.touched {
		w.pool.touched = false
		w.changed()
	}
	return again && err == nil, err
}

// lost tells the callers of a transaction that was lost.
func (w *writer) lost(batch []*request, err error) {
	if err == nil {
		return
	}
	w.log.Error("store: commit", "error", err, "callers", len(batch))
	for _, r := range batch {
		if r.err == nil {
			r.err = unavailable(err)
		}
	}
}

// bare runs a closure; one that fails undoes those before it, which must run again.
func (w *writer) bare(t *tx, r *request) (again bool, err error) {
	return w.call(t, r.fn) != nil, nil
}

// guarded runs a closure between savepoints. Its own error is put into r; the
// returned one tells that the whole transaction is lost.
func (w *writer) guarded(t *tx, r *request) (again bool, err error) {
	for range maxReruns {
		if err := w.exec(t.ctx, "SAVEPOINT one"); err != nil {
			return false, err
		}
		r.err = w.call(t, r.fn)
		if r.err != nil {
			r.err = translate(r.err)
			if err := w.exec(t.ctx, "ROLLBACK TO one"); err != nil {
				return false, errors.Join(r.err, err)
			}
		}
		if err := w.exec(t.ctx, "RELEASE one"); err != nil {
			return false, err
		}
		if !errors.Is(r.err, errRerun) {
			return false, nil
		}
	}
	return false, nil
}

func (w *writer) call(t *tx, fn func(*tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			w.log.Error("store: panic in a transaction", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fmt.Errorf("panic in a transaction: %v", p)
		}
	}()
	return fn(t)
}

func (w *writer) exec(ctx context.Context, query string) error {
	_, err := w.pool.ExecContext(ctx, query)
	return err
}
