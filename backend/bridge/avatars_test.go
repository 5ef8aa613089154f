package bridge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"leadline/backend/account"
	"leadline/backend/chatid"
)

// album stands in for the database of an Avatars.
type album struct {
	account.CRMStore
	mu    sync.Mutex
	list  []account.Operator
	saved map[chatid.UserRef]account.Picture
	old   string
	stale bool // nobody has the avatar any more
}

func (a *album) Operators(context.Context, chatid.AccountID) ([]account.Operator, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.list, nil
}

func (a *album) SavePicture(_ context.Context, p account.Picture) (string, bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stale {
		return "", false, nil
	}
	a.saved[p.Operator] = p
	return a.old, true, nil
}

func (a *album) pictures() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.saved)
}

// keeping runs an Avatars in a bubble and gives what tells it of operators.
func keeping(t *testing.T, a *album, m *source) (follow func(gone ...string)) {
	t.Helper()
	a.saved = map[chatid.UserRef]account.Picture{}
	ctx, cancel := context.WithCancel(t.Context())
	v := NewAvatars(a, m, func() string { return "f-1" }, time.Now, slog.New(slog.DiscardHandler))
	done := make(chan struct{})
	go func() { defer close(done); v.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return func(gone ...string) { v.Follow(t.Context(), "a1", gone) }
}

func TestAvatarsThatAreNewAreFetchedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &source{answer: func(context.Context, string) error { time.Sleep(time.Second); return nil }}
		a := &album{list: []account.Operator{
			{Ref: "u1", Avatar: "https://i.test/1"}, {Ref: "u2", Avatar: "https://i.test/2", Copied: "https://i.test/2"},
			{Ref: "u3", Avatar: "https://i.test/new", Copied: "https://i.test/3"}, {Ref: "u4"},
		}}
		follow := keeping(t, a, m)
		for range 5 {
			follow()
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(m.calls) != 2 || m.calls["https://i.test/1"] != 1 || m.calls["https://i.test/new"] != 1 {
			t.Errorf("fetched %v", m.calls)
		}
		got := a.saved["u3"]
		if got.File != "f-1" || got.Account != "a1" || got.Of != "https://i.test/new" || got.Key == "" || got.Bytes != 3 || got.CreatedAt.IsZero() {
			t.Errorf("saved %+v", got)
		}
		if m.discarded != 0 {
			t.Errorf("%d were removed", m.discarded)
		}
	})
}

func TestAvatarsThatNobodyHasAreRemoved(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		a    *album
		gone []string
		want int
	}{
		{"copies of operators who left", &album{}, []string{"k1", "k2"}, 2},
		{"the copy before", &album{old: "k1", list: []account.Operator{{Ref: "u1", Avatar: "https://i.test/1"}}}, nil, 1},
		{"what came too late", &album{stale: true, list: []account.Operator{{Ref: "u1", Avatar: "https://i.test/1"}}}, nil, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := &source{answer: func(context.Context, string) error { return nil }}
				keeping(t, tt.a, m)(tt.gone...)
				synctest.Wait()
				if m.discarded != tt.want {
					t.Errorf("%d were removed, want %d", m.discarded, tt.want)
				}
			})
		})
	}
}

func TestAvatarThatFailedIsTriedAgainDaily(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		broken := true
		m := &source{answer: func(context.Context, string) error {
			if broken {
				return errors.New("no picture")
			}
			return nil
		}}
		a := &album{list: []account.Operator{{Ref: "u1", Avatar: "https://i.test/1"}}}
		follow := keeping(t, a, m)
		for range 6 { // operators are read again for unknown ones
			follow()
			time.Sleep(10 * time.Minute)
			synctest.Wait()
		}
		if n := m.calls["https://i.test/1"]; n != 1 {
			t.Errorf("tried %d times within an hour", n)
		}
		broken = false
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		follow()
		synctest.Wait()
		if a.pictures() != 1 {
			t.Error("the next daily read did not try again")
		}
	})
}

func TestSlowHostHoldsUpItsOwnAvatars(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &source{answer: func(ctx context.Context, address string) error {
			if strings.HasPrefix(address, "https://slow.test/") {
				<-ctx.Done()
				return ctx.Err()
			}
			time.Sleep(time.Second)
			return nil
		}}
		a := &album{}
		for i := range 30 {
			for _, host := range []string{"slow", fmt.Sprintf("h%d", i)} {
				a.list = append(a.list, account.Operator{Ref: chatid.UserRef(fmt.Sprint(host, i)), Avatar: fmt.Sprintf("https://%s.test/%d", host, i)})
			}
		}
		keeping(t, a, m)()
		time.Sleep(10 * time.Second) // 30 of one second each, 7 or 8 at once
		synctest.Wait()
		if n := a.pictures(); n != 30 {
			t.Errorf("%d of 30 came beside a slow host", n)
		}
		if most, _ := m.counts(); most > avatarsAtOnce {
			t.Errorf("%d at once", most)
		}
		time.Sleep(30*avatarTime + time.Second)
		synctest.Wait()
		if _, tried := m.counts(); tried != 60 {
			t.Errorf("%d of 60 were tried", tried)
		}
	})
}
