package bridge

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"sync"
	"time"

	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/media"
)

const (
	// fetchTries are about an hour: 15 s, doubled up to 10 minutes, between them.
	fetchTries     = 10
	fetchFirstWait = 15 * time.Second
	fetchMostWait  = 10 * time.Minute
	// fetchTime bounds one try, the look at the file included. A claim lasts for
	// fetchLease and is renewed while the try goes on, so that nobody else begins
	// meanwhile, and somebody soon does after a sudden end.
	fetchTime  = 3 * time.Minute
	fetchLease = 30 * time.Second
	fetchRenew = fetchLease / 3
	// fetchAtOnce run together, fetchPerHost of them from one host: the others go on
	// while one is slow.
	fetchAtOnce  = 16
	fetchPerHost = 8
	// fetchBusy is when a file is looked at again whose host has all its places taken.
	fetchBusy = time.Second
	// fetchPoll finds what another instance stored or gave up.
	fetchPoll = 15 * time.Second
	// fetchOwn is the wait after a fault of our own, which costs the file no try.
	fetchOwn = 30 * time.Second
)

// Waiting are the operators' files that wait to be fetched, as far as fetching
// needs the conversation service.
type Waiting interface {
	ClaimFetches(ctx context.Context, lease time.Duration, n int) ([]conversation.Fetch, error)
	NextFetch(ctx context.Context) (wait time.Duration, ok bool, err error)
	RenewFetch(ctx context.Context, f conversation.Fetch, lease time.Duration) error
	FetchLater(ctx context.Context, f conversation.Fetch, after time.Duration) error
	Fetched(ctx context.Context, f conversation.Fetch, reason string) (kept bool, err error)
}

// Importer brings a file from an address into the media store.
type Importer interface {
	Import(ctx context.Context, address string, in media.Incoming) (media.Item, error)
	Discard(ctx context.Context, item media.Item) error
}

// Fetches brings operators' files into our store. Make it with NewFetches and keep
// Run running.
type Fetches struct {
	files Waiting
	media Importer
	log   *slog.Logger
	wake  chan struct{}
	done  chan struct{} // a place became free
}

// NewFetches fetches what files name into m.
func NewFetches(files Waiting, m Importer, log *slog.Logger) *Fetches {
	return &Fetches{files: files, media: m, log: log, wake: make(chan struct{}, 1), done: make(chan struct{}, 1)}
}

// Wake tells that a file may wait. It never waits itself.
func (f *Fetches) Wake() { signal(f.wake) }

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Run fetches until ctx ends; what was begun by then is given back by its lease.
func (f *Fetches) Run(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	places := hosts{taken: map[string]int{}}
	for ctx.Err() == nil {
		if free := places.free(); free > 0 {
			list, err := f.files.ClaimFetches(ctx, fetchLease, free)
			if err != nil && ctx.Err() == nil {
				f.log.Error("claim files to fetch", "error", err)
			}
			for _, one := range list {
				host := hostOf(one.File.Origin)
				if !places.take(host) {
					f.later(ctx, one, fetchBusy)
					continue
				}
				running.Go(func() {
					defer func() { places.leave(host); signal(f.done) }()
					f.fetch(ctx, one)
				})
			}
			if len(list) == free {
				continue // there may be more
			}
		}
		f.rest(ctx, places.free() == 0)
	}
}

// rest waits until there may be something to do; with no place free that is when
// one is.
func (f *Fetches) rest(ctx context.Context, full bool) {
	wait := fetchPoll
	if full {
		select {
		case <-ctx.Done():
		case <-f.done:
		}
		return
	}
	if next, ok, err := f.files.NextFetch(ctx); err == nil && ok {
		wait = min(wait, max(next, 100*time.Millisecond)) // what is due and was not claimed is somebody's
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-f.wake:
	case <-f.done:
	case <-timer.C:
	}
}

