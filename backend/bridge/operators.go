package bridge

import (
	"context"
	"sync"
	"time"

	"leadline/backend/account"
	"leadline/backend/chatid"
)

const (
	// usersAgain is how soon operators are read again because of one that we do not
	// know; bots and former users never become known.
	usersAgain = 10 * time.Minute
	// bookAge is how long what the database says of an account's operators is kept
	// in memory; another instance may have read them since.
	bookAge = 5 * time.Minute
	// maxUserPages bounds an account's users, amocrm.MaxPage each.
	maxUserPages = 20
)

// operatorBook keeps the operators of accounts that are chatting in memory, for
// hooks must be quick.
type operatorBook struct {
	store account.CRMStore
	mu    sync.Mutex
	of    map[chatid.AccountID]bookPage
}

type bookPage struct {
	readAt time.Time
	known  map[chatid.UserRef]account.Operator
}

func newOperatorBook(s account.CRMStore) *operatorBook {
	return &operatorBook{store: s, of: map[chatid.AccountID]bookPage{}}
}

// maxBookPages bounds the accounts that are remembered.
const maxBookPages = 2000

func (b *operatorBook) find(ctx context.Context, id chatid.AccountID, ref chatid.UserRef, now time.Time) (account.Operator, bool, error) {
	b.mu.Lock()
	page, ok := b.of[id]
	b.mu.Unlock()
	if !ok || now.Sub(page.readAt).Abs() >= bookAge {
		list, err := b.store.Operators(ctx, id)
		if err != nil {
			return account.Operator{}, false, err
		}
		page = bookPage{now, map[chatid.UserRef]account.Operator{}}
		for _, o := range list {
			page.known[o.Ref] = o
		}
		b.mu.Lock()
		if len(b.of) >= maxBookPages {
			clear(b.of)
		}
		b.of[id] = page
		b.mu.Unlock()
	}
	o, ok := page.known[ref]
	return o, ok, nil
}

func (b *operatorBook) forget(id chatid.AccountID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.of, id)
}

// Operator finds a user of an account by their id in the chats service. One that is
// not known is asked for, soon; ok is false meanwhile.
func (s *Sync) Operator(ctx context.Context, id chatid.AccountID, ref chatid.UserRef) (account.Operator, bool) {
	if ref == "" {
		return account.Operator{}, false
	}
	now := s.Now()
	o, ok, err := s.operators.find(ctx, id, ref, now)
	if err != nil {
		s.Logger.Warn("find operator", "account_id", string(id), "error", err)
		return account.Operator{}, false
	}
	if !ok {
		s.mu.Lock()
		d := s.deck(id)
		ask := d.state != "" && now.Sub(d.usersAt) >= usersAgain
		if ask {
			// Noted already now: while reading fails it is tried again after its pause,
			// not with every hook.
			d.usersAt = now
			d.add(step{kind: stepUsers}, now)
		}
		s.mu.Unlock()
		if ask {
			s.hurry()
		}
	}
	return o, ok
}

// users reads the operators of an account.
func (s *Sync) users(ctx context.Context, a account.Account) error {
	s.put(a.ID, step{kind: stepUsers}, stepUsers.every())
	var list []account.Operator
	for page := 1; page <= maxUserPages; page++ {
		users, more, err := s.Cards.Users(ctx, a, page)
		if err != nil {
			return err
		}
		for _, u := range users {
			if u.AmojoID != "" {
				list = append(list, account.Operator{Ref: u.AmojoID, User: u.ID, Name: u.Name, Avatar: u.Avatar})
			}
		}
		if !more {
			break
		}
	}
	gone, err := s.Store.SaveOperators(ctx, a.ID, list)
	if err != nil {
		return err
	}
	s.Avatars.Follow(ctx, a.ID, gone)
	s.operators.forget(a.ID)
	s.answered(ctx, a)
	s.mu.Lock()
	s.deck(a.ID).usersAt = s.Now()
	s.mu.Unlock()
	return nil
}
