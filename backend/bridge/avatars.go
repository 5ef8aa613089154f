package bridge

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"leadline/backend/account"
	"leadline/backend/chatid"
	"leadline/backend/media"
)

const (
	// avatarsAtOnce are fetched together, each from another host: one that is slow
	// holds up its own alone.
	avatarsAtOnce = 8
	// avatarTime bounds one.
	avatarTime = 20 * time.Second
	// avatarAgain is how soon one that could not be had is tried again; operators
	// are read daily, and in between when an unknown one writes.
	avatarAgain = 12 * time.Hour
	// maxAvatars bounds those that wait, and those that are known to have failed. The
	// next daily read asks for what found no place.
	maxAvatars = 20000
)

// Avatars keeps copies of operators' pictures in our store, so that no visitor's
// browser asks another host. Make it with NewAvatars and keep Run running.
type Avatars struct {
	store account.CRMStore
	media Importer
	newID func() string
	now   func() time.Time
	log   *slog.Logger
	wake  chan struct{}

	mu sync.Mutex
	// waiting are by host; asked are those that wait or are being fetched.
	waiting map[string][]avatar
	asked   map[avatar]bool
	busy    map[string]bool
	failed  map[avatar]time.Time
}

// avatar is a picture that an operator has in the CRM.
type avatar struct {
	account  chatid.AccountID
	operator chatid.UserRef
	address  string
}

// NewAvatars keeps copies in the store of m, which takes pictures alone
// (media.Service.ForAvatars).
func NewAvatars(s account.CRMStore, m Importer, newID func() string, now func() time.Time, log *slog.Logger) *Avatars {
	return &Avatars{
		store: s, media: m, newID: newID, now: now, log: log, wake: make(chan struct{}, 1),
		waiting: map[string][]avatar{}, asked: map[avatar]bool{}, busy: map[string]bool{}, failed: map[avatar]time.Time{},
	}
}

// Follow is told that an account's operators were read: it removes the bytes of
// the keys that are gone, and has avatars fetched that are new or changed. It does
// not wait for them.
func (v *Avatars) Follow(ctx context.Context, id chatid.AccountID, gone []string) {
	for _, key := range gone {
		v.discard(ctx, key)
	}
	list, err := v.store.Operators(ctx, id)
	if err != nil {
		v.log.Warn("list avatars to fetch", "account_id", string(id), "error", err)
		return
	}
	now := v.now()
	v.mu.Lock()
	for _, o := range list {
		if o.Avatar != "" && o.Avatar != o.Copied {
			v.ask(avatar{id, o.Ref, o.Avatar}, now)
		}
	}
	v.mu.Unlock()
	signal(v.wake)
}

// ask puts one on the list. v.mu is held.
func (v *Avatars) ask(one avatar, now time.Time) {
	at, failed := v.failed[one]
	if failed && now.Sub(at) < avatarAgain || v.asked[one] || len(v.asked) >= maxAvatars {
		return
	}
	delete(v.failed, one)
	v.asked[one] = true
	host := hostOf(one.address)
	v.waiting[host] = append(v.waiting[host], one)
}

// Run fetches until ctx ends. What waits then is asked for again after the next
// start, when operators are read.
func (v *Avatars) Run(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	for {
		for ctx.Err() == nil {
			one, ok := v.next()
			if !ok {
				break
			}
			running.Go(func() {
				err := v.fetch(ctx, one)
				if err != nil && ctx.Err() == nil {
					// The address may hold a secret, so the log names the person alone.
					v.log.Info("fetch avatar", "account_id", string(one.account), "operator", string(one.operator), "error", err)
				}
				v.done(one, err)
			})
		}
		select {
		case <-ctx.Done():
			return
		case <-v.wake:
		}
	}
}

// next takes one of a host that is not busy.
func (v *Avatars) next() (avatar, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.busy) >= avatarsAtOnce {
		return avatar{}, false
	}
	for host, list := range v.waiting { // in no order, so that every host has its turn
		if v.busy[host] {
			continue
		}
		v.busy[host] = true
		if v.waiting[host] = list[1:]; len(list) == 1 {
			delete(v.waiting, host)
		}
		return list[0], true
	}
	return avatar{}, false
}

func (v *Avatars) done(one avatar, err error) {
	v.mu.Lock()
	delete(v.busy, hostOf(one.address))
	delete(v.asked, one)
	if err != nil {
		if len(v.failed) >= maxAvatars {
			clear(v.failed)
		}
		v.failed[one] = v.now()
	}
	v.mu.Unlock()
	signal(v.wake)
}

// fetch tries one once.
func (v *Avatars) fetch(ctx context.Context, one avatar) error {
	within, cancel := context.WithTimeout(ctx, avatarTime)
	defer cancel()
	item, err := v.media.Import(within, one.address, media.Incoming{})
	if err != nil {
		return err
	}
	// What is here is stored even if we are told to stop at this moment.
	ctx = context.WithoutCancel(ctx)
	old, kept, err := v.store.SavePicture(ctx, account.Picture{
		File: chatid.FileID(v.newID()), Key: string(item.Key), Account: one.account, Operator: one.operator, Of: one.address,
		Type: item.Type, Bytes: item.Size, Width: item.Width, Height: item.Height, CreatedAt: v.now(),
	})
	switch {
	case err != nil:
		return err // it may be stored for all that, so its bytes stay
	case !kept:
		v.discard(ctx, string(item.Key))
	case old != "":
		v.discard(ctx, old)
	}
	return nil
}

func (v *Avatars) discard(ctx context.Context, key string) {
	within, cancel := context.WithTimeout(ctx, fetchOwn)
	defer cancel()
	if err := v.media.Discard(within, media.Item{Key: media.Key(key)}); err != nil {
		v.log.Warn("remove avatar that nobody needs", "error", err)
	}
}