// fetch tries one file once.
func (f *Fetches) fetch(ctx context.Context, one conversation.Fetch) {
	log := f.log.With("account_id", string(one.File.Account), "file_id", string(one.File.ID), "attempt", one.Attempts+1)
	if one.Attempts >= fetchTries { // the server died of it, or with it, again and again
		f.fails(ctx, log, one, "delivery.file_unavailable")
		return
	}
	within, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	defer f.hold(ctx, log, one)()
	item, err := f.media.Import(within, one.File.Origin, media.Incoming{Name: one.File.Name, Wish: media.Kind(one.File.Kind), AnyType: true})
	if ctx.Err() != nil {
		if err == nil {
			f.discard(log, item)
		}
		f.later(context.WithoutCancel(ctx), one, 0) // we stop: no try of the file's
		return
	}
	if err != nil {
		f.failed(ctx, log, one, err)
		return
	}
	file := &one.File
	file.Key, file.Kind, file.Name, file.Type, file.Bytes = string(item.Key), string(item.Kind), item.Name, item.Type, item.Size
	file.Width, file.Height, file.Duration, file.State = item.Width, item.Height, item.Duration, conversation.FileReady
	if item.Thumb != nil {
		file.Thumb = string(item.Thumb.Key)
	}
	// What is here is stored even if we are told to stop at this moment.
	kept, err := f.files.Fetched(context.WithoutCancel(ctx), one, "")
	switch {
	case err != nil:
		// It may be stored for all that, so its bytes stay; the lease brings it back if not.
		log.Error("store fetched file", "error", err)
	case !kept:
		f.discard(log, item)
	}
}

// hold renews a claim until it is told to stop. What was settled meanwhile is nobody's
// claim any more, and stays so.
func (f *Fetches) hold(ctx context.Context, log *slog.Logger, one conversation.Fetch) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(fetchRenew)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := f.files.RenewFetch(ctx, one, fetchLease); err != nil && ctx.Err() == nil {
				log.Error("renew claim of a file", "error", err)
			}
		}
	}()
	return func() { cancel(); <-done }
}

// failed decides what becomes of a file that could not be had this time.
func (f *Fetches) failed(ctx context.Context, log *slog.Logger, one conversation.Fetch, err error) {
	ours, again, reason := judge(err)
	if ours {
		log.Error("fetch file", "error", err)
		f.later(ctx, one, fetchOwn)
		return
	}
	log.Warn("fetch file", "error", err)
	one.Attempts++
	if again && one.Attempts < fetchTries {
		wait := min(fetchFirstWait<<(one.Attempts-1), fetchMostWait)
		wait += rand.N(wait / 4) //nolint:gosec // spreads load, guards nothing
		if e, ok := errors.AsType[*media.FetchError](err); ok {
			wait = max(wait, min(e.RetryAfter, fetchMostWait))
		}
		f.later(ctx, one, wait)
		return
	}
	f.fails(ctx, log, one, reason)
}

// fails gives a file up, for a reason that operators read.
func (f *Fetches) fails(ctx context.Context, log *slog.Logger, one conversation.Fetch, reason string) {
	one.File.State = conversation.FileFailed
	if _, err := f.files.Fetched(context.WithoutCancel(ctx), one, reason); err != nil {
		log.Error("store failed file", "error", err)
	}
}

// judge tells whose fault a failure is, whether another try may help, and the key
// of the text for the operator if none does.
func judge(err error) (ours, again bool, reason string) {
	const unavailable, tooLarge, refused = "delivery.file_unavailable", "delivery.file_too_large", "delivery.file_refused"
	if e, ok := errors.AsType[*media.FetchError](err); ok {
		if e.Reason == media.TooLarge {
			return false, false, tooLarge
		}
		return false, e.Temporary(), unavailable
	}
	switch fault.KindOf(err) {
	case fault.TooLarge:
		return false, false, tooLarge
	case fault.Invalid:
		return false, false, refused
	case fault.Unavailable:
		return true, true, unavailable
	}
	return false, true, unavailable // took longer than fetchTime, or nobody knows
}

func (f *Fetches) later(ctx context.Context, one conversation.Fetch, after time.Duration) {
	if err := f.files.FetchLater(ctx, one, after); err != nil && ctx.Err() == nil {
		f.log.Error("postpone fetch", "file_id", string(one.File.ID), "error", err)
	}
}

func (f *Fetches) discard(log *slog.Logger, item media.Item) {
	ctx, cancel := context.WithTimeout(context.Background(), fetchOwn)
	defer cancel()
	if err := f.media.Discard(ctx, item); err != nil {
		log.Warn("remove file that nobody needs", "error", err)
	}
}

// hosts counts the places that are taken.
type hosts struct {
	mu    sync.Mutex
	all   int
	taken map[string]int
}

func (h *hosts) free() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return fetchAtOnce - h.all
}

func (h *hosts) take(host string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.taken[host] >= fetchPerHost {
		return false
	}
	h.taken[host]++
	h.all++
	return true
}

func (h *hosts) leave(host string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.taken[host]--; h.taken[host] == 0 {
		delete(h.taken, host)
	}
	h.all--
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}
